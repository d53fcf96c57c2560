"""How loud sound is, and how high it peaks between its samples.

Source: ITU-R BS.1770-4 (K-weighting, gating: annex 1; true peak: annex 2); EBU R 128, Tech 3341.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.audio.resample import resample
from cosyvoice_lite.audio.waveform import Audio, Samples

Array = NDArray[Any]

BLOCK_S, STEP_S = 0.4, 0.1
ABSOLUTE_GATE = -70.0  # LUFS: what is below is silence
RELATIVE_GATE = -10.0  # LU: under the mean of what is not
OFFSET = -0.691  # makes a sine of 997 Hz at full scale -3.01 LUFS
OVERSAMPLING = 4

SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285),
         (1.0, -1.69065929318241, 0.73248077421585))  # fmt: skip
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
FILTER_RATE = 48000  # Hz, of the coefficients above, which are those of the standard
RING_S = 1.0  # after it the filters have died away
FFT_S = 4.0  # sound filtered at a time


def loudness(audio: Audio) -> float:
    """Integrated loudness in LUFS; minus infinity for silence.

    Sound shorter than a block of 400 ms counts as one block of its length.
    """
    power = _block_powers(_k_weighted(audio), audio.sample_rate)
    heard = power[power > _power(ABSOLUTE_GATE)]
    if not heard.size:
        return -math.inf
    gate = heard.mean() * 10 ** (RELATIVE_GATE / 10)
    return OFFSET + 10 * math.log10(heard[heard > gate].mean())


def true_peak(audio: Audio) -> float:
    """The highest level in dBTP that a converter will reach; minus infinity for silence."""
    peak = float(oversampled_peaks(audio.samples).max(initial=0.0))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def oversampled_peaks(samples: Samples) -> Samples:
    """The highest magnitude at or between each sample and the next: ``(T_wav,)``."""
    fine = np.abs(resample(samples, 1, OVERSAMPLING)).reshape(-1, OVERSAMPLING)
    # the filter turns down what is close to the Nyquist frequency, at the samples themselves too
    return np.maximum(fine.max(axis=1), np.abs(samples))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET) / 10))


def _block_powers(weighted: Array, sample_rate: int) -> Array:
    """Mean square of each block of 400 ms, one every 100 ms."""
    length, step = round(BLOCK_S * sample_rate), round(STEP_S * sample_rate)
    length = max(1, min(length, weighted.size))
    sums = np.concatenate([[0.0], np.cumsum(np.square(weighted))])
    starts = np.arange(0, weighted.size - length + 1, step)
    return (sums[starts + length] - sums[starts]) / length


def _k_weighted(audio: Audio) -> Array:
    """Sound as loud as ears take it, float64 ``(T_wav,)``: overlap-save, stretch by stretch."""
    ring, n_fft = round(RING_S * audio.sample_rate), round(FFT_S * audio.sample_rate)
    response, hop = _k_response(audio.sample_rate, n_fft), n_fft - ring
    padded = np.pad(audio.samples, (ring, hop))
    weighted = np.empty(audio.samples.size)
    for start in range(0, audio.samples.size, hop):
        stretch = np.fft.irfft(np.fft.rfft(padded[start : start + n_fft], n_fft) * response, n_fft)
        end = min(start + hop, audio.samples.size)
        weighted[start:end] = stretch[ring : ring + end - start]
    return weighted


@functools.lru_cache(maxsize=4)
def _k_response(sample_rate: int, n_fft: int) -> Array:
    """The standard's filters at the frequencies of a transform, ``(n_fft // 2 + 1,)``.

    They are given for 48 kHz; a filter is what it does at a frequency in Hz, at any rate.
    """
    hz = np.minimum(np.arange(n_fft // 2 + 1) * (sample_rate / n_fft), FILTER_RATE / 2)
    delay = np.exp(-2j * np.pi * hz / FILTER_RATE)
    response = np.ones(hz.size, np.complex128)
    for numerator, denominator in (SHELF, HIGH_PASS):
        response *= np.polyval(numerator[::-1], delay) / np.polyval(denominator[::-1], delay)
    return response
