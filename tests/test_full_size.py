"""The full-size model, random weights: five languages in, sound of the right length out."""

import wave
from pathlib import Path

import pytest
from checkpoints import SIZES, write_checkpoint

from cosyvoice_lite import Sampling, Synthesizer
from cosyvoice_lite.config import HOP_LENGTH
from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.runtime.request import Request

TEXTS = {
    "中文女": "今天是2024年7月16日，气温三十五度，我们一起去公园散步吧。",
    "粤语女": "呢個係廣東話嘅測試，我哋今晚去邊度食飯？",
    "英文男": "The quick brown fox jumps over the lazy dog, and nobody was surprised.",
    "日语男": "今日は天気がいいですね。明日は2024年7月17日です。",
    "韩语女": "안녕하세요. 오늘은 2024년 7월 16일입니다.",
}
SHORT = Sampling(min_token_text_ratio=1.0, max_token_text_ratio=1.0)


@pytest.fixture(scope="module")
def full_size(tmp_path_factory: pytest.TempPathFactory) -> Synthesizer:
    folder = tmp_path_factory.mktemp("full")
    write_checkpoint(folder / "checkpoint", SIZES["full"], tokenizer="phonemes")
    convert(folder / "checkpoint", folder / "bundle", precision="int8")
    return Synthesizer.open(folder / "bundle")


@pytest.mark.slow
@pytest.mark.parametrize("voice", TEXTS)
def test_real_sentences_give_speech_of_the_right_length(
    full_size: Synthesizer, voice: str, tmp_path: Path
) -> None:
    speech = full_size.speak(TEXTS[voice], voice=voice, seed=1, sampling=SHORT)
    speech.save(tmp_path / "speech.wav")
    utterances = full_size.plan(Request(TEXTS[voice], voice=voice, seed=1, sampling=SHORT))
    frames = full_size.bundle.manifest.model.frames
    expected = sum(frames(len(u.segment.token_ids)) * HOP_LENGTH for u in utterances)
    with wave.open(str(tmp_path / "speech.wav")) as file:
        assert file.getframerate() == 22050
        assert file.getnframes() == expected
    assert 0.01 < abs(speech.samples).max() <= 0.99
