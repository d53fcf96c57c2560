"""A directory that appears whole or not at all, whatever ends the process that makes it."""

from __future__ import annotations

import glob
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cosyvoice_lite.bundle import MANIFEST
from cosyvoice_lite.errors import BundleError


@contextmanager
def new_directory(target: Path, replace: bool) -> Iterator[Path]:
    """A directory that becomes `target` when the block succeeds and vanishes when it does not."""
    target = target.absolute()
    try:
        _clean_up_after_the_killed(target)
        if (
            target.exists()
            and not (replace and (target / MANIFEST).exists())
            and not _empty(target)
        ):
            raise BundleError(
                f"{target}: exists already: choose another place, or --replace a bundle"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
        partial.mkdir()
        try:
            with _terminate_as_interrupt():
                yield partial
            _put_in_place(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise BundleError(f"{error.filename or target}: {error.strerror or error}") from None


def _empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _put_in_place(partial: Path, target: Path) -> None:
    """Rename; what was there steps aside first, so that at any moment one of the two is whole."""
    old = target.with_name(f".{target.name}.old-{os.getpid()}")
    if target.exists():
        target.rename(old)
    try:
        partial.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _clean_up_after_the_killed(target: Path) -> None:
    """Remove half-made bundles of processes that are gone; put back an old one that stood aside."""
    for path in target.parent.glob(f".{glob.escape(target.name)}.*-*"):
        kind, _, pid = path.name.removeprefix(f".{target.name}.").rpartition("-")
        if kind not in ("partial", "old") or not pid.isdigit() or _alive(int(pid)):
            continue
        if kind == "old" and not target.exists():
            path.rename(target)
        shutil.rmtree(path, ignore_errors=True)


def _alive(pid: int) -> bool:
    """Whether another process has this number; in a container a new run often gets it again."""
    if pid == os.getpid():
        return False
    if os.name == "nt":  # there, signal 0 would end the process instead of asking for it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Make a polite kill unwind the stack, so that the cleanup runs."""
    try:
        previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # not the main thread: whoever owns it decides
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
