"""Routes that read and do not speak: what would be said, and what it would take."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cosyvoice_lite.server.answers import while_there
from cosyvoice_lite.server.asked import Asked, language
from cosyvoice_lite.server.schemas import NormalizeBody, SpeechBody, parse
from cosyvoice_lite.server.service import Service
from cosyvoice_lite.server.speech_routes import check_model


async def normalize(service: Service, request: Request) -> Response:
    """POST /v1/text/normalize: segments, and which rule rewrote what."""
    body, unknown = parse(await request.body(), NormalizeBody, strict=service.settings.strict)
    asked = Asked.of(service, request, body.text, "text")
    asked.options |= {"language": language(body.language), "markup": body.markup}
    asked.voice(body.voice)
    asked.unknown(unknown)
    speech = asked.speech("wav", whole=True)

    async def work() -> dict[str, Any]:
        async with service.pool.lease() as worker:
            return await worker.explain(speech)

    return JSONResponse(await while_there(request, work()))


async def estimate(service: Service, request: Request) -> Response:
    """POST /v1/audio/speech/estimate: the same body as for speech."""
    body, unknown = parse(await request.body(), SpeechBody, strict=service.settings.strict)
    check_model(service, body.model)
    asked = Asked.of(service, request, body.input, "input")
    asked.manner(body)
    asked.voice(body.voice)
    asked.unknown(unknown)
    speech = asked.speech(body.response_format, whole=True, speed=body.speed)

    async def work() -> dict[str, Any]:
        async with service.pool.lease() as worker:
            return await worker.estimate(speech)

    return JSONResponse(await while_there(request, work()))
