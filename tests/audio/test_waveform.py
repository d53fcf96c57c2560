"""Audio: what it accepts, what it gives."""

import base64
import io
import wave
from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.errors import AudioError, UsageError


def sine(n: int = 441, rate: int = 22050) -> Audio:
    return Audio(np.sin(np.arange(n) * 0.1).astype(np.float32) * np.float32(0.5), rate)


@pytest.mark.parametrize(
    ("samples", "rate", "says"),
    [
        (np.zeros(4, np.float64), 16000, "float32"),
        ([0.0, 1.0], 16000, "float32"),
        (np.zeros((1, 4), np.float32), 16000, "one axis"),
        (np.array([0, np.nan], np.float32), 16000, "NaN"),
        (np.array([0, np.inf], np.float32), 16000, "NaN or infinity"),
        (np.zeros(4, np.float32), 0, "sample rate"),
        (np.zeros(4, np.float32), -16000, "sample rate"),
        (np.zeros(4, np.float32), 16000.0, "sample rate"),
        (np.zeros(4, np.float32), True, "sample rate"),
    ],
)
def test_refuses_what_is_not_mono_float32_sound(samples: object, rate: object, says: str) -> None:
    with pytest.raises(AudioError, match=says):
        Audio(samples, rate)  # type: ignore[arg-type]


def test_samples_are_read_only_and_the_callers_array_is_not() -> None:
    samples = np.zeros(4, np.float32)
    audio = Audio(samples, 16000)
    with pytest.raises(ValueError, match="read-only"):
        audio.samples[0] = 1.0
    samples[0] = 1.0


def test_duration_and_repr() -> None:
    audio = sine(11025)
    assert audio.duration_s == 0.5
    assert repr(audio) == "Audio(0.50 s, 22050 Hz)"


def test_concat_and_silence() -> None:
    pause = Audio.silence(0.25, 22050)
    joined = Audio.concat([sine(), pause, sine()])
    assert pause.samples.size == round(0.25 * 22050)
    assert joined.samples.size == 2 * 441 + pause.samples.size
    np.testing.assert_array_equal(joined.samples[:441], sine().samples)


@pytest.mark.parametrize("parts", [[], [sine(), sine(rate=16000)]])
def test_concat_refuses_nothing_and_mixed_rates(parts: list[Audio]) -> None:
    with pytest.raises(AudioError, match="expected one sample rate"):
        Audio.concat(parts)


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_silence_refuses_impossible_lengths(seconds: float) -> None:
    with pytest.raises(AudioError, match="not possible"):
        Audio.silence(seconds, 16000)


def test_int16_truncates_towards_zero_and_clips() -> None:
    steps = np.array([0.0, 0.9, 1.9, -0.9, -1.9, 32767.0, 32768.0, 1e6, -32768.0, -1e6])
    audio = Audio((steps / 32768).astype(np.float32), 22050)
    expected = [0, 0, 1, 0, -1, 32767, 32767, 32767, -32768, -32768]
    assert audio.to_int16().tolist() == expected
    assert audio.to_int16().dtype == np.int16


def test_a_notebook_gets_a_player_with_the_sound_inside() -> None:
    html = sine()._repr_html_()
    head, encoded, _ = html.replace("base64,", '"').split('"')[1:4]
    assert html.startswith("<audio controls")
    assert head == "data:audio/wav;"
    with wave.open(io.BytesIO(base64.b64decode(encoded))) as file:
        assert (file.getframerate(), file.getnframes()) == (22050, 441)


@pytest.mark.parametrize(
    ("name", "head"), [("a.FLAC", b"fLaC"), ("a.opus", b"OggS"), ("a", b"RIFF")]
)
def test_save_writes_what_the_name_says(name: str, head: bytes, tmp_path: Path) -> None:
    sine().save(tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(head)
    with pytest.raises(UsageError, match=r"no format is known by the suffix \.m4a"):
        sine().save(tmp_path / "a.m4a")


def test_save_writes_a_file_the_standard_library_reads(tmp_path: Path) -> None:
    sine().save(tmp_path / "out.wav")
    with wave.open(str(tmp_path / "out.wav")) as file:
        assert file.getparams()[:4] == (1, 2, 22050, 441)
        assert file.readframes(441) == sine().to_int16().tobytes()
