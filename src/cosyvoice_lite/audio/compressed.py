"""MP3, Ogg Opus and FLAC through libsndfile, whose writers keep their state between pieces.

Python's soundfile brings libsndfile as a wheel of 1.3 MB for every system, with LAME, Opus and
FLAC in it (LGPL and BSD; nothing under the GPL).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cosyvoice_lite.audio.outbox import Outbox
from cosyvoice_lite.audio.waveform import Samples, to_int16
from cosyvoice_lite.errors import AudioError

AT_ONCE_S = 4.0
"""Seconds of sound handed over at a time: libsndfile's Opus writer gives its whole input room."""


class Container(NamedTuple):
    """How libsndfile calls a format, and what is asked of its encoder."""

    format: str
    subtype: str
    sample_rates: tuple[int, ...] | None
    """Those it can have; None: any."""


MPEG1_RATE = 32000
"""From here on MP3 is MPEG-1, whose frames are twice as long."""
MPEG_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
CONTAINERS = {
    "mp3": Container("MP3", "MPEG_LAYER_III", MPEG_RATES),
    "opus": Container("OGG", "OPUS", (8000, 12000, 16000, 24000, 48000)),
    "flac": Container("FLAC", "PCM_16", None),
}


class Compressed:
    """A stream of one of `CONTAINERS`.

    Raises:
        AudioError: soundfile, or an encoder of its library, isn't installed.
    """

    def __init__(self, name: str, sample_rate: int, outbox: Outbox) -> None:
        try:
            import soundfile
        except (ImportError, OSError):  # OSError: the wheel is there, the C library isn't
            raise AudioError(
                f"{name} needs soundfile: pip install 'cosyvoice-lite[audio]'; WAV needs nothing"
            ) from None
        container = CONTAINERS[name]
        self._exact = container.subtype == "PCM_16"
        self._at_once = round(AT_ONCE_S * sample_rate)
        steady = _steady(sample_rate) if name == "mp3" else {}
        try:
            self._file = soundfile.SoundFile(
                outbox,
                "w",
                samplerate=sample_rate,
                channels=1,
                format=container.format,
                subtype=container.subtype,
                **steady,
            )
        except MemoryError:
            raise AudioError(
                f"{name} needs memory that is both writable and executable, which this system "
                "forbids: use wav, aac or pcm"
            ) from None
        except (RuntimeError, ValueError, TypeError):
            raise AudioError(
                f"the libsndfile installed here can't write {name}: pip install -U soundfile"
            ) from None

    def write(self, samples: Samples) -> None:
        """Encode samples ``(T_wav,)``; what is ready lands in the outbox."""
        content = to_int16(samples) if self._exact else np.clip(samples, -1.0, 1.0)
        for start in range(0, content.size, self._at_once):
            self._file.write(content[start : start + self._at_once])

    def close(self) -> None:
        """Encode what the encoder still held back, and finish the file."""
        self._file.close()


def _steady(sample_rate: int) -> dict[str, Any]:
    """64 kbit/s, of MPEG-1 96: at a constant rate a stream, whose header can't tell how long it
    will be, lasts as long as players take it to by its size."""
    level = 0.6 if sample_rate < MPEG1_RATE else 0.8  # of the range that the standard has
    return {"bitrate_mode": "CONSTANT", "compression_level": level}
