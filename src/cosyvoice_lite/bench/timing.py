"""Wall-clock times: warmed up, repeated, and told with their spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

LEAST_RUNS, MOST_RUNS = 5, 200


@dataclass(frozen=True)
class Times:
    """Seconds of each run of the same work."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        return float(np.percentile(self.seconds, 95))

    @property
    def spread(self) -> float:
        """From the fastest to the slowest, relative to the median."""
        return (max(self.seconds) - min(self.seconds)) / self.median


def timed(run: Callable[[], Any]) -> float:
    """Seconds it takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def repeated(run: Callable[[], Any], budget_s: float) -> Times:
    """Run once unmeasured, then for about `budget_s`, five times at least."""
    run()
    times = [timed(run)]
    while len(times) < LEAST_RUNS or (sum(times) < budget_s and len(times) < MOST_RUNS):
        times.append(timed(run))
    return Times(tuple(times))
