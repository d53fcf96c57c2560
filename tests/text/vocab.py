"""The vocabularies for tests: the real ones where they are at hand, else an honest stand-in.

The files belong to the official checkpoints and are not ours to ship. Tests look for them in the
folder that COSYVOICE_LITE_VOCAB names.
"""

import os
import re
from pathlib import Path

import pytest

from cosyvoice_lite.text.tokenizer import BpeTokenizer

FILES = {
    "whisper": "multilingual.tiktoken",
    "hz25": "multilingual_zh_ja_yue_char_del.tiktoken",
}
_BESIDE = Path(__file__).parents[3] / "shared" / "official"
FOLDER = Path(os.environ.get("COSYVOICE_LITE_VOCAB", _BESIDE))


class Characters:
    """One token a character: the strictest budget."""

    size = 0x110000

    def encode(self, text: str) -> list[int]:
        return [ord(char) for char in text]


class WordTokenizer:
    """One token a word or mark: for plain English words, as many as the real vocabulary gives."""

    size = 1

    def encode(self, text: str) -> list[int]:
        return [0 for _ in re.findall(r"\w+|[^\w\s]", text)]


def open_vocab(kind: str) -> BpeTokenizer:
    path = FOLDER / FILES[kind]
    if not path.exists():
        pytest.skip(f"{path.name} is not at hand: set COSYVOICE_LITE_VOCAB")
    return BpeTokenizer.open(path, kind)
