"""Phoneme symbols of Mandarin and Cantonese, cut into syllables and marks."""

from collections.abc import Iterable

from cosyvoice_lite.text.phonemes import yue, zh

Syllable = tuple[str, ...]
"""Initial, final and tone: `("zh:m", "zh:a", "zh:1")`."""

READERS = {"zh": zh.phonemes, "yue": yue.phonemes}


def syllables(symbols: Iterable[str]) -> list[Syllable | str]:
    """Syllables as tuples; marks between them (`" "`, `","`, `"."` …) as they are."""
    cut: list[Syllable | str] = []
    open_syllable: list[str] = []
    for symbol in symbols:
        if ":" not in symbol:
            cut.append(symbol)
            continue
        open_syllable.append(symbol)
        if symbol[-1].isdigit():  # the tone ends it
            cut.append(tuple(open_syllable))
            open_syllable = []
    return cut


def read(text: str, language: str) -> list[Syllable | str]:
    """The syllables and marks of a text."""
    return syllables(READERS[language](text))
