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
MEMORY = 0.98


def denoise(samples: Samples, sample_rate: int, reduction_db: float) -> Samples:
    """Turn down, by up to `reduction_db`, what does not stand out of the steady noise.

    Args:
        samples: float32 ``(T_wav,)``; less than half a second holds too little to tell noise by,
            and is left as it is.
    """
    if samples.size < sample_rate // 2 or reduction_db <= 0:
        return samples
    length = 4 * round(WINDOW_S * sample_rate / 4)
    window = np.sqrt(np.hanning(length + 1)[:-1])
    hop = length // 2
    padded = np.pad(samples, (length, length + -samples.size % hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
    spectrum = np.fft.rfft(frames * window, axis=1)
    cleaned = np.fft.irfft(spectrum * _gains(np.abs(spectrum) ** 2, reduction_db), length) * window
    result = np.zeros(padded.size)
    for start, frame in zip(range(0, padded.size, hop), cleaned, strict=False):
        result[start : start + length] += frame
    return result[length : length + samples.size].astype(np.float32)


def _gains(power: Array, reduction_db: float) -> Array:
    """Factor on each bin of each frame, from its power: (T, bins)."""
    noise = np.quantile(power[1:-1], QUIET_SHARE, axis=0) * QUIET_TO_MEAN + 1e-20
    floor = 10 ** (-reduction_db / 20)
    gains = np.empty_like(power)
    speech = np.zeros(power.shape[1])
    for frame, now in enumerate(power / noise):
        stands_out = MEMORY * speech + (1 - MEMORY) * np.maximum(now - 1.0, 0.0)
        gain = np.maximum(stands_out / (1.0 + stands_out), floor)
        speech = gain**2 * now
        gains[frame] = gain
    return gains
