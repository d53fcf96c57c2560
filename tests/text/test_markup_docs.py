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
    assert prepare(example, WordTokenizer(), capabilities=able)


def test_there_are_examples_of_all_marks_and_elements() -> None:
    assert len(ROWS) >= 18


def counted(folder: str, names: str) -> tuple[list[list[str]], str]:
    """All rows of the tables in a folder, and how the page counts them table by table."""
    rows, counts = [], []
    for name in names.split():
        table = Path(__file__).parent / folder / f"{name}.tsv"
        lines = table.read_text("utf-8").splitlines()[1:]
        rows += [line.split("\t") for line in lines]
        counts.append(f"{name} {len(lines)}")
    return rows, ", ".join(counts)


def test_the_page_counts_the_readings_rightly() -> None:
    page = " ".join(PAGE.split())
    rows, counts = counted("cases", "zh en ja ko yue mixed")
    known = [row for row in rows if row[3:] not in ([], [""])]
    agreed = [row for row in rows if row[2].startswith("library: ")]
    assert f"{len(rows)} rows ({counts}), of them {len(known)} known to go wrong" in page
    assert f"inflect: {len(agreed)} rows" in page
    rows, counts = counted("readings", "zh en ja ko")
    assert f"{len(rows)} rows with the phonemes to be heard ({counts})" in page
