"""Speech of a given length, stage by stage.

The length is forced (a model with random weights does not know when to end), so two bundles do the
same work.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cosyvoice_lite.bench.machine import timed
from cosyvoice_lite.runtime.request import Request, Utterance
from cosyvoice_lite.runtime.synthesizer import Synthesizer

TEXT = "今天天气很好，我们一起去公园散步吧，顺便去买一点东西。Hello world."
STAGES = ("lm", "flow", "vocoder")
BATCHES = (1, 4)


@dataclass(frozen=True)
class Speed:
    """Seconds of every run, by what was run; a batch is all of its sentences."""

    seconds_of_audio: float
    runs: dict[str, list[float]]

    def rtf(self, stage: str) -> float:
        """Median processing time over duration."""
        return statistics.median(self.runs[stage]) / self.seconds_of_audio

    @property
    def total_rtf(self) -> float:
        return sum(self.rtf(stage) for stage in STAGES)

    def percentiles(self, name: str) -> tuple[float, float]:
        """p50 and p95 in seconds."""
        p50, p95 = np.percentile(self.runs[name], (50, 95))
        return float(p50), float(p95)

    @property
    def batch_gain(self) -> float:
        """Time per sentence at four side by side, against one: -0.4 is 40 % less."""
        one, four = (statistics.median(self.runs[f"batch {n}"]) / n for n in BATCHES)
        return four / one - 1


def measure_speed(
    s: Synthesizer, seconds: float, n_runs: int, solver: str, done: Callable[[], object]
) -> Speed:
    """Load everything, run once unmeasured, then `n_runs` times; `done` is called after each."""
    s.load()
    runs: dict[str, list[float]] = {}
    for n in range(n_runs + 1):
        for name, time in _run(s, seconds, solver):
            runs.setdefault(name, []).extend([time] if n else [])
        done()
    return Speed(seconds, runs)


def _run(s: Synthesizer, seconds: float, solver: str) -> Iterator[tuple[str, float]]:
    utterance = forced(s, seconds, solver)
    tokens: list[int] = []
    mels: list[Any] = []
    yield "lm", timed(lambda: tokens.extend(s.tokens(utterance)))
    yield "flow", timed(lambda: mels.append(s.mel(utterance, tokens)))
    yield "vocoder", timed(lambda: s.voiced(utterance, mels[0]))
    yield "first sound", timed(lambda: next(s.utter_in_chunks(utterance)))
    for n in BATCHES:
        yield f"batch {n}", timed(lambda n=n: list(s.utter_each([utterance] * n)))  # type: ignore[misc]


def forced(s: Synthesizer, seconds: float, solver: str) -> Utterance:
    """A sentence that takes as long as asked, whatever the model thinks of it."""
    utterance = s.plan(Request(TEXT, seed=1, solver=solver))[0]
    n_tokens = round(seconds * s.bundle.manifest.model.token_rate)
    ratio = (n_tokens + 0.5) / len(utterance.segment.token_ids)
    sampling = dataclasses.replace(
        utterance.sampling, min_token_text_ratio=ratio, max_token_text_ratio=ratio
    )
    return dataclasses.replace(utterance, sampling=sampling)
