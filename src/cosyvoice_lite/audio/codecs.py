"""Files to Audio and back: WAV is read by hand, any other format through soundfile."""

import io
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.audio import riff
from cosyvoice_lite.audio.encoders import Encoder, encode, encoder
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.errors import AudioError

MAX_BYTES = (
    64 * 2**20
)  # five minutes of 48 kHz stereo in float32; a voice prompt has thirty seconds
MAX_PEAK = 32.0  # +30 dB over full scale; a float file above it was written in integer units

PathOrStr = str | os.PathLike[str]


def read_wave(source: PathOrStr | bytes, *, max_bytes: int = MAX_BYTES) -> Audio:
    """Read a recording and mix it down to mono (mean of the channels).

    WAV: PCM of 8 to 32 bits, float32, float64. FLAC, OGG, MP3 and the rest need soundfile.

    Args:
        source: a path, or the content of a file.
        max_bytes: largest file accepted, and largest size that one other than WAV may decode to;
            a WAV of 8 bits takes four times its file.

    Raises:
        AudioError: unreadable, unknown, broken, empty or too large; always one line.
    """
    name = "the recording" if isinstance(source, bytes) else str(source)
    content = source if isinstance(source, bytes) else _read_file(Path(source), max_bytes)
    if len(content) > max_bytes:
        raise AudioError(f"{name}: larger than the limit of {max_bytes} bytes")
    try:
        if riff.is_wave(content):
            return _mono(*riff.decode(content))
        return _mono(*_decode_other(content, max_bytes))
    except AudioError as error:
        raise AudioError(f"{name}: {error}") from None


def write_wave(target: PathOrStr | BinaryIO, audio: Audio) -> None:
    """Write mono 16-bit WAV; a path gets the whole file or keeps what it had before.

    Args:
        target: a path, or an open binary stream, which stays open.

    Raises:
        AudioError: no such folder, no permission, disk full, broken pipe.
    """
    if isinstance(target, (str, os.PathLike)):
        write_parts(target, [audio])
    else:
        _send(target, encode(audio, "wav"))


def write_parts(path: PathOrStr, parts: Iterable[Audio], format: str = "wav") -> int:
    """Write parts into one file as they come, so that an hour of speech needs no memory.

    The file appears once the last part is in it; a failure, also one of `parts`, leaves what was
    there before.

    Args:
        format: one of `FORMATS`, at its own choice of rate.

    Returns:
        Samples taken in.

    Raises:
        AudioError: no such folder, no permission, disk full, no part, or parts of different rates.
    """
    with _new_file(path) as file:
        n_samples, written = _write_chunks(file, parts, format)
        if file.seekable():
            with _writing("audio"):
                written.patch(file)
    return n_samples


def stream_parts(stream: BinaryIO, chunks: Iterable[Audio], format: str = "wav") -> int:
    """Write chunks into a pipe as they come, behind a header with an open end, flushing each.

    Returns:
        Samples taken in.

    Raises:
        AudioError: the pipe broke, no chunk came, or one changed the sample rate.
    """
    return _write_chunks(stream, chunks, format)[0]


def _write_chunks(stream: BinaryIO, chunks: Iterable[Audio], format: str) -> tuple[int, Encoder]:
    """How many samples went into the stream, and the encoder they went through."""
    n_samples = 0
    sample_rate: int | None = None
    for chunk in chunks:
        if sample_rate is None:
            sample_rate = chunk.sample_rate
            sink = encoder(format, sample_rate)
        if chunk.sample_rate != sample_rate:
            raise AudioError(f"the stream has {sample_rate} Hz, a chunk {chunk.sample_rate} Hz")
        _send(stream, sink.write(chunk.samples))
        n_samples += chunk.samples.size
    if sample_rate is None:
        raise AudioError("nothing to write: there was no audio")
    _send(stream, sink.close())
    return n_samples, sink


@contextmanager
def _new_file(path: PathOrStr) -> Iterator[BinaryIO]:
    """A neighbour file, renamed at the end; a device or a pipe is written to directly."""
    with _writing(path):
        direct = os.path.exists(path) and not os.path.isfile(path)
        place = Path(path if direct else os.path.realpath(path))  # a pipe has no path of its own
        partial = place.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with _writing(path):
            file = place.open("wb") if direct else partial.open("xb")
        with file:
            yield file
        if not direct:
            with _writing(path):
                partial.replace(place)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def _writing(what: object) -> Iterator[None]:
    """Around single writes only: a fault of whoever makes the sound is not one of the disk."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise AudioError(f"can't write {what}: {_reason(error)}") from None


def _read_file(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(max_bytes + 1)  # a device or a pipe may never end
    except (OSError, ValueError) as error:
        raise AudioError(f"can't read {path}: {_reason(error)}") from None


def _mono(samples: NDArray[np.float32], sample_rate: int) -> Audio:
    if samples.size == 0:
        raise AudioError("holds no samples")
    with np.errstate(over="ignore", invalid="ignore"):  # checked right below
        mono = samples.mean(axis=1, dtype=np.float32) if samples.shape[1] > 1 else samples[:, 0]
    audio = Audio(mono, sample_rate)
    peak = float(np.abs(mono).max())
    if peak > MAX_PEAK:
        raise AudioError(f"samples reach {peak:.3g} where full scale is 1.0")
    return audio


def _decode_other(content: bytes, max_bytes: int) -> tuple[NDArray[np.float32], int]:
    """Samples ``(T_wav, C)`` and rate by libsndfile, never decoding beyond the limit."""
    try:
        import soundfile
    except (ImportError, OSError):  # OSError: the wheel is there, the C library isn't
        raise AudioError("not a WAV file: pip install soundfile to read FLAC, OGG, MP3") from None
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            most = max_bytes // (4 * file.channels)
            samples = file.read(most + 1, dtype="float32", always_2d=True)
            sample_rate = int(file.samplerate)
    except (RuntimeError, OSError, ValueError, TypeError, MemoryError):
        raise AudioError("not a sound file of a known format, or broken") from None
    if len(samples) > most:
        raise AudioError(f"decodes to more than the limit of {max_bytes} bytes")
    return samples, sample_rate


def _send(stream: BinaryIO, content: bytes) -> None:
    with _writing("audio"):
        stream.write(content)
        stream.flush()


def _reason(error: Exception) -> str:
    """An operating system's reason in its own words, without number and file name."""
    return getattr(error, "strerror", None) or str(error)
