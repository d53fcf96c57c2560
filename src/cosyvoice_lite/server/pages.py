"""The page at /, its files, and the headers that keep it from doing anything else."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from cosyvoice_lite.server.openapi import document
from cosyvoice_lite.server.problems import Problem
from cosyvoice_lite.server.service import Service

FOLDER = Path(__file__).parent / "page"
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}


def page_files() -> dict[str, Path]:
    """Name → file of everything that the page is made of."""
    if not FOLDER.is_dir():
        return {}
    return {path.name: path for path in FOLDER.iterdir() if path.suffix in TYPES}


async def docs(service: Service, request: Request) -> Response:
    """GET /docs: the routes, for people; the OpenAPI document is for programs."""
    tree = document(service.keys.wanted)
    parts = [
        _described(method.upper(), path, told)
        for path, methods in tree["paths"].items()
        for method, told in methods.items()
    ]
    return Response(_DOCS.format(body="".join(parts)), media_type="text/html", headers=SECURITY)


_DOCS = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>cosyvoice-lite: the API</title>
<link rel="stylesheet" href="page/style.css"><main><h1>The API</h1>
<p>For programs: <a href="openapi.json">openapi.json</a>.</p>{body}</main></html>"""


def _described(method: str, path: str, told: dict[str, Any]) -> str:
    """One operation as HTML."""
    lines = [f"<h2><code>{method} {escape(path)}</code></h2><p>{escape(told['summary'])}.</p>"]
    for content in told.get("requestBody", {}).get("content", {}).values():
        if "example" in content:
            shown = json.dumps(content["example"], ensure_ascii=False)
            lines.append(f"<pre><code>{escape(shown)}</code></pre>")
        elif "properties" in content["schema"]:
            names = ", ".join(content["schema"]["properties"])
            lines.append(f"<p>Fields: <code>{escape(names)}</code></p>")
    return "".join(lines)


async def page(service: Service, request: Request) -> Response:
    """GET / and its files. Only names that were found in the folder are served."""
    name = request.path_params.get("name", "index.html")
    path = page_files().get(name)
    if path is None:
        raise Problem(404, "not_found", "no such page")
    headers = {**SECURITY, "Cache-Control": "no-cache"}
    return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers=headers)
