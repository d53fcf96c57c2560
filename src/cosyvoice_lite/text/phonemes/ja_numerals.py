"""How Japanese numerals and counters are read: 三百 さんびゃく, 一本 いっぽん, 二十日 はつか.

The sound changes are those of the NHK pronunciation dictionary's table of counters: 一 六 八 十 百
lose their last vowel before k, s, t and h; after them h becomes p, after 三 and 何 it becomes b or p.
"""

import re
from dataclasses import dataclass

_DIGITS = dict(
    zip(
        "〇零一二三四五六七八九",
        "ゼロ レイ イチ ニ サン ヨン ゴ ロク ナナ ハチ キュー".split(" "),
        strict=True,
    )
)
_SMALL = {"十": "ジュー", "百": "ヒャク", "千": "セン"}
_LARGE = {"万": "マン", "億": "オク", "兆": "チョー", "京": "ケー"}
_IRREGULAR = {
    "三百": "サンビャク", "六百": "ロッピャク", "八百": "ハッピャク", "三千": "サンゼン", "八千": "ハッセン",
    "何百": "ナンビャク", "何千": "ナンゼン", "一兆": "イッチョー", "八兆": "ハッチョー", "十兆": "ジュッチョー",
}  # fmt: skip

_WHOLE = {  # number with counter, read as one word
    "一つ": "ヒトツ", "二つ": "フタツ", "三つ": "ミッツ", "四つ": "ヨッツ", "五つ": "イツツ", "六つ": "ムッツ",
    "七つ": "ナナツ", "八つ": "ヤッツ", "九つ": "ココノツ", "一人": "ヒトリ", "二人": "フタリ",
    "二日": "フツカ", "三日": "ミッカ", "四日": "ヨッカ", "五日": "イツカ", "六日": "ムイカ", "七日": "ナノカ",
    "八日": "ヨーカ", "九日": "ココノカ", "十日": "トーカ", "十四日": "ジューヨッカ", "二十日": "ハツカ",
    "二十四日": "ニジューヨッカ", "二十歳": "ハタチ", "四月": "シガツ", "七月": "シチガツ", "九月": "クガツ",
    "一月": "イチガツ", "十七日": "ジューシチニチ", "二十七日": "ニジューシチニチ", "十九日": "ジュークニチ",
    "二十九日": "ニジュークニチ", "七時": "シチジ", "一羽": "イチワ", "三羽": "サンワ", "三階": "サンガイ",
    "何階": "ナンガイ", "三軒": "サンゲン", "四人": "ヨニン", "四年": "ヨネン", "四時": "ヨジ", "四円": "ヨエン",
    "九時": "クジ", "十四人": "ジューヨニン", "何人": "ナンニン", "何時": "ナンジ", "何月": "ナンガツ",
    "何日": "ナンニチ", "何年": "ナンネン",
}  # fmt: skip
_LAST = {"四年": "ヨネン", "四円": "ヨエン", "四人": "ヨニン", "四時": "ヨジ", "九時": "クジ", "七時": "シチジ",
         "三階": "サンガイ", "三軒": "サンゲン"}  # also at the end of longer numbers # fmt: skip

_COUNTERS = {
    "本": "ホン", "匹": "ヒキ", "杯": "ハイ", "泊": "ハク", "分間": "フンカン", "分": "フン", "発": "ハツ",
    "班": "ハン", "歩": "ホ", "回目": "カイメ", "回": "カイ", "階": "カイ", "個": "コ", "軒": "ケン",
    "か月": "カゲツ", "ヶ月": "カゲツ", "カ月": "カゲツ", "箇月": "カゲツ", "か国": "カコク", "ヶ国": "カコク",
    "か所": "カショ", "ヶ所": "カショ", "冊": "サツ", "歳": "サイ", "才": "サイ", "足": "ソク", "隻": "セキ",
    "週間": "シューカン", "週": "シュー", "種類": "シュルイ", "世紀": "セーキ", "着": "チャク", "頭": "トー",
    "点": "テン", "通": "ツー", "滴": "テキ", "時間": "ジカン", "時": "ジ", "年間": "ネンカン", "年": "ネン",
    "月": "ガツ", "日間": "ニチカン", "日": "ニチ", "人": "ニン", "名": "メー", "枚": "マイ", "台": "ダイ",
    "円": "エン", "度": "ド", "番": "バン", "号": "ゴー", "秒": "ビョー", "倍": "バイ", "羽": "ワ", "位": "イ",
    "割": "ワリ", "件": "ケン", "曲": "キョク", "行": "ギョー", "校": "コー", "席": "セキ", "社": "シャ",
    "章": "ショー", "丁目": "チョーメ", "パーセント": "パーセント", "ページ": "ページ", "ポイント": "ポイント",
    "キロメートル": "キロメートル", "キログラム": "キログラム", "キロ": "キロ", "センチメートル": "センチメートル",
    "センチ": "センチ", "トン": "トン", "ドル": "ドル", "メートル": "メートル", "グラム": "グラム", "ミリ": "ミリ",
    "リットル": "リットル", "件目": "ケンメ", "つ": "ツ",
}  # fmt: skip
_NUMBER = "[〇零一二三四五六七八九十百千万億兆京何]"
_WORDS = "一日中|一年中|八百屋|八百長|五十嵐|九十九里|十八番|百合|千代|万一|一一九番|一一〇番"  # no numbers
_PHRASE = re.compile(
    rf"(?:{_WORDS})|(?<=月)(?P<first>一日)(?!間)"
    rf"|(?P<whole>{_NUMBER}+点{_NUMBER}+|{_NUMBER}+)"
    rf"(?P<counter>{'|'.join(sorted(_COUNTERS, key=len, reverse=True))})?"
)
_CHUNK = re.compile(r"[一二三四五六七八九何]?[十百千]|[〇零一二三四五六七八九何]|[万億兆京]")
_CLIPPED = {"イチ": "イッ", "ロク": "ロッ", "ハチ": "ハッ", "ジュー": "ジュッ", "ヒャク": "ヒャッ"}
_TO_P = dict(zip("ハヒフヘホ", "パピプペポ", strict=True))
_TO_B = dict(zip("ハヒフヘホ", "バビブベボ", strict=True))
_AFTER_THREE_P = frozenset(["泊", "分", "分間", "発", "班", "歩"])  # サンプン; 本 匹 杯 take b


