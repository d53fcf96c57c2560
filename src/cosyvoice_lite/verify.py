"""Is this bundle what it should be? Every stage runs; with a golden file every stage is compared.

A golden file holds what the authors' own code computed from the same checkpoint, stage by stage
(`.npz`), from a recording (`.npz`), or from texts (`.json`). Every tolerance below is a largest
absolute error and has its reason beside it.
"""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.audio.effects import fade_in_out, interpolate_linear
from cosyvoice_lite.audio.spectral import (
    kaldi_fbank,
    kaldi_fbank_normalised,
    matcha_mel,
    whisper_log_mel,
)
from cosyvoice_lite.config import HOP_LENGTH
from cosyvoice_lite.errors import CosyError, UsageError
from cosyvoice_lite.runtime.cfm import SOLVERS, Solver
from cosyvoice_lite.runtime.flow import FlowCache
from cosyvoice_lite.runtime.sampling import log_softmax
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.text.frontend import prepare
from cosyvoice_lite.text.official import normalize_official

Array = npt.NDArray[Any]
Golden = Mapping[str, Array]

UNREADABLE = (
    *(ValueError, KeyError, TypeError, AttributeError, EOFError, RecursionError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What reading a file of another kind, or half a file, ends in."""


@dataclass(frozen=True)
class Tolerance:
    """The largest error allowed, and why it is not zero."""

    limit: float
    reason: str


QUIET_LOG_MEL = -8.0
"""Below it a mel value is compared as a magnitude: the reference computes it from a float32 FFT
whose own rounding, 2e-6 in every bin, the logarithm of so little blows up to 2e-4."""

TOLERANCES = {
    "text_encoder": Tolerance(1e-4, "float32 sums in another order"),
    "log_probs": Tolerance(1e-3, "float32; fused attention over up to a hundred cached steps"),
    "mu": Tolerance(1e-4, "float32 sums in another order"),
    "speaker": Tolerance(1e-4, "float32 sums in another order"),
    "velocity": Tolerance(1e-4, "float32 through a network of dozens of layers"),
    "mel": Tolerance(2e-3, "velocity errors added up over ten steps"),
    "cache": Tolerance(1e-4, "holds noise, exact, and mu"),
    "f0": Tolerance(1e-3, "relative to the value in Hz"),
    "harmonics": Tolerance(1e-3, "the reference adds phases up in float32, we in float64"),
    "waveform": Tolerance(1e-3, "float32 through a network of dozens of layers"),
    "speed": Tolerance(1e-4, "one interpolation"),
    "fade": Tolerance(1e-6, "one product"),
    "kaldi_fbank": Tolerance(1e-3, "log of an FFT by another library"),
    "whisper_log_mel": Tolerance(1e-4, "log of an FFT by another library"),
    "matcha_mel": Tolerance(1e-4, "log of an FFT by another library"),
    "matcha_mel_quiet": Tolerance(
        5e-6, "magnitude: the reference's FFT rounds by 2e-6, its log more"
    ),
    "text": Tolerance(0, "words and ids are equal or they are not"),
    "runs": Tolerance(0, "counts values that are not finite"),
}


@dataclass(frozen=True)
class Check:
    """One comparison."""

    stage: str
    case: str
    error: float
    tolerance: float
    reason: str

    @property
    def passed(self) -> bool:
        return self.error <= self.tolerance  # NaN is not

    def to_json(self) -> dict[str, Any]:
        """As plain values; an error that is no number is null, since JSON has none for it."""
        error = self.error if math.isfinite(self.error) else None
        return {**asdict(self), "error": error, "passed": self.passed}


def verify(synthesizer: Synthesizer, golden_files: list[Path]) -> Iterator[Check]:
    """Run every stage; then compare with each golden file.

    Raises:
        UsageError: a golden file can't be read or holds nothing known.
    """
    yield from _runs(synthesizer)
    for path in golden_files:
        yield from _compare(synthesizer, path)


def _runs(s: Synthesizer) -> Iterator[Check]:
    """Every stage on made-up input: all values finite?"""
    rng = np.random.default_rng(0)
    model = s.bundle.manifest.model
    speaker = rng.standard_normal(model.lm.d_speaker).astype(np.float32)
    ids = rng.integers(0, model.lm.text_vocabulary, 12).tolist()
    prefix = s.lm.prefix(ids, speaker, [1, 2, 3])
    decoder = s.lm.decoder(1, len(prefix) + 70)
    yield _check("runs", "text_encoder", _not_finite(prefix))
    yield _check("runs", "lm prefill", _not_finite(decoder.admit(0, prefix)))
    # over 64 steps, so that the table of positions grows on the way
    steps = [decoder.step([token]) for token in rng.integers(0, model.lm.eos, 70).tolist()]
    yield _check("runs", "lm decode", _not_finite(np.array(steps)))
    tokens = rng.integers(0, model.flow.speech_vocabulary, 2 * model.token_rate).tolist()
    nothing = np.zeros((0, model.flow.n_mels), np.float32)
    noise = s.flow.noise(len(tokens), nothing, rng)
    course, _ = s.flow.course(tokens, speaker, [], nothing, noise)
    mel = s.flow.arrive(course, Solver(2, 1))
    yield _check("runs", "flow", _not_finite(mel))
    waveform, _ = s.vocoder.waveform(mel, rng)
    yield _check("runs", "vocoder", _not_finite(waveform))


def _compare(s: Synthesizer, path: Path) -> Iterator[Check]:
    try:
        if path.suffix == ".json":
            yield from _texts(s, json.loads(path.read_text("utf-8")))
            return
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            golden = {key: file[key] for key in file.files}
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except UNREADABLE:  # what they say is for whoever writes programs, and unsafe to follow
        raise UsageError(f"{path}: not a golden file (.npz, .json), or damaged") from None
    found = False
    for prefix, compare in COMPARISONS.items():
        for case in _cases(golden, prefix):
            found = True
            try:
                yield from compare(s, case, _Fields(path, golden, case))
            except CosyError:
                raise
            # Arrays of other shapes fail wherever they first meet a weight, in NumPy or outside.
            except Exception as error:
                raise UsageError(f"{path}: {case} is of another model: {error}") from None
    if not found:
        raise UsageError(f"{path}: holds nothing to compare with")


class _Fields:
    """The arrays of one case: `flow.short.mu` is fields("mu") of the case `flow.short`."""

    def __init__(self, path: Path, golden: Golden, case: str) -> None:
        self.path, self.golden, self.case = path, golden, case

    def __call__(self, name: str) -> Array:
        key = f"{self.case}.{name}" if self.case else name
        if key not in self.golden:
            raise UsageError(f"{self.path}: lacks {key}")
        return self.golden[key]


def _cases(golden: Golden, prefix: str) -> list[str]:
    """The cases under a prefix: "lm" → lm.sft, lm.zero_shot …; "hift." and "" name one case."""
    if prefix == "":
        return [""] if "kaldi_fbank_80" in golden else []
    if prefix.endswith("."):
        return [prefix[:-1]] if any(key.startswith(prefix) for key in golden) else []
    cases = [".".join(key.split(".")[:2]) for key in golden if key.startswith(prefix + ".")]
    return list(dict.fromkeys(cases))


def _compare_lm(s: Synthesizer, case: str, get: _Fields) -> Iterator[Check]:
    speaker = get("speaker")[0] if len(get("speaker")) else None
    ids = [*get("prompt_text")[0].tolist(), *get("text")[0].tolist()]
    encoded, _ = s.lm.encode_text(ids, speaker)
    yield _check("text_encoder", case, _error(encoded, get("text_encoder_out")[0]))
    prefix = s.lm.prefix(ids, speaker, get("prompt_tokens")[0].tolist())
    forced = get("forced_tokens").tolist()
    decoder = s.lm.decoder(1, len(prefix) + len(forced))
    logits = [decoder.admit(0, prefix), *(decoder.step([token])[0] for token in forced[:-1])]
    yield _check("log_probs", case, _error(log_softmax(np.array(logits)), get("log_probs")))


def _compare_flow(s: Synthesizer, case: str, get: _Fields) -> Iterator[Check]:
    tokens, speaker = get("tokens")[0].tolist(), get("speaker")[0]
    prompt_tokens, prompt_mel = get("prompt_tokens")[0].tolist(), get("prompt_mel")[0]
    kept = get("cache_in")[0]
    cache = FlowCache(kept[..., 0], kept[..., 1]) if kept.shape[1] else None
    mu, spks = s.flow.encode(tokens, speaker, prompt_tokens, len(prompt_mel))
    if cache is not None:
        mu = np.concatenate([cache.mu, mu[:, cache.n_frames :]], axis=1)
    yield _check("mu", case, _error(mu, get("mu")[0]))
    yield _check("speaker", case, _error(spks, get("first_step.spks")[0]))
    x, t, mus, speakers, cond = (get(f"first_step.{k}") for k in ("x", "t", "mu", "spks", "cond"))
    v = s.flow.velocity(x, t, mus, speakers, cond)
    yield _check("velocity", case, _error(v, get("first_step.v")))
    course, after = s.flow.course(
        tokens, speaker, prompt_tokens, prompt_mel, get("noise")[0], cache=cache
    )
    mel = s.flow.arrive(course, SOLVERS["exact"])
    yield _check("mel", case, _error(mel, get("mel")[0]))
    handed_on = np.stack([after.noise, after.mu], axis=-1)
    yield _check("cache", case, _error(handed_on, get("cache_out")[0]))


def _compare_vocoder(s: Synthesizer, case: str, get: _Fields) -> Iterator[Check]:
    mel, f0 = get("mel")[0], get("f0")[0]
    ours = s.vocoder.f0(mel)
    yield _check("f0", case, _error(ours / np.maximum(f0, 1e-3), f0 / np.maximum(f0, 1e-3)))
    expected = get("harmonics_zero_phase")[0]
    start = f0[: -(-expected.shape[1] // HOP_LENGTH)]
    sines = np.array(list(s.vocoder.sines(start, np.zeros(len(expected)))))
    yield _check("harmonics", case, _error(sines[:, : expected.shape[1]], expected))
    waveform = s.vocoder.filtered(mel, get("source")[0, 0])
    yield _check("waveform", case, _error(waveform, get("wav")[0]))


def _compare_speed(_: Synthesizer, case: str, get: _Fields) -> Iterator[Check]:
    expected = get("1_3")
    ours = interpolate_linear(get("mel_in"), int(get("mel_in").shape[2] / 1.3))
    yield _check("speed", case, _error(ours, expected))


def _compare_fade(_: Synthesizer, case: str, get: _Fields) -> Iterator[Check]:
    ours = fade_in_out(get("in"), get("out"), get("window"))
    yield _check("fade", case, _error(ours, get("result")))


def _compare_features(_: Synthesizer, _case: str, get: _Fields) -> Iterator[Check]:
    speech = get("wave_16000")
    plain, normalised = kaldi_fbank(speech), kaldi_fbank_normalised(speech)
    yield _check("kaldi_fbank", "plain", _error(plain, get("kaldi_fbank_80")))
    yield _check("kaldi_fbank", "mean removed", _error(normalised, get("kaldi_fbank_80_cmn")))
    log_mel = whisper_log_mel(speech)
    yield _check("whisper_log_mel", "128", _error(log_mel, get("whisper_log_mel_128")))
    mel, expected = matcha_mel(get("wave_22050"), 22050), get("matcha_mel_80")
    loud = expected > QUIET_LOG_MEL
    yield _check("matcha_mel", "80", _error(np.where(loud, mel, 0), np.where(loud, expected, 0)))
    yield _check("matcha_mel_quiet", "80", _error(np.exp(mel[~loud]), np.exp(expected[~loud])))


COMPARISONS: dict[str, Callable[[Synthesizer, str, _Fields], Iterator[Check]]] = {
    "lm": _compare_lm,
    "flow": _compare_flow,
    "hift.": _compare_vocoder,
    "speed.": _compare_speed,
    "fade.": _compare_fade,
    "": _compare_features,
}


def _texts(s: Synthesizer, cases: list[dict[str, Any]]) -> Iterator[Check]:
    """Segments and ids of each text; where the authors' code crashed there is nothing to equal."""
    for n, case in enumerate(cases):
        if case["segments"] is None:
            continue
        wrong = 0
        if case["segments"]:
            segments = prepare(case["text"], s.reader.tokenizer, frontend="official")
            wrong += [x.text for x in segments] != case["segments"]
            wrong += [list(x.token_ids) for x in segments] != case["ids"]
        else:
            wrong += any(ch.isalnum() for ch in normalize_official(case["text"]))
        wrong += s.reader.tokenizer.encode(case["text"]) != case["raw_ids"]
        yield _check("text", f"{n}: {case['text'][:20]!r}", wrong)


def _check(stage: str, case: str, error: float) -> Check:
    tolerance = TOLERANCES[stage]
    return Check(stage, case, float(error), tolerance.limit, tolerance.reason)


def _error(ours: Array, theirs: Array) -> float:
    """Largest absolute difference; infinite where shapes differ."""
    if ours.shape != theirs.shape:
        return float("inf")
    return float(np.abs(ours - theirs).max(initial=0.0))


def _not_finite(array: Array) -> int:
    return int((~np.isfinite(array)).sum())
