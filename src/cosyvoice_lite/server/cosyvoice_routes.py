"""CosyVoice's own routes, so that its clients work unchanged: form fields in, naked PCM out.

Its client sends GET with a body, urlencoded or multipart; browsers send a query. Both are read.
"""

from __future__ import annotations

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from cosyvoice_lite.server.asked import INSTRUCT, Asked
from cosyvoice_lite.server.forms import bounded_file, form_of, required
from cosyvoice_lite.server.problems import Problem
from cosyvoice_lite.server.service import Service
from cosyvoice_lite.server.speech_routes import streamed

FIELDS = {
    "/inference_sft": ("tts_text", "spk_id"),
    "/inference_zero_shot": ("tts_text", "prompt_text", "prompt_wav"),
    "/inference_cross_lingual": ("tts_text", "prompt_wav"),
    "/inference_instruct": ("tts_text", "spk_id", "instruct_text"),
    "/inference_instruct2": ("tts_text", "instruct_text", "prompt_wav"),
}
ENCODERS = ("campplus.onnx", "speech_tokenizer_v1.onnx")


async def inference(service: Service, request: Request) -> Response:
    """Any of the five."""
    path = request.url.path
    async with form_of(request) as form:
        fields = _fields(form, request, FIELDS[path])
        asked = Asked.of(service, request, fields["tts_text"], "tts_text")
        asked.options["solver"] = service.settings.solver
        await _who(asked, service, form, fields)
    _how(asked, service, path, fields)
    format = _chosen(request, "format", ("pcm", "wav"))
    in_chunks = _chosen(request, "stream", ("true", "false")) == "true"
    rate = service.identity.sample_rate
    asked.options["sample_rate"] = rate
    speech = asked.speech(format, whole=False, in_chunks=in_chunks)
    media_type = "application/octet-stream" if format == "pcm" else None
    return await streamed(service, request, speech, asked.warnings, media_type=media_type)


async def _who(asked: Asked, service: Service, form: FormData, fields: dict[str, str]) -> None:
    if "spk_id" in fields:
        asked.voice(fields["spk_id"], "spk_id")
        return
    upload = form.get("prompt_wav")
    if not isinstance(upload, UploadFile):
        raise Problem(400, "missing_required_parameter", "missing file 'prompt_wav'", "prompt_wav")
    need_encoders(service, "prompt_wav")
    content = await bounded_file(upload, service.settings.max_upload << 20, "prompt_wav")
    asked.recording(content, fields.get("prompt_text"), "prompt_wav")


def _how(asked: Asked, service: Service, path: str, fields: dict[str, str]) -> None:
    """The mode is what the route says, whatever the model would choose."""
    asked.options["mode"] = {
        "/inference_sft": "sft",
        "/inference_zero_shot": "zero_shot",
        "/inference_cross_lingual": "cross_lingual",
    }.get(path)
    if "instruct_text" in fields:
        if path == "/inference_instruct2" or INSTRUCT not in service.identity.capabilities:
            raise Problem(
                400, "unsupported_by_model", "this model takes no instructions", "instruct_text"
            )
        asked.options["instruct"] = fields["instruct_text"]


def need_encoders(service: Service, param: str) -> None:
    """Raise unless the model can take after recordings, such as the one in `param`."""
    if any(name not in service.identity.files for name in ENCODERS):
        raise Problem(400, "unsupported_by_model", "this model can't take after recordings", param)


def _chosen(request: Request, name: str, choices: tuple[str, ...]) -> str:
    """One of `choices` from the query; the first of them if it is not there."""
    value = request.query_params.get(name, choices[0])
    if value not in choices:
        raise Problem(400, "invalid_value", f"{name} must be {' or '.join(choices)}", name)
    return value


def _fields(form: FormData, request: Request, names: tuple[str, ...]) -> dict[str, str]:
    return {
        name: required(form, request.query_params, name) for name in names if name != "prompt_wav"
    }
