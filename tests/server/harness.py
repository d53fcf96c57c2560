"""A real server on loopback, in this process, with its worker beside it."""

from __future__ import annotations

import dataclasses
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from cosyvoice_lite.bundle import MANIFEST, Manifest
from cosyvoice_lite.config import Sampling
from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.server.app import create_app
from cosyvoice_lite.server.run import http_server
from cosyvoice_lite.server.service import Service
from cosyvoice_lite.server.settings import Settings
from runtime.test_recording import speaker_encoder, speech_tokenizer

SHORT = Sampling(max_token_text_ratio=3.0)


def with_short_speech(bundle: Path, target: Path) -> Path:
    """A copy whose random weights do not go on for ever."""
    shutil.copytree(bundle, target)
    file = target / MANIFEST
    manifest = Manifest.from_json(file.read_text("utf-8"), file)
    model = dataclasses.replace(manifest.model, sampling=SHORT)
    file.write_text(dataclasses.replace(manifest, model=model).to_json(), "utf-8")
    return target


@pytest.fixture(scope="session")
def short_bundle(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_short_speech(tiny_bundle, tmp_path_factory.mktemp("short") / "tiny")


@dataclass
class Server:
    """A running service."""

    url: str
    service: Service
    http: httpx.Client = field(repr=False)

    def speech(self, text: str = "Good morning.", **more: Any) -> httpx.Response:
        body = {"model": "tts-1", "input": text, "voice": "alloy", **more}
        return self.http.post("/v1/audio/speech", json=body)

    def metric(self, name: str, **labels: str) -> float:
        return self.service.metrics.value(name, **labels)

    def eventually(self, what: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until something is so."""
        until = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < until, "it never came to be"
            time.sleep(0.02)


@contextmanager
def serving(bundle: Path, folder: Path, **settings: Any) -> Iterator[Server]:
    """A server with settings of its own; its cache and voices are in `folder`."""
    chosen = {
        "cache_dir": str(folder / "cache"),
        "voices_dir": str(folder / "voices"),
        "log_level": "error",
        "shutdown": 5.0,
        **settings,
    }
    app = create_app(Settings(model=str(bundle), **chosen))
    server = http_server(app, app.service.settings)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until = time.monotonic() + 30
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                assert time.monotonic() < until, "the server did not start"
                time.sleep(0.01)
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, timeout=60.0) as http:
                yield Server(url, app.service, http)
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server did not end"


@pytest.fixture(scope="session")
def server(short_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests that leave it as it was."""
    with serving(short_bundle, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def hearing_bundle(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that can take after recordings."""
    folder = tmp_path_factory.mktemp("hearing")
    shutil.copytree(tiny_checkpoint, folder / "c")
    speaker_encoder(folder / "c" / "campplus.onnx")
    speech_tokenizer(folder / "c" / "speech_tokenizer_v1.onnx")
    convert(folder / "c", folder / "whole")
    return with_short_speech(folder / "whole", folder / "bundle")
