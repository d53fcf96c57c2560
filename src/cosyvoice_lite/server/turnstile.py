"""Spreads what comes at once over turns of the event loop.

A turn runs all that is ready before it looks at the clock or at anybody else. Two hundred requests
that came together would be one long turn, and everybody's sound would wait for it.
"""

from __future__ import annotations

import asyncio

PER_TURN = 8


class Turnstile:
    """Lets `PER_TURN` through in each turn of the event loop, in the order they came."""

    def __init__(self) -> None:
        self._n_through = 0

    async def wait(self) -> None:
        """Go on at once, or in a later turn."""
        while self._n_through >= PER_TURN:
            await asyncio.sleep(0)
        if not self._n_through:
            asyncio.get_running_loop().call_soon(self._next_turn)
        self._n_through += 1

    def _next_turn(self) -> None:
        self._n_through = 0