@dataclass(frozen=True)
class Reading:
    """A stretch of text that is a number: where it stands and how its parts are read."""

    start: int
    end: int
    parts: tuple[str, ...]
    """Katakana of each accent phrase: ニ·セン → ニセン, ニジュー, ヨネン."""


def numerals(text: str) -> list[Reading]:
    """The numbers with counters in ``text`` and their readings, in order.

    A lone numeral counts only with a counter, or from two characters on: 一 alone is a word.
    """
    found = []
    for match in _PHRASE.finditer(text):
        if match["first"]:
            found.append(Reading(match.start(), match.end(), ("ツイタチ",)))
            continue
        number, counter = match["whole"] or "", match["counter"] or ""
        if not number or (len(number) == 1 and not counter):
            continue
        parts = _read(number, counter)
        found.append(Reading(match.start(), match.end(), tuple(parts)))
    return found


def _read(number: str, counter: str) -> list[str]:
    if number + counter in _WHOLE:
        return [_WHOLE[number + counter]]
    whole, point, fraction = number.partition("点")
    if point:
        digits = "".join(_DIGITS.get(char, "") for char in fraction)
        return [
            *_chunks(whole)[:-1],
            _clipped(_chunks(whole)[-1]) + "テン",
            *_with_counter([digits], counter, ""),
        ]
    return _with_counter(_chunks(whole), counter, number[-1])


def _chunks(number: str) -> list[str]:
    """一万二千三百 → イチマン, ニセン, サンビャク; digits in a row are read one by one."""
    parts: list[str] = []
    for chunk in _CHUNK.findall(number):
        if chunk in _LARGE and parts:
            joined = {"一兆": "イッチョー", "八兆": "ハッチョー", "十兆": "ジュッチョー"}
            last = number[number.index(chunk) - 1] + chunk
            stem = parts[-1]
            parts[-1] = _clipped(stem) + "チョー" if last in joined else stem + _LARGE[chunk]
        elif chunk in _LARGE:
            parts.append(_LARGE[chunk])
        else:
            parts.append(_IRREGULAR.get(chunk) or "".join(_unit(char) for char in chunk))
    return parts


def _unit(char: str) -> str:
    return "ナン" if char == "何" else _DIGITS.get(char) or _SMALL[char]


def _with_counter(parts: list[str], counter: str, last: str) -> list[str]:
    if not counter:
        return parts
    head, stem = parts[:-1], parts[-1]
    if last + counter in _LAST:
        old = _unit(last)
        return [*head, stem.removesuffix(old) + _LAST[last + counter]]
    reading = _COUNTERS[counter]
    first = reading[0]
    if (
        _ends_clipped(stem)
        and first in "カキクケコサシスセソタチツテト"
        and not _keeps(stem, first)
    ):
        stem = _clipped(stem)
    elif _ends_clipped(stem) and first in _TO_P and counter != "羽":
        stem, reading = _clipped(stem), _TO_P[first] + reading[1:]
    elif stem.endswith(("サン", "ナン", "ゼン")) and first in _TO_P:
        change = _TO_P if counter in _AFTER_THREE_P else _TO_B
        reading = change[first] + reading[1:]
    elif stem.endswith(("ヨン", "セン", "マン")) and counter in ("分", "分間", "泊", "発"):
        reading = (
            _TO_P[first] + reading[1:] if stem.endswith("ヨン") or counter == "分" else reading
        )
    return [*head, stem + reading]


def _ends_clipped(stem: str) -> bool:
    return stem.endswith(tuple(_CLIPPED))


def _keeps(stem: str, first: str) -> bool:
    """六 and 百 keep their vowel before s and t: ろくさつ, ひゃくてん."""
    return stem.endswith(("ロク", "ヒャク")) and first not in "カキクケコ"


def _clipped(stem: str) -> str:
    for full, short in _CLIPPED.items():
        if stem.endswith(full):
            return stem.removesuffix(full) + short
    return stem
