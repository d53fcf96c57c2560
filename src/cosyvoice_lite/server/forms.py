"""Forms and the files in them, within bounds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from cosyvoice_lite.server.problems import Problem

MAX_FIELDS = 20
MAX_NAME = 100
MAX_FIELD_BYTES = 64 << 10


@asynccontextmanager
async def form_of(request: Request) -> AsyncIterator[FormData]:
    """The form in a body; empty if there is none.

    Raises:
        Problem: it is broken, or has too many parts or too large ones.
    """
    try:
        form = await request.form(max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES)
    except FormParserError as error:  # which not every starlette turns into an answer
        raise Problem(400, "invalid_value", f"the form is broken: {error}") from error
    try:
        yield form
    finally:
        await form.close()


async def bounded_file(upload: UploadFile, limit: int, param: str) -> bytes:
    """The content of a file in a form.

    Raises:
        Problem: too large, or empty.
    """
    content = await upload.read(limit + 1)
    if len(content) > limit:
        raise Problem(413, "request_too_large", f"{param} is larger than {limit >> 20} MiB", param)
    if not content:
        raise Problem(400, "invalid_value", f"{param} is empty", param)
    return content


def required(form: FormData, query: Mapping[str, str], name: str) -> str:
    """A field of the form or of the query.

    Raises:
        Problem: it is missing, or a file.
    """
    value = form.get(name, query.get(name))
    if value is None or value == "":
        raise Problem(400, "missing_required_parameter", f"missing field {name!r}", name)
    return _mended(_text(value, name))


def checked_name(value: str) -> str:
    """A name that people give, without the blanks around it.

    Raises:
        Problem: empty, too long, or with characters that names don't have.
    """
    name = value.strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise Problem(
            400, "invalid_value", f"name must be 1 to {MAX_NAME} printable characters", "name"
        )
    if set(name) & set(",+()/\\"):
        raise Problem(400, "invalid_value", "name may not hold , + ( ) / or \\", "name")
    return name


def optional(form: FormData, name: str) -> str | None:
    """A field of the form, if it is there."""
    value = form.get(name)
    return None if value is None else _text(value, name) or None


def _text(value: UploadFile | str, name: str) -> str:
    """A field that is text, and that can be written down: a form may say it is in any encoding."""
    if not isinstance(value, str):
        raise Problem(400, "invalid_type", f"{name} must be text, not a file", name)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise Problem(400, "invalid_value", f"{name} holds half a character", name) from None
    return value


def _mended(value: str) -> str:
    """UTF-8 that a client put into a form as it was, as `curl -d` does, and not as %E4%BD%A0."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:  # it was encoded as it should be
        return value
