"""bench: how fast and how large a model speaks on this machine."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosyvoice_lite.cli.progress import bar
from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.models import find_model

if TYPE_CHECKING:
    from cosyvoice_lite.runtime.synthesizer import Synthesizer

QUICK_RUNS, QUICK_SECONDS = 1, 1.0
MAX_RUNS, MAX_SECONDS = 100, 60.0


def add(commands: Any) -> None:
    p = commands.add_parser("bench", help="measure speed, memory and size on this machine")
    p.add_argument("model", nargs="?", help="a bundle's folder, or an installed model's name")
    p.add_argument("--runs", type=int, default=5, help="measured runs (default: 5)")
    p.add_argument("--seconds", type=float, default=5.0, help="of speech in a run (default: 5)")
    p.add_argument("--quick", action="store_true", help="one run of one second")
    p.add_argument("--solver", default="exact", help="exact, balanced or fast")
    p.add_argument("--threads", type=int, help="cores to use (default: all this process may)")
    p.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the figures")
    p.add_argument("--json", action="store_true", help="only the JSON line")
    p.set_defaults(run=bench)


def bench(options: argparse.Namespace) -> int:
    from cosyvoice_lite.runtime.synthesizer import Synthesizer

    if not 1 <= options.runs <= MAX_RUNS:
        raise UsageError(f"--runs is {options.runs}, must be 1 to {MAX_RUNS}")
    if not 0.1 <= options.seconds <= MAX_SECONDS:
        raise UsageError(f"--seconds is {options.seconds:g}, must be 0.1 to {MAX_SECONDS:g}")
    if options.quick:
        options.runs, options.seconds = QUICK_RUNS, QUICK_SECONDS
    report = _report(Synthesizer.open(find_model(options.model), options.threads), options)
    if options.plot is not None:
        from cosyvoice_lite.bench.plot import plot

        plot(report, options.plot)
    if not options.json:
        _print(report)
    print(json.dumps(report, ensure_ascii=False))
    return 0


def _report(s: Synthesizer, options: argparse.Namespace) -> dict[str, Any]:
    from cosyvoice_lite.bench.machine import measure_machine
    from cosyvoice_lite.bench.memory import measure_memory
    from cosyvoice_lite.bench.speed import STAGES, measure_speed

    machine = measure_machine()
    with bar(options.runs + 1, "run") as done:
        speed = measure_speed(s, options.seconds, options.runs, options.solver, done)
    return {
        "bundle": s.bundle.path.resolve().name,
        "precision": s.bundle.manifest.precision,
        "solver": options.solver,
        "threads": s.threads,
        "runs": options.runs,
        "audio_s": options.seconds,
        "machine": asdict(machine),
        "rtf": {**{stage: speed.rtf(stage) for stage in STAGES}, "total": speed.total_rtf},
        "first_sound_s": dict(zip(("p50", "p95"), speed.percentiles("first sound"), strict=True)),
        "utterance_s": dict(zip(("p50", "p95"), speed.percentiles("batch 1"), strict=True)),
        "batch_gain_at_4": speed.batch_gain,
        "memory_mb": measure_memory(s.bundle.path, options.seconds, options.solver),
        "bundle_mb": round(s.bundle.size / 1e6, 1),
    }


def _print(r: dict[str, Any]) -> None:
    m = r["machine"]
    print(f"machine      {m['processor']}, {r['threads']} threads, load {m['load']}")
    print(f"             {m['gflops']:.0f} GFLOP/s, {m['gigabytes_per_s']:.1f} GB/s")
    print(f"bundle       {r['bundle']}, {r['precision']}, {r['bundle_mb']:.1f} MB")
    for stage, rtf in r["rtf"].items():
        print(f"RTF {stage:8} {rtf:.3f}")
    for name in ("first_sound_s", "utterance_s"):
        print(f"{name:13}{r[name]['p50']:.2f} s (p95 {r[name]['p95']:.2f} s)")
    print(f"four at once {r['batch_gain_at_4']:+.0%} time per sentence")
    for name, size in (r["memory_mb"] or {}).items():
        print(f"RSS {name:8} {size:.0f} MB")
