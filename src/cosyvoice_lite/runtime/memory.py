"""What is loaded when, how much is worked on at once, and what that takes: policy, no arrays.

A budget is kept by taking the first plan of a ladder whose predicted peak fits, from everything
loaded for speed down to one stage at a time and short sentences. The figures behind the prediction
were measured on the full-size model; a smaller one takes less than they say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cosyvoice_lite.config import ModelConfig, Sampling
from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.runtime.lanes import N_LANES
from cosyvoice_lite.runtime.processor import products_overflow

MAX_POSITIONS = 5000
"""The authors' sinusoids end here; a sequence can't be longer."""
MAX_SPEECH_TOKENS = 1500
"""Of one sentence: 30 s at 50 a second. Texts are cut so that none speaks nearly so long, and the
memory of the flow grows with the square, so a few words can't be made to last longer."""
MB = 1_000_000
LIBRARIES = 82 * MB
"""Of Python, NumPy and ONNX Runtime with what its code leaves behind."""
TEXT, PHONEMES = 54 * MB, 66 * MB
"""Of tokenizer, languages and their rules while 100,000 characters are read; of the pronouncing
dictionaries, where the model reads phonemes."""
TEXT_ENCODER_RUN = 14 * MB
LM_RUN = 26 * MB
"""A prefix at once, and the products of the position table."""
BYTES_PER_FRAME = {"flow_encoder": 70_000, "unet": 75_000}
"""Of activations for a frame of mel, both rows of guidance."""
FLOW_SCORES = 4
"""Matrices of T² scores, T tokens, that each head of the flow encoder holds besides: those of all
distances are twice as wide. Nano took 210 MB for 1,000 tokens and 391 for 1,600, where 121 and 193
were predicted without (29 November 2026)."""
BYTES_PER_WINDOW_FRAME = 430_000
"""Of activations of the vocoder's filter."""
WHOLE_BYTES_PER_S = 1_400_000
"""Of speech held whole while its end is waited for: samples, and the copies of finishing."""
WHOLE_MARGIN = 2
"""Speech may last so much longer than predicted."""
MAPPED = {"int8": frozenset({"text_encoder", "flow_encoder"})}
"""Graphs, by precision, whose weights are read where the file is mapped: they run once a sentence,
so a copy of the weights in another order gains milliseconds, and pages of a file can be given back
between two sentences. Blocked weights (int4, language model) need the copy, and so does any weight
of 8 bits where products overflow."""
MAPPED_FROM = 16 * MB
"""Bytes of weights that make a graph large; with less there is little to give back."""
LARGE_VOCODER = 8 * MB
"""Bytes of weights of a vocoder whose windows are bounded; at full size 4 bits make 10 MB."""
KEPT_WINDOW = 172
"""Frames in such a vocoder at once while all other stages stay loaded, 2 s."""
WINDOW_CONTEXT = 28
"""Frames that a window sees besides its own."""

_UNITS = {"kb": 1_000, "mb": MB, "gb": 1000 * MB, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}
_AMOUNT = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)\s*([kmg]i?b)", re.IGNORECASE)


@dataclass(frozen=True)
class MemoryPlan:
    """How a synthesizer uses memory. The stages of a sentence follow each other, so a process can
    hold them all, for speed, or one after the other, for size."""

    staged: bool = False
    """Free each stage before the next is loaded."""
    n_slots: int = 4
    """Sentences decoded side by side; each has a KV cache."""
    window_frames: int = 258
    """Frames of mel in one run of the vocoder's filter, 3 s: longer runs are no faster. Of a
    large model, two lanes share them where there is one utterance."""
    max_positions: int = MAX_POSITIONS
    """Of one sentence in the language model, prompt and speech; texts are cut to fit."""
    whole: bool = False
    """Speak no chunks while the language model writes: they need all stages at once."""


LADDER = (
    MemoryPlan(),
    MemoryPlan(n_slots=2, max_positions=2500),
    MemoryPlan(n_slots=1, max_positions=1800, window_frames=129),
    MemoryPlan(n_slots=1, max_positions=1200, window_frames=129),
    MemoryPlan(staged=True, whole=True, n_slots=4, max_positions=1800),
    MemoryPlan(staged=True, whole=True, n_slots=2, max_positions=1800, window_frames=129),
    MemoryPlan(staged=True, whole=True, n_slots=1, max_positions=1200, window_frames=86),
    MemoryPlan(staged=True, whole=True, n_slots=1, max_positions=800, window_frames=64),
    MemoryPlan(staged=True, whole=True, n_slots=1, max_positions=520, window_frames=32),
    MemoryPlan(staged=True, whole=True, n_slots=1, max_positions=380, window_frames=32),
)
"""Plans, the fastest first; the last speaks sentences of five seconds."""


