"""Routes about voices and models: what there is, and adding to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cosyvoice_lite.server.answers import while_there
from cosyvoice_lite.server.asked import language
from cosyvoice_lite.server.consents import PREFIX, is_consent
from cosyvoice_lite.server.cosyvoice_routes import need_encoders
from cosyvoice_lite.server.forms import bounded_file, checked_name, form_of, optional, required
from cosyvoice_lite.server.problems import Problem
from cosyvoice_lite.server.service import Service
from cosyvoice_lite.server.speech import Recording
from cosyvoice_lite.server.speech_routes import OPENAI_MODELS
from cosyvoice_lite.server.voices import VoiceRef

MAX_NOTE = 2000


async def models(service: Service, request: Request) -> Response:
    """GET /v1/models."""
    ids = (service.identity.model_id, *OPENAI_MODELS)
    if "xi-api-key" in request.headers:  # ElevenLabs has the same path, and another shape
        return JSONResponse([{"model_id": name, "name": name} for name in ids])
    return JSONResponse({"object": "list", "data": [_model(service, name) for name in ids]})


async def model(service: Service, request: Request) -> Response:
    """GET /v1/models/{id}."""
    asked = request.path_params["model"]
    if asked not in (service.identity.model_id, service.identity.name, *OPENAI_MODELS):
        raise Problem(404, "model_not_found", f"unknown model {asked[:100]!r}", "model")
    return JSONResponse(_model(service, asked))


async def audio_models(service: Service, request: Request) -> Response:
    """GET /v1/audio/models."""
    ids = (service.identity.model_id, *OPENAI_MODELS)
    return JSONResponse({"models": [{"id": name} for name in ids]})


async def voices(service: Service, request: Request) -> Response:
    """GET /v1/audio/voices. Added voices are shown to those with a key, where keys are wanted."""
    rows = service.voices.rows(with_added=request.state.context.has_key)
    legacy = request.query_params.getlist("legacy")
    if not {*legacy} <= {"true", "false"}:
        raise Problem(400, "invalid_value", "legacy must be true or false", "legacy")
    if "true" in legacy:
        return JSONResponse({"voices": [row["id"] for row in rows]})
    return JSONResponse({"object": "list", "voices": rows, "data": rows})


async def voice(service: Service, request: Request) -> Response:
    """GET /v1/audio/voices/{id}."""
    row = service.voices.row(request.path_params["voice"])
    return JSONResponse({"object": "audio.voice", **row})


async def delete_voice(service: Service, request: Request) -> Response:
    """DELETE /v1/audio/voices/{id}."""
    deleted = service.voices.delete(request.path_params["voice"])
    return JSONResponse({"id": deleted, "object": "audio.voice", "deleted": True})


async def add_voice(service: Service, request: Request) -> Response:
    """POST /v1/audio/voices: from a recording, with the consent of who speaks, or from a blend."""
    async with form_of(request) as form, service.listening.take():
        name = checked_name(required(form, {}, "name"))
        _check_new(service, name)
        if (blend := optional(form, "blend")) is not None:
            return await _add(service, request, name, "blend", None, service.voices.find(blend), {})
        upload = form.get("audio_sample")
        if not isinstance(upload, UploadFile):
            raise Problem(
                400, "missing_required_parameter", "missing file 'audio_sample'", "audio_sample"
            )
        consent = optional(form, "consent")
        if consent is None and optional(form, "consent_confirmed") != "true":
            raise Problem(
                403, "consent_required",
                "say in 'consent' what the speaker agreed to, or consent_confirmed=true", "consent",
            )  # fmt: skip
        if consent is not None and consent.startswith(PREFIX):
            _check_kept(service, consent)
        need_encoders(service, "audio_sample")
        content = await bounded_file(upload, service.settings.max_upload << 20, "audio_sample")
        request.state.context.recording_field = "audio_sample"
        recording = Recording(content, optional(form, "prompt_text"))
        facts = {
            "language": language(optional(form, "language")),
            "consent": (consent or "confirmed")[:MAX_NOTE],
            "has_transcript": recording.transcript is not None,
        }
        return await _add(service, request, name, "clone", recording, None, facts)


async def _add(
    service: Service,
    request: Request,
    name: str,
    kind: str,
    recording: Recording | None,
    blend: VoiceRef | None,
    facts: dict[str, Any],
) -> Response:
    async def work() -> dict[str, Any]:
        async with service.pool.lease() as worker:

            async def write(path: Path) -> None:
                await worker.keep(recording, blend, path)
                if is_consent(consent := facts.get("consent", "")):  # it may be withdrawn by now
                    _check_kept(service, consent)

            return await service.voices.add(name, kind, write, **facts)

    row = await while_there(request, work())
    return JSONResponse({"object": "audio.voice", **row})


def _check_kept(service: Service, consent: str) -> None:
    """What looks like the id of a consent must be one."""
    if not is_consent(consent) or consent not in service.consents.kept:
        raise Problem(400, "consent_not_found", f"there is no consent {consent[:100]!r}", "consent")


def _check_new(service: Service, name: str) -> None:
    """A name that means another voice would never be heard."""
    try:
        service.voices.row(name)
    except Problem:
        return
    raise Problem(400, "invalid_value", f"there is a voice {name!r} already", "name")


def _model(service: Service, name: str) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": service.identity.created,
        "owned_by": "cosyvoice-lite",
    }
