"""A limiter that looks ahead: it turns down in time, smoothly, and no more than it must."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.audio.loudness import oversampled_peaks
from cosyvoice_lite.audio.waveform import Samples

LOOK_AHEAD_S = 0.005
FILTER_REACH = 8  # samples that a peak between samples depends on, on each side


def reach(sample_rate: int) -> int:
    """Samples on either side that the gain at one sample depends on."""
    return 2 * round(LOOK_AHEAD_S * sample_rate) + FILTER_REACH


def limit(samples: Samples, sample_rate: int, ceiling_db: float) -> Samples:
    """Turn down where a peak, also one between samples, would pass the ceiling.

    The gain that each moment needs is held for 5 ms on either side and averaged over as much, so it
    is never above what a peak needs, and it moves too slowly to be heard as distortion.

    Args:
        samples: float32 ``(T_wav,)``.
        ceiling_db: in dBTP.
    """
    ceiling = 10 ** (ceiling_db / 20)
    peaks = oversampled_peaks(samples)
    peaks[1:] = np.maximum(peaks[1:], peaks[:-1])  # those between belong to both neighbours
    if peaks.max(initial=0.0) <= ceiling:
        return samples
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9)).astype(np.float64)
    half = round(LOOK_AHEAD_S * sample_rate)
    held = _least(np.pad(needed, 2 * half, constant_values=1.0), 2 * half + 1)
    sums = np.concatenate([[0.0], np.cumsum(held)])
    gain = (sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1)
    return np.asarray(samples * gain, np.float32)


def _least(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The least of each `width` values in a row, in three passes whatever the width.

    Source: van Herk, "A fast algorithm for local minimum and maximum filters", 1992.
    """
    padded = np.pad(values, (0, -values.size % width), constant_values=np.inf).reshape(-1, width)
    ahead = np.minimum.accumulate(padded, axis=1).ravel()
    behind = np.minimum.accumulate(padded[:, ::-1], axis=1)[:, ::-1].ravel()
    n_out = values.size - width + 1
    return np.minimum(behind[:n_out], ahead[width - 1 : width - 1 + n_out])
