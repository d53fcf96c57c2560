"""Speech of a given length, stage by stage.

The length is forced (a model with random weights does not know when to end), so two bundles do the
same work. Runs of everything follow each other in turn: what disturbs the machine disturbs all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cosyvoice_lite.bench.timing import Times, timed
from cosyvoice_lite.runtime.request import Request, Utterance
from cosyvoice_lite.runtime.synthesizer import Synthesizer

TEXT = "今天天气很好，我们一起去公园散步吧，顺便去买一点东西。Hello world."
STAGES = ("lm", "flow", "vocoder")
BATCH = 4


@dataclass(frozen=True)
class Speed:
    """Times of what was run; those of the batch are of all its sentences."""

    seconds_of_audio: float
    runs: dict[str, Times]

    def rtf(self, stage: str) -> float:
        """Median processing time over duration."""
        return self.runs[stage].median / self.seconds_of_audio

    @property
    def batch_gain(self) -> float:
        """Time per sentence at four side by side, against one: -0.4 is 40 % less. From text to
        waveform."""
        return self.runs["batch"].median / BATCH / self.runs["utterance"].median - 1


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
    return Speed(seconds, {name: Times(tuple(times)) for name, times in runs.items()})


def _run(s: Synthesizer, seconds: float, solver: str) -> Iterator[tuple[str, float]]:
    utterance = forced(s, seconds, solver)
    tokens: list[int] = []
    mels: list[Any] = []
    yield "lm", timed(lambda: tokens.extend(s.tokens(utterance)))
    yield "flow", timed(lambda: mels.append(s.mel(utterance, tokens)))
    yield "vocoder", timed(lambda: s.voiced(utterance, mels[0]))
    yield "first sound", timed(lambda: next(s.utter_in_chunks(forced(s, seconds, solver))))
    yield "utterance", timed(lambda: list(s.utter_each([forced(s, seconds, solver)])))
    yield "batch", timed(lambda: list(s.utter_each([utterance] * BATCH)))


def forced(s: Synthesizer, seconds: float, solver: str) -> Utterance:
    """A sentence that takes as long as asked, whatever the model thinks of it."""
    utterance = s.plan(Request(TEXT, seed=1, solver=solver))[0]
    ratio = (n_tokens(s, seconds) + 0.5) / len(utterance.segment.token_ids)
    sampling = dataclasses.replace(
        utterance.sampling, min_token_text_ratio=ratio, max_token_text_ratio=ratio
    )
    return dataclasses.replace(utterance, sampling=sampling)


def n_tokens(s: Synthesizer, seconds: float) -> int:
    """Speech tokens of so many seconds."""
    return round(seconds * s.bundle.manifest.model.token_rate)
