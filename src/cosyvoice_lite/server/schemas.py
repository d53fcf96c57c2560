"""Request bodies: fields, types, ranges; what a client sends is checked against these alone."""

from __future__ import annotations

import contextlib
import functools
import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from cosyvoice_lite.server.problems import Problem

Format = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
Text = Annotated[str, Meta(min_length=1, description="the text", examples=["你好，世界。"])]
Speed = Annotated[float, Meta(ge=0.25, le=4.0, description="2 is twice as fast")]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 1, description="the same seed, the same speech")]
Language = Annotated[
    str,
    Meta(
        pattern="^(auto|zh|en|ja|jp|ko|yue|[a-zA-Z]{2,3}-[a-zA-Z0-9-]{2,20})$",
        description="of the text: auto, zh, en, ja, ko, yue, or a tag such as zh-CN, zh-HK",
    ),
]
Solver = Literal["exact", "balanced", "fast"]
Emotion = Annotated[str, Meta(max_length=32, description="happy, sad, angry … where it can")]
Name = Annotated[str, Meta(min_length=1, max_length=100)]


class VoiceId(Struct, forbid_unknown_fields=True):
    """A voice by its id alone, as OpenAI's clients may write it."""

    id: Annotated[str, Meta(min_length=1, max_length=400)]


class Finishing(Struct, forbid_unknown_fields=True):
    """What is done to the finished speech; by default nothing."""

    trim: Annotated[bool, Meta(description="cut silence off either end")] = False
    denoise_db: Annotated[float, Meta(ge=0, le=40, description="turn noise down, dB")] = 0.0
    loudness_lufs: (
        Annotated[float, Meta(ge=-60, le=0, description="EBU R 128 loudness, LUFS")] | None
    ) = None
    peak_db: Annotated[float, Meta(ge=-60, le=0, description="highest true peak, dB")] | None = None
    fade_in_s: Annotated[float, Meta(ge=0, le=10, description="s")] = 0.0
    fade_out_s: Annotated[float, Meta(ge=0, le=10, description="s")] = 0.0


class Normalizing(Struct):
    """As other servers have it; what they know besides is ignored."""

    normalize: Annotated[bool, Meta(description="read numbers and symbols as words")] = True


class Manner(Struct, kw_only=True):
    """What all bodies share: our extensions of the APIs."""

    seed: Seed | None = None
    language: Language | None = None
    emotion: Emotion | None = None
    sample_rate: Annotated[int, Meta(ge=8000, le=48000, description="Hz")] | None = None
    solver: Solver | None = None
    markup: Annotated[bool, Meta(description="understand marks and SSML in the text")] = True
    ssml: Annotated[bool, Meta(description="the text is SSML; null: if it looks so")] | None = None
    normalization_options: Normalizing | None = None
    volume_multiplier: Annotated[float, Meta(ge=0, le=4, description="of the samples")] = 1.0
    timestamps: Annotated[
        Literal["none", "word", "char"],
        Meta(description="found in the sound; in JSON answers, and at the end of events"),
    ] = "none"
    cache: Annotated[bool, Meta(description="answer with what was spoken before")] = True
    finish: Finishing | None = None
    priority: Literal["interactive", "batch"] = "interactive"
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=1, le=100000)] | None = None
    win_size: Annotated[int, Meta(ge=1, le=10000)] | None = None
    tau_r: Annotated[float, Meta(ge=0, le=1000)] | None = None
    min_token_text_ratio: Annotated[float, Meta(ge=0, le=100)] | None = None
    max_token_text_ratio: Annotated[float, Meta(ge=0, le=100)] | None = None


class ArticleBody(Manner, kw_only=True):
    """POST /tts."""

    text: Text
    speaker: Name | None = None
    speed: Speed = 1.0


