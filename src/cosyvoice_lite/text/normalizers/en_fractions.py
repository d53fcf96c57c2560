"""English: two numbers with a slash between: a fraction, a score, two years, blood pressure."""

import re

from cosyvoice_lite.text.normalizers.en_numbers import N, in_pairs, number
from cosyvoice_lite.text.normalizers.en_units import (
    STOP,
    UNIT,
    closes_quotation,
    is_before_noun,
    unit,
)
from cosyvoice_lite.text.normalizers.numerals import english, english_ordinal, english_year
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule

_PARTS = {"2": "half", "4": "quarter"}
_RATED = re.compile(
    r"\b(?:rat(?:ed?|ing|ings)|scor(?:ed?|es|ing)|stars?|reviews?|grade[ds]?|g[ai]ve|gets?|got|solid|pain|mark)\b"
    r"[^.\n]{0,16}$",
    re.IGNORECASE,
)
_RATED_AFTER = re.compile(r" (?:stars?|points?|rating|score|on (?:IMDb|Amazon|Yelp|Google))\b")
_PRESSURE = re.compile(r"\b(?:BP|pressure)\b[^.\n]{0,20}$", re.IGNORECASE)
_PRODUCT = re.compile(
    r"\b(?!(?:In|About|Only|Nearly|Almost|Over|Around|Roughly|Just|At|By|Some|For|With|From|Of|To|And|The|"
    r"Use|Add|Take|Then)\b)[a-z]?[A-Z]\w+ $"
)
_LARGE = 10  # from here on a number above its equal or lesser is a share or a pair: 50/50, 80/20


def _out_of(match: re.Match[str]) -> str | None:
    """4.8/5, or 9/10 where something is rated."""
    above, below = match[1], match[2]
    rated = near(match, _RATED, 28) or _RATED_AFTER.match(match.string, match.end())
    if "." in above or above == below or rated:
        return f"{number(above)} out of {english(below)}"
    return None


def _pressure(match: re.Match[str]) -> str | None:
    above, below = int(match[1]), int(match[2])
    told = match[3] or near(match, _PRESSURE, 32)
    if not told and not (90 <= above <= 200 and 40 <= below < above and above != 2 * below):
        return None
    measured = " millimeters of mercury" if match[3] else ""
    return f"{in_pairs(match[1])} over {in_pairs(match[2])}{measured}"


def _two_years(match: re.Match[str]) -> str | None:
    """2022/23: a season."""
    if int(match[2]) != (int(match[1]) + 1) % 100:
        return None
    return f"{english_year(match[1])} {english(match[2])}"


def _pair(match: re.Match[str]) -> str | None:
    """50/50, 80/20 and Windows 10/11 are two numbers."""
    above, below = int(match[1]), int(match[2])
    versions = below == above + 1 and above >= 5 and near(match, _PRODUCT, 20)
    if versions or (above >= below >= _LARGE):
        return f"{english(match[1])} {english(match[2])}"
    return None


def _shares(match: re.Match[str]) -> str | None:
    """50-50 and 80-20 are the two shares of a whole."""
    first, second = int(match[1]), int(match[2])
    whole = first + second == 100 and first >= second
    return f"{english(match[1])} {english(match[2])}" if whole else None


def _fraction(match: re.Match[str]) -> str | None:
    whole, above, below, sign = match.groups()
    if int(below) < 2 or len(below) > 3:
        return None
    part = _PARTS.get(below) or english_ordinal(below)
    one = int(above) == 1
    said = part if one else {"half": "halves"}.get(part, part + "s")
    measured = f" {unit(sign)[1 if whole else 0]}" if sign else ""
    if whole:
        return f"{english(whole)} and {'a' if one else english(above)} {said}{measured}"
    return f"{english(above)} {said}{measured}"


def _of_an_inch(match: re.Match[str]) -> str | None:
    """3/4" plywood is three-quarter-inch plywood, 3/4" alone three quarters of an inch."""
    whole, above, below, mark = match.groups()
    if int(below) < 2 or (mark == '"' and closes_quotation(match)):
        return None
    one = int(above) == 1
    part = _PARTS.get(below) or english_ordinal(below)
    if is_before_noun(match):
        said = (
            f"{english(above)}-{part}"
            if not whole
            else f"{english(whole)} and {english(above)}-{part}"
        )
        return f"{said} inch"
    parts = part if one else {"half": "halves"}.get(part, part + "s")
    if whole:
        return f"{english(whole)} and {'a' if one else english(above)} {parts} inches"
    return f"{english(above)} {parts} {'' if below == '2' else 'of '}an inch"


_ENDS = r"(?![\d/]|\.\d)"
_STARTS = r"(?<![\d/.])"
FRACTIONS: list[Rule] = [
    rule("years", rf"{_STARTS}((?:19|20)\d\d)/(\d\d){_ENDS}", _two_years),
    rule("rating", rf"{_STARTS}(\d{{1,3}}(?:\.\d)?)/(5|10|100){_ENDS}", _out_of),
    rule("blood pressure", rf"{_STARTS}(\d{{2,3}})/(\d{{2,3}}){_ENDS}(\s?mmHg\b)?", _pressure),
    rule("pair", rf"{_STARTS}(\d{{1,3}})/(\d{{1,3}}){_ENDS}", _pair),
    rule("inches", rf"{_STARTS}(?:(\d+)[ -])?(\d+)/(2|4|8|16|32|64)([\"″])", _of_an_inch),
    rule("fraction", rf"{_STARTS}(?:(\d+) )?(\d+)/(\d+)(?![\d/])(?:\s?({UNIT})(?![A-Za-z/²³]){STOP})?", _fraction),
]  # fmt: skip
SHARES = rule("shares", r"(?<![\w.,-])(\d\d)[-–](\d\d)(?![\w-]|[.,]\d)", _shares)
_OPERATORS = {
    "+": "plus", "-": "minus", "−": "minus", "×": "times", "x": "times", "*": "times", "÷": "divided by", "/": "divided by",
    "=": "equals", "<": "less than", ">": "greater than", "≈": "approximately", "≤": "less than or equal to",
    "≥": "greater than or equal to", "≠": "not equal to",
}  # fmt: skip
ARITHMETIC = rule(
    "arithmetic",
    rf"({N})\s*([+×x*÷=<>≈≤≥≠]|[-−](?=[^=]{{1,12}}=)|/(?=[^=]{{1,12}}=))\s*(?={N})",
    lambda m: f"{number(m[1])} {_OPERATORS[m[2]]} ",
)
