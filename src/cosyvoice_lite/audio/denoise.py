"""Steady noise made quieter: a Wiener filter on the spectrum.

Source: Ephraim and Malah, "Speech enhancement using a minimum mean-square error short-time spectral
amplitude estimator", 1984: the decision-directed estimate of how far speech stands out of noise,
which keeps what is left of the noise from tinkling.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.audio.waveform import Samples

Array = NDArray[Any]

WINDOW_S = 0.032
QUIET_SHARE = 0.1
"""Share of frames, of each frequency, that are taken for noise alone: speech pauses that often."""
QUIET_TO_MEAN = 1.0 / -np.log1p(-QUIET_SHARE)
"""From that quantile of a noise's power, which falls off exponentially, to its mean."""
QUIETEST_SHARE = 0.02
"""Share of frames, the quietest, that steady noise fills almost as much as the other quiet ones."""
LEAST_FRAMES = 31
"""Of 16 ms, away from silence, that noise can be told by: half a second of sound has so many."""
SILENT_SHARE = 1e-9
"""Of the loudest frame's power: less is digital silence."""
MEMORY = 0.98


def denoise(samples: Samples, sample_rate: int, reduction_db: float) -> Samples:
    """Turn down, by up to `reduction_db`, what does not stand out of the steady noise.

    Args:
        samples: float32 ``(T_wav,)``; less than half a second of sound holds too little to tell
            noise by, and is left as it is.
    """
    if reduction_db <= 0:
        return samples
    length = 4 * round(WINDOW_S * sample_rate / 4)
    window = np.sqrt(np.hanning(length + 1)[:-1])
    hop = length // 2
    padded = np.pad(samples, (length, length + -samples.size % hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
    spectrum = np.fft.rfft(frames * window, axis=1)
    power = np.abs(spectrum) ** 2
    inside = _inside_sound(power)
    if inside.sum() < LEAST_FRAMES:
        return samples
    gains = _gains(power, _noise(power[inside]), reduction_db)
    cleaned = np.fft.irfft(spectrum * gains, length) * window
    result = np.zeros(padded.size)
    for start, frame in zip(range(0, padded.size, hop), cleaned, strict=False):
        result[start : start + length] += frame
    return result[length : length + samples.size].astype(np.float32)


def _inside_sound(power: Array) -> Array:
    """Which frames (T,) hold sound and lie between others that do: digital silence, and what it
    cuts off, is no sample of the noise."""
    total = power.sum(axis=1)
    heard = np.pad(total > SILENT_SHARE * total.max(), 1)
    return np.asarray(heard[:-2] & heard[1:-1] & heard[2:])


def _noise(power: Array) -> Array:
    """Mean power of the steady noise in each bin, from frames (T, bins).

    Where all pauses are digital silence the quiet frames are faint speech. Then the quietest are
    far below them, which noise never is: cubed, that share leaves noise as it is, and no speech.
    """
    quietest, quiet = np.quantile(power.sum(axis=1), [QUIETEST_SHARE, QUIET_SHARE])
    mean = np.quantile(power, QUIET_SHARE, axis=0) * QUIET_TO_MEAN
    return np.asarray(mean * (quietest / quiet) ** 3 + 1e-20)


def _gains(power: Array, noise: Array, reduction_db: float) -> Array:
    """Factor on each bin of each frame, from its power: (T, bins)."""
    floor = 10 ** (-reduction_db / 20)
    gains = np.empty_like(power)
    speech = np.zeros(power.shape[1])
    for frame, now in enumerate(power / noise):
        stands_out = MEMORY * speech + (1 - MEMORY) * np.maximum(now - 1.0, 0.0)
        gain = np.maximum(stands_out / (1.0 + stands_out), floor)
        speech = gain**2 * now
        gains[frame] = gain
    return gains
