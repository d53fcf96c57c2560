"""An utterance spoken in chunks while its tokens still come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.runtime.stream import ChunkSpeaker, StreamState

T = TypeVar("T")


class Timed(Protocol):
    """Runs work as a stage, and notes what it took."""

    def __call__(self, stage: str, work: Callable[[], T]) -> T: ...


@dataclass(eq=False)
class Chunks:
    """How far an utterance has been spoken. Joined, its chunks are what `ChunkSpeaker.stream` makes
    of the same tokens, however many were there when it was asked."""

    speaker: ChunkSpeaker
    state: StreamState | None = None
    n_spoken: int = 0
    """Tokens that no chunk has to begin with any more."""
    n_samples: int = 0
    """Handed out."""

    def is_due(self, tokens: Sequence[int]) -> bool:
        """Whether there are tokens enough for a chunk that another will follow."""
        return len(tokens) - self.n_spoken >= self.speaker.n_needed(self.n_spoken)

    def next(self, tokens: Sequence[int], timed: Timed) -> npt.NDArray[Any]:
        """The waveform of the next chunk, (T_wav,): the last one if none is due."""
        s, state, is_last = self.speaker, self.state, not self.is_due(tokens)
        part = list(tokens[self.n_spoken : self.n_spoken + s.n_needed(self.n_spoken)])
        mel, kept = timed("flow", lambda: s.mel(part, state))
        waveform: npt.NDArray[Any]
        if is_last:
            waveform = timed("vocoder", lambda: s.voiced_last(mel, state))
        else:
            waveform, self.state = timed("vocoder", lambda: s.voiced(mel, kept, state))
            self.n_spoken += s.hop(self.n_spoken)
        return waveform.astype(np.float32, copy=False)
