"""How often one caller may ask: a token bucket for each key or address."""

from __future__ import annotations

import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cosyvoice_lite.errors import UsageError

MAX_CALLERS = 10_000
"""Buckets kept; the one that was asked for longest ago goes first."""
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Rate:
    """`calls` in `seconds`."""

    calls: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> Rate | None:
        """ "10/60s", "100/1m"; None for an empty text.

        Raises:
            UsageError: anything else.
        """
        if not text.strip():
            return None
        found = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{0,9})\s*([smh])\s*", text)
        if not found or not int(found[1]) or found[2] == "0":
            raise UsageError(f"rate_limit is {text!r}: say calls/time, as 10/60s")
        return cls(int(found[1]), int(found[2] or 1) * _UNITS[found[3]])


@dataclass(frozen=True)
class Verdict:
    """Whether a call may go on, and what its caller is told."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: float
    """Until all calls are there again."""
    retry_after_s: float
    """Until there is one."""

    @property
    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit-requests": str(self.limit),
            "x-ratelimit-remaining-requests": str(self.remaining),
            "x-ratelimit-reset-requests": duration(self.reset_s),
        }


class RateLimiter:
    """Refuses callers that come too often; a refused call does not count."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.clock = clock
        self.buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Caller → calls left, and when that was."""

    def ask(self, caller: str) -> Verdict:
        """Count a call of `caller`, if it may go on."""
        rate, now = self.rate, self.clock()
        left, then = self.buckets.pop(caller, (float(rate.calls), now))
        per_second = rate.calls / rate.seconds
        left = min(float(rate.calls), left + max(0.0, now - then) * per_second)
        allowed = left >= 1.0
        left -= allowed
        self.buckets[caller] = (left, now)
        if len(self.buckets) > MAX_CALLERS:
            self.buckets.popitem(last=False)
        wait_s = 0.0 if left >= 1.0 else (1.0 - left) / per_second
        full_s = (rate.calls - left) / per_second
        return Verdict(allowed, rate.calls, int(left), full_s, wait_s)


def duration(seconds: float) -> str:
    """As OpenAI writes it: 12ms, 1s, 6m0s."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