def speech_bounds(n_text: int, sampling: Sampling) -> tuple[int, int]:
    """Speech tokens of so many text tokens: the fewest, and the most.

    What the official frontend leaves uncut may take as long as the authors let it.
    """
    most = max(MAX_SPEECH_TOKENS, int(n_text * Sampling.max_token_text_ratio))
    longest = min(int(n_text * sampling.max_token_text_ratio), most)
    return min(int(n_text * sampling.min_token_text_ratio), MAX_SPEECH_TOKENS), longest


def is_mapped(precision: str, graph: str, n_bytes: int) -> bool:
    """Whether a graph with so many bytes of weights reads them where the file is mapped."""
    large = n_bytes >= MAPPED_FROM and graph in MAPPED.get(precision, ())
    return large and not products_overflow()


@dataclass(frozen=True)
class _Weights:
    """Bytes in memory for a byte of a weights file: once loaded, and while loading. Kernels of
    convolutions that are kept in few bits are widened."""

    held: float
    loading: float


_WIDE = {
    **dict.fromkeys(("text_encoder", "lm", "flow_encoder", "unet"), _Weights(1.04, 1.07)),
    "f0": _Weights(1.1, 2.4),
    "vocoder": _Weights(1.08, 1.5),
}
_NARROW = {
    "text_encoder": _Weights(1.22, 1.25),
    "lm": _Weights(1.12, 1.15),
    "flow_encoder": _Weights(1.45, 1.5),
    "unet": _Weights(1.4, 1.68),
    "f0": _Weights(2.3, 6.3),
    "vocoder": _Weights(4.2, 9.3),
}
_INT8 = {
    **_NARROW,
    "text_encoder": _Weights(1.22, 1.8),
    "flow_encoder": _Weights(1.45, 2.1),
    "unet": _Weights(1.4, 2.1),
}
"""While loading, the most that is taken: where products overflow, weights are there twice."""
_INT4 = {**_NARROW, "vocoder": _Weights(7.4, 19.0)}


_RESTING = 0.45
"""Of a graph whose weights are mapped, between two sentences: its nodes, and wide kernels."""


@dataclass(frozen=True)
class Sizes:
    """What a plan is made for: a model, the bytes of its graphs' weights, and what it starts on."""

    model: ModelConfig
    precision: str
    weights: Mapping[str, int]
    resident: int = 0
    """Bytes that the process holds already."""

    @property
    def base(self) -> int:
        return max(LIBRARIES, self.resident)

    @property
    def text(self) -> int:
        return TEXT + (PHONEMES if self.model.tokenizer == "phonemes" else 0)

    def held(self, graph: str) -> int:
        return int(self.weights[graph] * self._table[graph].held)

    def resting(self, graph: str) -> int:
        """Bytes held while another graph runs."""
        mapped = is_mapped(self.precision, graph, self.weights[graph])
        return int(self.weights[graph] * _RESTING) if mapped else self.held(graph)

    def loading(self, graph: str) -> int:
        return int(self.weights[graph] * self._table[graph].loading)

    @property
    def _table(self) -> Mapping[str, _Weights]:
        return {"fp32": _WIDE, "int4": _INT4}.get(self.precision, _INT8)


def peaks(sizes: Sizes, plan: MemoryPlan) -> dict[str, int]:
    """Predicted bytes that the process holds at most, in each part of its work."""
    running = _running(sizes, plan)
    base = sizes.base + (0 if plan.staged else sizes.text)
    found = {"text": sizes.base + sizes.text}
    for graph in sizes.weights:
        others = 0 if plan.staged else sum(sizes.resting(g) for g in sizes.weights if g != graph)
        if not plan.staged and graph != "lm":
            others += running["lm"]  # its caches stay
        loaded = sizes.held(graph) + running[graph]
        found[graph] = base + others + max(loaded, sizes.loading(graph))
    return found


