"""The output stage, held to the cases of ITU-R BS.1770-4 and EBU Tech 3341, one channel of them."""

import math

import numpy as np
import pytest

from cosyvoice_lite.audio import finish as stage
from cosyvoice_lite.audio.denoise import denoise
from cosyvoice_lite.audio.finish import Finish, finish, finish_pieces, head_trimmed_s
from cosyvoice_lite.audio.limiter import limit
from cosyvoice_lite.audio.loudness import loudness, true_peak
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.errors import UsageError
from oracles import Array

RATES = [16000, 22050, 24000, 44100, 48000]
ONE_CHANNEL = -10 * math.log10(2)  # the cases are stereo: one channel alone has half the power


def sine(hz: float, seconds: float, rate: int, db: float = 0.0, phase: float = 0.0) -> Array:
    t = np.arange(round(seconds * rate)) / rate
    return (10 ** (db / 20) * np.sin(2 * np.pi * hz * t + phase)).astype(np.float32)


def speech_like(rate: int = 22050, seconds: float = 6.0) -> Array:
    """Bursts of a buzz, four a second, with pauses in between."""
    t = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * 140 * k * t + k * k) / k for k in range(1, 30))
    return (0.15 * buzz * np.maximum(np.sin(2 * np.pi * 2 * t), 0) ** 2).astype(np.float32)


