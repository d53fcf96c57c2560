"""The table of readings: every row of ``cases/*.tsv``, each with its source of truth.

Columns: the text, how it is said, who says so, and for a known failure what is wrong. A known
failure must go on failing: when it passes, its note is to be deleted.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import pytest

from cosyvoice_lite.text.frontend import normalize
from cosyvoice_lite.text.normalizers import en

FOLDER = Path(__file__).parent / "cases"
LEAST = {"zh": 80, "en": 80, "ja": 80, "ko": 80, "yue": 80, "mixed": 40}
MOST_KNOWN_FAILURES = 6


class Case(NamedTuple):
    table: str
    text: str
    expected: str
    source: str
    known_failure: str


def read(table: str) -> list[Case]:
    with (FOLDER / f"{table}.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return [Case(table, *[*row, ""][:4]) for row in rows]


CASES = [case for table in LEAST for case in read(table)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.table}-{case.text}")
def test_reading(case: Case) -> None:
    voice = None if case.table == "mixed" else case.table
    said = normalize(case.text, voice_language=voice).strip()
    if case.known_failure:
        assert said != case.expected, "this passes now: delete the note of its failure"
    else:
        assert said == case.expected


def test_the_tables_are_large_and_every_row_has_its_source() -> None:
    for table, least in LEAST.items():
        cases = [case for case in CASES if case.table == table]
        assert len(cases) >= least, table
        assert len({case.text for case in cases}) == len(cases), table
        assert all(": " in case.source for case in cases), table


def test_known_failures_are_counted() -> None:
    known = [case for case in CASES if case.known_failure]
    assert len(known) <= MOST_KNOWN_FAILURES, [case.text for case in known]


def test_rules_of_words_begin_with_letters() -> None:
    of_words = [rule for rule in en._RULES if rule.of_words]
    assert len(of_words) > 20
    for case in CASES:
        for at, char in enumerate(case.text):
            if not char.isalpha():
                assert not any(rule.pattern.match(case.text, at) for rule in of_words), case.text
