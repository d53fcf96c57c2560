"""What bench measured, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

UNSTEADY = 0.25
LARGEST = 5


def tables(report: dict[str, Any]) -> Iterator[str]:
    """Lines of the parts that are there, each after an empty one; the machine's first."""
    if "machine" in report:
        yield from _machine(report)
    for part, lines in PARTS:
        if report.get(part):
            yield ""
            yield from lines(report[part])


def _machine(report: dict[str, Any]) -> Iterator[str]:
    m = report["machine"]
    yield f"{m['processor']}, {m['threads']} threads, load {m['load']}"
    yield (
        f"at best      {m['gflops']:.0f} GFLOP/s in float32, {m['int8_gflops']:.0f} in 8 bits, "
        f"{m['gigabytes_per_s']:.1f} GB/s"
    )
    yield f"speaking     {report['bundle']}, {report['precision']}, {report['solver']}"


def _stages(stages: list[dict[str, Any]]) -> Iterator[str]:
    yield f"{'one call of':18} {'ms':>8} {'p95':>8} {'GFLOP':>8} {'MB':>7}  roofline"
    for s in stages:
        yield (
            f"{s['name']:18} {s['ms']:8.2f} {s['p95_ms']:8.2f} {s['gflop']:8.2f} "
            f"{s['megabytes']:7.1f}  {s['roofline']:5.0%} of {s['bound']}"
        )


def _speed(speed: dict[str, Any]) -> Iterator[str]:
    yield f"{'':18} {'RTF':>8} {'p50, s':>8} {'p95, s':>8}  of {speed['runs']} runs"
    names = {"utterance": "total", "batch": "four at once"}
    for name, times in speed["seconds"].items():
        shown = names.get(name, name)
        rtf = f"{speed['rtf'][shown]:8.3f}" if shown in speed["rtf"] else " " * 8
        note = "  unsteady" if times["spread"] > UNSTEADY else ""
        yield f"{shown:18} {rtf} {times['p50']:8.3f} {times['p95']:8.3f}{note}"
    yield f"four at once take {speed['batch_gain_at_4']:+.0%} time per sentence"


def _load(load: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{load['n_requests']} requests at once: {load['requests_per_s']:.2f} requests/s, "
        f"{load['audio_s_per_s']:.2f} s of speech a second, answered in {load['p50_s']:.2f} s "
        f"(p95 {load['p95_s']:.2f})"
    )


def _memory(memory: dict[str, float]) -> Iterator[str]:
    yield f"{'resident':18} {'MB':>8}"
    yield from (f"{name:18} {size:8.1f}" for name, size in memory.items())


def _sizes(title: str) -> Any:
    def lines(sizes: dict[str, float]) -> Iterator[str]:
        yield f"{title:26} {sum(sizes.values()):7.1f} MB"
        shown = list(sizes.items())[:LARGEST]
        yield from (f"  {name:24} {size:7.1f}" for name, size in shown)
        if len(sizes) > LARGEST:
            rest = sum(sizes.values()) - sum(size for _, size in shown)
            yield f"  {'the rest':24} {rest:7.1f}"

    return lines


PARTS = (
    ("stages", _stages),
    ("speed", _speed),
    ("load", _load),
    ("memory_mb", _memory),
    ("bundle_mb", _sizes("bundle")),
    ("installed_mb", _sizes("installed environment")),
)
