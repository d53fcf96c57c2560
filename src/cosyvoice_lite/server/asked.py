"""From the body of a request to the speech it asks for."""

from __future__ import annotations

import base64
import binascii
import math
import time
from dataclasses import dataclass, field
from typing import Any

from msgspec import structs
from starlette.requests import Request

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.server.front import Context
from cosyvoice_lite.server.problems import Problem, problem
from cosyvoice_lite.server.schemas import Finishing, Manner, VoiceId
from cosyvoice_lite.server.service import Service
from cosyvoice_lite.server.speech import Recording, Speech
from cosyvoice_lite.text.emotion import manner

LANGUAGES = ("zh", "en", "ja", "ko", "yue")
SAMPLING = {  # our field → the model's name for it
    "top_p": "top_p",
    "top_k": "top_k",
    "win_size": "window",
    "tau_r": "max_repetition",
    "min_token_text_ratio": "min_token_text_ratio",
    "max_token_text_ratio": "max_token_text_ratio",
}
INSTRUCT = "instruct"


@dataclass
class Asked:
    """What a request says, as it is found out; then `speech` makes the value of it."""

    service: Service
    context: Context
    text: str
    text_field: str
    options: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def manner(self, body: Manner) -> None:
        """Take over what all bodies share."""
        sampling = tuple(
            (ours, value)
            for name, ours in SAMPLING.items()
            if (value := getattr(body, name)) is not None
        )
        self._check_emotion(body.emotion)
        options = body.normalization_options
        self.options |= {
            "seed": body.seed,
            "language": language(body.language),
            "emotion": body.emotion,
            "sample_rate": body.sample_rate,
            "solver": body.solver or self.service.settings.solver,
            "markup": body.markup,
            "ssml": body.ssml,
            "normalize": options is None or options.normalize,
            "volume": body.volume_multiplier,
            "use_cache": body.cache,
            "priority": body.priority,
            "sampling": sampling,
            "finish": _finish(body.finish),
        }

    def _check_emotion(self, emotion: str | None) -> None:
        try:
            manner(emotion, None, frozenset(self.service.identity.capabilities))
        except TextError as error:
            raise problem(error, "emotion") from None

    def voice(self, asked: str | VoiceId | None, param: str = "voice") -> None:
        """Find the voice; where none is named, one at home in the text's language."""
        name = asked.id if isinstance(asked, VoiceId) else asked
        if not self.service.identity.voices and not self.service.voices.added and name is None:
            raise Problem(400, "unsupported_by_model", "this model needs a recording", param)
        try:
            self.options["voice"] = self.service.voices.find(name or self._at_home())
        except Problem as problem:
            problem.param = param
            raise

    def _at_home(self) -> str | None:
        """The first of the model's voices that speaks the text's language, as `speak` chooses."""
        from cosyvoice_lite.text.languages import language_at_a_glance

        if self.service.voices.default:
            return None
        spoken = language_at_a_glance(self.text, self.options.get("language"))
        voices = self.service.identity.voices
        return next((name for name, language in voices.items() if language == spoken), None)

    def recording(self, content: bytes, transcript: str | None, param: str) -> None:
        """Take after a recording."""
        self.context.recording_field = param
        self.options["voice"] = None
        self.options["recording"] = Recording(content, transcript or None)

    def instruct(self, instructions: str | None) -> None:
        """An instruction, where the model understands one."""
        if not instructions or not instructions.strip():
            return
        if INSTRUCT in self.service.identity.capabilities:
            self.options["instruct"] = instructions
        elif self.service.settings.strict:
            raise Problem(
                400, "unsupported_by_model", "this model takes no instructions", "instructions"
            )
        else:
            self.warnings.append("instructions-ignored")

    def unknown(self, names: list[str]) -> None:
        self.warnings += [f"unknown-field:{name}" for name in names]

    def speech(
        self,
        format: str,
        *,
        whole: bool,
        in_chunks: bool = False,
        speed: float = 1.0,
        with_words: bool = False,
    ) -> Speech:
        """All of it.

        Raises:
            Problem: the text is empty or too long.
        """
        limit = self.service.settings.max_input_chars
        if not self.text.strip():
            raise Problem(400, "invalid_value", "the text is empty", self.text_field)
        if limit and len(self.text) > limit:
            raise Problem(
                400, "string_above_max_length",
                f"the text has {len(self.text)} characters, at most {limit} are allowed",
                self.text_field,
            )  # fmt: skip
        patience_s = self._patience_s()
        speech = Speech(
            self.text,
            format=format,
            whole=whole,
            in_chunks=in_chunks and not whole,
            speed=speed,
            with_words=with_words,
            owner=self.context.owner,
            deadline=time.monotonic() + patience_s,
            patience_s=patience_s,
            **self.options,
        )
        self._note(speech)
        return speech

    @classmethod
    def of(cls, service: Service, request: Request, text: str, text_field: str) -> Asked:
        context: Context = request.state.context
        asked = cls(service, context, text, text_field)
        context.text_field = text_field
        asked._timeout = request.headers.get("x-request-timeout", "")
        return asked

    _timeout: str = ""

    def _patience_s(self) -> float:
        seconds = self.service.settings.timeout
        if self._timeout:
            try:
                wanted = float(self._timeout)
            except ValueError:
                wanted = math.nan
            if not 0 < wanted < math.inf:
                raise Problem(
                    400, "invalid_value", "X-Request-Timeout must be seconds above 0",
                    "X-Request-Timeout",
                )  # fmt: skip
            seconds = min(seconds, wanted)
        return seconds

    def _note(self, speech: Speech) -> None:
        """For the log and the metrics: never the text itself."""
        spoken = speech.language or "auto"
        self.service.metrics.count("input_characters_total", len(self.text), language=spoken)
        self.context.facts |= {
            "characters": len(self.text),
            "language": spoken,
            "voice": speech.voice.kind if speech.voice else "recording",
            "format": speech.format,
        }


def _finish(asked: Finishing | None) -> tuple[tuple[str, float | bool | None], ...]:
    """What differs from doing nothing, in one order, so that equal wishes are equal."""
    if asked is None:
        return ()
    nothing = structs.asdict(Finishing())
    return tuple((n, v) for n, v in structs.asdict(asked).items() if v != nothing[n])


def language(tag: str | None) -> str | None:
    """A language of ours for a tag; None where the text is to decide.

    Raises:
        Problem: a language that is not spoken here.
    """
    if tag is None or tag == "auto":
        return None
    parts = tag.lower().replace("jp", "ja").split("-")
    if parts[0] == "zh" and {"hk", "mo", "yue"} & set(parts[1:]):
        return "yue"
    if parts[0] not in LANGUAGES:
        raise Problem(
            400,
            "invalid_value",
            f"language {tag!r}: choose from {', '.join(LANGUAGES)}",
            "language",
        )
    return parts[0]


def from_base64(text: str, limit: int, param: str) -> bytes:
    """A recording in base64 or as a data URL.

    Raises:
        Problem: neither, or too large.
    """
    if text.startswith("data:"):
        text = text.partition(",")[2]
    elif "://" in text[:20]:
        raise Problem(400, "invalid_value", f"{param} must be base64: nothing is fetched", param)
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Problem(400, "invalid_value", f"{param} is not base64", param) from None
    if len(content) > limit:
        raise Problem(413, "request_too_large", f"{param} is larger than {limit >> 20} MiB", param)
    return content
