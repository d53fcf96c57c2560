"""A text cut into runs: stretches in one script, and what stands between them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cosyvoice_lite.text.han_evidence import NOTHING, Evidence, evidence
from cosyvoice_lite.text.normalizers.addresses import EMAIL, NAME
from cosyvoice_lite.text.normalizers.durations import DURATION

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇々〆"
KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
LATIN = "A-Za-zＡ-Ｚａ-ｚ\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"

_UNIT = (
    "km[²2]?|[cdm]?m[²³23]?|[nµμ]m|[kmnuµμ]?g|t|[dm]?[lL]|[mµμ]?mol|[kMG]?Wh?|mAh|[km]?V|m?A|[kM]?[ΩΩ]|"
    "[kMG]?Hz|dB|[hkM]?Pa|mmHg|k?J|[kKMGT]B|[kMG]bps|k?cal|ms|min|h|s|px|fps|ha|mph|rpm|ppm|ft|lb"
)
_NOTATION = (
    r"(?<![0-9.])(?:480|720|1080|1440|2160)[Pp](?![A-Za-z0-9])|(?<![A-Za-z])K?N9[059](?![0-9])"
    r"|(?<![0-9A-Za-z.])[0-9]+(?:\.[0-9]+)?[Kk]?[-–—~～][0-9]+(?:\.[0-9]+)?[Kk](?![A-Za-z0-9])"
    r"|(?<=[A-Za-z])(?:[(（][-+−][)）])|(?<![A-Za-z])(?:GB|ISO|IEC|[A-Z]{2}/T)[ -]?[0-9]{3,6}[-:][0-9]{4}(?![0-9:-])"
    r"|(?<![0-9A-Za-z])(?:(?:19|20)[0-9]{2}(?:Q[1-4]|H[12])|Q[1-4][-–—~～]Q[1-4])(?![0-9A-Za-z])"
    r"|(?<![A-Za-z0-9])[A-Za-z][0-9]-[0-9]{3,5}[A-Z]{0,2}(?![A-Za-z0-9])"
)
_TO = "(?:[BCDG]2[BCGM](?:2[BC])?|O2O|P2P|M2M|V2[GHLX])"  # business to business
_UNITS = rf"(?:{_UNIT})(?:\^-?[23])?(?:/(?:{_UNIT})(?:\^-?[23])?)?"
_NEUTRAL = (  # Latin letters that belong to a number or a symbol beside them, not to English
    r"https?://[A-Za-z0-9_./?=&%#:~+\-]+|www\.[A-Za-z0-9_./?=&%#:~+\-]+"
    rf"|{EMAIL}"
    rf"|{NAME}|{DURATION}|{_NOTATION}"
    rf"|(?<![A-Za-z])[0-9][0-9.,]*\s?(?:{_UNITS})(?![A-Za-z0-9])|[0-9]{{17}}[Xx]"
    rf"|(?:(?<=[元块塊蚊円원]/)|(?<=[0-9][A-Za-z]/)|(?<=[0-9][A-Za-z]{{2}}/))(?:{_UNITS})(?![A-Za-z0-9])"
    r"|(?:US|HK|NT)(?=\$)|(?:RMB|USD|HKD|CNY)(?= ?[0-9])|(?<![A-Za-z])(?:N[oO]|[Vv]er)\.? ?(?=[0-9])|[0-9]w(?=[\u4e00-\u9fff+，。！]|$)|°[CF]|[0-9]:[0-9]{2} ?[AaPp]\.?[Mm](?![A-Za-z])|QQ(?=[:：]?\s?[0-9]{5})"
    r"|(?<![A-Za-z0-9])(?:[A-Z]{1,3}[-·]?[0-9]{3,}|[a-z]{1,3}[0-9]{4,})(?![0-9.])|(?<![A-Za-z0-9-])[A-Za-z]+-[0-9]+(?![0-9A-Za-z.])"
    r"|[$€£¥￥][0-9][0-9.,]*\s?(?:[KMBT]|[bmt]n)(?![A-Za-z0-9])|(?<=[0-9]{4}\.)(?:SZ|SH|BJ|HK)(?![A-Za-z])"
    rf"|(?<=何)(?:{_UNITS})(?![A-Za-z0-9])|(?<![A-Za-z])[AP]M ?(?=[0-9]{{1,2}}:[0-9]{{2}})"
    r"|(?<=[ぁ-んァ-ヺ一-鿿])p\. ?(?=[0-9])|(?<![A-Za-z])[Vv]ol\. ?(?=[0-9]+[ぁ-んァ-ヺ])|(?<=[0-9])[a-z](?=[-−][0-9]+ ?=)"
    r"|(?<=[0-9A-Za-z)])\^[a-z](?![A-Za-z])|(?<=第)[IVX]+|(?<![A-Za-z])[IVX]+(?=[章节節卷部世级級장부세])|(?<=[0-9])[xX](?=[0-9])"
)
_NEUTRAL_BEGINS = "\\x00-\\x7f°µμΩ€£¥￥（"  # a look at one character spares most texts all of them
_RUN = re.compile(
    rf"(?P<none>(?=[{_NEUTRAL_BEGINS}])(?:{_NEUTRAL}))|(?P<han>[{HAN}]+)|(?P<ja>[{KANA}]+)|(?P<ko>[{HANGUL}]+)"
    rf"|(?P<en>(?<![A-Za-z])[CF]#(?![A-Za-z0-9])|(?<![A-Za-z0-9]){_TO}(?![A-Za-z0-9])|[{LATIN}][{LATIN}'’\-]*(?:(?: +|/)[{LATIN}][{LATIN}'’\-]*)*)"
)
CLAUSE_END = re.compile(r"(?<=[，、；;])(?=.)|(?<=, )(?=.)")  # never inside 1,024
PLAIN_WORD = re.compile(r"(?<![A-Za-z])[a-z]{2,}(?![A-Za-z])")
"""An English word that is neither a name nor a code."""
_SENTENCE = re.compile(  # a query of an address, x?id=1, ends none
    r"(?:[^。！？!?\n]+|[!?](?=[0-9A-Za-z_=&%#/.+~\-]))*[。！？!?\n]*"
)
_HANGUL_ANYWHERE = re.compile(rf"[{HANGUL}]")
_KANA_ANYWHERE = re.compile(rf"[{KANA}]")
_HAN_ANYWHERE = re.compile(rf"[{HAN}]")
_LATIN_ANYWHERE = re.compile(rf"[{LATIN}]")


@dataclass(frozen=True, eq=False)
class Sentence:
    """What a sentence shows as a whole, looked up once."""

    text: str
    han: int
    kana: int
    latin_only: bool
    english: bool
    """Whether it has an English word that is no name."""
    signs: Evidence

    @property
    def kana_as_ornament(self) -> bool:
        """Whether all its kana is one の, as Chinese shop names have it."""
        return self.kana == 1 and "の" in self.text


@dataclass(frozen=True, eq=False)
class Run:
    """A stretch in one script."""

    text: str
    script: str
    """A language, ``han``, or nothing where the text has none."""
    sentence: Sentence


def has_kana(text: str) -> bool:
    """Whether a text has Japanese letters."""
    return bool(_KANA_ANYWHERE.search(text))


def has_hangul(text: str) -> bool:
    """Whether a text has Korean letters."""
    return bool(_HANGUL_ANYWHERE.search(text))


def has_han(text: str) -> bool:
    """Whether a text has Han characters."""
    return bool(_HAN_ANYWHERE.search(text))


def has_latin(text: str) -> bool:
    """Whether a text has Latin letters, wide ones included."""
    return bool(_LATIN_ANYWHERE.search(text))


def sentences_of(text: str) -> Iterator[Sentence]:
    """The sentences of ``text``, one after the other; joined they are the text."""
    return map(_seen, filter(None, _SENTENCE.findall(text)))


def cut(text: str) -> Iterator[Run]:
    """The runs of ``text``, one after the other; joined they are the text."""
    for sentence in sentences_of(text):
        yield from _runs_of(sentence)


def _runs_of(sentence: Sentence) -> Iterator[Run]:
    text, end = sentence.text, 0
    for match in _RUN.finditer(text):
        if match.lastgroup == "none":
            continue
        for gap in _clauses(text[end : match.start()]):
            yield Run(gap, "", sentence)
        yield Run(match[0], str(match.lastgroup), sentence)
        end = match.end()
    if end < len(text):
        yield Run(text[end:], "", sentence)


def _seen(text: str) -> Sentence:
    han, kana = len(_HAN_ANYWHERE.findall(text)), len(_KANA_ANYWHERE.findall(text))
    latin_only = not (han or kana or has_hangul(text))
    signs = evidence(text) if han else NOTHING
    return Sentence(text, han, kana, latin_only, bool(PLAIN_WORD.search(text)), signs)


def _clauses(gap: str) -> list[str]:
    """What stands between words, cut behind the marks that end a clause."""
    return [part for part in CLAUSE_END.split(gap) if part]
