"""A connection that ends what uvicorn would wait for without end: a request that never comes whole,
an answer that nobody reads. Either would hold a place, or a file handle, for as long as the client
likes."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

STALL_S = 60.0
"""How long a client may read nothing of an answer that is more than the system holds for it."""


class Connection(H11Protocol):
    """One client. The settings' `keep_alive` is the time for a request to be there whole."""

    _request_is_due: asyncio.TimerHandle | None = None
    _must_be_read: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()

    def on_response_complete(self) -> None:
        self._expect_request()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._must_be_read = self.loop.call_later(STALL_S, self.transport.abort)

    def resume_writing(self) -> None:
        _cancel(self._must_be_read)
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._request_is_due)
        _cancel(self._must_be_read)
        super().connection_lost(exc)

    def _expect_request(self) -> None:
        _cancel(self._request_is_due)
        self._request_is_due = self.loop.call_later(self.timeout_keep_alive, self._end_if_late)

    def _end_if_late(self) -> None:
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self.transport.abort()


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
