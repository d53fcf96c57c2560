"""Korean a/b and a·b: fractions, dates, ratios, blood pressure, seasons, marks out of five."""

import re

from cosyvoice_lite.text.normalizers.numerals import KO
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule

_MONTHS = {6: "유", 10: "시"}
_PRODUCT = re.compile(r"(?:윈도우?즈?|Windows|iOS|아이폰|갤럭시|안드로이드|버전|모델|시즌) ?$")
_PRESSURE = re.compile(r"혈압[이은을도]?:? ?\S{0,3} ?$")
_RATING = re.compile("평점|별점|점수|만족도")
_DAY_AFTER = re.compile(
    r" ?[월화수목금토일]요일|(?:까지|부터|에|자)(?![가-힣])| ?(?:마감|개봉|오픈|발매|출시|개최|오전|오후|방송|공연)"
)
_EVENTS = (
    "광복|혁명|민주|전쟁|사태|운동|테러|참사|항쟁|대책|총선|지방선거|대선|학살|쿠데타|비상계엄|계엄"
)


def month_said(number: int) -> str:
    """유월 and 시월 lose a coda."""
    return _MONTHS.get(number, KO.integer(str(number))) + "월"


def _is_day(number: int, day: int) -> bool:
    return 1 <= number <= 12 and 1 <= day <= 31


def _slashed_day(match: re.Match[str]) -> str | None:
    if not _is_day(int(match[1]), int(match[2])):
        return None
    if not (match[3] or _DAY_AFTER.match(match.string, match.end())):
        return None
    weekday = f" {match[3]}요일" if match[3] else ""
    return f"{month_said(int(match[1]))} {KO.integer(match[2])}일{weekday}"


def _historic(match: re.Match[str]) -> str:
    """6·25 is 육이오, 12·12 is 십이십이: months as numbers, days digit by digit but for 10 and 12."""
    first, second = (group for group in match.groups() if group)
    whole = second == "10" or (first, second) == ("12", "12")
    return KO.integer(first) + (KO.integer(second) if whole else KO.spell(second))


def _fraction(match: re.Match[str]) -> str | None:
    whole, above, below = match.groups()
    if int(below) == 0:
        return None
    if int(above) >= int(below) or near(match, _PRODUCT, 10):
        joint = "에" if near(match, _PRESSURE, 10) or _is_mercury(match) else ""
        counted = f"{KO.integer(whole)} " if whole else ""
        return f"{counted}{KO.integer(above)}{joint} {KO.integer(below)}"
    said = f"{KO.integer(below)}분의 {KO.integer(above)}"
    if not whole:
        return said
    counted = KO.integer(whole)
    return f"{counted}{'과' if has_coda(counted) else '와'} {said}"


def _is_mercury(match: re.Match[str]) -> bool:
    return match.string.startswith("mmHg", match.end()) or match.string.startswith(
        " mmHg", match.end()
    )


def has_coda(word: str) -> bool:
    """Whether the last syllable ends in a consonant."""
    return (ord(word[-1]) - ord("가")) % 28 > 0


def _pair(match: re.Match[str]) -> str:
    return f"{KO.integer(match[1])} {KO.integer(match[2])}"


def _marks(match: re.Match[str]) -> str | None:
    """4.8/5, 9/10점: so many of so many marks."""
    whole, part, most, marks = match.groups()
    if not (part or marks or near(match, _RATING, 8)):
        return None
    said = f"{KO.integer(whole)} 점 {KO.spell(part)}" if part else KO.integer(whole)
    return f"{KO.integer(most)}점 만점에 {said}{'점' if marks else ''}"


DAYS: list[Rule] = [
    rule("historic day", rf"(?<![\d.])(\d{{1,2}})·(\d{{1,2}})(?![\d.])|(?<![\d.])(\d{{1,2}})\.(\d{{1,2}})(?=\s?(?:{_EVENTS}))", _historic),
    rule("day", r"(?<![\d/.])(\d{1,2})/(\d{1,2})(?![\d/.])(?:\s?\(([월화수목금토일])\))?", _slashed_day),
]  # fmt: skip
FRACTIONS: list[Rule] = [
    rule("season", r"(?<![\d/.])(\d{2}|\d{4})/(\d{2})(?=\s?시즌)", _pair),
    rule("marks", r"(?<![\d/.])(\d{1,3})(?:\.(\d))?/(5|10|100)(?![\d/.])(점)?", _marks),
    rule("fraction", r"(?<![\d/.])(?:(\d+) )?(\d+)/(\d+)(?![\d/])", _fraction),
]
