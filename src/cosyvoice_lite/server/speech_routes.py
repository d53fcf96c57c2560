"""Routes that speak: the article's, OpenAI's, captions."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cosyvoice_lite.server.answers import (
    SpeechEvents,
    StreamedSpeech,
    Watch,
    headers_of,
    in_time,
    speech_in_json,
    timestamps,
    while_there,
    whole_speech,
)
from cosyvoice_lite.server.asked import Asked, from_base64
from cosyvoice_lite.server.cache import Facts
from cosyvoice_lite.server.flight import Flight, Head
from cosyvoice_lite.server.names import voice_id
from cosyvoice_lite.server.problems import Problem
from cosyvoice_lite.server.schemas import ArticleBody, CaptionsBody, SpeechBody, parse
from cosyvoice_lite.server.service import Service
from cosyvoice_lite.server.speech import SIZED, Speech

OPENAI_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")


async def article(service: Service, request: Request) -> Response:
    """POST /tts: JSON with a complete WAV in base64."""
    body, unknown = parse(await request.body(), ArticleBody, strict=service.settings.strict)
    asked = Asked.of(service, request, body.text, "text")
    asked.manner(body)
    asked.voice(body.speaker, "speaker")
    asked.unknown(unknown)
    with_words = body.timestamps != "none"
    speech = asked.speech("wav", whole=True, speed=body.speed, with_words=with_words)
    flight, how, content = await collected(service, request, speech)
    head, facts = _landed(flight)
    return speech_in_json(
        content,
        {
            "duration": round(facts.duration_s, 3),
            "sample_rate": facts.sample_rate,
            "format": "wav",
            "speaker": body.speaker or _voice_name(speech),
            "language": speech.language or "auto",
            "seed": facts.seed,
            "request_id": asked.context.id,
            "rtf": _rtf(head, facts.duration_s),
            **_timestamps(facts, body.timestamps),
        },
        headers_of(head, how, _voice_name(speech), asked.warnings, facts),
    )


async def openai(service: Service, request: Request) -> Response:
    """POST /v1/audio/speech."""
    body, unknown = parse(await request.body(), SpeechBody, strict=service.settings.strict)
    check_model(service, body.model)
    asked = Asked.of(service, request, body.input, "input")
    asked.manner(body)
    asked.unknown(unknown)
    asked.instruct(body.instructions)
    if body.ref_audio is not None:
        limit = service.settings.max_upload << 20
        content = from_base64(body.ref_audio, limit, "ref_audio")
        asked.recording(content, body.ref_text, "ref_audio")
    else:
        asked.voice(body.voice)
    events = body.stream_format == "sse"
    if body.timestamps != "none" and not events:
        asked.warnings.append("timestamps-ignored")
    streams = body.stream if body.stream is not None else body.response_format not in SIZED
    speech = asked.speech(
        body.response_format,
        whole=not (streams or events),
        in_chunks=bool(body.stream or body.stream_format),
        speed=body.speed,
        with_words=events and body.timestamps != "none",
    )
    if streams or events:
        wanted = body.timestamps if events else None
        return await streamed(service, request, speech, asked.warnings, timestamps=wanted)
    flight, how, content = await collected(service, request, speech)
    head, facts = _landed(flight)
    headers = headers_of(head, how, _voice_name(speech), asked.warnings, facts)
    return whole_speech(content, head.media_type, headers)


async def captions(service: Service, request: Request) -> Response:
    """POST /v1/audio/captions: when each sentence is spoken."""
    from cosyvoice_lite.audio.subtitles import srt, vtt

    body, unknown = parse(await request.body(), CaptionsBody, strict=service.settings.strict)
    asked = Asked.of(service, request, body.input, "input")
    asked.manner(body)
    asked.unknown(unknown)
    asked.voice(body.voice)
    speech = asked.speech(body.audio_format, whole=True, speed=body.speed, with_words=True)
    flight, how, content = await collected(service, request, speech)
    head, facts = _landed(flight)
    headers = headers_of(head, how, _voice_name(speech), asked.warnings, facts)
    if body.response_format == "srt":
        text = srt(facts.cues)
        return PlainTextResponse(text, media_type="application/x-subrip", headers=headers)
    if body.response_format == "vtt":
        return PlainTextResponse(vtt(facts.cues), media_type="text/vtt", headers=headers)
    cues = [{"start": c.start_s, "end": c.end_s, "text": c.text} for c in facts.cues]
    told: dict[str, Any] = {
        "audio_format": body.audio_format,
        "duration": facts.duration_s,
        "sample_rate": facts.sample_rate,
        "segments": cues,
        "marks": dict(facts.marks),
        **_timestamps(facts, body.timestamps),
    }
    return speech_in_json(content, told, headers)


async def streamed(
    service: Service,
    request: Request,
    speech: Speech,
    warnings: list[str],
    *,
    timestamps: str | None = None,
    media_type: str | None = None,
) -> Response:
    """An answer that begins when the first sound is there.

    Args:
        timestamps: which to tell at the end of events; None sends the bytes alone.
    """
    context = request.state.context
    reader, how = await service.speaker.ask(speech)
    try:
        head = await while_there(request, in_time(speech, reader.ready()))
    except BaseException:
        reader.close()
        raise
    headers = headers_of(head, how, _voice_name(speech), warnings)
    context.facts |= {"streaming": True, "seed": head.seed, "cache": how}
    watch = Watch(context, service.metrics)
    if timestamps is not None:
        with_done = service.settings.sse_done
        return SpeechEvents(reader, headers, watch, with_done=with_done, timestamps=timestamps)
    return StreamedSpeech(reader, media_type or head.media_type, headers, watch)


async def collected(
    service: Service, request: Request, speech: Speech
) -> tuple[Flight, str, bytes]:
    """An answer when all of it is there."""
    context = request.state.context
    reader, how = await service.speaker.ask(speech)
    try:
        content = await while_there(request, in_time(speech, reader.rest()))
    finally:
        reader.close()
    Watch(context, service.metrics).sent()
    context.facts |= {"seed": _landed(reader.flight)[0].seed, "cache": how}
    return reader.flight, how, content


def check_model(service: Service, asked: str) -> None:
    """Raise unless a model's name is ours, or one of those that stand for it."""
    ours = (service.identity.model_id, service.identity.name)
    known = tuple(dict.fromkeys((*ours, *OPENAI_MODELS)))  # the same name may be both
    if asked not in known and not service.settings.any_model:
        raise Problem(
            404,
            "model_not_found",
            f"unknown model {asked!r}; there are {', '.join(known)}",
            "model",
        )


def _landed(flight: Flight) -> tuple[Head, Facts]:
    if flight.head is None or flight.facts is None:
        raise RuntimeError("an answer that is not complete")
    return flight.head, flight.facts


def _timestamps(facts: Facts, wanted: str) -> dict[str, Any]:
    told = timestamps(facts, wanted)
    return {} if told is None else {"timestamps": told}


def _voice_name(speech: Speech) -> str:
    if speech.voice is None:
        return "recording"
    parts = speech.voice.parts
    return voice_id(parts[0][0]) if len(parts) == 1 else speech.voice.key


def _rtf(head: Head, duration_s: float) -> float | None:
    spent = sum(s for stage, s in head.seconds.items() if stage != "queue")
    return round(spent / duration_s, 3) if duration_s and spent else None
