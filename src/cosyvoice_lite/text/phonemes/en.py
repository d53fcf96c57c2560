"""English: words → ARPAbet with stress.

Small words are weak, words that are written alike are told apart by their neighbours, initials are
spelled; all others are read as the dictionary has them.
"""

import re
import unicodedata

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.phonemes.en_capitals import is_acronym, is_shouted, parts
from cosyvoice_lite.text.phonemes.en_dictionary import data, in_dictionary, plural, read
from cosyvoice_lite.text.phonemes.en_heteronyms import heteronym
from cosyvoice_lite.text.phonemes.en_names import NAMES, name
from cosyvoice_lite.text.phonemes.inventory import BREAK, IDS, MARK_OF

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*['’]?|.", re.DOTALL)

_LETTERS = {
    "a": "EY1", "b": "B IY1", "c": "S IY1", "d": "D IY1", "e": "IY1", "f": "EH1 F", "g": "JH IY1",
    "h": "EY1 CH", "i": "AY1", "j": "JH EY1", "k": "K EY1", "l": "EH1 L", "m": "EH1 M",
    "n": "EH1 N", "o": "OW1", "p": "P IY1", "q": "K Y UW1", "r": "AA1 R", "s": "EH1 S",
    "t": "T IY1", "u": "Y UW1", "v": "V IY1", "w": "D AH1 B AH0 L Y UW0", "x": "EH1 K S",
    "y": "W AY1", "z": "Z IY1",
}  # fmt: skip
_BEFORE_VOWEL = {"the": "DH IY0", "a": "AH0", "to": "T UW0"}
_WEAK = {"the": "DH AH0", "a": "AH0", "an": "AE0 N", "to": "T AH0", "and": "AH0 N D", "of": "AH1 V"}
_FRENCH = {
    "pate": "P AA0 T EY1", "resume": "R EH1 Z AH0 M EY2", "lame": "L AA0 M EY1",
    "mate": "M AA1 T EY2", "expose": "EH2 K S P OW0 Z EY1",
}  # fmt: skip
_REACH = 9  # words to either side that tell heteronyms apart
_SENTENCE = 60  # tokens to either side that are looked at for small letters


def phonemes(text: str) -> list[str]:
    """The symbols of normalised English text; letters of other scripts are transliterated."""
    symbols: list[str] = []
    tokens = _TOKEN.findall(_latin(text))
    for at, token in enumerate(tokens):
        if token[0].isalpha():
            symbols += [BREAK] if symbols and symbols[-1][:3] == "en:" else []
            symbols += [f"en:{phone}" for phone in _word(tokens, at)]
        elif token in MARK_OF:
            symbols.append(MARK_OF[token])
    return symbols


def arpabet_phonemes(arpabet: str) -> list[str]:
    """The symbols of ARPAbet written out: ``HH AH0 L OW1``; a vowel without stress has none.

    Raises:
        TextError: a phone is not ARPAbet.
    """
    symbols = []
    for phone in arpabet.upper().split():
        symbol = next((s for s in (f"en:{phone}", f"en:{phone}0") if s in IDS), None)
        if symbol is None:
            raise TextError(f"{phone!r} is not an ARPAbet phone")
        symbols.append(symbol)
    return symbols


def homophones(phones: list[str]) -> list[str]:
    """The dictionary's words that sound like ``phones``, whatever their stress; shortest first."""
    wanted = _unstressed(" ".join(phones))
    found = (word for word, read in data()[0].items() if _unstressed(read) == wanted)
    return sorted((word for word in found if word.isalpha()), key=len)


def _unstressed(phones: str) -> str:
    return phones.translate(_NO_DIGITS)


_NO_DIGITS = str.maketrans("", "", "012")


def _neighbour(tokens: list[str], at: int, step: int) -> str:
    """The word before or after, if only a blank stands between."""
    there = at + step
    if not 0 <= there < len(tokens) or tokens[at + step // 2] != " ":
        return ""
    return tokens[there] if tokens[there][0].isalpha() else ""


def _latin(text: str) -> str:
    """Accents dropped, full-width letters narrowed, other scripts transliterated."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text.translate(_KEEP))
    if all(ord(char) < 0x250 or char in MARK_OF or not char.isalpha() for char in text):
        return "".join(part if part == "é" else _bare(part) for part in _FINAL_ACUTE.split(text))
    import anyascii

    return "".join(
        str(anyascii.anyascii(c)) if c.isalpha() and not c.isascii() else c for c in text
    )


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


_FINAL_ACUTE = re.compile(r"(?<=[^\W\d_])(é)(?=s?(?![^\W\d_]))")
_KEEP = {ord("…"): "…", ord("’"): "'", ord("‘"): "'"}


def _word(tokens: list[str], at: int) -> list[str]:
    written = tokens[at].replace("’", "'").strip("'")
    word = written.lower()
    before, following = _neighbour(tokens, at, -2), _neighbour(tokens, at, 2)
    if word in _WEAK and not (written == "A" and _is_the_letter(before, following)):
        vowel = following.lower()[:1] in tuple("aeiou")
        return (_BEFORE_VOWEL if vowel and word in _BEFORE_VOWEL else _WEAK)[word].split()
    told_apart = _told_apart(tokens, at, written)
    if told_apart is not None:
        return told_apart.split()
    if is_acronym(written, word, in_dictionary, shouted=_is_shouted(tokens, at, before)):
        return _spelled(word)
    return _by_case(written)


def _told_apart(tokens: list[str], at: int, written: str) -> str | None:
    if written in NAMES:
        line = "".join(tokens[max(0, at - _SENTENCE) : at])
        return name(written, line, _context(tokens, at, -1), _context(tokens, at, 1))
    word = written.lower()
    return heteronym(word, lambda: _context(tokens, at, -1), lambda: _context(tokens, at, 1))


def _context(tokens: list[str], at: int, step: int) -> str:
    """The words before or after, as far as only blanks and hyphens stand between."""
    found: list[str] = []
    there = at + 2 * step
    while 0 <= there < len(tokens) and len(found) < _REACH:
        if tokens[there - step] not in " -" or not tokens[there][0].isalpha():
            break
        found.append(tokens[there].replace("’", "'").lower())
        there += 2 * step
    return " ".join(found[::step])


def _is_shouted(tokens: list[str], at: int, before: str) -> bool:
    if not tokens[at].isupper() or (tokens[at] == "US" and before in ("", "THE")):
        return False
    start, end = at, at
    while start > max(0, at - _SENTENCE) and tokens[start - 1] not in ".!?\n":
        start -= 1
    while end < min(len(tokens), at + _SENTENCE) and tokens[end] not in ".!?\n":
        end += 1
    return is_shouted([t for t in tokens[start:end] if t[0].isalpha()], in_dictionary)


def _by_case(written: str) -> list[str]:
    """A word that is cut where its case changes, unless the dictionary has it."""
    word = written.lower()
    if word.endswith("'s") and not in_dictionary(word):
        return plural(_part(written[:-2]))
    known = in_dictionary(word) or in_dictionary(word.removesuffix("s"))
    cut = [written] if known else parts(written)
    if len(cut) == 1:
        return _accented(word) if "é" in word else read(word)
    phones: list[str] = []
    for number, part in enumerate(cut):
        if part == "s" and number == len(cut) - 1:
            phones = plural(phones)
        elif phones and not part.isupper():
            phones += [phone.replace("1", "2") for phone in _part(part)]
        else:
            phones += _part(part)
    return phones


def _part(written: str) -> list[str]:
    word = written.lower()
    spelled = is_acronym(written, word, in_dictionary, shouted=False)
    return _spelled(word) if spelled else _by_case(written)


def _accented(word: str) -> list[str]:
    """A French é at the end is a syllable of its own."""
    plain = word.replace("é", "e")
    known = _FRENCH.get(plain.removesuffix("s"), "").split() or read(plain.removesuffix("s"))
    said = (
        known if known and known[-1][:2] == "EY" else [*(p.replace("1", "2") for p in known), "EY1"]
    )
    return plural(said) if plain.endswith("s") else said


def _is_the_letter(before: str, following: str) -> bool:
    """Whether a capital A is the letter: Vitamin A is; not where a sentence or title has it."""
    if not following or (len(following) == 1 and following.isupper()):
        return True
    return following.islower() and (bool(before) or following in _AFTER_THE_LETTER)


_AFTER_THE_LETTER = frozenset("is was and or to".split())


def _spelled(word: str) -> list[str]:
    return [phone for letter in word for phone in _LETTERS.get(letter, "").split()]
