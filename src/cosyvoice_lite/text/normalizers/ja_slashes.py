"""The slash of Japanese: fractions, two numbers side by side, a price for each, or a choice."""

import re

from cosyvoice_lite.text.normalizers.numerals import JA
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule

_MARKS = re.compile("評価|満足度|レビュー|レーティング|★|☆")
_PRESSURE = re.compile("血圧|上下")
_PER = "月|日|年|時間|時|分|秒|週|人|回|泊|個|本|枚|台|名|件"
_LONGER = {"月": "か月", "時": "時間", "週": "週間"}
_TEXT = "ぁ-ヺー一-鿿々"
_BEHIND_DATE = r"[(（]|に|は|から|まで|迄|締|〆|発売|開催|公開|開始|開幕|時点|現在|以降|以前|付|生まれ|が(?:締|〆|最終|初日|発売)"


def _date(match: re.Match[str]) -> str:
    return f"{JA.integer(match[1])}月{JA.integer(match[2])}日"


def _dates(match: re.Match[str]) -> str | None:
    """5/3〜5/5, but not 1/2〜1/3."""
    first, last = (int(match[1]), int(match[2])), (int(match[3]), int(match[4]))
    if first >= last or (first[0] == 1 and last[0] < 4):
        return None
    said = [f"{JA.integer(match[n])}月{JA.integer(match[n + 1])}日" for n in (1, 3)]
    return "から".join(said)


def _marks(match: re.Match[str]) -> str | None:
    """4.8/5点, 評価9/10: so many of how many points."""
    most = int(match[2])
    if most not in (5, 10, 100) or float(match[1]) > most:
        return None
    if not match[3] and not near(match, _MARKS):
        return None
    return f"{JA.integer(match[2])}点満点中{JA.number(match[1])}点"


def _side_by_side(match: re.Match[str]) -> str | None:
    """Two numbers that are no fraction: 50/50, 血圧120/80, 2022/23, 24/25."""
    above, below = int(match[1]), int(match[2])
    first, second = JA.integer(match[1]), JA.integer(match[2])
    if near(match, _PRESSURE) or (above > below and match[3]):
        return f"{first}の{second}{'ミリメートルエイチジー' if match[3] else ''}"
    if len(match[1]) == 4 and len(match[2]) == 2 and above % 100 + 1 == below:
        return f"{first}、{second}"
    if above + below == 100 and above >= below:
        return f"{first}対{second}"
    if above >= 10 and above + 1 == below:
        return f"{first}、{second}"
    return None


def _fraction(match: re.Match[str]) -> str | None:
    whole, above, below = match.groups()
    said = f"{JA.integer(below)}分の{JA.integer(above)}"
    if int(below) == 0:
        return None
    return f"{JA.integer(whole)}と{said}" if whole else said


def _each(match: re.Match[str]) -> str:
    return f"、一{_LONGER.get(match[1], match[1])}あたり"


_MONTH, _DAY = "(1[0-2]|0?[1-9])", "([12][0-9]|3[01]|0?[1-9])"
SLASHES: list[Rule] = [
    rule("date range", rf"(?<![\d/]){_MONTH}/{_DAY}\s*[-–—~～〜]\s*{_MONTH}/{_DAY}(?![\d/])", _dates),
    rule("date", rf"(?<![\d/]){_MONTH}/{_DAY}(?![\d/])(?={_BEHIND_DATE})", _date),
    rule("marks", r"(?<![\d/.])(\d{1,3}(?:\.\d{1,3})?)/(\d{1,3})(?![\d/])(点?)", _marks),
    rule("pair", r"(?<![\d/.])(\d{1,4})/(\d{1,4})(?![\d/])\s?(mmHg)?", _side_by_side),
    rule("fraction", r"(?<![\d/.])(?:(\d{1,9}) )?(\d{1,16})/(\d{1,16})(?![\d/])", _fraction),
]  # fmt: skip
"""Rules for numbers on both sides."""

CHOICES: list[Rule] = [
    rule("per", rf"(?<=[円人回個台本枚件])/({_PER})(?![\u4e00-\u9fff])", _each),
    rule("choice", rf"(?<=[{_TEXT}])/(?=[{_TEXT}])", lambda m: "、"),
]
"""Rules for what units and equations have left."""
