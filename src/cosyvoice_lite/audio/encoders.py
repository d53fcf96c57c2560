"""Sound to bytes of a format, piece by piece or at once: the one place that knows the formats.

stream = encoder("mp3", 22050)
for chunk in synthesizer.stream(text):
    send(stream.write(chunk.samples))
send(stream.close())
"""

from __future__ import annotations

import io
from pathlib import PurePath
from typing import BinaryIO, Protocol

from cosyvoice_lite.audio import riff
from cosyvoice_lite.audio.aac import Aac
from cosyvoice_lite.audio.compressed import CONTAINERS, MPEG_RATES, Compressed
from cosyvoice_lite.audio.outbox import Outbox
from cosyvoice_lite.audio.resample import Resampler
from cosyvoice_lite.audio.waveform import Audio, Samples, to_int16
from cosyvoice_lite.errors import UsageError

MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
FORMATS = tuple(MEDIA_TYPES)
SUFFIXES = {f".{format}": format for format in FORMATS} | {".ogg": "opus", ".wave": "wav"}
"""What the names of files end with."""

SLOWEST_RATE, FASTEST_RATE = 8000, 48000
PCM_RATE = 24000  # what clients of the OpenAI API play headerless samples at
OPUS_RATES = (24000, 48000)
"""Those chosen for Opus, which knows no 22,050 Hz; it can be asked for the lower ones too."""
SLICE_S = 4.0  # resampled at a time: it takes some twenty times the memory of its sound


def format_of(name: str) -> str:
    """The format that a file's name asks for; "wav" for a name without a suffix.

    Raises:
        UsageError: a suffix of no format known here.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix and suffix not in SUFFIXES:
        raise UsageError(
            f"{name}: no format is known by the suffix {suffix}; choose from {', '.join(FORMATS)}"
        )
    return SUFFIXES.get(suffix, "wav")


class Coder(Protocol):
    """Turns samples of one rate into bytes in an outbox."""

    def write(self, samples: Samples) -> None: ...

    def close(self) -> None: ...


class Encoder:
    """A stream of one format: bytes of its pieces, joined, are one file without seams.

    Attributes:
        media_type: for the Content-Type of HTTP.
        sample_rate: in Hz, of the sound in the bytes.
    """

    def __init__(self, format: str, source_rate: int, sample_rate: int) -> None:
        self.media_type = MEDIA_TYPES[format]
        self.sample_rate = sample_rate
        self._slice = round(SLICE_S * source_rate)
        self._resampler = Resampler(source_rate, sample_rate)
        self._outbox = Outbox()
        self._coder = _coder(format, sample_rate, self._outbox)

    def write(self, samples: Samples) -> bytes:
        """Take in samples ``(T_wav,)`` at the source's rate; the bytes that are ready, if any."""
        for start in range(0, samples.size, self._slice):
            part = samples[start : start + self._slice]
            self._coder.write(self._resampler.write(part))
        return self._outbox.take()

    def close(self) -> bytes:
        """The last bytes; a closed encoder takes nothing more."""
        self._coder.write(self._resampler.close())
        self._coder.close()
        return self._outbox.take()

    def patch(self, file: BinaryIO) -> None:
        """Put into the headers of a seekable file what was known only at the end: exact sizes."""
        self._outbox.patch(file)


def encoder(format: str, source_rate: int, sample_rate: int | None = None) -> Encoder:
    """Begin a stream.

    Its headers leave the length open: WAV says 0xFFFFFFFF, FLAC 0 samples, MP3 nothing.

    Args:
        format: one of `FORMATS`.
        source_rate: of the samples that will come, in Hz.
        sample_rate: of the sound to be made, 8000 to 48000 Hz and one that the format knows; by
            default 24000 for pcm, 24000 or 48000 for opus, else that of the source.

    Raises:
        UsageError: no such format, or it can't have that rate.
        AudioError: a library is missing; a rate isn't positive.
    """
    check_format(format)
    return Encoder(format, source_rate, _chosen_rate(format, source_rate, sample_rate))


def check_format(format: str) -> None:
    """Whether sound can be made in it.

    Raises:
        UsageError: no such format.
    """
    if format not in MEDIA_TYPES:
        raise UsageError(f"unknown format {format!r}: choose from {', '.join(FORMATS)}")


def encode(audio: Audio, format: str, sample_rate: int | None = None) -> bytes:
    """A complete file, the exact length in its header.

    Arguments and errors as `encoder`.
    """
    stream = encoder(format, audio.sample_rate, sample_rate)
    file = io.BytesIO(stream.write(audio.samples))
    file.seek(0, io.SEEK_END)
    file.write(stream.close())
    stream.patch(file)
    return file.getvalue()


def _chosen_rate(format: str, source_rate: int, sample_rate: int | None) -> int:
    """The rate asked for if the format can have it; else the lowest that loses nothing."""
    known: tuple[int, ...] | None = MPEG_RATES if format == "aac" else None
    if format in CONTAINERS:
        known = CONTAINERS[format].sample_rates
    if sample_rate is not None:
        allowed = known or range(SLOWEST_RATE, FASTEST_RATE + 1)
        if sample_rate not in allowed:
            choice = ", ".join(map(str, known)) if known else f"{SLOWEST_RATE} to {FASTEST_RATE}"
            raise UsageError(f"{format} can't have {sample_rate} Hz: choose from {choice}")
        return sample_rate
    if format == "pcm":
        return PCM_RATE
    choices = OPUS_RATES if format == "opus" else known
    if choices is None:
        return source_rate
    return next((rate for rate in choices if rate >= source_rate), choices[-1])


def _coder(format: str, sample_rate: int, outbox: Outbox) -> Coder:
    if format in CONTAINERS:
        return Compressed(format, sample_rate, outbox)
    if format == "aac":
        return Aac(sample_rate, outbox)
    return Wave(sample_rate, outbox) if format == "wav" else Pcm(outbox)


class Pcm:
    """Samples as they are: 16 bits, little end first, nothing around them."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def write(self, samples: Samples) -> None:
        self._outbox.write(to_int16(samples).astype("<i2", copy=False).tobytes())

    def close(self) -> None:
        pass


class Wave(Pcm):
    """The same behind a RIFF header, which is written again once the length is known."""

    def __init__(self, sample_rate: int, outbox: Outbox) -> None:
        super().__init__(outbox)
        self._sample_rate = sample_rate
        self._n_samples = 0
        outbox.write(riff.header(sample_rate, None))

    def write(self, samples: Samples) -> None:
        super().write(samples)
        self._n_samples += samples.size

    def close(self) -> None:
        self._outbox.seek(0)
        self._outbox.write(riff.header(self._sample_rate, self._n_samples))
