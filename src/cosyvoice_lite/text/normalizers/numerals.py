"""Numbers → numerals in words; strings of digits in, words out, nothing about context."""

import functools
from dataclasses import dataclass

LONGEST = 16
"""Digits of a number that is still said as a number; a longer one is said digit by digit."""


@dataclass(frozen=True)
class HanNumerals:
    """The numerals of a language that counts in tens of thousands."""

    digits: str
    """Zero to nine as cardinal digits."""
    tens: str
    """Ten, hundred, thousand."""
    myriads: tuple[str, ...]
    """10⁴, 10⁸, 10¹²."""
    point: str
    zero_inside: bool
    """Whether a gap is said: 一百零五."""
    one_ten: bool
    """Whether one stands before ten, hundred and thousand inside a number: 一百一十."""
    two: str = ""
    """What leading two is before thousand and the myriads, where it differs."""
    two_hundred: bool = False
    """Whether it is so before hundred too."""
    bare_myriad: bool = False
    """Whether a leading one is dropped before 10⁴: 만, not 일만."""

    def spell(self, digits: str) -> str:
        """Each digit by itself."""
        return "".join(self.digits[int(digit)] for digit in digits)

    def integer(self, digits: str) -> str:
        """A cardinal."""
        digits = digits.lstrip("0") or "0"
        if len(digits) > LONGEST:
            return self.spell(digits)
        if digits == "0":
            return self.digits[0]
        groups = [digits[max(0, end - 4) : end] for end in range(len(digits), 0, -4)][::-1]
        said, gap = "", False
        for at, group in enumerate(groups):
            rank = len(groups) - 1 - at
            value = int(group)
            if value == 0:
                gap = True
                continue
            if said and self.zero_inside and (gap or value < 1000):
                said += self.digits[0]
            said += self._group(group, leading=not said)
            said += self.myriads[rank - 1] if rank else ""
            gap = False
        return self._first_digit(said)

    def decimal(self, whole: str, fraction: str) -> str:
        """A decimal number: the part behind the point digit by digit."""
        return self.integer(whole) + (self.point + self.spell(fraction) if fraction else "")

    def number(self, written: str) -> str:
        """A number with thousands separators and a decimal point."""
        whole, _, fraction = written.replace(",", "").partition(".")
        return self.decimal(whole or "0", fraction)

    def _group(self, group: str, *, leading: bool) -> str:
        group = group.lstrip("0")
        said, gap = "", False
        for at, digit in enumerate(group):
            rank = len(group) - 1 - at
            if digit == "0":
                gap = True
                continue
            if gap and said and self.zero_inside:
                said += self.digits[0]
            gap = False
            bare = (
                rank > 0 and digit == "1" and not self._says_one(rank, leading=leading and not said)
            )
            said += ("" if bare else self.digits[int(digit)]) + (
                self.tens[rank - 1] if rank else ""
            )
        return said

    def _says_one(self, rank: int, *, leading: bool) -> bool:
        return self.one_ten and not (leading and rank == 1)

    def _first_digit(self, said: str) -> str:
        after = said[1:2]
        if self.bare_myriad and said[0] == self.digits[1] and after == self.myriads[0]:
            return said[1:]
        big = after and (after in self.tens[2] or after in "".join(self.myriads))
        if (
            self.two
            and said[0] == self.digits[2]
            and (big or (self.two_hundred and after == self.tens[1]))
        ):
            return self.two + said[1:]
        return said


ZH = HanNumerals("零一二三四五六七八九", "十百千", ("万", "亿", "万亿"), "点", True, True, "两")
YUE = HanNumerals(
    "零一二三四五六七八九", "十百千", ("萬", "億", "萬億"), "點", True, True, "兩", True
)
JA = HanNumerals("〇一二三四五六七八九", "十百千", ("万", "億", "兆"), "点", False, False)
KO = HanNumerals(
    "영일이삼사오육칠팔구", "십백천", ("만", "억", "조"), " 점 ", False, False, bare_myriad=True
)

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ["", " thousand", " million", " billion", " trillion", " quadrillion"]
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip


