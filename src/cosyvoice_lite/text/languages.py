"""Which language each stretch of a text is in: zh, yue, en, ja or ko, by script and evidence.

Kana, hangul and Latin letters speak for themselves. Han characters are shared by three languages,
so a run of them is decided by what it holds (a character that only one country's standard has, a
Cantonese particle, a Chinese function word), then by its sentence, then by the whole text.
Everything that has no language, such as digits and symbols, takes that of its neighbours: in a
sentence with Han, kana or hangul numbers are read in that language, not in that of a Latin word.
"""

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cosyvoice_lite.text.normalizers.addresses import NAME
from cosyvoice_lite.text.normalizers.durations import DURATION

LANGUAGES = ("zh", "en", "ja", "ko", "yue")
"""The languages that CosyVoice-300M speaks."""

_HAN_LANGUAGES = ("zh", "yue", "ja")

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇々〆"
KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
LATIN = "A-Za-zＡ-Ｚａ-ｚ\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"

_UNITS = (
    "km/h|m/s|km[²2]?|[cm]?m[²³23]?|mm|nm|kg|mg|g|t|m[lL]|[lL]|kWh|[kM]?W|mAh|k?V|A|[kMG]?Hz|dB|h?Pa|kPa|"
    "[kKMGT]B|k?cal|ms|min|h|s|px|fps|ha|mph|rpm|ft|lb"
)
_NEUTRAL = (  # Latin letters that belong to a number or a symbol beside them, not to English
    r"https?://[A-Za-z0-9_./?=&%#:~+\-]+|www\.[A-Za-z0-9_./?=&%#:~+\-]+"
    r"|[A-Za-z0-9_.+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+"
    rf"|{NAME}|{DURATION}"
    rf"|(?<![A-Za-z])[0-9][0-9.,]*\s?(?:{_UNITS})(?![A-Za-z0-9])|[0-9]{{17}}[Xx]"
    rf"|(?:(?<=[元块塊蚊]/)|(?<=[0-9][A-Za-z]/)|(?<=[0-9][A-Za-z]{{2}}/))(?:{_UNITS})(?![A-Za-z0-9])"
    r"|(?:US|HK|NT)(?=\$)|(?:RMB|USD|HKD|CNY)(?= ?[0-9])|(?<![A-Za-z])(?:N[oO]|[Vv]er)\.? ?(?=[0-9])|[0-9]w(?=[\u4e00-\u9fff+])|°[CF]|[0-9]:[0-9]{2} ?[AaPp]\.?[Mm]\b"
    r"|(?<![A-Za-z0-9])[A-Z]{1,3}-?[0-9]{3,}(?![0-9.])|(?<![A-Za-z0-9-])[A-Za-z]+-[0-9]+(?![0-9A-Za-z.])"
    r"|(?<=第)[IVX]+|(?<![A-Za-z])[IVX]+(?=[章节節卷部世级級장부세])|(?<=[0-9])[xX](?=[0-9])"
)
_RUN = re.compile(
    rf"(?P<none>{_NEUTRAL})|(?P<han>[{HAN}]+)|(?P<ja>[{KANA}]+)|(?P<ko>[{HANGUL}]+)"
    rf"|(?P<en>[{LATIN}][{LATIN}'’\-]*(?:(?: +|/)[{LATIN}][{LATIN}'’\-]*)*)"
)
_CLAUSE_END = re.compile(r"(?<=[，、；;])(?=.)|(?<=, )(?=.)")  # never inside 1,024
_REACH = 40  # runs to either side that may decide about a number
_SENTENCE = re.compile(  # a query of an address, x?id=1, ends none
    r"(?:[^。！？!?\n]+|[!?](?=[0-9A-Za-z_=&%#/.+~\-]))*[。！？!?\n]*"
)
_HANGUL_ANYWHERE = re.compile(rf"[{HANGUL}]")
_KANA_ANYWHERE = re.compile(rf"[{KANA}]")
_HAN_ANYWHERE = re.compile(rf"[{HAN}]")
_LATIN_ANYWHERE = re.compile(rf"[{LATIN}]")

