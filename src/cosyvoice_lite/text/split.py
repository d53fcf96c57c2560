"""Normalised text → pieces that fit the token budget, cut where a speaker would breathe.

Places to cut, best first: the end of a paragraph or line, of a sentence, of a clause, of a word. A
place inside a quotation or brackets counts one grade less. Sentences are packed together as long
as they fit; only a sentence that is too long by itself is cut inside. The pieces, joined, are the
text but for blanks at their ends.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

PARAGRAPH, SENTENCE, CLAUSE, WORD = 4, 3, 2, 1

_PLACE = re.compile(
    r"(?P<paragraph>\s*\n\s*\n\s*)|(?P<line>\s*\n\s*)"
    r"|(?P<sentence>(?:[。！？!?…]+|(?<!\b[A-Za-z])\.+(?=[\s\"'”’)\]」』]|$)|．|；|;(?=\s|$))[\"'”’」』）)\]】》]*[ \t]*)"
    r"|(?P<clause>(?:[，、：,:—](?![0-9]))+[\"'”’」』）)\]】》]*[ \t]*)"
    r"|(?P<open>[“「『（【《\[(]|(?<![\w])\"(?=\w))|(?P<close>[”」』）】》\])]|(?<=\S)\"(?!\w))"
)
_STRENGTHS = {"paragraph": PARAGRAPH, "line": SENTENCE, "sentence": SENTENCE, "clause": CLAUSE}
_WIDEST = 8  # characters that a token may stand for, in text without punctuation
_AFTER = "的了着过吧吗呢啊嘛么们里上下中后前时候就也都还又是在和与及或而但把被让给嘅咗喺啦㗎はがをにでともへやねよて도는은이가을를에의고며"
_FULL_STOP = {"zh": "。", "yue": "。", "ja": "。", "en": ".", "ko": "."}
_ENDED = re.compile(r"[。！？!?….．；;，、,：:—~\-][\"'”’」』）)\]】》]*$")


@dataclass(frozen=True)
class Part:
    """A stretch of the text, and how strongly the text breaks behind it."""

    text: str
    strength: int


def split(text: str, count: Callable[[str], int], *, longest: int, wanted: int) -> list[Part]:
    """Cut ``text`` into parts of at most ``longest`` tokens, about ``wanted`` where it can choose.

    ``count`` tells the tokens of a string; a single character may be longer than ``longest``.
    """
    sentences = [
        piece
        for sentence in _cut(text, SENTENCE)
        for piece in _fitted(sentence, count, longest, CLAUSE)
    ]
    return list(_packed(sentences, count, longest, wanted))


def closed(text: str, language: str | None) -> str:
    """``text`` with a full stop, if it ends without any punctuation: models expect one."""
    text = text.strip()
    return text if _ENDED.search(text) else text + _FULL_STOP.get(language or "en", ".")


def _cut(text: str, grade: int) -> list[Part]:
    """Cut at every place of at least ``grade``."""
    parts: list[Part] = []
    start = depth = 0
    for match in _PLACE.finditer(text):
        kind = str(match.lastgroup)
        if kind == "open":
            depth += 1
            continue
        if depth:
            closing = sum(match[0].count(mark) for mark in '”」』）】》])"')
            depth = 0 if kind == "paragraph" else max(0, depth - closing)
        strength = _STRENGTHS.get(kind, 0)
        if strength - (depth > 0) >= grade and match.end() > start:
            _append(parts, text[start : match.end()], strength)
            start = match.end()
    if text[start:].strip():
        _append(parts, text[start:], SENTENCE)
    return parts


def _append(parts: list[Part], text: str, strength: int) -> None:
    """Add a part; blanks alone only make the end of the part before them stronger."""
    if parts and not text.strip():
        last = parts.pop()
        parts.append(Part(last.text + text, max(last.strength, strength)))
    else:
        parts.append(Part(text, strength))


def _fitted(part: Part, count: Callable[[str], int], longest: int, grade: int) -> Iterator[Part]:
    """The part itself if it fits, else packs of its clauses, else of its words."""
    if len(part.text) * 4 <= longest or (
        len(part.text) <= longest * _WIDEST * 2 and count(part.text) <= longest
    ):
        yield part
        return
    pieces = [p.text for p in _cut(part.text, grade)] if grade == CLAUSE else [part.text]
    if len(pieces) > 1:
        fitted = [q for p in pieces for q in _fitted(Part(p, grade), count, longest, grade)]
        packs = list(_packed(fitted, count, longest, longest))
    else:
        packs = [Part(text, WORD) for text in _words_packed(part.text, count, longest)]
    yield from packs[:-1]
    yield Part(packs[-1].text, part.strength)


def _words_packed(text: str, count: Callable[[str], int], longest: int) -> Iterator[str]:
    """Cut text without punctuation: at a blank, else behind a particle, else anywhere."""
    rest = text
    while len(rest) > 1 and (len(rest) > longest * _WIDEST or count(rest) > longest):
        limit = _longest_prefix(rest, count, longest)
        cut = _best_place(rest, limit)
        yield rest[:cut]
        rest = rest[cut:]
    yield rest


def _longest_prefix(text: str, count: Callable[[str], int], longest: int) -> int:
    """How many characters fit, found by halving."""
    low, high = 1, min(len(text), longest * _WIDEST)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(text[:middle]) <= longest else (low, middle - 1)
    return low


def _best_place(text: str, limit: int) -> int:
    blank = text.rfind(" ", limit // 3, limit) + 1
    if blank > 0:
        return blank
    for at in range(limit, max(limit // 2, 1), -1):
        if text[at - 1] in _AFTER:
            return at
    return limit


def _packed(
    parts: list[Part], count: Callable[[str], int], longest: int, wanted: int
) -> Iterator[Part]:
    """Join neighbours while the result stays within ``wanted``, and never over a paragraph."""
    held, size = "", 0
    strength = SENTENCE
    for part in parts:
        own = count(part.text)
        if held and (size + own > wanted or strength == PARAGRAPH):
            short = size < wanted // 4 and size + own <= longest and strength != PARAGRAPH
            if not short:
                yield Part(held, strength)
                held, size = "", 0
        held += part.text
        size += own
        strength = part.strength
    if held:
        yield Part(held, strength)
