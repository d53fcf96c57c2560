"""How fast and how large a bundle speaks, stage by stage, on this machine.

    python benchmarks/speed.py BUNDLE [--tokens 250] [--repeats 5] [--solver exact]

Speech of a given length is forced (a model with random weights does not know when to end), so two
bundles do the same work. Times are medians over the repeats; RTF is processing time divided by
duration of the audio. The load of other processes is printed, because it is in every number. The
last line is one JSON object with all of it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cosyvoice_lite import Synthesizer
from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.runtime.memory import MemoryPlan
from cosyvoice_lite.runtime.request import Request, Utterance

TEXT = "今天天气很好，我们一起去公园散步吧，顺便去买一点东西。Hello world."
BATCHES = (1, 4, 8)


def measure(bundle: Path, n_tokens: int, repeats: int, solver: str) -> dict[str, Any]:
    s = Synthesizer(Bundle.open(bundle), memory=MemoryPlan())
    utterance = s.plan(Request(TEXT, seed=1, solver=solver))[0]
    seconds = n_tokens / s.bundle.manifest.model.token_rate
    loads = {
        "text encoder": _timed(lambda: s.lm.text_encoder),
        "lm": _timed(lambda: s.lm.lm),
        "flow": _timed(lambda: s.flow),
        "vocoder": _timed(lambda: s.vocoder),
    }
    tokens = _tokens(s, utterance, n_tokens, 1)[0]
    mel = s.mel(utterance, tokens)
    return {
        "bundle": bundle.name,
        "precision": s.bundle.manifest.precision,
        "megabytes": round(s.bundle.size / 1e6, 1),
        "audio_s": seconds,
        "solver": solver,
        "threads": s.threads,
        "load_s": {stage: round(t, 3) for stage, t in loads.items()},
        "rtf": {
            "lm": _median(lambda: _tokens(s, utterance, n_tokens, 1), repeats) / seconds,
            "flow": _median(lambda: s.mel(utterance, tokens), repeats) / seconds,
            "vocoder": _median(lambda: s.voiced(utterance, mel), repeats) / seconds,
        },
        "lm_ms_per_token_at_batch": {
            b: _median(lambda b=b: _tokens(s, utterance, n_tokens, b), repeats) / n_tokens / b * 1e3
            for b in BATCHES
        },
        "peak_rss_mb": {name: _peak(bundle, name) for name in ("speak", "staged")},
        "machine": _machine(),
    }


def _tokens(s: Synthesizer, utterance: Utterance, n: int, batch: int) -> list[list[int]]:
    """Force `n` speech tokens in each of `batch` sentences."""
    sentences = [s.sentence(utterance) for _ in range(batch)]
    for sentence in sentences:
        sentence.shortest = sentence.longest = n
    s.lm.generate_all(sentences, batch)
    return [sentence.tokens for sentence in sentences]


def _peak(bundle: Path, how: str) -> float | None:
    """Peak resident size in MB of a process of its own that speaks five seconds (Linux only)."""
    code = (
        "import sys; from cosyvoice_lite import Synthesizer, Sampling;"
        f"s = Synthesizer.open(sys.argv[1], staged={how == 'staged'});"
        "ratio = 250 / len(s.plan(__import__('cosyvoice_lite.runtime.request', fromlist=['x'])"
        ".Request(sys.argv[2]))[0].segment.token_ids);"
        "sampling = Sampling(min_token_text_ratio=ratio, max_token_text_ratio=ratio);"
        "s.speak(sys.argv[2], seed=1, sampling=sampling);"
        "print(open('/proc/self/status').read())"
    )
    if platform.system() != "Linux":
        return None
    command = [sys.executable, "-c", code, str(bundle), TEXT]
    status = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return round(int(line.split()[1]) * 1024 / 1e6, 1)


def _median(run: Callable[[], Any], repeats: int) -> float:
    return statistics.median(_timed(run) for _ in range(repeats))


def _timed(run: Callable[[], Any]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _machine() -> dict[str, Any]:
    """What the numbers depend on: processor, cores, load, and what it can do at its best."""
    a = np.random.default_rng(0).standard_normal((1024, 1024), np.float32)
    gflops = 2 * 1024**3 / min(_timed(lambda: a @ a) for _ in range(5)) / 1e9
    block = np.zeros(1 << 26, np.uint8)
    gigabytes = (
        block.nbytes / min(_timed(lambda: block.sum(dtype=np.uint64)) for _ in range(5)) / 1e9
    )
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "numpy_gflops": round(gflops),
        "numpy_read_gb_per_s": round(gigabytes, 1),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        flags = next(line for line in lines if line.startswith("flags"))
        name = next(line for line in lines if line.startswith("model name")).split(":")[1].strip()
        known = [flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx_vnni") if flag in flags]
        return f"{name} ({', '.join(known)})"
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--tokens", type=int, default=250)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--solver", default="exact")
    options = parser.parse_args()
    result = measure(options.bundle, options.tokens, options.repeats, options.solver)
    for stage, rtf in result["rtf"].items():
        print(f"{stage:8} RTF {rtf:.3f}   loads in {result['load_s'][stage]:.2f} s")
    print(f"total    RTF {sum(result['rtf'].values()):.3f} for {result['audio_s']:g} s of audio")
    for batch, ms in result["lm_ms_per_token_at_batch"].items():
        print(f"language model, {batch} side by side: {ms:.2f} ms a token")
    for how, megabytes in result["peak_rss_mb"].items():
        if megabytes is None:
            continue
        print(f"peak resident size, {how}: {megabytes:.0f} MB")
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
