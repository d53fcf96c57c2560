"""English: codes that are read digit by digit, and letters that stand for words."""

import re

from cosyvoice_lite.text.normalizers.en_numbers import N, in_pairs, number
from cosyvoice_lite.text.normalizers.en_words import NEXT_SENTENCE, STATES
from cosyvoice_lite.text.normalizers.numerals import english, english_digits, english_year
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule

_CODE_BEFORE = re.compile(
    r"\b(?:code|PIN|passcode|password|OTP|ZIP|ISBN|(?:account|order|tracking|confirmation|card|serial) number|extension)"
    r"(?: is| was|:)? [#(]?$",
    re.IGNORECASE,
)
_SHORT_CODE_BEFORE = re.compile(r"\b[Tt]ext (?:\S+ ){1,3}to $")
_ROOM_BEFORE = re.compile(
    r"\b(?:[Rr]oom|[Ss]uite|Rm\.?|Apt\.?|[Aa]partment|[Ff]light(?: [A-Z]{2})?|[Rr]oute|[Hh]ighway|Hwy\.?|HTTP|[Ee]rror|[Ss]tatus|[Pp]ort) ?$"
)
_SIDES = {"N": "North", "S": "South", "E": "East", "W": "West"}
_FIGURE_BEFORE = re.compile(r"\b(?:Table|Figure|Fig\.|Exhibit|Appendix|Form) $")
_STREET = (
    r"(?:[NSEW]\.? )?(?:[A-Z][a-z]+ ){1,2}(?:St|Ave|Rd|Blvd|Dr|Ln|Ct|Pl|Hwy|Pkwy|Street|Avenue|Road|Boulevard"
    r"|Drive|Lane|Court|Place|Highway|Parkway|Way|Square)\b"
)
_CALLED = re.compile(
    r"(?:[Cc]all|[Dd]ial|[Rr]ing|[Rr]ang|[Tt]ext|[Pp]hone)(?:ed|led|d|ing|ling)? $"
)
_ONE = re.compile(r"\b(?:[Aa]|[Tt]he) $")
_COUNTED_THING = r" (?!for|if|in|on|at|and|or|to|from|when|right|as|first|before|after|now|today|free|immediately|instead|is|was|because|but|anywhere|any|with|about)[a-z]"
_COUNTED = r"(?! (?:lines|bytes|characters|words|pages|files|people|years|times)\b)"


def _code(match: re.Match[str]) -> str | None:
    told = near(match, _CODE_BEFORE, 24) or near(match, _SHORT_CODE_BEFORE, 40)
    return english_digits(match[0]) if told else None


def _groups(match: re.Match[str]) -> str:
    return ", ".join(map(english_digits, re.findall(r"\d+", match[0])))


def _chain(match: re.Match[str]) -> str:
    """5-2-3018 is digits, a count of 10-20-30 is numbers, 3-2-1 needs no pause."""
    groups = match[0].split("-")
    if all(len(group) == 1 for group in groups):
        return " ".join(map(english, groups))
    counted = all(len(group) < 3 and group[0] != "0" for group in groups)
    return ", ".join(map(english if counted else english_digits, groups))


def _paired(match: re.Match[str]) -> str:
    """1080 is ten eighty, 720 seven twenty, 405 four oh five."""
    return in_pairs(match[1]) if len(match[1]) == 3 else english_year(match[1])


def _house_on_a_side(match: re.Match[str]) -> str:
    """12 W. 34th St. is twelve West thirty-fourth street."""
    number = _paired(match) if len(match[1]) in (3, 4) else english(match[1])
    return f"{number} {_SIDES[match[2]]} "


def _room(match: re.Match[str]) -> str | None:
    return _paired(match) if near(match, _ROOM_BEFORE, 14) else None


def _phone(match: re.Match[str]) -> str:
    return ("plus " if match[0].startswith("+") else "") + _groups(match)


def _initials(match: re.Match[str]) -> str:
    """U.S. is two letters; its full stop is one only where the sentence ends."""
    letters = " ".join(letter.upper() for letter in re.findall(r"[A-Za-z]", match[1]))
    return f"{letters}." if match[2] is not None else letters


