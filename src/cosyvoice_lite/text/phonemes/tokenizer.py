"""The tokenizer of voices that read phonemes: mixed-language text → ids of the inventory.

Besides plain normalised text it understands what the frontend writes into it: a language tag
(``<|ja|>``) switches the language until the next one, a mark of the inventory in angle or square
brackets (``[breath]``, ``<happy>``) is itself, and symbols in braces (``{zh:n zh:i zh:3}``) are
taken as they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cosyvoice_lite.text.languages import spans
from cosyvoice_lite.text.phonemes import inventory
from cosyvoice_lite.text.phonemes.inventory import BREAK, IDS, SIZE
from cosyvoice_lite.text.phonemes.reading import phonemes

_INLINE = re.compile(
    r"<\|(?P<tag>zh|en|ja|ko|yue)\|>|\{(?P<symbols>[^{}]*)\}|(?P<mark><[^<>|]*>|\[[^\[\]<>|]*\])"
)
_MARKS = frozenset(",.?!;…")


@dataclass(frozen=True)
class PhonemeTokenizer:
    """Reads text aloud in symbols; ``language`` decides what the text leaves open."""

    language: str | None = None

    @property
    def size(self) -> int:
        """Number of ids, those not yet given out included."""
        return SIZE

    def encode(self, text: str) -> list[int]:
        """The ids of ``text``.

        Raises:
            TextError: symbols in braces are not in the inventory.
        """
        return inventory.ids(self.symbols(text))

    def symbols(self, text: str) -> list[str]:
        """The symbols of ``text``: no blank at the ends or beside a pause, no pause repeated."""
        return list(_tidied(self._read(text)))

    def _read(self, text: str) -> Iterator[str]:
        language, end, before = self.language, 0, ""
        for match in _INLINE.finditer(text):
            if match["mark"] and match["mark"] not in IDS:
                continue
            said = text[end : match.start()]
            yield from _spoken(said, language, before)
            before = (said or before) if match["tag"] else ""
            end = match.end()
            if match["tag"]:
                language = match["tag"]
            elif match["mark"]:
                yield match["mark"]
            else:
                yield from [BREAK, *(match["symbols"] or "").split(), BREAK]
        yield from _spoken(text[end:], language, before)

    def decode(self, ids: list[int]) -> str:
        """The symbols of ``ids``, blank between them; for people to read."""
        return " ".join(inventory.SYMBOLS[number] for number in ids)


def _spoken(text: str, language: str | None, before: str) -> Iterator[str]:
    for span in spans(text, language):
        yield from phonemes(span.text, span.language, before)
        yield BREAK
        before = span.text


def _tidied(symbols: Iterator[str]) -> Iterator[str]:
    before = BREAK
    pending = False
    for symbol in symbols:
        if symbol == BREAK:
            pending = before not in _MARKS and before != BREAK
            continue
        if symbol in _MARKS:
            pending = False
            if before in _MARKS and symbol == before:
                continue
        if pending:
            yield BREAK
            pending = False
        yield symbol
        before = symbol
