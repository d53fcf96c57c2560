"""Mandarin: characters → initials, finals and tones as they are spoken.

Words come from rjieba, readings from pypinyin's phrase dictionary; what neither settles is decided
by the rules in ``zh_polyphones.py``. Then the tones change as they do in speech: 一 and 不, third tones
in a row, the neutral tone of particles and repeated verbs, and erhua melts into its syllable.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.phonemes.inventory import BREAK, IDS, MARK_OF
from cosyvoice_lite.text.phonemes.zh_neutral import neutral_syllables
from cosyvoice_lite.text.phonemes.zh_places import readings, regrouped
from cosyvoice_lite.text.phonemes.zh_polyphones import READERS, ruled_readings

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff〇]+")

_GRAMMATICAL = {("着", "uz"): "zhe5", ("了", "ul"): "le5"}
_REPEATED_VERBS = "看听说想试走问聊玩坐等找读写吃喝学笑猜谈摸尝歇动跳教帮"
_NO_ERHUA = "女婴幼少孤胎健男宠乞混低弃生产优育"  # these before 儿 leave it a syllable of its own
_ORDINAL_ONE = re.compile(
    r"(?<=[第十百千万零〇一二三四五六七八九初周])一|(?<=[零一二两三四五六七八九十]点)一(?![点下些样])|一(?=[二三四五六七八九零〇月号日楼一])"
    r"|一(?=点(?:[零〇二三四五六七八九]|一(?!点)))"
    r"|(?<=[零一二两三四五六七八九十]比)一(?![个些般])|一(?=比[零一二三四五六七八九]|数二)"
)

_INITIAL = re.compile(r"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcs])?")
_SPELLED = {"iu": "iou", "ui": "uei", "un": "uen", "ue": "ve", "ê": "E"}
_WITHOUT_INITIAL = {
    "yi": "i", "ya": "ia", "ye": "ie", "yao": "iao", "you": "iou", "yan": "ian", "yin": "in",
    "yang": "iang", "ying": "ing", "yong": "iong", "yo": "io", "yai": "iai", "yu": "v",
    "yue": "ve", "yuan": "van", "yun": "vn", "wu": "u", "wa": "ua", "wo": "uo", "wai": "uai",
    "wei": "uei", "wan": "uan", "wen": "uen", "wang": "uang", "weng": "ueng",
}  # fmt: skip
_PINYIN = re.compile(r"([a-zêüv]+?)(r?)([1-5]?)")


@dataclass(frozen=True)
class _Syllable:
    char: str
    pinyin: str  # without tone
    tone: int
    citation: int  # the tone before any change
    erhua: bool = False


def phonemes(text: str) -> list[str]:
    """The symbols of normalised Mandarin text; what is neither Han nor punctuation is skipped."""
    symbols: list[str] = []
    end = 0
    for match in _HAN.finditer(text):
        symbols += _marks(text[end : match.start()])
        words = _read(_simplified(match[0]))
        for number, word in enumerate(_spoken(words)):
            symbols += [BREAK] if number else []
            for syllable in word:
                symbols += _symbols(syllable)
        end = match.end()
    return symbols + _marks(text[end:])


def pinyin_phonemes(pinyin: str) -> list[str]:
    """The symbols of pinyin with tone digits or tone marks: ``ni3 hao3``, ``nǐ hǎo``, ``huar1``.

    Raises:
        TextError: a syllable is not Mandarin.
    """
    symbols: list[str] = []
    for written in re.split(r"[\s'’-]+", pinyin.strip().lower()):
        match = _PINYIN.fullmatch(_with_digit(written))
        name, erhua, tone = match.groups() if match else ("", "", "")
        if name == "e" and erhua:
            name, erhua = "er", ""
        try:
            symbols += _symbols(_Syllable("", name, int(tone or 5), 5, bool(erhua)))
        except TextError:
            raise TextError(f"{written!r} is not a pinyin syllable") from None
    return symbols


def _with_digit(syllable: str) -> str:
    """``hǎo`` → ``hao3``; a syllable that has its digit already stays."""
    plain, tone = "", ""
    for char in unicodedata.normalize("NFD", syllable.replace("u:", "ü")):
        found = "\u0304\u0301\u030c\u0300".find(char)
        if found < 0:
            plain += char
        else:
            tone = str(found + 1)
    return unicodedata.normalize("NFC", plain) + tone


def _marks(text: str) -> list[str]:
    return [MARK_OF[char] for char in text if char in MARK_OF]


def _symbols(syllable: _Syllable) -> list[str]:
    name = syllable.pinyin.replace("ü", "v")
    initial, final = "", _WITHOUT_INITIAL.get(name, "")
    if not final:
        initial = _INITIAL.match(name)[0]  # type: ignore[index]  # it may match nothing
        final = _final(initial, name[len(initial) :])
    parts = [part for part in (initial, final, "rr" if syllable.erhua else "") if part]
    symbols = [f"zh:{part}" for part in [*parts, str(syllable.tone)]]
    is_sound = bool(final) or initial in ("m", "n")
    if not is_sound or any(symbol not in IDS for symbol in symbols):
        raise TextError(f"{syllable.pinyin!r} is not a pinyin syllable")
    return symbols


def _final(initial: str, written: str) -> str:
    if initial in ("j", "q", "x") and written.startswith("u"):
        return "v" + written[1:]
    if written == "i" and initial in ("z", "c", "s"):
        return "ii"
    if written == "i" and initial in ("zh", "ch", "sh", "r"):
        return "iii"
    return _SPELLED.get(written, written)


def _simplified(han: str) -> str:
    """Traditional characters as simplified ones: the phrase dictionaries are better at those."""
    if all(_in_gb2312(char) for char in han):
        return han
    from wetext.utils import preprocess  # its table of characters, one for one

    simplified = str(preprocess(han, traditional_to_simple=True))
    return simplified if len(simplified) == len(han) else han


@functools.lru_cache(maxsize=8192)
def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _read(han: str) -> list[list[_Syllable]]:
    """Words of syllables as the dictionary and the rules read them, no tone changed yet."""
    import rjieba

    tagged = regrouped(rjieba.tag(han), "".join(READERS))
    settled = readings(tagged, READERS) | ruled_readings(han)
    words: list[list[_Syllable]] = []
    at = 0
    for word, tag in tagged:
        said = list(_word_readings(word))
        if (word, tag) in _GRAMMATICAL:
            said = [_GRAMMATICAL[word, tag]]
        if word[-1] == "个":
            said[-1] = "ge5"
        if word[0] == "子" and len(word) > 1:
            said[0] = "zi3"
        final = [len(word) - 1] if tag == "f" and word in "上里" and words else []
        for n in [*neutral_syllables(word), *final]:
            said[n] = said[n].rstrip("1234") + "5"
        said = [settled.get(at + n, reading) for n, reading in enumerate(said)]
        words.append([_syllable(c, r) for c, r in zip(word, said, strict=True) if r])
        at += len(word)
    return words


@functools.lru_cache(maxsize=4096)
def _word_readings(word: str) -> tuple[str, ...]:
    from pypinyin import Style, lazy_pinyin

    readings = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, errors=_unreadable)
    return tuple(readings)


def _unreadable(chars: str) -> Any:
    return [""] * len(chars)


def _syllable(char: str, reading: str) -> _Syllable:
    if char in "一不":
        reading = {"一": "yi1", "不": "bu4"}[char]
    tone = int(reading[-1]) if reading[-1].isdigit() else 5
    citation = int((_word_readings(char)[0] or "5")[-1]) if tone == 5 else tone
    return _Syllable(char, reading.rstrip("12345"), tone, citation)


def _spoken(words: list[list[_Syllable]]) -> Iterator[list[_Syllable]]:
    """Words with their tones changed; erhua and empty words gone."""
    flat = [syllable for word in words for syllable in word]
    flat = _neutral(_one_and_not(flat))
    rest = iter(flat)
    tuned = [[next(rest) for _ in word] for word in words]
    yield from filter(None, map(_erhua, _third_tones(tuned)))


def _one_and_not(syllables: list[_Syllable]) -> list[_Syllable]:
    text = "".join(syllable.char for syllable in syllables)
    digits = {match.start() for match in _ORDINAL_ONE.finditer(text)}
    return [
        replace(syllable, tone=_changed_tone(syllables, at))
        if syllable.char in "一不" and at not in digits
        else syllable
        for at, syllable in enumerate(syllables)
    ]


def _changed_tone(syllables: list[_Syllable], at: int) -> int:
    """The tone of 一 or 不 before its neighbour; neutral inside 看一看, 好不好."""
    here = syllables[at]
    after = syllables[at + 1] if at + 1 < len(syllables) else None
    if after is None:
        return here.tone
    one_by_one = at > 1 and syllables[at - 2].char == here.char == "一"
    if at and syllables[at - 1].char == after.char and not one_by_one:
        return 5
    if after.citation == 4:
        return 2
    return 4


def _neutral(syllables: list[_Syllable]) -> list[_Syllable]:
    changed = list(syllables)
    for at in range(1, len(syllables)):
        here, before = syllables[at], syllables[at - 1]
        if here.char == before.char and here.char in _REPEATED_VERBS:
            changed[at] = replace(here, tone=5)
    return changed


def _third_tones(words: list[list[_Syllable]]) -> list[list[_Syllable]]:
    """3 3 → 2 3: inside words first, then where one of two neighbouring words is short."""
    words = [_third_tones_of_word(word) for word in words if word]
    for at in range(len(words) - 1):
        here, after = words[at], words[at + 1]
        short = len(here) == 1 or len(after) == 1 or len(here) + len(after) <= 4
        if short and here[-1].tone == 3 and after[0].tone == 3:
            here[-1] = replace(here[-1], tone=2)
    return words


def _third_tones_of_word(word: list[_Syllable]) -> list[_Syllable]:
    tones = [syllable.tone for syllable in word]
    if tones == [3, 3, 3]:
        tones = [3, 2, 3] if _is_word(word[1:]) else [2, 2, 3]
    else:
        for at in range(len(tones) - 1):
            if tones[at] == tones[at + 1] == 3:
                tones[at] = 2
    return [replace(syllable, tone=tone) for syllable, tone in zip(word, tones, strict=True)]


def _is_word(syllables: list[_Syllable]) -> bool:
    import rjieba

    return len(rjieba.cut("".join(syllable.char for syllable in syllables))) == 1


def _erhua(word: list[_Syllable]) -> list[_Syllable]:
    if len(word) > 1 and word[-1].char == "儿" and word[-2].char not in _NO_ERHUA:
        return [*word[:-2], replace(word[-2], erhua=True)]
    return word