INITIALS = rule(
    "initials",
    rf"((?:Ph\.\s?|(?:[A-Z]\.)+)[A-Z])\.((?=\s*[\"”’)]*\s*$|\s*\n|{NEXT_SENTENCE}))?(?!\w)",
    _initials,
)
CODES: list[Rule] = [
    rule("card number", r"(?<![\d-])\d{4}(?:[ -]\d{4}){3}(?![\d-])", _groups),
    rule("code", rf"(?<![\d.,])\d{{3,10}}(?![\d,.-]*\d){_COUNTED}", _code),
    rule("postcode", rf"(?<=\b(?:{STATES}) )\d{{5}}(?:-\d{{4}})?(?![\d,-])", _groups),
    rule(
        "hexadecimal",
        r"0x(?=[0-9A-Fa-f]{2})([0-9A-Fa-f]{2,16})(?!\w)",
        lambda m: "zero x " + " ".join(english(c) if c.isdigit() else c.upper() for c in m[1]),
    ),
    rule("letter", r"\bA(?=\d)", lambda m: "A-"),
]
NOTATION: list[Rule] = [
    rule("lines of a picture", r"(?<![\d.,])(480|720|1080|1440|2160)(?=[pP]\b)", _paired),
    rule("house number", rf"(?<![\w.,/-])(\d{{3,4}})(?=[A-Z]? {_STREET})", _paired),
    rule("house number", rf"(?<![\w.,/-])(\d{{1,5}}) ([NSEW])\.? (?=\d{{1,3}}(?:st|nd|rd|th) (?:St|Ave)\b|{_STREET})", _house_on_a_side),
    rule("figure", r"(?<![\w.,-])(\d{1,2})[-–](?=\d{1,2}(?![\w-]|[.,]\d))", lambda m: f"{english(m[1])} dash " if near(m, _FIGURE_BEFORE) else None),
    rule("room", r"(?<![\d.,])(\d{3,4})(?![\d%:/]|[.,]\d)", _room),
    rule("aircraft", r"(?<![\w.,-])(7[0-8]7)-(?=[1-9]00\b)", lambda m: f"{in_pairs(m[1])} "),
    rule("aircraft", r"(?<=\bBoeing )(\d{3})(?!\d)", _paired),
    rule("model number", r"(?:(?<=\b[A-Z]-)|(?<=\b[A-Z]))(\d{3})(?![\d%]|[.,-]\d)", _paired),
    rule("model number", r"(?:(?<=\b[GR]TX)|(?<=\b[GR]TX ))(\d{3,4})(?!\d)", _paired),
    rule("to", r"(?:(?<=\b[BCDG])|(?<=2[BCGM]))2(?=[BCGM](?:2[BC])?\b)|(?<=\bO)2(?=O\b)|(?<=\bP)2(?=P\b)|(?<=\bM)2(?=M\b)|(?<=\bV)2(?=[GHLX]\b)", lambda m: " to "),
    rule("of so many", r"(?<![\w.,-])(\d{1,2})-for-(?=\d)", lambda m: f"{english(m[1])} for "),
    rule("processor", r"(?<=\b[A-Za-z])(\d)-(\d{4,5})(?=[A-Z]{0,2}\b)", lambda m: f"{english(m[1])} {english_digits(m[2])}"),
    rule("standard", r"(?<=\b(?:ISO|IEC|DIN) )(\d{3,6})[-:]((?:19|20)\d\d)(?![\d-])", lambda m: f"{english(m[1])}, {english_year(m[2])}"),
    rule("thousands", rf"(?<![\w$€£¥.,-])({N})([kK]?)[-–—](?=(?:{N})[kK]\b)", lambda m: f"{number(m[1])} {m[2]} to ".replace("  ", " ")),
    rule("quarters", r"(?<=\bQ)([1-4])[-–—](?=Q[1-4]\b)", lambda m: f"{english(m[1])} to "),
    rule("finding", r"(?<=\w\()[-+−](?=\))", lambda m: "positive" if m[0] == "+" else "negative"),
]  # fmt: skip
PHONES: list[Rule] = [
    rule("telephone", r"(?:1-)?(?<!\d)\d{3}-\d{3}-\d{4}(?!\d)|(?<![\d-])\d{3}-\d{4}(?![\d-])", _phone),
    rule("telephone", r"(?:\+\d{1,3}[ .-]?)?\(?(?<!\d)\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)", _phone),
    rule("telephone", r"\+\d{1,3}(?:[ -]?\d{2,5}){2,4}(?!\d)", _phone),
    rule("telephone", r"\(0\d{1,4}\) ?\d{3,4}[ -]?\d{3,4}(?!\d)|(?<![\d.,-])(?:0\d{2,4}(?: \d{3,6}){1,2}|1[38]00 \d{3} \d{3})(?![\d-])", _phone),
    rule("emergency", r"(?<!\d)[2-9]11(?!\d)", lambda m: english_digits(m[0]) if near(m, _CALLED, 10) else None),
    rule("emergency", rf"(?<![\w.,-])(?:999|112|988)(?![\w-]|[.,]\d)(?!{_COUNTED_THING})", lambda m: english_digits(m[0]) if near(m, _CALLED, 10) else None),
    rule("emergency", r"(?<![\w.,$-])911(?= (?:calls?|callers?|dispatch\w*|operators?|tapes?|emergency|hang-?ups?)\b)", lambda m: english_digits(m[0])),
    rule("emergency", r"(?<![\w.,$-])(?:999|112|988)(?= (?:call|caller|operator|dispatcher|emergency|hotline|lifeline|helpline|number)\b)", lambda m: english_digits(m[0]) if near(m, _ONE, 5) else None),
]  # fmt: skip
CHAIN = rule("chain of digits", r"(?<![\w.,-])\d{1,7}(?:-\d{1,7}){2,5}(?![\w-])", _chain)
