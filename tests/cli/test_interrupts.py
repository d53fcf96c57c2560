"""Ctrl-C and SIGTERM: one line, exit code 130, nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.running import Capture, failure, needs_posix, peak_megabytes, start
from cosyvoice_lite.cli.interrupt import heeded, unwind_on_signals


@needs_posix
def test_an_interrupt_that_a_library_swallows_is_heeded_at_the_next_part() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    try:
        unwind_on_signals()
        parts = heeded(iter("abc"))
        assert next(parts) == "a"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            next(parts)
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)


@needs_posix
@pytest.mark.parametrize("output", ["out.wav", "-"])
def test_an_interrupt_ends_with_130_and_leaves_no_file(
    output: str, tiny_bundle: Path, tmp_path: Path
) -> None:
    """A text of 100,000 characters starts to sound at once, and stops at once."""
    process = start("speak", "-o", output, "--model", tiny_bundle, cwd=tmp_path)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(("The quick brown fox jumps. " * 3704).encode())
    process.stdin.close()
    process.stdin = None
    if output == "-":
        assert len(process.stdout.read(30_000)) == 30_000
    else:
        deadline = time.monotonic() + 60
        while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    peak = peak_megabytes(process.pid)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    # CPython ends by the signal itself if it came inside the exec of a text, as when a dataclass
    # is made, even if it was caught since; to a shell both are 130.
    assert process.returncode in (130, -signal.SIGINT)
    assert err.decode().splitlines()[-1] == "cosyvoice-lite: error: interrupted"
    assert "Traceback" not in err.decode()
    assert list(tmp_path.iterdir()) == []
    assert peak is None or peak < 700


@needs_posix
def test_an_interrupt_that_a_library_turns_into_its_own_error_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def voices(_: object) -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except KeyboardInterrupt:
            raise ImportError("half an import") from None
        return 0

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("cosyvoice_lite.cli.speech_commands.voices", voices)
    try:
        assert failure(capsys, "voices") == (130, "interrupted")
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)


@needs_posix
def test_an_interrupt_while_the_commands_are_imported_is_one() -> None:
    program = """
import os, signal, sys
from cosyvoice_lite.cli import main
class Finder:
    def find_spec(self, name, *_):
        if name == "cosyvoice_lite.cli.speech_commands":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.exit(main(["voices"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "cosyvoice-lite: error: interrupted\n")
