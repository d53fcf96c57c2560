"""Logs: a JSON object on each line of standard error."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import sys
import threading
import time
from typing import TextIO

MAX_WAITING = 10_000
"""Lines that wait for whoever reads the log."""
LAST_S = 2.0
"""What the last of them may take when the process ends."""


class JsonLines(logging.Formatter):
    """A JSON object on each line; a message that is one is kept as it is."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        line = {
            "time": self.formatTime(record) + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        try:
            fields = json.loads(message) if message.startswith("{") else {"message": message}
        except ValueError:
            fields = {"message": message}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps({**line, **fields}, ensure_ascii=True)


class Unhurried(logging.Handler):
    """Hands lines to a thread that writes them: nobody waits for a pipe that nobody reads.

    Lines that find no room are dropped, and how many is told when there is room again.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.stream = stream
        self.n_dropped = 0
        self._lines: queue.Queue[str] = queue.Queue(MAX_WAITING)
        threading.Thread(target=self._write, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self.n_dropped += 1

    def flush(self) -> None:
        """Wait until everything is written, but not for ever; at the end of a process, `logging`
        asks for it."""
        until = time.monotonic() + LAST_S
        while self._lines.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.005)

    def _write(self) -> None:
        while True:
            line = self._lines.get()
            if self.n_dropped:
                dropped, self.n_dropped = self.n_dropped, 0
                line = json.dumps({"level": "warning", "lines_dropped": dropped}) + "\n" + line
            with contextlib.suppress(OSError, ValueError):  # there is nobody to complain to
                self.stream.write(line + "\n")
                self.stream.flush()
            self._lines.task_done()


def log(level: str) -> None:
    """Log to standard error from `level` on."""
    handler = Unhurried(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("cosyvoice_lite", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(level.upper())
