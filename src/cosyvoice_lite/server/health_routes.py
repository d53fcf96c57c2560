"""Routes for those who watch over the service."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

import cosyvoice_lite
from cosyvoice_lite.errors import BundleError
from cosyvoice_lite.server.identity import Identity
from cosyvoice_lite.server.memory import budget
from cosyvoice_lite.server.problems import Problem, retry
from cosyvoice_lite.server.service import Service


async def live(service: Service, request: Request) -> Response:
    """GET /livez: the event loop answers, and the engine is not stuck."""
    if service.is_stuck():
        raise Problem(503, "internal_error", "the engine hangs", headers=retry(10))
    return JSONResponse({"status": "ok"})


async def ready(service: Service, request: Request) -> Response:
    """GET /readyz: work is accepted. A lazy model is ready when its files are there."""
    if service.speaker.is_draining:
        raise Problem(503, "draining", "the service is shutting down", headers=retry(5))
    if service.pool.cooling_s > 0:
        raise Problem(
            503, "model_load_failed", service.pool.failure,
            headers=retry(service.pool.cooling_s),
        )  # fmt: skip
    if not service.is_started:
        raise Problem(503, "model_loading", "the model is being loaded", headers=retry(2))
    if service.pool.model is None:
        try:
            Identity.read(service.identity.path)
        except BundleError:
            raise Problem(
                503, "model_load_failed", "the model's files are missing or changed",
                headers=retry(30),
            ) from None  # fmt: skip
    return JSONResponse({"status": "ready"})


async def started(service: Service, request: Request) -> Response:
    """GET /startupz: the first load, where one was asked for, is over."""
    if not service.is_started:
        raise Problem(503, "model_loading", "the model is being loaded", headers=retry(2))
    return JSONResponse({"status": "started"})


async def health(service: Service, request: Request) -> Response:
    """GET /health: what is going on."""
    status = "healthy"
    if service.pool.cooling_s > 0 or service.is_stuck():
        status = "degraded"
    if service.speaker.is_draining:
        status = "draining"
    s, identity = service.settings, service.identity
    told: dict[str, Any] = {
        "status": status,
        "model": {
            "id": identity.model_id,
            "state": service.model_state,
            "precision": identity.precision,
            "capabilities": list(identity.capabilities),
        },
        "queue": {"depth": sum(service.depth().values()), "capacity": s.max_requests},
        "memory": {"rss": service.resident_bytes(), "budget": budget(s.memory_limit)},
        "version": cosyvoice_lite.__version__,
        "uptime_s": round(service.uptime_s, 1),
    }
    return JSONResponse(told, 200 if status == "healthy" else 503)


async def metrics(service: Service, request: Request) -> Response:
    """GET /metrics: for Prometheus."""
    return PlainTextResponse(service.metrics.text(), media_type="text/plain; version=0.0.4")


async def config(service: Service, request: Request) -> Response:
    """GET /v1/config: the settings in force, secrets hidden."""
    return JSONResponse(service.settings.public())
