"""The one crossing between the event loop and the engine's thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable

from cosyvoice_lite.engine.engine import Engine
from cosyvoice_lite.engine.request import Job, Piece, State
from cosyvoice_lite.errors import CosyError
from cosyvoice_lite.server.patience import within

LOG = logging.getLogger("cosyvoice_lite.engine")
NAP_S = 1.0
"""An engine without work looks up at least so often: for deadlines."""
STUCK_S = 120.0
"""No step takes so long; an engine that is in one is not coming back."""


class Bridge:
    """An engine with a thread that steps it.

    Args:
        on_cancelled: told how long a request that was given up went on, in seconds.
    """

    def __init__(
        self, engine: Engine, on_cancelled: Callable[[float], None] = lambda seconds: None
    ) -> None:
        self.engine, self.on_cancelled = engine, on_cancelled
        self._wake = threading.Event()
        self._stopping = False
        self._step_began: float | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def is_stuck(self) -> bool:
        began = self._step_began
        late = began is not None and time.monotonic() - began > STUCK_S
        return late or not (self._thread.is_alive() or self._stopping)

    async def pieces(self, job: Job) -> AsyncGenerator[Piece, None]:
        """What is spoken of a job, as it is ready; leaving early cancels the job.

        Raises:
            OverloadError: there is no room for it.
            CosyError: what it failed of.
        """
        loop, something = asyncio.get_running_loop(), asyncio.Event()

        def notify() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(something.set)

        job.notify = notify
        self.engine.add(job)
        self._wake.set()
        try:
            while True:
                something.clear()
                while (piece := job.take()) is not None:
                    self._wake.set()  # there may be room for the next one
                    yield piece
                if job.is_exhausted:
                    job.take()  # raises what it failed of after the last piece
                    return
                with contextlib.suppress(asyncio.TimeoutError):
                    await within(NAP_S, something.wait())
                if not self._thread.is_alive() and not job.is_over:
                    job.end(State.FAILED, CosyError("the engine has stopped"))
        finally:
            if not job.is_over:
                job.notify = self._stopwatch(job)
            job.cancel()
            self._wake.set()

    def _stopwatch(self, job: Job) -> Callable[[], None]:
        left = time.monotonic()

        def notify() -> None:
            if job.state is State.CANCELLED:
                self.on_cancelled(time.monotonic() - left)

        return notify

    def stop(self, error: CosyError) -> None:
        """Fail what is there and end the thread; blocks for at most a step."""
        self._stopping = True
        self._wake.set()
        self._thread.join()
        self.engine.stop(error)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._step_began = time.monotonic()
            try:
                worked = self.engine.step()
            except Exception:
                LOG.exception("a step of the engine failed")
                self.engine.stop(CosyError("internal error"))
                worked = False
            self._step_began = None
            if not worked:
                self._wake.wait(NAP_S)
