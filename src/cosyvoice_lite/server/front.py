"""What stands before every route: request ids, keys, limits, the log line, the last resort."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cosyvoice_lite.errors import AudioError, TextError
from cosyvoice_lite.server.limits import RateLimiter, Verdict
from cosyvoice_lite.server.problems import ClientGoneError, Problem, is_expected, problem, retry
from cosyvoice_lite.server.service import Service
from cosyvoice_lite.server.turnstile import Turnstile

LOG = logging.getLogger("cosyvoice_lite.access")
_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
GONE = 499
"""Status in log and metrics of an answer whose client left."""
TOO_LARGE = 413
MAX_DRAINED, DRAIN_S = 64 << 20, 2.0


@dataclass
class Context:
    """What is known about one request."""

    id: str
    started: float
    owner: str = ""
    has_key: bool = False
    api: str = "other"
    status: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    """For the log line."""
    text_field: str | None = None
    recording_field: str | None = None
    """Where the body has what is spoken, and whom to take after: an error names the field."""

    def blamed(self, error: Exception) -> str | None:
        """The field that an error is about, where its kind tells."""
        if isinstance(error, TextError):
            return self.text_field
        return self.recording_field if isinstance(error, AudioError) else None


@dataclass(frozen=True)
class Doors:
    """Which paths want what."""

    open_paths: frozenset[str]
    """Answered without a key."""
    working: frozenset[tuple[str, str]]
    """Method and path; counted by the rate limit."""
    max_body: int
    """Bytes."""
    larger: Mapping[str, int]
    """Paths that may carry a recording: theirs."""


class Front:
    """ASGI middleware around the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        service: Service,
        limiter: RateLimiter | None,
        doors: Doors,
        origins: Iterable[str],
    ) -> None:
        self.app, self.service, self.limiter, self.doors = app, service, limiter, doors
        self.keys, self.metrics = service.keys, service.metrics
        self.origins = frozenset(origins)
        self.turnstile = Turnstile()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["app"] = self  # makes the router raise what it refuses
        headers = Headers(scope=scope)
        context = Context(_request_id(headers), time.monotonic())
        scope.setdefault("state", {})["context"] = context
        extra = self._extra_headers(headers, context)
        answer = _Answer(send, context, extra, self.turnstile)
        await self.turnstile.wait()
        try:
            if self._is_preflight(scope, headers):
                await Preflight(scope, receive, answer)
            else:
                self._admit(scope, headers, context, answer)
                limit = self.doors.larger.get(scope["path"], self.doors.max_body)
                _check_length(headers, limit)
                await self.app(scope, _bounded(receive, limit), answer)
        except ClientGoneError:
            context.facts["left"] = True
        except Exception as error:
            await self._last_resort(error, scope, receive, answer)
        finally:
            self._record(scope, context)

    def _admit(self, scope: Scope, headers: Headers, context: Context, answer: _Answer) -> None:
        """Who asks, and whether they may.

        Raises:
            Problem: a wrong key, or too many calls.
        """
        path = scope["path"]
        context.owner = f"address:{scope['client'][0]}" if scope.get("client") else "address:"
        if self.keys.wanted:
            owner = self.keys.owner(headers)
            context.has_key = owner is not None
            context.owner = owner or context.owner
            if owner is None and not self._is_open(path, scope["method"]):
                raise Problem(
                    401, "invalid_api_key", "missing or wrong API key",
                    headers={"WWW-Authenticate": "Bearer"},
                )  # fmt: skip
        else:
            context.has_key = True
        if self.limiter is not None and (scope["method"], path) in self.doors.working:
            verdict = self.limiter.ask(context.owner)
            answer.extra |= verdict.headers
            if not verdict.allowed:
                self.metrics.count("rejected_total", reason="rate_limit")
                raise _too_often(verdict)

    def _is_open(self, path: str, method: str) -> bool:
        return path in self.doors.open_paths and method in ("GET", "HEAD")

    def _extra_headers(self, headers: Headers, context: Context) -> dict[str, str]:
        extra = {"x-request-id": context.id, "x-content-type-options": "nosniff"}
        if origin := self._allowed_origin(headers):
            extra |= {
                "access-control-allow-origin": origin,
                "access-control-expose-headers": EXPOSED,
                "vary": "Origin, Access-Control-Request-Headers",
            }
        return extra

    def _allowed_origin(self, headers: Headers) -> str | None:
        origin = headers.get("origin")
        if origin is None or not self.origins & {"*", origin}:
            return None
        return "*" if "*" in self.origins else origin

    def _is_preflight(self, scope: Scope, headers: Headers) -> bool:
        asks = scope["method"] == "OPTIONS" and "access-control-request-method" in headers
        return asks and self._allowed_origin(headers) is not None

    async def _last_resort(
        self, error: Exception, scope: Scope, receive: Receive, answer: _Answer
    ) -> None:
        """Answer an error; after the first byte, break the connection off instead."""
        told = problem(error, answer.context.blamed(error))
        self.metrics.count("errors_total", code=told.code)
        answer.context.facts["error"] = told.code
        if not is_expected(error):
            LOG.error("request %s failed", answer.context.id, exc_info=error)
        if not answer.began:
            if told.status == TOO_LARGE:
                await _drain(receive)
            await told.response()(scope, receive, answer)

    def _record(self, scope: Scope, context: Context) -> None:
        seconds = time.monotonic() - context.started
        facts = context.facts
        streaming = "true" if facts.get("streaming") else "false"
        status = context.status or GONE
        self.metrics.count(
            "requests_total", api=context.api, status=str(status),
            format=facts.get("format", ""), streaming=streaming,
        )  # fmt: skip
        self.metrics.observe(
            "request_duration_seconds", seconds, api=context.api, streaming=streaming
        )
        line = {
            "event": "request", "id": context.id, "method": scope["method"],
            "path": scope["path"][:200], "api": context.api, "status": status,
            "seconds": round(seconds, 4), **facts,
        }  # fmt: skip
        level = logging.DEBUG if context.api == "health" else logging.INFO
        LOG.log(level, json.dumps(line, ensure_ascii=True))


