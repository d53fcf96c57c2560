"""English: numbers as they are written, said without anything around them."""

from cosyvoice_lite.text.normalizers.numerals import english, english_digits

INDIAN = r"\d{1,2}(?:,\d{2}){1,4},\d{3}(?![\d,]*\d)"
N = (  # the look at a first comma spares most numbers the tries of those that have commas
    r"(?=\d{1,3},)(?:\d{1,2}(?:,\d{2}){2,4},\d{3}(?![\d,]*\d)|\d{1,3}(?:,\d{3})+(?:\.\d+)?)|\d+(?:\.\d+)?|"
    r"(?<!\w)\.\d+"
)
DASH = r"\s*[-–—~]\s*"


def number(written: str) -> str:
    """A cardinal with separators and a decimal point: ``1,024.5``; 12,50,000 groups as India does."""
    whole, _, fraction = written.replace(",", "").partition(".")
    said = english(whole or "0")
    return f"{said} point {english_digits(fraction)}" if fraction else said


def in_pairs(digits: str) -> str:
    """As numbers on forms are said: 120 is one twenty, 105 one oh five."""
    if len(digits) != 3 or digits.endswith("00"):
        return english(digits)
    return f"{english(digits[0])} {'oh ' if digits[1] == '0' else ''}{english(digits[1:])}"
