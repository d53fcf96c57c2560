"""Mandarin and Cantonese: digits and slashes that only their surroundings tell how to read."""

import re

from cosyvoice_lite.text.normalizers.han_words import Words
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule

_DAY_BEFORE = re.compile(
    r"(?:截止|截至|日期|生日|时间|時間|期限|到期|活动|活動|定于|定於|周[一二三四五六日]|星期[一二三四五六日])"
    r"(?:到|至|是|为|為|係|日)?[:：]?\s?$"
)
_DAY = r"(?<![\d/])(1[0-2]|0?[1-9])/([12]\d|3[01]|0?[1-9])(?![\d/])"
_WEEKDAY = r"(?=\s?[（(]?(?:周|週|星期|礼拜|禮拜)[一二三四五六日天])"
_CHAPTERS = "章节節回集页頁期届屆课課条條卷季名位题題组組单單周部册冊幕"


def context_rules(words: Words) -> list[Rule]:
    """Days and months with a slash, parts of a book, ten thousands as w, codes behind 号."""
    n = words.numerals

    def day(match: re.Match[str]) -> str:
        return f"{n.integer(match[1])}月{n.integer(match[2])}日"

    def day_by_context(match: re.Match[str]) -> str | None:
        return day(match) if near(match, _DAY_BEFORE) else None

    def groups(match: re.Match[str]) -> str:
        spoken = "，".join(map(n.spell, match[0].replace("-", " ").split()))
        return spoken.replace(n.digits[1], words.one_on_the_phone)

    def code(match: re.Match[str]) -> str:
        return n.spell(match[0]).replace(n.digits[1], words.one_on_the_phone)

    return [
        rule("day and night", r"(?<![\d/])24/7(?![\d/])", lambda m: f"{n.integer('7')}乘{n.integer('24')}{words.units['h']}"),
        rule("date", _DAY + _WEEKDAY, day),
        rule("date", _DAY, day_by_context),
        rule("date", r"(?<![\d/])((?:19|20)\d\d)/(0?[1-9]|1[0-2])(?![\d/])", lambda m: f"{n.spell(m[1])}年{n.integer(m[2])}月"),
        rule("card number", r"(?<![\d-])\d{4}(?:[ -]\d{4}){3}(?: \d{3})?(?![\d-])", groups),
        rule("code", r"(?:(?<=^[号號])|(?<=[^\d][号號]))\d{5,}(?![\d,.]*\d)", code),
        rule("range", rf"(?<=第)(\d+)\s?[-–—~～至]\s?(\d+)(?=[{_CHAPTERS}])", lambda m: f"{n.integer(m[1])}{words.to}{n.integer(m[2])}"),
        rule("ten thousands", r"(?<![\d.])(\d+(?:\.\d+)?)w(?![A-Za-z]|的?[灯燈电電]|快充|充[电電]|音[箱响])", lambda m: n.number(m[1]) + n.myriads[0]),
    ]  # fmt: skip
