"""Faces and laughter in letters, as people type them behind a sentence: seen, not spoken."""

import re

from cosyvoice_lite.text.normalizers.rules import Firing, Step, substituted

_SIGNS = re.compile(r"\^|[._]_|_[._]|\w_\w|[<>;=@-][_.3][<>;=@-]?|<3|[:;]-?[DPp)(]")
_LAUGHTER = re.compile("[wㅋㅎㅠㅜ]")
_KANA = re.compile("[\u3041-\u30ff]")
_EYES = r"[Tt]_[Tt]|[oO0][_.][oO0]|[uU]_[uU]|[Qq]_[Qq]|;_+;|>[_.]<|=_=|@_@|-_+-|\*_\*|\._\.|T\.T"
_END = r"(?=\s*(?:$|[。！？!?~～…\n]))"


def _nothing(match: re.Match[str]) -> str:
    return ""


_STEPS: list[Step] = [
    ("face", re.compile(r"[(（]?\^[_.oO\-]{1,2}\^[;；]?[)）]?|(?<![0-9A-Za-z)\]])\^\^(?![0-9A-Za-z(])"), _nothing),
    ("face", re.compile(rf"[(（](?:{_EYES})[)）]|(?<![A-Za-z0-9_\-=*.@])(?:{_EYES})(?![A-Za-z0-9_\-=*.@])"), _nothing),
    ("face", re.compile(r"(?:(?<=\s)|(?<=[。！？!?~～]))[:;]-?[DPp](?![\w:;])"), _nothing),
    ("heart", re.compile(rf"(?:(?<=[A-Za-z]{{2}} )|(?<=[\u3041-\u9fff가-힣]))(?<!\b(?:is|be|pH|to|or) )(?<!\b(?:was|are|and|age) )(?<![为為值是于於])<3+{_END}"), _nothing),
]  # fmt: skip
_LAUGHTER_JA: list[Step] = [
    ("laughter", re.compile(r"(?:(?<=[\u3041-\u30ff！？!?。…])w|(?<=[\u4e00-\u9fff々])ww)w*(?![A-Za-z0-9_:/@-]|\.\w)"), _nothing),
]  # fmt: skip
_LAUGHTER_KO: list[Step] = [
    ("laughter and tears", re.compile(r"(?<=[가-힣!?.~])[ㅋㅎㅠㅜ]+(?!\w)"), _nothing),
]


def without_faces(text: str, log: list[Firing] | None = None) -> str:
    """``text`` without what stands for a face, a heart or laughter."""
    if _SIGNS.search(text):
        text = substituted(text, _STEPS, log)
    if text.isascii() or not _LAUGHTER.search(text):
        return text
    if _KANA.search(text):
        text = substituted(text, _LAUGHTER_JA, log)
    return substituted(text, _LAUGHTER_KO, log)