# --- loudness ------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", RATES)
def test_the_sine_that_the_standard_is_calibrated_with(rate: int) -> None:
    assert loudness(Audio(sine(997, 20, rate), rate)) == pytest.approx(-3.01, abs=0.01)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([(-23.0, 20.0)], -23.0),
        ([(-33.0, 20.0)], -33.0),
        ([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
        ([(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0),
        ([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
    ],
)
def test_the_cases_of_ebu_tech_3341(levels: list[tuple[float, float]], expected: float) -> None:
    parts = [sine(1000, seconds, 22050, db) for db, seconds in levels]
    measured = loudness(Audio(np.concatenate(parts), 22050))
    assert measured == pytest.approx(expected + ONE_CHANNEL, abs=0.1)


def test_the_weighting_is_the_recursion_of_the_standard() -> None:
    """The filters run as difference equations at their own rate, sample by sample."""
    from cosyvoice_lite.audio import loudness as module

    rng = np.random.default_rng(0)
    sound = rng.standard_normal(5000).astype(np.float32)
    expected = sound.astype(np.float64)
    for numerator, denominator in (module.SHELF, module.HIGH_PASS):
        filtered = np.zeros_like(expected)
        for n in range(len(expected)):
            for k in range(3):
                if n >= k:
                    filtered[n] += numerator[k] * expected[n - k]
                    filtered[n] -= denominator[k] * filtered[n - k] if k else 0.0
        expected = filtered
    np.testing.assert_allclose(module._k_weighted(Audio(sound, 48000)), expected, atol=1e-6)


def test_what_lies_under_the_absolute_gate_counts_as_silence() -> None:
    assert loudness(Audio(sine(1000, 5, 22050, -66), 22050)) == pytest.approx(-69.0, abs=0.1)
    assert loudness(Audio(sine(1000, 5, 22050, -68), 22050)) == -math.inf


def test_silence_has_no_loudness_and_a_short_sound_has() -> None:
    assert loudness(Audio(np.zeros(22050, np.float32), 22050)) == -math.inf
    assert loudness(Audio(np.zeros(0, np.float32), 22050)) == -math.inf
    assert loudness(Audio(sine(997, 0.2, 22050), 22050)) == pytest.approx(-3.01, abs=0.3)


@pytest.mark.parametrize("target", [-30.0, -23.0, -16.0])
def test_speech_is_brought_to_the_loudness_asked_for(target: float) -> None:
    quiet = Audio(speech_like() * np.float32(0.05), 22050)
    done = finish(quiet, Finish(loudness_lufs=target))
    assert loudness(done) == pytest.approx(target, abs=0.15)
    assert true_peak(done) <= -0.95


@pytest.mark.parametrize(("target", "peak_db"), [(-5.0, -1.0), (0.0, -1.0), (-16.0, -20.0)])
def test_a_loudness_out_of_reach_is_neared_without_overdrive(
    target: float, peak_db: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    driven = [0.0]

    def watched(samples: Array, rate: int, ceiling_db: float) -> Array:
        driven.append(20 * math.log10(np.abs(samples).max()) - ceiling_db)
        return limit(samples, rate, ceiling_db)

    monkeypatch.setattr(stage, "limit", watched)
    speech = speech_like()
    reached = loudness(finish(Audio(speech, 22050), Finish(False, 0.0, target, peak_db)))
    gains = np.float32(10) ** (np.arange(0, 40, 2, dtype=np.float32) / 20)
    best = max(loudness(Audio(limit(speech * gain, 22050, peak_db), 22050)) for gain in gains)
    assert best < target
    assert reached > best - 1.0
    assert max(driven) < 30.0


# --- peaks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [22050, 48000])
def test_a_peak_between_samples_is_found(rate: int) -> None:
    """A quarter of the rate, half way between samples: they reach 0.354 of a sine of 0.5."""
    sound = sine(rate / 4, 1.0, rate, -6.02, math.pi / 4)
    sound *= np.hanning(sound.size).astype(np.float32) ** 0.1
    assert np.abs(sound).max() < 0.36
    assert true_peak(Audio(sound, rate)) == pytest.approx(-6.02, abs=0.2)


@pytest.mark.parametrize("ceiling", [-1.0, -6.0, -20.0])
def test_nothing_passes_the_ceiling_and_what_is_below_is_left_alone(ceiling: float) -> None:
    rng = np.random.default_rng(3)
    bursts = speech_like() * 3 + 0.02 * rng.standard_normal(6 * 22050).astype(np.float32)
    limited = limit(bursts, 22050, ceiling)
    assert true_peak(Audio(limited, 22050)) <= ceiling + 0.05
    assert true_peak(Audio(limited, 22050)) >= ceiling - 0.5
    quiet = 0.1 * bursts
    assert limit(quiet, 22050, -1.0) is quiet
    far = np.zeros(22050, np.float32)
    far[:3000] = 0.3
    far[15000] = 1.0
    assert np.array_equal(limit(far, 22050, -6.0)[:14000], far[:14000])


def test_samples_close_to_the_nyquist_frequency_keep_under_the_ceiling() -> None:
    hiss = np.tile(np.array([0.9, -0.9], np.float32), 5000)
    assert np.abs(limit(hiss, 22050, -6.0)).max() <= 10 ** (-6.0 / 20)
    assert true_peak(Audio(hiss, 22050)) >= 20 * math.log10(0.9)


# --- noise, silence, fades -----------------------------------------------------------------


def test_steady_noise_is_turned_down_and_speech_is_not() -> None:
    rng = np.random.default_rng(4)
    speech = speech_like()
    noise = (0.003 * rng.standard_normal(speech.size)).astype(np.float32)
    cleaned = denoise(speech + noise, 22050, 15.0)
    pause = np.concatenate([np.arange(k * 11025 + 6200, k * 11025 + 10300) for k in range(1, 11)])
    before, after = np.square(noise[pause]).mean(), np.square(cleaned[pause]).mean()
    assert -16.0 < 10 * np.log10(after / before) < -10.0
    assert np.square(cleaned - speech).sum() < 0.5 * np.square(noise).sum()


@pytest.mark.parametrize("silence_s", [0.0, 0.3, 0.5, 1.0, 3.0, 60.0])
def test_noise_is_told_from_digital_silence(silence_s: float) -> None:
    rng = np.random.default_rng(6)
    t = np.arange(4 * 22050) / 22050
    buzz = sum(np.sin(2 * np.pi * 150 * k * t) / k for k in range(1, 20))
    noisy = 0.1 * buzz * (np.sin(2 * np.pi * 1.5 * t) > 0) + 0.003 * rng.standard_normal(t.size)
    silence = np.zeros(round(silence_s * 22050))
    cut = np.concatenate([noisy[: t.size // 2], silence, noisy[t.size // 2 :]]).astype(np.float32)
    cleaned = np.delete(denoise(cut, 22050, 20.0), np.s_[t.size // 2 : t.size // 2 + silence.size])
    pause = np.sin(2 * np.pi * 1.5 * t) < -0.5
    change = np.square(cleaned[pause]).mean() / np.square(noisy[pause]).mean()
    assert 10 * np.log10(change) == pytest.approx(-19.8, abs=0.2)


def test_clean_speech_comes_through_almost_as_it_was() -> None:
    speech = speech_like()
    error = denoise(speech, 22050, 12.0) - speech
    assert np.square(error).sum() < 1e-4 * np.square(speech).sum()
    short = speech[:8000]
    assert denoise(short, 22050, 12.0) is short


def test_silence_is_trimmed_and_the_shift_is_told() -> None:
    padded = np.concatenate([np.zeros(22050), sine(300, 1, 22050), np.zeros(11025)])
    audio = Audio(padded.astype(np.float32), 22050)
    done = finish(audio, Finish(trim=True))
    assert done.duration_s == pytest.approx(1.0, abs=0.04)
    assert head_trimmed_s(audio, Finish(trim=True)) == pytest.approx(1.0, abs=0.02)
    assert head_trimmed_s(audio, Finish()) == 0.0
    assert finish(Audio.silence(1.0, 22050), Finish(trim=True)).samples.size == 0


def test_fades_begin_and_end_in_silence() -> None:
    audio = Audio(np.ones(22050, np.float32), 22050)
    faded = finish(audio, Finish(fade_in_s=0.1, fade_out_s=0.2)).samples
    assert faded[0] < 1e-4
    assert faded[-1] < 1e-4
    assert (faded[2300:17000] == 1.0).all()


def test_nothing_asked_is_nothing_done() -> None:
    audio = Audio(speech_like(), 22050)
    assert np.array_equal(finish(audio, Finish()).samples, audio.samples)
    for settings in (Finish(loudness_lufs=-16.0), Finish(denoise_db=12.0), Finish(peak_db=-3.0)):
        assert finish(Audio(np.zeros(0, np.float32), 22050), settings).samples.size == 0
        assert not finish(Audio.silence(1.0, 22050), settings).samples.any()


# --- piece by piece --------------------------------------------------------------------------


def test_pieces_joined_are_what_the_whole_becomes() -> None:
    settings = Finish(peak_db=-12.0, fade_in_s=0.5)
    whole = Audio(speech_like() * 2, 22050)
    cuts = np.sort(np.random.default_rng(5).integers(0, whole.samples.size, 40))
    pieces = [Audio(part, 22050) for part in np.split(whole.samples, cuts)]
    joined = Audio.concat(finish_pieces(pieces, settings))
    np.testing.assert_allclose(joined.samples, finish(whole, settings).samples, atol=1e-6)


@pytest.mark.parametrize("fade_in_s", [1e-6, 0.0123, 0.05, 10.0])
def test_a_fade_in_is_the_same_piece_by_piece_however_long(fade_in_s: float) -> None:
    settings, whole = Finish(fade_in_s=fade_in_s), Audio(speech_like(), 22050)
    pieces = [Audio(part, 22050) for part in np.split(whole.samples, 7)]
    joined = Audio.concat(finish_pieces(pieces, settings))
    assert np.array_equal(joined.samples, finish(whole, settings).samples)


@pytest.mark.parametrize(
    "settings",
    [
        Finish(trim=True),
        Finish(denoise_db=6.0),
        Finish(loudness_lufs=-20.0),
        Finish(fade_out_s=1.0),
    ],
)
def test_what_needs_the_whole_says_so(settings: Finish) -> None:
    assert settings.needs_whole
    with pytest.raises(UsageError, match="need the whole speech"):
        finish_pieces([], settings)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("loudness_lufs", 1.0, "loudness is 1 LUFS, must be -60 to 0"),
        ("peak_db", 0.1, "peak is 0.1 dB"),
        ("denoise_db", 41.0, "denoising is 41 dB"),
        ("fade_in_s", math.nan, "fade in is nan s"),
        ("fade_out_s", -1.0, "fade out is -1 s"),
    ],
)
def test_numbers_out_of_range_are_refused(name: str, value: float, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Finish(**{name: value})
