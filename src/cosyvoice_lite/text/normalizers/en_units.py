"""English: numbers with units, what stands behind a slash, and sizes."""

import re

from cosyvoice_lite.text.normalizers.en_money import SCALE, SIGN
from cosyvoice_lite.text.normalizers.en_numbers import DASH, N, in_pairs, number
from cosyvoice_lite.text.normalizers.en_words import PER, SCALES, UNITS
from cosyvoice_lite.text.normalizers.numerals import english, english_year
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule


def _pattern(signs: list[str]) -> str:
    """Any of ``signs``; a square may be written m², m^2 or m2."""
    longest_first = "|".join(map(re.escape, sorted(signs, key=len, reverse=True)))
    return longest_first.replace("²", _power("²", 2)).replace("³", _power("³", 3))


def _power(sign: str, digit: int) -> str:
    return rf"(?:{sign}|\^{digit}|{digit}(?!\d|[.,]\d))"


_PLURALS = frozenset("lbs hrs mins secs wks yrs pts".split())
UNIT = _pattern([*UNITS])
_ONE_UNIT = _pattern([s for s in UNITS if s not in _PLURALS and (len(s) > 1 or s in "mgLWV")])
_EACH = _pattern([*PER, *UNITS])
STOP = r"(?:\.(?=\s+[a-z]|[,;:)]))?"
"""The full stop of an abbreviation: what follows shows that no sentence ends there."""
_UNIT_END = rf"(?![A-Za-z²³^]|/(?!\d)){STOP}"
_AMOUNT = re.compile(rf"(?:{SIGN})\s?[\d.,]+(?:{SCALE})?$|\d\s?[a-z]*$")
_MEASURED = re.compile(rf"\d\s?(?:{UNIT})$")
_POWER_OF_TEN = re.compile(r"10[\^⁰¹²³⁴-⁹⁻]")
_COMPARED = re.compile(r"(?:[\d\s+x×*/()-]|[.,](?=\d)){0,30}(?:=|(?:is|equals?|makes?)\b)")
_OPENING = re.compile(r"(?<![\w.,!?%)\]'’])\"(?=\S|$)")
_A = re.compile(r"\b[Aa]n? $")
_WINDS = {"N": "north", "S": "south", "E": "east", "W": "west"}
_IN = re.compile(r"\bin $")
_WHO = "users?|subscribers?|people|views?|downloads?|followers?|customers?|parameters?|members?|tokens?"
_OF_WHOM = "active|monthly|daily|weekly|new|registered|paying|unique|total|monthly active|daily active|trainable"
_NOUN = re.compile(
    r"[ -](?!(?:the|an?|of|in|on|at|to|by|and|or|is|are|was|were|long|wide|tall|deep|high|thick|from|for|with|"
    r"above|below|apart|away|across|x)\b)[A-Za-z]"
)


def unit(sign: str) -> tuple[str, str]:
    """One and many of a unit."""
    return UNITS[_as_listed(sign)]


def _as_listed(sign: str) -> str:
    return sign.replace("^", "").replace("2", "²").replace("3", "³")


def _named(each: str) -> str:
    return PER[each] or each if each in PER else unit(each)[0] if _is_unit(each) else each


def _is_unit(sign: str) -> bool:
    return _as_listed(sign) in UNITS


def _quantity(match: re.Match[str]) -> str:
    minus, written, second, sign = match.groups()
    one, many = unit(sign)
    said = (
        ("minus " if minus else "") + number(written) + (f" to {number(second)}" if second else "")
    )
    return f"{said} {one if written == '1' and not second else many}"


def _many(written: str, sign: str) -> str:
    return f"{number(written)} {unit(sign)[0 if written == '1' else 1]}"


def _attribute(match: re.Match[str]) -> str | None:
    """a 12-oz can: twelve-ounce."""
    if match.string[match.end()] == " " and not _NOUN.match(match.string, match.end()):
        return None
    return f"{number(match[1])}-{unit(match[2])[0].replace(' ', '-')}"


def _inch_before_noun(match: re.Match[str]) -> str | None:
    """a 12-in screen."""
    noun = near(match, _A, 4) and _NOUN.match(match.string, match.end())
    return f"{number(match[1])}-inch" if noun else None


def _rate(match: re.Match[str]) -> str:
    one, many = unit(match[2])
    return f"{number(match[1])} {one if match[1] == '1' else many} per {_named(match[3])}"


def _per(match: re.Match[str]) -> str | None:
    return f"per {_named(match[1])}" if near(match, _AMOUNT, 24) else None


def _percent(match: re.Match[str]) -> str:
    first = ("minus " if match[1] else "") + number(match[2])
    return f"{first} to {number(match[3])} percent" if match[3] else f"{first} percent"


def _by(match: re.Match[str]) -> str | None:
    """4 × 3: by, unless something is worked out."""
    worked_out = any(p.match(match.string, match.end()) for p in (_POWER_OF_TEN, _COMPARED))
    return None if worked_out else f"{number(match[1])} by "


