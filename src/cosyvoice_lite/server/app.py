"""The application: wiring only."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send

from cosyvoice_lite.errors import CosyError, DeadlineError, OverloadError
from cosyvoice_lite.server.front import Doors, Front
from cosyvoice_lite.server.limits import Rate, RateLimiter
from cosyvoice_lite.server.openapi import document
from cosyvoice_lite.server.operations import OPERATIONS, Handler, Operation
from cosyvoice_lite.server.pages import docs, page, page_files
from cosyvoice_lite.server.schemas import prepare
from cosyvoice_lite.server.service import Service
from cosyvoice_lite.server.settings import Settings

LAG_PERIOD_S = 0.05
DOCUMENT = "/openapi.json"
FORM_ROOM = 64 << 10
"""Bytes of a form beside the recording in it."""


def create_app(settings: Settings) -> Front:
    """The service as an ASGI application.

    Raises:
        CosyError: there is no model, or a setting can't be.
    """
    service = Service(settings)
    rate = Rate.parse(settings.rate_limit)
    router = Router(_routes(service), redirect_slashes=False, lifespan=lambda _: _lifetime(service))
    return Front(
        router,
        service,
        RateLimiter(rate) if rate else None,
        _doors(settings),
        [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()],
    )


def _routes(service: Service) -> list[BaseRoute]:
    told = document(service.keys.wanted)

    async def openapi(service: Service, request: Request) -> Response:
        return JSONResponse(told)

    by_path: dict[str, list[Operation]] = {}
    for op in OPERATIONS:
        by_path.setdefault(op.path, []).append(op)
        if op.body is not None:
            prepare(op.body)
    routes: list[BaseRoute] = [
        Route(path, _Methods(service, ops), methods=[op.method for op in ops])
        for path, ops in by_path.items()
    ]
    routes.append(Route(DOCUMENT, _endpoint(service, openapi, "health")))
    if service.settings.page:
        routes.append(Route("/", _endpoint(service, page, "page")))
        routes.append(Route("/docs", _endpoint(service, docs, "page")))
        routes.append(Route("/page/{name}", _endpoint(service, page, "page")))
    return routes


class _Methods:
    """One path: the framework knows which methods it has, so that it can say so to others."""

    def __init__(self, service: Service, operations: list[Operation]) -> None:
        self.endpoints = {op.method: _endpoint(service, op.handler, op.api) for op in operations}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        method = "GET" if request.method == "HEAD" else request.method
        response = await self.endpoints[method](request)
        await response(scope, receive, send)


def _endpoint(
    service: Service, handler: Handler, api: str
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        request.state.context.api = api
        gauge = service.metrics
        gauge.add("requests_in_progress", 1, api=api)
        try:
            return await handler(service, request)
        except OverloadError as error:
            gauge.count("rejected_total", reason=error.reason)
            raise
        except DeadlineError:
            gauge.count("rejected_total", reason="timeout")
            raise
        finally:
            gauge.add("requests_in_progress", -1, api=api)

    return endpoint


def _doors(settings: Settings) -> Doors:
    opened = {op.path for op in OPERATIONS if op.is_open}
    static = {"/", "/docs", DOCUMENT, *(f"/page/{name}" for name in page_files())}
    max_body, max_upload = settings.max_body << 10, settings.max_upload << 20
    forms = {op.path: max_upload + FORM_ROOM for op in OPERATIONS if "file" in str(op.form)}
    in_json = {
        op.path: max_upload * 4 // 3 + max_body  # base64
        for op in OPERATIONS
        if op.body is not None and "ref_audio" in op.body.__struct_fields__
    }
    return Doors(
        open_paths=frozenset(opened | static),
        working=frozenset((op.method, op.path) for op in OPERATIONS if op.makes_speech),
        max_body=max_body,
        larger=forms | in_json,
    )


@contextlib.asynccontextmanager
async def _lifetime(service: Service) -> AsyncIterator[None]:
    """From the start, with whatever is to be loaded, to the end, when what runs has ended."""
    tasks = [asyncio.create_task(_measure_lag(service))]
    if service.settings.load == "eager":
        await service.pool.warm()
    elif service.settings.load == "background":
        tasks.append(asyncio.create_task(_warm(service)))
    service.is_started = service.settings.load != "background"
    gc.collect()
    gc.freeze()  # what is here now stays: a collection need not look at it, which takes 20 ms
    try:
        yield
    finally:
        gc.unfreeze()
        service.speaker.is_draining = True
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await service.speaker.close()
        await service.pool.close()


async def _warm(service: Service) -> None:
    with contextlib.suppress(CosyError):  # the log has it, and /readyz tells
        await service.pool.warm()
    service.is_started = True


async def _measure_lag(service: Service) -> None:
    """By how much the event loop is late, twenty times a second."""
    while True:
        due = time.monotonic() + LAG_PERIOD_S
        await asyncio.sleep(LAG_PERIOD_S)
        late = max(0.0, time.monotonic() - due)
        service.metrics.observe("event_loop_lag_seconds", late)
