"""English: codes that are read digit by digit, and letters that stand for words."""

import re

from cosyvoice_lite.text.normalizers.en_numbers import N, in_pairs, number
from cosyvoice_lite.text.normalizers.en_words import NEXT_SENTENCE, STATES
from cosyvoice_lite.text.normalizers.numerals import english, english_digits, english_year
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule

_CODE_BEFORE = re.compile(
    r"\b(?:code|PIN|passcode|password|OTP|ZIP|ISBN|(?:account|order|tracking|confirmation|card|serial) number|extension)"
    r"(?: is| was|:)? #?$",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"(?:[Cc]all|[Dd]ial|[Rr]ing|[Rr]ang|[Tt]ext|[Pp]hone)(?:ed|led|d|ing|ling)? $"
)
_ONE = re.compile(r"\b(?:[Aa]|[Tt]he) $")
_COUNTED_THING = r" (?!for|if|in|on|at|and|or|to|from|when|right|as|first|before|after|now|today|free|immediately|instead|is|was|because|but|anywhere|any|with|about)[a-z]"
_COUNTED = r"(?! (?:lines|bytes|characters|words|pages|files|people|years|times)\b)"


def _code(match: re.Match[str]) -> str | None:
    return english_digits(match[0]) if near(match, _CODE_BEFORE, 24) else None


def _groups(match: re.Match[str]) -> str:
    return ", ".join(map(english_digits, re.findall(r"\d+", match[0])))


def _chain(match: re.Match[str]) -> str:
    """5-2-3018 is digits, a count of 10-20-30 is numbers, 3-2-1 needs no pause."""
    groups = match[0].split("-")
    if all(len(group) == 1 for group in groups):
        return " ".join(map(english, groups))
    counted = all(len(group) < 3 and group[0] != "0" for group in groups)
    return ", ".join(map(english if counted else english_digits, groups))


def _lines(match: re.Match[str]) -> str:
    """1080p is ten eighty, 720p seven twenty."""
    return in_pairs(match[0]) if len(match[0]) == 3 else english_year(match[0])


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
    rule("lines of a picture", r"(?<![\d.,])(?:480|720|1080|1440|2160)(?=[pP]\b)", _lines),
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
