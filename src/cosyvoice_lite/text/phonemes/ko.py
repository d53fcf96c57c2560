"""Korean: hangul → jamo as they are pronounced, by the rules of Standard Pronunciation (표준발음법).

Rules are numbered as the articles there. What letters alone don't tell comes first, as a respelling:
phrases (``ko_phrases``), then suffixes, endings and listed words (``ko_contexts``, ``ko_words``).
Other words are kept apart.
"""

import itertools
import re
import unicodedata

from cosyvoice_lite.text.phonemes.inventory import MARK_OF
from cosyvoice_lite.text.phonemes.ko_contexts import respelled
from cosyvoice_lite.text.phonemes.ko_phrases import phrased
from cosyvoice_lite.text.phonemes.ko_words import TENSE

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_CODAS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"

_INITIAL_NAMES = dict(
    zip(_INITIALS, "g kk n d tt r m b pp s ss  j jj ch k t p h".split(" "), strict=True)
)
_VOWEL_NAMES = dict(
    zip(
        _VOWELS,
        "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split(" "),
        strict=True,
    )
)
_CODA_NAMES = dict(zip("ㄱㄴㄷㄹㅁㅂㅇ", "k. n. t. l. m. p. ng.".split(" "), strict=True))
_LETTERS = re.compile(r"[가-힣]+|[ㄱ-ㅎㅏ-ㅣ]")
_LETTER_NAMES = dict(
    zip(
        "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ",
        "기역 쌍기역 니은 디귿 쌍디귿 리을 미음 비읍 쌍비읍 시옷 쌍시옷 이응 지읒 쌍지읒 치읓 키읔 "
        "티읕 피읖 히읗".split(" "),
        strict=True,
    )
)
_CLUSTERS = "ㄳㄱㅅ ㄵㄴㅈ ㄶㄴㅎ ㄺㄹㄱ ㄻㄹㅁ ㄼㄹㅂ ㄽㄹㅅ ㄾㄹㅌ ㄿㄹㅍ ㅀㄹㅎ ㅄㅂㅅ".split(
    " "
)
_LETTER_NAMES |= {c[0]: _LETTER_NAMES[c[1]] + _LETTER_NAMES[c[2]] for c in _CLUSTERS}

_SPLIT = {  # a cluster before a vowel: what stays, what moves (제14항)
    "ㄳ": "ㄱㅆ", "ㄵ": "ㄴㅈ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅆ", "ㄾ": "ㄹㅌ",
    "ㄿ": "ㄹㅍ", "ㅄ": "ㅂㅆ", "ㄶ": "ㄴ ", "ㅀ": "ㄹ ",
}  # fmt: skip
_FINAL = {  # the seven codas that are heard (제8~11항)
    **dict.fromkeys("ㄱㄲㅋㄳㄺ", "ㄱ"), **dict.fromkeys("ㄴㄵㄶ", "ㄴ"),
    **dict.fromkeys("ㄷㅅㅆㅈㅊㅌㅎ", "ㄷ"), **dict.fromkeys("ㄹㄼㄽㄾㅀ", "ㄹ"),
    **dict.fromkeys("ㅁㄻ", "ㅁ"), **dict.fromkeys("ㅂㅍㄿㅄ", "ㅂ"), "ㅇ": "ㅇ", " ": " ",
}  # fmt: skip
_ASPIRATED = dict(zip("ㄱㄷㅂㅈ", "ㅋㅌㅍㅊ", strict=True))
_NASAL = dict(zip("ㄱㄷㅂ", "ㅇㄴㅁ", strict=True))

_Jamo = list[str]  # initial, vowel, coda of a syllable; " " where there is none


def phonemes(text: str) -> list[str]:
    """The symbols of normalised Korean text; what is neither hangul nor punctuation is skipped."""
    symbols: list[str] = []
    end = 0
    text = phrased(unicodedata.normalize("NFC", text))
    for match in _LETTERS.finditer(text):
        symbols += [MARK_OF[char] for char in text[end : match.start()] if char in MARK_OF]
        for syllable in pronounce(match[0]):
            symbols += _symbols(syllable)
        end = match.end()
    return symbols + [MARK_OF[char] for char in text[end:] if char in MARK_OF]


def pronounce(word: str) -> list[_Jamo]:
    """The jamo of a word as they are heard: ``국물`` → ㄱㅜㅇ ㅁㅜㄹ."""
    word = _LETTER_NAMES.get(word, word)
    if word in _VOWELS:
        return [["ㅇ", word, " "]]
    syllables = [_jamo(char) for char in respelled(word)]
    for here, after in itertools.pairwise(syllables):
        _join(here, after)
    for syllable in syllables:
        syllable[2] = _FINAL[syllable[2]]
    for here, after in itertools.pairwise(syllables):
        _assimilate(here, after)
    return [_simple_vowel(syllable, at) for at, syllable in enumerate(syllables)]


