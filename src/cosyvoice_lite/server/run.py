"""Listening: uvicorn around the application, until a signal."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time

import uvicorn

from cosyvoice_lite.server.app import create_app
from cosyvoice_lite.server.settings import Settings


def serve(settings: Settings) -> None:
    """Serve until interrupted; what is running is finished first.

    Raises:
        CosyError: there is no model, or a setting can't be.
    """
    log(settings.log_level)
    app = create_app(settings)
    logging.getLogger("cosyvoice_lite").info(
        "%s", json.dumps({"event": "settings", **settings.public()}, ensure_ascii=True)
    )
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="asyncio",
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=int(settings.shutdown),
        h11_max_incomplete_event_size=64 << 10,
    )
    with contextlib.suppress(KeyboardInterrupt):  # the signal that ended it, sent on
        uvicorn.Server(config).run()


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


def log(level: str) -> None:
    """Log to standard error from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("cosyvoice_lite", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(level.upper())
