"""Nothing holds the event loop: not a large recording, not a log that nobody reads."""

from __future__ import annotations

import asyncio
import http.client
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cosyvoice_lite.server.logs import MAX_WAITING, Unhurried
from cosyvoice_lite.server.metrics import Metrics
from cosyvoice_lite.server.pipes import SLICE
from cosyvoice_lite.server.remote import Remote
from cosyvoice_lite.server.run import http_server
from cosyvoice_lite.server.settings import Settings
from cosyvoice_lite.server.speaker import Speaker
from cosyvoice_lite.server.speech import Recording, Speech
from cosyvoice_lite.server.wire import Cancel, Keep, Speak, pack
from server.harness import serving


class Pipe:
    """Takes what is written, and others a turn when it is to drain."""

    def __init__(self) -> None:
        self.content = b""
        self.largest = 0

    def write(self, content: bytes) -> None:
        self.content += content
        self.largest = max(self.largest, len(content))

    async def drain(self) -> None:
        await asyncio.sleep(0)


class Process:
    returncode = None

    def __init__(self) -> None:
        self.stdin = Pipe()


class Identity:
    def stamps(self) -> dict[str, Any]:
        return {}


def test_a_large_recording_goes_in_slices_and_in_order() -> None:
    recording = Recording(os.urandom(1 << 20))
    messages = [
        Keep(1, recording, None, "x"),
        Cancel(1),
        Speak(2, Speech("Hi.", None, recording=recording), 5.0),
        Cancel(2),
    ]

    async def run() -> Pipe:
        process: Any = Process()
        identity: Any = Identity()
        remote = Remote(process, identity, Metrics())
        for message in messages:
            remote._send(message)
        assert process.stdin.content == b""  # not in the turn of who asked
        until = time.monotonic() + 10
        wanted = sum(len(pack(message)) for message in messages)
        while len(process.stdin.content) < wanted and time.monotonic() < until:
            await asyncio.sleep(0.01)
        remote._writer.cancel()
        return process.stdin

    pipe = asyncio.run(run())
    assert pipe.content == b"".join(map(pack, messages))
    assert pipe.largest <= SLICE


def test_a_recording_is_digested_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def key(self: Speech, identity: Any) -> str:
        threads.append(threading.current_thread())
        return "key"

    async def run() -> None:
        monkeypatch.setattr(Speech, "cache_key", key)
        speaker: Any = object.__new__(Speaker)
        speaker.is_draining, speaker.running, speaker.settings = False, (), Settings(cache_disk=0)
        speaker.identity, speaker.metrics = None, Metrics()
        speaker.memory, speaker.flights = {}, {}
        speaker._begin = lambda speech, key: pytest.fail("it is begun") if not key else Flight()
        await speaker.ask(Speech("Hi.", None, recording=Recording(b"x")))

    class Flight:
        def board(self) -> None: ...

    asyncio.run(run())
    assert threads
    assert threads[0] is not threading.main_thread()


def test_a_log_that_nobody_reads_holds_nobody_up() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "w") as writer:
        handler = Unhurried(writer)
        logger = logging.Logger("unread")
        logger.addHandler(handler)

        def work() -> None:
            for number in range(MAX_WAITING + 3000):
                logger.info("line %d of a log that is longer than a pipe can hold", number)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(30)
        assert not thread.is_alive(), "it waits for the pipe"
        seen, until = b"", time.monotonic() + 30
        os.set_blocking(reader.fileno(), False)
        while handler._lines.unfinished_tasks and time.monotonic() < until:
            seen += reader.read() or b""
            time.sleep(0.001)
        seen += reader.read() or b""
        assert b"line 0 of" in seen
        assert b"lines_dropped" in seen


def test_an_idle_connection_outlives_those_of_clients(short_bundle: Path, tmp_path: Path) -> None:
    app: Any = None
    for seconds in (Settings().keep_alive, 600.0):
        config = http_server(app, Settings(keep_alive=seconds)).config
        assert config.timeout_keep_alive == seconds
    assert Settings().keep_alive > 120  # Caddy's, the longest of those that are common
    with serving(short_bundle, tmp_path, keep_alive=1.0) as server:
        client = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        lines = set()
        for _ in range(2):
            client.request("GET", "/livez")
            assert client.getresponse().read()
            lines.add(client.sock)
            time.sleep(0.3)
        assert len(lines) == 1
        line = lines.pop()
        while line.recv(4096):
            pass  # until it is closed after a second, as the setting says
        client.close()
