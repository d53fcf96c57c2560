"""Change duration and pitch of a recording without a vocoder, so that it stays a recording.

Duration by WSOLA (waveform-similarity overlap-add): 20 ms grains, each taken from where the wave
best continues the one before. Pitch by resampling, which also moves the formants a little: at the
few per cent that intonation needs, that is the natural variation of a voice.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

GRAIN = 440  # samples, 20 ms
HOP = GRAIN // 2
REACH = 220  # how far a grain may be moved to fit
OVERSAMPLING = 4

Samples = NDArray[np.float32]


def stretch(samples: Samples, length: int) -> Samples:
    """The same sound at the same pitch in `length` samples."""
    slope = len(samples) / length
    margin = GRAIN + REACH
    padded = np.pad(samples, (margin, 2 * margin))
    window = np.hanning(GRAIN + 1)[:-1].astype(np.float32)
    out = np.zeros(length + 3 * GRAIN, np.float32)
    taken = margin - HOP
    for number in range(length // HOP + 2):
        wanted = min(int(number * HOP * slope) + margin - HOP, len(padded) - margin - GRAIN)
        if number:
            taken = _best_start(padded, wanted, padded[taken + HOP : taken + HOP + GRAIN])
        out[number * HOP : number * HOP + GRAIN] += padded[taken : taken + GRAIN] * window
    return out[HOP : HOP + length]


def repitch(samples: Samples, ratios: NDArray[np.float64]) -> Samples:
    """Pitch times `ratios`, a curve over the recording (any number of points); length changes."""
    fine = resample_poly(samples, OVERSAMPLING, 1)
    curve = np.interp(np.linspace(0, 1, len(samples)), np.linspace(0, 1, len(ratios)), ratios)
    moments = np.concatenate([[0.0], np.cumsum(1 / curve)])[:-1]  # when each input sample sounds
    asked = np.interp(np.arange(int(moments[-1])), moments, np.arange(len(samples)))
    return np.interp(asked * OVERSAMPLING, np.arange(len(fine)), fine).astype(np.float32)


def _best_start(padded: Samples, wanted: int, continuation: Samples) -> int:
    """The start near `wanted` whose grain correlates best with the natural continuation."""
    first = max(0, wanted - REACH)
    region = padded[first : wanted + REACH + GRAIN]
    likeness = np.correlate(region, continuation, "valid")
    squares = np.concatenate([[0.0], np.cumsum(region.astype(np.float64) ** 2)])
    energy = squares[GRAIN:] - squares[:-GRAIN]
    return first + int(np.argmax(likeness / np.sqrt(energy + 1e-6)))
