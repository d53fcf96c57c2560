"""What goes wrong in the field: clients that leave, disks that fill, files that change, kills."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cosyvoice_lite.server.speaker import DiskCache
from server.harness import Server, serving

LONG = "This is a sentence that takes a while to be spoken, and then some more. " * 40
posix = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def engine_is_idle(server: Server) -> bool:
    return not server.service.speaker.running and not sum(server.service.depth().values())


def worker_depth(server: Server) -> int:
    """Requests that the worker itself has told of."""
    worker = server.service.pool.model
    return 0 if worker is None else sum(worker.stats.depth.values())


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_costs_nothing_more(stream: bool, server: Server) -> None:
    before = sum(server.service.metrics.counters.get("cancelled_total", {}).values())
    server.speech("Load.", cache=False)
    server.eventually(lambda: engine_is_idle(server))
    body = {"model": "tts-1", "voice": "alloy", "input": LONG, "stream": stream, "cache": False}
    if stream:
        with server.http.stream("POST", "/v1/audio/speech", json=body) as answer:
            next(answer.iter_bytes())
    else:
        asked = server.http.build_request("POST", "/v1/audio/speech", json=body)
        head = "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
        address = (asked.url.host, asked.url.port or 0)
        with socket.create_connection(address) as client:
            line = f"POST {asked.url.raw_path.decode()} HTTP/1.1\r\n"
            client.sendall(f"{line}{head}\r\n".encode() + asked.content)
            # at the worker, not on its way there, where nothing would be counted
            server.eventually(lambda: worker_depth(server) > 0)
    left = time.monotonic()
    server.eventually(lambda: engine_is_idle(server), seconds=5)
    assert time.monotonic() - left < 5
    counted = server.service.metrics.counters.get
    server.eventually(lambda: sum(counted("cancelled_total", {}).values()) > before)
    server.eventually(lambda: "cancel_latency_seconds" in server.service.metrics.histograms)


def test_who_shares_an_answer_keeps_it_when_the_first_leaves(server: Server) -> None:
    body = {"model": "tts-1", "voice": "alloy", "input": LONG[:500], "seed": 77}
    with server.http.stream("POST", "/v1/audio/speech", json=body) as first:
        spoken = first.iter_bytes()  # kept: dropped, it would hang up
        next(spoken)
        with server.http.stream("POST", "/v1/audio/speech", json=body) as second:
            assert second.headers["x-cache"] == "shared"
            first.close()
            content = second.read()
    assert server.http.post("/v1/audio/speech", json=body).content == content


def test_a_disk_that_fills_up_while_caching_is_not_noticed(
    short_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    with serving(short_bundle, tmp_path) as server:
        monkeypatch.setattr(Path, "write_bytes", full)
        assert server.speech(seed=1).status_code == 200
        assert server.speech(seed=1).headers["x-cache"] == "hit"  # from memory
        assert not list((tmp_path / "cache").glob("*"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits another process")
def test_a_disk_that_fills_up_while_a_voice_is_added_leaves_nothing_behind(
    short_bundle: Path, tmp_path: Path
) -> None:
    import resource

    with serving(short_bundle, tmp_path) as server:
        server.speech()
        assert server.service.pool.model is not None
        worker = server.service.pool.model.process.pid
        form = {"name": "mix", "blend": "alloy+echo"}
        for most in (0, 100):  # the worker writes the arrays
            resource.prlimit(worker, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            answer = server.http.post("/v1/audio/voices", data=form)
            assert answer.status_code == 500
            assert answer.json()["error"]["message"] == "the voice can't be written"
            assert not list((tmp_path / "voices").iterdir())
        unbounded = resource.RLIM_INFINITY
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (unbounded, unbounded))
        with pytest.MonkeyPatch.context() as patch:  # the service writes what is known of it

            def full(self: Path, *_: Any, **__: Any) -> int:
                raise OSError(28, "No space left on device")

            patch.setattr(Path, "write_text", full)
            answer = server.http.post("/v1/audio/voices", data=form)
            assert answer.json()["error"]["message"] == "the voice can't be written"
        assert not list((tmp_path / "voices").iterdir())
        assert server.http.post("/v1/audio/voices", data=form).status_code == 200


def test_the_cache_survives_a_restart_and_damage_does_not(
    short_bundle: Path, tmp_path: Path
) -> None:
    with serving(short_bundle, tmp_path) as server:
        spoken = server.speech(seed=1).content
        server.eventually(lambda: len(list((tmp_path / "cache").glob("*.speech"))) == 1)
    (file,) = (tmp_path / "cache").glob("*.speech")
    with serving(short_bundle, tmp_path) as server:
        answer = server.speech(seed=1)
        assert (answer.headers["x-cache"], answer.content) == ("hit", spoken)
        assert server.service.pool.state == "unloaded"
    file.write_bytes(file.read_bytes()[:-10])
    with serving(short_bundle, tmp_path) as server:
        answer = server.speech(seed=1)
        assert (answer.headers["x-cache"], answer.content) == ("miss", spoken)
    assert DiskCache(tmp_path / "cache", 1 << 20).get(file.stem) is not None


def test_a_model_cut_short_or_removed_is_an_error_and_heals(
    short_bundle: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(short_bundle, bundle)
    weights = bundle / "lm.weights"
    whole = weights.read_bytes()
    with serving(bundle, tmp_path, load_cooldown=0.1, cache=False) as server:
        assert server.speech().status_code == 200
        os.truncate(weights, 1000)  # under the model that is loaded
        answer = server.speech()
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "model_load_failed")
        assert server.http.get("/readyz").status_code == 503
        assert server.http.get("/livez").status_code == 200
        weights.unlink()
        time.sleep(0.2)
        assert server.speech().status_code == 503
        weights.write_bytes(whole)
        time.sleep(0.5)
        assert server.speech().status_code == 200
        assert server.http.get("/readyz").status_code == 200


@posix
def test_a_worker_that_is_killed_is_replaced(server: Server) -> None:
    server.speech("Load.", cache=False)
    worker = server.service.pool.model
    assert worker is not None
    body = {"model": "tts-1", "voice": "alloy", "input": LONG, "cache": False}
    with server.http.stream("POST", "/v1/audio/speech", json=body) as answer:
        content = answer.iter_bytes()
        next(content)
        os.kill(worker.process.pid, signal.SIGKILL)
        with pytest.raises(httpx.RemoteProtocolError):  # broken off, never ended as if whole
            for _ in content:
                pass
    assert server.speech("Again.", cache=False).status_code == 200


@posix
def test_waiting_requests_of_a_killed_worker_may_come_again(server: Server) -> None:
    import threading

    server.speech("Load.", cache=False)
    worker = server.service.pool.model
    assert worker is not None
    body = {"model": "tts-1", "voice": "alloy", "input": LONG, "stream": False, "cache": False}
    answers: list[httpx.Response] = []
    thread = threading.Thread(
        target=lambda: answers.append(server.http.post("/v1/audio/speech", json=body))
    )
    thread.start()
    time.sleep(0.3)
    os.kill(worker.process.pid, signal.SIGKILL)
    thread.join(20)
    assert answers[0].status_code == 503
    assert answers[0].headers["retry-after"]


def test_clocks_that_jump_change_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is timed by clocks that do not jump; the one that does is for people."""
    real = time.time
    for jump in (-1e6, 1e6):
        monkeypatch.setattr(time, "time", lambda jump=jump: real() + jump)
        assert server.speech(cache=False).status_code == 200
        assert server.http.get("/readyz").status_code == 200


