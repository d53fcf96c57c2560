"""What every way in asks for, as one value."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import Any

from cosyvoice_lite import __version__
from cosyvoice_lite.server.cache import key_of
from cosyvoice_lite.server.identity import Identity
from cosyvoice_lite.server.voices import VoiceRef

FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
SIZED = ("wav", "flac")
"""Formats that are sent whole unless a stream is asked for."""
HEADED = (*SIZED, "mp3")
"""Formats whose header tells the length: sent whole, they are not the bytes that are streamed."""


@dataclass(frozen=True)
class Recording:
    """A recording to take after, sent with the request."""

    content: bytes = field(repr=False)
    transcript: str | None = None

    @property
    def key(self) -> list[str]:
        return [hashlib.sha256(self.content).hexdigest(), self.transcript or ""]


@dataclass(frozen=True)
class Speech:
    """A text and how it is to be spoken and sent."""

    text: str = field(repr=False)
    voice: VoiceRef | None
    format: str = "wav"
    sample_rate: int | None = None
    whole: bool = False
    """Sent in one go, the length known."""
    in_chunks: bool = False
    """Sentences are sent while they are spoken, which does not sound quite the same."""
    recording: Recording | None = None
    mode: str | None = None
    instruct: str | None = None
    emotion: str | None = None
    speed: float = 1.0
    seed: int | None = None
    """None: any will do, also that of an answer in the cache."""
    language: str | None = None
    markup: bool = True
    ssml: bool | None = None
    normalize: bool = True
    volume: float = 1.0
    solver: str = "exact"
    sampling: tuple[tuple[str, int | float], ...] = ()
    """What differs from the model's own."""
    finish: tuple[tuple[str, float | bool | None], ...] = ()
    """Settings of `audio.finish.Finish` that differ from its own."""
    with_words: bool = False
    """Whether it is to be found out when each word is heard."""
    use_cache: bool = True
    # How it is served, which changes nothing in what is heard:
    owner: str = field(default="", compare=False)
    priority: str = field(default="interactive", compare=False)
    deadline: float | None = field(default=None, compare=False)
    """On the monotonic clock."""
    patience_s: float = field(default=math.inf, compare=False)
    """From when it was asked to its deadline."""

    @property
    def is_sized(self) -> bool:
        """Whether the bytes depend on its being sent whole."""
        return self.whole and self.format in HEADED

    def may_wait_for(self, other: Speech) -> bool:
        """Whether what was asked before is served as soon, and not given up any sooner."""
        as_soon = other.priority == "interactive" or self.priority == "batch"
        return as_soon and other.patience_s >= self.patience_s

    def cache_key(self, identity: Identity) -> str:
        """The name under which its answer is kept."""
        asked: dict[str, Any] = {
            "program": __version__,
            "model": identity.digest,
            "text": self.text,
            "voice": self.voice.key if self.voice else None,
            "recording": self.recording.key if self.recording else None,
            "sound": [self.format, self.sample_rate, self.is_sized, self.in_chunks],
            "manner": [self.mode, self.instruct, self.emotion, self.speed, self.language],
            "text_as": [self.ssml, self.normalize, self.volume, self.with_words],
            "way": [self.seed, self.markup, self.solver, list(self.sampling), list(self.finish)],
        }
        return key_of(asked)
