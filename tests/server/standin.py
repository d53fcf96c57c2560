"""Three routes that answer as the service does: for the page's tests, no model behind them."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

PAGE = Path(__file__).parents[2] / "src" / "cosyvoice_lite" / "server" / "page"
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
VOICES = [("zh_female", "中文女", "zh"), ("en_female", "英文女", "en"), ("ja_male", "日语男", "ja")]


class StandIn(ThreadingHTTPServer):
    """Remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, Any]] = []
        self.unknown: list[str] = []
        self.depth = 0
        self.capabilities = ["sft", "emotion:happy", "emotion:sad"]
        self.cancelled = 0
        self.pause_s = 0.02
        self.key = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/health":
            queue = {"depth": self.server.depth, "capacity": 16}
            model = {"capabilities": self.server.capabilities}
            return self.json(200, {"status": "healthy", "queue": queue, "model": model})
        if path == "/v1/audio/voices":
            voices = [{"id": i, "name": n, "language": x} for i, n, x in VOICES]
            return self.json(200, {"voices": voices})
        file = PAGE / (path.removeprefix("/page/") if path.startswith("/page/") else "index.html")
        if path != "/" and not (path.startswith("/page/") and file.is_file()):
            self.server.unknown.append(path)
            return self.json(404, {"error": {"message": f"no {path} here"}})
        return self.answer(200, file.read_bytes(), TYPES[file.suffix])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.key and self.headers.get("Authorization") != f"Bearer {self.server.key}":
            return self.json(401, {"error": {"message": "missing or wrong API key"}})
        self.server.asked.append(body)
        if body["input"].startswith("overload"):
            error = {"message": "The queue is full.", "code": "server_overloaded"}
            return self.json(503, {"error": error}, {"Retry-After": "7"})
        if body["response_format"] != "pcm":
            return self.answer(200, b"encoded " + body["response_format"].encode(), "audio/any")
        return self.stream(speech(body["input"]))

    def stream(self, samples: Any) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "audio/pcm")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("X-Sample-Rate", "24000")
        self.send_header("X-Seed", "4711")
        self.send_header("Server-Timing", "queue;dur=1234.5, text;dur=2")
        self.end_headers()
        content = samples.tobytes()
        try:
            for start in range(0, len(content), 9601):  # odd: samples are cut in half
                piece = content[start : start + 9601]
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                self.wfile.flush()
                time.sleep(self.server.pause_s)
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.server.cancelled += 1
            self.close_connection = True

    def json(self, status: int, content: Any, more: dict[str, str] | None = None) -> None:
        self.answer(status, json.dumps(content).encode(), "application/json", more)

    def answer(
        self, status: int, content: bytes, kind: str, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        headers = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(content))}
        for name, value in (headers | (more or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def speech(text: str) -> Any:
    """Syllables of a buzz, one for each few characters."""
    t = np.arange(24000 * max(2, len(text) // 12)) / 24000
    buzz = sum(np.sin(2 * np.pi * 130 * k * t) / k for k in range(1, 20))
    shape = np.abs(np.sin(2 * np.pi * 2.3 * t)) * (0.6 + 0.4 * np.sin(2 * np.pi * 0.41 * t))
    return (0.2 * buzz * shape * 32767).astype("<i2")


@contextmanager
def serving() -> Iterator[StandIn]:
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
