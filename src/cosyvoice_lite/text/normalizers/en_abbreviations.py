"""English: abbreviations and Roman numerals.

The full stop of an abbreviation is dropped, but for one that may end a sentence and does.
"""

import re

from cosyvoice_lite.text.normalizers.en_words import (
    ABBREVIATIONS,
    BEFORE_NUMBERS,
    KINGS,
    MONTH,
    MONTHS,
    NEXT_SENTENCE,
    TITLES,
    WEEKDAYS,
)
from cosyvoice_lite.text.normalizers.numerals import english, english_ordinal, roman
from cosyvoice_lite.text.normalizers.rules import Rule, following, near, rule


def _any(names: dict[str, str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


def _both_cases(names: dict[str, str]) -> dict[str, str]:
    """Entries in lower case for the beginning of a sentence, too."""
    capital = {name[0].upper() + name[1:]: said.capitalize() for name, said in names.items()}
    return {**capital, **names}


_WORDS = _both_cases(ABBREVIATIONS)
_NUMBERED = BEFORE_NUMBERS | {name.lower(): said for name, said in BEFORE_NUMBERS.items()}
_NEXT = re.compile(NEXT_SENTENCE)
_NOT_A_TITLE = frozenset("w/ w/o W/ W/o e.g. E.g. i.e. I.e. vs. Vs. cf. Cf.".split())
_STREET_NUMBER = re.compile(r"\d (?:[NSEW]\.? )?[A-Z][a-z]+ $")
_CAPITAL_BEFORE = re.compile(r"[A-Z][a-z]+ $")
_ANSWER = re.compile(
    r"(?:^|[.,:;!?\"“]\s*|\b(?:is|was|say|says|said|answer|answered|and|or|but)\s)$"
)
_PERSON_BEFORE = re.compile(r"\b[A-Z]\. [A-Z][a-z]+,? $")
_NAME_BEFORE = re.compile(r"[A-Z][\w'’]+ $")
_PARTS = re.compile(r"\b(?:Part|Section|Chapter|Item|Clause|Figure|Table|Step|Version) $")
_SAINT_BEFORE = re.compile(  # no street's name: Main St George
    r"(?:^|[.!?:;,(\"“]\s*|\b[a-z]+ |\b(?:The|In|At|To|From|Of|And|Mount|Port|Fort|Lake|Old|Visit) |\n)$"
)
_NO_TITLE_BEFORE = re.compile(
    r"\b(?:The|An?|This|That|My|Your|His|Her|Our|Their|With|By|In|On|At|For|And|Or|If|When) $"
)
_BEFORE_DAY = re.compile(r"\b(?:on|this|last|next|every|until|till|by|since|and|or) $")
_CHAPTERS = "Chapter|Part|War|Act|Section|Volume|Phase|Type|Super Bowl|Article|Book|Title|Appendix|Art\\.|[Vv]ol\\.|[Pp]t\\.|[Cc]h\\."


def _ends(match: re.Match[str]) -> bool:
    return _NEXT.match(match.string, match.end()) is not None


def _word(match: re.Match[str]) -> str:
    stop = "." if match[0] not in _NOT_A_TITLE and _ends(match) else ""
    return _WORDS[match[0]] + stop


def _saint(match: re.Match[str]) -> str:
    """St. Louis, but 5 Oak St. and, where a sentence begins, Oak St. The."""
    if _NEXT.match(match.string, match.start() + len("St.")):
        return "Street. "
    return "Saint " if match[1] else "Street"


def _versus(match: re.Match[str]) -> str | None:
    """Roe v. Wade; England v France."""
    numbered = not match[1] and near(match, _PARTS, 10)
    return "versus " if near(match, _NAME_BEFORE, 24) and not numbered else None


def _doctor(match: re.Match[str]) -> str:
    """Dr. Smith, but 45 Elm Dr. and Elm Dr. in Austin."""
    capital_after = following(match, 2).strip()[:1].isupper()
    street = near(match, _STREET_NUMBER, 28) or (
        near(match, _CAPITAL_BEFORE, 24) and not capital_after
    )
    return ("Drive." if _ends(match) else "Drive") if street else "Doctor"


def _numbered(match: re.Match[str]) -> str | None:
    if match[1] == "no." and near(match, _ANSWER, 12):
        return None
    return _NUMBERED[match[1]] + " "


def _month(match: re.Match[str]) -> str:
    said = next(month for month in MONTHS if month.startswith(match[1][:3]))
    return said + ("." if _ends(match) else "")


def _weekend(match: re.Match[str]) -> str | None:
    """on Sat.; The Sun. is a star."""
    if not near(match, _BEFORE_DAY, 8):
        return None
    return WEEKDAYS[match[1]] + ("." if _ends(match) else "")


def _regnal(match: re.Match[str]) -> str | None:
    value = roman(match[2])
    return None if value is None else f"{match[1]} the {english_ordinal(str(value))}"


def _chapter(match: re.Match[str]) -> str | None:
    value = roman(match[2])
    if value is None:
        return None
    return f"{_NUMBERED.get(match[1], match[1])} {english(str(value))}"


def _sequel(match: re.Match[str]) -> str | None:
    """Rocky III, Final Fantasy VII: behind a name."""
    value = roman(match[0])
    if value is not None and near(match, _PERSON_BEFORE, 30):
        return f"the {english_ordinal(str(value))}"
    named = near(match, _NAME_BEFORE, 24) and not near(match, _NO_TITLE_BEFORE, 8)
    return english(str(value)) if named and value is not None else None


_DATED_DAY = rf"(?:{'|'.join(WEEKDAYS)})(?:(?=,? (?:\d{{1,2}}/\d|(?:{MONTH}) \d))|(?<=\(...)(?=\)))"
_DAY = "|".join(WEEKDAYS)
_UNLISTED = "dr st jan feb mar apr aug sep sept oct nov dec sat sun mon tue tues wed thu thur thurs fri est al ca max min lat long ph"
_STEMS = {name[:-1].lower() for name in [*ABBREVIATIONS, *BEFORE_NUMBERS, *TITLES]}
_STEM = "|".join(sorted({stem for stem in _STEMS if stem.isalpha()} | set(_UNLISTED.split())))
_DOTTED = rf"(?=[A-Za-z][a-z]{{1,5}}\.)(?i:{_STEM})\."  # most words before a full stop are none
CAPITAL_TRIGGER = (
    rf"(?<![A-Za-z])(?:[A-Z]\.[A-Zeg]\.|{_DOTTED})|(?:Dr|St)(?= [A-Z])"
    rf"|(?:{_CHAPTERS}|{KINGS}) [IVXL]+\b|WWI|[IVX]{{2,}}\b|{_DATED_DAY}|(?:{_DAY})(?:\s?[-–—]\s?| (?:&|and) )(?:{_DAY})\b"
)
SMALL_TRIGGER = (
    rf"{_DOTTED}|[eia]\.[gek]\.|w/|vs\b(?!\.)|pp?\. ?(?=\w)|v\.? (?=[A-Z])|n/a\b|k?m/[hs]\b"
)
VERSUS: list[Rule] = [
    rule("versus", r"vs(?![\w.])", lambda m: "versus"),
    rule("versus", r"(?<= )v(\.)? (?=[A-Z])", _versus),
    rule("abbreviation", r"\bDr(?= [A-Z])", lambda m: "Doctor"),
    rule(
        "saint", r"\bSt(?= [A-Z][a-z])", lambda m: "Saint" if near(m, _SAINT_BEFORE, 16) else None
    ),
]
ABBREVIATION_RULES: list[Rule] = [
    rule("Roman numeral", rf"({_CHAPTERS}) ([IVXL]+)\b", _chapter),
    rule("abbreviation", rf"({_any(_NUMBERED)})\s?(?=#?\(?\d)", _numbered),
    rule("abbreviation", r"[Nn]o\.(?= of\b)", lambda m: "number"),
    rule("abbreviation", rf"({_any(TITLES)})(?=\s(?:[A-Z&]|and\b)|\s*$)", lambda m: TITLES[m[1]]),
    rule("abbreviation", r"Dr\.(?!\w)", _doctor),
    rule("abbreviation", r"est\.(?!\w)", lambda m: "established" if re.match(r"\s(?:in )?(?:1[5-9]|20)\d\d\b", following(m, 9)) else "estimated"),
    rule("abbreviation", r"al\.(?!\w)", lambda m: ("al." if _ends(m) else "al") if near(m, re.compile(r"\bet $"), 4) else None),
    rule("abbreviation", r"ca\.(?= \d)", lambda m: "circa"),
    rule("abbreviation", r"(?:max|min)\.(?= [a-z])", lambda m: m[0][:3] + "imum"),
    rule("abbreviation", rf"(?<![A-Za-z])(?:{_any(_WORDS)})(?!\w)", _word),
    rule("abbreviation", r"St\.(\s(?=[A-Z]))?", _saint),
    rule("month", r"(Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\.(?!\w)", _month),
    rule("weekdays", rf"(?<![\w-])({_DAY})\.?\s?[-–—]\s?({_DAY})(?![\w-])(?:\.(?=[,;:)]|\s+[a-z\d]))?", lambda m: f"{WEEKDAYS[m[1]]} to {WEEKDAYS[m[2]]}"),
    rule("weekdays", rf"(?<![\w-])({_DAY})\.? (?:&|and) ({_DAY})(?![\w-])(?:\.(?=[,;:)]|\s[a-z\d]))?", lambda m: f"{WEEKDAYS[m[1]]} and {WEEKDAYS[m[2]]}"),
    rule("abbreviation", r"(?:[Ll]at|[Ll]ong)\.(?=:? ?[-−]?\d[\d.]*°)", lambda m: "latitude" if m[0][1] == "a" else "longitude"),
    rule("weekday", r"(Sat|Sun)\.(?!\w)", _weekend),
    rule("weekday", rf"(Sat|Sun)\.(?=\s(?:[a-z]|\d|(?:{MONTH})\b)|,|\s?[-–—])", lambda m: WEEKDAYS[m[1]]),
    rule("weekday", rf"\b{_DATED_DAY}", lambda m: WEEKDAYS[m[0]]),
    rule("weekday", r"(Mon|Tues?|Wed|Thu(?:rs?)?|Fri)\.(?!\w)", lambda m: WEEKDAYS[m[1]] + ("." if _ends(m) else "")),
    rule("Roman numeral", rf"({KINGS}) ([IVXL]+)\b", _regnal),
    rule("World War", r"\bWW(II?)(?!\w)", lambda m: f"World War {english(str(len(m[1])))}"),
    rule("Roman numeral", r"\b[IVX]{2,}(?!\w)", _sequel),
]  # fmt: skip
