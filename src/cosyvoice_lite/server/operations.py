"""The table of routes: what answers where, and what is said of it in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from cosyvoice_lite.server import (
    consent_routes,
    cosyvoice_routes,
    health_routes,
    speech_routes,
    text_routes,
    voice_routes,
)
from cosyvoice_lite.server.schemas import (
    ArticleBody,
    CaptionsBody,
    ConsentBody,
    NormalizeBody,
    SpeechBody,
)
from cosyvoice_lite.server.service import Service

Handler = Callable[[Service, Request], Awaitable[Response]]
SOUNDS = (
    "audio/mpeg",
    "audio/ogg",
    "audio/opus",
    "audio/aac",
    "audio/flac",
    "audio/wav",
    "audio/pcm",
)


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    handler: Handler
    api: str
    """The name under which it is counted."""
    summary: str
    body: type[Struct] | None = None
    form: dict[str, str] = field(default_factory=dict)
    """Field → "text", "file", with ? where it may be left out."""
    answers: tuple[str, ...] = ("application/json",)
    """Media types of a good answer."""
    example: Any = None
    statuses: tuple[int, ...] = ()
    """Besides 200 and those that every route has."""
    query: dict[str, Any] = field(default_factory=dict)
    is_open: bool = False
    """Answered without a key."""
    makes_speech: bool = False


WORK = (400, 413, 415, 429, 503, 504)
RAW = ("application/octet-stream", "audio/wav")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST", "/tts", speech_routes.article, "tts",
        "Speak a text; JSON with a WAV in base64", ArticleBody,
        example={"text": "你好，世界。", "speaker": "female_1", "language": "zh"},
        statuses=WORK, makes_speech=True,
    ),
    Operation(
        "POST", "/v1/audio/speech", speech_routes.openai, "openai",
        "Speak a text, as OpenAI's API does", SpeechBody,
        answers=(*SOUNDS, "text/event-stream"),
        example={"model": "tts-1", "input": "Hello, world.", "voice": "alloy"},
        statuses=(404, *WORK), makes_speech=True,
    ),
    Operation(
        "POST", "/v1/audio/speech/estimate", text_routes.estimate, "openai",
        "What a text would take, without speaking", SpeechBody,
        example={"model": "tts-1", "input": "Hello, world.", "voice": "alloy"},
        statuses=(404, *WORK), makes_speech=True,
    ),
    Operation(
        "POST", "/v1/audio/captions", speech_routes.captions, "openai",
        "When each sentence is spoken", CaptionsBody,
        answers=("application/x-subrip", "text/vtt", "application/json"),
        example={"input": "Hello. How are you?", "voice": "alloy", "response_format": "srt"},
        statuses=WORK, makes_speech=True,
    ),
    Operation(
        "POST", "/v1/text/normalize", text_routes.normalize, "openai",
        "What would be said, and why", NormalizeBody,
        example={"text": "It costs €12.50 on 3 May.", "language": "en"},
        statuses=WORK, makes_speech=True,
    ),
    Operation("GET", "/v1/models", voice_routes.models, "openai", "Models", is_open=True),
    Operation(
        "GET", "/v1/models/{model}", voice_routes.model, "openai", "One model", statuses=(404,),
    ),
    Operation(
        "GET", "/v1/audio/models", voice_routes.audio_models, "openai", "Models, briefly",
        is_open=True,
    ),
    Operation(
        "GET", "/v1/audio/voices", voice_routes.voices, "openai", "Voices",
        statuses=(400,), is_open=True,
        query={"legacy": {"type": "string", "enum": ["true", "false"]}},
    ),
    Operation(
        "POST", "/v1/audio/voices", voice_routes.add_voice, "openai",
        "Add a voice: from a recording with its speaker's consent, or a blend like a(2)+b",
        form={
            "name": "text", "audio_sample": "file?", "consent": "text?",
            "consent_confirmed": "text?", "prompt_text": "text?", "language": "text?",
            "blend": "text?",
        },
        statuses=(403, *WORK), makes_speech=True,
    ),
    Operation(
        "GET", "/v1/audio/voices/{voice}", voice_routes.voice, "openai", "One voice",
        statuses=(404,),
    ),
    Operation(
        "DELETE", "/v1/audio/voices/{voice}", voice_routes.delete_voice, "openai",
        "Delete an added voice", statuses=(403, 404),
    ),
    Operation(
        "POST", "/v1/audio/voice_consents", consent_routes.add_consent, "openai",
        "Keep the recording of a person who agrees that a voice is made of theirs",
        form={"name": "text", "recording": "file", "language": "text"},
        statuses=(403, *WORK), makes_speech=True,
    ),
    Operation(
        "GET", "/v1/audio/voice_consents", consent_routes.consents, "openai", "Consents",
        statuses=(400,),
        query={
            "after": {"type": "string"},
            "limit": {"type": "integer", "minimum": 1, "maximum": consent_routes.MOST_SHOWN},
        },
    ),
    Operation(
        "GET", "/v1/audio/voice_consents/{consent}", consent_routes.consent, "openai",
        "One consent", statuses=(404,),
    ),
    Operation(
        "POST", "/v1/audio/voice_consents/{consent}", consent_routes.rename_consent, "openai",
        "Call a consent by another name", ConsentBody, example={"name": "Anna, spring 2026"},
        statuses=(404,),
    ),
    Operation(
        "DELETE", "/v1/audio/voice_consents/{consent}", consent_routes.delete_consent, "openai",
        "Delete a consent that no voice stands on", statuses=(403, 404),
    ),
    *(
        Operation(
            method, path, cosyvoice_routes.inference, "cosyvoice",
            "As CosyVoice's own server: 16-bit mono PCM without a header",
            form={name: "file" if name == "prompt_wav" else "text" for name in fields},
            answers=RAW, statuses=WORK, makes_speech=True,
            query={
                "format": {"type": "string", "enum": ["pcm", "wav"]},
                "stream": {"type": "string", "enum": ["true", "false"]},
            },
        )
        for path, fields in cosyvoice_routes.FIELDS.items()
        for method in ("GET", "POST")
    ),
    *(
        Operation("GET", path, handler, "health", summary, statuses=(503,), is_open=True)
        for path, handler, summary in (
            ("/livez", health_routes.live, "Is it alive"),
            ("/healthz", health_routes.live, "Is it alive"),
            ("/readyz", health_routes.ready, "Is work accepted"),
            ("/startupz", health_routes.started, "Has it started"),
            ("/health", health_routes.health, "What is going on"),
        )
    ),
    Operation(
        "GET", "/metrics", health_routes.metrics, "health", "Figures for Prometheus",
        answers=("text/plain",), is_open=True,
    ),
    Operation("GET", "/v1/config", health_routes.config, "health", "The settings in force"),
)  # fmt: skip
