"""Subtitles: what is said when, as SubRip and WebVTT files.

Source: W3C, "WebVTT: The Web Video Text Tracks Format"; SubRip has no standard, only habits.
"""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

LINE_WIDTH = 42  # columns that are read at a glance; an East Asian character fills two
WIDE, NARROW = 1.0, 0.3
"""Time that a character takes: a Chinese one as long as three letters of an English word."""
ENDS = "。！？；…!?;."
PAUSES = ENDS + "，、：,:"

WORD = re.compile(
    r"[^\s\u1100-\u11ff\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+\s*"
    r"|\S\s*"
)
"""A word with the space behind it; where no spaces are written, a character."""


@dataclass(frozen=True)
class Cue:
    """A stretch of text and when it is heard, in seconds from the beginning."""

    start_s: float
    end_s: float
    text: str

    def within(self, cut_s: float, length_s: float) -> Cue:
        """The same cue in a sound that lost `cut_s` at its beginning and lasts `length_s`."""
        start_s, end_s = (min(max(t - cut_s, 0.0), length_s) for t in (self.start_s, self.end_s))
        return Cue(start_s, end_s, self.text)


def words(cue: Cue) -> tuple[Cue, ...]:
    """The words of a cue; in Chinese and Japanese its characters.

    The model has a clock for segments, not for words: a cue's time is shared out by what characters
    take on average, so a word may be off by a few tenths of a second within its sentence.
    """
    return _shared(cue, _pieces(" ".join(cue.text.split())))


def characters(cue: Cue) -> tuple[Cue, ...]:
    """The characters of a cue, spaces with the one before; as rough as `words`."""
    pieces: list[str] = []
    for character in " ".join(cue.text.split()):
        if pieces and character == " ":
            pieces[-1] += character
        else:
            pieces.append(character)
    return _shared(cue, pieces)


def _shared(cue: Cue, pieces: Sequence[str]) -> tuple[Cue, ...]:
    """Pieces of a cue's text with their shares of its time."""
    ends = list(itertools.accumulate(_weight(piece) for piece in pieces))
    scale = (cue.end_s - cue.start_s) / ends[-1] if ends else 0.0
    times = [cue.start_s, *(cue.start_s + scale * end for end in ends)]
    return tuple(
        Cue(*span, text) for span, text in zip(itertools.pairwise(times), pieces, strict=True)
    )


def lines(cue: Cue) -> tuple[Cue, ...]:
    """A cue as cues that fit on one line each, cut where the text pauses if it does."""
    spoken = words(cue)
    made: list[Cue] = []
    while spoken:
        n = _fitting([word.text for word in spoken])
        text = "".join(word.text for word in spoken[:n]).strip()
        made.append(Cue(spoken[0].start_s, spoken[n - 1].end_s, text))
        spoken = spoken[n:]
    return tuple(made)


def srt(cues: Iterable[Cue]) -> str:
    """A SubRip file, one line of text a cue."""
    shown = itertools.chain.from_iterable(map(lines, cues))
    return "".join(
        f"{number}\n{_time(c.start_s, ',')} --> {_time(c.end_s, ',')}\n{c.text}\n\n"
        for number, c in enumerate(shown, start=1)
    )


def vtt(cues: Iterable[Cue]) -> str:
    """A WebVTT file, one line of text a cue, with the time of each word in it."""
    shown = itertools.chain.from_iterable(map(lines, cues))
    blocks = (f"{_time(c.start_s)} --> {_time(c.end_s)}\n{_timed_words(c)}\n\n" for c in shown)
    return "WEBVTT\n\n" + "".join(blocks)


def _timed_words(cue: Cue) -> str:
    """A line with a time ahead of every word but the first, whose time is the cue's."""
    first, *others = words(cue)
    timed = (f"<{_time(word.start_s)}>{_escaped(word.text)}" for word in others)
    return (_escaped(first.text) + "".join(timed)).strip()


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _pieces(text: str) -> list[str]:
    """Words, each with the punctuation that follows it."""
    pieces: list[str] = []
    for piece in WORD.findall(text):
        if pieces and not any(c.isalnum() for c in piece):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def _weight(piece: str) -> float:
    """Time it takes, in Chinese characters; a pause for breath counts as one."""
    sizes = (WIDE if _is_wide(c) or c in PAUSES else NARROW for c in piece if not c.isspace())
    return sum(sizes)


def _fitting(texts: Sequence[str]) -> int:
    """How many words make the next line: all that fit, or up to the last pause among them."""
    ends = list(itertools.accumulate(sum(1 + _is_wide(c) for c in text) for text in texts))
    n = max(1, sum(end <= LINE_WIDTH + 1 for end in ends))
    if n == len(texts):
        return n
    return next(_last_pauses(texts[:n]), n)


def _last_pauses(texts: Sequence[str]) -> Iterator[int]:
    """Places to cut at, the best first; none leaves less than a third of the line."""
    for marks in (ENDS, PAUSES):
        for n in range(len(texts), len(texts) // 3, -1):
            if texts[n - 1].rstrip()[-1:] in marks:
                yield n


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _time(seconds: float, point: str = ".") -> str:
    ms = round(max(0.0, seconds) * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"