def _jamo(char: str) -> _Jamo:
    initial, rest = divmod(ord(char) - ord("가"), 21 * 28)
    vowel, coda = divmod(rest, 28)
    return [_INITIALS[initial], _VOWELS[vowel], _CODAS[coda]]


def _join(here: _Jamo, after: _Jamo) -> None:
    """What a coda and the next initial do to each other before codas are simplified."""
    coda, initial = here[2], after[0]
    if initial == "ㅇ":
        _move_coda(here, after)
    elif coda in "ㅎㄶㅀ" and initial in _ASPIRATED:  # 제12항: 좋고 → 조코
        here[2], after[0] = {"ㅎ": " ", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}[coda], _ASPIRATED[initial]
    elif coda in "ㅎㄶㅀ" and initial == "ㅅ":  # 닿소 → 다쏘
        here[2], after[0] = {"ㅎ": " ", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}[coda], "ㅆ"
    elif initial == "ㅎ" and coda != " " and (coda == "ㄼ" or _FINAL[coda] in "ㄱㄷㅂ"):
        # 제12항: 입학 → 이팍, 넓혀 → 널펴
        _aspirate(here, after)
    elif initial == "ㅎ" and coda == "ㄵ":
        here[2], after[0] = "ㄴ", "ㅊ"
    elif initial in TENSE and (_FINAL[coda] in "ㄱㄷㅂ" or coda in "ㄵㄻㄼㄾ") and coda != " ":
        after[0] = TENSE[initial]  # 제23·24·25항: 국밥 → 국빱, 앉고 → 안꼬


def _move_coda(here: _Jamo, after: _Jamo) -> None:
    """제13·14·17항: a coda becomes the initial of a following vowel; ㄷ ㅌ soften before 이 and 여."""
    coda = here[2]
    if coda in (" ", "ㅇ"):
        return
    stays, moves = tuple(_SPLIT[coda]) if coda in _SPLIT else (" ", coda)
    if coda == "ㅎ":
        stays, moves = " ", "ㅇ"
    elif moves == " ":
        stays, moves = " ", stays
    elif after[1] in "ㅣㅕ" and moves in "ㄷㅌ":
        moves = "ㅈ" if moves == "ㄷ" else "ㅊ"
    here[2], after[0] = stays, moves


def _aspirate(here: _Jamo, after: _Jamo) -> None:
    coda = here[2]
    if coda in _SPLIT:
        stays, moved = tuple(_SPLIT[coda])
        here[2], after[0] = stays, _ASPIRATED.get(moved, "ㅋ")
    elif coda in "ㅈㅊ" or (coda == "ㄷ" and after[1] in "ㅣㅕ"):
        here[2], after[0] = " ", "ㅊ"
    else:
        here[2], after[0] = " ", _ASPIRATED[_FINAL[coda]]


def _assimilate(here: _Jamo, after: _Jamo) -> None:
    """제18~20항: nasals and liquids colour their neighbours, once codas are the seven."""
    coda, initial = here[2], after[0]
    if coda in _NASAL and coda != " " and initial in "ㄴㅁㄹ":
        here[2] = _NASAL[coda]
        after[0] = "ㄴ" if initial == "ㄹ" else initial
    elif coda in "ㅁㅇ" and initial == "ㄹ":
        after[0] = "ㄴ"
    elif (coda, initial) in (("ㄴ", "ㄹ"), ("ㄹ", "ㄴ")):
        here[2], after[0] = "ㄹ", "ㄹ"


def _simple_vowel(syllable: _Jamo, at: int) -> _Jamo:
    """제5항: 져 is 저, 희 is 히, a later 의 is 이, 계 is 게."""
    initial, vowel, coda = syllable
    if vowel == "ㅕ" and initial in "ㅈㅉㅊ":
        vowel = "ㅓ"
    elif vowel == "ㅢ" and (initial != "ㅇ" or at):
        vowel = "ㅣ"
    elif vowel == "ㅖ" and initial not in "ㅇㄹ":
        vowel = "ㅔ"
    return [initial, vowel, coda]


def _symbols(syllable: _Jamo) -> list[str]:
    initial, vowel, coda = syllable
    names = [_INITIAL_NAMES[initial], _VOWEL_NAMES[vowel], _CODA_NAMES.get(coda, "")]
    return [f"ko:{name}" for name in names if name]
