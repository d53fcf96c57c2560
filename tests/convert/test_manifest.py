"""What a bundle is called and can do, and whose vocabulary it carries."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from benchmarks.checkpoints import write_checkpoint

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.errors import CheckpointError
from cosyvoice_lite.models import bundled_model


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whisper") / "checkpoint"
    write_checkpoint(folder, tokenizer="whisper")
    return folder


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_model_behind_a_link_is_called_as_the_link(whisper: Path, tmp_path: Path) -> None:
    link = tmp_path / "CosyVoice-300M-Instruct"
    link.symlink_to(whisper)
    manifest = convert(link, tmp_path / "b")
    assert manifest.name == link.name
    assert manifest.capabilities == ("instruct", "marks")


@pytest.mark.parametrize(
    ("place", "instructed"),
    [
        ("models--FunAudioLLM--CosyVoice-300M-Instruct/snapshots/0123abcd", True),
        ("my-instruct", True),
        ("instructions/CosyVoice-300M-SFT", False),
    ],
)
def test_what_a_model_was_taught_is_told_by_where_it_lies(
    place: str, instructed: bool, whisper: Path, tmp_path: Path
) -> None:
    shutil.copytree(whisper, tmp_path / place)
    manifest = convert(tmp_path / place, tmp_path / "b")
    assert ("instruct" in manifest.capabilities) == instructed


def test_a_voice_that_reads_phonemes_is_not_said_to_know_sounds(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "c", tokenizer="phonemes")
    assert "marks" not in convert(tmp_path / "c", tmp_path / "b").capabilities
    assert "marks" not in Bundle.open(bundled_model()).manifest.capabilities


def test_the_folder_one_is_in_gives_its_name(
    whisper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(whisper, tmp_path / "mine"))
    (folder / "deep").mkdir()
    monkeypatch.chdir(folder)
    assert convert(Path(), tmp_path / "b").name == "mine"
    monkeypatch.chdir(folder / "deep")
    assert convert(Path(".."), tmp_path / "c").name == "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode there")
def test_a_name_that_is_no_unicode_is_made_so(whisper: Path, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"mod\xe8le")
    shutil.copytree(whisper, folder)
    convert(folder, tmp_path / "b")
    assert Bundle.open(tmp_path / "b").manifest.name == "mod\N{REPLACEMENT CHARACTER}le"


@pytest.mark.parametrize(
    ("tokenizer", "n_tokens", "fits"),
    [
        ("whisper", 50_257, True),
        ("whisper", 58_836, False),
        ("hz25", 58_836, True),
        ("hz25", 50_257, False),
        ("phonemes", 1, True),  # reads none
    ],
)
def test_a_vocabulary_of_another_model_is_refused(
    tokenizer: str, n_tokens: int, fits: bool, tmp_path: Path
) -> None:
    """50,257 lines are Whisper's, 58,836 those of the 25 Hz model."""
    write_checkpoint(tmp_path / "c", tokenizer=tokenizer)
    vocabulary = tmp_path / "v.tiktoken"
    vocabulary.write_text("".join(f"IQ== {i}\n" for i in range(n_tokens)))
    if fits:
        convert(tmp_path / "c", tmp_path / "b", vocabulary=vocabulary)
        return
    with pytest.raises(CheckpointError, match=rf"v\.tiktoken: a vocabulary of {n_tokens} text"):
        convert(tmp_path / "c", tmp_path / "b", vocabulary=vocabulary)
    assert not (tmp_path / "b").exists()
