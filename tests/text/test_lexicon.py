"""Where the words of a lexicon are found in a text, and where not."""

from pathlib import Path

import pytest
from vocab import WordTokenizer

from cosyvoice_lite.text.frontend import prepare
from cosyvoice_lite.text.lexicon import Lexicon

WORDS = "GPT-4  say:four\n3M  say:company\nSQL  say:sequel\niOS  say:system\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Use GPT-4.", "Use four."),
        ("Use GPT-4o.", "Use GPT four o."),
        ("Use GPT-4.5 now.", "Use GPT four point five now."),
        ("From 3M today.", "From company today."),
        ("MySQL", "MySQL."),
        ("Use ſQL.", "Use sequel."),
        ("Use ıOS.", "Use system."),
    ],
)
def test_a_word_is_found_whole(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text(WORDS, "utf-8")
    [segment] = prepare(text, WordTokenizer(), lexicon=Lexicon.open(path))
    assert segment.text == expected


def test_a_number_is_found_whole(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text(WORDS, "utf-8")
    for text in ("Use 13M now.", "Use 1.3M now."):
        [segment] = prepare(text, WordTokenizer(), lexicon=Lexicon.open(path))
        assert "company" not in segment.text
