"""English: numbers, dates, money, units, abbreviations and symbols → words."""

import re
from collections.abc import Callable

from cosyvoice_lite.text.normalizers.addresses import EMAIL, NAME, URL, trigger
from cosyvoice_lite.text.normalizers.durations import duration
from cosyvoice_lite.text.normalizers.en_codes import CODES, INITIALS
from cosyvoice_lite.text.normalizers.en_dates import DATES, TIMES
from cosyvoice_lite.text.normalizers.en_words import (
    ABBREVIATIONS,
    KINGS,
    MONEY,
    MONTH,
    PER,
    SCALES,
    SYMBOLS,
    UNITS,
)
from cosyvoice_lite.text.normalizers.numerals import (
    english,
    english_digits,
    english_ordinal,
    english_year,
    roman,
)
from cosyvoice_lite.text.normalizers.rules import Firing, near, rewrite, rule

_YEAR_BEFORE = re.compile(
    r"\b(?:in|since|by|from|of|until|till|around|year|before|after|circa|during|summer|spring|winter|fall|autumn|class of|(?:"
    + MONTH
    + r"))\s*,?$",
    re.IGNORECASE,
)

_N = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_TRIGGER = trigger(
    r"[0-9%+=<>×÷*&@#°℃℉№™©®§$€£¥₩₹±≈≤≥≠√∞πΩμ²³_|\\{}~^/]|\.\d|(?<![\w])(?:[A-Z][a-z]{1,4}\.|[A-Z]\.[A-Z]\.|AT&T\b|[a-z]{2,6}\.|(?:e\.g|i\.e|a\.k\.a)\.|w/|(?:https?:|www\.)|(?:US|HK)\$|(?:"
    + MONTH
    + r") \d"
    r"|(?:No|Nos|Fig|Vol|pp?|St)\. ?(?=\w)|[A-Za-z0-9._+-]+@(?=\w)|(?:Chapter|Part|War|Act|Section|Volume|Phase|Type|Super Bowl|Article|"
    + KINGS
    + r") [IVXL]+\b)|[-−](?=[\d.$€£])|\(\d{3}\)|\bvs\b(?!\.)|\bDr(?= [A-Z])"
)


def _number(written: str) -> str:
    whole, _, fraction = written.replace(",", "").partition(".")
    said = english(whole or "0")
    return f"{said} point {english_digits(fraction)}" if fraction else said


def _amount(match: re.Match[str]) -> str:
    sign, symbol, written, scale = match[1], match[2], match[3].replace(",", ""), match[4]
    one, many, cent = MONEY[symbol]
    negative = "minus " if sign else ""
    if scale:
        return f"{negative}{_number(written)} {SCALES.get(scale.strip(), scale.strip())} {many}"
    whole, _, fraction = written.partition(".")
    if not cent or len(fraction) != 2:
        return f"{negative}{_number(written)} {one if written == '1' else many}"
    dollars = f"{english(whole)} {one if int(whole or 0) == 1 else many}"
    if int(fraction) == 0:
        return negative + dollars
    cents = f"{english(fraction)} {_cents(cent, int(fraction))}"
    return negative + (cents if int(whole or 0) == 0 else f"{dollars} and {cents}")


def _cents(cent: str, count: int) -> str:
    if count == 1:
        return cent
    return {"penny": "pence", "paisa": "paise"}.get(cent, cent + "s")


def _unit(match: re.Match[str]) -> str:
    minus, written, second, sign = match[1], match[2], match[3], match[4]
    one, many = UNITS[sign]
    said = ("minus " if minus else "") + _number(written)
    if second:
        said += f" to {_number(second)}"
    return f"{said} {one if written == '1' and not second else many}"


def _counted(unit: str) -> Callable[[str], str]:
    return lambda written: f"{english(written)} {unit if int(written) == 1 else unit + 's'}"


def _phone(match: re.Match[str]) -> str:
    groups = re.findall(r"\d+", match[0])
    plus = "plus " if match[0].startswith("+") else ""
    return plus + ", ".join(english_digits(group) for group in groups)


def _address(match: re.Match[str]) -> str:
    names = {".": "dot", "@": "at", "/": "slash", "-": "dash", "_": "underscore", ":": "colon"}
    written = re.sub(r"^https?://", "", match[0]).rstrip("/")
    pieces = re.findall(r"[A-Za-z]+|\d|.", written)
    return " ".join(
        english_digits(p)
        if p.isdigit() and p.isascii()
        else ("W W W" if p == "www" else names.get(p, p if p.isalpha() else SYMBOLS.get(p, "")))
        for p in pieces
    )


def _money_range(match: re.Match[str]) -> str:
    first, second = (
        _number(written) + (f" {SCALES.get(scale.strip(), scale.strip())}" if scale else "")
        for written, scale in ((match[2], match[3]), (match[4], match[5]))
    )
    return f"{first} to {second} {MONEY[match[1]][1]}"


