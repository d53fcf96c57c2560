"""The command line: parses, calls, prints; no logic of its own.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 a check
failed or an error that the message explains, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import codecs
import io
import json
import os
import signal
import sys
from collections.abc import Sequence

import cosyvoice_lite
from cosyvoice_lite.cli.interrupt import unwind_on_signals, was_asked
from cosyvoice_lite.errors import CosyError, UsageError

INTERRUPTED = 130
MAX_MESSAGE = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    _make_streams_usable()
    try:
        unwind_on_signals()
        options = parser().parse_args(arguments)
        code: int = options.run(options)
        print(end="", flush=True)
        return code
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except Exception as error:
        if was_asked():  # an import that is interrupted may end in any error
            return _fail("interrupted", INTERRUPTED)
        return _told(error)


def _told(error: Exception) -> int:
    """The exit code of an error, once it is told; one that nobody foresaw goes on."""
    if isinstance(error, CosyError):
        if isinstance(error.__context__, BrokenPipeError):
            return _reader_has_gone()
        return _fail(str(error), 2 if isinstance(error, UsageError) else 1)
    if isinstance(error, ModuleNotFoundError) and error.name == "onnx":
        # which images that only serve may leave out
        return _fail("this command needs onnx: pip install onnx", 1)
    if isinstance(error, BrokenPipeError):
        return _reader_has_gone()
    if isinstance(error, OSError):  # of the streams: whatever opens files tells more
        _drop_output()
        return _fail(f"can't write the output: {error.strerror or error}", 1)
    raise error


def parser() -> argparse.ArgumentParser:
    from cosyvoice_lite.cli import (  # only now: an interrupt meanwhile is caught
        batch_command,
        bench_command,
        model_commands,
        serve_command,
        speech_commands,
    )

    top = argparse.ArgumentParser(
        prog="cosyvoice-lite",
        description="Speech synthesis with CosyVoice-300M on a plain CPU.",
    )
    version = f"cosyvoice-lite {cosyvoice_lite.__version__}"
    top.add_argument("--version", action="version", version=version)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    speech_commands.add(commands)
    batch_command.add(commands)
    model_commands.add(commands)
    serve_command.add(commands)
    bench_command.add(commands)
    return top


def _make_streams_usable() -> None:
    """Streams that were closed lead nowhere; output says in escapes what its encoding can't."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, "r" if name == "stdin" else "w"))
    codecs.register_error("json", _as_json)
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of voices and files may be in any script
        sys.stdout.reconfigure(errors="json")


def _as_json(error: UnicodeError) -> tuple[str, int]:
    """As JSON escapes characters, for most of what has foreign ones is JSON."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _fail(message: str, code: int) -> int:
    """One line that a terminal takes for nothing but text, whatever a file put into it."""
    line = "".join(c if c.isprintable() else " " for c in message)
    print(f"cosyvoice-lite: error: {' '.join(line.split())[:MAX_MESSAGE]}", file=sys.stderr)
    return code


def _reader_has_gone() -> int:
    """End as quietly as a program that the signal stops: not to read on is the reader's right."""
    _drop_output()
    return 128 + getattr(signal, "SIGPIPE", 13)


def _drop_output() -> None:
    """Send what is still buffered nowhere, so that Python's own exit does not fail on it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
