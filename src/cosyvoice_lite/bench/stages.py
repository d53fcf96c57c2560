"""One call of each network, beside the time that the machine would need at its best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cosyvoice_lite.bench.cost import cost
from cosyvoice_lite.bench.machine import Machine
from cosyvoice_lite.bench.timing import repeated
from cosyvoice_lite.runtime.decoding import Decoder
from cosyvoice_lite.runtime.positions import DISTANCES_PER_BLOCK
from cosyvoice_lite.runtime.request import Utterance
from cosyvoice_lite.runtime.synthesizer import Synthesizer

BATCHES = (1, 4, 8)
POSITIONS = 160
"""Behind a decoding step, itself included."""
BUDGET_S = 0.5


@dataclass(frozen=True)
class Stage:
    """A network and one call of it."""

    name: str
    graph: str
    sizes: Mapping[str, int]
    run: Callable[[], Any]


@dataclass(frozen=True)
class StageFigures:
    """What one call took, and did."""

    name: str
    ms: float
    p95_ms: float
    gflop: float
    megabytes: float
    gflops: float
    bound: str
    """What limits it at its best: "compute" or "memory"."""
    roofline: float
    """The time that the machine needs at its best, as a share of the time taken."""


def measure_stages(s: Synthesizer, u: Utterance, n_tokens: int, m: Machine) -> list[StageFigures]:
    """Every stage of an utterance of `n_tokens`."""
    return [_measured(s, stage, m) for stage in stages(s, u, n_tokens)]


def _measured(s: Synthesizer, stage: Stage, machine: Machine) -> StageFigures:
    times = repeated(stage.run, BUDGET_S)
    work = cost(s.bundle.file(f"{stage.graph}.onnx"), stage.sizes)
    n_flops = work.flops + work.int8_flops
    in_memory = work.memory_s(machine) > work.compute_s(machine)
    return StageFigures(
        name=stage.name,
        ms=1e3 * times.median,
        p95_ms=1e3 * times.p95,
        gflop=n_flops / 1e9,
        megabytes=work.n_bytes / 1e6,
        gflops=n_flops / times.median / 1e9,
        bound="memory" if in_memory else "compute",
        roofline=work.least_s(machine) / times.median,
    )


def stages(s: Synthesizer, u: Utterance, n_tokens: int) -> Iterator[Stage]:
    """In the order in which speech is made."""
    c = u.conditioning
    text = [*c.lm_prompt_text, *u.segment.token_ids]
    sizes = {"B": 1, "T": len(text)}
    yield Stage("text encoder", "text_encoder", sizes, lambda: s.lm.encode_text(text, c.lm_speaker))
    for batch in BATCHES:
        yield decoding_step(s, batch)
    yield from _flow_stages(s, u, n_tokens)
    yield from _vocoder_stages(s, n_tokens)


def decoding_step(s: Synthesizer, batch: int) -> Stage:
    """One token for each of `batch` sentences."""
    decoder = s.lm.decoder(batch, POSITIONS)
    tokens = np.random.default_rng(0).integers(0, s.lm.config.speech_vocabulary, POSITIONS)
    for slot in range(batch):
        decoder.admit(slot, s.lm.speech_rows[tokens[1:]])
    n_blocks = -(-POSITIONS // DISTANCES_PER_BLOCK)
    sizes = {"B": batch, "S": 1, "T": POSITIONS, "T_max": POSITIONS, "N": n_blocks}
    return Stage(f"LM step, {batch}", "lm", sizes, lambda: _step(decoder, tokens[:batch].tolist()))


def _step(decoder: Decoder, tokens: list[int]) -> None:
    decoder.lengths[:] = POSITIONS - 1  # always the same step
    decoder.step(tokens)


def _flow_stages(s: Synthesizer, u: Utterance, n_tokens: int) -> Iterator[Stage]:
    c, n_mels = u.conditioning, s.bundle.manifest.model.flow.n_mels
    n_prompt = len(c.flow_prompt_mel)
    n_frames = n_prompt + s.bundle.manifest.model.frames(n_tokens)
    tokens = [0] * n_tokens
    sizes = {"B": 1, "T_tok": len(c.flow_prompt_tokens) + n_tokens, "T_mel": n_frames}
    yield Stage(
        "flow encoder",
        "flow_encoder",
        sizes,
        lambda: s.flow.encode(tokens, c.flow_speaker, c.flow_prompt_tokens, n_prompt),
    )
    x = np.random.default_rng(0).standard_normal((2, n_mels, n_frames), np.float32)
    t, speaker = np.float32(0), np.zeros((2, n_mels), np.float32)
    yield Stage(
        "velocity, guided",
        "unet",
        {"B": 2, "T": n_frames},
        lambda: s.flow.velocities(x[0], t, x, speaker, x),
    )


def _vocoder_stages(s: Synthesizer, n_tokens: int) -> Iterator[Stage]:
    model, rng = s.bundle.manifest.model, np.random.default_rng(0)
    mel = rng.standard_normal((model.flow.n_mels, model.frames(n_tokens)), np.float32)
    yield Stage("F0", "f0", {"B": 1, "T": mel.shape[1]}, lambda: s.vocoder.f0(mel))
    window = mel[:, : s.vocoder.window_frames]
    source = s.vocoder.source(np.full(window.shape[1], 150, np.float32), rng)
    yield Stage(
        "vocoder, a window",
        "vocoder",
        {"B": 1, "T": window.shape[1], "T_wav": len(source)},
        lambda: s.vocoder.filtered(window, source),
    )
