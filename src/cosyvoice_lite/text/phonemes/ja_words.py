"""Japanese text → words with reading and pitch accent: a small morphological analyser.

The cheapest path through a lattice of dictionary words (costs of words and of their neighbours), as
MeCab does it, over the packed dictionary that ``tools/lexica/build_ja.py`` makes.
"""

import array
import functools
import itertools
import lzma
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources

from cosyvoice_lite.text.phonemes.ja_context import settled
from cosyvoice_lite.text.phonemes.ja_entries import ADDED, COSTS, VARIANTS

_UNKNOWN = re.compile(r"[ァ-ヺー]+|[ぁ-ゖー]|.", re.DOTALL)
_UNKNOWN_COST = 12000
_WANTED_GAIN = 20000  # of a reading that its neighbours ask for
_LONGEST = 16  # characters of a word that is looked up


@dataclass(frozen=True)
class Word:
    """A word as the dictionary has it."""

    surface: str
    pos: tuple[str, ...]
    """Part of speech in four steps, then type and form of conjugation; "*" where there is none."""
    reading: str
    """Pronunciation in katakana; ’ follows a vowel that is never voiced. Empty for symbols."""
    accent: int
    """The mora after which pitch falls, counted from 1; 0 where it does not."""
    rule: str
    """How the accent combines with that of the words before it."""


@dataclass(frozen=True)
class _Node:
    word: Word
    number: int  # the part of speech, as the matrix counts them
    cost: int  # of the cheapest path that ends here
    before: "_Node | None"


def words(text: str, behind: tuple[str, ...] = ()) -> list[Word]:
    """The words of ``text``; joined, their surfaces are the text.

    ``behind`` begins like the part of speech of what stands before the text.
    """
    plain = text.translate(VARIANTS)
    found = _cheapest_path(plain, behind, settled(plain))
    if plain == text:
        return found
    ends = itertools.accumulate(len(word.surface) for word in found)
    return [
        replace(w, surface=text[end - len(w.surface) : end])
        for w, end in zip(found, ends, strict=True)
    ]


def _cheapest_path(
    text: str, behind: tuple[str, ...], wanted: dict[int, tuple[str, str]]
) -> list[Word]:
    dictionary = _dictionary()
    before = _number(behind) if behind else 0
    nothing = Word("", ("*",) * 6, "", 0, "*")
    start = _Node(nothing, before, 0, None)
    ends: list[list[_Node]] = [[start], *([] for _ in text)]
    for at in range(len(text)):
        if ends[at]:
            sought, heard = wanted.get(at, ("", ""))
            for word, number, cost in dictionary.candidates(text, at):
                if sought and word.surface.startswith(sought) and word.reading.startswith(heard):
                    cost -= _WANTED_GAIN
                ends[at + len(word.surface)].append(
                    _cheapest(ends[at], word, number, cost, dictionary)
                )
    node: _Node | None = _cheapest(ends[-1], nothing, 0, 0, dictionary).before
    found = []
    while node is not None and node.word.surface:
        found.append(node.word)
        node = node.before
    return found[::-1]


def _cheapest(
    befores: list[_Node], word: Word, number: int, cost: int, dictionary: "_Dictionary"
) -> _Node:
    row = number * dictionary.size
    matrix = dictionary.matrix
    total, best = min(
        ((node.cost + matrix[row + node.number], node) for node in befores),
        key=lambda pair: pair[0],
    )
    return _Node(word, number, total + cost, best)


@dataclass(frozen=True)
class _Dictionary:
    blob: bytes  # sorted lines, each begun by a line feed
    parts: list[tuple[str, ...]]
    matrix: "array.array[int]"
    added: dict[str, list[tuple[Word, int, int]]]  # first character → words

    @property
    def size(self) -> int:
        return len(self.parts)

    def candidates(self, text: str, at: int) -> Iterator[tuple[Word, int, int]]:
        """Every word that begins at ``at``, and one that the dictionary doesn't know."""
        for length in range(1, min(_LONGEST, len(text) - at) + 1):
            entries, longer = _entries(text[at : at + length])
            yield from entries
            if not longer:
                break
        for word, number, cost in self.added.get(text[at], ()):
            if text.startswith(word.surface, at):
                yield word, number, cost
        surface = _UNKNOWN.match(text, at)[0]  # type: ignore[index]  # it matches any character
        kana = surface[0] in "ー" or "ぁ" <= surface[0] <= "ヺ"
        number = _number(("名詞", "一般") if kana else ("記号", "一般"))
        reading = katakana(surface) if kana else ""
        yield Word(surface, self.parts[number], reading, 0, "C1"), number, _UNKNOWN_COST


@functools.lru_cache(maxsize=16384)
def _entries(surface: str) -> tuple[list[tuple[Word, int, int]], bool]:
    """The dictionary's words of this surface, and whether longer ones begin like it."""
    dictionary = _dictionary()
    key = b"\n" + surface.encode("utf-8", "replace")
    at = _bisect(dictionary.blob, key + b"\t")
    found = []
    while dictionary.blob.startswith(key + b"\t", at):
        end = dictionary.blob.index(b"\n", at + 1)
        _, number, cost, reading, accent, rule = dictionary.blob[at + 1 : end].decode().split("\t")
        pos = dictionary.parts[int(number)]
        heard = "" if reading == "*" or pos[0] == "記号" else reading
        word = Word(surface, pos, heard, int(accent.split("/")[0].strip("*") or 0), rule)
        found.append((word, int(number), int(cost) + COSTS.get((surface, reading), 0)))
        at = end
    following = dictionary.blob.startswith(key, at) if at < len(dictionary.blob) else False
    return found, following


def _bisect(blob: bytes, key: bytes) -> int:
    """Where the first line that is not below ``key`` begins."""
    low, high = 0, len(blob)
    while low < high:
        middle = blob.rfind(b"\n", low, (low + high) // 2 + 1)
        middle = low if middle < 0 else middle
        end = blob.find(b"\n", middle + 1)
        if end < 0:
            return len(blob)
        if blob[middle:end] < key:
            low = end
        else:
            high = middle
    return low


@functools.cache
def _dictionary() -> _Dictionary:
    folder = resources.files("cosyvoice_lite.text.phonemes").joinpath("data")
    blob = lzma.decompress(folder.joinpath("ja.txt.xz").read_bytes())
    count, _, rest = blob.partition(b"\n")
    header = rest.split(b"\n", int(count))
    parts = [tuple(line.decode().split(",")[:6]) for line in header[:-1]]
    matrix = array.array("h", lzma.decompress(folder.joinpath("ja_matrix.xz").read_bytes()))
    if sys.byteorder == "big":
        matrix.byteswap()
    added: dict[str, list[tuple[Word, int, int]]] = {}
    for entry in ADDED:
        pos = tuple(entry.part.split(","))
        word = Word(entry.surface, pos, entry.reading, entry.accent, "C1")
        added.setdefault(entry.surface[0], []).append((word, parts.index(pos), entry.cost))
    return _Dictionary(b"\n" + header[-1], parts, matrix, added)


@functools.cache
def _number(start: tuple[str, ...]) -> int:
    """The first part of speech that begins with ``start``, as the matrix counts them."""
    parts = _dictionary().parts
    return next(number for number, part in enumerate(parts) if part[: len(start)] == start)


def katakana(text: str) -> str:
    """Hiragana as katakana."""
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" or c in "ゝゞ" else c for c in text)
