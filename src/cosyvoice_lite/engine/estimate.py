"""How long speech will last and how long it will take to make, learned while speaking."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from cosyvoice_lite.engine.scheduler import Demand
from cosyvoice_lite.runtime.memory import speech_bounds
from cosyvoice_lite.runtime.request import Utterance
from cosyvoice_lite.runtime.timing import pauses_s, predicted_speech_s

FIRST_RTF = 1.0
"""Seconds of computing for a second of speech, until it has been measured."""
MEMORY_S = 120.0
"""Seconds of speech over which the measured figures forget."""
BYTES_PER_SECOND = 22050 * 4 * 4
"""Of an answer in memory: float32 samples, their copy while joining, and what is encoded."""


@dataclass
class Estimator:
    """Two ratios: spoken to guessed duration without pauses, and computing to duration.

    Args:
        token_rate: speech tokens a second.
    """

    token_rate: int
    stretch: float = 1.0
    rtf: float = FIRST_RTF
    n_observed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def audio_s(self, utterance: Utterance) -> float:
        """Predicted duration of an utterance, its pauses included."""
        speech_s = max(self.stretch * predicted_speech_s(utterance), self._shortest_s(utterance))
        return speech_s + pauses_s(utterance)

    def work_s(self, utterance: Utterance) -> float:
        """Predicted seconds of computing for it."""
        return self.rtf * self.audio_s(utterance)

    def demand(self, utterances: Sequence[Utterance]) -> Demand:
        """What a whole request will take."""
        audio_s = sum(map(self.audio_s, utterances))
        return Demand(self.rtf * audio_s, int(audio_s * BYTES_PER_SECOND))

    def observe(self, utterance: Utterance, audio_s: float, work_s: float) -> None:
        """Learn from an utterance that was spoken, given its duration with its pauses."""
        # What a request forced to be long tells nothing of how fast others are.
        guessed_s = max(predicted_speech_s(utterance), self._shortest_s(utterance))
        spoken_s = audio_s - pauses_s(utterance)
        if spoken_s <= 0 or guessed_s <= 0:
            return
        share = min(0.5, audio_s / MEMORY_S) if self.n_observed else 1.0
        with self._lock:
            self.n_observed += 1
            self.stretch += share * (spoken_s / guessed_s - self.stretch)
            self.rtf += share * (work_s / audio_s - self.rtf)

    def _shortest_s(self, utterance: Utterance) -> float:
        """Seconds of speech before which it may not end."""
        shortest, _ = speech_bounds(len(utterance.segment.token_ids), utterance.sampling)
        return shortest / self.token_rate / utterance.speed
