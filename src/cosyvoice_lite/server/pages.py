"""The page at /, its files, and the headers that keep it from doing anything else."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

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


async def page(service: Service, request: Request) -> Response:
    """GET / and its files. Only names that were found in the folder are served."""
    name = request.path_params.get("name", "index.html")
    path = page_files().get(name)
    if path is None:
        raise Problem(404, "not_found", "no such page")
    headers = {**SECURITY, "Cache-Control": "no-cache"}
    return FileResponse(path, media_type=TYPES[path.suffix], headers=headers)