_CANTONESE = re.compile(
    "[嘅咗喺唔佢哋冇啲嗰嚟咁乜嘢噉咩喎囉啫嘞噃吖㗎瞓攞諗嬲冚黐睇畀嘥氹搵嘥攰靚啩咋嗌𠻺]"
    "|(?<![關関关干])係(?![數数長争爭累])"
    "|呢[個啲度件本位間條隻次種]|點解|邊度|邊個|邊位|而家|聽日|琴日|尋日|返工|返學|放工|飲茶|食飯|食咗|幾多|鍾意|唞|得閒|傾偈|屋企|細路"
)
_CHINESE = re.compile(
    "[你您她们們吗嗎吧呢嘛哪这這谁誰怎么麼没沒给很吃喝咱俩]|我(?!々)|的(?=[\u4e00-\u9fff])|不是|什"
)


@dataclass(frozen=True)
class Span:
    """A stretch of text in one language; the spans of a text, joined, are the text."""

    text: str
    language: str


def spans(text: str, language: str | None = None, default: str | None = None) -> list[Span]:
    """Cut ``text`` by language.

    ``language`` decides about Han characters whatever they look like, ``default`` only where the
    text has no evidence. Neither overrules a script: kana stay Japanese, hangul Korean and Latin
    words English.
    """
    if not text:
        return []
    single = _single_language(text, language, default)
    if single:
        return [Span(text, single)]
    runs = [run for sentence in _sentences(text) for run in _sentence_runs(sentence)]
    return _joined(_resolve(text, runs, language, default))


def main_language(pieces: Iterable[Span]) -> str:
    """The language of most of some spans; a Han character weighs as much as three letters."""
    weights: dict[str, int] = {}
    for piece in pieces:
        weight = len(piece.text.encode("utf-8", "replace"))  # one a letter, three a character
        weights[piece.language] = weights.get(piece.language, 0) + weight
    return max(weights, key=lambda language: weights[language])


def _single_language(text: str, language: str | None, default: str | None) -> str | None:
    """The language of a text that needs no cutting, which is most texts."""
    han = _HAN_ANYWHERE.search(text)
    latin = _LATIN_ANYWHERE.search(text)
    kana, hangul = _KANA_ANYWHERE.search(text), _HANGUL_ANYWHERE.search(text)
    if hangul:
        return None if han or latin or kana else "ko"
    if kana:
        mixed = latin or language in ("zh", "yue") or _only_in_china(text) or _CHINESE.search(text)
        return None if mixed else "ja"
    if han and latin:
        return None
    wished = language or default or "en"
    if not han:
        return "en" if latin and wished == "en" else None if latin else wished
    return language if language in _HAN_LANGUAGES else _han_language(text, default)


def _han_language(text: str, default: str | None) -> str:
    if _CANTONESE.search(text):
        return "yue"
    if _only_in_china(text) or _CHINESE.search(text):
        return default if default == "yue" else "zh"
    if _only_in_japan(text):
        return "ja"
    return default if default in _HAN_LANGUAGES else "zh"


@functools.lru_cache(maxsize=8192)
def _standards(char: str) -> tuple[bool, bool, bool]:
    """Whether the character sets of mainland China, Taiwan and Japan have a character."""
    return _encodable(char, "gb2312"), _encodable(char, "big5"), _encodable(char, "euc_jp")


