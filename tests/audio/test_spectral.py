"""The three front ends against the official ones, and against their equations in plain loops."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.audio.spectral import (
    kaldi_fbank,
    kaldi_fbank_normalised,
    kaldi_filters,
    matcha_mel,
    slaney_filters,
    whisper_log_mel,
)
from cosyvoice_lite.errors import AudioError

GOLDEN = Path(__file__).parents[1] / "golden" / "audio_features.npz"

Golden = dict[str, np.ndarray]
FrontEnd = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def golden() -> Golden:
    with np.load(GOLDEN) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize(
    ("front_end", "wave", "feature", "tolerance"),
    [
        # Log energies: the official float32 transform is off where a band is 100 dB down.
        (kaldi_fbank, "wave_16000", "kaldi_fbank_80", 1e-3),  # reached 2.2e-4
        (kaldi_fbank_normalised, "wave_16000", "kaldi_fbank_80_cmn", 1e-3),  # reached 2.1e-4
        (whisper_log_mel, "wave_16000", "whisper_log_mel_128", 1e-4),  # reached 1.5e-5
    ],
)
def test_equals_the_official_front_end(
    golden: Golden, front_end: FrontEnd, wave: str, feature: str, tolerance: float
) -> None:
    result = front_end(golden[wave])
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, golden[feature], rtol=0, atol=tolerance)


def test_matcha_mel_equals_the_official_one(golden: Golden) -> None:
    """1e-4 but for the golden's own rounding: its float32 FFT is 2e-6 off in every bin.

    Where a band is as quiet as that (23 of 20,640 values, below -8.7 of a floor at -11.5) the
    logarithm turns it into at most 2.2e-4; we are nearer to the equation, as the loops below show.
    """
    expected = golden["matcha_mel_80"]
    result = matcha_mel(golden["wave_22050"])
    error = np.abs(result - expected)
    assert result.shape == expected.shape
    assert result.dtype == np.float32
    assert error[expected > -8.0].max() <= 1e-4  # reached 5.4e-5
    assert (error <= 1e-4).mean() >= 0.998  # reached 0.9989
    assert error.max() <= 3e-4  # reached 2.2e-4
    np.testing.assert_allclose(np.exp(result), np.exp(expected), rtol=0, atol=2e-6)


def dft_power(frame: np.ndarray, n_fft: int) -> np.ndarray:
    angles = np.outer(np.arange(n_fft // 2 + 1), np.arange(frame.size)) * (-2 * np.pi / n_fft)
    return np.abs(np.exp(1j * angles) @ frame.astype(np.float64)) ** 2


@pytest.mark.parametrize("t", [0, 100, 227, 257])
def test_matcha_frame_is_its_equation(golden: Golden, t: int) -> None:
    wave = golden["wave_22050"]
    padded = np.concatenate([wave[384:0:-1], wave, wave[-2:-386:-1]])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    power = dft_power(padded[256 * t : 256 * t + 1024] * window, 1024)
    mel = slaney_filters(22050, 1024, 80, 8000.0) @ np.sqrt(power + 1e-9)
    expected = np.log(np.maximum(mel, 1e-5))
    np.testing.assert_allclose(matcha_mel(wave)[:, t], expected, rtol=0, atol=2e-6)


def test_kaldi_frame_is_its_equation(golden: Golden) -> None:
    wave = golden["wave_16000"].astype(np.float64)
    frame = wave[160 * 50 : 160 * 50 + 400]
    frame = frame - frame.mean()
    frame = np.array([x - 0.97 * frame[max(i - 1, 0)] for i, x in enumerate(frame)])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)
    energies = kaldi_filters(80) @ dft_power(frame * hann**0.85, 512)
    expected = np.log(np.maximum(energies, 2.0**-23))
    result = kaldi_fbank(golden["wave_16000"])[50]
    np.testing.assert_allclose(result, expected, rtol=0, atol=2e-6)


def test_kaldi_filters_share_out_every_bin_between_their_outermost_peaks() -> None:
    filters = kaldi_filters(80)
    inner = slice(int(filters[0].argmax()) + 1, int(filters[-1].argmax()))
    np.testing.assert_allclose(filters.sum(axis=0)[inner], 1.0, atol=1e-12)
    assert not filters[:, -1].any()


def test_slaney_filters_have_equal_area() -> None:
    filters = slaney_filters(22050, 2**16, 80, 8000.0)
    np.testing.assert_allclose(filters.sum(axis=1) * 22050 / 2**16, 1.0, rtol=1e-3)
    assert not filters[:, int(8000 / 22050 * 2**16) + 1 :].any()


@pytest.mark.parametrize("front_end", [kaldi_fbank, whisper_log_mel, matcha_mel])
def test_silence_gives_a_finite_floor(front_end: FrontEnd) -> None:
    assert np.unique(front_end(np.zeros(16000, np.float32))).size == 1


def test_frame_counts() -> None:
    second = np.zeros(16000, np.float32)
    assert kaldi_fbank(second).shape == (98, 80)
    assert whisper_log_mel(second).shape == (128, 100)
    assert whisper_log_mel(second, n_mels=80).shape == (80, 100)
    assert matcha_mel(np.zeros(22050, np.float32)).shape == (80, 86)


@pytest.mark.parametrize(
    ("front_end", "shortest"), [(kaldi_fbank, 400), (whisper_log_mel, 201), (matcha_mel, 385)]
)
def test_too_short_is_said_in_seconds(front_end: FrontEnd, shortest: int) -> None:
    assert np.isfinite(front_end(np.ones(shortest, np.float32))).all()
    for n in (0, 1, shortest - 1):
        with pytest.raises(AudioError, match=r"too short: 0\.0\d\d s, at least 0\.0\d\d s needed"):
            front_end(np.ones(n, np.float32))


def test_two_axes_are_refused() -> None:
    with pytest.raises(AudioError, match="one axis"):
        kaldi_fbank(np.zeros((1, 16000), np.float32))


@pytest.mark.parametrize(
    ("front_end", "rate"), [(kaldi_fbank, 16000), (whisper_log_mel, 16000), (matcha_mel, 22050)]
)
def test_thirty_seconds_fit_in_bounded_memory(front_end: FrontEnd, rate: int) -> None:
    wave = np.zeros(30 * rate, np.float32)
    tracemalloc.start()
    try:
        front_end(wave)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100 * 2**20
