"""Every example of docs/markup.md is understood by the frontend."""

import re
from pathlib import Path

import pytest
from vocab import WordTokenizer

from cosyvoice_lite.text.frontend import prepare

PAGE = (Path(__file__).parents[2] / "docs" / "markup.md").read_text("utf-8")
ROWS = re.findall(r"^\|.*\| `([^`]+)` \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("example", [row.replace("\\|", "|") for row in ROWS])
def test_example(example: str) -> None:
    able = frozenset(["instruct", "marks"])
    assert prepare(example, WordTokenizer(), capabilities=able, voice_tags=True)


def test_there_are_examples_of_all_marks_and_elements() -> None:
    assert len(ROWS) >= 19


def test_the_page_counts_the_readings_rightly() -> None:
    tables = sorted((Path(__file__).parent / "cases").glob("*.tsv"))
    rows = [line for table in tables for line in table.read_text("utf-8").splitlines()[1:]]
    known = [line for line in rows if line.split("\t")[3:] not in ([], [""])]
    assert f"{len(rows)} rows" in PAGE
    assert f"{len(known)} known to go wrong" in PAGE
