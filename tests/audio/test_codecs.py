"""WAV in every dialect we read, in every way it can be broken, written whole or not at all."""

import contextlib
import io
import os
import stat
import struct
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosyvoice_lite.audio import codecs, riff
from cosyvoice_lite.audio.codecs import read_wave, stream_parts, write_parts, write_wave
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.errors import AudioError

RATE = 16000
TONE = np.sin(np.arange(320) * 0.2).astype(np.float32) * np.float32(0.5)


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    length = len(content) if size is None else size
    return name + struct.pack("<I", length) + content + b"\0" * (len(content) % 2)


def fmt(tag: int, bits: int, channels: int = 1, rate: int = RATE, extra: bytes = b"") -> bytes:
    block = channels * ((bits + 7) // 8)
    basic = struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits)
    return chunk(b"fmt ", basic + extra)


def riff_file(*chunks: bytes, size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def pcm(samples: np.ndarray, bits: int) -> bytes:
    full = np.clip(samples.astype(np.float64) * 2 ** (bits - 1), -(2 ** (bits - 1)), None)
    whole = np.minimum(np.round(full), 2 ** (bits - 1) - 1).astype("<i4")
    if bits == 8:
        return (whole + 128).astype(np.uint8).tobytes()
    return whole.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes()


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
@pytest.mark.parametrize("extensible", [False, True])
def test_reads_pcm(bits: int, extensible: bool) -> None:
    guid = struct.pack("<HHIH", 22, bits, 4, riff.PCM) + riff.GUID_TAIL
    layout = fmt(riff.EXTENSIBLE, bits, extra=guid) if extensible else fmt(riff.PCM, bits)
    audio = read_wave(riff_file(layout, chunk(b"data", pcm(TONE, bits))))
    assert audio.sample_rate == RATE
    np.testing.assert_allclose(audio.samples, TONE, atol=2.0 ** (1 - bits) + 1e-7)


@pytest.mark.parametrize("kind", ["<f4", "<f8"])
def test_reads_float(kind: str) -> None:
    content = TONE.astype(kind).tobytes()
    layout = fmt(riff.IEEE_FLOAT, 32 if kind == "<f4" else 64)
    np.testing.assert_array_equal(
        read_wave(riff_file(layout, chunk(b"data", content))).samples, TONE
    )


def test_channels_are_averaged() -> None:
    both = np.stack([TONE, np.zeros_like(TONE)], axis=1)
    stereo = riff_file(fmt(riff.IEEE_FLOAT, 32, channels=2), chunk(b"data", both.tobytes()))
    np.testing.assert_allclose(read_wave(stereo).samples, TONE / 2, atol=1e-7)


def test_odd_chunks_are_padded_and_unknown_ones_skipped() -> None:
    odd = pcm(TONE[:5], 8)
    file = riff_file(chunk(b"LIST", b"odd"), fmt(1, 8), chunk(b"data", odd), chunk(b"id3 ", b"x"))
    assert read_wave(file).samples.size == 5


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF024])
def test_announced_size_of_a_pipe_means_up_to_the_end(size: int) -> None:
    file = riff_file(fmt(1, 16), chunk(b"data", pcm(TONE, 16), size), size=0xFFFFFFFF)
    assert read_wave(file).samples.size == 320


def test_a_writer_that_could_not_seek_back_leaves_zero() -> None:
    file = riff_file(fmt(1, 16), chunk(b"data", pcm(TONE, 16), 0), size=36)
    assert read_wave(file).samples.size == 320


def test_a_lost_last_frame_is_tolerated_and_more_is_not() -> None:
    file = riff_file(fmt(1, 16), chunk(b"data", pcm(TONE, 16)))
    assert read_wave(file[:-1]).samples.size == 319
    with pytest.raises(AudioError, match="truncated WAV: it announces 640 bytes"):
        read_wave(file[:-100])


