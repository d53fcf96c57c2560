"""Characters that mean the same, made the same; characters that mean nothing, dropped.

Control and formatting characters, private and unassigned code points, lone surrogates and emoji
are not spoken. Full-width letters and digits become ASCII, half-width kana full; punctuation stays
as it is, for it tells languages apart.
"""

import re
import unicodedata

from cosyvoice_lite.text.normalizers.chat import without_faces
from cosyvoice_lite.text.normalizers.hanja import spelled
from cosyvoice_lite.text.normalizers.lines import stopped
from cosyvoice_lite.text.normalizers.rules import Firing
from cosyvoice_lite.text.normalizers.typography import plain
from cosyvoice_lite.text.normalizers.webtext import words_only

_ODD = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u0300-\u036f\u1ab0-\u1aff\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u206f\u2080-\u2089"
    r"\u2100-\u218f\u2190-\u21ff\u2300-\u23ff\u2460-\u2bff\u3000\u3200-\u33ff\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uff01-\uffef"
    r"\ufff0-\uffff\U0001f000-\U0001faff\U000e0000-\U0010ffff]"
)
_RUN = re.compile(f"(?:{_ODD.pattern})+")
_FULL_WIDTH_MARKS = frozenset("，！？：；（）［］｛｝｡､｢｣")
_LINES = re.compile(r"\r\n?|\u2028|\x0b|\x0c|\x85")
_PARAGRAPHS = re.compile(r"\n[ \t\u3000]*(?:\n[ \t\u3000]*)+|\u2029")
_SPELLED_BY_RULES = frozenset("℃℉㎡㎥№™℡′″")
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_EMOJI = re.compile("[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")


def clean(text: str, log: list[Firing] | None = None) -> str:
    """The same text in plain characters; a paragraph is set off by exactly one empty line."""
    if _has_lines(text):
        text = stopped(_LINES.sub("\n", text), log)
    text = words_only(text, log)
    text = _PARAGRAPHS.sub("\n\n", text) if _has_lines(text) else text
    if not text.isascii():
        text = plain(_VULGAR.sub(_fraction, text), log)
    elif not _ODD.search(text):
        return without_faces(text, log)

    def spoken(match: re.Match[str]) -> str:
        said = "".join(map(_plain, match[0]))
        if log is not None and said != match[0]:
            rule = "emoji" if _EMOJI.search(match[0]) else "characters"
            log.append(Firing(rule, match[0], said))
        return said

    text = unicodedata.normalize("NFC", _RUN.sub(spoken, text))
    return without_faces(spelled(text, log), log)


def _fraction(match: re.Match[str]) -> str:
    """``2½`` as ``2 1/2``."""
    written = unicodedata.normalize("NFKC", match[0]).replace("\u2044", "/")
    digit = match.start() and match.string[match.start() - 1].isdigit()
    return f" {written}" if digit else written


def _has_lines(text: str) -> bool:
    return "\n" in text or "\r" in text or not text.isprintable()


def _plain(char: str) -> str:
    if char in _SPELLED_BY_RULES or char in _FULL_WIDTH_MARKS or char == "～":
        return char
    if unicodedata.combining(char):
        return char
    kind = unicodedata.category(char)
    if kind[0] == "Z" or char in "\t\x1c\x1d\x1e\x1f":
        return " "
    if _EMOJI.match(char) or kind in ("Cc", "Cf", "Cs", "Co", "Cn") or kind == "Mn":
        return ""
    return unicodedata.normalize("NFKC", char)