@contextmanager
def process(
    bundle: Path, home: Path, *options: str
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`cosyvoice-lite serve` as people start it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cosyvoice_lite", "serve", "--model", str(bundle)]
    started = subprocess.Popen(
        [*command, "--port", str(port), *options],
        env={**os.environ, "COSYVOICE_LITE_HOME": str(home)},
        stderr=subprocess.PIPE,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"{url}/livez")
                break
            except httpx.TransportError:
                assert started.poll() is None, started.stderr and started.stderr.read()
                assert time.monotonic() < until
                time.sleep(0.05)
        yield started, url
    finally:
        started.kill()
        started.communicate()


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [int(child) for child in found]


def test_the_start_tells_the_address(short_bundle: Path, tmp_path: Path) -> None:
    with process(short_bundle, tmp_path) as (server, url):
        server.terminate()
        server.wait(20)
        assert server.stderr is not None
        assert f'"event": "listening", "address": "{url}"' in server.stderr.read().decode()


def ask(url: str, text: str = "Hello.", **more: Any) -> httpx.Response:
    body = {"model": "tts-1", "voice": "alloy", "input": text, **more}
    return httpx.post(f"{url}/v1/audio/speech", json=body, timeout=60)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_memory_at_the_start_and_after_the_idle_unload(short_bundle: Path, tmp_path: Path) -> None:
    """The promises are 50 and 120 MB; measured exactly by benchmarks/load.py."""
    with process(short_bundle, tmp_path, "--idle-unload", "1") as (server, url):
        assert resident_mb(server.pid) < 50
        for text in ("Hello.", "你好。", "こんにちは。", "안녕하세요."):
            assert ask(url, text).status_code == 200
        (worker,) = children(server.pid)
        assert resident_mb(worker) > 60
        until = time.monotonic() + 20
        while children(server.pid):
            assert time.monotonic() < until, "the model was not unloaded"
            time.sleep(0.1)
        assert resident_mb(server.pid) < 60
        assert httpx.get(f"{url}/readyz").status_code == 200
        assert ask(url, "Back.").status_code == 200


@posix
def test_a_kill_in_the_middle_loses_nothing(short_bundle: Path, tmp_path: Path) -> None:
    with process(short_bundle, tmp_path) as (server, url):
        kept = ask(url, "Keep this.", seed=1).content
        cache = tmp_path / "cache"
        until = time.monotonic() + 10
        while not list(cache.glob("*.speech")):
            assert time.monotonic() < until
            time.sleep(0.02)
        workers = children(server.pid) if sys.platform.startswith("linux") else []
        body = {"model": "tts-1", "voice": "alloy", "input": LONG}
        with httpx.stream("POST", f"{url}/v1/audio/speech", json=body, timeout=30) as answer:
            content = answer.iter_bytes()
            next(content)
            server.kill()
            with pytest.raises(httpx.TransportError):
                for _ in content:
                    pass
        until = time.monotonic() + 10
        while any(Path(f"/proc/{pid}").exists() for pid in workers):
            assert time.monotonic() < until, "the worker outlived its service"
            time.sleep(0.05)
    with process(short_bundle, tmp_path) as (_, url):
        again = ask(url, "Keep this.", seed=1)
        assert (again.headers["x-cache"], again.content) == ("hit", kept)
        assert ask(url, "Something else.").status_code == 200


@posix
def test_a_polite_end_finishes_what_runs(short_bundle: Path, tmp_path: Path) -> None:
    with process(short_bundle, tmp_path, "--load", "eager") as (server, url):
        body = {"model": "tts-1", "voice": "alloy", "input": LONG[:400], "response_format": "mp3"}
        with httpx.stream("POST", f"{url}/v1/audio/speech", json=body, timeout=60) as answer:
            content = answer.iter_bytes()
            first = next(content)
            server.send_signal(signal.SIGTERM)
            rest = b"".join(content)
        assert len(rest) > len(first)
        assert server.wait(20) == 0
        assert server.stderr is not None
        assert b"Traceback" not in server.stderr.read()