def _resolution(match: re.Match[str]) -> str:
    """1920x1080: numbers in pairs."""
    return " by ".join(english_year(n) if len(n) == 4 else in_pairs(n) for n in match.groups())


def closes_quotation(match: re.Match[str]) -> bool:
    """Whether a quotation is open that a mark right behind the number would close."""
    line = match.string[max(0, match.start() - 200) : match.start()].rpartition("\n")[2]
    return '"' in line and _OPENING.match(line, line.rindex('"')) is not None


def is_before_noun(match: re.Match[str]) -> bool:
    """Whether what is measured follows: a 12" pizza."""
    return _NOUN.match(match.string, match.end()) is not None


def _inches(match: re.Match[str]) -> str | None:
    """13.6" is inches where no quotation is open that the mark would close."""
    if match[2] == '"' and closes_quotation(match):
        return None
    single = match[1] == "1" or is_before_noun(match)
    return f"{number(match[1])} {'inch' if single else 'inches'}"


SIZES: list[Rule] = [
    rule("quarter", r"(?<=[QH])([1-4]) ?['’](\d\d)(?!\d)", lambda m: f"{english(m[1])} {english_year('20' + m[2])}"),
    rule("feet and inches", r"(\d)['′]\s?(\d{1,2})(?:\"|″|''|(?=\s|[.,]|$))", lambda m: f"{english(m[1])} feet {english(m[2])}"),
    rule("degrees", rf"({N})°\s?([NSEW])(?![A-Za-z])", lambda m: f"{number(m[1])} degrees {_WINDS[m[2]]}"),
    rule("resolution", r"(?<![\w.,])([1-9]\d{2,3})[x×]([1-9]\d{2,3})(?![\w.,]*\d)", _resolution),
    rule("feet", rf"({N})['’′]\s?[x×]\s?(?=\d)", lambda m: f"{number(m[1])} feet by "),
    rule("inches", rf"({N})[\"″]\s?[x×]\s?(?=\d)", lambda m: f"{number(m[1])} inches by "),
    rule("feet", rf"(?:(?<=[x×] )|(?<=[x×]))({N})['’′](?!\w)", lambda m: f"{number(m[1])} feet"),
    rule("feet", rf"({N})['’′](?= (?:tall|long|wide|high|deep|of)\b)", lambda m: f"{number(m[1])} feet"),
    rule("inches", rf"({N})(″|\")", _inches),
    rule("by", rf"(?!0x)({N})\s*[x×]\s*(?=\d)", _by),
]  # fmt: skip
QUANTITIES: list[Rule] = [
    rule("count", rf"({N})([MBT]) ({UNIT}){_UNIT_END}", lambda m: f"{number(m[1])} {SCALES[m[2]]} {unit(m[3])[1]}"),
    rule("count", rf"({N})([MBTmb]|[bm]n)(?=\+?[ -](?:(?:{_OF_WHOM}) )?(?:{_WHO})\b)", lambda m: f"{number(m[1])} {SCALES[m[2]]}"),
    rule("unit before a noun", rf"(?<![\w.,-])({N})-({_ONE_UNIT})(?:\.(?= [a-z]))?(?=-[a-z]| [A-Za-z])", _attribute),
    rule("inch before a noun", rf"({N})-in(?= [a-z]{{3}})", _inch_before_noun),
    rule("feet and inches", rf"({N})\s?ft\.?\s({N})\s?in(?=\.? (?:tall|high|long|wide|deep)\b|\.?\s*[,;:)]|\.?\s*$){STOP}", lambda m: f"{_many(m[1], 'ft')} {_many(m[2], 'in.')}"),
    rule("seconds", r"(?<![A-Za-z])(?![2-4]\.0s)(\d+\.\d+)s(?![\w'’-])", lambda m: f"{number(m[1])} seconds"),
    rule("unit alone", r"(?<![\w/])(?:km/h|m/s)(?![\w²³^/])", lambda m: unit(m[0])[1] if m[0] == "km/h" or near(m, _IN, 4) else None),
    rule("rate", rf"({N})\s?({UNIT})/({_EACH}|[a-z]{{3,}})(?![A-Za-z²³^])", _rate),
    rule("unit", rf"((?<![\w])[-−])?({N})(?:{DASH}({N}))?\s?({UNIT}){_UNIT_END}", _quantity),
    rule("unit", rf"({N}) (?:(s)|h)(?![\w'’/-]){STOP}", lambda m: f"{number(m[1])} {'second' if m[2] else 'hour'}{'' if m[1] == '1' else 's'}"),
    rule("percent", rf"((?<![\w])[-−])?({N})(?:\s?%?{DASH}({N}))?\s?%", _percent),
]  # fmt: skip
PER_EACH = rule("per", rf"/({_EACH})(?![\w²³^]){STOP}", _per)
BETWEEN = rule("between units", r"/(?=\d)", lambda m: ", " if near(m, _MEASURED, 10) else None)
