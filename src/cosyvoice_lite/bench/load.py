"""Several requests at once, through the engine that the service uses."""

from __future__ import annotations

import time
from dataclasses import dataclass

from cosyvoice_lite.bench.speed import forced
from cosyvoice_lite.bench.timing import Times
from cosyvoice_lite.engine.engine import Engine
from cosyvoice_lite.engine.request import Job
from cosyvoice_lite.runtime.synthesizer import Synthesizer


@dataclass(frozen=True)
class Load:
    """How `n_requests` that came together were served."""

    n_requests: int
    requests_per_s: float
    audio_s_per_s: float
    p50_s: float
    """From its coming to its end."""
    p95_s: float


def measure_load(s: Synthesizer, n_requests: int, seconds: float, solver: str) -> Load:
    """Each asks for `seconds` of speech.

    Raises:
        CosyError: one of them failed.
    """
    engine, started = Engine(s), time.monotonic()
    waiting = [Job([forced(s, seconds, solver)], owner=str(n)) for n in range(n_requests)]
    for job in waiting:
        engine.add(job)
    latencies: list[float] = []
    while waiting and engine.step():
        ended = [job for job in waiting if job.is_over]
        latencies += [time.monotonic() - started] * len(ended)
        for job in ended:
            job.take()  # raises what it failed of
        waiting = [job for job in waiting if not job.is_over]
    total = time.monotonic() - started
    times = Times(tuple(latencies))
    audio_s_per_s = n_requests * seconds / total
    return Load(n_requests, n_requests / total, audio_s_per_s, times.median, times.p95)
