"""English words as the dictionary has them: CMUdict, words of this field, and rules for the rest.

A word is looked up, then tried without its ending, then as a compound, and at last read by
letter-to-sound rules learnt from the dictionary.
"""

import functools
import lzma
from importlib import resources

_CONTEXT = (0, 1, -1, 2, -2, 3, -3, 4)  # neighbours of a letter, as build_en.py has them
_HERE = {  # words of this field and of the day that the dictionary lacks
    "kubernetes": "K UW2 B ER0 N EH1 T IY0 Z", "nginx": "EH1 N JH IH0 N EH2 K S", "json": "JH EY1 S AH0 N",
    "postgresql": "P OW1 S T G R EH0 S K Y UW2 EH1 L", "oauth": "OW1 AO2 TH", "claude": "K L AO1 D",
    "cosyvoice": "K OW1 Z IY0 V OY2 S", "onnx": "AA1 N IH0 K S", "iphone": "AY1 F OW2 N",
    "ipad": "AY1 P AE2 D", "wifi": "W AY1 F AY2", "wechat": "W IY1 CH AE2 T", "github": "G IH1 T HH AH2 B",
    "youtube": "Y UW1 T UW2 B", "google": "G UW1 G AH0 L", "tiktok": "T IH1 K T AA2 K",
    "chatgpt": "CH AE1 T JH IY2 P IY1 T IY1", "online": "AO1 N L AY2 N", "ok": "OW2 K EY1",
    "app": "AE1 P", "apps": "AE1 P S", "blog": "B L AO1 G", "emoji": "IH0 M OW1 JH IY0",
    "covid": "K OW1 V IH0 D", "numpy": "N AH1 M P AY2", "mr": "M IH1 S T ER0", "ai": "EY1 AY1",
    "py": "P AY1", "spacex": "S P EY1 S EH1 K S", "arxiv": "AA1 R K AY2 V", "wav": "W EY1 V", "jpeg": "JH EY1 P EH2 G", "gif": "G IH1 F", "nand": "N AE1 N D", "cuda": "K UW1 D AH0", "fomo": "F OW1 M OW0",
    "invalid": "IH0 N V AE1 L AH0 D", "houses": "HH AW1 Z AH0 Z", "lidar": "L AY1 D AA2 R", "sql": "EH1 S K Y UW1 EH1 L", "elon": "IY1 L AA0 N", "kamala": "K AA1 M AH0 L AH0",
    "ios": "AY1 OW1 EH1 S", "openai": "OW1 P AH0 N EY1 AY1", "wi": "W AY1", "fi": "F AY1",
}  # fmt: skip
_VOICELESS = frozenset("P T K F TH".split())
_SIBILANT = frozenset("S Z SH ZH CH JH".split())


def in_dictionary(word: str) -> bool:
    return word in _HERE or word in data()[0]


@functools.lru_cache(maxsize=8192)
def _phones(word: str) -> str:
    return _HERE.get(word) or data()[0].get(word, "")


def read(word: str) -> list[str]:
    known = _phones(word)
    if known:
        return known.split()
    return _without_ending(word) or _compound(word) or _by_rules(word)


def _without_ending(word: str) -> list[str]:
    """Known stems with 's, s, ed, ing, ly, ness, er, un- and re-."""
    if "'" in word:
        stem, _, ending = word.rpartition("'")
        parts = {"s": "", "ll": "AH0 L", "re": "ER0", "ve": "V", "d": "D", "m": "M", "t": "T"}
        stem_phones = read(stem) if stem else []
        return (
            plural(stem_phones)
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
        return plural(_phones(word[:-1]).split())
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


def plural(phones: list[str]) -> list[str]:
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
    rules = data()[1]
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
def data() -> tuple[dict[str, str], dict[str, str]]:
    """The dictionary and the letter-to-sound rules, unpacked on first use."""
    packed = resources.files("cosyvoice_lite.text.phonemes").joinpath("data/en.txt.xz").read_bytes()
    words, _, rules = lzma.decompress(packed).decode("utf-8").partition("\n\n")
    tables = [dict(line.split("\t") for line in part.split("\n")) for part in (words, rules)]
    return tables[0], tables[1]
