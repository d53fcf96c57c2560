"""Mandarin: characters → initials, finals and tones as they are spoken.

Words come from rjieba, readings from pypinyin's phrase dictionary; what neither settles is decided
by the rules in ``_POLYPHONES``. Then the tones change as they do in speech: 一 and 不, third tones
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

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff〇]+")

# (where, reading): the match is the character, its surroundings are looked at; the first one wins
_POLYPHONES = [
    (r"长(?=[得大高出成胖满相势])", "zhang3"),
    (r"(?<=[细太很多更最身最])长", "chang2"),
    (r"还(?=[给钱清款债贷])|(?<=[归偿退])还", "huan2"),
    (r"(?:^|(?<=[也就还都只总我你他她们]))得(?=[去要把先赶让走快给等再])", "dei3"),
    (r"(?<=[跑走说做写唱长吃看听飞来去睡玩笑哭学过变])得(?=[很太更快慢好多真非特])", "de5"),
    (r"数(?=一数)|(?<=数一)数", "shu3"),
    (r"量(?=一量|体温|身高|血压|尺寸)|(?<=量一)量", "liang2"),
    (r"(?<=[一二三四五六七八九十两几每各半这那])行(?=[字诗代列树人泪])", "hang2"),
    (r"(?<=[一二三四五六七八九十百千两几每这那])只(?![有是要能好会])", "zhi1"),
    (r"种(?=[植地菜花树田草下])", "zhong4"),
    (r"重(?=[新复来建写做启叠返逢播演组置申])", "chong2"),
    (r"(?<=[一二两三四五六七八九双多])重(?=[天身意要门])", "chong2"),
    (r"干(?=[活吗嘛什事部劲啥])", "gan4"),
    (r"(?<=[打猜射命击选])中(?![国间心学午文央])", "zhong4"),
    (r"教(?=[书我你他她会给])", "jiao1"),
    (r"(?<=[有没抽])空(?![气调间军中前虚])", "kong4"),
    (r"背(?=[着起包负上])", "bei1"),
    (r"(?<=[理白黑短毛染烫假卷])发(?![现生展布出动明表送达热])", "fa4"),
    (r"(?<=[吃走看做去受忘免])(?<!他)了(?=不)|(?<=不)了(?![了的])", "liao3"),
    (r"为(?=[了何此你我他她您谁什啥])(?<![认以成作因])", "wei4"),
    (r"假(?=期)|(?<=[放请休暑寒年病事度])假", "jia4"),
    (r"倒(?=[水茶酒车立影退])", "dao4"),
    (r"系(?=[鞋好上着]带?)", "ji4"),
    (r"谁", "shei2"),
    (r"朝(?=阳[区門门北公])", "chao2"),
    (r"朝(?=[阳霞气夕])(?!阳[区門门北公])", "zhao1"),
    (r"曾(?=先生|女士|小姐|老师|医生|经理|局长|主任|某)|(?<=姓)曾", "zeng1"),
    (r"相(?=[机片册])", "xiang4"),
]
_RULES = [(re.compile(where), reading) for where, reading in _POLYPHONES]
_GRAMMATICAL = {("得", "ud"): "de5", ("地", "uv"): "de5", ("着", "uz"): "zhe5", ("了", "ul"): "le5"}
_NEUTRAL_SECOND = frozenset(
    "妈妈 爸爸 哥哥 姐姐 弟弟 妹妹 爷爷 奶奶 叔叔 舅舅 姑姑 太太 星星 宝宝 娃娃 朋友 先生 学生 衣服 "
    "漂亮 便宜 知道 告诉 喜欢 意思 地方 时候 事情 消息 眼睛 耳朵 头发 豆腐 葡萄 萝卜 明白 清楚 舒服 "
    "麻烦 客气 关系 认识 打听 商量 休息 暖和 凉快 热闹 聪明 糊涂 月亮 太阳 石头 木头 馒头 骨头 枕头 "
    "丈夫 大夫 师傅 护士 钥匙 窗户 名字 生意 力气 本事 故事 行李 精神 队伍 亲戚 东西 晚上 早上 丫头 "
    "老实 结实 新鲜 包袱 打扮 胳膊 苍蝇 笑话 部分 干净 规矩 厉害 粮食 脑袋 脾气 欺负 软和 疙瘩".split()
)
_REPEATED_VERBS = "看听说想试走问聊玩坐等找读写吃喝学笑猜谈摸尝歇动跳教帮"
_NO_ERHUA = "女婴幼少孤胎健男宠乞混低弃生产优育"  # these before 儿 leave it a syllable of its own
_ORDINAL_ONE = re.compile(
    r"(?<=[第十百千万零〇一二三四五六七八九点初周])一|一(?=[二三四五六七八九零〇月号日楼点一])"
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

    ruled = {m.start(): reading for where, reading in _RULES for m in where.finditer(han)}
    words: list[list[_Syllable]] = []
    at = 0
    for word, tag in rjieba.tag(han):
        readings = list(_word_readings(word))
        if (word, tag) in _GRAMMATICAL:
            readings = [_GRAMMATICAL[word, tag]]
        if word[-1] == "个":
            readings[-1] = "ge5"
        if word in _NEUTRAL_SECOND or (tag == "f" and word in "上里" and words):
            readings[-1] = readings[-1].rstrip("1234") + "5"
        readings = [ruled.get(at + n, reading) for n, reading in enumerate(readings)]
        words.append([_syllable(c, r) for c, r in zip(word, readings, strict=True) if r])
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
    if at and syllables[at - 1].char == after.char:
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
