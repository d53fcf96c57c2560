"""Which language each stretch of a text is in: zh, yue, en, ja or ko, by script and evidence.

Kana, hangul and Latin letters speak for themselves. Han characters are shared by three languages,
so a sentence of them is decided by its signs (``han_evidence.py``), then by the rest of the text and
the voice; in a sentence with kana only what must be Chinese is not Japanese.
Everything that has no language, such as digits and symbols, takes that of its neighbours: in a
sentence with Han, kana or hangul numbers are read in that language, not in that of a Latin word.
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from cosyvoice_lite.text.han_evidence import DECISIVE, evidence
from cosyvoice_lite.text.neutral import neutral_language
from cosyvoice_lite.text.runs import (
    HAN,
    HANGUL,
    KANA,
    Run,
    Sentence,
    cut,
    has_han,
    has_hangul,
    has_kana,
    has_latin,
    sentences_of,
)

__all__ = [
    "HAN",
    "HANGUL",
    "KANA",
    "LANGUAGES",
    "Span",
    "language_at_a_glance",
    "main_language",
    "spans",
]

LANGUAGES = ("zh", "en", "ja", "ko", "yue")
"""The languages that CosyVoice-300M speaks."""

_TAGS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")
_HAN_LANGUAGES = ("zh", "yue", "ja")
_KANA_SHARE = 2  # a Chinese sentence has more than so many Han characters to a kana


@dataclass(frozen=True)
class Span:
    """A stretch of text in one language; the spans of a text, joined, are the text."""

    text: str
    language: str


def spans(text: str, language: str | None = None, default: str | None = None) -> list[Span]:
    """Cut ``text`` by language.

    ``language`` decides about Han characters whatever they look like; ``default``, the language of
    the voice, where the text does not speak clearly for another. Neither overrules a script: kana
    stay Japanese, hangul Korean and Latin words English.
    """
    if not text:
        return []
    single = _single_language(text, language, default)
    if single:
        return [Span(text, single)]
    if not (has_latin(text) or has_kana(text) or has_hangul(text)):
        return _joined(_han_sentences(text, language, default))
    return _joined(_resolve(list(cut(text)), language, default))


def main_language(pieces: Iterable[Span]) -> str:
    """The language of most of some spans; a Han character weighs as much as three letters."""
    weights: dict[str, int] = {}
    for piece in pieces:
        weight = len(piece.text.encode("utf-8", "replace"))  # one a letter, three a character
        weights[piece.language] = weights.get(piece.language, 0) + weight
    return max(weights, key=lambda language: weights[language])


def language_at_a_glance(text: str, language: str | None = None) -> str | None:
    """The main language of a text as it was written, marks and all; None of an empty one."""
    found = spans(_TAGS.sub(" ", text), language)
    return main_language(found) if found else None


def _single_language(text: str, language: str | None, default: str | None) -> str | None:
    """The language of a text that shows it at a glance."""
    han, latin = has_han(text), has_latin(text)
    kana, hangul = has_kana(text), has_hangul(text)
    if hangul:
        return None if han or latin or kana else "ko"
    if kana:
        return None if han or latin else "ja"
    if han:
        return language if language in _HAN_LANGUAGES and not latin else None
    wished = language or default or "en"
    return "en" if latin and wished == "en" else None if latin else wished


def _han_sentences(text: str, hint: str | None, default: str | None) -> list[Span]:
    """What `_resolve` finds in a text with no other letters: a sentence is of one language."""
    expected = _expected(hint, default)
    sentences = list(sentences_of(text))
    of_sentence = _of_sentences(sentences, expected)
    wished = hint if hint in _HAN_LANGUAGES else None
    latest = wished or next(iter(of_sentence.values()), hint or default or "en")
    found: list[Span] = []
    for sentence in sentences:
        latest = (wished if sentence.han else None) or of_sentence.get(sentence) or latest
        found.append(Span(sentence.text, latest))
    return found


def _expected(hint: str | None, default: str | None) -> str | None:
    """The language that Han characters are in if nothing tells."""
    return hint if hint in _HAN_LANGUAGES else default if default in _HAN_LANGUAGES else None


def _resolve(runs: list[Run], hint: str | None, default: str | None) -> list[Span]:
    expected = _expected(hint, default)
    of_sentence = _of_sentences([run.sentence for run in runs], expected)
    languages = [
        _of_run(runs, at, of_sentence, hint, expected) if run.script else None
        for at, run in enumerate(runs)
    ]
    latest = next(filter(None, languages), None) or hint or default or "en"
    found: list[Span] = []
    for at, run in enumerate(runs):
        latest = languages[at] or neutral_language(languages, runs, at, hint or default) or latest
        found.append(Span(run.text, latest))
    return found


def _of_run(
    runs: Sequence[Run],
    at: int,
    of_sentence: dict[Sentence, str],
    hint: str | None,
    expected: str | None,
) -> str:
    run = runs[at]
    if run.script != "han":
        return run.script
    return (
        hint if hint in _HAN_LANGUAGES else _of_han(runs, at, of_sentence[run.sentence], expected)
    )


def _of_sentences(sentences: Iterable[Sentence], expected: str | None) -> dict[Sentence, str]:
    """What Han characters are in each sentence, by its own signs or those of the others."""
    found = {sentence: _by_its_signs(sentence, expected) for sentence in sentences if sentence.han}
    weights = dict.fromkeys(("zh", "yue", "chinese", "ja", None), 0)
    for sentence, language in found.items():
        weights[language] += sentence.han + sentence.kana
    cantonese = expected == "yue" or weights["yue"] >= max(1, weights["zh"])
    chinese = "yue" if cantonese else "zh"
    japanese = weights["ja"] - weights["zh"] - weights["yue"] - weights["chinese"]
    otherwise = "ja" if japanese > 0 or (expected == "ja" and japanese == 0) else chinese

    def settled(sentence: Sentence, language: str | None) -> str:
        simplified = sentence.signs.simplified and expected != "yue"
        if language == "chinese" or (language == "zh" and not simplified):
            return chinese
        return language or otherwise

    return {sentence: settled(sentence, language) for sentence, language in found.items()}


def _by_its_signs(sentence: Sentence, expected: str | None) -> str | None:
    signs = sentence.signs
    if not sentence.kana:
        return signs.language(expected)
    chinese_voice = expected in ("zh", "yue") and not signs.japanese
    needed = 1 if sentence.kana_as_ornament and chinese_voice else DECISIVE
    if signs.chinese < needed or sentence.han <= sentence.kana * _KANA_SHARE:
        return "ja"
    return signs.language(expected) or "ja"


def _of_han(runs: Sequence[Run], at: int, of_sentence: str, expected: str | None) -> str:
    """The language of Han characters: beside kana Japanese, unless they must be Chinese."""
    if not runs[at].sentence.kana or runs[at].sentence.kana_as_ornament:
        return of_sentence
    signs = evidence(runs[at].text)
    if signs.chinese >= DECISIVE and signs.chinese > signs.japanese:
        if of_sentence != "ja":
            return of_sentence
        return "yue" if signs.cantonese or expected == "yue" else "zh"
    beside = [runs[i].script for i in (at - 1, at + 1) if 0 <= i < len(runs)]
    return "ja" if "ja" in beside else of_sentence


def _joined(pieces: list[Span]) -> list[Span]:
    grouped = itertools.groupby(pieces, key=attrgetter("language"))
    return [Span("".join(piece.text for piece in group), language) for language, group in grouped]
