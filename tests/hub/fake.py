"""A hub on loopback that drops, lies, stumbles and ignores, and a package index beside it."""

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cosyvoice_lite.hub import vocabulary
from cosyvoice_lite.hub.web import Patience
from cosyvoice_lite.pull import Source, fetch_checkpoint

FILES = {
    "cosyvoice.yaml": b"sample_rate: 22050\n",
    "llm.pt": bytes(range(256)) * 4000,  # a million bytes: several blocks
    "flow.pt": b"flow" * 5000,
    "hift.pt": b"hift" * 3000,
    "campplus.onnx": b"onnx" * 10,
    "README.md": b"not wanted",
    "../../escape.pt": b"never written",
}
SOURCES: list[Source] = ["huggingface", "modelscope"]


class Hub(ThreadingHTTPServer):
    """Both hubs' layouts and a package index; `plan` holds a list of faults for each file."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(FILES)
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.plan: dict[str, list[str]] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.waits: list[float] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def patience(self) -> Patience:
        return Patience(attempts=3, timeout_s=5.0, sleep=self.waits.append)

    def asked(self, name: str) -> list[str | None]:
        return [byte_range for path, byte_range in self.requests if path == name]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        hub, url = self.server, urlsplit(self.path)
        query = parse_qs(url.query)
        if url.path in hub.pages:
            kind, content = hub.pages[url.path]
            return self.answer(200, content, kind)
        if url.path == "/api/models/FunAudioLLM/CosyVoice-300M-SFT/tree/main":
            return self.page("tree", hugging_face_tree(hub.files))
        if url.path == "/api/v1/models/iic/CosyVoice-300M-SFT/repo/files":
            return self.page("tree", modelscope_tree(hub.files))
        if url.path == "/api/v1/models/iic/CosyVoice-300M-SFT/repo":
            return self.file(query["FilePath"][0])
        if "/resolve/main/" in url.path:  # Hugging Face sends large files from elsewhere
            self.send_response(302)
            self.send_header("Location", f"/cdn/{url.path.rsplit('/', 1)[-1]}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if url.path.startswith("/cdn/"):
            return self.file(url.path.removeprefix("/cdn/"))
        return self.answer(404, b"no such page")

    def page(self, name: str, content: object) -> None:
        if not self.stumble(name):
            self.answer(200, json.dumps(content).encode(), "application/json")

    def file(self, name: str) -> None:
        byte_range = self.headers.get("Range")
        self.server.requests.append((name, byte_range))
        content = self.server.files[name]
        fault = self.next_fault(name)
        if fault == "wrong":
            content = content[:-1] + bytes([content[-1] ^ 1])
        if fault == "longer":
            content += b"more"
        start = int(byte_range.removeprefix("bytes=").rstrip("-")) if byte_range else 0
        if fault == "ignore range" or not byte_range:
            return self.body(200, content, fault)
        if start >= len(content):
            return self.answer(416, b"")
        shift = 1 if fault == "shifted range" else 0
        place = f"bytes {start - shift}-{len(content) - 1}/{len(content)}"
        return self.body(206, content[start - shift :], fault, place)

    def body(self, status: int, content: bytes, fault: str | None, place: str = "") -> None:
        if fault is not None and fault.isdecimal():
            self.answer(int(fault), b"", retry_after=7 if fault == "429" else None)
            return
        sent = content[: len(content) // 2] if fault == "drop" else content
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if place:
            self.send_header("Content-Range", place)
        self.end_headers()
        self.wfile.write(sent if fault != "silent" else b"")
        self.close_connection = fault in ("drop", "silent")

    def stumble(self, name: str) -> bool:
        fault = self.next_fault(name)
        if fault is not None:
            self.answer(int(fault), b"")
        return fault is not None

    def next_fault(self, name: str) -> str | None:
        faults = self.server.plan.get(name)
        return faults.pop(0) if faults else None

    def answer(
        self,
        status: int,
        content: bytes,
        kind: str = "text/plain",
        retry_after: int | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        self.end_headers()
        self.wfile.write(content)


def hugging_face_tree(files: dict[str, bytes]) -> list[dict[str, object]]:
    tree: list[dict[str, object]] = [{"type": "directory", "path": "asset", "oid": "0", "size": 0}]
    for name, content in files.items():
        entry: dict[str, object] = {"type": "file", "path": name, "size": len(content)}
        if name.endswith((".pt", ".onnx")):
            digest = hashlib.sha256(content).hexdigest()
            entry |= {"oid": "pointer", "lfs": {"oid": digest, "size": len(content)}}
        else:
            blob = b"blob %d\0" % len(content) + content
            entry["oid"] = hashlib.sha1(blob).hexdigest()
        tree.append(entry)
    return tree


def modelscope_tree(files: dict[str, bytes]) -> dict[str, object]:
    listed: list[dict[str, object]] = [{"Type": "tree", "Path": "asset", "Size": 0}]
    listed += [
        {
            "Type": "blob",
            "Path": name,
            "Size": len(content),
            "Sha256": hashlib.sha256(content).hexdigest(),
        }
        for name, content in files.items()
    ]
    return {"Code": 200, "Success": True, "Data": {"Files": listed}}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(hub: Hub, target: Path, source: Source = "huggingface") -> Path:
    return fetch_checkpoint(
        "300M-SFT", target, source=source, mirror=hub.address, patience=hub.patience
    )


def expected_files() -> dict[str, bytes]:
    return {name: FILES[name] for name in FILES if name not in ("README.md", "../../escape.pt")}


def files_in(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*")}


VOCABULARY = b"IQ== 0\nIg== 1\n"


@pytest.fixture
def known_vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.sha256(VOCABULARY).hexdigest()
    for variant in ("WHISPER", "HZ25"):
        monkeypatch.setattr(vocabulary, f"{variant}_SHA256", digest)
        monkeypatch.setattr(vocabulary, f"{variant}_SIZE", len(VOCABULARY))


def source_archive(content: bytes = VOCABULARY, name: str = "whisper/assets/") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for path, data in (
            ("../../evil.tiktoken", b"evil"),
            (f"openai_whisper-20250625/{name}multilingual.tiktoken", content),
        ):
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def publish(hub: Hub, archive: bytes, kind: str = "json", digest: str | None = None) -> str:
    """An index of two releases, the newer listed first, in either of the standard's two forms."""
    digest = digest or hashlib.sha256(archive).hexdigest()
    names = ["openai_whisper-20250625.tar.gz", "openai-whisper-20231117.tar.gz", "other.zip"]
    hub.files |= dict.fromkeys(names, b"outdated") | {names[0]: archive}
    if kind == "json":
        entries = [
            {"filename": n, "url": f"../../cdn/{n}", "hashes": {"sha256": digest}} for n in names
        ]
        entries.append({"filename": "openai_whisper-99999999.tar.gz", "yanked": True})
        page = ("application/vnd.pypi.simple.v1+json", json.dumps({"files": entries}).encode())
    else:
        links = [f'<a href="../../cdn/{n}#sha256={digest}">{n}</a>' for n in names]
        page = ("text/html", f"<html><body>{'<br>'.join(links)}</body></html>".encode())
    hub.pages["/simple/openai-whisper/"] = page
    return f"{hub.address}/simple/"
