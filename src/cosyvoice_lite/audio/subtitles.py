"""Subtitles: what is said when, as SubRip and WebVTT files.

Source: W3C, "WebVTT: The Web Video Text Tracks Format"; SubRip has no standard, only habits.
"""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

LINE_WIDTH = 42  # columns that are read at a glance; an East Asian character fills two
WIDE, NARROW = 1.0, 0.3
"""Time that a character takes: a Chinese one as long as three letters of an English word."""
ENDS = "。！？；…!?;."
PAUSES = ENDS + "，、：,:"
STRAIGHT_QUOTES = ('"', "＂")

WORD = re.compile(
    r"[^\s\u1100-\u11ff\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+\s*"
    r"|\S\s*"
)
"""A word with the space behind it; where no spaces are written, a character."""


class Stretch(NamedTuple):
    """Characters of a text that are heard without a pause, and when."""

    begin: int
    end: int
    """The one behind the last."""
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Cue:
    """A stretch of text and when it is heard, in seconds from the beginning."""

    start_s: float
    end_s: float
    text: str
    heard: tuple[Stretch, ...] = ()
    """When parts of the text were found to be heard, in order; what lies between them is silent.
    Where it is empty, time is shared out by what characters take on average."""

    def within(self, cut_s: float, length_s: float) -> Cue:
        """The same cue in a sound that lost `cut_s` at its beginning and lasts `length_s`."""
        return self._retimed(lambda t: min(max(t - cut_s, 0.0), length_s))

    def later(self, by_s: float) -> Cue:
        """The same cue in a sound that begins earlier."""
        return self._retimed(lambda t: t + by_s)

    def rounded(self) -> Cue:
        """To milliseconds."""
        return self._retimed(lambda t: round(t, 3))

    def begins(self, offset: int) -> float:
        """When the first sound at or behind a character is heard."""
        for begin, end, start_s, end_s in self.stretches():
            if end > offset:
                share = max(0, offset - begin) / (end - begin)
                return start_s + share * (end_s - start_s)
        return self.end_s

    def ends(self, offset: int) -> float:
        """Until when the last sound ahead of a character is heard."""
        for begin, end, start_s, end_s in reversed(self.stretches()):
            if begin < offset:
                share = min(end, offset) - begin
                return start_s + share / (end - begin) * (end_s - start_s)
        return self.start_s

    def part(self, begin: int, end: int) -> Cue:
        """Some of its characters, with the sounds in them."""
        start_s, text = self.begins(begin), self.text[begin:end]
        space = " " if text[-1:].isspace() else ""
        return Cue(start_s, max(start_s, self.ends(end)), " ".join(text.split()) + space)

    def stretches(self) -> tuple[Stretch, ...]:
        """Its parts and when they are heard, as far as that is known."""
        return self.heard or tuple(_shared(self))

    def _retimed(self, time: Callable[[float], float]) -> Cue:
        heard = (Stretch(b, e, time(start_s), time(end_s)) for b, e, start_s, end_s in self.heard)
        return Cue(time(self.start_s), time(self.end_s), self.text, tuple(heard))


def words(cue: Cue) -> tuple[Cue, ...]:
    """The words of a cue, each with the punctuation that follows it; in Chinese and Japanese its
    characters."""
    return _parts(cue, _pieces(cue.text))


def characters(cue: Cue) -> tuple[Cue, ...]:
    """The characters of a cue, blanks with the one before; a word's time is shared evenly."""
    places = [at for at, character in enumerate(cue.text) if not character.isspace()]
    return _parts(cue, itertools.pairwise([*places, len(cue.text)]))


def _parts(cue: Cue, places: Iterable[tuple[int, int]]) -> tuple[Cue, ...]:
    known = replace(cue, heard=cue.stretches())
    return tuple(known.part(begin, end) for begin, end in places)


def _shared(cue: Cue) -> Iterator[Stretch]:
    """The words of a cue's text with their shares of its time, in which pauses count as sounds."""
    pieces = _pieces(cue.text)
    ends = list(itertools.accumulate(_weight(cue.text[begin:end]) for begin, end in pieces))
    scale = (cue.end_s - cue.start_s) / ends[-1] if ends else 0.0
    times = [cue.start_s, *(cue.start_s + scale * end for end in ends)]
    for (begin, end), span in zip(pieces, itertools.pairwise(times), strict=True):
        yield Stretch(begin, end, *span)


