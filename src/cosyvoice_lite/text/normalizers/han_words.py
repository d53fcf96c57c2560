"""What the rules of Mandarin and Cantonese say differently."""

from dataclasses import dataclass

from cosyvoice_lite.text.normalizers.numerals import HanNumerals


@dataclass(frozen=True)
class Words:
    """The vocabulary of the rules in one language."""

    numerals: HanNumerals
    one_on_the_phone: str
    negative: str
    below_zero: str
    of: str
    """Between denominator and numerator, 分之."""
    to: str
    """Between the ends of a range."""
    versus: str
    """Between the sides of a score or ratio."""
    ordinal: str
    hour: str
    half: str
    minute: str
    second: str
    units: dict[str, str]
    per: str
    """Before the hour of a speed, 每."""
    counters: str
    """Characters before which two is 两 and which keep a number a cardinal."""
    currencies: dict[str, str]
    symbols: dict[str, str]
    digits_after: str
    """Words after which a number is read digit by digit, as alternatives of a pattern."""
    score_after: str
    """Words after which a colon is a score, not a time."""
    score_before: str
    """Words before which two numbers are a score."""
    am: str
    pm: str
    at: str
    dot: str