def _rate(match: re.Match[str]) -> str:
    one, many = UNITS[match[2]]
    return f"{_number(match[1])} {one if match[1] == '1' else many} per {_named(match[3])}"


def _per(match: re.Match[str]) -> str | None:
    return f"per {_named(match[1])}" if near(match, _AMOUNT_BEFORE, 20) else None


def _named(each: str) -> str:
    return PER.get(each) or each


_FRACTIONS = {"2": "half", "4": "quarter"}


def _fraction(match: re.Match[str]) -> str | None:
    whole, above, below = match[1], match[2], match[3]
    if int(below) < 2 or len(below) > 3:
        return None
    part = _FRACTIONS.get(below) or english_ordinal(below)
    many = {"half": "halves"}.get(part, part + "s")
    said = f"{english(above)} {part if int(above) == 1 else many}"
    if whole:
        article = "a" if int(above) == 1 else english(above)
        return f"{english(whole)} and {article} {part if int(above) == 1 else many}"
    return said


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


def _regnal(match: re.Match[str]) -> str | None:
    value = roman(match[2])
    return None if value is None else f"{match[1]} the {english_ordinal(str(value))}"


def _chapter(match: re.Match[str]) -> str | None:
    value = roman(match[2])
    return None if value is None else f"{match[1]} {english(str(value))}"


def _dotted(match: re.Match[str]) -> str:
    return " point ".join(english(part) for part in match[1].split("."))


def _range(match: re.Match[str]) -> str:
    if near(
        match, re.compile(r"(?:score|won|lost|beat|lead|led|tied|draw)\w*[^.]*$", re.IGNORECASE), 24
    ):
        return f"{_number(match[1])} {_number(match[2])}"
    return f"{_number(match[1])} to {_number(match[2])}"


def _saint(match: re.Match[str]) -> str:
    return "Saint " if match[1] else "Street"


def _abbreviation(match: re.Match[str]) -> str | None:
    return ABBREVIATIONS.get(match[0])


