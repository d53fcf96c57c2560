"""Spectral front ends: what each of the three networks hears of a recording.

Kaldi's filter bank feeds the speaker encoder (CAM++), Whisper's log-mel the speech tokenizer,
Matcha's mel the flow. They differ in window, scale and floor, and aren't interchangeable.
Sources: Kaldi feat/mel-computations and torchaudio.compliance.kaldi; Radford et al. 2022,
section 2.2; Slaney, Auditory Toolbox, 1998; Kong et al. 2020 (HiFi-GAN), appendix.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.audio.waveform import Samples
from cosyvoice_lite.errors import AudioError

Features = NDArray[np.float32]
Array = NDArray[np.floating]

RATE_16K = 16000
KALDI_WINDOW, KALDI_HOP, KALDI_FFT = 400, 160, 512  # 25 ms, 10 ms, next power of two
KALDI_PREEMPHASIS = 0.97
KALDI_LOW_HZ = 20.0
KALDI_FLOOR = float(np.finfo(np.float32).eps)
WHISPER_FFT, WHISPER_HOP = 400, 160
WHISPER_RANGE = 8.0  # decades kept below the loudest bin


def kaldi_fbank(samples: Samples, n_mels: int = 80) -> Features:
    """Log energies of Kaldi's filter bank, without dither, samples taken as ±1.0.

    Args:
        samples: float32 ``(T_wav,)`` at 16 kHz, not scaled to int16, as the official code has it.

    Returns:
        ``(T, n_mels)``, one row per 10 ms, only frames that fit whole (snip_edges).

    Raises:
        AudioError: shorter than one window of 25 ms.
    """
    _require(samples, KALDI_WINDOW, RATE_16K)
    frames = _frames(samples, KALDI_WINDOW, KALDI_HOP).astype(np.float64)
    frames -= frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    frames -= KALDI_PREEMPHASIS * before
    povey = np.hanning(KALDI_WINDOW) ** 0.85
    energies = _power(frames * povey, KALDI_FFT) @ kaldi_filters(n_mels).T
    return _float32(np.log(np.maximum(energies, KALDI_FLOOR)))


def kaldi_fbank_normalised(samples: Samples, n_mels: int = 80) -> Features:
    """`kaldi_fbank` with each band's mean over time removed: the speaker encoder's input."""
    features = kaldi_fbank(samples, n_mels)
    return _float32(features - features.mean(axis=0, keepdims=True))


def whisper_log_mel(samples: Samples, n_mels: int = 128) -> Features:
    """Whisper's log10 mel, clipped to the top eight decades and shifted: the tokenizer's input.

    Args:
        samples: float32 ``(T_wav,)`` at 16 kHz.

    Returns:
        ``(n_mels, T_wav // 160)``.

    Raises:
        AudioError: shorter than half a window, so that its edge can't be mirrored.
    """
    _require(samples, WHISPER_FFT // 2 + 1, RATE_16K)
    padded = np.pad(samples, WHISPER_FFT // 2, mode="reflect")
    frames = _frames(padded, WHISPER_FFT, WHISPER_HOP)[:-1]
    power = _power(frames * _hann(WHISPER_FFT), WHISPER_FFT)
    filters = slaney_filters(RATE_16K, WHISPER_FFT, n_mels, RATE_16K / 2)
    log_mel = np.log10(np.maximum(filters @ power.T, 1e-10))
    log_mel = np.maximum(log_mel, log_mel.max(initial=-10.0) - WHISPER_RANGE)
    return _float32((log_mel + 4.0) / 4.0)


def matcha_mel(
    samples: Samples,
    sample_rate: int = 22050,
    *,
    n_mels: int = 80,
    n_fft: int = 1024,
    hop_length: int = 256,
    f_max: float = 8000.0,
) -> Features:
    """Natural log of the mel magnitudes the flow was trained on.

    Args:
        samples: float32 ``(T_wav,)`` at `sample_rate` Hz.
        n_fft: length of transform and window, in samples.
        hop_length: samples from frame to frame.
        f_max: upper edge of the highest filter, in Hz.

    Returns:
        ``(n_mels, T_wav // hop_length)`` if n_fft is a multiple of hop_length.

    Raises:
        AudioError: too short for its edge to be mirrored.
    """
    margin = (n_fft - hop_length) // 2
    _require(samples, max(margin + 1, hop_length), sample_rate)
    frames = _frames(np.pad(samples, margin, mode="reflect"), n_fft, hop_length)
    magnitude = np.sqrt(_power(frames * _hann(n_fft), n_fft) + 1e-9)
    mel = slaney_filters(sample_rate, n_fft, n_mels, f_max) @ magnitude.T
    return _float32(np.log(np.maximum(mel, 1e-5)))


@functools.cache
def kaldi_filters(n_mels: int) -> Array:
    """Triangles on Kaldi's mel scale over 20 Hz to Nyquist: ``(n_mels, KALDI_FFT // 2 + 1)``.

    The slopes are straight in mel, not in Hz, and the Nyquist bin belongs to no filter.
    """
    bins_hz = np.arange(KALDI_FFT // 2 + 1) * (RATE_16K / KALDI_FFT)
    edges = np.linspace(_htk_mel(KALDI_LOW_HZ), _htk_mel(RATE_16K / 2), n_mels + 2)
    filters = _triangles(_htk_mel(bins_hz), edges)
    filters[:, -1] = 0.0
    filters.flags.writeable = False  # the cache hands out one array to all
    return filters


@functools.cache
def slaney_filters(sample_rate: int, n_fft: int, n_mels: int, f_max: float) -> Array:
    """Triangles of equal area on Slaney's mel scale, from 0 to f_max Hz.

    Returns:
        ``(n_mels, n_fft // 2 + 1)``.
    """
    bins_hz = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    edges_hz = _slaney_hz(np.linspace(0.0, float(_slaney_mel(f_max)), n_mels + 2))
    area = (edges_hz[2:] - edges_hz[:-2]) / 2
    filters = _triangles(bins_hz, edges_hz) / area[:, None]
    filters.flags.writeable = False
    return filters


def _triangles(points: Array, edges: Array) -> Array:
    """Filter m rises from edge m to edge m + 1 and falls to edge m + 2: ``(n_mels, n_points)``."""
    widths = np.diff(edges)[:, None]
    distance = points[None, :] - edges[:, None]
    rising = distance[:-2] / widths[:-1]
    falling = -distance[2:] / widths[1:]
    return np.maximum(0.0, np.minimum(rising, falling))


def _htk_mel(hz: float | Array) -> Array:
    return np.asarray(1127.0 * np.log(1.0 + np.asarray(hz) / 700.0))


SLANEY_HZ_PER_MEL = 200.0 / 3.0  # linear below 1 kHz
SLANEY_BREAK_HZ, SLANEY_BREAK_MEL = 1000.0, 15.0
SLANEY_LOG_STEP = float(np.log(6.4)) / 27.0  # 27 mels from 1 kHz to 6.4 kHz


def _slaney_mel(hz: float) -> float:
    if hz < SLANEY_BREAK_HZ:
        return hz / SLANEY_HZ_PER_MEL
    return SLANEY_BREAK_MEL + float(np.log(hz / SLANEY_BREAK_HZ)) / SLANEY_LOG_STEP


def _slaney_hz(mel: Array) -> Array:
    above = np.maximum(mel - SLANEY_BREAK_MEL, 0.0)
    logarithmic = SLANEY_BREAK_HZ * np.exp(SLANEY_LOG_STEP * above)
    return np.where(mel < SLANEY_BREAK_MEL, mel * SLANEY_HZ_PER_MEL, logarithmic)


def _frames(samples: Samples, length: int, hop: int) -> Samples:
    """Overlapping views ``(T, length)``; nothing is copied."""
    return np.lib.stride_tricks.sliding_window_view(samples, length)[::hop]


def _hann(length: int) -> Array:
    """The periodic form, which leaves out the closing zero."""
    return np.hanning(length + 1)[:-1]


def _power(frames: Array, n_fft: int) -> Array:
    """Power spectrum ``(T, n_fft // 2 + 1)`` in float64: float32 would cost the tolerance."""
    spectrum = np.fft.rfft(frames, n_fft, axis=1)
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


def _float32(features: Array) -> Features:
    return np.asarray(features, np.float32)


def _require(samples: Samples, n_samples: int, sample_rate: int) -> None:
    if samples.ndim != 1:
        raise AudioError(f"samples must have one axis, got shape {samples.shape}")
    if samples.size < n_samples:
        needed, got = n_samples / sample_rate, samples.size / sample_rate
        raise AudioError(f"the recording is too short: {got:.3f} s, at least {needed:.3f} s needed")
