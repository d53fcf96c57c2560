"""The least time that phonemes take, by language: speech that is shorter has lost some."""

from collections.abc import Iterable

from cosyvoice_lite.text.phonemes.inventory import SYMBOLS

SHORTEST_MS = {"zh": 77, "yue": 83, "en": 62, "ja": 50, "ko": 81}
"""Of a symbol of each language, tones, accents and codas among them: the mean of the fastest
sentence that nano was taught with, of its person who speaks fastest."""

EDGES_MS = 150
"""Besides, of a whole utterance: how it begins and dies away. A word alone is longer than in a
sentence."""

_SHORTEST_MS = tuple(SHORTEST_MS.get(symbol.partition(":")[0], 0) for symbol in SYMBOLS)


def shortest_s(ids: Iterable[int]) -> float:
    """Seconds that an utterance lasts at the very least; marks, boundaries and tags need none."""
    sounds_ms = sum(_SHORTEST_MS[number] for number in ids)
    return (sounds_ms + EDGES_MS) / 1000 if sounds_ms else 0.0
