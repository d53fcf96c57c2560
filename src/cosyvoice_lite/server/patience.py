"""Waiting for so long and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def within(seconds: float | None, work: Awaitable[T]) -> T:
    """The result of `work`, given up after so many seconds.

    Before Python 3.12, `asyncio.wait_for` swallows a cancellation that comes together with the
    result: who left was then spoken for to the end.

    Raises:
        asyncio.TimeoutError: the time was up.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait((task,), timeout=seconds)
        if not task.done():
            raise asyncio.TimeoutError
        return task.result()
    finally:
        if not task.cancel() and not task.cancelled():
            task.exception()  # looked at, so that nobody says it was not
