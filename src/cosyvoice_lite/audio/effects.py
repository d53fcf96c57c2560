"""What a speaking product does to finished sound and mel: tempo, seams, silence."""

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.audio.waveform import Samples
from cosyvoice_lite.errors import AudioError

Kind = TypeVar("Kind", bound=np.floating)

TRIM_WINDOW_S = 0.02
FLOOR_POWER = 1e-10  # -100 dB: below it everything is silence


def interpolate_linear(mel: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Stretch the last axis to `size` columns, sample centres aligned: the official speed change.

    Positions are rounded to float32 once, as PyTorch's fused multiply-add does (interpolate,
    align_corners=False): between columns far apart an exact position is 1e-4 off the official one.

    Args:
        mel: float32 ``(…, T_mel)``.

    Returns:
        float32 ``(…, size)``.

    Raises:
        AudioError: nothing to stretch, or nothing to stretch to.
    """
    n_in = mel.shape[-1]
    if n_in < 1 or size < 1:
        raise AudioError(f"can't stretch {n_in} mel frames to {size}")
    scale = np.float64(np.float32(n_in / size))
    exact = np.maximum(scale * (np.arange(size) + 0.5) - 0.5, 0.0)
    position = exact.astype(np.float32)
    left = np.minimum(position.astype(np.int64), n_in - 1)
    right = np.minimum(left + 1, n_in - 1)
    weight = (position - left).astype(np.float32)
    stretched = mel[..., left] * (np.float32(1.0) - weight) + mel[..., right] * weight
    return np.asarray(stretched, np.float32)


def fade_in_out(
    fade_in: NDArray[Kind], fade_out: NDArray[Kind], window: NDArray[np.floating]
) -> NDArray[Kind]:
    """Cross-fade the head of one stretch with the tail of the one before it.

    Args:
        fade_in: ``(…, T)``, heard from now on.
        fade_out: ``(…, T')``, its last columns overlap the first of `fade_in`.
        window: ``(2 · overlap,)``, the rising half before the falling half.

    Returns:
        A new array of the shape and type of `fade_in`.

    Raises:
        AudioError: a side is shorter than the overlap.
    """
    overlap = window.shape[0] // 2
    if min(fade_in.shape[-1], fade_out.shape[-1]) < overlap:
        raise AudioError(f"can't cross-fade over {overlap} columns: a side is shorter")
    result = fade_in.copy()
    if overlap:
        head = fade_in[..., :overlap] * window[:overlap]
        result[..., :overlap] = head + fade_out[..., -overlap:] * window[overlap : 2 * overlap]
    return result


def trim_silence(samples: Samples, sample_rate: int, *, below_db: float = 60.0) -> Samples:
    """Drop head and tail that lie `below_db` dB under the loudest 20 ms; a view, never a copy.

    Pure silence becomes an empty array.
    """
    return samples[loud_span(samples, sample_rate, below_db=below_db)]


def loud_span(samples: Samples, sample_rate: int, *, below_db: float = 60.0) -> slice:
    """From the first to the last 20 ms that are not `below_db` dB under the loudest."""
    if samples.size == 0:
        return slice(0, 0)
    length = max(1, round(TRIM_WINDOW_S * sample_rate))
    padded = np.pad(samples, (0, -samples.size % length)).astype(np.float64)
    power = np.square(padded.reshape(-1, length)).mean(axis=1)
    if power.max() < FLOOR_POWER:
        return slice(0, 0)
    loud = np.flatnonzero(power >= max(power.max() * 10 ** (-below_db / 10), FLOOR_POWER))
    return slice(int(loud[0]) * length, min(int(loud[-1] + 1) * length, samples.size))


def fade(samples: Samples, sample_rate: int, *, in_s: float = 0.0, out_s: float = 0.0) -> Samples:
    """Ramp up at the start and down at the end along a half cosine, so that no cut clicks.

    A sound shorter than a ramp gets the part of it that begins or ends in silence.
    """
    faded = samples.copy()
    for seconds, view in ((in_s, faded), (out_s, faded[::-1])):
        view *= ramp(0, samples.size, round(seconds * sample_rate))
    return faded


def ramp(start: int, end: int, length: int) -> Samples:
    """Samples from `start` up to `end` of a half cosine of that length, and of the ones behind."""
    gain = np.ones(end - start, np.float32)
    rising = np.arange(start, min(end, length))
    gain[: rising.size] = 0.5 - 0.5 * np.cos((rising + 0.5) / length * math.pi)
    return gain
