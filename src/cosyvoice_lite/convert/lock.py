"""A lock between processes, containers included, that no kill leaves closed."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cosyvoice_lite.errors import CosyError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


TAKEN = (errno.EAGAIN, errno.EACCES)
"""What the systems say of a lock that another has."""
TRIES = 100
"""To open the file before whoever has it removes it; some file systems number files anew always."""


@contextmanager
def alone(path: Path, busy: CosyError) -> Iterator[bool]:
    """Hold the file `path` locked; the system lets go of it when the process ends, however it does.

    Yields:
        Whether nobody else can be here: False where files can't be locked or `path` not be made.

    Raises:
        CosyError: `busy`, as another process holds it.
    """
    file = _held(path, busy)
    try:
        yield file is not None
    finally:
        if file is not None:
            _let_go(path, file)


def _held(path: Path, busy: CosyError) -> int | None:
    for _ in range(TRIES):
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            return None
        try:
            _lock(file)
        except OSError as error:
            os.close(file)
            if error.errno in TAKEN:
                raise busy from None
            return None
        if _is_still(path, file):
            return file
        os.close(file)  # its last holder removed it after we had opened it
    return None


def _is_still(path: Path, file: int) -> bool:
    if os.name == "nt":  # there, no file is removed while another has it open
        return True
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except OSError:
        return False


def _let_go(path: Path, file: int) -> None:
    """Remove the file while nobody else can lock it, or, where an open one can't be, after."""
    if os.name != "nt":
        with suppress(OSError):
            path.unlink()
    os.close(file)
    if os.name == "nt":
        with suppress(OSError):
            path.unlink()
