"""An answer on its way: made once, read by all who asked for the same.

The one who makes it does not run far ahead of the fastest reader; when the last reader has left,
nothing more is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from cosyvoice_lite.errors import OverloadError
from cosyvoice_lite.server.cache import Entry, Facts
from cosyvoice_lite.server.speech import Speech

MAX_AHEAD = 16
"""Chunks made and not yet read by anybody."""


@dataclass
class Head:
    """What is known when the first bytes are there."""

    media_type: str
    sample_rate: int
    seed: int
    seconds: dict[str, float] = field(default_factory=dict)
    """Spent in each stage so far."""


class Flight:
    """Bytes that come, and what is known about them."""

    def __init__(self, speech: Speech | None = None) -> None:
        self.speech = speech
        """What is spoken, by whom it was asked first; None if it was made before."""
        self.chunks: list[bytes] = []
        self.head: Head | None = None
        self.facts: Facts | None = None
        """Known once it is done."""
        self.error: Exception | None = None
        self.is_over = False
        self.is_abandoned = False
        """Whether the last reader has left, so that nobody should join."""
        self.readers = 0
        self.furthest = 0
        self.task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._room = asyncio.Event()

    @classmethod
    def landed(cls, entry: Entry) -> Flight:
        """An answer that was made before."""
        flight, facts = cls(), entry.facts
        flight.head = Head(facts.media_type, facts.sample_rate, facts.seed)
        flight.chunks, flight.facts, flight.is_over = [entry.body], facts, True
        return flight

    def start(self, work: Coroutine[Any, Any, None], ended: Callable[[], None]) -> None:
        """Begin to make it; `ended` is called when that is over, however it went."""
        self.task = asyncio.create_task(work)
        self.task.add_done_callback(lambda task: self._ended(task, ended))

    async def send(self, content: bytes) -> None:
        """Add bytes, and wait until somebody wants more."""
        if content:
            self.chunks.append(content)
            self._tell()
        while len(self.chunks) - self.furthest > MAX_AHEAD:
            self._room.clear()
            await self._room.wait()

    def land(self, facts: Facts) -> None:
        """That was all."""
        self.facts = facts

    def board(self) -> Reader:
        """A reader; it must be closed."""
        self.readers += 1
        return Reader(self)

    def leave(self) -> None:
        self.readers -= 1
        if not self.readers and self.task is not None and not self.is_over:
            self.is_abandoned = True
            self.task.cancel()

    def read_to(self, n: int) -> None:
        if n > self.furthest:
            self.furthest = n
            self._room.set()

    async def news(self) -> None:
        """Wait until something has changed."""
        await self._news.wait()

    def _ended(self, task: asyncio.Task[None], ended: Callable[[], None]) -> None:
        self.is_over = True
        if task.cancelled():
            self.error = OverloadError("the service is shutting down", "draining", 5.0)
        else:
            error = task.exception()
            self.error = error if isinstance(error, Exception) else None
        ended()
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Reader:
    """One who asked: reads from the beginning, at its own pace."""

    def __init__(self, flight: Flight) -> None:
        self.flight = flight
        self.n_read = 0
        self._open = True

    async def ready(self) -> Head:
        """Wait for the first bytes.

        Raises:
            Exception: what it failed of before there were any.
        """
        flight = self.flight
        while not flight.chunks and not flight.is_over:
            await flight.news()
        if flight.error is not None and not flight.chunks:
            raise flight.error
        if flight.head is None:
            raise RuntimeError("an answer without a head")
        return flight.head

    async def next(self) -> bytes | None:
        """The next bytes; None at the end.

        Raises:
            Exception: what it failed of, after the bytes that were made before.
        """
        flight = self.flight
        while self.n_read >= len(flight.chunks):
            if flight.is_over:
                if flight.error is not None:
                    raise flight.error
                return None
            await flight.news()
        self.n_read += 1
        flight.read_to(self.n_read)
        return flight.chunks[self.n_read - 1]

    async def rest(self) -> bytes:
        """All that has not been read, when the last of it is there."""
        parts = []
        while (chunk := await self.next()) is not None:
            parts.append(chunk)
        return b"".join(parts)

    def close(self) -> None:
        """Leave; the work ends with the last reader."""
        if self._open:
            self._open = False
            self.flight.leave()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self.next()) is not None:
            yield chunk
