"""Voices in files and of the caller's: written whole, not mapped, of the one width there is."""

import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.config import Sampling
from cosyvoice_lite.errors import VoiceError
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.runtime.voice import Voice

SHORT = Sampling(max_token_text_ratio=3.0)


@pytest.fixture
def saved(synthesizer: Synthesizer, tmp_path: Path) -> Path:
    path = tmp_path / "me.safetensors"
    synthesizer.voices["中文女"].save(path)
    return path


def test_a_voice_is_saved_over_the_file_it_came_from(saved: Path) -> None:
    before = saved.read_bytes()
    voice = Voice.load(saved)
    for array in (voice.speaker_embedding, voice.prompt_tokens, voice.prompt_mel):
        assert not isinstance(array, np.memmap)  # else a file cut short would end the process
    voice.save(saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["me.safetensors"]


def test_a_voice_that_can_not_be_written_leaves_what_was_there(
    saved: Path, synthesizer: Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    before = saved.read_bytes()
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(VoiceError, match="No space left"):
        replace(synthesizer.voices["中文女"], prompt_text=(1, 2)).save(saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["me.safetensors"]


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
def test_a_link_stays_one_and_a_pipe_is_written_to(saved: Path) -> None:
    voice, content = Voice.load(saved), saved.read_bytes()
    link, pipe = saved.with_name("link"), saved.with_name("pipe")
    link.symlink_to(saved)
    voice.save(link)
    assert link.is_symlink()
    os.mkfifo(pipe)
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()), daemon=True)
    reader.start()
    voice.save(pipe)
    reader.join(10)
    assert heard == [content] == [saved.read_bytes()]
    with pytest.raises(VoiceError, match="directory"):
        voice.save(saved.parent)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_saved_voice_may_be_read_as_any_new_file(saved: Path) -> None:
    other = saved.with_name("other")
    other.write_bytes(b"")
    assert stat.S_IMODE(saved.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


@pytest.mark.parametrize("width", ["f2", "f8"])
def test_floats_of_any_width_make_a_voice(synthesizer: Synthesizer, width: str) -> None:
    usual = synthesizer.voices["中文女"]
    wide = replace(usual, speaker_embedding=usual.speaker_embedding.astype(width))
    assert wide.speaker_embedding.dtype == np.float32
    spoken = synthesizer.speak("Hi.", voice=wide, seed=1, sampling=SHORT)
    assert spoken.duration_s > 0


def test_a_float_beyond_the_width_is_refused_as_infinite(synthesizer: Synthesizer) -> None:
    n = len(synthesizer.voices["中文女"].speaker_embedding)
    with pytest.raises(VoiceError, match="speaker embedding"):
        synthesizer.speak("Hi.", voice=Voice("far", np.full(n, 1e300)))


def test_moods_of_the_bundle_are_not_those_of_a_voice_of_the_same_name(
    synthesizer: Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, ours = next(iter(synthesizer.voices.items()))
    moody = replace(ours, name=f"{name}_happy", speaker_embedding=-ours.speaker_embedding)
    monkeypatch.setitem(synthesizer.voices, moody.name, moody)
    own = replace(ours, speaker_embedding=ours.speaker_embedding * np.float32(2))
    for voice, heard in ((name, moody), (ours, moody), (own, own)):
        (utterance,) = synthesizer.plan(Request("Hi.", voice=voice))
        segment = replace(utterance.segment, emotion="happy")
        told = synthesizer.reader._condition(segment, synthesizer.reader.voice(voice), Request(""))
        np.testing.assert_array_equal(told.flow_speaker, heard.speaker_embedding)


def test_a_lexicon_is_a_path_or_the_text_of_one(synthesizer: Synthesizer, tmp_path: Path) -> None:
    path = tmp_path / "lexicon.txt"
    path.write_text("重庆  pinyin:chong2 qing4\n", "utf-8")
    plain, text = (synthesizer.plan(Request("重庆。", lexicon=p)) for p in (path, str(path)))
    assert [u.segment for u in text] == [u.segment for u in plain]
