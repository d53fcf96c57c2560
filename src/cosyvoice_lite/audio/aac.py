"""AAC-LC in ADTS frames: a small encoder of our own, because no wheel under a free enough licence
has one (PyAV's bring x264 and x265, which are under the GPL).

Long windows only, one channel. A model of what masks what gives each band the noise it may have;
quantiser, Huffman books and sections follow from that, so the bit rate varies with the sound.
Source: ISO/IEC 14496-3, subpart 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.audio.aac_books import BAND_WIDTHS, SCALE_FACTORS, band_edges, book
from cosyvoice_lite.audio.aac_sections import Sections
from cosyvoice_lite.audio.bits import Bits
from cosyvoice_lite.audio.outbox import Outbox
from cosyvoice_lite.audio.waveform import INT16_SCALE, Samples

Array = NDArray[Any]

FRAME = 1024
RATE_INDEX = {
    rate: index
    for index, rate in enumerate(
        (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
    )
    if rate in BAND_WIDTHS
}
MAX_FRAME_BITS = 6144  # of one channel, by the standard
LARGEST = 8191  # quantised value
ROUNDING = 0.4054  # for the 3/4 power law, which makes large values rarer than small ones
SCALE_ZERO = 100  # scale factor of a step of one
MAX_DIFFERENCE = 60  # of scale factors that follow each other

SIGNAL_TO_MASK_DB = (20.0, 14.0)
"""How far under a band its noise must stay, at the lowest and at the highest one."""
SPREAD_UP_DB, SPREAD_DOWN_DB = 7.5, 15.0
"""By how much a band masks its neighbours less, per band."""
PRE_ECHO = 4.0
"""Most that allowed noise may rise from one frame to the next: a window smears it over the silence
ahead of an onset, where nothing masks it."""
ALL_EASE = 4.0**10
"""Where that rule would make a frame too large it is eased, and only then is more noise allowed."""
QUIET = 12.0
"""Energy of a line that nobody hears, in units of int16."""


@dataclass(frozen=True, eq=False)
class Quantised:
    """One frame: integers for its lines (1024,), scale factors of its bands."""

    lines: Array
    scale_factors: Array


class Aac:
    """A stream of ADTS frames, one for 1024 samples; the first is silence that decoders need."""

    def __init__(self, sample_rate: int, outbox: Outbox) -> None:
        self._rate_index = RATE_INDEX[sample_rate]
        self._edges = band_edges(sample_rate)
        self._sections = Sections(self._edges)
        self._outbox = outbox
        self._waiting = np.zeros(FRAME, np.float32)
        self._before = np.full(len(self._edges) - 1, np.inf)

    def write(self, samples: Samples) -> None:
        """Take in samples ``(T_wav,)``; whole frames land in the outbox."""
        self._waiting = np.concatenate([self._waiting, samples])
        n_frames = max(0, len(self._waiting) // FRAME - 1)
        for start in range(0, n_frames * FRAME, FRAME):
            self._outbox.write(self._frame(self._waiting[start : start + 2 * FRAME]))
        self._waiting = self._waiting[n_frames * FRAME :].copy()

    def close(self) -> None:
        """The samples that wait, filled up with silence until the decoder can give all of them."""
        n_new = len(self._waiting) - FRAME
        self.write(np.zeros(FRAME + -n_new % FRAME, np.float32))

    def _frame(self, samples: Samples) -> bytes:
        """One frame with its header, made of a window of 2048 samples."""
        spectrum = mdct(np.clip(samples, -1.0, 1.0).astype(np.float64) * INT16_SCALE)
        masked = self._masked(spectrum)
        before, self._before = self._before, masked
        ease = 1.0
        while True:
            allowed = np.minimum(masked * max(1.0, ease / ALL_EASE), before * PRE_ECHO * ease)
            content = self._raw_block(quantise(spectrum, allowed, self._edges))
            if 8 * len(content) <= MAX_FRAME_BITS:
                return adts_header(self._rate_index, len(content)) + content
            ease *= 4.0

    def _masked(self, spectrum: Array) -> Array:
        """Noise energy that nobody hears in each band (n_bands,)."""
        energy = np.add.reduceat(spectrum**2, self._edges[:-1])
        threshold = energy * 10 ** (-np.linspace(*SIGNAL_TO_MASK_DB, len(energy)) / 10)
        up, down = 10 ** (-SPREAD_UP_DB / 10), 10 ** (-SPREAD_DOWN_DB / 10)
        for band in range(1, len(energy)):
            threshold[band] = max(threshold[band], threshold[band - 1] * up)
        for band in range(len(energy) - 2, -1, -1):
            threshold[band] = max(threshold[band], threshold[band + 1] * down)
        return np.maximum(threshold, QUIET * np.diff(self._edges))

    def _raw_block(self, frame: Quantised) -> bytes:
        """One single channel element, and the end."""
        books = self._sections.books(frame.lines)
        spoken = frame.scale_factors[books > 0]
        first = int(spoken[0]) if len(spoken) else SCALE_ZERO
        bits = Bits()
        bits.add(0, 3)  # single channel element
        bits.add(0, 4)  # the first of its kind
        bits.add(first, 8)  # global gain
        bits.add(0, 1 + 2 + 1)  # reserved; only long windows; of sine shape
        bits.add(len(books), 6)  # bands
        bits.add(0, 1)  # no prediction
        self._sections.write_books(bits, books)
        differences = np.diff(spoken, prepend=first) + MAX_DIFFERENCE
        bits.add_many(SCALE_BOOK.words[differences], SCALE_BOOK.lengths[differences])
        bits.add(0, 1 + 1 + 1)  # no pulses, no noise shaping, no gain control
        self._sections.write_lines(bits, books, frame.lines)
        bits.add(7, 3)  # end
        return bits.to_bytes()


SCALE_BOOK = book(SCALE_FACTORS)
_PHASE_IN = np.exp(-1j * np.pi * np.arange(2 * FRAME) / (2 * FRAME))
_PHASE_OUT = np.exp(-1j * np.pi * (FRAME + 1) * (np.arange(FRAME) + 0.5) / (2 * FRAME))
_WINDOW = np.sin(np.pi * (np.arange(2 * FRAME) + 0.5) / (2 * FRAME))


def mdct(samples: Array) -> Array:
    """Windowed modified cosine transform of 2048 samples: 1024 lines."""
    turned = np.fft.fft(samples * _WINDOW * _PHASE_IN)[:FRAME]
    return np.asarray(2.0 * (turned * _PHASE_OUT).real)


def quantise(spectrum: Array, allowed: Array, edges: Array) -> Quantised:
    """The coarsest steps whose noise is allowed; bands below what is allowed become zero.

    A line x quantised with step s has a noise of 4/27 · s^1.5 · √x: the power law of AAC makes
    steps wider where lines are larger. No step is so fine that a line would pass `LARGEST`.
    """
    starts, widths = edges[:-1], np.diff(edges)
    size = np.abs(spectrum)
    heard = np.add.reduceat(size**2, starts) > allowed
    roots = np.add.reduceat(np.sqrt(size), starts) + 1e-9
    step = (allowed * 27 / 4 / roots) ** (2 / 3)
    least = np.maximum.reduceat(size, starts) / (LARGEST - 1) ** (4 / 3)
    wanted = np.maximum(np.floor(_quarter_octaves(step)), np.ceil(_quarter_octaves(least)))
    scale_factors = np.clip(wanted.astype(np.int64) + SCALE_ZERO, 0, 255)
    if heard.any():
        lowest = int(scale_factors[heard].min())
        scale_factors = np.minimum(scale_factors, lowest + MAX_DIFFERENCE)
    steps = np.repeat(2.0 ** ((scale_factors - SCALE_ZERO) / 4), widths)
    lines = np.floor((size / steps) ** 0.75 + ROUNDING) * np.sign(spectrum)
    return Quantised((lines * np.repeat(heard, widths)).astype(np.int64), scale_factors)


def _quarter_octaves(steps: Array) -> Array:
    """Sizes of steps in the unit of scale factors."""
    return np.asarray(4 * np.log2(np.maximum(steps, 1e-9)))


def adts_header(rate_index: int, n_bytes: int) -> bytes:
    """Seven bytes ahead of a frame of that many: MPEG-4, LC, one channel, no checksum."""
    bits = Bits()
    for value, length in (
        (0xFFF, 12),  # where a frame begins
        (0b0001, 4),  # MPEG-4, layer 0, no checksum
        (1, 2),  # LC
        (rate_index, 4),
        (0, 1),
        (1, 3),  # one channel
        (0, 4),
        (n_bytes + 7, 13),
        (0x7FF, 11),  # the bit rate varies
        (0, 2),  # one block
    ):
        bits.add(value, length)
    return bits.to_bytes()