def english(digits: str) -> str:
    """A cardinal in English: ``1024`` → one thousand twenty-four."""
    digits = digits.lstrip("0") or "0"
    if len(digits) > LONGEST + 2:
        return english_digits(digits)
    value = int(digits)
    if value == 0:
        return "zero"
    groups = []
    for scale in _SCALES:
        value, group = divmod(value, 1000)
        if group:
            groups.append(_hundreds(group) + scale)
    return " ".join(reversed(groups))


def english_digits(digits: str) -> str:
    """Digit by digit."""
    return " ".join(_ONES[int(digit)] for digit in digits)


def english_ordinal(digits: str) -> str:
    """An ordinal: ``21`` → twenty-first."""
    said = english(digits)
    cut = max(said.rfind(" "), said.rfind("-")) + 1
    return said[:cut] + _ordinal_word(said[cut:])


def english_year(digits: str) -> str:
    """A year in pairs: ``1999`` → nineteen ninety-nine, ``2007`` → two thousand seven."""
    high, low = int(digits[:2]), int(digits[2:])
    if low == 0:
        return english(digits) if high % 10 == 0 else f"{english(str(high))} hundred"
    if high % 10 == 0 and low < 10:
        return english(digits)
    return f"{english(str(high))} {'oh ' if low < 10 else ''}{english(str(low))}"


def _ordinal_word(word: str) -> str:
    if word in _ORDINALS:
        return _ORDINALS[word]
    return word[:-1] + "ieth" if word.endswith("y") else word + "th"


@functools.cache
def _hundreds(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    said = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    if rest:
        tens, ones = divmod(rest, 10)
        said.append(_ONES[rest] if rest < 20 else _TENS[tens] + (f"-{_ONES[ones]}" if ones else ""))
    return " ".join(said)


_ZEROS = {"k": 3, "m": 6, "mn": 6, "b": 9, "bn": 9, "t": 12, "tn": 12}


def scaled(written: str, scale: str) -> tuple[str, str]:
    """``3.5`` and ``M`` as the number without the letter; any other scale stays: ``3.5``, ``万``."""
    zeros = _ZEROS.get(scale.lower())
    if not zeros:
        return written, scale
    whole, _, fraction = written.replace(",", "").partition(".")
    digits = whole + fraction.ljust(zeros, "0")
    end = len(whole) + zeros
    return digits[:end] + (f".{digits[end:]}" if digits[end:] else ""), ""


_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def roman(numeral: str) -> int | None:
    """The value of a Roman numeral in its regular spelling, else None."""
    total = 0
    values = [_ROMAN[letter] for letter in numeral]
    for here, after in zip(values, [*values[1:], 0], strict=True):
        total += -here if here < after else here
    return total if _to_roman(total) == numeral else None


def _to_roman(value: int) -> str:
    steps = ["M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"]
    numeral = ""
    for step in steps:
        worth = (
            sum(_ROMAN[c] for c in step) if len(step) == 1 else _ROMAN[step[1]] - _ROMAN[step[0]]
        )
        while value >= worth:
            numeral += step
            value -= worth
    return numeral


_NATIVE_ONES = " 하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉".split(" ")
_NATIVE_TENS = " 열 스물 서른 마흔 쉰 예순 일흔 여든 아흔".split(" ")
_BEFORE_COUNTER = {"하나": "한", "둘": "두", "셋": "세", "넷": "네", "스물": "스무"}


def korean_native(digits: str) -> str:
    """A native numeral before a counter: ``3`` → 세; hundreds stay Sino-Korean: 백한."""
    value = int(digits)
    hundreds, rest = divmod(value, 100)
    head = KO.integer(str(hundreds * 100)) if hundreds else ""
    if rest == 0:
        return head or KO.digits[0]
    tens, ones = divmod(rest, 10)
    ten, one = _NATIVE_TENS[tens], _NATIVE_ONES[ones]
    if one:
        return head + ten + _BEFORE_COUNTER.get(one, one)
    return head + _BEFORE_COUNTER.get(ten, ten)
