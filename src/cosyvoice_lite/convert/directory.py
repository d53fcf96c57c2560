"""A directory that appears whole or not at all, whatever ends the process that makes it."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cosyvoice_lite.bundle import MANIFEST
from cosyvoice_lite.convert.lock import alone
from cosyvoice_lite.errors import BundleError


@contextmanager
def new_directory(target: Path, replace: bool) -> Iterator[Path]:
    """A directory that becomes `target` when the block succeeds and vanishes when it does not."""
    target = Path(os.path.realpath(target))  # a link stays where it is, and leads to the new one
    busy = BundleError(f"{target}: another process is writing it: wait until that has ended")
    try:
        check_place(target, replace)
        target.parent.mkdir(parents=True, exist_ok=True)
        with alone(_beside(target, "lock"), busy) as sure:
            if sure:
                _clean_up_after_the_killed(target)
                check_place(target, replace)
            partial = _beside(target, f"partial-{secrets.randbits(32)}")
            partial.mkdir()
            try:
                with _terminate_as_interrupt():
                    yield partial
                _put_in_place(partial, target, replace)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise BundleError(f"{error.filename or target}: {error.strerror or error}") from None


def check_place(target: Path, replace: bool) -> None:
    """Raise unless a bundle can be put at `target`.

    Raises:
        BundleError: a disk is mounted there, something is there that is not to be replaced, or
            that can't be told.
    """
    if os.path.ismount(target):
        raise BundleError(f"{target}: a disk is mounted here: choose a folder inside it")
    try:
        free = not os.path.lexists(target) or _empty(target)
        is_bundle = (target / MANIFEST).exists()
    except OSError as error:
        raise BundleError(f"{target}: {error.strerror}") from None
    if not free and not (replace and is_bundle):
        raise BundleError(f"{target}: exists already: choose another place, or --replace a bundle")


def _empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _beside(target: Path, what: str) -> Path:
    return target.parent / f".{target.name}.{what}"


def _put_in_place(partial: Path, target: Path, replace: bool) -> None:
    """Rename; what was there steps aside first, so that at any moment one of the two is whole."""
    check_place(target, replace)  # again, as something may have come there meanwhile
    old = _beside(target, f"old-{secrets.randbits(32)}")
    if _empty(target):
        target.rmdir()
    elif replace and target.exists():
        target.rename(old)
    try:
        partial.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _clean_up_after_the_killed(target: Path) -> None:
    """Remove half-made bundles, whose makers must be gone as the lock is ours; put back an old one
    that stood aside."""
    for path in target.parent.glob(f".{glob.escape(target.name)}.*-*"):
        kind, _, number = path.name.removeprefix(f".{target.name}.").rpartition("-")
        if kind not in ("partial", "old") or not number.isdigit():
            continue
        if kind == "old" and not target.exists():
            path.rename(target)
        shutil.rmtree(path, ignore_errors=True)


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
