"""Han characters in Korean text: those of headlines become hangul (美 대통령), glosses are dropped.

All others beside hangul stay: whoever writes 중국어로 你好 wants to hear Chinese.
"""

import re

from cosyvoice_lite.text.normalizers.rules import Firing, Step, substituted

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_EACH_HAN, _EACH_HANGUL = re.compile(f"[{_HAN}]"), re.compile("[가-힣]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_CHINESE = frozenset(
    "你您们們吗嗎呢吧这這么麼谢謝她的是"
)  # words of Chinese sentences, never of a gloss

_NATIONS = dict(
    zip("美中日北韓英獨佛露南印臺台濠豪伊越泰", "미중일북한영독불러남인대대호호이월태", strict=True)
)
_TOWARDS = dict(zip("對反親訪駐在脫", "대반친방주재탈", strict=True))
_OTHERS = dict(
    zip(
        "前現新故非無全總大小與野檢警軍靑青文尹朴李男女銀銅金車社黨案法說戰線稅勢死內内外上下甲乙株年月時分秒第重初後",
        "전현신고비무전총대소여야검경군청청문윤박이남여은동금차사당안법설전선세세사내내외상하갑을주년월시분초제중초후",
        strict=True,
    )
)
_READINGS = _OTHERS | _TOWARDS | _NATIONS
_PAIRS = {
    "與野": "여야",
    "檢警": "검경",
    "男女": "남녀",
    "內外": "내외",
    "上下": "상하",
    "黨政": "당정",
}
_NATION, _TOWARD = f"[{''.join(_NATIONS)}]", f"[{''.join(_TOWARDS)}]"
_POLITICIAN = "위원장|국방위원장|대표|의원|장관|총리|후보|총장"


def _alone(pattern: str) -> re.Pattern[str]:
    """What stands beside no other Han character: one more could make it a word of Chinese."""
    return re.compile(rf"(?<![{_HAN}])(?:{pattern})(?![{_HAN}])")


def _gloss(match: re.Match[str]) -> str:
    """한자(漢字): nobody says it twice; a longer gloss is of something else."""
    of_it = len(match[1]) >= len(match[2]) and _CHINESE.isdisjoint(match[2])
    return match[1] if of_it else match[0]


def _glossed(match: re.Match[str]) -> str:
    """漢字(한자): what stands in brackets is said, if it can be the reading."""
    return match[2] if len(match[1]) == len(match[2]) else match[0]


def _read(match: re.Match[str]) -> str:
    return "".join(_READINGS[char] for char in match[0])


_STEPS: list[Step] = [
    ("gloss in hanja", re.compile(rf"(?<![가-힣])([가-힣]+) ?[(（]([{_HAN}]+)[)）]"), _gloss),
    ("hanja with its reading", re.compile(rf"(?<![{_HAN}])([{_HAN}]+) ?[(（]([가-힣]+)[)）]"), _glossed),
    ("hanja", re.compile(rf"(?<![{_HAN}])金(?= (?:{_POLITICIAN}))"), lambda m: "김"),
    ("hanja", _alone("|".join(_PAIRS)), lambda m: _PAIRS[m[0]]),
    ("hanja", _alone(f"{_TOWARD}?{_NATION}+"), _read),
    ("hanja", _alone(f"[{''.join(_READINGS)}]"), _read),
]  # fmt: skip


def spelled(text: str, log: list[Firing] | None = None) -> str:
    """``text`` with the hanja of its Korean lines in hangul."""
    if not (_EACH_HANGUL.search(text) and _EACH_HAN.search(text)):
        return text
    return "\n".join(
        substituted(line, _STEPS, log) if _is_korean(line) else line for line in text.split("\n")
    )


def _is_korean(line: str) -> bool:
    han, hangul = len(_EACH_HAN.findall(line)), len(_EACH_HANGUL.findall(line))
    return hangul >= han > 0 and not _KANA.search(line)
