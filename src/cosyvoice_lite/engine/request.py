"""One request on its way through the engine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from cosyvoice_lite.audio.subtitles import Cue
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.engine.chunks import Chunks
from cosyvoice_lite.engine.scheduler import INTERACTIVE, Ticket
from cosyvoice_lite.errors import CancelledError, CosyError
from cosyvoice_lite.runtime.lm import Sentence
from cosyvoice_lite.runtime.request import Utterance
from cosyvoice_lite.runtime.timing import sounding

MAX_AHEAD = 8
"""Utterances worked on, or spoken and not taken: who does not listen is not spoken to."""


class State(Enum):
    """WAITING → RUNNING → FINISHED, FAILED or CANCELLED."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


OVER = (State.FINISHED, State.FAILED, State.CANCELLED)


@dataclass(frozen=True, eq=False)
class Said:
    """What was said in an utterance, known when all of it is spoken."""

    duration_s: float
    """With the pauses around it."""
    cue: Cue
    """From its first to its last sound, in seconds from its start."""
    n_speech_tokens: int
    utterance: Utterance


@dataclass(frozen=True, eq=False)
class Piece:
    """One utterance, spoken, with the pauses around it; or a chunk of one."""

    index: int
    """Of the utterance."""
    audio: Audio
    said: Said | None
    """None if more of the utterance will follow."""


@dataclass(eq=False)
class Work:
    """An utterance of a job that the engine has begun."""

    job: Job
    index: int
    sentence: Sentence
    predicted_s: float
    chunks: Chunks | None = None
    """How far it was spoken, where it is in chunks."""
    is_decoded: bool = False
    heard_s: tuple[float, float] | None = None
    """From the first to the last sound, counted from its start."""
    spent_s: float = 0.0

    def hear(self, speech: Audio, start_s: float) -> None:
        """Note where there is sound in what was spoken, from `start_s` on."""
        if (found := sounding(speech)) is not None:
            began_s = start_s + found[0] if self.heard_s is None else self.heard_s[0]
            self.heard_s = began_s, start_s + found[1]

    @property
    def is_due(self) -> bool:
        """Whether something of it can be spoken."""
        tokens = self.sentence.tokens
        return self.is_decoded or (self.chunks is not None and self.chunks.is_due(tokens))

    @property
    def utterance(self) -> Utterance:
        return self.job.utterances[self.index]


@dataclass(eq=False)
class Job:
    """A plan of utterances, and the pieces of it that are spoken and not yet taken.

    Made, asked and cancelled from any thread; everything else is the engine's.
    """

    utterances: Sequence[Utterance]
    owner: str = ""
    """Who asks: each is served as much as any other."""
    priority: str = INTERACTIVE
    deadline: float | None = None
    """On the engine's clock; past it, the request fails."""
    notify: Callable[[], None] = lambda: None
    """Called from the engine's thread when there is a piece, or the end."""
    in_chunks: bool = False
    """Whether sentences are spoken while they are decoded."""
    max_ahead: int = MAX_AHEAD
    state: State = State.WAITING
    error: CosyError | None = None
    """Why it failed."""
    ticket: Ticket | None = None
    n_begun: int = 0
    n_spoken: int = 0
    n_taken: int = 0
    decoded: dict[int, Work] = field(default_factory=dict)
    """Utterances that have their tokens and wait for those before them."""
    prepared: Work | None = None
    """The next one, when it has to wait for longer slots."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Spent in each stage; "queue" is until the first utterance was begun."""
    asked_to_stop: bool = False
    _pieces: deque[Piece] = field(default_factory=deque)

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def can_begin(self) -> bool:
        """Whether there is an utterance to begin, and somebody listens."""
        ahead = self.n_begun - self.n_taken
        return self.n_begun < len(self.utterances) and ahead < self.max_ahead

    def cancel(self) -> None:
        """Ask the engine to forget it; nothing happens if it is over."""
        self.asked_to_stop = True

    def check(self) -> None:
        """Raise `CancelledError` where it should not be worked on any longer."""
        if self.asked_to_stop:
            raise CancelledError("the request was cancelled")

    def take(self) -> Piece | None:
        """The next piece in order, if it is there.

        Raises:
            CosyError: what the request failed of, after all that was spoken before.
        """
        if self._pieces:
            piece = self._pieces.popleft()
            self.n_taken += piece.said is not None
            return piece
        if self.error is not None:
            raise self.error
        return None

    def hand_out(self, piece: Piece) -> None:
        self._pieces.append(piece)
        self.n_spoken += piece.said is not None
        self.notify()

    def end(self, state: State, error: CosyError | None = None) -> None:
        self.state, self.error = state, error
        self.decoded.clear()
        self.prepared = None
        if state is State.CANCELLED:
            self._pieces.clear()
        self.notify()

    @property
    def is_exhausted(self) -> bool:
        """Whether it is over and everything was taken."""
        return self.is_over and not self._pieces

    def spend(self, stage: str, seconds: float) -> None:
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
