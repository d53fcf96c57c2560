"""Numbers in special type (circled, Roman, raised, lowered) and rare forms of common characters.

Unicode's compatibility forms would run them into what stands beside: ``5①`` into 51, ``10⁶`` into
106. A power becomes ``^`` and its signed digits; the languages say it.
"""

import re
import unicodedata

from cosyvoice_lite.text.normalizers.numerals import roman
from cosyvoice_lite.text.normalizers.rules import Firing, Step, following, preceding, substituted

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ"
_CIRCLED = "\u2460-\u2473\u24ea-\u24f4\u24f5-\u24fe\u2776-\u2793\u3251-\u325f\u32b1-\u32bf"
_SPECIAL = re.compile(rf"[{_RAISED}₀-₉Ⅰ-ⅿ{_CIRCLED}㈱㈲㈳㈶]|[(（]株[)）]")
_VARIANTS = str.maketrans("髙﨑𠮷濵栁邉槗∶", "高崎吉浜柳辺橋:")
_COMPANIES = {"㈱": "株式会社", "㈲": "有限会社", "㈳": "社団法人", "㈶": "財団法人"}
_KANA = re.compile("[\u3041-\u30ff]")
_POWER_OF = re.compile(r"(?:[\d)\]}Α-ω]|(?<![A-Za-z])(?:[A-Za-z]|[cdkmnμ]m|kg|Hz))$")
_NOTED = re.compile("[\u4e00-\u9fff](?<![米里尺寸])$")  # what only a footnote follows
_SUBJECT_AFTER = re.compile(
    r"[和与與及或至到是为為的所中有得可个個号號とはがのをにでもやかつ番行列项項步]"
)
_SUBJECT_BEFORE = re.compile(r"[图圖図表式第选選如见見即按由题題和与與及或至到]$")
_ITEM_BEFORE = re.compile(r"(?:^|[\n:：;；。.!?！？,，、])\s*$")


def plain(text: str, log: list[Firing] | None = None) -> str:
    """``text`` with such numbers in ordinary digits."""
    text = text.translate(_VARIANTS)
    return substituted(text, _STEPS, log) if _SPECIAL.search(text) else text


def _digits(written: str) -> str:
    return unicodedata.normalize("NFKC", written).replace("−", "-")


def _raised(match: re.Match[str]) -> str:
    """A power, an ion's charge, an isotope's mass or the number of a footnote, which is not read."""
    run = match[0]
    before, after = preceding(match, 4), following(match)
    if run in ("²", "³"):
        return "" if _NOTED.search(before) else run
    if run == "¹" and not before[-1:].isdigit():
        return ""
    if run[-1] in "⁺⁻":
        return _digits(run)
    if _POWER_OF.search(before) or (run[0] in "⁺⁻" and before[-1:].isalnum()):
        return "^" + _digits(run)
    isotope = after.isascii() and after.isupper() and not before[-1:].isalnum()
    return _digits(run) if isotope else ""


def _circled(match: re.Match[str]) -> str:
    """A number of an enumeration is set off from its item; one that is spoken of is not."""
    before, after = preceding(match, 8), following(match)
    number = str(int(unicodedata.numeric(match[1])))
    number = f"、{number}" if before[-1:].isdecimal() else number
    if not after or _SUBJECT_AFTER.match(after) or _SUBJECT_BEFORE.search(before):
        return number + match[2]
    han = "\u3041" <= after <= "\u9fff"
    if re.match(f"[{_CIRCLED}]", after) or (han and not match[2]):
        return number + "、"
    begins = before[-1:].isspace() or _ITEM_BEFORE.search(before)
    if match[2] and after.isalnum() and begins:
        return number + ("、" if han else ", ")
    return number + match[2]


def _roman(match: re.Match[str]) -> str:
    letters = unicodedata.normalize("NFKC", match[0]).upper()
    value = roman(letters)
    return letters if value is None else str(value)


def _company(match: re.Match[str]) -> str:
    """Of a Japanese name, before or behind it; in Chinese it is a unit, of plants or shares."""
    text = match.string
    before, after = preceding(match), following(match)
    leads = after.isalpha() and not before.isalnum()
    named = _KANA.search(text) and (after.isalpha() or before.isalpha())
    return "株式会社" if leads or named else match[0]


_STEPS: list[Step] = [
    ("superscript", re.compile(f"[{_RAISED}]+"), _raised),
    ("subscript", re.compile("[₀-₉]+(?=[0-9])"), lambda m: _digits(m[0]) + " "),
    ("circled number", re.compile(rf"([{_CIRCLED}])([ \u3000]?)"), _circled),
    ("Roman numeral", re.compile("[Ⅰ-ⅿ]+"), _roman),
    ("company", re.compile("[㈱㈲㈳㈶]"), lambda m: _COMPANIES[m[0]]),
    ("company", re.compile(r"[(（]株[)）]"), _company),
]
