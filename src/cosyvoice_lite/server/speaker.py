"""From a request to its answer: the cache, the same answer for all who ask at once, the model."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

from cosyvoice_lite.errors import CosyError, DeadlineError, OverloadError
from cosyvoice_lite.server.cache import DiskCache, Entry, MemoryCache
from cosyvoice_lite.server.flight import Flight, Head, Reader
from cosyvoice_lite.server.identity import Identity
from cosyvoice_lite.server.metrics import Metrics
from cosyvoice_lite.server.pool import Pool
from cosyvoice_lite.server.remote import Remote
from cosyvoice_lite.server.settings import Settings
from cosyvoice_lite.server.speech import Speech
from cosyvoice_lite.server.wire import Done

LOG = logging.getLogger("cosyvoice_lite.speaker")


class Speaker:
    """Answers requests for speech. For the event loop only."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        pool: Pool[Remote],
        metrics: Metrics,
        cache_folder: Path,
    ) -> None:
        self.settings, self.identity, self.pool, self.metrics = settings, identity, pool, metrics
        self.is_draining = False
        self.n_asked = 0
        self.flights: dict[str, Flight] = {}
        self.running: set[Flight] = set()
        self.disk_thread = ThreadPoolExecutor(1, "cache")

        def evicted(cache: str) -> Callable[[], None]:
            return lambda: metrics.count("cache_evictions_total", cache=cache)

        self.memory = MemoryCache(settings.cache_memory << 20, evicted("memory"))
        self.disk = DiskCache(
            cache_folder,
            settings.cache_disk << 20,
            evicted("disk"),
            lambda error: LOG.warning("the cache can't be written: %s", error.strerror),
        )

    async def ask(self, speech: Speech) -> tuple[Reader, str]:
        """A reader of the answer, and whether it was a "hit", a "miss" or is "shared".

        Raises:
            OverloadError: the service takes no more.
        """
        if self.is_draining:
            raise OverloadError("the service is shutting down", "draining", 5.0)
        if len(self.running) >= self.settings.max_requests:
            raise OverloadError(
                f"the queue is full: {len(self.running)} requests", "queue_full", 5.0
            )
        if not (self.settings.cache and speech.use_cache):
            return self._begin(speech, None).board(), "miss"
        if speech.recording is None:
            key = speech.cache_key(self.identity)
        else:  # to digest ten megabytes is long
            key = await asyncio.to_thread(speech.cache_key, self.identity)
        found = self._known(key, speech)
        if found is None and (entry := await self._on_disk(key)) is not None:
            self.memory.put(key, entry)
            found = Flight.landed(entry), "hit"
        found = found or self._known(key, speech)  # somebody may have asked while we looked
        flight, how = found or (self._begin(speech, key), "miss")
        self.metrics.count("cache_requests_total", cache="audio", result=how)
        return flight.board(), how

    async def close(self) -> None:
        """End what runs, and the threads."""
        for flight in tuple(self.running):
            if flight.task is not None:
                flight.task.cancel()
        tasks = [f.task for f in self.running if f.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
        self.disk_thread.shutdown()

    def _known(self, key: str, speech: Speech) -> tuple[Flight, str] | None:
        if (entry := self.memory.get(key)) is not None:
            return Flight.landed(entry), "hit"
        flight = self.flights.get(key)
        if flight is None or flight.is_abandoned or flight.speech is None:
            return None
        return (flight, "shared") if speech.may_wait_for(flight.speech) else None

    def _begin(self, speech: Speech, key: str | None) -> Flight:
        flight = Flight(speech)
        self.running.add(flight)
        if key is not None:
            self.flights[key] = flight

        def ended() -> None:
            self.running.discard(flight)
            if key is not None and self.flights.get(key) is flight:
                del self.flights[key]

        flight.start(self._make(flight, speech, key), ended)
        return flight

    async def _make(self, flight: Flight, speech: Speech, key: str | None) -> None:
        async with self.pool.lease() as worker, aclosing(worker.speak(speech)) as parts:
            if speech.deadline is not None and time.monotonic() > speech.deadline:
                raise DeadlineError("its time was up before the model was loaded")
            done: Done | None = None
            async for part in parts:
                if isinstance(part, Done):
                    done = part
                    continue
                flight.head = Head(part.media_type, part.sample_rate, part.seed, part.seconds)
                await flight.send(part.content)
        if done is None or flight.head is None:
            raise CosyError("internal error: an answer without an end")
        facts = done.facts
        flight.head.seconds = done.seconds
        flight.land(facts)
        self._count(facts.duration_s, done.seconds)
        self.metrics.count("text_tokens_total", facts.n_text_tokens)
        self.metrics.count("speech_tokens_total", facts.n_speech_tokens)
        if key is not None:
            entry = Entry(facts, b"".join(flight.chunks))
            self.memory.put(key, entry)
            if self.settings.cache_disk:
                self.disk_thread.submit(self.disk.put, key, entry)

    def _count(self, audio_s: float, seconds: dict[str, float]) -> None:
        self.metrics.count("audio_seconds_total", audio_s)
        self.metrics.observe("queue_wait_seconds", seconds.get("queue", 0.0))
        spent_s = sum(s for stage, s in seconds.items() if stage != "queue")
        if audio_s > 0:
            self.metrics.observe("rtf", spent_s / audio_s)

    async def _on_disk(self, key: str) -> Entry | None:
        if not self.settings.cache_disk:
            return None
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.disk_thread, self.disk.get, key)
