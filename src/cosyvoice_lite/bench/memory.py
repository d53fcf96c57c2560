"""Resident memory of a process of its own that imports, loads, speaks and unloads (Linux)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cosyvoice_lite.errors import UsageError

LIMIT_S = 600
STATUS = Path("/proc/self/status")


def measure_memory(bundle: Path, seconds: float, solver: str) -> dict[str, float] | None:
    """MB at start, after load, at its peak while speaking, after unload; None where the system
    does not tell.

    Raises:
        UsageError: the process failed.
    """
    if not STATUS.exists():
        return None
    command = [sys.executable, "-m", __name__, str(bundle), str(seconds), solver]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        reason = str(error.stderr or error).strip().splitlines()[-1]
        raise UsageError(f"{bundle}: memory can't be measured: {reason}") from None
    sizes: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return sizes


def _child(bundle: str, seconds: float, solver: str) -> dict[str, float]:
    from cosyvoice_lite.bench.speed import forced
    from cosyvoice_lite.runtime.synthesizer import Synthesizer

    s = Synthesizer.open(bundle)
    sizes = {"start": _resident("VmRSS")}
    s.load()
    sizes["loaded"] = _resident("VmRSS")
    s.utter(forced(s, seconds, solver))
    sizes["peak"] = _resident("VmHWM")
    s.unload()
    sizes["unloaded"] = _resident("VmRSS")
    return sizes


def _resident(field: str) -> float:
    lines = STATUS.read_text("ascii").splitlines()
    line = next(line for line in lines if line.startswith(field))
    return round(int(line.split()[1]) * 1024 / 1e6, 1)


if __name__ == "__main__":
    print(json.dumps(_child(sys.argv[1], float(sys.argv[2]), sys.argv[3])))
