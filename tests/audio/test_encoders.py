"""Formats: whole files say their length, pieces make one stream, decoded it is the sound."""

import io
import shutil
import struct
import subprocess
import sys
import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.audio.codecs import read_wave, stream_parts, write_parts
from cosyvoice_lite.audio.encoders import FORMATS, MEDIA_TYPES, encode, encoder, format_of
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.errors import AudioError, UsageError
from oracles import Array

RATE = 22050
T = np.arange(2 * RATE) / RATE
GLIDE = Audio((0.4 * np.sin(2 * np.pi * (200 + 150 * T) * T)).astype(np.float32), RATE)
DEFAULT_RATES = dict.fromkeys(FORMATS, RATE) | {"pcm": 24000, "opus": 24000}
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg to decode with")
LEAST_SNR_DB = {"mp3": 18.0, "opus": 15.0, "flac": 90.0, "wav": 90.0}


def in_pieces(audio: Audio, format: str, seed: int = 0) -> bytes:
    rng, stream, start, content = np.random.default_rng(seed), None, 0, []
    stream = encoder(format, audio.sample_rate)
    while start < audio.samples.size:
        size = int(rng.integers(0, 4000))
        content.append(stream.write(audio.samples[start : start + size]))
        start += size
    return b"".join([*content, stream.close()])


def snr_db(heard: Array, said: Array) -> float:
    """At the best of the delays that decoders leave in."""
    n = min(len(heard), len(said)) - 2400
    errors = [np.square(heard[d : d + n] - said[:n]).sum() for d in range(0, 2400)]
    return float(10 * np.log10(np.square(said[:n]).sum() / (min(errors) + 1e-9)))


@pytest.mark.parametrize("format", FORMATS)
def test_type_and_rate_are_those_of_the_contract(format: str) -> None:
    stream = encoder(format, RATE)
    assert stream.media_type == MEDIA_TYPES[format]
    assert stream.sample_rate == DEFAULT_RATES[format]
    assert encoder("opus", 44100).sample_rate == 48000
    assert encoder(format, RATE, 48000).sample_rate == 48000


@pytest.mark.parametrize("format", LEAST_SNR_DB)
@pytest.mark.parametrize("pieces", [True, False])
def test_what_is_decoded_is_what_was_said(format: str, pieces: bool) -> None:
    if pieces and format == "flac":
        pytest.skip("libsndfile itself reads no FLAC of open length; ffmpeg does, see below")
    content = in_pieces(GLIDE, format) if pieces else encode(GLIDE, format)
    decoded = read_wave(content)
    assert decoded.sample_rate == DEFAULT_RATES[format]
    said = encoder("wav", RATE, decoded.sample_rate)
    expected = read_wave(said.write(GLIDE.samples) + said.close()).samples
    assert snr_db(decoded.samples, expected) > LEAST_SNR_DB[format]


@needs_ffmpeg
@pytest.mark.parametrize("format", ["mp3", "opus", "aac", "flac", "wav"])
def test_players_take_streams_of_open_length(format: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(in_pieces(GLIDE, format))
    rate = str(DEFAULT_RATES[format])
    command = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "x"), "-f", "f32le", "-ar", rate, "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    heard = np.frombuffer(done.stdout, np.float32)
    said = np.frombuffer(encode(GLIDE, "pcm", int(rate)), "<i2").astype(np.float32) / 32768
    assert snr_db(heard, said) > LEAST_SNR_DB.get(format, 15.0)


@pytest.mark.parametrize("format", FORMATS)
def test_how_the_sound_is_cut_changes_no_byte(format: str) -> None:
    whole, pieces, others = (
        encode(GLIDE, format),
        in_pieces(GLIDE, format),
        in_pieces(GLIDE, format, 5),
    )
    if format == "opus":  # the container has a random serial number
        assert len(pieces) == len(others)
        return
    assert pieces == others
    after_headers = 300 if format in ("wav", "flac", "mp3") else 0
    assert pieces[after_headers:] == whole[after_headers:]