def _running(sizes: Sizes, plan: MemoryPlan) -> dict[str, int]:
    """Bytes of activations and caches of each graph."""
    decoder = sizes.model.lm.decoder
    per_position = decoder.n_blocks * decoder.n_heads * decoder.d_cache * 4
    n_frames = sizes.model.frames(plan.max_positions)
    return {
        "text_encoder": TEXT_ENCODER_RUN,
        "lm": LM_RUN + per_position * plan.max_positions * (2 * plan.n_slots + 1),
        "flow_encoder": BYTES_PER_FRAME["flow_encoder"] * n_frames + _flow_scores(sizes, plan),
        "unet": BYTES_PER_FRAME["unet"] * n_frames,
        "f0": 30_000 * n_frames,
        "vocoder": BYTES_PER_WINDOW_FRAME * _frames_at_once(plan),
    }


def _frames_at_once(plan: MemoryPlan) -> int:
    """Frames in the filter: a window for each lane if there are utterances for them, else one."""
    return (N_LANES if plan.n_slots > 1 else 1) * (plan.window_frames + WINDOW_CONTEXT)


def _flow_scores(sizes: Sizes, plan: MemoryPlan) -> int:
    """Bytes of attention scores of the longest sentence and a recording as long before it."""
    n_tokens = min(plan.max_positions, 2 * MAX_SPEECH_TOKENS)
    return FLOW_SCORES * sizes.model.flow.encoder.n_heads * n_tokens**2 * 4


def default_plan(sizes: Sizes, *, staged: bool) -> MemoryPlan:
    """The plan where nobody sets a budget.

    Beside other stages, a large vocoder works on less at once: 3 s would take 27 MB more, and save
    a tenth of its time.
    """
    plan = MemoryPlan(staged=staged)
    bounded = sizes.weights["vocoder"] >= LARGE_VOCODER and not staged
    return replace(plan, window_frames=KEPT_WINDOW) if bounded else plan


def plan_memory(sizes: Sizes, budget: int) -> MemoryPlan:
    """The fastest plan that keeps within `budget` bytes.

    Raises:
        UsageError: none does; says which part is too large, and what would be enough.
    """
    for plan in LADDER:
        if max(peaks(sizes, plan).values()) <= budget:
            return plan
    least = peaks(sizes, LADDER[-1])
    part = max(least, key=lambda name: least[name])
    raise UsageError(
        f"a memory budget of {budget / MB:.0f} MB is too small for this model "
        f"({sizes.precision}): {part} alone takes the process to {least[part] / MB:.0f} MB; "
        f"give at least {-(-least[part] // MB)}MB, or take a model of fewer bits"
    )


def lasting_plan(sizes: Sizes, budget: int) -> MemoryPlan:
    """The fastest plan within `budget` bytes that keeps all stages loaded: a service speaks for
    many at once, each in another stage.

    Raises:
        UsageError: none does; says what would be enough.
    """
    plans = [plan for plan in LADDER if not plan.staged]
    for plan in plans:
        if max(peaks(sizes, plan).values()) <= budget:
            return plan
    least = max(peaks(sizes, plans[-1]).values())
    raise UsageError(
        f"a memory budget of {budget / MB:.0f} MB is too small to serve this model "
        f"({sizes.precision}): give at least {-(-least // MB)}MB, or take a model of fewer bits"
    )


def check_whole(sizes: Sizes, budget: int, seconds: float) -> None:
    """Whether speech predicted to last so long can be held whole within `budget` bytes.

    Raises:
        UsageError: it can't; says what to do.
    """
    needed = sizes.base + sizes.text + int(seconds * WHOLE_MARGIN * WHOLE_BYTES_PER_S)
    if needed > budget:
        raise UsageError(
            "loudness, trimming, denoising and a fade at the end hold the whole speech: for about "
            f"{seconds:.0f} s the memory budget must be {-(-needed // MB)}MB; do without them, "
            "give more, or speak the text in parts"
        )


def parse_bytes(text: str) -> int:
    """Bytes of an amount such as "300MB", "1.5 GB" or "512MiB".

    Raises:
        UsageError: not such an amount.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None or not 0 < (n := int(float(match[1]) * _UNITS[match[2].lower()])) < 1 << 60:
        raise UsageError(f"{text[:40]!r} is no amount of memory: write one like 300MB or 1.5GB")
    return n
