"""Mandarin: where 地, 得, 为 and 长 stand, for the rules that read them by their surroundings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Tagged = tuple[str, str]
"""A word and rjieba's part of speech."""


@dataclass(frozen=True)
class Place:
    """An ambiguous character in its clause."""

    word: str
    tag: str
    offset: int
    """Of the character in the word."""
    before: Tagged
    after: Tagged
    behind: str
    """The text of the clause before the character."""
    ahead: str
    """The text of the clause after the character."""
    rest: Sequence[Tagged]
    """The words after its own."""

    @property
    def alone(self) -> bool:
        """Whether it is a word of its own."""
        return len(self.word) == 1


Reader = Callable[[Place], str | None]
"""How a character is read at a place; None leaves that to the dictionary."""


def regrouped(tagged: Sequence[Tagged], ambiguous: str) -> list[Tagged]:
    """The words, those cut again that rjieba only guessed around an ambiguous character."""
    return [part for word in tagged for part in _parts(*word, ambiguous)]


def _parts(word: str, tag: str, ambiguous: str) -> Iterator[Tagged]:
    import rjieba

    if len(word) == 1 or not any(char in ambiguous for char in word):
        yield word, tag
    elif rjieba.cut(word, False) != [word]:
        yield from rjieba.tag(word, False)
    elif word[0] in "地得" and word[-1] == "了":  # 地走了 is in its dictionary
        yield from ((word[0], "u"), *rjieba.tag(word[1:]))
    else:
        yield word, tag


def readings(words: Sequence[Tagged], readers: Mapping[str, Reader]) -> dict[int, str]:
    """Where in the clause an ambiguous character stands → how it is read there."""
    text = "".join(word for word, _ in words)
    if not any(char in text for char in readers):
        return {}
    found: dict[int, str] = {}
    at = 0
    for number, (word, tag) in enumerate(words):
        for offset, char in enumerate(word):
            if char in readers:
                here = at + offset
                rest = words[number + 1 : number + 12]
                reading = readers[char](
                    Place(
                        word, tag, offset, words[number - 1] if number else ("", ""),
                        rest[0] if rest else ("", ""), text[max(0, here - 12) : here],
                        text[here + 1 : here + 25], rest,
                    )
                )  # fmt: skip
                if reading:
                    found[here] = reading
        at += len(word)
    return found
