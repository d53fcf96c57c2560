"""Which words of a Japanese sentence are numbers, and where their counters end.

The numbers are looked for among the words that the analyser found: 三日月 and 万年筆 are words, 年生
and 号車 counters of their own, and 四半期 is no 四.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cosyvoice_lite.text.phonemes.ja_numerals import COUNTERS, read
from cosyvoice_lite.text.phonemes.ja_words import Word

_NUMBER = re.compile(  # never begun by 万 and its like: 万博, 京都
    r"(?P<first>(?<=月)一日(?!間))|(?![万億兆京])[〇零一二三四五六七八九十百千万億兆京何数]+"
    r"(?:点[〇一二三四五六七八九]+[十百千万億兆]*)?"
)
_COUNTER = re.compile("|".join(sorted(COUNTERS, key=len, reverse=True)))
_NAMES = frozenset(["千歳"])  # places that look like numbers
_OF_TEN = re.compile("割[一二三四五六七八九]$")
_SUFFIX = ("間", "目")  # of a counter, whatever part of speech the two are together: 時間


@dataclass(frozen=True)
class Counted:
    """A number with its counter, as the katakana of its accent phrases."""

    parts: tuple[str, ...]


def counted(found: list[Word]) -> Iterator[Word | Counted]:
    """The words of a sentence, numbers read as such."""
    text = "".join(word.surface for word in found)
    starts: dict[int, int] = {}  # where a word begins → which word it is
    at = 0
    for index, word in enumerate(found):
        starts[at] = index
        at += len(word.surface)
    starts[at] = len(found)
    index = at = 0
    while index < len(found):
        number = _NUMBER.match(text, at)
        hit = _read(text, number, found, starts, index) if number else None
        if hit is None:
            yield found[index]
            at += len(found[index].surface)
            index += 1
            continue
        reading, at = hit
        yield reading
        index = starts[at]


def _read(
    text: str, number: re.Match[str], found: list[Word], starts: dict[int, int], index: int
) -> tuple[Counted, int] | None:
    """The number that begins with a word, and where it ends; None where the word is none."""
    digits, end = number[0], number.end()
    if end not in starts:
        begun, word = number.start(), found[index]
        while begun + len(word.surface) < end:
            begun += len(word.surface)
            index += 1
            word = found[index]
        together = _with_its_counter(text, number, begun, word)
        if together or begun == number.start():
            return together
        digits = text[number.start() : begun].rstrip("点")
        end = number.start() + len(digits)
    if number["first"]:
        return Counted(("ツイタチ",)), end
    if end not in starts or _is_word(found[starts[number.start()]], digits):
        return None
    counter, heard, rest, end = _counter(text, end, found, starts)
    if len(digits) == 1 and not counter:
        return None
    if counter == "組" and text.endswith("年", 0, number.start()):  # 三年一組
        *parts, last = read(digits, "")
        return Counted((*parts, last + heard)), end
    return Counted(tuple(read(digits, counter, heard, rest))), end


def _is_word(word: Word, digits: str) -> bool:
    return word.surface == digits and len(digits) > 1 and word.pos[1] not in ("数", "固有名詞")


def _with_its_counter(
    text: str, number: re.Match[str], begun: int, word: Word
) -> tuple[Counted, int] | None:
    """A number of which the dictionary has the end and a counter as one word: 一人, (百)二十日."""
    end = begun + len(word.surface)
    counter = text[number.end() : end]
    if counter not in COUNTERS or word.surface in _NAMES:
        return None
    heard = _heard(counter, text, number.end(), end)
    return Counted(tuple(read(number[0], counter, heard))), end


def _heard(counter: str, text: str, start: int, end: int) -> str:
    """How a counter is read by itself; 分 is ぶん in 三分の二 and ぶ in 三割五分."""
    if counter == "分":
        if _NUMBER.match(text, end + 1) and text[end] == "の":
            return "ブン"
        if _OF_TEN.search(text[max(0, start - 3) : start]):
            return "ブ"
    return COUNTERS[counter]


def _counter(
    text: str, at: int, found: list[Word], starts: dict[int, int]
) -> tuple[str, str, str, int]:
    """The counter behind a number, its reading, that of what is joined to it, and its end."""
    nothing = ("", "", "", at)
    if starts[at] == len(found):
        return nothing
    word = found[starts[at]]
    end = at + len(word.surface)
    known = _COUNTER.match(text, at)
    if known is None:
        is_counter = word.pos[2] == "助数詞" and word.reading
        return (word.surface, word.reading, "", end) if is_counter else nothing
    counter, heard = known[0], _heard(known[0], text, at, known.end())
    if known.end() in starts:
        return counter, heard, "", known.end()
    rest = word.reading.removeprefix(heard)
    belongs = word.pos[1] == "接尾" or word.surface[len(counter) :] in _SUFFIX
    if end > known.end() and belongs:
        if rest != word.reading:
            return counter, heard, rest, end
        return word.surface, word.reading, "", end
    return nothing
