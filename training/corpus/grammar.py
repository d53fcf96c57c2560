"""Sentences from a small grammar: a name has choices, a choice may hold `{names}`.

The grammars in training/sentences are ours. Their `{word}` is filled from outside, with words that
are frequent in the language, so that sounds the grammar lacks are heard too.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_SLOT = re.compile(r"\{(\w+)\}")


class Grammar:
    """`Grammar(path, words).sentence(rng)` makes one sentence."""

    def __init__(self, path: Path, words: Sequence[str]) -> None:
        self.rules = {"word": list(words)}
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                name, choices = line.split(":", 1)
                self.rules[name] = [choice.strip() for choice in choices.split(" | ")]

    def sentence(self, rng: np.random.Generator) -> str:
        """A random sentence, its first letter capital where letters have case."""
        text = self._expand("{sentence}", rng)
        return text[0].upper() + text[1:]

    def _expand(self, text: str, rng: np.random.Generator) -> str:
        def choose(slot: re.Match[str]) -> str:
            return self._expand(str(rng.choice(self.rules[slot[1]])), rng)

        return _SLOT.sub(choose, text)
