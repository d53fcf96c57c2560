"""What the voices are given to say: endless sentences per language, and those kept out."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import wordfreq

from training.corpus.grammar import Grammar

SENTENCES = Path(__file__).parents[1] / "sentences"
FREQUENT = 12_000
_WRITTEN = {
    "en": re.compile(r"[a-z']{2,}"),
    "ko": re.compile(r"[가-힣]+"),
    "ja": re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]+"),
    "zh": re.compile(r"[\u4e00-\u9fff]+"),
}


def heldout(language: str) -> list[str]:
    """The sentences that no training text may equal."""
    return (SENTENCES / f"heldout_{language}.txt").read_text(encoding="utf-8").splitlines()


def frequent_words(language: str) -> list[str]:
    """Frequent words of a language, in its own letters; Cantonese shares the Chinese ones."""
    language = "zh" if language == "yue" else language
    written = _WRITTEN[language]
    found = wordfreq.top_n_list(language, FREQUENT)
    return [word for word in found if written.fullmatch(word)]


def phrases(language: str, words: list[str], rng: np.random.Generator) -> Iterator[str]:
    """One or two words without end, frequent ones more often: no sentence of the grammars is as
    short as what people try first."""
    blank = " " if language in ("en", "ko") else ""
    marks = ".!?" if blank else "。！？"
    while True:
        chosen = [words[int(len(words) * rng.random() ** 2)] for _ in range(rng.integers(1, 3))]
        yield blank.join(chosen) + marks[rng.choice(3, p=(0.7, 0.15, 0.15))]


def sentences(language: str, words: list[str], rng: np.random.Generator) -> Iterator[str]:
    """Training sentences without end."""
    grammar = Grammar(SENTENCES / f"grammar_{language}.txt", words)
    forbidden = set(heldout(language))
    while True:
        sentence = grammar.sentence(rng)
        if sentence not in forbidden:
            yield sentence
