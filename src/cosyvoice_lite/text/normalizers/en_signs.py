"""English: addresses, slashes, powers, Greek letters and all other signs."""

import re

from cosyvoice_lite.text.normalizers.en_words import GREEK, SYMBOLS
from cosyvoice_lite.text.normalizers.numerals import english, english_digits
from cosyvoice_lite.text.normalizers.rules import Rule, rule

_GREEK = "".join(GREEK) + "".join(GREEK).upper() + "ςϵϑϕµ"
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ", "0123456789+-ni")
_IN_PLACES = {".": "dot", "@": "at", "/": "slash", "-": "dash", "_": "underscore", ":": "colon"}
_POWERS = {"2": "squared", "3": "cubed"}
_ALIKE = {"ς": "σ", "ϵ": "ε", "ϑ": "θ", "ϕ": "φ"}
SIGN_TRIGGER = rf"!=|[%+=<>×÷*&@#°℃℉№™©®§$€£¥￥₩₹₽₺₱฿₫₪₴₦±≈≤≥≠√∞_|\\{{}}~^/¹²³⁰ⁱ⁴-⁹⁺⁻ⁿ{_GREEK}]"
_BEFORE_SLASH = re.compile(r"[^\s,;()\[\]\"“”]{0,60}$")
_BEHIND_SLASH = re.compile(r"[^\s,;()\[\]\"“”]{0,60}")
_WORD = re.compile(r"[A-Za-z'’]{2,}[.?!:'’]*")


def address(match: re.Match[str]) -> str:
    """A web address, a mail address or the name of a file, read out by parts."""
    pieces = re.findall(r"[A-Za-z]+|\d|.", re.sub(r"^https?://", "", match[0]).rstrip("/"))
    return " ".join(map(_piece, pieces))


def _piece(piece: str) -> str:
    if piece.isdigit() and piece.isascii():
        return english_digits(piece)
    if piece == "www":
        return "W W W"
    return _IN_PLACES.get(piece, piece if piece.isalpha() else SYMBOLS.get(piece, ""))


def _slash(match: re.Match[str]) -> str:
    """he/she is "he or she", and/or "and or", TCP/IP a pause at most, src/main.c a path."""
    before = _BEFORE_SLASH.search(match.string[max(0, match.start() - 60) : match.start()])
    behind = _BEHIND_SLASH.match(match.string, match.end())
    left, right = before[0] if before else "", behind[0] if behind else ""
    if left.startswith(("/", "~/", "./", "../")) or re.search(r"[._]\w", left + "/" + right):
        return " slash "
    words = [*left.split("/"), *right.split("/")]
    chosen = left[-1:].islower() and right[:1].islower() and all(map(_WORD.fullmatch, words))
    return " or " if chosen and not left.endswith("and") else " "


def _power(match: re.Match[str]) -> str:
    written = match[0].translate(_SUPERSCRIPTS).strip("^()")
    if written in _POWERS:
        return f" {_POWERS[written]}"
    sign = {"-": "minus ", "−": "minus "}.get(written[:1], "")
    digits = written.lstrip("+-−")
    return f" to the power of {sign}{english(digits) if digits.isdecimal() else digits}"


def _greek(match: re.Match[str]) -> str:
    letter = match[0].lower()
    return GREEK.get(_ALIKE.get(letter, letter), "mu")


def _sign(match: re.Match[str]) -> str:
    said = SYMBOLS.get(match[0], "")
    return f" {said} " if said.strip() else " " if said else ""


SIGNS: list[Rule] = [
    rule("path", r"(?<![\w/.:)])(?:~|\.{1,2})?/[\w.-]{1,40}/[\w./-]{0,200}\w", address),
    rule("not applicable", r"n/a(?!\w)", lambda m: "N A"),
    rule("slash", r"(?<=[A-Za-z])/(?=[A-Za-z])", _slash),
    rule("unequal", r"!=", lambda m: " not equal to "),
    rule("and", r"&&", lambda m: " and "),
    rule("plus or minus", r"\+/[-−–]", lambda m: " plus or minus "),
    rule("power", r"\^\([-−+]?\w{1,9}\)|\^[-−+]?(?:\d{1,9}|[A-Za-z](?![A-Za-z]))|[⁺⁻]?[⁰¹²³⁴-⁹ⁿⁱ]+", _power),
    rule("Greek letter", rf"(?<![Ͱ-Ͽ])[{_GREEK}](?![Ͱ-Ͽ])", _greek),
    rule("symbol", r"[^\w\s.,'’\-]|_", _sign),
]  # fmt: skip
