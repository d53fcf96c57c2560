"""The slash of Mandarin and Cantonese: a division, a price for each of something, or a choice."""

import re

from cosyvoice_lite.text.normalizers.han_words import Words
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule

_REACH = 14  # characters before the slash that may hold an amount

_WORD = re.compile(r"\S")


def slash_rules(words: Words) -> list[Rule]:
    """The rules for what no date, fraction, address or unit has taken."""
    units = "|".join(sorted(map(re.escape, words.units), key=len, reverse=True))
    money = "|".join(sorted(map(re.escape, words.currencies), key=len, reverse=True))
    amount = re.compile(
        rf"(?:(?:{money})\s?[\d.,]+[万亿萬億]?|\d\s?(?:{units}|{words.counters})|[元块塊蚊])$"
    )

    def each(match: re.Match[str]) -> str | None:
        if not near(match, amount, _REACH):
            return None
        return words.per + words.units.get(match[1] or "", "")

    def choice(match: re.Match[str]) -> str:
        return "、" if near(match, _WORD) and match.end() < len(match.string) else " "

    return [
        rule("per", rf"/(?:({units})(?![A-Za-z])|(?=[\u4e00-\u9fff]))", each),
        rule("division", r"(?<=[\d)）] )/ ?(?=[\d(（])|(?<=[)）])/(?=[\d(（])|(?<=\d)/(?=[\d(（][^=]{0,12}=)", lambda m: words.symbols["/"]),
        rule("choice", r"/+", choice),
    ]  # fmt: skip
