"""English: the minus of algebra, which is written like a hyphen, and what else formulas need."""

import re

from cosyvoice_lite.text.normalizers.numerals import english
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule

_VARIABLE_BEFORE = re.compile(r"(?<![\w.-])\d*[nxyz] ?$")
_LEFT = re.compile(r"(?:(?<![\w.-])(?<!\d )\d*[a-z](?:\^\d{1,2}|[²³])?|\)(?:\^\d{1,2}|[²³])?)\s?$")
_NUMBER_LEFT = re.compile(r"(?<![\w.-])\d+ $")
_NO_WORDS = r"(?:(?![A-Za-z]{2}|[,;.!?] )[^\n]){0,24}"
_FORMULA_BEFORE = re.compile(rf"(?:=|[a-z)](?:\^\d|[²³])){_NO_WORDS}$")
_FORMULA_AFTER = re.compile(rf"{_NO_WORDS}=")
_NUMBER = re.compile(r"\d(?!\d)")
_NUMBER_ALONE = re.compile(r" \d{1,3}(?:[),;]|\s*[*/+=<>]|\s*$)")
_LETTER = re.compile(r" [a-z]")


def _in_formula(match: re.Match[str]) -> bool:
    after = _FORMULA_AFTER.match(match.string, match.end())
    return bool(after) or near(match, _FORMULA_BEFORE, 36)


def _minus(match: re.Match[str]) -> str | None:
    """2n-1 and 5x - 6 = 0; A-1 is a name, 3 - 5 a range."""
    alone = _NUMBER_ALONE if match[1] else _NUMBER
    if near(match, _VARIABLE_BEFORE, 12) and alone.match(match.string, match.end()):
        return " minus "
    letter = _LETTER.match(match.string, match.end())
    left = near(match, _LEFT, 16) or (letter and near(match, _NUMBER_LEFT, 12))
    return " minus " if left and _in_formula(match) else None


def _time_zone(match: re.Match[str]) -> str:
    minutes = f" {english(match[3])}" if match[3] and match[3] != "00" else ""
    return f" {'plus' if match[1] == '+' else 'minus'} {english(match[2])}{minutes}"


MINUS_TRIGGER = r"(?<= )[-−](?= (?:[\d(]|[b-hj-z]\b))|\bmc[²^2]"
ALGEBRA: list[Rule] = [
    rule("time zone", r"(?<=GMT|UTC)([-−+])0?(\d{1,2})(?::?([0-5]\d))?(?![\d:])", _time_zone),
    rule("minus", r"[-−](?:(?=\d{1,3}[a-z]?(?![\w-]))|(?=( )(?:[\d(]|[b-hj-z]\b)))", _minus),
    rule("m c squared", r"mc(?:²|\^2|(?<== mc)2|(?<==mc)2)(?!\w)", lambda m: "m c squared"),
]  # fmt: skip
