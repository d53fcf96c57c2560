"""Audio: mono samples that know their rate, and nothing else."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.errors import AudioError

Samples = NDArray[np.float32]

INT16_SCALE = 32768.0  # full scale 1.0 lies one step above the largest int16, hence the clip


def to_int16(samples: Samples) -> NDArray[np.int16]:
    """int16 of the same shape: × 32768, truncated, clipped to [-32768, 32767].

    In range this equals the official servers bit for bit; they let a sample at +1.0 wrap round.
    """
    scaled = np.clip(samples * np.float32(INT16_SCALE), -INT16_SCALE, INT16_SCALE - 1)
    return np.asarray(scaled.astype(np.int16))


@dataclass(frozen=True, eq=False, repr=False)
class Audio:
    """Mono sound in memory; the samples become a read-only view.

    Attributes:
        samples: float32 ``(T_wav,)``, full scale ±1.0, every value finite.
        sample_rate: in Hz.

    Raises:
        AudioError: wrong type, shape or rate, NaN or infinity.
    """

    samples: Samples
    sample_rate: int

    def __post_init__(self) -> None:
        _check_rate(self.sample_rate)
        _check_samples(self.samples)
        view = self.samples.view()
        view.flags.writeable = False
        object.__setattr__(self, "samples", view)

    @property
    def duration_s(self) -> float:
        """Length in seconds at the true rate."""
        return self.samples.size / self.sample_rate

    @classmethod
    def silence(cls, seconds: float, sample_rate: int) -> Audio:
        """Digital silence of the nearest whole number of samples.

        Raises:
            AudioError: negative or not finite length, or a bad rate.
        """
        if not 0.0 <= seconds < float("inf"):
            raise AudioError(f"silence of {seconds} s is not possible")
        _check_rate(sample_rate)
        return cls(np.zeros(round(seconds * sample_rate), np.float32), sample_rate)

    @classmethod
    def concat(cls, parts: Iterable[Audio]) -> Audio:
        """Join one after the other.

        Raises:
            AudioError: no part at all, or parts of different rates.
        """
        parts = list(parts)
        rates = sorted({part.sample_rate for part in parts})
        if len(rates) != 1:
            found = " and ".join(f"{rate} Hz" for rate in rates) or "nothing"
            raise AudioError(f"can't join audio: expected one sample rate, got {found}")
        return cls(np.concatenate([part.samples for part in parts]), rates[0])

    def to_int16(self) -> NDArray[np.int16]:
        """int16 ``(T_wav,)``, as the function of that name."""
        return to_int16(self.samples)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file, whole or not at all; its name says the format, ".wav" or ".mp3" or another.

        Raises:
            UsageError: a suffix of no format known here.
            AudioError: the file can't be written, or a library for its format is missing.
        """
        from cosyvoice_lite.audio.codecs import write_parts  # it builds Audio, so it comes later
        from cosyvoice_lite.audio.encoders import format_of

        write_parts(path, [self], format_of(os.fspath(path)))

    def __repr__(self) -> str:
        return f"Audio({self.duration_s:.2f} s, {self.sample_rate} Hz)"

    def _repr_html_(self) -> str:
        """What a notebook shows: a player that carries the sound itself."""
        from cosyvoice_lite.audio.codecs import write_wave

        wave = io.BytesIO()
        write_wave(wave, self)
        encoded = base64.b64encode(wave.getvalue()).decode("ascii")
        return f'<audio controls src="data:audio/wav;base64,{encoded}"></audio>'


def _check_rate(sample_rate: int) -> None:
    if type(sample_rate) is not int or sample_rate <= 0:
        raise AudioError(f"sample rate {sample_rate!r} is not a positive whole number of Hz")


def _check_samples(samples: Samples) -> None:
    if not isinstance(samples, np.ndarray) or samples.dtype != np.float32:
        kind = getattr(samples, "dtype", type(samples).__name__)
        raise AudioError(f"samples must be a float32 array, got {kind}")
    if samples.ndim != 1:
        raise AudioError(f"samples must have one axis, got shape {samples.shape}")
    if not np.isfinite(samples).all():
        raise AudioError("samples hold NaN or infinity")
