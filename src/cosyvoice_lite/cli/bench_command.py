"""bench: how fast and how large a model speaks on this machine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosyvoice_lite.cli.bench_tables import tables
from cosyvoice_lite.cli.output import budget_option, chosen_budget
from cosyvoice_lite.cli.progress import bar
from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.models import find_model

if TYPE_CHECKING:
    from cosyvoice_lite.runtime.synthesizer import Synthesizer

PARTS = ("stages", "speed", "load", "memory", "size")
QUICK_RUNS, QUICK_SECONDS = 1, 1.0
MAX_RUNS, MAX_SECONDS, MAX_REQUESTS = 100, 60.0, 50


def add(commands: Any) -> None:
    p = commands.add_parser("bench", help="measure speed, memory and size on this machine")
    p.add_argument("model", nargs="?", help="a bundle's folder, or an installed model's name")
    p.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="measure these parts")
    p.add_argument("--runs", type=int, default=5, help="measured runs (default: 5)")
    p.add_argument("--seconds", type=float, default=5.0, help="of speech in a run (default: 5)")
    p.add_argument("--requests", type=int, default=8, help="at once, under load (default: 8)")
    p.add_argument("--quick", action="store_true", help="one run of one second")
    p.add_argument("--solver", default="exact", help="exact, balanced or fast")
    p.add_argument("--threads", type=int, help="cores to use (default: all this process may)")
    budget_option(p)
    p.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the figures")
    p.add_argument("--json", action="store_true", help="only the JSON line")
    p.set_defaults(run=bench)


def bench(options: argparse.Namespace) -> int:
    from cosyvoice_lite.runtime.synthesizer import Synthesizer

    for name, least, most in (
        ("runs", 1, MAX_RUNS),
        ("seconds", 0.1, MAX_SECONDS),
        ("requests", 1, MAX_REQUESTS),
    ):
        if not least <= (value := getattr(options, name)) <= most:
            raise UsageError(f"--{name} is {value:g}, must be {least:g} to {most:g}")
    if options.memory_budget is not None and "memory" not in options.only:
        raise UsageError("--memory-budget is for the part memory, which --only leaves out")
    if options.plot is not None:
        from cosyvoice_lite.bench.plot import check_plot, plot

        check_plot(options.only, options.plot)
    if options.quick:
        options.runs, options.seconds = QUICK_RUNS, QUICK_SECONDS
    report: dict[str, Any] = {}
    for part in _parts(Synthesizer.open(find_model(options.model), options.threads), options):
        report |= part
        if not options.json:  # at once: who interrupts the rest keeps it
            print("\n".join(tables(part)), flush=True)
    print(json.dumps(report, ensure_ascii=False), flush=True)  # even if the picture fails
    if options.plot is not None:
        plot(report, options.plot)
    return 0


def _parts(s: Synthesizer, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What is measured, as soon as it is; the machine first."""
    from cosyvoice_lite.bench.load import measure_load
    from cosyvoice_lite.bench.machine import measure_machine
    from cosyvoice_lite.bench.memory import measure_memory
    from cosyvoice_lite.bench.size import bundle_mb, installed_mb
    from cosyvoice_lite.bench.speed import forced, n_tokens
    from cosyvoice_lite.bench.stages import measure_stages

    seconds, solver = options.seconds, options.solver
    utterance = forced(s, seconds, solver)  # what is wrong is told before any work
    budget, machine = chosen_budget(options), measure_machine(s.threads)
    yield {
        "bundle": s.bundle.manifest.name,
        "precision": s.bundle.manifest.precision,
        "solver": solver,
        "audio_s": seconds,
        "machine": asdict(machine),
    }
    if "memory" in options.only:
        yield {"memory_mb": measure_memory(s.bundle.path, seconds, solver, budget, s.threads)}
    if "stages" in options.only:
        found = measure_stages(s, utterance, n_tokens(s, seconds), machine)
        yield {"stages": [asdict(stage) for stage in found]}
    if "speed" in options.only:
        yield {"speed": _speed(s, options)}
    if "load" in options.only:
        yield {"load": asdict(measure_load(s, options.requests, seconds, solver))}
    if "size" in options.only:
        yield {"bundle_mb": bundle_mb(s.bundle), "installed_mb": installed_mb()}


def _speed(s: Synthesizer, options: argparse.Namespace) -> dict[str, Any]:
    from cosyvoice_lite.bench.speed import STAGES, measure_speed

    with bar(options.runs + 1, "run") as done:
        speed = measure_speed(s, options.seconds, options.runs, options.solver, done)
    return {
        "runs": options.runs,
        "rtf": {stage: speed.rtf(stage) for stage in STAGES} | {"total": speed.rtf("utterance")},
        "seconds": {
            name: {"p50": times.median, "p95": times.p95, "spread": times.spread}
            for name, times in speed.runs.items()
        },
        "batch_gain_at_4": speed.batch_gain,
    }
