"""What the text floor hands to the runtime: pieces of text with the ids and the way to say them."""

from dataclasses import dataclass

from cosyvoice_lite.text.languages import Span


@dataclass(frozen=True)
class Prosody:
    """How a segment deviates from the voice's own way of speaking."""

    rate: float = 1.0
    """Speaking rate as a factor: 2.0 is twice as fast."""
    pitch_semitones: float = 0.0
    """Shift of the fundamental frequency in semitones, up when positive."""
    volume_db: float = 0.0
    """Gain of the output in decibels; minus infinity is silence."""


PLAIN = Prosody()
"""The voice's own way of speaking."""


@dataclass(frozen=True)
class Mark:
    """A named place in the text whose time the caller wants to know."""

    name: str
    offset: int
    """Characters of the segment's text that are spoken before the place."""


@dataclass(frozen=True)
class Segment:
    """One piece of text that the model speaks in one go.

    Pauses are durations of digital silence that the runtime inserts to the sample; they add to
    nothing the model itself leaves silent, and no rate applies to them.
    """

    text: str
    """The normalised text: what is spoken, and nothing else."""
    token_ids: tuple[int, ...]
    """The text tokens of ``text`` for the tokenizer that it was prepared with; never empty."""
    language: str | None = None
    """"zh", "en", "ja", "ko" or "yue" where known: that of most of the text."""
    pause_before_s: float = 0.0
    """Silence ahead of the segment in seconds; only a text that begins with a pause has one."""
    pause_after_s: float = 0.0
    """Silence behind the segment in seconds."""
    prosody: Prosody = PLAIN
    """Rate, pitch and volume."""
    voice: str | None = None
    """Name of the voice that speaks, where the markup changes it."""
    instruct: str | None = None
    """Instruction for an Instruct checkpoint, where the markup or an emotion gives one."""
    emotion: str | None = None
    """Mood it is spoken in, for a voice that was taught it."""
    marks: tuple[Mark, ...] = ()
    """Named places, in order of their offsets."""
    spans: tuple[Span, ...] = ()
    """``text`` by language, where that was looked at; joined, they are it."""
    reads_phonemes: bool = False
    """Whether ``token_ids`` are phonemes."""
