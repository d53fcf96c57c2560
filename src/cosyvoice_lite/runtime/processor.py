"""The processor: how many of its cores are ours, and how it multiplies 8 bits."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

from cosyvoice_lite.runtime.cgroup import limits

CPU_FLAGS = Path("/proc/cpuinfo")


@cache
def products_overflow(told: Path = CPU_FLAGS) -> bool:
    """Whether products of 8 bits are added in 16, which overflow: on x86 without VNNI.

    ONNX Runtime can read weights that could as unsigned there, which is slower and right, but takes
    a copy of them. Where the system does not tell what the processor has, they are read so.
    """
    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    try:
        return "vnni" not in told.read_text("utf-8")
    except OSError:  # not on Linux
        return True


def available_threads() -> int:
    """Cores this process may really use: its affinity, and the quota of its control groups."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS or Windows
        cores = os.cpu_count() or 1
    return max(1, min([cores, *(quota_cores(told, cores) for told in limits("cpu.max"))]))


def quota_cores(told: str, cores: int) -> int:
    """Whole cores of a quota ("150000 100000"), rounded up; all of them if it is "max 100000"."""
    quota, period = told.split()
    return cores if quota == "max" else -(-int(quota) // int(period))
