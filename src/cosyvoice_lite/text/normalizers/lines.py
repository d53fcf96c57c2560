"""Lines that end without a mark where a reader would stop: items, headings, quotes, verses.

The end of any other line may be where an editor wrapped it, and is left as it is.
"""

import re
from itertools import pairwise

from cosyvoice_lite.text.normalizers.rules import Firing

_ITEM = re.compile(r"[ \t]*(?:[-*+–—] +|[•‣◦▪・·] *|[\u2460-\u2473] ?)(?=\S)")
_NUMBERED = re.compile(r"[ \t]*[(（]?(\d{1,3})[.)）、．](?!\d)")
_HEADING = re.compile(r" {0,3}#{1,6} +(?=\S)")
_QUOTE = re.compile(r" {0,3}> ?(?=\S)")
_ENDED = re.compile(r"[。！？!?….．；;，、,：:~～\-–—|][\"'”’」』）)\]】》*_`~]*$")
_WORD = re.compile(r"\w")
_KANA = re.compile("[\u3041-\u30ff]")
_HAN_OR_KANA = "\u3041-\u30ff\u3400-\u9fff"
_EASTERN_END = re.compile(rf"[{_HAN_OR_KANA}][^\w]*$")
_EASTERN_START = re.compile(rf"\s*[{_HAN_OR_KANA}]")
_END = 20
"""Characters at the end of a line that are looked at: lines may be of any length."""
_LONGEST_VERSE = 30
"""Characters; a longer line of Han and kana may have been wrapped inside a sentence."""


def stopped(text: str, log: list[Firing] | None = None) -> str:
    """``text`` with a mark at the end of each such line."""
    if "\n" not in text:
        return text
    lines = text.split("\n")
    made = []
    for line, following in pairwise(lines):
        mark = _mark(line.rstrip(), following)
        made.append(line.rstrip() + mark if mark else line)
        if mark and log is not None:
            log.append(Firing("end of line", "\n", mark + "\n"))
    return "\n".join([*made, lines[-1]])


def _mark(line: str, following: str) -> str:
    """The mark that ends ``line``; empty where it has one or may go on."""
    end = line[-_END:]
    if not following.strip() or not _WORD.search(line) or _ENDED.search(end):
        return ""
    eastern = _EASTERN_END.search(end)
    if _is_set_off(line, following):
        return "。" if eastern else "."
    if eastern and _EASTERN_START.match(following) and len(line) <= _LONGEST_VERSE:
        return "、" if _KANA.search(line) else "，"
    return ""


def _is_set_off(line: str, following: str) -> bool:
    if _HEADING.match(line) or _HEADING.match(following) or _ITEM.match(following):
        return True
    if number := _NUMBERED.match(following):  # a wrapped line may begin with a year
        return number[1] == "1" or _NUMBERED.match(line) is not None
    return bool(_QUOTE.match(following)) and not _QUOTE.match(line)
