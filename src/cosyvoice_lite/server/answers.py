"""Answers that carry speech: whole, as a stream of bytes, as a stream of events."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from typing import Any, TypeVar
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from cosyvoice_lite.errors import DeadlineError
from cosyvoice_lite.server.cache import Facts
from cosyvoice_lite.server.flight import Head, Reader
from cosyvoice_lite.server.front import Context
from cosyvoice_lite.server.metrics import Metrics
from cosyvoice_lite.server.patience import within
from cosyvoice_lite.server.problems import ClientGoneError, problem
from cosyvoice_lite.server.speech import Speech

LOG = logging.getLogger("cosyvoice_lite.answers")
T = TypeVar("T")
PING_S = 15.0
GRACE_S = 0.5
"""The engine knows better what the time went into, so it may tell first."""
SLICE = 32 << 10
"""Bytes sent at a time, so that a client that leaves is noticed soon."""
SLICE_IN_BASE64 = SLICE // 4 * 3
"""Whole groups of three bytes that become four characters."""
NO_BUFFER = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


async def while_there(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, given up when the client leaves.

    Raises:
        ClientGoneError: it left.
    """
    return await _first(asyncio.ensure_future(work), request.receive)


async def in_time(speech: Speech, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, given up when the time is up of who asked for it: what they wait for
    may have been asked for by somebody more patient.

    Raises:
        DeadlineError: it is.
    """
    left_s = None if speech.deadline is None else speech.deadline - time.monotonic() + GRACE_S
    try:
        return await within(left_s, work)
    except asyncio.TimeoutError:
        raise DeadlineError("its time was up before the answer was there") from None


async def _first(task: asyncio.Future[T], receive: Receive) -> T:
    gone = asyncio.ensure_future(_until_gone(receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGoneError
        return task.result()
    finally:
        for each in (task, gone):
            each.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _until_gone(receive: Receive) -> None:
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return


def headers_of(
    head: Head, how: str, voice: str, warnings: list[str], facts: Facts | None = None
) -> dict[str, str]:
    """What every answer with speech says about it."""
    headers = {
        "X-Sample-Rate": str(head.sample_rate),
        "X-Seed": str(head.seed),
        "X-Voice": quote(voice, safe="()+ "),
        "X-Cache": how,
    }
    if head.seconds:
        timings = (f"{stage};dur={s * 1000:.1f}" for stage, s in head.seconds.items())
        headers["Server-Timing"] = ", ".join(timings)
    if facts is not None:
        headers["X-Audio-Duration"] = f"{facts.duration_s:.3f}"
    if warnings:
        headers["X-Warnings"] = ", ".join(quote(w, safe=":") for w in warnings)[:1000]
    return headers


class Sliced(Response):
    """An answer of known length. It may be tens of megabytes, so it is made and handed over little
    by little: nobody else waits meanwhile."""

    def __init__(
        self, parts: Iterable[bytes], n_bytes: int, media_type: str, headers: dict[str, str]
    ) -> None:
        self.parts = parts
        self.status_code, self.background, self.media_type = 200, None, media_type
        self.init_headers({**headers, "Content-Length": str(n_bytes)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        for part in self.parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})


def whole_speech(content: bytes, media_type: str, headers: dict[str, str]) -> Response:
    """The bytes of a file."""
    return Sliced(_slices(content, SLICE), len(content), media_type, headers)


def speech_in_json(content: bytes, fields: dict[str, Any], headers: dict[str, str]) -> Response:
    """A JSON object: "audio", the content in base64, and `fields`."""
    head = b'{"audio":"'
    tail = b'",' + json.dumps(fields, ensure_ascii=False).encode()[1:]

    def parts() -> Iterator[bytes]:
        yield head
        yield from map(base64.b64encode, _slices(content, SLICE_IN_BASE64))
        yield tail

    n_bytes = len(head) + 4 * -(-len(content) // 3) + len(tail)
    return Sliced(parts(), n_bytes, "application/json", headers)


class StreamedSpeech(Response):
    """Bytes as they come. Once the first is sent, a failure can only break the connection."""

    def __init__(
        self, reader: Reader, media_type: str, headers: dict[str, str], watch: Watch
    ) -> None:
        self.reader, self.watch = reader, watch
        self.status_code, self.background = 200, None
        self.media_type = media_type
        self.init_headers({**NO_BUFFER, **headers})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await _first(asyncio.ensure_future(self._send_all(send)), receive)
        except ClientGoneError:
            self.watch.context.facts["left"] = True
        except Exception as error:  # the server breaks off what was begun and not ended
            self.watch.failed(error)
        finally:
            self.reader.close()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for content in self.contents():
            self.watch.sent()
            for part in _slices(content, SLICE):
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def contents(self) -> AsyncIterator[bytes]:
        return self.reader.__aiter__()


class SpeechEvents(StreamedSpeech):
    """The same as OpenAI's events. A failure is an event too."""

    def __init__(
        self,
        reader: Reader,
        headers: dict[str, str],
        watch: Watch,
        *,
        with_done: bool,
        timestamps: str = "none",
    ) -> None:
        super().__init__(reader, "text/event-stream", headers, watch)
        self.with_done, self.timestamps = with_done, timestamps

    async def contents(self) -> AsyncIterator[bytes]:
        try:
            async for content in _with_pings(self.reader):
                if content is None:
                    yield b": ping\n\n"
                    continue
                encoded = base64.b64encode(content).decode("ascii")
                yield _event({"type": "speech.audio.delta", "audio": encoded})
        except Exception as error:
            self.watch.failed(error)
            yield _event({"type": "speech.audio.error", "error": problem(error).error})
            return
        facts = self.reader.flight.facts
        if facts is not None:
            done: dict[str, Any] = {"type": "speech.audio.done", "usage": usage(facts)}
            if (told := timestamps(facts, self.timestamps)) is not None:
                done["timestamps"] = told
            yield _event(done)
        if self.with_done:
            yield b"data: [DONE]\n\n"


class Watch:
    """Notes how an answer went."""

    def __init__(self, context: Context, metrics: Metrics) -> None:
        self.context, self.metrics = context, metrics
        self.has_begun = False

    def sent(self) -> None:
        if not self.has_begun:
            self.has_begun = True
            seconds = time.monotonic() - self.context.started
            self.context.facts["first_audio_s"] = round(seconds, 4)
            self.metrics.observe("time_to_first_audio_seconds", seconds, api=self.context.api)

    def failed(self, error: Exception) -> None:
        code = problem(error).code
        self.context.facts["error"] = code
        self.metrics.count("errors_total", code=code)
        LOG.error("request %s broke off: %s", self.context.id, error)


def timestamps(facts: Facts, wanted: str) -> list[dict[str, Any]] | None:
    """When each word or character is heard, as Kokoro's server tells it; None if nobody asked."""
    if wanted == "none":
        return None
    from cosyvoice_lite.audio.subtitles import characters, words

    divide = words if wanted == "word" else characters
    return [
        {"word": c.text.strip(), "start_time": round(c.start_s, 3), "end_time": round(c.end_s, 3)}
        for sentence in facts.cues
        for c in divide(sentence)
    ]


def usage(facts: Facts) -> dict[str, int]:
    made = facts.n_speech_tokens
    return {
        "input_tokens": facts.n_text_tokens,
        "output_tokens": made,
        "total_tokens": facts.n_text_tokens + made,
    }


async def _with_pings(reader: Reader) -> AsyncIterator[bytes | None]:
    """What the reader reads, and None where it took long."""
    waiting: asyncio.Future[bytes | None] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(reader.next())
            done, _ = await asyncio.wait((waiting,), timeout=PING_S)
            if not done:
                yield None
                continue
            content, waiting = waiting.result(), None
            if content is None:
                return
            for part in _slices(content, SLICE_IN_BASE64):
                yield part
    finally:
        if waiting is not None:
            waiting.cancel()


def _slices(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def _event(fields: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(fields)}\n\n".encode()
