"""Listening: uvicorn around the application, until a signal."""

from __future__ import annotations

import contextlib
import json
import logging

import uvicorn

from cosyvoice_lite.server.app import create_app
from cosyvoice_lite.server.logs import log
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
        timeout_keep_alive=75,  # longer than clients keep a connection that they may use again
        timeout_graceful_shutdown=int(settings.shutdown),
        h11_max_incomplete_event_size=64 << 10,
    )
    with contextlib.suppress(KeyboardInterrupt):  # the signal that ended it, sent on
        uvicorn.Server(config).run()
