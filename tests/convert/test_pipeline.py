"""Conversion is whole or not at all: killed, interrupted, on a full disk, in the way of another."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cosyvoice_lite.bundle import MANIFEST, Bundle
from cosyvoice_lite.convert import pipeline
from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.errors import BundleError

CLI = [sys.executable, "-m", "cosyvoice_lite", "convert"]
needs_posix = pytest.mark.skipif(os.name == "nt", reason="signals and limits of POSIX")


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class StopError(Exception):
    """Raised in the middle of a conversion."""


def stopping(line: str, action: Callable[[], object]) -> Callable[[str], None]:
    def progress(stage: str) -> None:
        if stage.startswith(line):
            action()

    return progress


def fail() -> None:
    raise StopError


@pytest.mark.parametrize("line", ["writing text", "writing vocoder", "writing tables", "hashing"])
def test_a_failure_at_any_stage_leaves_nothing(
    line: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    with pytest.raises(StopError):
        convert(tiny_checkpoint, tmp_path / "bundle", progress=stopping(line, fail))
    assert left(tmp_path) == []


def test_a_failed_replacement_leaves_the_old_bundle(
    tiny_checkpoint: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    target = tmp_path / "bundle"
    shutil.copytree(tiny_bundle, target)
    with pytest.raises(StopError):
        convert(tiny_checkpoint, target, replace=True, progress=stopping("hashing", fail))
    assert left(tmp_path) == ["bundle"]
    Bundle.open(target)


def test_an_existing_bundle_is_replaced_only_when_asked(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    target = tmp_path / "bundle"
    convert(tiny_checkpoint, target)
    with pytest.raises(BundleError, match="exists already: choose another place, or --replace"):
        convert(tiny_checkpoint, target)
    (target / "notes.txt").write_text("old")
    convert(tiny_checkpoint, target, replace=True)
    assert not (target / "notes.txt").exists()
    assert left(tmp_path) == ["bundle"]


def test_a_folder_that_is_no_bundle_is_never_replaced(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    target = tmp_path / "photos"
    target.mkdir()
    (target / "holiday.jpg").write_text("dear")
    (tmp_path / "file").write_text("dear")
    for place in (target, tmp_path / "file"):
        with pytest.raises(BundleError, match="exists already"):
            convert(tiny_checkpoint, place, replace=True)
    assert left(target) == ["holiday.jpg"]


@pytest.mark.parametrize("name", ["bundle", "odd [name]*", ".hidden", "名前"])
def test_an_empty_folder_is_taken_and_parents_are_made(
    name: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / name).mkdir()
    convert(tiny_checkpoint, tmp_path / name)
    convert(tiny_checkpoint, tmp_path / "a" / "b" / name)
    assert left(tmp_path / "a" / "b") == [name]


@pytest.mark.parametrize("target", ["/", "file/bundle", "x" * 300, "/proc/bundle"])
def test_an_impossible_place_is_one_line(
    target: str, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError) as caught:
        convert(tiny_checkpoint, Path(target), replace=True)
    assert "\n" not in str(caught.value)
    assert left(tmp_path) == ["file"]


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="root may write anywhere")
def test_a_parent_that_can_not_be_written_is_named(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(BundleError, match="ermission"):
        convert(tiny_checkpoint, tmp_path / "locked" / "bundle")


# --- killed ------------------------------------------------------------------------------------


@needs_posix
def test_leftovers_of_the_killed_are_removed_and_all_else_kept(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    kept = [".bundle.partial-x", ".other.partial-1", ".bundle.new-1"]
    for name in (*kept, ".bundle.partial-1", ".bundle.partial-4294967295"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("")
    convert(tiny_checkpoint, tmp_path / "bundle")
    assert left(tmp_path) == sorted([*kept, "bundle"])


@needs_posix
def test_an_old_bundle_that_stood_aside_for_a_killed_one_is_put_back(
    tiny_checkpoint: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    aside = tmp_path / ".bundle.old-1"
    shutil.copytree(tiny_bundle, aside)
    with pytest.raises(BundleError, match="exists already"):
        convert(tiny_checkpoint, tmp_path / "bundle")
    assert left(tmp_path) == ["bundle"]
    Bundle.open(tmp_path / "bundle")


@needs_posix
def test_a_process_killed_at_any_moment_leaves_no_half_bundle(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """kill -9 at eight moments; after each there is a whole bundle or none, and the next works."""
    draws, halves = random.Random(0), 0
    for attempt in range(8):
        process = subprocess.Popen(
            [*CLI, str(tiny_checkpoint), str(tmp_path / "bundle"), "--replace"],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        for _ in range(attempt + 1):  # each time a stage further
            process.stderr.readline()
        time.sleep(draws.uniform(0, 0.02))
        process.kill()
        process.wait()
        process.stderr.close()
        halves += any("partial" in name for name in left(tmp_path))
        if (tmp_path / "bundle").exists():
            Bundle.open(tmp_path / "bundle")
    assert halves >= 3
    convert(tiny_checkpoint, tmp_path / "bundle", replace=True)
    assert left(tmp_path) == ["bundle"]
    Bundle.open(tmp_path / "bundle")


@needs_posix
def test_a_kill_while_one_bundle_takes_the_place_of_another_loses_neither(
    tiny_checkpoint: Path, tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped dead between the two renames: the old one stands aside whole."""
    target = tmp_path / "bundle"
    shutil.copytree(tiny_bundle, target)
    rename = Path.rename

    def stop_dead(self: Path, to: Path) -> Path:
        if "partial" in self.name:
            os._exit(9)
        return rename(self, to)

    child = os.fork()
    if child == 0:
        monkeypatch.setattr(Path, "rename", stop_dead)
        convert(tiny_checkpoint, target, replace=True)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert not target.exists()
    with pytest.raises(BundleError, match="exists already"):
        convert(tiny_checkpoint, target)
    Bundle.open(target)
    assert left(tmp_path) == ["bundle"]


