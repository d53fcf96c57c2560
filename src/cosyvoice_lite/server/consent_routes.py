"""Routes about consents, as OpenAI's API has them."""

from __future__ import annotations

import re

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cosyvoice_lite.server.answers import while_there
from cosyvoice_lite.server.forms import bounded_file, checked_name, form_of, required
from cosyvoice_lite.server.listening import check_recording
from cosyvoice_lite.server.problems import Problem
from cosyvoice_lite.server.schemas import ConsentBody, parse
from cosyvoice_lite.server.service import Service

SHOWN, MOST_SHOWN = 20, 100
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
"""Of a language, BCP 47, as far as anybody needs it."""


async def add_consent(service: Service, request: Request) -> Response:
    """POST /v1/audio/voice_consents: the recording of a person who agrees."""
    async with form_of(request) as form:
        name = checked_name(required(form, {}, "name"))
        language = required(form, {}, "language")
        if not _TAG.fullmatch(language):
            raise Problem(400, "invalid_value", "language must be a tag such as en-GB", "language")
        upload = form.get("recording")
        if not isinstance(upload, UploadFile):
            raise Problem(
                400, "missing_required_parameter", "missing file 'recording'", "recording"
            )
        async with service.listening.take():
            content = await bounded_file(upload, service.settings.max_upload << 20, "recording")
            await while_there(request, check_recording(content))
            consent = await service.consents.add(name, language, content)
    return JSONResponse(consent.row)


async def consents(service: Service, request: Request) -> Response:
    """GET /v1/audio/voice_consents."""
    asked = request.query_params
    limit = asked.get("limit", str(SHOWN))
    if not re.fullmatch("[0-9]{1,3}", limit) or not 1 <= int(limit) <= MOST_SHOWN:
        raise Problem(400, "invalid_value", f"limit must be 1 to {MOST_SHOWN}", "limit")
    return JSONResponse(service.consents.page(asked.get("after"), int(limit)))


async def consent(service: Service, request: Request) -> Response:
    """GET /v1/audio/voice_consents/{id}."""
    return JSONResponse(service.consents.one(request.path_params["consent"]).row)


async def rename_consent(service: Service, request: Request) -> Response:
    """POST /v1/audio/voice_consents/{id}."""
    body, _ = parse(await request.body(), ConsentBody, strict=service.settings.strict)
    found = await service.consents.rename(request.path_params["consent"], checked_name(body.name))
    return JSONResponse(found.row)


async def delete_consent(service: Service, request: Request) -> Response:
    """DELETE /v1/audio/voice_consents/{id}."""
    number = request.path_params["consent"]
    service.consents.delete(number, service.voices.made_with(number))
    return JSONResponse({"id": number, "object": "audio.voice_consent", "deleted": True})
