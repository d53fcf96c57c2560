"""The least time that phonemes take, by language: speech that is shorter has lost some."""

from collections.abc import Iterable

from cosyvoice_lite.text.phonemes.inventory import SYMBOLS

SHORTEST_MS = {"zh": 77, "yue": 83, "en": 62, "ja": 50, "ko": 81}
"""Of a symbol of each language, tones, accents and codas among them: the mean of the fastest
sentence that nano was taught with, of its person who speaks fastest."""

_SHORTEST_MS = tuple(SHORTEST_MS.get(symbol.partition(":")[0], 0) for symbol in SYMBOLS)


def shortest_s(ids: Iterable[int]) -> float:
    """Seconds that symbols last at the very least; marks, boundaries and tags need none."""
    return sum(_SHORTEST_MS[number] for number in ids) / 1000
