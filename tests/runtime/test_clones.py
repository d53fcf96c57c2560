"""Cloned voices are computed once, by whichever process comes first, and never trusted blindly."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.models import clones_folder
from cosyvoice_lite.runtime.clones import CloneCache, clone_key
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.runtime.voice import Voice

KEY = "a" * 64


def voice(n: int = 100, name: str = "v") -> Voice:
    mel = np.random.default_rng(n).standard_normal((n, 80)).astype(np.float32)
    return Voice(name, np.ones(192, np.float32), (1, 2), np.arange(n), mel)


def never() -> Voice:
    raise AssertionError("computed again")


def hum(seconds: float = 1.0, hz: float = 180.0) -> Audio:
    t = np.arange(round(seconds * 22050)) / 22050
    return Audio((0.3 * np.sin(2 * np.pi * hz * t)).astype(np.float32), 22050)


def test_another_cache_of_the_folder_has_it(tmp_path: Path) -> None:
    first, second = CloneCache(tmp_path), CloneCache(tmp_path)
    made = first.voice(KEY, voice)
    read = second.voice(KEY, never)
    for name, array in made.tensors().items():
        np.testing.assert_array_equal(read.tensors()[name], array)
    second.voice(KEY, never)
    assert (first.hits, first.misses, second.hits, second.misses) == (0, 1, 2, 0)
    assert [path.name for path in tmp_path.iterdir()] == [f"{KEY}.safetensors"]


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "foreign", "header"])
def test_a_damaged_entry_is_computed_again(tmp_path: Path, damage: str) -> None:
    CloneCache(tmp_path).voice(KEY, voice)
    path = tmp_path / f"{KEY}.safetensors"
    content = bytearray(path.read_bytes())
    content[-5000] ^= 1
    header = b"\xff" * 8 + bytes(content[8:])
    damaged = {"flip": bytes(content), "truncate": bytes(content[:-7]), "empty": b"",
               "foreign": b"GIF89a" * 9, "header": header}  # fmt: skip
    path.write_bytes(damaged[damage])
    again = CloneCache(tmp_path)
    again.voice(KEY, voice)
    assert again.misses == 1
    CloneCache(tmp_path).voice(KEY, never)


def test_what_was_used_longest_ago_goes(tmp_path: Path) -> None:
    CloneCache(tmp_path).voice("a", voice)
    size = next(tmp_path.iterdir()).stat().st_size
    CloneCache(tmp_path).voice("b", voice)
    for name, age in (("a", 100), ("b", 200)):
        os.utime(tmp_path / f"{name}.safetensors", (0, age))
    CloneCache(tmp_path).voice("a", never)  # used again
    CloneCache(tmp_path, folder_bytes=2 * size).voice("c", voice)
    assert {path.stem for path in tmp_path.iterdir()} == {"a", "c"}


def test_what_a_killed_process_left_goes(tmp_path: Path) -> None:
    old, new = tmp_path / "old.partial", tmp_path / "new.partial"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    CloneCache(tmp_path).voice(KEY, voice)
    assert not old.exists()
    assert new.exists()


def test_memory_has_a_budget_too() -> None:
    cache = CloneCache(None, memory_bytes=3 * 100 * 80 * 4)
    for key in "abcd":
        cache.voice(key, voice)
    cache.voice("d", never)
    cache.voice("a", voice)
    assert (cache.hits, cache.misses) == (1, 5)


def test_a_folder_that_cant_be_written_only_costs_the_reuse(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = CloneCache(tmp_path / "file" / "folder")
    cache.voice(KEY, voice)
    cache.voice(KEY, never)


def test_the_environment_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert clones_folder() == tmp_path / "home" / "clones"
    monkeypatch.setenv("COSYVOICE_LITE_CLONES", str(tmp_path))
    assert clones_folder() == tmp_path
    monkeypatch.setenv("COSYVOICE_LITE_CLONES", "off")
    assert CloneCache.default().folder is None


def test_the_key_holds_all_that_decides(synthesizer: Synthesizer) -> None:
    bundle = synthesizer.bundle
    recordings = (hum(), hum(hz=181.0), Audio(hum().samples, 24000))
    keys = {clone_key(r, t, bundle) for r in recordings for t in (None, "a", "b")}
    assert len(keys) == 9
    assert clone_key(hum(), "a", bundle) in keys


SECOND = """
import sys, numpy as np
from cosyvoice_lite.runtime.recording import RecordingEncoder
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.audio.codecs import read_wave
from pathlib import Path
s = Synthesizer.open(sys.argv[1], threads=1)
voice = s.clone(read_wave(Path(sys.argv[2])), "Good morning.", name="me")
assert "recordings" not in s.__dict__, "the encoders were loaded"
assert (s.clones.hits, s.clones.misses, voice.name) == (1, 0, "me")
np.save(sys.argv[3], voice.prompt_mel)
"""


def test_a_second_process_does_not_compute(hearing_bundle: Path, tmp_path: Path) -> None:
    from cosyvoice_lite.audio.codecs import read_wave, write_wave

    write_wave(tmp_path / "hum.wav", hum(1.5))
    recording = read_wave(tmp_path / "hum.wav")
    made = Synthesizer.open(hearing_bundle, threads=1).clone(recording, "Good morning.")
    arguments = [str(hearing_bundle), str(tmp_path / "hum.wav"), str(tmp_path / "mel.npy")]
    subprocess.run([sys.executable, "-c", SECOND, *arguments], check=True, timeout=60)
    np.testing.assert_array_equal(np.load(tmp_path / "mel.npy"), made.prompt_mel)


def test_a_folder_that_can_not_be_looked_into_only_costs_the_reuse(tmp_path: Path) -> None:
    """A name too long raises as a folder without permission does, for whoever runs the tests."""
    cache = CloneCache(tmp_path / ("n" * 300))
    assert cache.voice(KEY, voice).name == "v"
    assert (cache.hits, cache.misses) == (0, 1)
