"""Tempo, seams, silence and peaks."""

from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.audio.effects import (
    fade,
    fade_in_out,
    interpolate_linear,
    trim_silence,
)
from cosyvoice_lite.errors import AudioError

GOLDEN = Path(__file__).parents[1] / "golden" / "audio_effects.npz"
RATE = 16000


def test_tempo_equals_the_official_interpolation() -> None:
    with np.load(GOLDEN) as golden:
        mel, expected = golden["speed.mel_in"], golden["speed.1_3"]
    result = interpolate_linear(mel, int(mel.shape[-1] / 1.3))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-5)  # reached 3e-7


def test_interpolation_of_a_line_is_a_line_held_at_its_ends() -> None:
    line = np.arange(10, dtype=np.float32)
    longer = interpolate_linear(line, 20)
    np.testing.assert_allclose(longer, np.clip((np.arange(20) + 0.5) / 2 - 0.5, 0, 9), atol=1e-6)
    np.testing.assert_array_equal(interpolate_linear(line, 10), line)


@pytest.mark.parametrize(("n_in", "size"), [(0, 3), (3, 0)])
def test_nothing_can_be_stretched_to_nothing(n_in: int, size: int) -> None:
    with pytest.raises(AudioError, match="can't stretch"):
        interpolate_linear(np.zeros((80, n_in), np.float32), size)


def test_cross_fade_equals_the_official_one() -> None:
    with np.load(GOLDEN) as golden:
        sides = golden["fade.in"], golden["fade.out"], golden["fade.window"]
        expected = golden["fade.result"]
    before = sides[0].copy()
    result = fade_in_out(*sides)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-6)  # reached 0.0
    np.testing.assert_array_equal(sides[0], before)


def test_cross_fade_needs_both_sides_and_may_have_no_overlap() -> None:
    side = np.ones(4, np.float32)
    np.testing.assert_array_equal(fade_in_out(side, side, np.hamming(1)), side)
    with pytest.raises(AudioError, match="over 5 columns"):
        fade_in_out(side, side, np.hamming(10))


def test_trim_keeps_the_sound_and_only_the_sound() -> None:
    sound = np.sin(np.arange(RATE // 2) * 0.3).astype(np.float32)
    quiet = np.full(RATE, 1e-5, np.float32)
    trimmed = trim_silence(np.concatenate([quiet, sound, quiet]), RATE)
    assert sound.size <= trimmed.size <= sound.size + 2 * round(0.02 * RATE)


@pytest.mark.parametrize("n", [0, 1, 5000])
def test_pure_silence_trims_to_nothing(n: int) -> None:
    assert trim_silence(np.zeros(n, np.float32), RATE).size == 0


def test_fades_touch_the_edges_only() -> None:
    flat = np.ones(1000, np.float32)
    faded = fade(flat, RATE, in_s=0.01, out_s=0.02)
    assert faded[0] < 0.01
    assert faded[-1] < 0.01
    np.testing.assert_array_equal(faded[160:-320], 1.0)
    assert (np.diff(faded[:160]) > 0).all()
    assert fade(np.ones(3, np.float32), RATE, in_s=1.0).size == 3
    assert flat.min() == 1.0