@needs_posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_signal_cleans_up_at_once(
    number: signal.Signals, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    handlers = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        convert(
            tiny_checkpoint,
            tmp_path / "bundle",
            progress=stopping("writing unet", lambda: os.kill(os.getpid(), number)),
        )
    assert left(tmp_path) == []
    assert signal.getsignal(signal.SIGTERM) == handlers


# --- full disks --------------------------------------------------------------------------------


@needs_posix
@pytest.mark.parametrize("limit", [0, 100, 50_000, 300_000])
def test_a_full_disk_is_one_line_and_leaves_nothing(
    limit: int, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """No file may grow beyond the limit, which fails as a full disk does."""
    done = subprocess.run(
        [*CLI, str(tiny_checkpoint), str(tmp_path / "bundle")],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("cosyvoice-lite: error:")
    assert "File too large" in last
    assert "Traceback" not in done.stderr
    assert left(tmp_path) == []


def test_a_disk_that_fills_up_while_hashing_leaves_nothing(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> str:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(pipeline, "sha256", full)
    with pytest.raises(BundleError, match="No space left on device"):
        convert(tiny_checkpoint, tmp_path / "bundle")
    assert left(tmp_path) == []


# --- what is carried along ---------------------------------------------------------------------


def test_the_authors_encoders_and_a_vocabulary_are_carried(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "c"
    shutil.copytree(tiny_checkpoint, checkpoint)
    for name in ("campplus.onnx", "speech_tokenizer_v1.onnx", "words.tiktoken"):
        (checkpoint / name).write_text(name)
    manifest = convert(checkpoint, tmp_path / "b", vocabulary=checkpoint / "words.tiktoken")
    for source, name in (
        ("campplus.onnx", "campplus.onnx"),
        ("speech_tokenizer_v1.onnx", "speech_tokenizer_v1.onnx"),
        ("words.tiktoken", "vocabulary.tiktoken"),
    ):
        assert (tmp_path / "b" / name).read_text() == source
        assert name in manifest.files
    assert MANIFEST not in manifest.files


# --- full size -----------------------------------------------------------------------------------

FULL = """
import resource, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from cosyvoice_lite.convert.pipeline import convert
started = time.perf_counter()
convert(Path(sys.argv[1]), Path(sys.argv[1] + "-bundle"))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, time.perf_counter() - started)
"""


@pytest.mark.slow
@needs_posix
def test_the_full_size_converts_in_little_memory(tmp_path: Path) -> None:
    """1.7 GB of weights in at most 400 MB; measured: 228, of which 106 are one tensor."""
    from checkpoints import SIZES, write_checkpoint

    checkpoint = tmp_path / "full"
    write_checkpoint(checkpoint, SIZES["full"], tokenizer="whisper")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(checkpoint), str(Path(pipeline.__file__).parents[3])],
        capture_output=True,
        text=True,
        check=True,
    )
    megabytes, seconds = map(float, done.stdout.split())
    assert megabytes <= 400, f"{megabytes} MB"
    assert seconds < 300
