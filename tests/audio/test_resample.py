"""Resampling: equal to torchaudio's default filter bank, and sound in itself."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosyvoice_lite.audio.resample import Resampler, resample
from cosyvoice_lite.errors import AudioError

GOLDEN = Path(__file__).parents[1] / "golden" / "audio_effects.npz"
PAIRS = [(44100, 16000), (48000, 16000), (24000, 22050), (16000, 22050), (16001, 16000)]


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_equals_torchaudio(old: int, new: int) -> None:
    with np.load(GOLDEN) as golden:
        given_, expected = golden[f"resample.{old}.{new}.in"], golden[f"resample.{old}.{new}.out"]
    result = resample(given_, old, new)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-6)  # reached 4e-7: order of sums


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 500))
def test_length_is_rounded_up(old: int, new: int, n: int) -> None:
    assert resample(np.zeros(n, np.float32), old, new).size == -(-n * new // old)


@pytest.mark.parametrize(("old", "new"), [*PAIRS, (8000, 22050), (22050, 44100)])
def test_a_sine_survives(old: int, new: int) -> None:
    def tone(rate: int) -> np.ndarray:
        return np.sin(2 * np.pi * 1000 * np.arange(rate // 2) / rate).astype(np.float32)

    inner = slice(new // 10, new * 4 // 10)  # the edges hear the silence around the recording
    error = np.abs(resample(tone(old), old, new)[inner] - tone(new)[inner]).max()
    assert error < 5e-3  # a Hann window of six zero crossings ripples by 0.03 dB


def test_what_the_new_rate_cannot_carry_is_gone() -> None:
    high = np.sin(2 * np.pi * 15000 * np.arange(48000) / 48000).astype(np.float32)
    assert np.abs(resample(high, 48000, 16000)[200:-200]).max() < 1e-2


@given(st.integers(1, 10**6))
def test_equal_rates_change_nothing(rate: int) -> None:
    samples = np.linspace(-1, 1, 9, dtype=np.float32)
    assert resample(samples, rate, rate) is samples


def test_nothing_stays_nothing_and_rates_are_positive() -> None:
    assert resample(np.zeros(0, np.float32), 44100, 16000).size == 0
    with pytest.raises(AudioError, match="can't resample from 0 Hz"):
        resample(np.zeros(4, np.float32), 0, 16000)


@pytest.mark.parametrize(("old", "new"), [*PAIRS, (22050, 24000), (22050, 48000), (24000, 8000)])
def test_pieces_give_the_samples_of_the_whole(old: int, new: int) -> None:
    rng = np.random.default_rng(old)
    sound = rng.standard_normal(old // 4).astype(np.float32)
    stream, joined, start = Resampler(old, new), [], 0
    while start < sound.size:
        size = int(rng.integers(0, 900))
        joined.append(stream.write(sound[start : start + size]))
        start += size
    pieces = np.concatenate([*joined, stream.close()])
    one = Resampler(old, new)
    assert np.array_equal(pieces, np.concatenate([one.write(sound), one.close()]))
    np.testing.assert_allclose(pieces, resample(sound, old, new), rtol=0, atol=2e-6)


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.lists(st.integers(0, 60), max_size=6))
def test_pieces_lose_nothing(old: int, new: int, sizes: list[int]) -> None:
    stream = Resampler(old, new)
    parts = [stream.write(np.ones(size, np.float32)) for size in sizes]
    assert sum(map(len, parts)) + len(stream.close()) == -(-sum(sizes) * new // old)


def test_a_stream_holds_back_no_more_than_its_filter() -> None:
    stream = Resampler(22050, 24000)
    for _ in range(20):
        given_out = len(stream.write(np.ones(2205, np.float32)))
    assert given_out == 2400
