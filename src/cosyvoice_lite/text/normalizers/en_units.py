"""English: numbers with units, what stands behind a slash, and sizes."""

import re

from cosyvoice_lite.text.normalizers.en_money import SCALE, SIGN
from cosyvoice_lite.text.normalizers.en_numbers import DASH, N, in_pairs, number
from cosyvoice_lite.text.normalizers.en_words import PER, UNITS
from cosyvoice_lite.text.normalizers.numerals import english, english_year
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule


def _pattern(signs: list[str]) -> str:
    """Any of ``signs``; a square may be written m² or m^2."""
    longest_first = "|".join(map(re.escape, sorted(signs, key=len, reverse=True)))
    return longest_first.replace("²", r"(?:²|\^2)").replace("³", r"(?:³|\^3)")


UNIT = _pattern([*UNITS])
_EACH = _pattern([*PER, *UNITS])
STOP = r"(?:\.(?=\s+[a-z]|[,;:)]))?"
"""The full stop of an abbreviation: what follows shows that no sentence ends there."""
_UNIT_END = rf"(?![A-Za-z²³^]|/(?!\d)){STOP}"
_AMOUNT = re.compile(rf"(?:{SIGN})\s?[\d.,]+(?:{SCALE})?$|\d\s?[a-z]*$")
_MEASURED = re.compile(rf"\d\s?(?:{UNIT})$")
_POWER_OF_TEN = re.compile(r"10[\^⁰¹²³⁴-⁹⁻]")
_COMPARED = re.compile(r"(?:[\d\s+x×*/()-]|[.,](?=\d)){0,30}(?:=|(?:is|equals?|makes?)\b)")
_OPENING = re.compile(r"(?<![\w.,!?%)\]'’])\"(?=\S|$)")
_NOUN = re.compile(
    r"[ -](?!(?:of|in|on|at|to|by|and|or|is|are|was|were|long|wide|tall|deep|high|thick|from|for|with|"
    r"above|below|apart|away|across|x)\b)[A-Za-z]"
)


def unit(sign: str) -> tuple[str, str]:
    """One and many of a unit."""
    return UNITS[sign.replace("^2", "²").replace("^3", "³")]


def _named(each: str) -> str:
    return PER[each] or each if each in PER else unit(each)[0] if _is_unit(each) else each


def _is_unit(sign: str) -> bool:
    return sign.replace("^2", "²").replace("^3", "³") in UNITS


def _quantity(match: re.Match[str]) -> str:
    minus, written, second, sign = match.groups()
    one, many = unit(sign)
    said = (
        ("minus " if minus else "") + number(written) + (f" to {number(second)}" if second else "")
    )
    return f"{said} {one if written == '1' and not second else many}"


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


def _inches(match: re.Match[str]) -> str | None:
    """13.6" is inches where no quotation is open that the mark would close."""
    line = match.string[max(0, match.start() - 200) : match.start()].rpartition("\n")[2]
    if match[2] == '"' and '"' in line and _OPENING.match(line, line.rindex('"')):
        return None
    single = match[1] == "1" or _NOUN.match(match.string, match.end())
    return f"{number(match[1])} {'inch' if single else 'inches'}"


SIZES: list[Rule] = [
    rule("quarter", r"(?<=[QH])([1-4]) ?['’](\d\d)(?!\d)", lambda m: f"{english(m[1])} {english_year('20' + m[2])}"),
    rule("feet and inches", r"(\d)['′]\s?(\d{1,2})(?:\"|″|''|(?=\s|[.,]|$))", lambda m: f"{english(m[1])} feet {english(m[2])}"),
    rule("resolution", r"(?<![\w.,])([1-9]\d{2,3})[x×]([1-9]\d{2,3})(?![\w.,]*\d)", _resolution),
    rule("feet", rf"({N})['’′]\s?[x×]\s?(?=\d)", lambda m: f"{number(m[1])} feet by "),
    rule("inches", rf"({N})[\"″]\s?[x×]\s?(?=\d)", lambda m: f"{number(m[1])} inches by "),
    rule("feet", rf"(?:(?<=[x×] )|(?<=[x×]))({N})['’′](?!\w)", lambda m: f"{number(m[1])} feet"),
    rule("feet", rf"({N})['’′](?= (?:tall|long|wide|high|deep|of)\b)", lambda m: f"{number(m[1])} feet"),
    rule("inches", rf"({N})(″|\")", _inches),
    rule("by", rf"(?!0x)({N})\s*[x×]\s*(?=\d)", _by),
]  # fmt: skip
QUANTITIES: list[Rule] = [
    rule("rate", rf"({N})\s?({UNIT})/({_EACH}|[a-z]{{3,}})(?![A-Za-z²³^])", _rate),
    rule("unit", rf"((?<![\w])[-−])?({N})(?:{DASH}({N}))?\s?({UNIT}){_UNIT_END}", _quantity),
    rule("unit", rf"({N}) (?:(s)|h)(?![\w'’/-]){STOP}", lambda m: f"{number(m[1])} {'second' if m[2] else 'hour'}{'' if m[1] == '1' else 's'}"),
    rule("percent", rf"((?<![\w])[-−])?({N})(?:\s?%?{DASH}({N}))?\s?%", _percent),
]  # fmt: skip
PER_EACH = rule("per", rf"/({_EACH})(?![\w²³^])", _per)
BETWEEN = rule("between units", r"/(?=\d)", lambda m: ", " if near(m, _MEASURED, 10) else None)