DATA = chunk(b"data", pcm(TONE, 16))
BROKEN = {
    "no samples in it": riff_file(fmt(1, 16)),
    "holds no samples": riff_file(fmt(1, 16), chunk(b"data", b"")),
    "come before their format": riff_file(DATA, fmt(1, 16)),
    "cut short": riff_file(chunk(b"fmt ", b"\1\0"), DATA),
    "0 channels": riff_file(fmt(1, 16, channels=0), DATA),
    "65 channels": riff_file(fmt(1, 16, channels=65), DATA),
    "sample rate 0 Hz": riff_file(fmt(1, 16, rate=0), DATA),
    "sample rate 4294967295 Hz": riff_file(
        chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 0xFFFFFFFF, 0, 2, 16)), DATA
    ),
    r"format 6, 8 bits": riff_file(fmt(6, 8), DATA),
    r"format 1, 0 bits": riff_file(fmt(1, 0), DATA),
    "extended format is unknown": riff_file(fmt(0xFFFE, 16), DATA),
    "NaN": riff_file(fmt(3, 32), chunk(b"data", struct.pack("<ff", 0.0, float("nan")))),
    "infinity": riff_file(fmt(3, 64), chunk(b"data", struct.pack("<d", 1e300))),
    "NaN or": riff_file(fmt(3, 64), chunk(b"data", struct.pack("<Q", 0x7FF0000000000001))),
    "full scale is 1.0": riff_file(fmt(3, 32), chunk(b"data", struct.pack("<f", 32767.0))),
}


@pytest.mark.parametrize("says", BROKEN)
def test_broken_files_are_refused_in_one_line(says: str) -> None:
    with pytest.raises(AudioError, match=says) as caught:
        read_wave(BROKEN[says])
    assert "\n" not in str(caught.value)


def test_chunks_without_end_are_not_read_to_the_end() -> None:
    with pytest.raises(AudioError, match="more than 1000 chunks"):
        read_wave(riff_file(*[chunk(b"none", b"")] * 5000, fmt(1, 16), DATA))


def test_loud_channels_that_overflow_their_mean_are_refused() -> None:
    loud = np.full(4, 3e38, np.float32).tobytes()
    with pytest.raises(AudioError, match="NaN or infinity"):
        read_wave(riff_file(fmt(3, 32, channels=2), chunk(b"data", loud)))


def test_size_is_bounded_even_for_a_device_without_end() -> None:
    with pytest.raises(AudioError, match="larger than the limit"):
        read_wave("/dev/zero", max_bytes=1000)
    with pytest.raises(AudioError, match="larger than the limit"):
        read_wave(b"\0" * 1001, max_bytes=1000)


@pytest.mark.parametrize("path", ["absent.wav", ".", "nul\0byte.wav"])
def test_unreadable_paths(tmp_path: Path, path: str) -> None:
    with pytest.raises(AudioError, match="can't read"):
        read_wave(os.path.join(tmp_path, path))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 60), st.binary(max_size=12), st.integers(0, 2))
def test_no_bytes_raise_anything_but_audio_error(
    tail: bytes, at: int, patch: bytes, start: int
) -> None:
    file = bytearray(riff_file(fmt(1, 16), chunk(b"data", pcm(TONE[:20], 16))) + tail)
    file[at : at + len(patch)] = patch
    content = (bytes(file), b"RIFF\0\0\0\0WAVE" + tail, tail)[start]
    with contextlib.suppress(AudioError):
        assert np.isfinite(read_wave(content).samples).all()


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=200), st.integers(1, 192000))
def test_what_is_written_is_read_back(values: list[int], rate: int) -> None:
    audio = Audio((np.array(values) / 32768).astype(np.float32), rate)
    stream = io.BytesIO()
    write_wave(stream, audio)
    again = read_wave(stream.getvalue())
    assert again.sample_rate == rate
    np.testing.assert_array_equal(again.samples, audio.samples)


def test_flac_comes_in_by_soundfile() -> None:
    soundfile = pytest.importorskip("soundfile")
    stream = io.BytesIO()
    soundfile.write(stream, np.stack([TONE, TONE], axis=1), RATE, format="FLAC")
    audio = read_wave(stream.getvalue())
    assert audio.sample_rate == RATE
    np.testing.assert_allclose(audio.samples, TONE, atol=2.0**-15)


