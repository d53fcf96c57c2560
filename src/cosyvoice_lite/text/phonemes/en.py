"""English: words → ARPAbet with stress, from CMUdict; unknown words by parts, then by rules.

A word is looked up, then tried without its ending, then as a compound, then spelled if it has no
vowel or is an acronym in capitals, and at last read by letter-to-sound rules learnt from the
dictionary. Words that are written alike but spoken differently are told apart by the word before.
"""

import functools
import lzma
import re
import unicodedata
from importlib import resources

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.phonemes.inventory import BREAK, IDS, MARK_OF

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*['’]?|.", re.DOTALL)
_CONTEXT = (0, 1, -1, 2, -2, 3, -3, 4)  # neighbours of a letter, as build_en.py has them

_LETTERS = {
    "a": "EY1", "b": "B IY1", "c": "S IY1", "d": "D IY1", "e": "IY1", "f": "EH1 F", "g": "JH IY1",
    "h": "EY1 CH", "i": "AY1", "j": "JH EY1", "k": "K EY1", "l": "EH1 L", "m": "EH1 M",
    "n": "EH1 N", "o": "OW1", "p": "P IY1", "q": "K Y UW1", "r": "AA1 R", "s": "EH1 S",
    "t": "T IY1", "u": "Y UW1", "v": "V IY1", "w": "D AH1 B AH0 L Y UW0", "x": "EH1 K S",
    "y": "W AY1", "z": "Z IY1",
}  # fmt: skip
_HERE = {  # words of this field and of the day that the dictionary lacks
    "kubernetes": "K UW2 B ER0 N EH1 T IY0 Z", "nginx": "EH1 N JH IH0 N EH2 K S", "json": "JH EY1 S AH0 N",
    "postgresql": "P OW1 S T G R EH0 S K Y UW2 EH1 L", "oauth": "OW1 AO2 TH", "claude": "K L AO1 D",
    "cosyvoice": "K OW1 Z IY0 V OY2 S", "onnx": "AA1 N IH0 K S", "iphone": "AY1 F OW2 N",
    "ipad": "AY1 P AE2 D", "wifi": "W AY1 F AY2", "wechat": "W IY1 CH AE2 T", "github": "G IH1 T HH AH2 B",
    "youtube": "Y UW1 T UW2 B", "google": "G UW1 G AH0 L", "tiktok": "T IH1 K T AA2 K",
    "chatgpt": "CH AE1 T JH IY2 P IY1 T IY1", "online": "AO1 N L AY2 N", "ok": "OW2 K EY1",
    "app": "AE1 P", "apps": "AE1 P S", "blog": "B L AO1 G", "emoji": "IH0 M OW1 JH IY0",
    "covid": "K OW1 V IH0 D", "numpy": "N AH1 M P AY2", "mr": "M IH1 S T ER0", "ai": "EY1 AY1",
    "ios": "AY1 OW1 EH1 S", "openai": "OW1 P AH0 N EY1 AY1", "wi": "W AY1", "fi": "F AY1",
}  # fmt: skip
_TWINS = {  # word: (words before that call for the second reading, first, second)
    "read": ("have has had having i've was were been be be're already just he she", "R IY1 D", "R EH1 D"),
    "live": ("a the this that our your his her its their with on", "L IH1 V", "L AY1 V"),
    "lives": ("our their your my his her many the of human their people's nine", "L IH1 V Z", "L AY1 V Z"),
    "lead": ("of made", "L IY1 D", "L EH1 D"),
    "wind": ("to will can must i you we they", "W IH1 N D", "W AY1 N D"),
    "tear": ("to will can don't", "T IH1 R", "T EH1 R"),
    "close": ("very so too be is are was were how come get stay", "K L OW1 Z", "K L OW1 S"),
    "use": ("the a no of any this that its in what", "Y UW1 Z", "Y UW1 S"),
    "record": ("to will can i we you they should must not", "R EH1 K ER0 D", "R AH0 K AO1 R D"),
    "present": ("to will can i we you they should must", "P R EH1 Z AH0 N T", "P R IY0 Z EH1 N T"),
    "object": ("to will i we you they should don't", "AA1 B JH EH0 K T", "AH0 B JH EH1 K T"),
    "project": ("to will we they i", "P R AA1 JH EH0 K T", "P R AH0 JH EH1 K T"),
    "produce": ("the fresh local of organic", "P R AH0 D UW1 S", "P R OW1 D UW0 S"),
    "content": ("be is are am was were feel", "K AA1 N T EH0 N T", "K AH0 N T EH1 N T"),
    "desert": ("to will not never", "D EH1 Z ER0 T", "D IH0 Z ER1 T"),
    "minute": ("very so how", "M IH1 N AH0 T", "M AY0 N UW1 T"),
    "bass": ("sea striped", "B EY1 S", "B AE1 S"),
    "dove": ("he she they i we it then", "D AH1 V", "D OW1 V"),
    "house": ("to will can must", "HH AW1 S", "HH AW1 Z"),
    "permit": ("a the your this no", "P ER0 M IH1 T", "P ER1 M IH2 T"),
    "refuse": ("the of household", "R AH0 F Y UW1 Z", "R EH1 F Y UW2 Z"),
    "excuse": ("an the no any my your his her", "IH0 K S K Y UW1 Z", "IH0 K S K Y UW1 S"),
    "increase": ("an the this any big", "IH0 N K R IY1 S", "IH1 N K R IY2 S"),
    "contract": ("to will may", "K AA1 N T R AE2 K T", "K AH0 N T R AE1 K T"),
}  # fmt: skip
_BEFORE_VOWEL = {"the": "DH IY0", "a": "AH0", "to": "T UW0"}
_WEAK = {"the": "DH AH0", "a": "AH0", "an": "AE0 N", "to": "T AH0", "and": "AH0 N D", "of": "AH1 V"}
_VOWEL = re.compile(r"[AEIOU]")
_VOICELESS = frozenset("P T K F TH".split())
_SIBILANT = frozenset("S Z SH ZH CH JH".split())


def phonemes(text: str) -> list[str]:
    """The symbols of normalised English text; letters of other scripts are transliterated."""
    symbols: list[str] = []
    tokens = _TOKEN.findall(_latin(text))
    for at, token in enumerate(tokens):
        if token[0].isalpha():
            symbols += [BREAK] if symbols and symbols[-1][:3] == "en:" else []
            word = _word(token, _neighbour(tokens, at, -2), _neighbour(tokens, at, 2))
            symbols += [f"en:{phone}" for phone in word]
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
    found = (word for word, read in _data()[0].items() if _unstressed(read) == wanted)
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
        return "".join(
            c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)
        )
    import anyascii

    return "".join(
        str(anyascii.anyascii(c)) if c.isalpha() and not c.isascii() else c for c in text
    )


