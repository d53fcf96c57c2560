"""What is asked for, and what is decided about each segment before any work is done."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from cosyvoice_lite.audio.subtitles import Cue
from cosyvoice_lite.config import Sampling
from cosyvoice_lite.errors import TextError, UsageError
from cosyvoice_lite.runtime.cfm import SOLVERS, Solver
from cosyvoice_lite.runtime.memory import MAX_POSITIONS, speech_bounds
from cosyvoice_lite.runtime.voice import Conditioning, Voice
from cosyvoice_lite.text.segment import Segment

SLOWEST, FASTEST = 0.25, 4.0
LOUDEST = 4.0
MAX_SEED = 2**32 - 1
MAX_STEPS = 1000

MAX_TEXT_TOKENS = 1000
"""Of a segment and its prompt: the text encoder's memory grows with their square, and nobody
speaks that long without a pause."""

N_MARKERS = 3
"""Positions of the language model before, between and after: start, speaker, turn."""

TOKENS, NOISE, SOURCE = range(3)
"""What a random stream is for. Each segment has its own, so none depends on its neighbours."""


class Options(TypedDict, total=False):
    """How to speak a text; `Synthesizer.speak` says what each option means."""

    voice: str | Voice | None
    mode: str | None
    instruct: str | None
    emotion: str | None
    speed: float
    seed: int | None
    language: str | None
    lexicon: Path | str | None
    markup: bool
    ssml: bool | None
    normalize: bool
    volume: float
    frontend: str
    sampling: Sampling | None
    solver: str
    n_steps: int | None


@dataclass(frozen=True)
class Request:
    """A text and the options it is spoken with.

    Raises:
        UsageError: a setting is out of range, or two contradict each other.
        TextError: the text holds what is no character.
    """

    text: str
    voice: str | Voice | None = None
    mode: str | None = None
    instruct: str | None = None
    emotion: str | None = None
    speed: float = 1.0
    seed: int | None = None
    language: str | None = None
    lexicon: Path | str | None = None
    markup: bool = True
    ssml: bool | None = None
    normalize: bool = True
    volume: float = 1.0
    frontend: str = "lite"
    sampling: Sampling | None = None
    solver: str = "exact"
    n_steps: int | None = None

    def __post_init__(self) -> None:
        _check_kinds(self)
        if not SLOWEST <= self.speed <= FASTEST:
            raise UsageError(
                f"speed is {self.speed:g}, must be between {SLOWEST:g} and {FASTEST:g}"
            )
        if not 0.0 <= self.volume <= LOUDEST:
            raise UsageError(f"volume is {self.volume:g}, must be between 0 and {LOUDEST:g}")
        if self.n_steps is not None and not 1 <= self.n_steps <= MAX_STEPS:
            raise UsageError(
                f"the number of steps is {self.n_steps}, must be between 1 and {MAX_STEPS}"
            )
        if self.solver not in SOLVERS:
            raise UsageError(f"unknown solver {self.solver!r}: choose from {', '.join(SOLVERS)}")
        if self.seed is not None and not 0 <= self.seed <= MAX_SEED:
            raise UsageError(f"seed is {self.seed}, must be between 0 and {MAX_SEED}")
        if self.instruct is not None and self.mode not in (None, "instruct"):
            raise UsageError(f"an instruction and mode {self.mode!r} contradict each other")
        for text in (self.text, self.instruct or ""):
            check_characters(text)

    def chosen_solver(self) -> Solver:
        """The solver by name; a number of steps of its own keeps the guided share of them."""
        named = SOLVERS[self.solver]
        if self.n_steps is None:
            return named
        return Solver(self.n_steps, -(-self.n_steps * named.n_guided // named.n_steps))

    def chosen_seed(self) -> int:
        """The seed asked for, or one drawn by chance."""
        return secrets.randbelow(MAX_SEED + 1) if self.seed is None else self.seed

    def with_seed(self) -> Request:
        """The same request with its seed decided, so that it can be told and used again."""
        return replace(self, seed=self.chosen_seed())


_TEXT, _NUMBER, _WHOLE = (str, "a text"), (Real, "a number"), (Integral, "a whole number")
_KINDS: dict[str, tuple[Any, str]] = {
    **dict.fromkeys(("text", "mode", "instruct", "emotion", "language"), _TEXT),
    **dict.fromkeys(("frontend", "solver"), _TEXT),
    **dict.fromkeys(("speed", "volume"), _NUMBER),
    **dict.fromkeys(("seed", "n_steps"), _WHOLE),
    "voice": ((str, Voice), "a voice or its name"),
    "lexicon": ((str, os.PathLike), "a path"),
    "sampling": (Sampling, "a Sampling"),
}


def _check_kinds(request: Request) -> None:
    """Raise unless every option is of its kind, or the None that it has by default."""
    for name, (kind, what) in _KINDS.items():
        value = getattr(request, name)
        may_be_none = getattr(Request, name, ...) is None
        if not isinstance(value, kind) and not (value is None and may_be_none):
            raise UsageError(f"{name} is {value!r:.100}, must be {what}")


def check_characters(text: str) -> None:
    """Half a surrogate pair is no character: what was read was not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise TextError(f"the text is not UTF-8 (character {error.start})") from None


@dataclass(frozen=True, eq=False)
class Utterance:
    """A segment with everything that decides how it sounds."""

    segment: Segment
    conditioning: Conditioning
    sampling: Sampling
    speed: float
    solver: Solver
    seed: tuple[int, int]
    """That of the request, and the segment's place in it."""
    volume: float = 1.0
    """Factor on the samples, besides that of the segment."""

    def __post_init__(self) -> None:
        c = self.conditioning
        n_text = len(c.lm_prompt_text) + len(self.segment.token_ids)
        if n_text > MAX_TEXT_TOKENS or n_text + len(c.lm_prompt_tokens) > MAX_POSITIONS // 2:
            raise TextError(
                f"a stretch of {len(self.segment.token_ids)} text tokens with a prompt of "
                f"{n_text - len(self.segment.token_ids)} is too long to be spoken in one go: "
                "divide it into sentences"
            )

    @property
    def n_positions(self) -> int:
        """That it can come to take: prompt, text and speech. Where the prompt is kept from the
        language model, the flow still has it."""
        c, n_text = self.conditioning, len(self.segment.token_ids)
        _, longest = speech_bounds(n_text, self.sampling)
        n_prompt = max(len(c.lm_prompt_tokens), len(c.flow_prompt_tokens))
        return N_MARKERS + len(c.lm_prompt_text) + n_prompt + n_text + longest

    def rng(self, purpose: int) -> np.random.Generator:
        """The random stream for TOKENS, NOISE or SOURCE."""
        return np.random.default_rng((*self.seed, purpose))

    def mark_times(self, cue: Cue) -> dict[str, float]:
        """When its marks are reached, in seconds, given when it is heard."""
        return {mark.name: cue.begins(mark.offset) for mark in self.segment.marks}

    def cue(self, start_s: float, duration_s: float) -> Cue:
        """What it says and when, without its pauses, given when it starts and how long it lasts
        with them, in seconds."""
        segment = self.segment
        begin = start_s + segment.pause_before_s
        return Cue(begin, max(begin, start_s + duration_s - segment.pause_after_s), segment.text)

    @property
    def pitch(self) -> float:
        """Factor on F0."""
        return float(2.0 ** (self.segment.prosody.pitch_semitones / 12))

    @property
    def gain(self) -> float:
        """Factor on the samples."""
        return float(self.volume * 10.0 ** (self.segment.prosody.volume_db / 20))
