"""What a text sounds like, as roughly as it can be told by ear: for finding its words in speech.

Where the voice reads phonemes they are known; where it does not, the letters are taken for them,
which needs no dictionary.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cosyvoice_lite.text.languages import HAN, HANGUL, KANA, LANGUAGES, Span
from cosyvoice_lite.text.languages import spans as by_language
from cosyvoice_lite.text.phonemes.reading import phonemes

REDUCED, SHORT, VOWEL, LONG = "reduced", "short", "vowel", "long"
HUM, HISS, BREATH, STOP = "hum", "hiss", "breath", "stop"
SYLLABLE = (STOP, LONG)
"""Of a Chinese character; which one makes them no easier to find (benchmarks/word_times.py)."""
MARKS = ",.?!;:…、，。？！；：—"

_EN_VOWEL = re.compile("[AEIOU][AEHIOUWYR]?")
_HISSES = {
    "en": "S SH Z ZH CH JH",
    "ja": "s sh z j ts ch",
    "ko": "s ss j jj ch",
}
_BREATHS = {"en": "F TH HH V DH", "ja": "h hy f fy v vy", "ko": "h"}
_HUMS = {
    "en": "M N NG L R W Y",
    "ja": "m my n ny r ry y w N",
    "ko": "m n r m. n. ng. l.",
}
_CONSONANTS = {
    (language, name): kind
    for table, kind in ((_HISSES, HISS), (_BREATHS, BREATH), (_HUMS, HUM))
    for language, names in table.items()
    for name in names.split()
}

_UNITS = re.compile(
    rf"(?P<one>[{HAN}])|(?P<kana>[{KANA}])|(?P<word>(?:(?![{HAN}{KANA}])[^\W_]|(?<=\w)['’](?=\w))+)"
)
_JAPANESE = re.compile(rf"[{HAN}{KANA}]+")
_GRAPHEMES = re.compile(r"[aeiouy]+|[sc]h|[tp]h|ng|ck|([a-z])\1|[a-z]|.")
_LETTERS = {
    HISS: ("s", "z", "c", "x", "j", "sh", "ch"), BREATH: ("f", "h", "v", "th", "ph"),
    STOP: ("t", "p", "k", "b", "d", "g", "q", "ck"),
}  # fmt: skip
_KIND_OF_LETTER = {letter: kind for kind, letters in _LETTERS.items() for letter in letters}


@dataclass(frozen=True)
class Spoken:
    """A stretch of a text, and the kinds of its sounds in order."""

    start: int
    end: int
    """Of its characters, in the text."""
    sounds: tuple[str, ...]
    pauses: bool
    """Whether punctuation follows."""


def spoken(text: str, spans: tuple[Span, ...], *, by_phonemes: bool) -> list[Spoken]:
    """The stretches of ``text`` that are heard: words, in Chinese characters.

    Args:
        spans: ``text`` by language; joined, they are it.
        by_phonemes: whether words are looked up, or their letters taken for sounds.
    """
    if by_phonemes:  # the tokenizer looks again: a zh span has Latin words of an address in it
        spans = tuple(part for span in spans for part in by_language(span.text, span.language))
    found, start = [], 0
    for span in spans:
        for begin, end, sounds in _units(span, by_phonemes):
            if sounds:
                pauses = _pauses(text, start + end)
                found.append(Spoken(start + begin, start + end, sounds, pauses))
        start += len(span.text)
    return found


def _pauses(text: str, end: int) -> bool:
    """Whether a mark stands before the next word."""
    behind = re.compile(r"[\W_]*").match(text, end)
    return behind is not None and any(mark in behind[0] for mark in MARKS)


def _units(span: Span, by_phonemes: bool) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    if span.language == "ja" and by_phonemes:
        yield from _japanese(span.text)
        return
    for match in _UNITS.finditer(span.text):
        looked_up = by_phonemes and not match["one"]
        sounds = _read(match[0], span.language) if looked_up else _spelled(match)
        yield match.start(), match.end(), sounds


def _japanese(text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Words as the dictionary cuts them: what a character sounds like depends on its word."""
    from cosyvoice_lite.text.phonemes.ja import read_words

    at = 0
    for surface, symbols in read_words(text):
        if surface.strip() and symbols:
            yield at, at + len(surface), _kinds(symbols)
        at += len(surface)


@functools.lru_cache(maxsize=8192)
def _read(word: str, language: str) -> tuple[str, ...]:
    return _kinds(phonemes(word, language))


def _kinds(symbols: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for symbol in symbols:
        language, _, name = symbol.partition(":")
        if language in LANGUAGES and not set(name) & set("[]/"):
            found += _kinds_of(language, name)
    return tuple(found)


def _kinds_of(language: str, name: str) -> tuple[str, ...]:
    if (known := _CONSONANTS.get((language, name))) is not None:
        return (known,)
    if language == "en" and _EN_VOWEL.match(name):
        return (_english_vowel(name),)
    if language == "ja":
        return (SHORT,) if name in "aiueo" else (BREATH,) if name in "IU" else (STOP,)
    return (VOWEL,) if language == "ko" and name[0] in "aeiouwy" else (STOP,)


def _english_vowel(name: str) -> str:
    if name in ("AH0", "IH0"):
        return REDUCED
    if name[:2] in ("AW", "AY", "EY", "OW", "OY"):
        return LONG
    return SHORT if name.endswith("0") else VOWEL


def _spelled(match: re.Match[str]) -> tuple[str, ...]:
    """The sounds of a character or word, guessed from how it is written."""
    if match["one"]:
        return SYLLABLE
    if match["kana"]:
        return (SHORT,) if match[0] in "アイウエオンーあいうえおん" else (STOP, SHORT)
    word = match[0].lower()
    if re.match(f"[{HANGUL}]", word):
        return (STOP, VOWEL) * len(word)
    word = re.sub(r"[^\w]", "", word)
    word = word[:-1] if len(word) > 3 and word.endswith("e") else word  # silent, mostly
    return tuple(_grapheme(letters[0]) for letters in _GRAPHEMES.finditer(word))


def _grapheme(letters: str) -> str:
    if letters[0] in "aeiouy":
        return SHORT if len(letters) == 1 else VOWEL
    doubled = letters if letters in _KIND_OF_LETTER else letters[0]
    return _KIND_OF_LETTER.get(doubled, HUM)
