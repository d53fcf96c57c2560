"""How Japanese numerals and counters are read: 三百 さんびゃく, 一本 いっぽん, 二十日 はつか.

The sound changes are those of the NHK pronunciation dictionary's table of counters: 一 六 八 十 百
lose their last vowel before k, s, t and h; after them h becomes p, after 三 and 何 it becomes b or p.
"""

import re

_DIGITS = dict(
    zip(
        "〇零一二三四五六七八九数",
        "ゼロ レイ イチ ニ サン ヨン ゴ ロク ナナ ハチ キュー スー".split(" "),
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
    "何日": "ナンニチ", "何年": "ナンネン", "数日": "スージツ", "一人前": "イチニンマエ", "二人前": "ニニンマエ",
    "七色": "ナナイロ", "何色": "ナニイロ",
}  # fmt: skip
_LAST = {"四年": "ヨネン", "四円": "ヨエン", "四人": "ヨニン", "四人前": "ヨニンマエ", "四時": "ヨジ",
         "九時": "クジ", "七時": "シチジ", "三階": "サンガイ", "三軒": "サンゲン"}  # also at the end of longer numbers # fmt: skip

COUNTERS = {
    "本": "ホン", "匹": "ヒキ", "杯": "ハイ", "泊": "ハク", "分": "フン", "発": "ハツ", "班": "ハン", "歩": "ホ",
    "回": "カイ", "階": "カイ", "個": "コ", "軒": "ケン", "冊": "サツ", "歳": "サイ", "才": "サイ", "足": "ソク",
    "隻": "セキ", "週": "シュー", "種類": "シュルイ", "世紀": "セーキ", "着": "チャク", "頭": "トー", "点": "テン",
    "通": "ツー", "滴": "テキ", "時": "ジ", "年": "ネン", "月": "ガツ", "日": "ニチ", "人": "ニン", "名": "メー",
    "枚": "マイ", "台": "ダイ", "円": "エン", "度": "ド", "番": "バン", "号": "ゴー", "秒": "ビョー", "倍": "バイ",
    "羽": "ワ", "位": "イ", "割": "ワリ", "件": "ケン", "曲": "キョク", "行": "ギョー", "校": "コー", "席": "セキ",
    "社": "シャ", "章": "ショー", "丁目": "チョーメ", "人前": "ニンマエ", "色": "ショク", "つ": "ツ", "か月": "カゲツ",
    "ヶ月": "カゲツ", "カ月": "カゲツ", "ヵ月": "カゲツ", "ケ月": "カゲツ", "箇月": "カゲツ", "か国": "カコク",
    "センチメートル": "センチメートル",
}  # fmt: skip
"""Counters of whose readings the dictionary may choose another; it has hundreds besides."""

_NATIVE = {
    "通り": "トーリ", "箱": "ハコ", "皿": "サラ", "晩": "バン", "部屋": "ヘヤ", "組": "クミ", "袋": "フクロ",
    "束": "タバ", "切れ": "キレ", "粒": "ツブ", "言": "コト", "桁": "ケタ", "株": "カブ", "坪": "ツボ", "棟": "ムネ",
    "筋": "スジ", "缶": "カン", "枠": "ワク", "玉": "タマ", "口": "クチ", "房": "フサ", "駅": "エキ", "瓶": "ビン",
}  # fmt: skip
"""Counters of native words: ひと and ふた come before them."""
COUNTERS.update(_NATIVE)

_LOANWORD = re.compile("[ァ-ヺー]+")
_CHUNK = re.compile(r"[一二三四五六七八九何数]?[十百千]|[〇零一二三四五六七八九何数]|[万億兆京]")
_CLIPPED = {"イチ": "イッ", "ロク": "ロッ", "ハチ": "ハッ", "ジュー": "ジュッ", "ヒャク": "ヒャッ"}
_TO_P = dict(zip("ハヒフヘホ", "パピプペポ", strict=True))
_TO_B = dict(zip("ハヒフヘホ", "バビブベボ", strict=True))
_AFTER_THREE_P = frozenset("泊分発班歩箱拍敗品編犯版")  # サンプン; 本 匹 杯 take b
_AFTER_FOUR_P = frozenset("分泊発拍敗")
_AFTER_THOUSAND = {"分": _TO_P, "歩": _TO_P, "本": _TO_B, "匹": _TO_B, "杯": _TO_B}
_BEFORE_T = ("イチ", "ハチ", "ジュー")  # the numerals that are clipped before s and t


def read(number: str, counter: str, heard: str = "", rest: str = "") -> list[str]:
    """Katakana of the accent phrases of a number: 二千二十四年 → ニセン, ニジュー, ヨネン.

    ``heard`` is how the counter is read by itself, ``rest`` what is joined to it: the カン of 年間.
    """
    parts = _parts(number, counter, heard or COUNTERS.get(counter, ""))
    return [*parts[:-1], parts[-1] + rest]


def _parts(number: str, counter: str, heard: str) -> list[str]:
    if number + counter in _WHOLE:
        return [_WHOLE[number + counter]]
    if counter in _NATIVE and number in ("一", "二"):
        return [("ヒト" if number == "一" else "フタ") + heard]
    whole, point, fraction = number.partition("点")
    if not point:
        return _with_counter(_chunks(whole), counter, heard, number[-1])
    *before, last = _chunks(whole)
    behind = "".join(map(_unit, fraction))
    return [
        *before,
        _clipped(last, _BEFORE_T) + "テン",
        *_with_counter([behind], counter, heard, ""),
    ]


def _chunks(number: str) -> list[str]:
    """一万二千三百 → イチマン, ニセン, サンビャク; digits in a row are read one by one."""
    parts: list[str] = []
    for chunk in _CHUNK.findall(number):
        if chunk == "兆" and parts:
            parts[-1] = _clipped(parts[-1], _BEFORE_T) + "チョー"
        elif chunk in _LARGE and parts:
            parts[-1] += _LARGE[chunk]
        else:
            parts.append(_IRREGULAR.get(chunk) or "".join(map(_unit, chunk)))
    return parts


def _unit(char: str) -> str:
    if char == "何":
        return "ナン"
    return _DIGITS.get(char) or _SMALL.get(char) or _LARGE[char]


def _with_counter(parts: list[str], counter: str, heard: str, last: str) -> list[str]:
    if not counter:
        return parts
    head, stem = parts[:-1], parts[-1]
    if last + counter in _LAST:
        return [*head, stem.removesuffix(_unit(last)) + _LAST[last + counter]]
    clipping = _clipping(counter, heard[0])
    if stem.endswith(clipping):
        stem = _clipped(stem, clipping)
        heard = _TO_P.get(heard[0], heard[0]) + heard[1:]
    elif heard[0] in _TO_P and _changes(counter):
        heard = _voiced(stem, counter, heard[0]) + heard[1:]
    return [*head, stem + heard]


def _changes(counter: str) -> bool:
    """Whether a counter in h takes b or p: neither loanwords (三ヘルツ) nor 羽 nor 部屋."""
    return counter not in ("羽", "部屋", "袋", "房") and not _LOANWORD.fullmatch(counter)


def _clipping(counter: str, first: str) -> tuple[str, ...]:
    """The numerals that lose their last vowel before a counter that begins with ``first``.

    六 and 百 keep it before s and t (ろくさつ), 一 and 八 before k of loanwords (いちキロ), and only
    ten and hundred lose it before native words (じゅっさら).
    """
    if first not in "カキクケコサシスセソタチツテトハヒフヘホ":
        return ()
    if first in _TO_P:
        return tuple(_CLIPPED) if _changes(counter) else ()
    before_k = first in "カキクケコ"
    if counter in _NATIVE:
        return ("ジュー", "ヒャク") if before_k else ("ジュー",)
    if before_k and _LOANWORD.fullmatch(counter):
        return ("ロク", "ジュー", "ヒャク")
    return tuple(_CLIPPED) if before_k else _BEFORE_T


def _voiced(stem: str, counter: str, first: str) -> str:
    if stem.endswith(("サン", "ナン", "ゼン")):
        return (_TO_P if counter in _AFTER_THREE_P else _TO_B)[first]
    if stem.endswith("ヨン"):
        return _TO_P[first] if counter in _AFTER_FOUR_P else first
    if stem.endswith(("セン", "マン")):
        return _AFTER_THOUSAND.get(counter, {}).get(first, first)
    return first


def _clipped(stem: str, which: tuple[str, ...]) -> str:
    found = next((full for full in which if stem.endswith(full)), None)
    return stem.removesuffix(found) + _CLIPPED[found] if found else stem
