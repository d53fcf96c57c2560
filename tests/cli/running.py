"""Commands run in this process or in one of their own, and what came of them."""

import io
import os
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

from cosyvoice_lite.cli import main

COMMAND = [sys.executable, "-m", "cosyvoice_lite"]
needs_posix = pytest.mark.skipif(os.name == "nt", reason="signals and pipes of POSIX")
Capture = pytest.CaptureFixture[str]


def failure(capsys: Capture, *arguments: str | Path) -> tuple[int, str]:
    """Exit code and the one line of an error."""
    code = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    lines = [x for x in captured.err.splitlines() if not x.startswith(("reading ", "writing "))]
    assert len(lines) == 1, lines
    assert lines[0].startswith("cosyvoice-lite: error: ")
    assert captured.out == ""
    return code, lines[0].removeprefix("cosyvoice-lite: error: ")


def wave_of(content: bytes) -> int:
    """Number of samples of a 16-bit mono WAV at 22,050 Hz."""
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22050)
        return file.getnframes()


def start(*arguments: str | Path, **settings: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **settings,
    )


def peak_megabytes(pid: int) -> float | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return None
    (line,) = [x for x in status.splitlines() if x.startswith("VmHWM")]
    return int(line.split()[1]) / 1024
