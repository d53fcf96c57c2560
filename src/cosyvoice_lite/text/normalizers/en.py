"""English: numbers, dates, money, units, abbreviations and symbols → words."""

import re

from cosyvoice_lite.text.normalizers.addresses import EMAIL, NAME, URL, trigger
from cosyvoice_lite.text.normalizers.durations import duration
from cosyvoice_lite.text.normalizers.en_abbreviations import (
    ABBREVIATION_RULES,
    CAPITAL_TRIGGER,
    SMALL_TRIGGER,
    VERSUS,
)
from cosyvoice_lite.text.normalizers.en_algebra import ALGEBRA, MINUS_TRIGGER
from cosyvoice_lite.text.normalizers.en_codes import CHAIN, CODES, INITIALS, NOTATION, PHONES
from cosyvoice_lite.text.normalizers.en_dates import DATES, TIMES
from cosyvoice_lite.text.normalizers.en_fractions import ARITHMETIC, FRACTIONS, SHARES
from cosyvoice_lite.text.normalizers.en_money import AMOUNTS, MONEY_RANGE, MONEY_TRIGGER
from cosyvoice_lite.text.normalizers.en_numbers import DASH, N, number
from cosyvoice_lite.text.normalizers.en_signs import SIGN_TRIGGER, SIGNS, address
from cosyvoice_lite.text.normalizers.en_units import BETWEEN, PER_EACH, QUANTITIES, SIZES
from cosyvoice_lite.text.normalizers.en_words import MONTH
from cosyvoice_lite.text.normalizers.numerals import (
    english,
    english_digits,
    english_ordinal,
    english_year,
)
from cosyvoice_lite.text.normalizers.rules import (
    Firing,
    Rules,
    following,
    near,
    of_words,
    rewrite,
    rule,
)

_YEAR_BEFORE = re.compile(
    r"\b(?:in|since|by|from|of|until|till|around|year|before|after|circa|during|summer|spring|winter|fall|autumn|class of|(?:"
    + MONTH
    + r"))\s*,?$",
    re.IGNORECASE,
)
_SCORE_BEFORE = re.compile(r"(?:score|won|lost|beat|lead|led|tied|draw)\w*[^.]*$", re.IGNORECASE)
_TRIGGER = trigger(
    rf"[0-9]|\.\d|{SIGN_TRIGGER}"
    rf"|(?=[A-Z])(?:{MONEY_TRIGGER}|{CAPITAL_TRIGGER}|AT&T\b|A\d|(?:{MONTH}) \d)"
    rf"|\b(?=[a-z])(?:{SMALL_TRIGGER}|https?:|www\.)"
    rf"|[-−](?=[\d.$€£])|(?<=\w\()[-−](?=\))|{MINUS_TRIGGER}|\(0?\d{{2,4}}\)"
)


def _counted(unit: str, written: str) -> str:
    return f"{english(written)} {unit if int(written) == 1 else unit + 's'}"


def _year_like(match: re.Match[str]) -> str | None:
    if match[0].startswith("0") or not (
        near(match, _YEAR_BEFORE, 14) or 1900 <= int(match[0]) <= 2099
    ):
        return None
    return english_year(match[0]) if 1000 <= int(match[0]) <= 2199 else None


def _decade(match: re.Match[str]) -> str:
    said = english_year(match[1]) if len(match[1]) == 4 else english(match[1])
    return said[:-1] + "ies" if said.endswith("y") else said + "s"


def _years(match: re.Match[str]) -> str:
    second = match[2] if len(match[2]) == 4 else match[1][:2] + match[2]
    return f"{english_year(match[1])} to {english_year(second)}"


def _dotted(match: re.Match[str]) -> str:
    return " point ".join(english(part) for part in match[1].split("."))


def _range(match: re.Match[str]) -> str:
    between = " " if near(match, _SCORE_BEFORE, 24) else " to "
    return number(match[1]) + between + number(match[2])


