"""RIFF WAV at the level of bytes: headers and sample layouts.

Source: Multimedia Programming Interface and Data Specifications 1.0 (IBM, Microsoft, 1991) and
Microsoft's WAVEFORMATEXTENSIBLE.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.errors import AudioError

PCM, IEEE_FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")  # follows the tag in every wave GUID
UNKNOWN_SIZE = 0xFFFFFFFF
PLACEHOLDER_SIZE = 0x7FFFF000  # sox and ffmpeg announce sizes from here up when writing to a pipe
MAX_CHANNELS = 64
MAX_CHUNKS = 1000
MAX_SAMPLE_RATE = 768_000  # the highest rate of any converter on sale


class Layout(NamedTuple):
    """How the bytes of a data chunk are to be read."""

    tag: int
    channels: int
    sample_rate: int
    width: int
    """Bytes of one sample of one channel."""


def is_wave(content: bytes) -> bool:
    """Whether the bytes start like a RIFF WAV file."""
    return content[:4] == b"RIFF" and content[8:12] == b"WAVE"


def header(sample_rate: int, n_samples: int | None) -> bytes:
    """44 bytes before mono 16-bit samples; None, or more than 4 GB, announces an open end."""
    n_bytes = UNKNOWN_SIZE if n_samples is None else 2 * n_samples
    data_size = min(n_bytes, UNKNOWN_SIZE)
    riff_size = min(n_bytes + 36, UNKNOWN_SIZE)
    fmt = struct.pack("<HHIIHH", PCM, 1, sample_rate, 2 * sample_rate, 2, 16)
    start = struct.pack("<4sI4s4sI", b"RIFF", riff_size, b"WAVE", b"fmt ", len(fmt))
    return start + fmt + struct.pack("<4sI", b"data", data_size)


def decode(content: bytes) -> tuple[NDArray[np.float32], int]:
    """Samples float32 ``(T_wav, C)``, full scale ±1.0, and the rate in Hz.

    Raises:
        AudioError: not a WAV, cut short, or of a layout this reader doesn't know.
    """
    if not is_wave(content):
        raise AudioError("not a WAV file: no RIFF/WAVE at its start")
    layout: Layout | None = None
    for name, position, size in _chunks(content):
        if name == b"fmt ":
            layout = _parse_layout(content[position : position + min(size, 40)])
        elif name == b"data":
            if layout is None:
                raise AudioError("broken WAV: samples come before their format")
            return _decode_samples(_data(content, position, size, layout), layout), (
                layout.sample_rate
            )
    raise AudioError("broken WAV: no samples in it")


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and announced size of each chunk.

    Raises:
        AudioError: more of them than a recording has.
    """
    position = 12
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(content):
            return
        name, size = struct.unpack_from("<4sI", content, position)
        position += 8
        yield name, position, size
        position += size + size % 2  # chunks are padded to even length
    raise AudioError(f"broken WAV: more than {MAX_CHUNKS} chunks")


def _parse_layout(fmt: bytes) -> Layout:
    if len(fmt) < 16:
        raise AudioError("broken WAV: its format is cut short")
    tag, channels, sample_rate, _, block, bits = struct.unpack_from("<HHIIHH", fmt)
    if tag == EXTENSIBLE:
        if len(fmt) < 40 or fmt[26:40] != GUID_TAIL:
            raise AudioError("broken WAV: its extended format is unknown")
        tag = int.from_bytes(fmt[24:26], "little")
    if not 1 <= channels <= MAX_CHANNELS:
        raise AudioError(f"broken WAV: {channels} channels")
    if not 1 <= sample_rate <= MAX_SAMPLE_RATE:
        raise AudioError(f"broken WAV: sample rate {sample_rate} Hz")
    width = (bits + 7) // 8
    if block != width * channels or (tag, width) not in _TO_FLOAT:
        raise AudioError(f"this WAV's encoding is unknown (format {tag}, {bits} bits): save as PCM")
    return Layout(tag, channels, sample_rate, width)


def _data(content: bytes, start: int, size: int, layout: Layout) -> memoryview:
    """The whole frames of the data chunk; a file that lost more than its last frame is refused."""
    block = layout.width * layout.channels
    there = len(content) - start
    riff_size = int.from_bytes(content[4:8], "little")
    closed_early = size == 0 and riff_size + 8 <= start  # a pipe writer that couldn't seek back
    if size < PLACEHOLDER_SIZE and not closed_early:
        if there + block < size:
            raise AudioError(f"truncated WAV: it announces {size} bytes of samples, has {there}")
        there = min(there, size)
    return memoryview(content)[start : start + there - there % block]


def _decode_samples(data: memoryview, layout: Layout) -> NDArray[np.float32]:
    samples = _TO_FLOAT[layout.tag, layout.width](data)
    return samples.reshape(-1, layout.channels)


def _from_uint8(data: memoryview) -> NDArray[np.float32]:
    return (np.frombuffer(data, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)


def _from_int16(data: memoryview) -> NDArray[np.float32]:
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(2**15)


def _from_int24(data: memoryview) -> NDArray[np.float32]:
    padded = np.zeros((len(data) // 3, 4), np.uint8)
    padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return padded.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)


def _from_int32(data: memoryview) -> NDArray[np.float32]:
    return np.frombuffer(data, "<i4").astype(np.float32) / np.float32(2**31)


def _from_float32(data: memoryview) -> NDArray[np.float32]:
    return np.frombuffer(data, "<f4").astype(np.float32)


def _from_float64(data: memoryview) -> NDArray[np.float32]:
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # infinity and NaN are refused later, by name
        return np.frombuffer(data, "<f8").astype(np.float32)


_TO_FLOAT = {
    (PCM, 1): _from_uint8,
    (PCM, 2): _from_int16,
    (PCM, 3): _from_int24,
    (PCM, 4): _from_int32,
    (IEEE_FLOAT, 4): _from_float32,
    (IEEE_FLOAT, 8): _from_float64,
}
