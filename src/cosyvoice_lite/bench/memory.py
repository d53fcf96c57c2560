"""Resident memory, each figure of a process of its own that does nothing else (Linux)."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cosyvoice_lite.errors import UsageError

LIMIT_S = 300
SERVICE_S = 20.0
STATUS = "/proc/self/status"


def measure_memory(
    bundle: Path, seconds: float, solver: str, budget: int | None, threads: int
) -> dict[str, float] | None:
    """Millions of bytes: of `serve` before its first request (where it is installed), of an opened
    bundle, of one loaded, at the peak while speaking with all loaded, stage by stage and within a
    budget (where one is given), after unloading. None where the system does not tell.

    Raises:
        UsageError: a process failed.
    """
    if not Path(STATUS).exists():
        return None
    sizes = {}
    if (service := _service_mb(bundle)) is not None:
        sizes["serve, idle"] = service
    for name in POINTS:
        if name != "budget" or budget is not None:
            sizes[name] = _in_a_process(bundle, name, seconds, solver, budget, threads)
    return sizes


def _in_a_process(
    bundle: Path, point: str, seconds: float, solver: str, budget: int | None, threads: int
) -> float:
    command = [sys.executable, "-m", __name__, str(bundle), point, str(seconds), solver]
    command += [str(budget or 0), str(threads)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        reason = str(error.stderr or error).strip().splitlines()[-1]
        raise UsageError(f"{bundle}: memory can't be measured: {reason}") from None
    return float(json.loads(done.stdout.splitlines()[-1]))


def _opened(bundle: str, *_: object) -> float:
    from cosyvoice_lite.runtime.synthesizer import Synthesizer

    kept = Synthesizer.open(bundle)
    return resident_mb(STATUS, "VmRSS") if kept else 0.0


def _loaded(bundle: str, seconds: float, solver: str, budget: int, threads: int) -> float:
    from cosyvoice_lite.runtime.synthesizer import Synthesizer

    Synthesizer.open(bundle, threads=threads).load()
    return resident_mb(STATUS, "VmRSS")


def _speaking(bundle: str, seconds: float, solver: str, budget: int, threads: int) -> float:
    _speak(bundle, seconds, solver, threads)
    return resident_mb(STATUS, "VmHWM")


def _staged(bundle: str, seconds: float, solver: str, budget: int, threads: int) -> float:
    _speak(bundle, seconds, solver, threads, staged=True)
    return resident_mb(STATUS, "VmHWM")


def _budgeted(bundle: str, seconds: float, solver: str, budget: int, threads: int) -> float:
    _speak(bundle, seconds, solver, threads, budget=budget)
    return resident_mb(STATUS, "VmHWM")


def _unloaded(bundle: str, seconds: float, solver: str, budget: int, threads: int) -> float:
    _speak(bundle, seconds, solver, threads)()
    return resident_mb(STATUS, "VmRSS")


def _speak(
    bundle: str,
    seconds: float,
    solver: str,
    threads: int,
    *,
    staged: bool = False,
    budget: int | None = None,
) -> Callable[[], None]:
    """Speak once; what unloads again."""
    from cosyvoice_lite.bench.speed import forced
    from cosyvoice_lite.runtime.synthesizer import Synthesizer

    s = Synthesizer.open(bundle, threads=threads, staged=staged, memory_budget=budget)
    s.utter(forced(s, seconds, solver))
    return s.unload


POINTS: Mapping[str, Callable[[str, float, str, int, int], float]] = {
    "opened": _opened,
    "loaded": _loaded,
    "speaking": _speaking,
    "speaking, staged": _staged,
    "budget": _budgeted,
    "unloaded": _unloaded,
}


def _service_mb(bundle: Path) -> float | None:
    """Of `serve`, ready for its first request; None without what it needs."""
    command = [sys.executable, "-m", "cosyvoice_lite", "serve", "--model", str(bundle)]
    with tempfile.TemporaryDirectory() as home:
        service = subprocess.Popen(
            [*command, "--port", "0", "--no-cache"],
            env={**os.environ, "COSYVOICE_LITE_HOME": home},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return _when_listening(service)
        finally:
            service.terminate()
            service.wait(SERVICE_S)


def _when_listening(service: subprocess.Popen[bytes]) -> float | None:
    until = time.monotonic() + SERVICE_S
    while time.monotonic() < until and service.poll() is None:
        with contextlib.suppress(FileNotFoundError):  # it has just ended
            if _listens(service.pid):
                time.sleep(0.5)  # what it does last
                return resident_mb(f"/proc/{service.pid}/status", "VmRSS")
        time.sleep(0.1)
    return None


def _listens(pid: int) -> bool:
    """Whether one of its sockets is listening."""
    listening = {
        line.split()[9]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text("ascii").splitlines()[1:]
        if line.split()[3] == "0A"
    }
    held = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    return any(f"socket:[{inode}]" in held for inode in listening)


def resident_mb(status: str, field: str) -> float:
    lines = Path(status).read_text("ascii").splitlines()
    line = next(line for line in lines if line.startswith(field))
    return round(int(line.split()[1]) * 1024 / 1e6, 1)


if __name__ == "__main__":
    _, path, asked, duration, by, limit, cores = sys.argv
    print(json.dumps(POINTS[asked](path, float(duration), by, int(limit), int(cores))))
