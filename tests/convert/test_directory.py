"""A new directory beside others that write, link, mount or die there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cosyvoice_lite.bundle import MANIFEST
from cosyvoice_lite.convert.directory import new_directory
from cosyvoice_lite.convert.lock import alone
from cosyvoice_lite.errors import BundleError, UsageError

needs_posix = pytest.mark.skipif(os.name == "nt", reason="links and mounts of POSIX")
HOLDING = """
import sys
from pathlib import Path
from cosyvoice_lite.convert.directory import new_directory
with new_directory(Path(sys.argv[1]), True) as partial:
    print(flush=True)
    sys.stdin.readline()
    (partial / "manifest.json").write_text("theirs")
"""


@contextmanager
def another(target: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has begun to write `target`, and ends it at a line."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        yield other


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(target: Path, *, replace: bool = False) -> None:
    with new_directory(target, replace) as partial:
        (partial / MANIFEST).write_text("ours")


def test_a_directory_that_another_process_writes_is_refused_and_kept(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    with another(target) as other:
        with pytest.raises(BundleError, match="another process is writing it"):
            write(target, replace=True)
        other.communicate("go on\n")
    assert (target / MANIFEST).read_text() == "theirs"
    assert left(tmp_path) == ["bundle"]


def test_after_a_kill_the_next_may_write(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    with another(target) as other:
        other.kill()
    assert len(left(tmp_path)) == 2
    write(target)
    assert left(tmp_path) == ["bundle"]


def test_what_came_meanwhile_is_not_replaced_unasked(tmp_path: Path) -> None:
    target = tmp_path / "bundle"

    def another() -> None:
        target.mkdir()
        (target / MANIFEST).write_text("theirs")

    with pytest.raises(BundleError, match="exists already"), new_directory(target, False):
        another()
    assert (target / MANIFEST).read_text() == "theirs"
    assert left(tmp_path) == ["bundle"]


def test_a_mount_point_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == tmp_path)
    with (
        pytest.raises(BundleError, match="choose a folder inside it"),
        new_directory(tmp_path, False),
    ):
        pytest.fail("the work began")
    write(tmp_path / "inside")


@needs_posix
def test_a_link_leads_to_what_replaced_its_target(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "links" / "link"
    write(real)
    (real / "notes").write_text("old")
    link.parent.mkdir()
    link.symlink_to(real)
    write(link, replace=True)
    assert link.is_symlink()
    assert left(real) == [MANIFEST]
    assert (left(tmp_path), left(link.parent)) == (["links", "real"], ["link"])


@needs_posix
def test_a_link_to_nothing_leads_to_the_new_one(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "to" / "come")
    write(link)
    assert left(tmp_path / "to" / "come") == [MANIFEST]
    link.unlink()
    link.symlink_to(link)
    with pytest.raises(BundleError, match="exists already"):
        write(link)


def test_a_lock_excludes_the_next_and_leaves_nothing(tmp_path: Path) -> None:
    busy, lock = UsageError("taken"), tmp_path / "lock"
    for _ in range(2):
        with alone(lock, busy) as sure:
            assert sure
            with pytest.raises(UsageError, match="taken"), alone(lock, busy):
                pass
        assert left(tmp_path) == []


def test_without_locks_one_goes_on_unsure(tmp_path: Path) -> None:
    with alone(tmp_path / "no folder" / "lock", UsageError("taken")) as sure:
        assert not sure
