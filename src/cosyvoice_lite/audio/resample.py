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


class Resampler:
    """The same for sound that comes in pieces: it goes on where the last piece ended.

    However the sound is cut, the pieces joined are the same samples bit for bit, and those of
    `resample` up to rounding: every output is one sum over its taps, taken in one order.

    Raises:
        AudioError: a rate isn't positive.
    """

    def __init__(self, old_rate: int, new_rate: int) -> None:
        if old_rate <= 0 or new_rate <= 0:
            raise AudioError(f"can't resample from {old_rate} Hz to {new_rate} Hz")
        common = math.gcd(old_rate, new_rate)
        self._old, self._new = old_rate // common, new_rate // common
        self._starts, self._kernels = _filters(self._old, self._new)
        left = -int(self._starts[0])
        self._kept = np.zeros(left, np.float32)
        self._kept_from = -left  # place in the sound of the first sample kept
        self._n_in = self._n_out = 0

    def write(self, samples: Samples) -> Samples:
        """Take in samples ``(T_wav,)``; what can be given out of all there was, ``(T_out,)``."""
        if self._old == self._new:
            return samples
        self._n_in += samples.size
        self._kept = np.concatenate([self._kept, samples])
        heard = self._n_in - self._kernels.shape[1]  # a start up to here has all its taps
        blocks, rest = divmod(heard, self._old)
        return self._until(blocks * self._new + int(np.searchsorted(self._starts, rest, "right")))

    def close(self) -> Samples:
        """The last samples, so that all are ``ceil(n · new_rate / old_rate)``."""
        if self._old == self._new:
            return np.zeros(0, np.float32)
        n_out = -(-self._n_in * self._new // self._old)
        self._kept = np.concatenate(
            [self._kept, np.zeros(self._kernels.shape[1] + self._old, np.float32)]
        )
        return self._until(n_out)

    def _until(self, n_out: int) -> Samples:
        """Outputs up to number `n_out`; inputs that none will need again are dropped."""
        numbers = np.arange(self._n_out, max(n_out, self._n_out))
        phases, first = numbers % self._new, numbers // self._new * self._old - self._kept_from
        first += self._starts[phases]
        kernels = self._kernels[phases]
        result = np.zeros(len(numbers), np.float32)
        for tap in range(kernels.shape[1]):
            result += self._kept[first + tap] * kernels[:, tap]
        self._n_out += len(numbers)
        self._drop()
        return result

    def _drop(self) -> None:
        block, phase = divmod(self._n_out, self._new)
        needed_from = block * self._old + int(self._starts[phase])
        self._kept = self._kept[max(0, needed_from - self._kept_from) :].copy()
        self._kept_from = max(self._kept_from, needed_from)


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