def _encodable(char: str, codec: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _only_in_china(text: str) -> bool:
    return any(_standards(char) == (True, False, False) for char in set(text))


def _only_in_japan(text: str) -> bool:
    return any(_standards(char) == (False, False, True) for char in set(text))


@dataclass(frozen=True)
class _Sentence:
    """What a sentence shows as a whole, looked up once."""

    cantonese: bool
    kana: bool


@dataclass(frozen=True)
class _Run:
    text: str
    script: str  # a language, "han", or "" where the text has none
    sentence: _Sentence


def _sentences(text: str) -> Iterator[str]:
    yield from filter(None, _SENTENCE.findall(text))


def _sentence_runs(text: str) -> Iterator[_Run]:
    sentence = _Sentence(bool(_CANTONESE.search(text)), bool(_KANA_ANYWHERE.search(text)))
    end = 0
    for match in _RUN.finditer(text):
        for gap in _clauses(text[end : match.start()]):
            yield _Run(gap, "", sentence)
        script = "" if match.lastgroup == "none" else str(match.lastgroup)
        yield _Run(match[0], script, sentence)
        end = match.end()
    if end < len(text):
        yield _Run(text[end:], "", sentence)


def _clauses(gap: str) -> list[str]:
    """What stands between words, cut behind the marks that end a clause."""
    return [part for part in _CLAUSE_END.split(gap) if part]


def _resolve(text: str, runs: list[_Run], hint: str | None, default: str | None) -> list[Span]:
    texture = _texture(text) or (default if default in _HAN_LANGUAGES else None)
    languages: list[str | None] = [
        _run_language(run, texture, hint) if run.script else None for run in runs
    ]
    latest = next(filter(None, languages), None) or hint or default or "en"
    found: list[Span] = []
    for at, run in enumerate(runs):
        language = languages[at] or _neutral_language(languages, runs, at, hint or default)
        latest = language or latest
        found.append(Span(run.text, latest))
    return found


def _texture(text: str) -> str | None:
    """What Han characters without evidence are in this text, as far as the rest of it tells."""
    if _CANTONESE.search(text):
        return "yue"
    if _KANA_ANYWHERE.search(text) and not _only_in_china(text):
        return "ja"
    return None


def _run_language(run: _Run, texture: str | None, hint: str | None) -> str:
    if run.script != "han":
        return run.script
    if hint in _HAN_LANGUAGES:
        return hint
    if run.sentence.cantonese and not run.sentence.kana:
        return "yue"
    if _only_in_china(run.text) or _CHINESE.search(run.text):
        return "yue" if texture == "yue" and not _only_in_china(run.text) else "zh"
    if run.sentence.kana or _only_in_japan(run.text):
        return "ja"
    return texture or "zh"


def _neutral_language(
    languages: list[str | None], runs: list[_Run], at: int, hint: str | None
) -> str | None:
    """The language of what has none: its neighbours', where those differ the one that is not Latin.

    Only neighbours in the sentence count; a lone number between English words stays English. None
    where the sentence has no language at all.
    """
    before = _neighbour(languages, runs, at, -1)
    after = _neighbour(languages, runs, at, +1)
    if before and after is None and _CLAUSE_END.search(runs[at].text + "."):
        return before
    if before == after or after is None:
        found = before
    elif runs[at].text[0] == runs[at].text[-1] == " " and "en" in (before, after):
        found = _first_language(languages, runs, at)
    elif before is None or before == "en" or (after != "en" and not runs[at].text[-1:].isspace()):
        found = after
    else:
        found = before
    glued = before is None or after is None or runs[at].text.strip() == runs[at].text
    if found == "en" and glued:
        found = _sentence_language(languages, runs, at) or hint or found
    return found


def _first_language(languages: list[str | None], runs: list[_Run], at: int) -> str | None:
    """The language that the sentence begins with."""
    start = at
    while start > max(0, at - _REACH) and runs[start - 1].sentence is runs[at].sentence:
        start -= 1
    return next((found for found in languages[start : at + 2] if found), None)


def _neighbour(languages: list[str | None], runs: list[_Run], at: int, step: int) -> str | None:
    there = at + step
    inside = 0 <= there < len(runs) and runs[there].sentence is runs[at].sentence
    return languages[there] if inside else None


def _sentence_language(languages: list[str | None], runs: list[_Run], at: int) -> str | None:
    """The nearest language in the sentence that is not written in Latin letters."""
    for distance in range(1, _REACH):
        for there in (at - distance, at + distance):
            if 0 <= there < len(runs) and runs[there].sentence is runs[at].sentence:
                found = languages[there]
                if found not in (None, "en"):
                    return found
    return None


def _joined(pieces: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for piece in pieces:
        if joined and joined[-1].language == piece.language:
            joined[-1] = Span(joined[-1].text + piece.text, piece.language)
        else:
            joined.append(piece)
    return joined
