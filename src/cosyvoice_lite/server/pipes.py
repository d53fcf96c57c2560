"""Into a pipe little by little: many megabytes at once would be one long turn of the event loop."""

from __future__ import annotations

import asyncio
import contextlib

SLICE = 64 << 10
"""Bytes: what a pipe takes at once on Linux."""


async def fed(stream: asyncio.StreamWriter, content: bytes) -> None:
    """Write all of it. A reader that has gone is no error: who waits for its answer hears of it."""
    with contextlib.suppress(ConnectionError):
        for start in range(0, len(content), SLICE):
            stream.write(content[start : start + SLICE])
            await stream.drain()