def lines(cue: Cue) -> tuple[Cue, ...]:
    """A cue as cues that fit on one line each, cut where the text pauses if it does."""
    return tuple(map(_line, _in_lines(cue)))


def _in_lines(cue: Cue) -> Iterator[tuple[Cue, ...]]:
    """The words of each line."""
    spoken = words(cue)
    while spoken:
        n = _fitting([word.text for word in spoken])
        yield spoken[:n]
        spoken = spoken[n:]


def _line(spoken: Sequence[Cue]) -> Cue:
    text = "".join(word.text for word in spoken).strip()
    return Cue(spoken[0].start_s, spoken[-1].end_s, text)


def srt(cues: Iterable[Cue]) -> str:
    """A SubRip file, one line of text a cue."""
    shown = itertools.chain.from_iterable(map(lines, cues))
    return "".join(
        f"{number}\n{_time(c.start_s, ',')} --> {_time(c.end_s, ',')}\n{c.text}\n\n"
        for number, c in enumerate(shown, start=1)
    )


def vtt(cues: Iterable[Cue]) -> str:
    """A WebVTT file, one line of text a cue, with the time of each word in it."""
    shown = itertools.chain.from_iterable(map(_in_lines, cues))
    blocks = (
        f"{_time(spoken[0].start_s)} --> {_time(spoken[-1].end_s)}\n{_timed(spoken)}\n\n"
        for spoken in shown
    )
    return "WEBVTT\n\n" + "".join(blocks)


def _timed(spoken: Sequence[Cue]) -> str:
    """A line with a time ahead of every word but the first, whose time is the line's."""
    first, *others = spoken
    timed = (f"<{_time(word.start_s)}>{_escaped(word.text)}" for word in others)
    return (_escaped(first.text) + "".join(timed)).strip()


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _pieces(text: str) -> list[tuple[int, int]]:
    """Where words begin and end, each with what opens ahead of it, and with the punctuation and
    blanks that follow it."""
    pieces = list(WORD.finditer(text))
    begins = [
        _opened(text, piece.start()) for piece in pieces if any(c.isalnum() for c in piece[0])
    ]
    heads = [piece.start() for piece in pieces[:1]]
    return list(itertools.pairwise([*heads, *begins[1:], len(text)]))


def _opened(text: str, begin: int) -> int:
    """Where the brackets and quotes begin that open right ahead of a word."""
    while _opens(head := text[:begin].rstrip()):
        begin = len(head) - 1
    return begin


def _opens(head: str) -> bool:
    """Whether text ends in an opening mark; a straight quote is one if none is open."""
    last = head[-1:]
    if last in STRAIGHT_QUOTES:
        return head.count(last) % 2 == 1
    return bool(last) and unicodedata.category(last) in ("Ps", "Pi")


def _weight(piece: str) -> float:
    """Time it takes, in Chinese characters; a pause for breath counts as one."""
    sizes = (WIDE if _is_wide(c) or c in PAUSES else NARROW for c in piece if not c.isspace())
    return sum(sizes)


def _fitting(texts: Sequence[str]) -> int:
    """How many words make the next line: all that fit, or up to the last pause among them."""
    begins = itertools.accumulate(map(_columns, texts), initial=0)
    ends = (begin + _columns(text.rstrip()) for begin, text in zip(begins, texts, strict=False))
    n = max(1, sum(end <= LINE_WIDTH for end in ends))
    if n == len(texts):
        return n
    return next(_last_pauses(texts[:n]), n)


def _last_pauses(texts: Sequence[str]) -> Iterator[int]:
    """Places to cut at, the best first; none leaves less than a third of the line."""
    for marks in (ENDS, PAUSES):
        for n in range(len(texts), len(texts) // 3, -1):
            if texts[n - 1].rstrip()[-1:] in marks:
                yield n


def _columns(text: str) -> int:
    return sum(1 + _is_wide(c) for c in text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _time(seconds: float, point: str = ".") -> str:
    ms = round(max(0.0, seconds) * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"
