"""Other names that clients know voices by.

A model has voices of its own names: the authors' (中文女) or ours (zh_female). Clients ask for
either, for OpenAI's, or for plain numbers; each name stands for the first of these that is there.
"""

from __future__ import annotations

from collections.abc import Collection

ZH_WOMAN = ("中文女", "zh_female")
ZH_MAN = ("中文男", "zh_male", "yue_male")
EN_WOMAN = ("英文女", "en_female")
EN_MAN = ("英文男", "en_male")
JA_MAN = ("日语男", "ja_male", "ja_female")
YUE_WOMAN = ("粤语女", "yue_female", "yue_male")
KO_WOMAN = ("韩语女", "ko_female")

ALIASES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("中文女", "zh_female", "alloy", "nova", "female_1"), ZH_WOMAN),
    **dict.fromkeys(("中文男", "zh_male", "echo", "ballad", "male_1"), ZH_MAN),
    **dict.fromkeys(("英文女", "en_female", "coral", "fable", "marin", "female_2"), EN_WOMAN),
    **dict.fromkeys(("英文男", "en_male", "onyx", "ash", "cedar", "male_2"), EN_MAN),
    **dict.fromkeys(("日语男", "ja_male", "verse", "male_3"), JA_MAN),
    **dict.fromkeys(("粤语女", "yue_female", "sage", "female_3"), YUE_WOMAN),
    **dict.fromkeys(("韩语女", "ko_female", "shimmer", "female_4"), KO_WOMAN),
}
"""Name → voices it may stand for, the nearest first."""


def named(asked: str, voices: Collection[str]) -> str | None:
    """The voice among `voices` that is meant by `asked`; None if there is none."""
    if asked in voices:
        return asked
    return next((name for name in ALIASES.get(asked, ()) if name in voices), None)
