"""The full-size model, random weights: five languages in, sound of the right length out, and no
more memory than promised."""

import wave
from pathlib import Path

import pytest
from checkpoints import SIZES, write_checkpoint

from cosyvoice_lite import Sampling, Synthesizer
from cosyvoice_lite.bench.memory import measure_memory
from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.config import HOP_LENGTH
from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.convert.quantize import quantize
from cosyvoice_lite.runtime.request import Request

TEXTS = {
    "中文女": "今天是2024年7月16日，气温三十五度，我们一起去公园散步吧。",
    "粤语女": "呢個係廣東話嘅測試，我哋今晚去邊度食飯？",
    "英文男": "The quick brown fox jumps over the lazy dog, and nobody was surprised.",
    "日语男": "今日は天気がいいですね。明日は2024年7月17日です。",
    "韩语女": "안녕하세요. 오늘은 2024년 7월 16일입니다.",
}
SHORT = Sampling(min_token_text_ratio=1.0, max_token_text_ratio=1.0)


PROMISED_MB = {"serve, idle": 50, "speaking": 600, "speaking, staged": 400, "unloaded": 200}
BUDGET_MB = 300


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full")
    write_checkpoint(folder / "checkpoint", SIZES["full"], tokenizer="phonemes")
    convert(folder / "checkpoint", folder / "fp32", precision="fp32")
    return folder / "fp32"


@pytest.fixture(scope="module")
def int8(exact: Path) -> Path:
    quantize(Bundle.open(exact), exact.with_name("int8"), "int8")
    return exact.with_name("int8")


@pytest.fixture(scope="module")
def full_size(int8: Path) -> Synthesizer:
    return Synthesizer.open(int8)


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


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks /proc for memory")
def test_int8_holds_no_more_memory_than_promised(int8: Path) -> None:
    measured = measure_memory(int8, seconds=5.0, solver="exact", budget=None)
    assert measured is not None
    over = {name: mb for name, mb in measured.items() if mb > PROMISED_MB.get(name, mb)}
    assert not over, measured


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks /proc for memory")
def test_int4_speaks_within_300_mb(exact: Path) -> None:
    quantize(Bundle.open(exact), exact.with_name("int4"), "int4")
    measured = measure_memory(
        exact.with_name("int4"), seconds=5.0, solver="exact", budget=BUDGET_MB * 10**6
    )
    assert measured is not None
    assert measured["budget"] <= BUDGET_MB, measured