EXPOSED = (
    "X-Request-Id, X-Sample-Rate, X-Seed, X-Voice, X-Cache, X-Audio-Duration, X-Warnings, "
    "Server-Timing, Retry-After"
)


class _Answer:
    """`send`, with our headers added and what was sent noted."""

    def __init__(
        self, send: Send, context: Context, extra: dict[str, str], turnstile: Turnstile
    ) -> None:
        self.send, self.context, self.extra, self.turnstile = send, context, extra, turnstile
        self.began = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self.turnstile.wait()  # many may have waited for the same sound
            self.began = True
            self.context.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self.extra.items():
                headers[name] = value
        await self.send(message)


async def Preflight(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: N802
    """The answer to a page's question whether it may ask, with whatever headers its library has."""
    asked = Headers(scope=scope).get("access-control-request-headers", "")
    headers = [
        (b"access-control-allow-methods", b"GET, POST, DELETE"),
        (b"access-control-allow-headers", asked.encode("latin-1")),
        (b"access-control-max-age", b"600"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _ID.fullmatch(given) else f"req_{secrets.token_hex(16)}"


def _too_often(verdict: Verdict) -> Problem:
    return Problem(
        429,
        "rate_limit_exceeded",
        f"more than {verdict.limit} calls in the time that is allowed for them",
        headers=retry(verdict.retry_after_s),
        kind="requests",
    )


def _check_length(headers: Headers, limit: int) -> None:
    """Refuse by what the client announces, before a byte of it is read."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)


def _bounded(receive: Receive, limit: int) -> Receive:
    n_bytes = 0

    async def bounded() -> Message:
        nonlocal n_bytes
        message = await receive()
        n_bytes += len(message.get("body", b""))
        if n_bytes > limit:
            raise _too_large(limit)
        return message

    return bounded


def _too_large(limit: int) -> Problem:
    message = f"the body is larger than {limit >> 10} KiB"
    return Problem(TOO_LARGE, "request_too_large", message, headers={"Connection": "close"})


async def _drain(receive: Receive) -> None:
    """Throw away what a client still sends, within reason: cut off, it would not hear why."""
    n_bytes = 0
    with contextlib.suppress(asyncio.TimeoutError):
        while n_bytes < MAX_DRAINED:
            message = await asyncio.wait_for(receive(), DRAIN_S)
            n_bytes += len(message.get("body", b""))
            if not message.get("more_body", False):
                return
