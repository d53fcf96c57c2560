"""What a client is told when something can't be: one mapping from errors to status and body."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from cosyvoice_lite.errors import (
    AudioError,
    BundleError,
    CosyError,
    DeadlineError,
    OverloadError,
    TextError,
    UsageError,
    VoiceError,
)

LONGEST_RETRY_S = 60
"""Clients of the OpenAI library wait so long themselves; told to wait longer they give up."""
INVALID, SERVER = "invalid_request_error", "server_error"

OVERLOADS = {
    "queue_full": "server_overloaded",
    "deadline": "server_overloaded",
    "memory": "memory_budget",
    "draining": "draining",
    "loading": "model_loading",
    "load_failed": "model_load_failed",
}


class Problem(Exception):  # noqa: N818
    """An answer other than the one asked for; the word is that of RFC 9457."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        kind: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.param = status, code, message, param
        self.kind = kind or (INVALID if status < 500 else SERVER)
        self.headers = dict(headers or {})

    @property
    def error(self) -> dict[str, str | None]:
        return {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }

    def response(self) -> JSONResponse:
        return JSONResponse({"error": self.error}, self.status, self.headers)


class ClientGoneError(Exception):
    """The client left; there is nobody to answer."""


def problem(error: Exception, param: str | None = None) -> Problem:
    """What a client is told of an error."""
    match error:
        case Problem():
            return error
        case HTTPException():
            return _refused(error)
        case OverloadError():
            return _overloaded(error)
        case DeadlineError():
            return Problem(504, "deadline_exceeded", str(error), headers=no_retry())
        case BundleError():  # its message names files, which is for the log
            return Problem(503, "model_load_failed", "the model can't be used", headers=retry(5))
        case AudioError():
            return Problem(415, "unsupported_media_type", str(error), param)
        case VoiceError():
            return Problem(400, "unsupported_by_model", str(error), param)
        case TextError() | UsageError():
            return Problem(400, "invalid_value", str(error), param)
    return Problem(500, "internal_error", "internal error", headers=no_retry())


def is_expected(error: Exception) -> bool:
    """Whether an error is an answer like any other, or ours to look into."""
    return isinstance(error, (Problem, HTTPException)) or (
        isinstance(error, CosyError) and type(error) is not CosyError
    )


def retry(seconds: float) -> dict[str, str]:
    """Headers that say when to come again, spread a little so that not all come at once."""
    spread = seconds * (1 + secrets.randbelow(250) / 1000)
    waits = min(LONGEST_RETRY_S, max(1, math.ceil(spread)))
    return {"Retry-After": str(waits), "retry-after-ms": str(waits * 1000)}


def no_retry() -> dict[str, str]:
    """The same request would fail again, and every try costs a synthesis."""
    return {"x-should-retry": "false"}


def _refused(error: HTTPException) -> Problem:
    """What the framework refuses, in our words."""
    codes = {404: "not_found", 405: "method_not_allowed"}
    words = {404: "there is no such route", 405: "this route has no such method"}
    status = error.status_code
    return Problem(
        status,
        codes.get(status, "invalid_value"),
        words.get(status, error.detail),
        headers=error.headers,
    )


def _overloaded(error: OverloadError) -> Problem:
    return Problem(503, OVERLOADS[error.reason], str(error), headers=retry(error.retry_after_s))
