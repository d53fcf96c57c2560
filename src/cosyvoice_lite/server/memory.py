"""How much memory this process has, and may have."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cosyvoice_lite.runtime.cgroup import limits

STATM = Path("/proc/self/statm")
SHARE = 0.9
"""Of the memory there is; the rest is for what a prediction does not see."""


def resident_bytes() -> int:
    """Bytes of physical memory held now; where the system does not tell, the most ever held."""
    try:
        return int(STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return peak_bytes()


def peak_bytes() -> int:
    """The most bytes ever held; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def budget(limit_mib: int) -> int:
    """Bytes that the process may come to hold; 0 where nothing is known."""
    if limit_mib:
        return limit_mib << 20
    allowed = [int(told) for told in limits("memory.max") if told != "max"]
    return int(SHARE * min([*allowed, _machine_bytes()]))


def _machine_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return 0