_KEEP = {ord("…"): "…", ord("’"): "'", ord("‘"): "'"}


def _word(written: str, before: str, following: str) -> list[str]:
    word = written.replace("’", "'").strip("'").lower()
    if word in _WEAK and not (written == "A" and _is_the_letter(before, following)):
        vowel = following.lower()[:1] in tuple("aeiou")
        return (_BEFORE_VOWEL if vowel and word in _BEFORE_VOWEL else _WEAK)[word].split()
    if word in _TWINS:
        triggers, first, second = _TWINS[word]
        return (second if before.lower() in triggers.split() else first).split()
    if _is_acronym(written, word):
        return _spelled(word)
    return _read(word)


def _is_the_letter(before: str, following: str) -> bool:
    """Whether a capital A is the letter: Vitamin A is; not where a sentence or title has it."""
    if not following or (len(following) == 1 and following.isupper() and following != "I"):
        return True
    return following.islower() and (bool(before) or following in _AFTER_THE_LETTER)


_AFTER_THE_LETTER = frozenset("is was and or to".split())


def _is_acronym(written: str, word: str) -> bool:
    """Capitals that no dictionary reads as a word, and what has no vowel, is spelled out."""
    if len(written) == 1:
        return True
    known = _in_dictionary(word)
    if written.isupper() and len(written) <= 5:
        return not known or (len(written) <= 3 and word not in _SPOKEN_CAPITALS)
    return not known and not re.search("[aeiouy]", word)


_SPOKEN_CAPITALS = frozenset(
    "the and for not you all can her was one our out day get has him his how man new now old see "
    "two way who boy did its let put say she too use yes big red hot sun top aid it is in on at to "
    "of or so do go he me my no up us we be by if am an as war sos pin sim ram rom gif gps".split()
) - frozenset(["us", "it", "sos", "gps"])  # U S, I T, S O S and G P S are letters