def test_flac_that_unpacks_to_more_than_the_limit() -> None:
    soundfile = pytest.importorskip("soundfile")
    stream = io.BytesIO()
    soundfile.write(stream, np.zeros(100_000), RATE, format="FLAC")
    with pytest.raises(AudioError, match="decodes to more than the limit"):
        read_wave(stream.getvalue(), max_bytes=40_000)


def test_without_soundfile_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(AudioError, match="pip install soundfile"):
        read_wave(b"fLaC and so on")


def parts_then(error: BaseException) -> Iterator[Audio]:
    yield Audio(TONE, RATE)
    raise error


@pytest.mark.parametrize("error", [AudioError("no voice"), KeyboardInterrupt(), OSError("other")])
def test_a_failure_halfway_keeps_the_old_file_and_leaves_no_half(
    tmp_path: Path, error: BaseException
) -> None:
    target = tmp_path / "speech.wav"
    target.write_bytes(b"old")
    with pytest.raises(type(error)) as caught:
        write_parts(target, parts_then(error))
    assert caught.value is error
    assert files_in(tmp_path) == {"speech.wav": b"old"}


def test_a_full_disk_keeps_the_old_file_and_leaves_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "speech.wav"
    target.write_bytes(b"old")
    in_place = codecs._new_file

    @contextlib.contextmanager
    def on_full_disk(path: Path) -> Iterator[object]:
        with in_place(path), open("/dev/full", "wb", buffering=0) as full:
            yield full

    monkeypatch.setattr(codecs, "_new_file", on_full_disk)
    with pytest.raises(AudioError, match="can't write audio: No space left on device"):
        write_wave(target, Audio(TONE, RATE))
    assert files_in(tmp_path) == {"speech.wav": b"old"}


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_parts_become_one_file(tmp_path: Path) -> None:
    target = tmp_path / "speech.wav"
    assert write_parts(target, iter([Audio(TONE, RATE)] * 3)) == 960
    write_wave(tmp_path / "whole.wav", Audio(np.tile(TONE, 3), RATE))
    assert target.read_bytes() == (tmp_path / "whole.wav").read_bytes()


@pytest.mark.parametrize("name", ["no/such/folder.wav", "."])
def test_unwritable_paths(tmp_path: Path, name: str) -> None:
    with pytest.raises(AudioError, match="can't write"):
        write_wave(tmp_path / name, Audio(TONE, RATE))


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_wave("/dev/null", Audio(TONE, RATE))
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.wav").symlink_to("real.wav")
    write_wave(tmp_path / "link.wav", Audio(TONE, RATE))
    assert (tmp_path / "link.wav").is_symlink()
    assert read_wave(tmp_path / "real.wav").samples.size == 320


def test_a_stream_of_chunks_reads_as_their_concatenation() -> None:
    stream = io.BytesIO()
    assert stream_parts(stream, iter([Audio(TONE, RATE), Audio(TONE, RATE)])) == 640
    np.testing.assert_allclose(read_wave(stream.getvalue()).samples, np.tile(TONE, 2), atol=2**-15)


def test_nothing_makes_no_recording(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="there was no audio"):
        stream_parts(io.BytesIO(), [])
    with pytest.raises(AudioError, match="there was no audio"):
        write_parts(tmp_path / "speech.wav", [])
    assert files_in(tmp_path) == {}


def test_a_stream_keeps_one_rate() -> None:
    with pytest.raises(AudioError, match="16000 Hz, a chunk 22050 Hz"):
        stream_parts(io.BytesIO(), [Audio(TONE, RATE), Audio(TONE, 22050)])


def test_a_broken_pipe_is_an_audio_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with (
        open(writer, "wb", buffering=0) as pipe,
        pytest.raises(AudioError, match="can't write audio: Broken pipe"),
    ):
        stream_parts(pipe, [Audio(TONE, RATE)])  # type: ignore[arg-type]


def test_header_of_four_gigabytes_announces_an_open_end() -> None:
    assert riff.header(RATE, 2**32)[-4:] == b"\xff" * 4
    with wave.open(io.BytesIO(riff.header(RATE, 0))) as file:
        assert file.getnframes() == 0
