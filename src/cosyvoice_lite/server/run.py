"""Listening: uvicorn around the application, until a signal."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
from typing import Any

import uvicorn

from cosyvoice_lite.errors import CosyError
from cosyvoice_lite.server.app import create_app
from cosyvoice_lite.server.connections import Connection
from cosyvoice_lite.server.front import Front
from cosyvoice_lite.server.logs import log
from cosyvoice_lite.server.settings import Settings

ACCEPTED_PER_TURN = 16
"""Connections taken in one turn of the event loop, for all that wait would be one long turn."""
WAITING_CONNECTIONS = 2048
"""That the system keeps until they are taken."""


class Server(uvicorn.Server):
    """Takes a crowd little by little. What uvicorn calls the backlog is both of the above."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(WAITING_CONNECTIONS)
            _tell(event="listening", address=address(listener))


def address(listener: socket.socket) -> str:
    """What to type into a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _tell(**facts: Any) -> None:
    logging.getLogger("cosyvoice_lite").info("%s", json.dumps(facts, ensure_ascii=True))


def http_server(app: Front, settings: Settings) -> Server:
    """A server that has not begun; give `run` a bound socket."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        backlog=ACCEPTED_PER_TURN,
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.proxies,
        timeout_keep_alive=round(settings.keep_alive),
        timeout_graceful_shutdown=int(settings.shutdown),
        h11_max_incomplete_event_size=64 << 10,
    )
    return Server(config)


def bound(host: str, port: int) -> socket.socket:
    """A socket at this address.

    Raises:
        CosyError: it is taken, not of this machine, or not ours to take.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CosyError(f"can't listen on {host}, port {port}: {error.strerror}") from None
    listener.set_inheritable(True)
    return listener


def serve(settings: Settings) -> None:
    """Serve until interrupted; what is running is finished first.

    Raises:
        CosyError: there is no model, a setting can't be, or the address is taken.
    """
    log(settings.log_level)
    app = create_app(settings)
    server = http_server(app, settings)
    listener = bound(settings.host, settings.port)
    _tell(event="settings", **settings.public())
    with contextlib.suppress(KeyboardInterrupt):  # the signal that ended it, sent on
        server.run(sockets=[listener])
