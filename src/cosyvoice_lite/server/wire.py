"""What the service and its worker say to each other: frames of msgpack through two pipes."""

from __future__ import annotations

import asyncio
import struct
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from cosyvoice_lite import errors
from cosyvoice_lite.errors import CosyError, OverloadError
from cosyvoice_lite.server.cache import Facts
from cosyvoice_lite.server.settings import Settings
from cosyvoice_lite.server.speech import Recording, Speech
from cosyvoice_lite.server.voices import VoiceRef

LENGTH = struct.Struct(">I")

# --- to the worker --------------------------------------------------------------------------------


class Open(Struct, tag=True):
    """The first message: what to load."""

    path: str
    settings: Settings
    voices: str


class Speak(Struct, tag=True):
    """Begin a request; `seconds` are left for it."""

    id: int
    speech: Speech
    seconds: float | None


class More(Struct, tag=True):
    """A part of a request was taken: there is room for another."""

    id: int


class Cancel(Struct, tag=True):
    """Nobody waits for this request any longer."""

    id: int


class Explain(Struct, tag=True):
    id: int
    speech: Speech


class Estimate(Struct, tag=True):
    id: int
    speech: Speech


class Keep(Struct, tag=True):
    """Write the voice of a recording, or else a blend, into a file."""

    id: int
    recording: Recording | None
    blend: VoiceRef | None
    path: str


# --- from the worker ------------------------------------------------------------------------------


class Opened(Struct, tag=True):
    """The model is loaded."""


class Part(Struct, tag=True):
    """Some bytes of an answer."""

    id: int
    media_type: str
    sample_rate: int
    seed: int
    seconds: dict[str, float]
    content: bytes


class Done(Struct, tag=True):
    """All of an answer was sent."""

    id: int
    facts: Facts
    seconds: dict[str, float]


class Result(Struct, tag=True):
    """The answer to a question."""

    id: int
    value: Any


class Failed(Struct, tag=True):
    """Why a request, or with id 0 the loading, came to nothing."""

    id: int
    kind: str
    message: str
    reason: str = ""
    retry_after_s: float = 0.0


class Stats(Struct, tag=True):
    """How the worker is, a few times a second while it works."""

    resident: int
    promised: int
    work_s: float
    depth: dict[str, int]
    is_stuck: bool
    counts: list[tuple[str, dict[str, str], float]]
    observations: list[tuple[str, dict[str, str], list[float]]]


ToWorker = Open | Speak | More | Cancel | Explain | Estimate | Keep
FromWorker = Opened | Part | Done | Result | Failed | Stats
_TO = msgspec.msgpack.Decoder(ToWorker)
_FROM = msgspec.msgpack.Decoder(FromWorker)


def pack(message: ToWorker | FromWorker) -> bytes:
    """A frame."""
    content = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(content)) + content


def read_command(stream: BinaryIO) -> ToWorker | None:
    """The next message to the worker; None when the service has gone."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    content = stream.read(size)
    return _TO.decode(content) if len(content) == size else None


async def read_news(stream: asyncio.StreamReader) -> FromWorker | None:
    """The next message from the worker; None when it has gone."""
    try:
        (size,) = LENGTH.unpack(await stream.readexactly(LENGTH.size))
        return _FROM.decode(await stream.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def failed(number: int, error: CosyError) -> Failed:
    """An error on its way."""
    if isinstance(error, OverloadError):
        return Failed(number, "OverloadError", str(error), error.reason, error.retry_after_s)
    return Failed(number, type(error).__name__, str(error))


def error_of(told: Failed) -> CosyError:
    """The same error on the other side."""
    if told.kind == "OverloadError":
        return OverloadError(told.message, told.reason, told.retry_after_s)
    kind: type[CosyError] = getattr(errors, told.kind)
    return kind(told.message)
