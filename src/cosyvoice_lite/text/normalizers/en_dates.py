"""English: days of the calendar and times of the day."""

import re

from cosyvoice_lite.text.normalizers.en_words import MONTH, MONTHS, NEXT_SENTENCE
from cosyvoice_lite.text.normalizers.numerals import (
    english,
    english_digits,
    english_ordinal,
    english_year,
)
from cosyvoice_lite.text.normalizers.rules import Rule, following, near, rule

_OLDEST_SHORT_YEAR = 50  # 12/25/49 is 2049, 12/25/50 is 1950


def _month(name: str) -> str:
    return next(month for month in MONTHS if month.startswith(name[:3]))


def _date(month: str, day: str, year: str | None, *, the: bool = False) -> str | None:
    if not 1 <= int(day) <= 31:
        return None
    said = f"the {english_ordinal(day)} of {month}" if the else f"{month} {english_ordinal(day)}"
    return f"{said}, {english_year(year)}" if year else said


def _numeric_date(match: re.Match[str]) -> str | None:
    year, month, day = (
        (match[1], match[3], match[4]) if match[1] else (match[7], match[5], match[6])
    )
    if not 1 <= int(month) <= 12:
        return None
    if len(year) == 2:
        year = ("20" if int(year) < _OLDEST_SHORT_YEAR else "19") + year
    return _date(MONTHS[int(month) - 1], day, year)


def _time(match: re.Match[str]) -> str | None:
    hour, minute, second, half = int(match[1]), match[2], match[3], match[4]
    if near(match, re.compile(r"(?:score|won|lost|beat|ratio|odds|tied)[^.]*$", re.IGNORECASE), 30):
        return None
    said = english(str(hour))
    if minute == "00" and near(match, re.compile(r"\d\s*[-–—~]\s*$"), 4):
        return said + (f" {half[0].upper()} M" if half else "")
    if minute != "00":
        said += (" oh " if minute[0] == "0" else " ") + english(minute)
    elif not half and not second:
        said += " o'clock" if 1 <= hour <= 12 else " hundred hours"
    if second:
        said += f" and {english(second)} seconds"
    return said + (f" {half[0].upper()} M" if half else "")


def _taken(match: re.Match[str]) -> str:
    """The mile in 3:59.4: minutes, seconds and tenths."""
    oh = "oh " if match[2][0] == "0" else ""
    return f"{english(match[1])} {oh}{english(match[2])} point {english_digits(match[3])}"


def _from_time(match: re.Match[str]) -> str:
    hour, minute, half = match[1], match[2] or "00", match[3]
    said = english(hour)
    if minute != "00":
        said += f" {'oh ' if minute[0] == '0' else ''}{english(minute)}"
    return said + (f" {half[0].upper()} M to " if half else " to ")


def _days(match: re.Match[str]) -> str | None:
    """May 3-5, 2024: two days of one month."""
    first, second, year = match[2], match[3], match[4]
    if not 1 <= int(first) < int(second) <= 31:
        return None
    said = f"{_month(match[1])} {english_ordinal(first)} to {english_ordinal(second)}"
    return f"{said}, {english_year(year)}" if year else said


def _day_first(match: re.Match[str]) -> str | None:
    """12 Feb., 2024 and "the 3rd of May"."""
    said = _date(_month(match[2]), match[1], match[3], the=True)
    if said is None:
        return None
    ended = match[0].endswith(".") and _NEXT.match(match.string, match.end())
    the = near(match, re.compile(r"\bthe $", re.IGNORECASE), 5)
    return (said.removeprefix("the ") if the else said) + ("." if ended else "")


def _day_by_context(match: re.Match[str]) -> str | None:
    """due 3/15 and Tue, 3/15: a fraction anywhere but beside a word that wants a day."""
    told = near(match, _DAY_BEFORE, 16) or (int(match[2]) > 12 and _late_day(match))
    if not told and not _WEEKDAY_AFTER.match(match.string, match.end()):
        return None
    return _date(MONTHS[int(match[1]) - 1], match[2], None)


