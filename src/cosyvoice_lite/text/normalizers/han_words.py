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
    possessive: str
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
    """Words after which, in the same clause, a colon is a score, not a time."""
    score_right_after: str
    """Words that say so only right before the score."""
    score_before: str
    """Words before which two numbers are a score."""
    am: str
    pm: str
    at: str
    dot: str
    dash: str
    """Between the groups of a code with hyphens."""
    out_of: str
    """Between a mark and the best mark."""
    double: str
    """Before the month of a day like 11.11."""
    number: str
    """Behind the number of a house or a kind of petrol, 号."""
    finding: dict[str, str]
    """What the sign of a test stands for, HIV(+)."""
