"""The user's own readings: a file of words that is read again when it changes.

One word a line, then a tab or at least two blanks, then its reading: an alphabet and a notation, or
``say:`` and other words. ``#`` begins a comment.

    重庆森林    pinyin:chong2 qing4 sen1 lin2
    CosyVoice   arpabet:K OW1 Z IY0 V OY2 S
    SQL         say:sequel
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.phonemes.reading import ALPHABETS, spelled_phonemes


@dataclass(frozen=True)
class Entry:
    """How one word is read."""

    word: str
    alphabet: str
    """One of the alphabets of phonemes, or "say"."""
    notation: str


@dataclass
class Lexicon:
    """A lexicon file. ``entries`` costs a ``stat`` when nothing has changed."""

    path: Path
    _seen: tuple[int, int] = field(default=(-1, -1), repr=False)
    _entries: dict[str, Entry] = field(default_factory=dict, repr=False)
    _pattern: re.Pattern[str] | None = field(default=None, repr=False)

    @classmethod
    def open(cls, path: Path) -> "Lexicon":
        """Read the file at once, so that its errors show at once.

        Raises:
            TextError: the file can't be read, or a line is wrong; the message says which.
        """
        lexicon = cls(path)
        lexicon.pattern()
        return lexicon

    def pattern(self) -> re.Pattern[str] | None:
        """What finds the words in a text, longest first; None while there are none."""
        try:
            state = self.path.stat()
            if (state.st_mtime_ns, state.st_size) != self._seen:
                self._entries = _parsed(self.path)
                self._pattern = _compiled(self._entries)
                self._seen = (state.st_mtime_ns, state.st_size)
        except OSError as error:
            raise TextError(f"can't read the lexicon {self.path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise TextError(f"the lexicon {self.path} is not UTF-8") from error
        return self._pattern

    def entry(self, found: str) -> Entry:
        """The entry of a word that ``pattern`` found."""
        exact = self._entries.get(found.lower())
        return exact or next(  # ſ and ı: other letters to lower(), the same ones to the pattern
            entry
            for entry in self._entries.values()
            if re.fullmatch(re.escape(entry.word), found, re.IGNORECASE)
        )


def _parsed(path: Path) -> dict[str, Entry]:
    entries = {}
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        word, *reading = re.split(r"\t+|\s{2,}", stripped, maxsplit=1)
        alphabet, colon, notation = (reading or [""])[0].partition(":")
        if not colon or alphabet not in (*ALPHABETS, "say") or not notation.strip():
            raise TextError(
                f"{path}, line {number}: expected a word, two blanks, then e.g. pinyin:chong2 qing4"
            )
        try:
            if alphabet != "say":
                spelled_phonemes(notation.strip(), alphabet)
        except TextError as error:
            raise TextError(f"{path}, line {number}: {error}") from error
        entries[word.lower()] = Entry(word, alphabet, notation.strip())
    return entries


def _compiled(entries: dict[str, Entry]) -> re.Pattern[str] | None:
    if not entries:
        return None
    words = sorted(entries, key=len, reverse=True)
    return re.compile("|".join(map(_whole_word, words)), re.IGNORECASE)


def _whole_word(word: str) -> str:
    """Latin words and numbers only whole: no 3M in 13M; other scripts know no such border.

    A word may have a number behind it: SQL is found in SQL2019.
    """
    return _BORDERS[_kind(word[0])][0] + re.escape(word) + _BORDERS[_kind(word[-1])][1]


def _kind(char: str) -> str:
    if not char.isascii():
        return ""
    return "letter" if char.isalpha() else "digit" if char.isdigit() else ""


_BORDERS = {
    "letter": (r"(?<![A-Za-z])", r"(?![A-Za-z])"),
    "digit": (r"(?<![A-Za-z0-9])(?<![0-9][.,])", r"(?![A-Za-z0-9]|[.,][0-9])"),
    "": ("", ""),
}
