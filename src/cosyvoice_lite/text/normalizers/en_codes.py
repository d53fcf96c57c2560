"""English: codes that are read digit by digit, and letters that stand for words."""

import re

from cosyvoice_lite.text.normalizers.numerals import english_digits
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule

_CODE_BEFORE = re.compile(
    r"\b(?:code|PIN|passcode|password|OTP|ZIP|(?:account|order|tracking|confirmation|card|serial) number|extension)"
    r"(?: is| was|:)? #?$",
    re.IGNORECASE,
)
_COUNTED = r"(?! (?:lines|bytes|characters|words|pages|files|people|years|times)\b)"
_NEXT_SENTENCE = (
    r"\s+(?:The|It|He|She|They|We|You|I|But|And|So|This|That|There|These|Those|In|On|At|If|When|His|"
    r"Her|Our|My|An?|Now|Then|Later|However)\b"
)


def _code(match: re.Match[str]) -> str | None:
    return english_digits(match[0]) if near(match, _CODE_BEFORE, 24) else None


def _groups(match: re.Match[str]) -> str:
    return ", ".join(map(english_digits, re.findall(r"\d+", match[0])))


def _initials(match: re.Match[str]) -> str:
    """U.S. is two letters; its full stop is one only where the sentence ends."""
    letters = " ".join(letter.upper() for letter in re.findall(r"[A-Za-z]", match[1]))
    return f"{letters}." if match[2] is not None else letters


INITIALS = rule(
    "initials",
    rf"((?:Ph\.\s?|(?:[A-Z]\.)+)[A-Z])\.((?=\s*[\"”’)]*\s*$|\s*\n|{_NEXT_SENTENCE}))?(?!\w)",
    _initials,
)
CODES: list[Rule] = [
    rule("card number", r"(?<![\d-])\d{4}(?:[ -]\d{4}){3}(?![\d-])", _groups),
    rule("code", rf"(?<![\d.,])\d{{3,10}}(?![\d,.-]*\d){_COUNTED}", _code),
]
