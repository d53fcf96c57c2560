"""What this machine can do at its best, which every other figure is measured against."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SIDE = 1024
READ_BYTES = 1 << 27
TRIES = 5


@dataclass(frozen=True)
class Machine:
    """The processor, what else it is doing, and its two limits."""

    processor: str
    load: float | None
    """Of the last minute, as the system counts it."""
    gflops: float
    """Of a float32 matrix product."""
    gigabytes_per_s: float
    """Of a plain read of memory by one thread."""


def measure_machine() -> Machine:
    a = np.random.default_rng(0).standard_normal((SIDE, SIDE), np.float32)
    block = np.ones(READ_BYTES // 8, np.float64)
    product = min(timed(lambda: a @ a) for _ in range(TRIES))
    read = min(timed(block.sum) for _ in range(TRIES))
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return Machine(
        _processor(),
        load,
        round(2 * SIDE**3 / product / 1e9, 1),
        round(block.nbytes / read / 1e9, 1),
    )


def timed(run: Callable[[], Any]) -> float:
    """Seconds it takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        flags = next(line for line in lines if line.startswith("flags")).split()
        name = next(line for line in lines if line.startswith("model name")).split(":")[1].strip()
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
    known = [flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx_vnni") if flag in flags]
    return f"{name} ({', '.join(known)})"
