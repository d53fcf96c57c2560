"""The output stage: what is done to finished speech before it is encoded, in this order.

trim → denoise → loudness → peak limit → fades
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from cosyvoice_lite.audio.denoise import denoise
from cosyvoice_lite.audio.effects import fade, loud_span, ramp, trim_silence
from cosyvoice_lite.audio.limiter import limit, reach
from cosyvoice_lite.audio.loudness import loudness
from cosyvoice_lite.audio.waveform import Audio, Samples
from cosyvoice_lite.errors import UsageError

R128_PEAK_DB = -1.0  # the highest true peak that EBU R 128 allows
TRIM_BELOW_DB = 50.0
TOLERANCE = 0.1  # LU
ROUNDS = 5
STALLED = 0.75
"""Share of the missing loudness that a round may leave: after more, the next would but distort."""
LIMITS = {  # what each number is, its unit, its lowest and its highest
    "denoise_db": ("denoising", "dB", 0.0, 40.0),
    "loudness_lufs": ("loudness", "LUFS", -60.0, 0.0),
    "peak_db": ("peak", "dB", -60.0, 0.0),
    "fade_in_s": ("fade in", "s", 0.0, 10.0),
    "fade_out_s": ("fade out", "s", 0.0, 10.0),
}


@dataclass(frozen=True)
class Finish:
    """What to do; by default nothing.

    Raises:
        UsageError: a number is out of range.
    """

    trim: bool = False
    """Cut silence (50 dB under the loudest 20 ms) off either end."""
    denoise_db: float = 0.0
    """By how much steady noise is turned down, at most."""
    loudness_lufs: float | None = None
    """Integrated loudness to bring it to: -23 in broadcasting (EBU R 128), -16 for podcasts."""
    peak_db: float | None = None
    """True peak that nothing may pass, in dBTP; -1 where a loudness is asked for and this isn't."""
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0

    def __post_init__(self) -> None:
        for name, (what, unit, lowest, highest) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not lowest <= value <= highest:
                raise UsageError(f"{what} is {value:g} {unit}, must be {lowest:g} to {highest:g}")

    @property
    def needs_whole(self) -> bool:
        """Whether the end must be known before the beginning is: all but a fade in and a limit."""
        return bool(
            self.trim or self.denoise_db or self.loudness_lufs is not None or self.fade_out_s
        )

    @property
    def ceiling_db(self) -> float | None:
        """True peak that is kept."""
        if self.peak_db is None and self.loudness_lufs is not None:
            return R128_PEAK_DB
        return self.peak_db


def finish(audio: Audio, settings: Finish) -> Audio:
    """Apply all of `settings` to a whole recording."""
    samples, rate = audio.samples, audio.sample_rate
    if settings.trim:
        samples = trim_silence(samples, rate, below_db=TRIM_BELOW_DB)
    samples = denoise(samples, rate, settings.denoise_db)
    samples = _levelled(samples, rate, settings)
    if settings.fade_in_s or settings.fade_out_s:
        samples = fade(samples, rate, in_s=settings.fade_in_s, out_s=settings.fade_out_s)
    return Audio(samples, rate)


def _levelled(samples: Samples, rate: int, settings: Finish) -> Samples:
    """At the loudness and under the peak asked for.

    The limiter takes some of the loudness, which is given back, and limited, until it is there; a
    loudness that a peak forbids is left where more gain stops making it louder.
    """
    gain_db, best, nearest = 0.0, samples, math.inf
    for _ in range(ROUNDS):
        levelled = samples * np.float32(10 ** (gain_db / 20)) if gain_db else samples
        if settings.ceiling_db is not None:
            levelled = limit(levelled, rate, settings.ceiling_db)
        if settings.loudness_lufs is None:
            return levelled
        missing = settings.loudness_lufs - loudness(Audio(levelled, rate))
        before, now = nearest, abs(missing)
        if now >= before:  # a harder drive made it no louder; or silence, which has no loudness
            break
        best, nearest = levelled, now
        if not TOLERANCE < now <= STALLED * before:
            break
        gain_db += missing
    return best


def head_trimmed_s(audio: Audio, settings: Finish) -> float:
    """Seconds that `finish` cuts off the beginning: by so much the times of all words move."""
    if not settings.trim:
        return 0.0
    span = loud_span(audio.samples, audio.sample_rate, below_db=TRIM_BELOW_DB)
    return span.start / audio.sample_rate


def finish_pieces(pieces: Iterable[Audio], settings: Finish) -> Iterator[Audio]:
    """The same while the speech is made: pieces leave a few milliseconds later than they come.

    Joined they are what `finish` makes of the whole.

    Raises:
        UsageError: `settings` need the whole.
    """
    if settings.needs_whole:
        raise UsageError(
            "trimming, denoising, loudness and a fade at the end need the whole speech"
        )
    limited = pieces if settings.peak_db is None else _limited(pieces, settings.peak_db)
    return _faded_in(limited, settings.fade_in_s) if settings.fade_in_s else iter(limited)


def _limited(pieces: Iterable[Audio], ceiling_db: float) -> Iterator[Audio]:
    """Each sample with as much before and after it at hand as its gain depends on."""
    kept, n_before, rate = np.zeros(0, np.float32), 0, 0
    for piece in pieces:
        rate = piece.sample_rate
        kept = np.concatenate([kept, piece.samples])
        ready = kept.size - reach(rate)
        if ready > n_before:
            yield Audio(limit(kept, rate, ceiling_db)[n_before:ready], rate)
            start = max(0, ready - reach(rate))
            kept, n_before = kept[start:], ready - start
    if rate:
        yield Audio(limit(kept, rate, ceiling_db)[n_before:], rate)


def _faded_in(pieces: Iterable[Audio], seconds: float) -> Iterator[Audio]:
    """Ramped up by the half cosine of `fade`, from piece to piece."""
    start = 0
    for piece in pieces:
        end = start + piece.samples.size
        gain = ramp(start, end, round(seconds * piece.sample_rate))
        yield Audio(piece.samples * gain, piece.sample_rate)
        start = end
