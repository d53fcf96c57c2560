"""Names that clients know voices by."""

import dataclasses

import pytest

from cosyvoice_lite.runtime.aliases import ALIASES, named
from cosyvoice_lite.runtime.reader import Reader
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer

OFFICIAL = ("中文女", "中文男", "日语男", "粤语女", "英文女", "英文男", "韩语女")
NANO = ("zh_female", "yue_male", "en_male", "en_female", "ja_female", "ko_female", "ko_male")
OPENAI = ("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx")
OPENAI += ("sage", "shimmer", "verse")


@pytest.mark.parametrize("voices", [OFFICIAL, NANO])
@pytest.mark.parametrize("asked", [*OPENAI, *OFFICIAL, *NANO[:4], "female_1", "male_3"])
def test_every_usual_name_finds_a_voice(asked: str, voices: tuple[str, ...]) -> None:
    if asked in voices:
        assert named(asked, voices) == asked
    elif asked != "yue_male":  # ours alone
        assert named(asked, voices) in voices


def test_a_voice_of_that_very_name_goes_first() -> None:
    assert named("alloy", ["alloy", "zh_female"]) == "alloy"
    assert named("nobody", NANO) is None
    assert all(names for names in ALIASES.values())


def test_without_a_voice_the_first_of_the_language_speaks(synthesizer: Synthesizer) -> None:
    reader = Reader(synthesizer.bundle)
    first = next(iter(reader.voices.values()))
    reader.voices = {
        name: dataclasses.replace(first, name=name, language=name[:2])
        for name in ("zh_female", "en_male", "ja_female")
    }
    for text, name in (
        ("Good morning, 你好.", "en_male"),
        ("你好, hello.", "zh_female"),
        ("こんにちは。", "ja_female"),
        ("안녕하세요.", "zh_female"),
        ('<speak><prosody rate="slow">早上好，朋友。</prosody></speak>', "zh_female"),
    ):
        assert reader.speaker(Request(text)).name == name, text
    assert reader.speaker(Request("Hi.", voice="ja_female")).name == "ja_female"
