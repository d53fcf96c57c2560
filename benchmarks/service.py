"""A service of its own for a benchmark, and what can be seen of it from outside (Linux)."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

LAG_BOUND = "0.05"
IDLE_S = 2.0


@contextmanager
def service(bundle: Path) -> Iterator[tuple[str, int]]:
    """A service of its own for `bundle`, up and answering: its address and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cosyvoice_lite", "serve", "--model", str(bundle)]
    options = ["--port", str(port), "--no-cache", "--idle-unload", str(IDLE_S)]
    options += ["--log-level", "error", "--max-work", "100000", "--timeout", "3600"]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "COSYVOICE_LITE_HOME": home}
        process = subprocess.Popen([*command, *options], env=environment)
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: is_up(url))
            yield url, process.pid
        finally:
            process.terminate()
            process.wait(30)


def resident(pid: int) -> int:
    """Bytes of the service and its workers."""
    total = 0
    for each in (pid, *children(pid)):
        try:
            pages = int(Path(f"/proc/{each}/statm").read_text("ascii").split()[1])
        except (OSError, IndexError):
            continue
        total += pages * os.sysconf("SC_PAGE_SIZE")
    return total


def children(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except OSError:
        return []


def lag(url: str) -> tuple[int, int]:
    """Looks at the event loop so far, and those that came more than 50 ms late."""
    text = httpx.get(f"{url}/metrics").text
    name = "cosyvoice_event_loop_lag_seconds"
    total = int(re.findall(rf"{name}_count (\d+)", text)[0])
    within = int(re.findall(rf'{name}_bucket{{le="{LAG_BOUND}"}} (\d+)', text)[0])
    return total, total - within


def is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez").status_code == 200
    except httpx.TransportError:
        return False


def until(what: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for it.

    Raises:
        TimeoutError: it did not come.
    """
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise TimeoutError("the service did not come to the state that was waited for")
        time.sleep(0.1)
