"""The command line: parses, calls, prints; no logic of its own.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 a check
failed or an error that the message explains, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

import cosyvoice_lite
from cosyvoice_lite.cli import model_commands, speech_commands
from cosyvoice_lite.errors import CosyError, UsageError

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except UsageError as error:
        return _fail(str(error), 2)
    except CosyError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:  # whoever read our output has gone, which is their right
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + getattr(signal, "SIGPIPE", 13)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="cosyvoice-lite",
        description="Speech synthesis with CosyVoice-300M on a plain CPU.",
    )
    version = f"cosyvoice-lite {cosyvoice_lite.__version__}"
    top.add_argument("--version", action="version", version=version)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    speech_commands.add(commands)
    model_commands.add(commands)
    return top


def _fail(message: str, code: int) -> int:
    print(f"cosyvoice-lite: error: {' '.join(message.split())}", file=sys.stderr)
    return code