def _spelled(word: str) -> list[str]:
    return [phone for letter in word for phone in _LETTERS.get(letter, "").split()]


def _in_dictionary(word: str) -> bool:
    return word in _HERE or word in _data()[0]


@functools.lru_cache(maxsize=8192)
def _phones(word: str) -> str:
    return _HERE.get(word) or _data()[0].get(word, "")


def _read(word: str) -> list[str]:
    known = _phones(word)
    if known:
        return known.split()
    return _without_ending(word) or _compound(word) or _by_rules(word)


def _without_ending(word: str) -> list[str]:
    """Known stems with 's, s, ed, ing, ly, ness, er, un- and re-."""
    if "'" in word:
        stem, _, ending = word.rpartition("'")
        parts = {"s": "", "ll": "AH0 L", "re": "ER0", "ve": "V", "d": "D", "m": "M", "t": "T"}
        stem_phones = _read(stem) if stem else []
        return (
            _plural(stem_phones)
            if ending in ("s", "")
            else [*stem_phones, *parts.get(ending, "").split()]
        )
    for ending, phones in (("ing", "IH0 NG"), ("ly", "L IY0"), ("ness", "N AH0 S"), ("er", "ER0")):
        stem = word.removesuffix(ending)
        if stem != word:
            for base in (stem, stem + "e", stem[:-1] if stem[-1:] == stem[-2:-1] else ""):
                if len(base) > 2 and _phones(base):
                    return [*_phones(base).split(), *phones.split()]
    if word.endswith("s") and _phones(word[:-1]):
        return _plural(_phones(word[:-1]).split())
    for base in (word[:-2], word[:-1]):
        if word.endswith("ed") and len(base) > 2 and _phones(base):
            return _past(_phones(base).split())
    for beginning, phones in (
        ("un", "AH0 N"),
        ("re", "R IY0"),
        ("non", "N AA0 N"),
        ("pre", "P R IY0"),
    ):
        stem = word.removeprefix(beginning)
        if stem != word and len(stem) > 3 and _phones(stem):
            return [*phones.split(), *_phones(stem).split()]
    return []


def _plural(phones: list[str]) -> list[str]:
    last = phones[-1] if phones else ""
    if last in _SIBILANT:
        return [*phones, "IH0", "Z"]
    return [*phones, "S" if last in _VOICELESS else "Z"]


def _past(phones: list[str]) -> list[str]:
    last = phones[-1]
    if last in ("T", "D"):
        return [*phones, "IH0", "D"]
    return [*phones, "T" if last in _VOICELESS or last in ("S", "SH", "CH") else "D"]


def _compound(word: str) -> list[str]:
    """Two known words of at least three letters, the second one with its stress weakened."""
    for cut in range(len(word) - 3, 2, -1):
        first, second = _phones(word[:cut]), _phones(word[cut:])
        if first and second:
            return [*first.split(), *second.replace("1", "2").split()]
    return []


def _by_rules(word: str) -> list[str]:
    rules = _data()[1]
    padded = f"####{word}####"
    phones: list[str] = []
    for at in range(4, len(word) + 4):
        key = "".join(padded[at + offset] for offset in _CONTEXT)
        phones += next(
            (rules[key[:n]] for n in range(len(key), 0, -1) if key[:n] in rules), ""
        ).split()
    return _one_stress(phones)


def _one_stress(phones: list[str]) -> list[str]:
    """Exactly one primary stress: the first that the rules gave, else the first vowel."""
    places = [at for at, phone in enumerate(phones) if phone[-1].isdigit()]
    if not places:
        return phones
    main = next((at for at in places if phones[at][-1] == "1"), places[0])
    return [
        phone[:-1] + ("1" if at == main else phone[-1].replace("1", "2")) if at in places else phone
        for at, phone in enumerate(phones)
    ]


@functools.cache
def _data() -> tuple[dict[str, str], dict[str, str]]:
    """The dictionary and the letter-to-sound rules, unpacked on first use."""
    packed = resources.files("cosyvoice_lite.text.phonemes").joinpath("data/en.txt.xz").read_bytes()
    words, _, rules = lzma.decompress(packed).decode("utf-8").partition("\n\n")
    tables = [dict(line.split("\t") for line in part.split("\n")) for part in (words, rules)]
    return tables[0], tables[1]