def _slash(match: re.Match[str]) -> str:
    """he/she is "he or she", and/or "and or", TCP/IP a pause at most."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    alternative = before[-1:].islower() and after[:1].islower() and not before.endswith("and")
    return " or " if alternative else " "


def _sign(match: re.Match[str]) -> str:
    said = SYMBOLS.get(match[0], "")
    return f" {said} " if said.strip() else " " if said else ""


_ABBREVIATION = "|".join(sorted(map(re.escape, ABBREVIATIONS), key=len, reverse=True))
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_SCALE = r"(?:thousand|million|billion|trillion|bn|[kKmMBb])\b"
_PER = "|".join(sorted(PER, key=len, reverse=True))
_AMOUNT_BEFORE = re.compile(rf"[$€£¥]\s?[\d.,]+\s?(?:{_SCALE})?$|\d\s?[a-z]+$")
_RULES = [
    rule("url", URL, _address),
    rule("e-mail", EMAIL, _address),
    rule("name of a host or file", NAME, _address),
    rule("hashtag", r"#(?=[A-Za-z])", lambda m: "hashtag "),
    rule("idiom", r"(?<!\d)(?:24/7|9/11|7-Eleven)(?!\d)|AT&T\b", lambda m: {"24/7": "twenty-four seven", "9/11": "nine eleven", "AT&T": "A T and T"}.get(m[0])),
    rule("feet and inches", r"(\d)['′]\s?(\d{1,2})(?:\"|″|''|(?=\s|[.,]|$))", lambda m: f"{english(m[1])} feet {english(m[2])}"),
    rule("sharp", r"(?<=[A-G])#(?!\w)", lambda m: " sharp"),
    rule("versus", r"vs(?![\w.])", lambda m: "versus"),
    rule("abbreviation", r"Dr(?= [A-Z])", lambda m: "Doctor"),
    *CODES,
    rule("telephone", r"(?:1-)?(?<!\d)\d{3}-\d{3}-\d{4}(?!\d)|(?<![\d-])\d{3}-\d{4}(?![\d-])", _phone),
    rule("emergency", r"(?<!\d)[2-9]11(?!\d)", lambda m: english_digits(m[0]) if near(m, re.compile(r"(?:[Cc]all|[Dd]ial|[Rr]ing)(?:ed|ing)? $"), 10) else None),
    rule("address", r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)", lambda m: " dot ".join(english_digits(p) for p in m[0].split("."))),
    rule("money range", rf"([$€£])({_N})(\s?{_SCALE})?(?:[-–—]|\s?[-–—]\s?(?=[$€£]))[$€£]?({_N})(\s?{_SCALE})?(?!\d)", _money_range),
    rule("number sign", r"#(?=\d)", lambda m: "number "),
    rule("about", r"~(?=\d)", lambda m: "about "),
    rule("telephone", r"(?:\+\d{1,3}[ .-]?)?\(?(?<!\d)\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)", _phone),
    rule("telephone", r"\+\d{1,3}(?:[ -]?\d{2,5}){2,4}(?!\d)", _phone),
    *DATES,
    INITIALS,
    rule("abbreviation", rf"(?:{_ABBREVIATION})(?!\w)", _abbreviation),
    rule("abbreviation", r"No\.\s?(?=\d)", lambda m: "number "),
    rule("abbreviation", r"Nos\.\s?(?=\d)", lambda m: "numbers "),
    rule("abbreviation", r"Fig\.\s?(?=\d)", lambda m: "figure "),
    rule("abbreviation", r"Vol\.\s?(?=\d)", lambda m: "volume "),
    rule("abbreviation", r"pp\.\s?(?=\d)", lambda m: "pages "),
    rule("abbreviation", r"p\.\s?(?=\d)", lambda m: "page "),
    rule("abbreviation", r"St\.(\s(?=[A-Z]))?", _saint),
    rule("Roman numeral", rf"({KINGS}) ([IVXL]+)\b", _regnal),
    rule("Roman numeral", r"(Chapter|Part|War|Act|Section|Volume|Phase|Type|Super Bowl|Article) ([IVXL]+)\b", _chapter),
    *TIMES,
    rule("ratio", r"(\d+):(\d+)(?!\d)", lambda m: f"{english(m[1])} to {english(m[2])}"),
    rule("money", rf"([-−]?)(US\$|HK\$|[$€£¥￥₩₹])({_N})(\s?{_SCALE})?", _amount),
    rule("ordinal", r"(?<![\d.])(\d{1,3}(?:,\d{3})+|\d+)(?:st|nd|rd|th)\b", lambda m: english_ordinal(m[1].replace(",", ""))),
    rule("decade", r"'?(?<!\d)(\d{4}|[2-9]0)'?s\b", _decade),
    rule("years", r"(?<!\d)(1[0-9]\d\d|20\d\d)[-–—](\d{4}|\d{2})(?![\d-])", _years),
    rule("fraction", r"(?<![\d/.])(?:(\d+) )?(\d+)/(\d+)(?![\d/])", _fraction),
    duration([_counted(unit) for unit in ("hour", "minute", "second")], between=" "),
    rule("rate", rf"({_N})\s?({_UNIT})/({_PER})\b", _rate),
    rule("unit", rf"((?<![\w])[-−])?({_N})(?:\s*[-–—~]\s*({_N}))?\s?({_UNIT})(?![A-Za-z/²³])", _unit),
    rule("percent", rf"((?<![\w])[-−])?({_N})(?:\s*[-–—~]\s*({_N}))?\s?%", lambda m: ("minus " if m[1] else "") + _number(m[2]) + (f" to {_number(m[3])}" if m[3] else "") + " percent"),
    rule("version", r"(?:(?<=[vV])|(?<![\d.]))(\d+(?:\.\d+){2,})(?!\d)", _dotted),
    rule("year", r"(?<![\d.,])\d{4}(?![\d,]*\d|\.\d|%)", _year_like),
    rule("arithmetic", rf"({_N})\s*([+×x*÷=<>≈≤≥≠]|[-−](?=[^=]{{1,12}}=)|/(?=[^=]{{1,12}}=))\s*(?={_N})", lambda m: _number(m[1]) + " " + {"-": "minus", "−": "minus", "/": "divided by", "x": "times", "*": "times"}.get(m[2], SYMBOLS.get(m[2], "")) + " "),
    rule("range", rf"(?<![\w-])({_N})\s*[-–—~]\s*({_N})(?![\d-])", _range),
    rule("model number", r"(?<=[A-Za-z])[-−](?=\d)", lambda m: " "),
    rule("negative", rf"(?<![\w)])[-−]({_N})", lambda m: "minus " + _number(m[1])),
    rule("digits", r"(?<![\d.,])(?:0\d+|\d{10,})(?![\d,.]*\d)", lambda m: english_digits(m[0])),
    rule("number", _N, lambda m: _number(m[0])),
    rule("number", r"\d+", lambda m: english_digits(m[0])),
    rule("per", rf"/({_PER})\b", _per),
    rule("slash", r"(?<=[A-Za-z])/(?=[A-Za-z])", _slash),
    rule("symbol", r"[^\w\s.,'’\-]|[_²³]", _sign),
]  # fmt: skip
_BLANKS = re.compile(r" {2,}| +(?=[,.;:?!])")


def normalize(text: str, log: list[Firing] | None = None) -> str:
    """English text as it is said, in the American way."""
    spoken = rewrite(text, _TRIGGER(text), _RULES, log, spaced=True)
    return spoken if spoken is text else _BLANKS.sub(_blank, spoken)


def _blank(match: re.Match[str]) -> str:
    return "" if match.string[match.end() :][:1] in tuple(",.;:?!") else " "
