"""Files that a kill leaves whole, and folders that one process writes at a time."""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_claims: dict[Path, int] = {}  # open, and so locked, as long as the process lives


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Where to write what is to be at `path`: it comes there when it is complete."""
    partial = path.with_name(f"{path.name}.part")
    yield partial
    os.replace(partial, path)


def claim(folder: Path) -> None:
    """Be the only process that writes a folder, until this one ends.

    Raises:
        SystemExit: another does.
    """
    if folder in _claims:
        return
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"{folder}: another process is at work here; wait for it, or end it")
    _claims[folder] = lock


def end_workers_with_me() -> None:
    """Make SIGTERM an exit, which a pool of workers is ended by; call it once they are there."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("stopped"))
