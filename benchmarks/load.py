"""How the service holds out under load, on loopback, with a bound on everything.

    python -m benchmarks.load BUNDLE [--clients 200] [--requests 2000] [--limit-s 900] [--ratio 20]

It starts `cosyvoice-lite serve` as people do, with the cache off, so that every request is spoken.
Clients ask for short texts one after the other, all at once. One that is refused (503) waits as it
is told and asks again, as OpenAI's client does; that is counted. What is measured:

* throughput; from the first try to the first sound and to the last byte (median, p95, worst);
* every status other than 200 and a deliberate 503;
* fairness: Jain's index of the clients' mean latencies, 1 when all waited alike;
* memory of the service and its worker: at the start, under load, its drift over the last half
  (the mean of the fourth quarter beside that of the third), and after the idle unload;
* the event loop: how often, of some twenty looks a second, a timer came more than 50 ms late.

With random weights speech does not know when to end: there `--ratio 3` says so (speech tokens for a
text token, at most). Client, service and worker share the machine. The last line is one JSON object
with all of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from benchmarks.service import children, lag, resident, service, until

ARTICLE_PER_S = 8.0
TEXTS = ("你好，{}。", "Good morning, {}.", "{}番です。", "{}번입니다.", "多谢，{}。")
PERIOD_S = 0.25
PCM_BYTES_PER_S = 2 * 24000
LONGEST_WAIT_S = 10.0


@dataclass
class Seen:
    """What the clients saw."""

    ratio: float
    latencies: dict[int, list[float]] = field(default_factory=dict)
    """Until the last byte, by client."""
    first_sounds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    audio_s: float = 0.0


async def client(number: int, http: httpx.AsyncClient, todo: list[int], seen: Seen) -> None:
    """Ask until nothing is left to ask."""
    while todo:
        n = todo.pop()
        text = TEXTS[n % len(TEXTS)].format(n)
        started = time.monotonic()
        if await answered(http, text, n, started, seen):
            seen.latencies.setdefault(number, []).append(time.monotonic() - started)


async def answered(
    http: httpx.AsyncClient, text: str, seed: int, started: float, seen: Seen
) -> bool:
    body = {
        "model": "tts-1", "voice": "alloy", "input": text, "seed": seed,
        "response_format": "pcm", "max_token_text_ratio": seen.ratio,
    }  # fmt: skip
    while True:
        try:
            status, wait_s = await heard(http, body, started, seen)
        except httpx.HTTPError as error:
            seen.faults[type(error).__name__] += 1
            return False
        seen.statuses[status] += 1
        if wait_s is None:
            return status == 200
        await asyncio.sleep(min(LONGEST_WAIT_S, wait_s))


async def heard(
    http: httpx.AsyncClient, body: dict[str, Any], started: float, seen: Seen
) -> tuple[int, float | None]:
    """The status of one try, and after how long the service wants to be asked again."""
    n_bytes = 0
    async with http.stream("POST", "/v1/audio/speech", json=body) as answer:
        async for content in answer.aiter_raw():
            if answer.status_code == 200 and not n_bytes:
                seen.first_sounds.append(time.monotonic() - started)
            n_bytes += len(content)
    if answer.status_code == 200:
        seen.audio_s += n_bytes / PCM_BYTES_PER_S
    elif answer.status_code == 503 and "retry-after" in answer.headers:
        return 503, float(answer.headers["retry-after"])
    return answer.status_code, None


async def watch(pid: int, memory: list[int]) -> None:
    while True:
        memory.append(resident(pid))
        await asyncio.sleep(PERIOD_S)


async def load(
    url: str, pid: int, n_clients: int, n_requests: int, limit_s: float, ratio: float
) -> Any:
    """Run the clients; what they saw, the seconds it took, and memory on the way."""
    seen, memory = Seen(ratio), list[int]()
    todo = list(range(n_requests))
    limits = httpx.Limits(max_connections=n_clients)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=limit_s) as http:
        watching = asyncio.create_task(watch(pid, memory))
        started = time.monotonic()
        work = [client(number, http, todo, seen) for number in range(n_clients)]
        try:
            await asyncio.wait_for(asyncio.gather(*work), limit_s)
        except asyncio.TimeoutError:
            seen.faults["out of time"] += 1
        seconds = time.monotonic() - started
        watching.cancel()
    return seen, seconds, memory


def jain(values: list[float]) -> float | None:
    """Fairness from 0 to 1; None where nobody was answered."""
    return (
        round(sum(values) ** 2 / (len(values) * sum(v * v for v in values)), 4) if values else None
    )


def spread(times: list[float]) -> dict[str, float]:
    if not times:
        return {}
    ordered = sorted(times)
    return {
        "median": round(statistics.median(ordered), 2),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 2),
        "worst": round(ordered[-1], 2),
    }


def drift(memory: list[int]) -> float:
    """Of the last half: how much its second half lies above its first, as a share."""
    quarter = len(memory) // 4
    third, fourth = memory[2 * quarter : 3 * quarter], memory[3 * quarter :]
    return statistics.mean(fourth) / statistics.mean(third) - 1 if quarter else 0.0


def measure(
    bundle: Path, n_clients: int, n_requests: int, limit_s: float, ratio: float
) -> dict[str, Any]:
    """What the service of `bundle` did under load, and what it held before and after."""
    with service(bundle) as (url, pid):
        at_start = resident(pid)
        body = {"text": "Warm.", "cache": False}
        httpx.post(f"{url}/tts", json=body, timeout=60).raise_for_status()
        looks, late = lag(url)
        seen, seconds, memory = asyncio.run(load(url, pid, n_clients, n_requests, limit_s, ratio))
        looks_after, late_after = lag(url)
        until(lambda: not children(pid))
        after = resident(pid)
    return {
        "bundle": bundle.name,
        "ratio": ratio,
        "clients": n_clients,
        "requests": n_requests,
        **_answered(seen, seconds),
        "memory_mb": {**_in_mb(at_start, max(memory), after), "drift": round(drift(memory), 4)},
        "event_loop": {"looks": looks_after - looks, "late": late_after - late},
        "machine": _machine(),
    }


def _answered(seen: Seen, seconds: float) -> dict[str, Any]:
    """What the clients got, how fast and how alike."""
    times = [t for each in seen.latencies.values() for t in each]
    return {
        "seconds": round(seconds, 1),
        "requests_per_s": round(len(times) / seconds, 2),
        "article_requests_per_s": ARTICLE_PER_S,
        "audio_s_per_s": round(seen.audio_s / seconds, 2),
        "first_sound_s": spread(seen.first_sounds),
        "latency_s": spread(times),
        "statuses": dict(seen.statuses),
        "faults": dict(seen.faults),
        "fairness": jain([statistics.mean(t) for t in seen.latencies.values() if t]),
    }


def _in_mb(at_start: int, peak: int, after: int) -> dict[str, float]:
    sizes = {"at_start": at_start, "peak": peak, "after_idle_unload": after}
    return {name: round(n_bytes / 1e6, 1) for name, n_bytes in sizes.items()}


def _machine() -> dict[str, Any]:
    processor = platform.processor() or platform.machine()
    return {"processor": processor, "cores": os.cpu_count(), "python": platform.python_version()}


def main() -> None:
    p = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    p.add_argument("bundle", type=Path)
    p.add_argument("--clients", type=int, default=200)
    p.add_argument("--requests", type=int, default=2000)
    p.add_argument("--limit-s", type=float, default=900.0)
    p.add_argument("--ratio", type=float, default=20.0)
    options = p.parse_args()
    found = measure(
        options.bundle, options.clients, options.requests, options.limit_s, options.ratio
    )
    memory = found["memory_mb"]
    print(
        f"{found['requests_per_s']} requests/s (the article: {ARTICLE_PER_S:g}), "
        f"{found['audio_s_per_s']} s of speech a second"
    )
    for what in ("first_sound_s", "latency_s"):
        print(what, ", ".join(f"{name} {value}" for name, value in found[what].items()))
    print(f"statuses {found['statuses']}, faults {found['faults']}, fairness {found['fairness']}")
    print(
        f"memory: start {memory['at_start']} MB, peak {memory['peak']} MB, "
        f"drift {100 * memory['drift']:.1f} %, after unload {memory['after_idle_unload']} MB"
    )
    print(
        f"event loop: {found['event_loop']['late']} of {found['event_loop']['looks']} looks "
        "more than 50 ms late"
    )
    print(json.dumps(found))  # fmt: skip


if __name__ == "__main__":
    main()