def test_a_whole_file_knows_its_length_and_a_stream_leaves_it_open() -> None:
    n = GLIDE.samples.size
    with wave.open(io.BytesIO(encode(GLIDE, "wav"))) as file:
        assert (file.getnframes(), file.getframerate()) == (n, RATE)
    assert struct.unpack("<I", in_pieces(GLIDE, "wav")[40:44]) == (0xFFFFFFFF,)
    flac, stream = encode(GLIDE, "flac"), in_pieces(GLIDE, "flac")
    assert int.from_bytes(flac[18:26], "big") & (2**36 - 1) == n
    assert int.from_bytes(stream[18:26], "big") & (2**36 - 1) == 0
    assert read_wave(flac).samples.size == n
    assert read_wave(encode(GLIDE, "mp3")).samples.size == n
    assert len(encode(GLIDE, "pcm")) == 2 * (-(-n * 24000 // RATE))


def told_by_lame(mp3: bytes) -> int:
    """Samples that an MP3's first frame says are in it: those of all frames, less what the encoder
    put before and behind (LAME's tag; 576 samples a frame below 32 kHz)."""
    at = mp3.index(b"Xing" if b"Xing" in mp3[:64] else b"Info")
    flags, n_frames = struct.unpack(">II", mp3[at + 4 : at + 12])
    assert flags == 0xF
    lame = at + 120
    both = int.from_bytes(mp3[lame + 21 : lame + 24], "big")
    return n_frames * 576 - (both >> 12) - (both & 0xFFF)


@pytest.mark.parametrize("seconds", [0.03, 1.0, 12.345])
def test_an_mp3_tells_its_length_in_its_header_or_by_its_size(seconds: float) -> None:
    audio = Audio(np.resize(GLIDE.samples, round(seconds * RATE)), RATE)
    n = audio.samples.size
    assert told_by_lame(encode(audio, "mp3")) == n
    stream = in_pieces(audio, "mp3")
    assert b"Xing" not in stream[:64]
    assert b"Info" not in stream[:64]
    padding_s = 5 * 576 / RATE  # frames that the encoder needs around the sound
    assert 0 <= len(stream) * 8 / 64_000 - seconds < padding_s
    assert 0 <= read_wave(stream).duration_s - seconds < padding_s  # and nobody loses its end


@needs_ffmpeg
def test_players_find_the_length_of_an_mp3(tmp_path: Path) -> None:
    for content in (encode(GLIDE, "mp3"), in_pieces(GLIDE, "mp3")):
        (tmp_path / "x.mp3").write_bytes(content)
        asked = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"]
        done = subprocess.run([*asked, str(tmp_path / "x.mp3")], capture_output=True, check=True)
        # ffprobe counts the encoder's frames too: 50 ms before the sound, up to 80 behind
        assert 0 <= float(done.stdout) - GLIDE.duration_s < 0.13


def test_lossless_formats_keep_every_sample_as_the_servers_do() -> None:
    edges = Audio(np.array([0.0, 1.0, -1.0, 1.5, -1.5, 0.99997, -3e-5, 3e-5], np.float32), 16000)
    expected = edges.to_int16()
    assert encode(edges, "pcm", 16000) == expected.tobytes()
    for format in ("wav", "flac"):
        decoded = read_wave(encode(edges, format)).samples * 32768
        np.testing.assert_array_equal(decoded, expected)


@pytest.mark.parametrize("format", FORMATS)
def test_bytes_leave_while_the_sound_is_made(format: str) -> None:
    stream = encoder(format, RATE)
    early = sum(len(stream.write(GLIDE.samples[i : i + 2205])) for i in range(0, 2 * RATE, 2205))
    late = len(stream.close())
    assert early > (late if format == "opus" else 2 * late)  # Opus goes out in pages of a second


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("n", [0, 1, 100])
def test_next_to_nothing_is_a_file_too(format: str, n: int) -> None:
    content = encode(Audio(np.zeros(n, np.float32), RATE), format)
    assert format == "pcm" or n == 0 or content


def test_minutes_at_once_are_no_trouble() -> None:
    long = Audio(np.tile(GLIDE.samples, 60), RATE)
    assert read_wave(encode(long, "opus")).duration_s == pytest.approx(long.duration_s, abs=0.1)


def test_a_long_sound_at_once_takes_little_memory() -> None:
    long, stream = np.tile(GLIDE.samples, 45), encoder("pcm", RATE)
    tracemalloc.start()
    size = len(stream.write(long))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * size + 20 * 2**20


@pytest.mark.parametrize(
    ("format", "rate", "message"),
    [
        ("m4a", None, "unknown format 'm4a': choose from mp3, opus, aac, flac, wav, pcm"),
        ("opus", 22050, "opus can't have 22050 Hz: choose from 8000, 12000"),
        ("mp3", 22000, "mp3 can't have 22000 Hz"),
        ("aac", 96000, "aac can't have 96000 Hz"),
        ("wav", 7999, "wav can't have 7999 Hz: choose from 8000 to 48000"),
        ("pcm", 48001, "pcm can't have"),
    ],
)
def test_what_a_format_can_not_have_is_refused(format: str, rate: int | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        encoder(format, RATE, rate)


def test_a_rate_that_a_format_lacks_becomes_the_next_it_has() -> None:
    assert encoder("mp3", 23000).sample_rate == 24000
    assert encoder("aac", 96000).sample_rate == 48000
    assert encoder("wav", 37000).sample_rate == 37000


def test_names_of_files_say_their_format() -> None:
    assert format_of("a/b.MP3") == "mp3"
    assert format_of("speech.ogg") == "opus"
    assert format_of("/dev/stdout") == "wav"
    with pytest.raises(UsageError, match=r"by the suffix \.m4a; choose from mp3"):
        format_of("x.m4a")


@pytest.mark.parametrize("format", FORMATS)
def test_files_hold_what_whole_encoding_gives(format: str, tmp_path: Path) -> None:
    parts = [Audio(GLIDE.samples[i : i + 7000], RATE) for i in range(0, GLIDE.samples.size, 7000)]
    assert write_parts(tmp_path / "x", parts, format) == GLIDE.samples.size
    stream = io.BytesIO()
    assert stream_parts(stream, parts, format) == GLIDE.samples.size
    content = (tmp_path / "x").read_bytes()
    if format == "opus":
        assert len(content) == len(encode(GLIDE, format)) == len(stream.getvalue())
    else:
        assert content == encode(GLIDE, format)


def test_without_soundfile_its_formats_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    for format in ("mp3", "opus", "flac"):
        with pytest.raises(AudioError, match=r"pip install 'cosyvoice-lite\[audio\]'"):
            encoder(format, RATE)
    for format in ("wav", "pcm", "aac"):
        assert encode(GLIDE, format)


@pytest.mark.parametrize(
    ("fault", "message"),
    [(MemoryError(), "both writable and executable"), (RuntimeError(), "pip install -U soundfile")],
)
def test_a_library_that_can_not_says_what_to_do(
    fault: Exception, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr("soundfile.SoundFile", refuse)
    with pytest.raises(AudioError, match=message):
        encoder("mp3", RATE)


def test_importing_the_encoders_loads_no_library() -> None:
    program = "import sys, cosyvoice_lite.audio.encoders as _; print('soundfile' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
