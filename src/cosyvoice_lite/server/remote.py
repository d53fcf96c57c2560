"""The service's side of its worker: starts it, asks it, hears that it died."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import sys
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, TypeGuard

from cosyvoice_lite.errors import CosyError, DeadlineError, OverloadError
from cosyvoice_lite.server.identity import Identity
from cosyvoice_lite.server.metrics import Metrics
from cosyvoice_lite.server.patience import within
from cosyvoice_lite.server.pipes import fed
from cosyvoice_lite.server.settings import Settings
from cosyvoice_lite.server.speech import Recording, Speech
from cosyvoice_lite.server.voices import VoiceRef
from cosyvoice_lite.server.wire import (
    Cancel,
    Done,
    Estimate,
    Explain,
    Failed,
    FromWorker,
    Keep,
    More,
    Open,
    Opened,
    Part,
    Result,
    Speak,
    Stats,
    ToWorker,
    error_of,
    failed,
    pack,
    read_news,
)

LOG = logging.getLogger("cosyvoice_lite.remote")
COMMAND = (sys.executable, "-m", "cosyvoice_lite.server.worker")
QUESTION_S = 60.0
"""How long what does not speak may take."""
GRACE_S = 5.0
END_S = 10.0
"""How long a worker may take to end before it is killed."""


class Remote:
    """A worker with a loaded model."""

    def __init__(
        self, process: asyncio.subprocess.Process, identity: Identity, metrics: Metrics
    ) -> None:
        self.process, self.identity, self.metrics = process, identity, metrics
        self.stamps = identity.stamps()
        self.stats = Stats(0, 0, 0.0, {}, False, [], [])
        self._numbers = itertools.count(1)
        self._queues: dict[int, asyncio.Queue[FromWorker]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._outgoing = asyncio.Queue[bytes | Keep | Speak]()
        self._writer = asyncio.create_task(self._write())
        self._is_closing = False

    @classmethod
    async def open(
        cls, identity: Identity, settings: Settings, voices: Path, metrics: Metrics
    ) -> Remote:
        """Start a worker and wait until its model is loaded.

        Raises:
            BundleError: the bundle can't be used. CosyError: the worker can't.
        """
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=pipe, stdout=pipe, limit=1 << 20
        )
        remote = cls(process, identity, metrics)
        try:
            remote._send(Open(str(identity.path), settings, str(voices)))
            news = await read_news(remote._output)
        except BaseException:
            process.kill()
            remote._writer.cancel()
            raise
        if isinstance(news, Opened):
            remote._reader = asyncio.create_task(remote._read())
            return remote
        remote._writer.cancel()
        await process.wait()
        if isinstance(news, Failed):
            raise error_of(news)
        raise CosyError(f"the worker ended while loading, with code {process.returncode}")

    @property
    def is_alive(self) -> bool:
        return self.process.returncode is None and not self._is_closing

    def is_intact(self) -> bool:
        """Whether it lives, and the model's files are those it was loaded from.

        A weight that is read where its file was cut short would end it.
        """
        return self.is_alive and self.identity.stamps() == self.stamps

    async def speak(self, speech: Speech) -> AsyncGenerator[Part | Done, None]:
        """The parts of an answer, then what is known of it; leaving early cancels it.

        Raises:
            CosyError: what it failed of.
        """
        left_s = None if speech.deadline is None else speech.deadline - time.monotonic()
        with self._asking(lambda n: Speak(n, speech, left_s)) as (number, queue):
            while True:
                news = await _news(queue, left_s)
                if isinstance(news, Part):
                    yield news
                    self._send(More(number))
                elif isinstance(news, Done):
                    yield news
                    return

    async def explain(self, speech: Speech) -> dict[str, Any]:
        """What the frontend makes of a text."""
        return await self._ask(lambda n: Explain(n, speech))

    async def estimate(self, speech: Speech) -> dict[str, Any]:
        """What a request would take, and when it would be answered."""
        return await self._ask(lambda n: Estimate(n, speech))

    async def keep(self, recording: Recording | None, blend: VoiceRef | None, path: Path) -> None:
        """Write the voice of a recording, or a blend, into a file.

        Raises:
            OSError: the disk refuses.
        """
        refused = await self._ask(lambda n: Keep(n, recording, blend, str(path)))
        if refused is not None:
            raise OSError(refused)

    async def close(self) -> None:
        """End the worker; its memory is given back."""
        self._is_closing = True
        self._writer.cancel()
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), END_S)
        except asyncio.TimeoutError:
            self.process.kill()
            await self.process.wait()
        if self._reader is not None:
            await self._reader

    async def _ask(self, message: Callable[[int], ToWorker]) -> Any:
        with self._asking(message) as (_, queue):
            news = await _news(queue, QUESTION_S)
        assert isinstance(news, Result)
        return news.value

    @contextlib.contextmanager
    def _asking(self, message: Callable[[int], ToWorker]) -> Any:
        """A question with a place for its answers; what is unfinished at the end is cancelled."""
        if not self.is_alive:
            raise _died()
        number, queue = next(self._numbers), asyncio.Queue[FromWorker]()
        self._queues[number] = queue
        try:
            self._send(message(number))
            yield number, queue
        finally:
            del self._queues[number]
            self._send(Cancel(number))

    @property
    def _output(self) -> asyncio.StreamReader:
        assert self.process.stdout is not None
        return self.process.stdout

    def _send(self, message: ToWorker) -> None:
        self._outgoing.put_nowait(message if _has_recording(message) else pack(message))

    async def _write(self) -> None:
        """Send what is to be sent, in order; a recording is packed in a thread."""
        assert self.process.stdin is not None
        while True:
            message = await self._outgoing.get()
            if isinstance(message, bytes):
                content = message
            else:
                try:
                    content = await asyncio.to_thread(pack, message)
                except Exception as error:  # one that can't be said must not silence the others
                    self._tell(failed(message.id, CosyError(f"internal error: {error}")))
                    continue
            await fed(self.process.stdin, content)

    def _tell(self, news: Part | Done | Result | Failed) -> None:
        """Hand out news of a request, if somebody still waits for it."""
        if news.id in self._queues:
            self._queues[news.id].put_nowait(news)

    async def _read(self) -> None:
        """Hand out news until there is no more; then everybody is told that it died."""
        while (news := await read_news(self._output)) is not None:
            if isinstance(news, Stats):
                self.stats = news
                self.metrics.merge(news.counts, news.observations)
            elif not isinstance(news, Opened):
                self._tell(news)
        code = await self.process.wait()
        if not self._is_closing:
            LOG.error("the worker died with code %s", code)
        died = _died()
        for number, queue in self._queues.items():
            queue.put_nowait(
                Failed(number, "OverloadError", str(died), died.reason, died.retry_after_s)
            )


def _has_recording(message: ToWorker) -> TypeGuard[Keep | Speak]:
    if isinstance(message, Speak):
        return message.speech.recording is not None
    return isinstance(message, Keep) and message.recording is not None


async def _news(queue: asyncio.Queue[FromWorker], seconds: float | None) -> FromWorker:
    """The next news of a request. The worker keeps the time; this is for one that does not."""
    limit_s = None if seconds is None else max(0.0, seconds) + GRACE_S
    try:
        news = await within(limit_s, queue.get())
    except asyncio.TimeoutError:
        raise DeadlineError("the engine gave no answer in time") from None
    if isinstance(news, Failed):
        raise error_of(news)
    return news


def _died() -> OverloadError:
    return OverloadError("the engine had to be started anew: try again", "loading", 1.0)