def _point(match: re.Match[str]) -> str:
    """H.264 and Section A.1."""
    digits = match[1]
    return f" point {english(digits) if len(digits) < 3 else english_digits(digits)}"


_IDIOMS = {
    "24/7": "twenty-four seven",
    "9/11": "nine eleven",
    "AT&T": "A T and T",
    "401(k)": "four oh one K",
}
_RULES = Rules([
    rule("url", URL, address),
    rule("e-mail", EMAIL, address),
    rule("name of a host or file", NAME, address),
    rule("hashtag", r"#(?=[A-Za-z])", lambda m: "hashtag "),
    rule("idiom", r"(?<!\d)(?:24/7|9/11|7-Eleven|401\(k\))(?!\d)|AT&T\b", lambda m: _IDIOMS.get(m[0])),
    rule("sharp", r"(?<=[A-G])#(?!\w)", lambda m: " sharp"),
    *SIZES,
    *ALGEBRA,
    *of_words(VERSUS),
    *CODES,
    *NOTATION,
    *PHONES,
    rule("address", r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)", lambda m: " dot ".join(english_digits(p) for p in m[0].split("."))),
    MONEY_RANGE,
    rule("number sign", r"#(?=\d)", lambda m: "number "),
    rule("about", r"~(?=\d)", lambda m: "about "),
    *DATES,
    CHAIN,
    INITIALS,
    *of_words(ABBREVIATION_RULES),
    *TIMES,
    rule("ratio", r"(\d+):(\d+)(?!\d)", lambda m: f"{english(m[1])} to {english(m[2])}"),
    *AMOUNTS,
    rule("ordinal", r"(?<![\d.])(\d{1,3}(?:,\d{3})+|\d+)(?:st|nd|rd|th)\b", lambda m: english_ordinal(m[1].replace(",", ""))),
    rule("decade", r"'?(?<!\d)(\d{4}|[2-9]0)'?s\b", _decade),
    rule("years", r"(?<!\d)(1[0-9]\d\d|20\d\d)[-–—](\d{4}|\d{2})(?![\d-])", _years),
    *FRACTIONS,
    duration([lambda n: _counted("hour", n), lambda n: _counted("minute", n), lambda n: _counted("second", n)], between=" "),
    *QUANTITIES,
    rule("version", r"(?:(?<=[vV])|(?<![\d.]))(\d+(?:\.\d+){2,})(?!\d)", _dotted),
    rule("year", r"(?<![\d.,])\d{4}(?![\d,]*\d|\.\d|%)", _year_like),
    ARITHMETIC,
    SHARES,
    rule("range", rf"(?<![\w-])({N}){DASH}({N})(?![\d-])", _range),
    rule("model number", r"(?<=[A-Za-z])[-−](?=\d)", lambda m: " "),
    rule("negative", rf"(?<![\w)])[-−]({N})", lambda m: "minus " + number(m[1])),
    rule("digits", r"(?<![\d.,])(?:0\d+|\d{10,})(?![\d,.]*\d)", lambda m: english_digits(m[0])),
    rule("part", r"(?<=[A-Z])\.(\d{1,4})(?![\d.]*\d)", _point),
    rule("number", N, lambda m: number(m[0])),
    rule("number", r"\d+", lambda m: english_digits(m[0])),
    PER_EACH,
    BETWEEN,
    *SIGNS,
])  # fmt: skip
_BLANKS = re.compile(r" {2,}| +(?=[,.;:?!])")


def normalize(text: str, log: list[Firing] | None = None) -> str:
    """English text as it is said, in the American way."""
    spoken = rewrite(text, _TRIGGER(text), _RULES, log, spaced=True)
    return spoken if spoken is text else _BLANKS.sub(_blank, spoken)


def _blank(match: re.Match[str]) -> str:
    return "" if following(match) in tuple(",.;:?!") else " "