class SpeechBody(Manner, kw_only=True):
    """POST /v1/audio/speech."""

    model: Annotated[str, Meta(min_length=1, max_length=200, examples=["tts-1"])]
    input: Text
    voice: Annotated[str, Meta(min_length=1, max_length=400, examples=["alloy"])] | VoiceId
    instructions: Annotated[str, Meta(max_length=4096)] | None = None
    response_format: Format = "mp3"
    speed: Speed = 1.0
    stream_format: (
        Annotated[
            Literal["audio", "sse"], Meta(description="named, sentences are sent while spoken")
        ]
        | None
    ) = None
    stream: (
        Annotated[
            bool,
            Meta(description="true: sentences are sent while spoken; false: whole, length known"),
        ]
        | None
    ) = None
    ref_audio: Annotated[str, Meta(description="a recording to take after, base64")] | None = None
    ref_text: Annotated[str, Meta(max_length=1000, description="what it says")] | None = None


class CaptionsBody(Manner, kw_only=True):
    """POST /v1/audio/captions."""

    input: Text
    voice: Annotated[str, Meta(min_length=1, max_length=400)] | VoiceId | None = None
    model: str | None = None
    speed: Speed = 1.0
    response_format: Literal["srt", "vtt", "json"] = "srt"
    audio_format: Annotated[Format, Meta(description="of the sound in a json answer")] = "mp3"


class NormalizeBody(Struct, kw_only=True):
    """POST /v1/text/normalize."""

    text: Text
    language: Language | None = None
    voice: Name | None = None
    markup: bool = True


class ConsentBody(Struct, kw_only=True):
    """POST /v1/audio/voice_consents/{id}."""

    name: Name


ALIASES = {"lang_code": "language"}
B = TypeVar("B", bound=Struct)

_MISSING = re.compile(r"missing required field `(\w+)`")
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_PATTERN = re.compile(r"Expected `str` matching regex .*", re.DOTALL)
_LANGUAGES = "expected auto, zh, en, ja, ko, yue, or a tag such as zh-CN"
"""In place of the pattern, of which there is but that of a language."""


def prepare(body: type[Struct]) -> None:
    """Have the types of a body read now, not with the first request: it takes some 40 ms."""
    _required(body)
    with contextlib.suppress(msgspec.ValidationError):
        msgspec.convert({}, body)


def parse(content: bytes, body: type[B], *, strict: bool = False) -> tuple[B, list[str]]:
    """A body, and the names of fields that nobody knows.

    Raises:
        Problem: not JSON, or not such a body.
    """
    try:
        fields = msgspec.json.decode(content)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Problem(400, "invalid_json", f"the body is not JSON: {error}"[:300]) from None
    if not isinstance(fields, dict):
        raise Problem(400, "invalid_type", "the body must be a JSON object")
    fields = {ALIASES.get(name, name): value for name, value in fields.items()}
    unknown = [name[:50] for name in fields if name not in body.__struct_fields__]
    if unknown and strict:
        raise Problem(400, "invalid_value", f"unknown field {unknown[0]!r}", unknown[0])
    return convert(_present(fields, body), body), unknown


def convert(fields: dict[str, Any], body: type[B], *, from_text: bool = False) -> B:
    """Fields as a body; `from_text` reads numbers from strings, as forms have them."""
    try:
        return msgspec.convert(fields, body, strict=not from_text)
    except msgspec.ValidationError as error:
        raise _wrong(str(error)) from None


def _present(fields: dict[str, Any], body: type[Struct]) -> dict[str, Any]:
    """Without those that are null where null means absent."""
    required = _required(body)
    return {n: value for n, value in fields.items() if value is not None or n in required}


@functools.cache
def _required(body: type[Struct]) -> frozenset[str]:
    return frozenset(f.name for f in msgspec.structs.fields(body) if f.required)


def _wrong(message: str) -> Problem:
    if found := _MISSING.search(message):
        name = found[1]
        return Problem(400, "missing_required_parameter", f"missing field {name!r}", name)
    place = _PLACE.search(message)
    name = re.split(r"[.\[]", place[1])[0] if place else ""
    what = _PLACE.sub("", message)
    code = "invalid_type"
    if "of length <=" in what:
        code = "string_above_max_length"
    elif any(sign in what for sign in ("<=", ">=", "matching", "enum", "length")):
        code = "invalid_value"
    what = _PATTERN.sub(_LANGUAGES, what)
    return Problem(400, code, f"{name}: {what}" if name else what, name or None)
