"""The OpenAPI document, made of the table of routes and the schemas of bodies."""

from __future__ import annotations

import re
from typing import Any

import msgspec

import cosyvoice_lite
from cosyvoice_lite.server.operations import OPERATIONS, Operation

REASONS = {
    400: "What was asked for can't be",
    401: "Missing or wrong API key",
    403: "Not allowed",
    404: "There is no such thing",
    405: "Not with this method",
    413: "Too large",
    415: "The recording can't be read",
    429: "Too many calls; Retry-After says when",
    500: "A fault of the service",
    503: "No room now; Retry-After says when",
    504: "It took too long",
}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
EVENTS = "text/event-stream"
REF = "#/components/schemas/{name}"


def document(with_keys: bool) -> dict[str, Any]:
    """OpenAPI 3.1.

    Args:
        with_keys: whether API keys are wanted.
    """
    bodies = list({op.body: None for op in OPERATIONS if op.body is not None})
    _, schemas = msgspec.json.schema_components(bodies, ref_template=REF)
    for body in bodies:
        _allow_null(schemas[body.__name__])
    paths: dict[str, Any] = {}
    for op in OPERATIONS:
        paths.setdefault(op.path, {})[op.method.lower()] = _operation(op, with_keys)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cosyvoice-lite",
            "version": cosyvoice_lite.__version__,
            "description": "CosyVoice-300M on a plain CPU.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Error": ERROR},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _allow_null(schema: dict[str, Any]) -> None:
    """Null in place of what may be left out means that it was."""
    required = schema.get("required", [])
    for name, told in schema["properties"].items():
        if name not in required and {"type": "null"} not in told.get("anyOf", []):
            default = {"default": told.pop("default")} if "default" in told else {}
            schema["properties"][name] = {"anyOf": [told, {"type": "null"}], **default}


def _operation(op: Operation, with_keys: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "summary": op.summary,
        "operationId": f"{op.method.lower()}_{re.sub(r'[^a-z0-9]+', '_', op.path.strip('/'))}",
        "tags": [op.api],
        "responses": _responses(op, with_keys),
    }
    if parameters := _parameters(op):
        told["parameters"] = parameters
    if op.body is not None:
        content: dict[str, Any] = {"schema": {"$ref": REF.format(name=op.body.__name__)}}
        if op.example is not None:
            content["example"] = op.example
        told["requestBody"] = {"required": True, "content": {"application/json": content}}
    elif op.form:
        told["requestBody"] = {"required": True, "content": {_form_type(op): _form(op)}}
    if with_keys and not op.is_open:
        told["security"] = [{"key": []}]
    return told


def _parameters(op: Operation) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"{(\w+)}", op.path)
    ]
    return found + [{"name": n, "in": "query", "schema": schema} for n, schema in op.query.items()]


def _responses(op: Operation, with_keys: bool) -> dict[str, Any]:
    schemas: dict[str, Any] = {
        kind: {"schema": {"type": "object" if kind == "application/json" else "string"}}
        for kind in op.answers
    }
    if EVENTS in schemas:
        schemas[EVENTS] = {}  # a schema here would be one of each event
    if op.path == "/v1/models":
        schemas["application/json"]["schema"]["type"] = ["object", "array"]
    responses: dict[str, Any] = {"200": {"description": "As asked", "content": schemas}}
    keyed = (401,) if with_keys and not op.is_open else ()
    bodied = (400, 413) if op.body is not None or op.form else ()
    for status in sorted({*op.statuses, *keyed, *bodied, 413, 405, 500}):
        responses[str(status)] = {
            "description": REASONS[status],
            "content": {"application/json": {"schema": {"$ref": REF.format(name="Error")}}},
        }
    return responses


def _form_type(op: Operation) -> str:
    has_file = any("file" in kind for kind in op.form.values())
    return "multipart/form-data" if has_file else "application/x-www-form-urlencoded"


def _form(op: Operation) -> dict[str, Any]:
    properties = {
        name: {"type": "string", "format": "binary"}
        if kind.startswith("file")
        else {"type": "string", "minLength": 1}
        for name, kind in op.form.items()
    }
    required = [name for name, kind in op.form.items() if not kind.endswith("?")]
    return {"schema": {"type": "object", "properties": properties, "required": required}}
