"""Polyphase windowed-sinc resampling, equal to torchaudio's Resample with its defaults.

Source: J. O. Smith, "Digital Audio Resampling Home Page" (band-limited interpolation), with the
window and widths that torchaudio.transforms.Resample has by default (sinc_interp_hann).
"""

import math

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.audio.waveform import Samples
from cosyvoice_lite.errors import AudioError

ZERO_CROSSINGS = 6  # of the sinc on each side; torchaudio's lowpass_filter_width
ROLLOFF = 0.99  # cut-off as a share of the lower Nyquist frequency


def resample(samples: Samples, old_rate: int, new_rate: int) -> Samples:
    """Bring samples ``(T_wav,)`` from one rate to another, both in Hz.

    Returns:
        float32 ``(ceil(T_wav · new_rate / old_rate),)``; the input itself if the rates are equal.

    Raises:
        AudioError: a rate isn't positive.
    """
    if old_rate <= 0 or new_rate <= 0:
        raise AudioError(f"can't resample from {old_rate} Hz to {new_rate} Hz")
    common = math.gcd(old_rate, new_rate)
    old, new = old_rate // common, new_rate // common
    if old == new or samples.size == 0:
        return samples
    return _polyphase(samples, old, new)


def _polyphase(samples: Samples, old: int, new: int) -> Samples:
    """Every new-th output shares one filter, so each phase is one strided matrix product."""
    n_out = -(-samples.size * new // old)
    starts, kernels = _filters(old, new)
    taps = kernels.shape[1]
    left = -int(starts[0])
    padded = np.pad(samples, (left, taps + old))
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps)
    result = np.empty(n_out, np.float32)
    for phase in range(min(new, n_out)):
        n_phase = -(-(n_out - phase) // new)
        rows = windows[int(starts[phase]) + left :: old][:n_phase]
        result[phase::new] = rows @ kernels[phase]
    return result


def _filters(old: int, new: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """First input index ``(new,)`` and filter ``(new, taps)`` of each output phase.

    Only the taps under the window are made: with coprime rates the full bank of old × new
    taps would need gigabytes.
    """
    cutoff = ROLLOFF * min(old, new)
    reach = ZERO_CROSSINGS * old / cutoff  # half the window, in input samples
    centre = np.arange(new, dtype=np.float64) * old / new
    starts = np.ceil(centre - reach).astype(np.int64)
    index = starts[:, None] + np.arange(math.floor(2 * reach) + 1)
    t = (index / old - np.arange(new)[:, None] / new) * cutoff
    t = np.clip(t, -ZERO_CROSSINGS, ZERO_CROSSINGS)
    window = np.cos(t * math.pi / ZERO_CROSSINGS / 2) ** 2
    return starts, (np.sinc(t) * window * cutoff / old).astype(np.float32)
