"""English: amounts of money."""

import re

from cosyvoice_lite.text.normalizers.en_numbers import INDIAN, N, number
from cosyvoice_lite.text.normalizers.en_words import CODES_OF_MONEY, MONEY, SCALES
from cosyvoice_lite.text.normalizers.numerals import english
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule

SCALE = (
    r"\s?(?:thousand|million|billion|trillion|bn|tn|mn|mil)\b|\s?[kKmMbB]\b(?![’'])|T\b(?![-’'])"
)
SIGN = "|".join(sorted(map(re.escape, MONEY), key=len, reverse=True))
_CODE = "|".join(CODES_OF_MONEY)
_LONG_SIGN = "|".join(re.escape(sign) for sign in MONEY if sign[0].isalpha())
_SIGN_BEHIND = "[" + "".join(sign for sign in MONEY if len(sign) == 1 and sign != "$") + "]"
MONEY_TRIGGER = rf"(?:{_LONG_SIGN})|(?:{_CODE}) ?\d"
_ONE_THING = re.compile(r"(?:^|\s)(?:an?|another)\s$", re.IGNORECASE)
_NO_THING = re.compile(
    r"(?![ -][A-Za-z])|[ -](?:a|and|at|by|for|from|in|is|more|less|of|on|or|over|per|to|was|worth)\b"
)
_THING = re.compile(r" [a-z]")


def _scaled(written: str, scale: str | None) -> str:
    word = (scale or "").strip()
    return f"{number(written)} {SCALES.get(word, word)}".rstrip()


def _cents(cent: str, count: int) -> str:
    if count == 1:
        return cent
    return {"penny": "pence", "paisa": "paise"}.get(cent, cent + "s")


def _said(sign: str, written: str, scale: str | None, *, attribute: bool = False) -> str:
    one, many, cent = MONEY[sign]
    whole, _, fraction = written.replace(",", "").partition(".")
    if scale or not cent or len(fraction) != 2:
        single = attribute or (written == "1" and not scale)
        return f"{_scaled(written, scale)} {one if single else many}"
    single = int(whole or 0) == 1 or (attribute and int(fraction) == 0)
    dollars = f"{english(whole)} {one if single else many}"
    if int(fraction) == 0:
        return dollars
    cents = f"{english(fraction)} {_cents(cent, int(fraction))}"
    return cents if int(whole or 0) == 0 else f"{dollars} and {cents}"


def _amount(match: re.Match[str]) -> str:
    """$3.5M; in "a $20 bill" the dollar is one."""
    attribute = near(match, _ONE_THING) and _THING.match(match.string, match.end()) is not None
    negative = "minus " if match[1] else ""
    return negative + _said(match[2], match[3], match[4], attribute=attribute)


def _hyphened(match: re.Match[str]) -> str:
    """a $10-million contract, but $10-million in aid."""
    one, many, _ = MONEY[match[1]]
    if _NO_THING.match(match.string, match.end()):
        return f"{number(match[2])} {match[3]} {many}"
    return f"{number(match[2])}-{match[3]}-{one}"


def _range(match: re.Match[str]) -> str:
    first, second = _scaled(match[2], match[3]), _scaled(match[4], match[5])
    return f"{first} to {second} {MONEY[match[1]][1]}"


MONEY_RANGE = rule(
    "money range",
    rf"([$€£])({N})({SCALE})?(?:[-–—]|\s?[-–—]\s?(?=[$€£]))[$€£]?({N})({SCALE})?(?!\d)",
    _range,
)
AMOUNTS: list[Rule] = [
    rule("money before a noun", rf"({SIGN})({N})-(thousand|million|billion|trillion)(?!\w)", _hyphened),
    rule("money", rf"([-−]?)({SIGN})\s?({INDIAN}|{N})({SCALE})?", _amount),
    rule("money", rf"(?<![A-Za-z])({_CODE}) ?(?!(?:19|20)\d\d(?![\d.,]*\d))({INDIAN}|{N})({SCALE})?", lambda m: _said(CODES_OF_MONEY[m[1]], m[2], m[3])),
    rule("money", rf"({N})({SCALE})?\s?({_CODE})\b", lambda m: _said(CODES_OF_MONEY[m[3]], m[1], m[2])),
    rule("money", rf"({N})({SCALE})?\s?({_SIGN_BEHIND})(?!\s?\d)", lambda m: _said(m[3], m[1], m[2])),
]  # fmt: skip