def _late_day(match: re.Match[str]) -> bool:
    """Ships 2/14; rose by 3/16 is a fraction."""
    measured = following(match) in tuple('"″-') or near(match, _CHANGED_BY, 40)
    return near(match, _TERM_BEFORE, 16) and not measured


_TERM_BEFORE = re.compile(
    r"(?:(?<!\d )\bby|\b(?:ends?|ending|ships?|shipping|arrives?|arriving|expires?|closes|opens|begins?|starts?)):? $",
    re.IGNORECASE,
)
_CHANGED_BY = re.compile(
    r"\b(?:(?:increas|decreas|reduc|multipl|divid|shift|scal|lower|rais|dropp?|shr[aiu]nk)[a-z]*|f[ae]ll(?:s|ing|en)?|rises?|rose|rising|"
    r"gr[eo]w(?:s|ing|n)?|cut|miss(?:ed|es)?|w[io]ns?|lost|loses?|beat|mov(?:e|es|ed|ing) (?:[a-z]+ ){0,2}(?:up|down|over))"
    r"(?: [a-z]+){0,2} by $",
    re.IGNORECASE,
)
_DAY_BEFORE = re.compile(
    r"\b(?:on|due|until|till|before|since|starting|dated|deadline|date|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|"
    r"(?:mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)\.?)(?: is| was|,|:)? $",
    re.IGNORECASE,
)
_WEEKDAY_AFTER = re.compile(
    r" ?\(?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:s|rs?|nes|ur)?(?:day)?(?![a-z])"
)
_NEXT = re.compile(NEXT_SENTENCE)
_AMOUNT_AFTER = (
    r"(?!\s?(?:of|an?|cups?|inch|inches|teaspoons?|tablespoons?|acres?|miles?|pounds?)\b)"
)
_CLOCK = r"(?<![\d:.])(\d{1,2})(?::([0-5]\d))?"
_DASH = r"\s*[-–—~]\s*"
DATES: list[Rule] = [
    rule("century", r"(?<!\d)(\d{1,2})(?:st|nd|rd|th) c\.(?= (?:BCE?|CE|AD)\b)", lambda m: f"{english_ordinal(m[1])} century"),
    rule("date", r"(?<![\d/])(?:(\d{4})([-/])(\d{2})\2(\d{2})|(\d{1,2})/(\d{1,2})/(\d{4}|\d{2}))(?![\d/])", _numeric_date),
    rule("date", rf"(?<![\d/])(1[0-2]|0?[1-9])/([12]\d|3[01]|0?[1-9])(?![\d/]){_AMOUNT_AFTER}", _day_by_context),
    rule("date", rf"({MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?{_DASH}(\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?(?![\d:])(?!,\d)", _days),
    rule("date", rf"({MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?(?![\d:])(?!,\d)", lambda m: _date(_month(m[1]), m[2], m[3])),
    rule("date", rf"(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({MONTH})(?![a-z])(?:,? (\d{{4}}))?(?!\d)", _day_first),
]  # fmt: skip
TIMES: list[Rule] = [
    rule("time range", rf"{_CLOCK}\s*([AaPp]\.?[Mm]\.?){_DASH}(?=\d{{1,2}}(?:(?::[0-5]\d)?\s*[AaPp]\.?[Mm]\b|:[0-5]\d))", _from_time),
    rule("time range", rf"{_CLOCK}(){_DASH}(?=(?:1[0-2]|[1-9])(?::[0-5]\d)?\s*[AaPp]\.?[Mm]\b)", _from_time),
    rule("time range", rf"(?<![\d:])(\d{{1,2}}):([0-5]\d)(){_DASH}(?=\d{{1,2}}:[0-5]\d)", _from_time),
    rule("time taken", r"(?<![\d:])(\d{1,2}):([0-5]\d)\.(\d{1,3})(?![\d:])", _taken),
    rule("time", r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?:\s*([AaPp](?:\.[Mm]\.|[Mm]\b)))?(?![\d:])", _time),
    rule("time", r"(?<![\d:.])(1[0-2]|[1-9])\s*([AaPp])(?:\.[Mm]\.|[Mm]\b)", lambda m: f"{english(m[1])} {m[2].upper()} M"),
]  # fmt: skip
