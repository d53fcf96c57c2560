"""The model, loaded when it is first wanted and freed when it is not: lease it, do not hold it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar

from cosyvoice_lite.errors import CosyError, OverloadError, UsageError
from cosyvoice_lite.server.metrics import Metrics

LOG = logging.getLogger("cosyvoice_lite.pool")
LONGEST_COOLDOWN_S = 300.0


class Loaded(Protocol):
    """What the pool asks of a model."""

    def is_intact(self) -> bool:
        """Whether its files are still those it was loaded from."""

    async def close(self) -> None:
        """Free everything."""


M = TypeVar("M", bound=Loaded)


class Pool(Generic[M]):
    """At most one model: loaded once however many ask, unloaded `idle_s` after the last.

    Args:
        load: makes the model.
        idle_s: 0 keeps it.
        cooldown_s: after a failed load, before the next; doubles with each failure.
    """

    def __init__(
        self,
        load: Callable[[], Awaitable[M]],
        idle_s: float = 0.0,
        cooldown_s: float = 5.0,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.load, self.idle_s, self.cooldown_s = load, idle_s, cooldown_s
        self.metrics, self.clock = metrics or Metrics(), clock
        self.model: M | None = None
        self.users = 0
        self.loading: asyncio.Task[M] | None = None
        self.closing: set[asyncio.Task[None]] = set()
        self.n_failures = 0
        self.retry_at = 0.0
        self.failure = ""
        """Why the last load failed, as a client may be told."""
        self._idle: asyncio.TimerHandle | None = None

    @property
    def state(self) -> str:
        if self.loading is not None:
            return "loading"
        if self.model is not None:
            return "ready"
        return "failed" if self.cooling_s > 0 else "unloaded"

    @property
    def cooling_s(self) -> float:
        """Seconds until a load may be tried again."""
        return max(0.0, self.retry_at - self.clock()) if self.n_failures else 0.0

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[M]:
        """The model, kept while it is in use.

        Raises:
            OverloadError: it could not be loaded.
        """
        model = await self._get()
        while model is not self.model:  # freed between its loading and our turn
            model = await self._get()
        self.users += 1
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        try:
            yield model
        finally:
            self.users -= 1
            if not self.users:
                self._rest()

    async def warm(self) -> None:
        """Load it now, and keep it as long as an unused one is kept."""
        async with self.lease():
            pass

    async def close(self) -> None:
        """Free the model, whoever uses it."""
        if self._idle is not None:
            self._idle.cancel()
        if self.loading is not None:
            await asyncio.gather(self.loading, return_exceptions=True)
        self._unload("shutdown")
        await asyncio.gather(*self.closing, return_exceptions=True)

    async def _get(self) -> M:
        if self.model is not None and not self.model.is_intact():
            LOG.error("the worker died, or a file of the model was changed: it is loaded anew")
            self._unload("changed")
        if self.model is not None:
            return self.model
        if self.loading is None:
            if (wait_s := self.cooling_s) > 0:
                raise OverloadError(self.failure, "load_failed", wait_s)
            self.loading = asyncio.create_task(self._load())
        return await asyncio.shield(self.loading)

    async def _load(self) -> M:
        """One load; on failure nothing is left half set."""
        started = self.clock()
        try:
            await asyncio.gather(*self.closing, return_exceptions=True)  # memory for one, not two
            model = await self.load()
        except Exception as error:
            self.n_failures += 1
            cooldown_s = min(LONGEST_COOLDOWN_S, self.cooldown_s * 2 ** (self.n_failures - 1))
            self.retry_at = self.clock() + cooldown_s
            self.metrics.count("model_loads_total", result="failed")
            LOG.error("loading failed: %s", error, exc_info=not isinstance(error, CosyError))
            self.failure = _told(error)
            raise OverloadError(self.failure, "load_failed", cooldown_s) from error
        finally:
            self.loading = None
        self.n_failures = 0
        self.model = model
        self.metrics.count("model_loads_total", result="ok")
        self.metrics.observe("model_load_seconds", self.clock() - started)
        LOG.info("model loaded in %.1f s", self.clock() - started)
        self._rest()
        return model

    def _rest(self) -> None:
        """Nobody uses it now: free it in a while, unless somebody comes."""
        if self.idle_s > 0:
            if self._idle is not None:
                self._idle.cancel()
            self._idle = asyncio.get_running_loop().call_later(self.idle_s, self._if_idle)

    def _if_idle(self) -> None:
        if not self.users:
            self._unload("idle")

    def _unload(self, reason: str) -> None:
        model, self.model = self.model, None
        if model is None:
            return
        self.metrics.count("model_unloads_total", reason=reason)
        LOG.info("model unloaded: %s", reason)
        task = asyncio.create_task(model.close())
        self.closing.add(task)
        task.add_done_callback(self.closing.discard)


def _told(error: Exception) -> str:
    """What a client is told of a failed load: what else may name files is for the log."""
    if isinstance(error, UsageError):
        return f"the model can't be loaded: {error}"
    return "the model could not be loaded; the log says why"
