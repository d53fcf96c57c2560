"""What markup says, whichever way it was written: words with a style, pauses, marks, breaks."""

import math
import re
from dataclasses import dataclass, replace

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.segment import PLAIN, Prosody

LONGEST_PAUSE_S = 60.0
"""One pause, in seconds."""
SLOWEST, FASTEST = 0.25, 4.0
"""Bounds of the rate; what nested rates make beyond is brought to the nearest."""

LANGUAGE_TAGS = {
    "zh": "zh", "cmn": "zh", "yue": "yue", "zh-hk": "yue", "zh-mo": "yue", "en": "en", "ja": "ja", "jp": "ja", "ko": "ko", "kr": "ko",
}  # fmt: skip
"""Language tags and old spellings → our languages; a region is dropped unless it stands here."""


@dataclass(frozen=True)
class Style:
    """How words are to be said."""

    language: str | None = None
    prosody: Prosody = PLAIN
    voice: str | None = None
    emotion: str | None = None
    strong: bool = False
    tagged: bool = False
    """Whether the language was written as a tag, ``<|en|>``, which the official models know."""

    def with_prosody(self, rate: float, pitch_semitones: float, volume_db: float) -> "Style":
        """The style inside a ``prosody`` element: rates multiply, pitch and volume add."""
        outer = self.prosody
        inner = Prosody(
            min(max(outer.rate * rate, SLOWEST), FASTEST),
            outer.pitch_semitones + pitch_semitones,
            outer.volume_db + volume_db,
        )
        return replace(self, prosody=inner)


@dataclass(frozen=True)
class Words:
    """Text to be normalised and said."""

    text: str
    style: Style


@dataclass(frozen=True)
class SaidAs:
    """Text whose kind the caller knows: ``digits``, ``ordinal``, ``date`` …"""

    text: str
    kind: str
    style: Style
    place: str


@dataclass(frozen=True)
class Spelled:
    """Words with their pronunciation given."""

    text: str
    notation: str
    alphabet: str
    style: Style
    place: str
    """Line and column, for errors that come later."""


@dataclass(frozen=True)
class Sound:
    """A mark that the model itself may know: ``[laughter]``, ``<strong>``."""

    name: str
    style: Style


@dataclass(frozen=True)
class Pause:
    """Silence, exact to the sample."""

    seconds: float


@dataclass(frozen=True)
class NamedPlace:
    """A ``mark`` whose time the caller wants to know."""

    name: str


@dataclass(frozen=True)
class Break:
    """The end of a sentence or paragraph that markup states."""

    paragraph: bool


Event = Words | SaidAs | Spelled | Sound | Pause | NamedPlace | Break


def place(text: str, at: int) -> str:
    """Where a character stands, for people: ``line 2, column 7``."""
    line = text.count("\n", 0, at) + 1
    return f"line {line}, column {at - text.rfind(chr(10), 0, at)}"


def language_of(tag: str, where: str) -> str:
    """The language of a BCP 47 tag.

    Raises:
        TextError: it is none of the five.
    """
    lowered = tag.strip().lower().replace("_", "-")
    found = LANGUAGE_TAGS.get(lowered) or LANGUAGE_TAGS.get(lowered.split("-")[0])
    if found is None:
        raise TextError(f"{where}: unknown language {tag!r}: expected zh, en, ja, ko or yue")
    return found


_TIME = re.compile(r"\+?(\d+(?:\.\d+)?|\.\d+)\s*(ms|s)", re.IGNORECASE)
_STRENGTHS = {
    "none": 0.0,
    "x-weak": 0.0,
    "weak": 0.25,
    "medium": 0.5,
    "strong": 1.0,
    "x-strong": 1.5,
}
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.5}
_PITCHES = {"x-low": -6.0, "low": -3.0, "medium": 0.0, "default": 0.0, "high": 3.0, "x-high": 6.0}
_VOLUMES = {
    "silent": -math.inf, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0, "loud": 4.0, "x-loud": 8.0,
}  # fmt: skip
_NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d+)?|\.\d+))\s*(%|dB|st|)", re.IGNORECASE)


def seconds(time: str, where: str) -> float:
    """``750ms`` or ``1.5s`` in seconds."""
    match = _TIME.fullmatch(time.strip())
    if match is None:
        raise TextError(f"{where}: can't read the time {time!r}: write it like 750ms or 1.5s")
    found = float(match[1]) / (1000 if match[2].lower() == "ms" else 1)
    if found > LONGEST_PAUSE_S:
        raise TextError(f"{where}: a pause of {time} is longer than {LONGEST_PAUSE_S:.0f} s")
    return found


def strength_seconds(strength: str, where: str) -> float:
    """How long a ``break`` of a named strength is."""
    return _named(strength, _STRENGTHS, "strength", where)


def rate(value: str, where: str) -> float:
    """A rate as a factor: ``fast``, ``120%``, ``+20%``, ``1.2``."""
    if value.strip() in _RATES:
        return _RATES[value.strip()]
    number, unit = _measure(value, ("%", ""), "rate", where)
    factor = (
        number if unit == "" else (1 + number / 100 if value.strip()[0] in "+-" else number / 100)
    )
    if not SLOWEST <= factor <= FASTEST:
        raise TextError(f"{where}: a rate of {value} is not within {SLOWEST:g} to {FASTEST:g}")
    return factor


def pitch(value: str, where: str) -> float:
    """A shift of pitch in semitones: ``high``, ``+2st``, ``-10%``."""
    if value.strip() in _PITCHES:
        return _PITCHES[value.strip()]
    number, unit = _measure(value, ("%", "st"), "pitch", where)
    if unit == "st":
        return number
    if number <= -100:
        raise TextError(f"{where}: a pitch of {value} is not above zero")
    return 12 * math.log2(1 + number / 100)


def volume(value: str, where: str) -> float:
    """A gain in decibels: ``soft``, ``+6dB``, ``50%`` (of the amplitude)."""
    if value.strip() in _VOLUMES:
        return _VOLUMES[value.strip()]
    number, unit = _measure(value, ("db", "%"), "volume", where)
    if unit == "db":
        return number
    factor = 1 + number / 100 if value.strip()[0] in "+-" else number / 100
    return 20 * math.log10(factor) if factor > 0 else -math.inf


def _measure(value: str, units: tuple[str, ...], what: str, where: str) -> tuple[float, str]:
    match = _NUMBER.fullmatch(value.strip())
    if match is None or match[2].lower() not in units:
        raise TextError(f"{where}: can't read the {what} {value!r}: see docs/markup.md")
    return float(match[1]), match[2].lower()


def _named(value: str, table: dict[str, float], what: str, where: str) -> float:
    if value.strip() not in table:
        raise TextError(f"{where}: unknown {what} {value!r}: expected one of {', '.join(table)}")
    return table[value.strip()]
