"""What this process holds of the machine's memory, and how it gives back what it can read again."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

MAPS = Path("/proc/self/maps")
STATM = Path("/proc/self/statm")
MADV_DONTNEED = 4
M_ARENA_MAX = -8

Area = tuple[int, int]
"""Address and bytes of a mapping."""


def resident_bytes() -> int:
    """Bytes of physical memory held now; 0 where the system does not tell."""
    try:
        return int(STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def give_back() -> None:
    """Return freed memory, and code that is not running, to the system; a no-op but on Linux.

    Loading a graph runs through tens of megabytes of ONNX Runtime's code, speaking through few:
    what is dropped and wanted again comes back from the file.
    """
    if sys.platform != "linux":
        return
    libc = _libc()
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    drop(_code(MAPS))


def share_heap() -> None:
    """Let threads begun from now on allocate where all others do; a no-op but with glibc.

    A heap to each thread keeps what that thread has freed: with two lanes 30 MB of the full size.
    """
    if sys.platform == "linux" and hasattr(_libc(), "mallopt"):
        _libc().mallopt(M_ARENA_MAX, 1)


def mapped(path: Path) -> list[Area]:
    """Where this process has mapped the file `path`; nothing but on Linux."""
    name = os.path.realpath(path)
    return [area for area, _, file in _mappings(MAPS) if file == name]


def drop(areas: Iterable[Area]) -> None:
    """Take the pages of mapped files, which must equal the files, out of memory; they come back
    when they are read."""
    for start, size in areas:
        _libc().madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), MADV_DONTNEED)


@cache
def _libc() -> Any:
    return ctypes.CDLL(None)


def _code(maps: Path) -> list[Area]:
    """Each mapping of a file that is executable and never written: no page of it can differ from
    the file."""
    found = _mappings(maps)
    return [area for area, rights, file in found if rights == "r-xp" and file.startswith("/")]


def _mappings(maps: Path) -> list[tuple[Area, str, str]]:
    """Where, with what rights and of what file each mapping is."""
    try:
        lines = maps.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        area, rights, _, _, _, *file = line.split(maxsplit=5)
        start, stop = (int(edge, 16) for edge in area.split("-"))
        found.append(((start, stop - start), rights, file[0].rstrip() if file else ""))
    return found
