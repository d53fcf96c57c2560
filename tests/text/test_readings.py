"""The table of sounds: every row of ``readings/*.tsv``: what is heard of a sentence, in phonemes.

Columns: the text, phonemes that it must hold one after the other (no tags, accents or boundaries),
and who says so.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import pytest

from cosyvoice_lite.text import frontend
from cosyvoice_lite.text.phonemes.inventory import SYMBOLS
from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer

TABLES = sorted(Path(__file__).with_name("readings").glob("*.tsv"))
NOT_SOUNDS = {" ", "[", "]", "/"}


class Row(NamedTuple):
    language: str
    text: str
    heard: str


def rows() -> list[Row]:
    found = []
    for table in TABLES:
        with table.open(encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
        found += [Row(table.stem, text, heard) for text, heard, _ in lines]
    return found


def heard(text: str, language: str) -> str:
    """All sounds of a text as a voice at home in the language would say it."""
    asked = frontend.Request(PhonemeTokenizer(), voice_language=language)
    symbols = (SYMBOLS[n] for segment in frontend.run(text, asked) for n in segment.token_ids)
    sounds = (symbol.rpartition(":")[2] for symbol in symbols)
    return " ".join(sound for sound in sounds if sound not in NOT_SOUNDS)


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.language}:{row.text}")
def test_the_sentence_sounds_so(row: Row) -> None:
    said = heard(row.text, row.language)
    assert f" {row.heard} " in f" {said} "
