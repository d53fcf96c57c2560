"""Keys, rates, load: who is let in, and how the others are told."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai
import pytest

from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.server.app import create_app
from cosyvoice_lite.server.settings import Settings
from server.harness import Server, serving


def test_keys_are_wanted_where_they_should_be(short_bundle: Path, tmp_path: Path) -> None:
    with serving(short_bundle, tmp_path, api_keys="one,two") as server:
        for path in ("/", "/health", "/livez", "/metrics", "/v1/audio/voices", "/v1/models"):
            assert server.http.get(path).status_code == 200, path
        refused = server.speech()
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert refused.json()["error"]["code"] == "invalid_api_key"
        for path in ("/v1/config", "/v1/audio/voices/zh_female"):
            assert server.http.get(path).status_code == 401
        for method, path in (("POST", "/v1/audio/voices"), ("DELETE", "/v1/audio/voices/x")):
            assert server.http.request(method, path).status_code == 401
        headers = {"authorization": "Bearer two"}
        body = {"model": "tts-1", "input": "Hi.", "voice": "alloy"}
        good = server.http.post("/v1/audio/speech", json=body, headers=headers)
        assert good.status_code == 200
        config = server.http.get("/v1/config", headers=headers).json()
        assert config["api_keys"] == "***"
        wrong = openai.OpenAI(api_key="three", base_url=f"{server.url}/v1", max_retries=0)
        with wrong, pytest.raises(openai.AuthenticationError):
            wrong.audio.speech.create(model="tts-1", voice="alloy", input="Hi.")


def test_added_voices_show_with_a_key_only(short_bundle: Path, tmp_path: Path) -> None:
    with serving(short_bundle, tmp_path, api_keys="one") as server:
        headers = {"x-api-key": "one"}
        fields = {"name": "mix", "blend": "alloy+echo"}
        assert server.http.post("/v1/audio/voices", data=fields, headers=headers).is_success
        without = server.http.get("/v1/audio/voices").json()["voices"]
        with_key = server.http.get("/v1/audio/voices", headers=headers).json()["voices"]
        assert len(with_key) == len(without) + 1


def test_callers_that_come_too_often_are_told_when_to_return(
    short_bundle: Path, tmp_path: Path
) -> None:
    with serving(short_bundle, tmp_path, rate_limit="2/60s", api_keys="a,b") as server:

        def speak(key: str) -> int:
            headers = {"x-api-key": key}
            answer = server.http.post("/tts", json={"text": "Hi.", "seed": 1}, headers=headers)
            if answer.status_code == 429:
                assert 1 <= int(answer.headers["retry-after"]) <= 60
                assert answer.json()["error"]["code"] == "rate_limit_exceeded"
            assert answer.headers["x-ratelimit-limit-requests"] == "2"
            return answer.status_code

        assert [speak("a") for _ in range(4)] == [200, 200, 429, 429]
        assert speak("b") == 200
        assert server.http.get("/livez").status_code == 200
        assert server.metric("rejected_total", reason="rate_limit") == 2


def test_pages_of_other_origins_may_ask_if_they_are_allowed(
    short_bundle: Path, tmp_path: Path, server: Server
) -> None:
    asks = {"origin": "https://a.example", "access-control-request-method": "POST"}
    with serving(short_bundle, tmp_path, cors_origins="https://a.example") as own:
        answer = own.http.options("/tts", headers=asks)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "https://a.example"
        other = own.http.get("/livez", headers={"origin": "https://b.example"})
        assert "access-control-allow-origin" not in other.headers
    assert server.http.options("/tts", headers=asks).status_code == 405


def test_a_full_queue_says_no_politely(short_bundle: Path, tmp_path: Path) -> None:
    with serving(short_bundle, tmp_path, max_requests=2, cache=False) as server:
        text = "This is a sentence that takes a while to be spoken, and then some more. " * 2
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: server.speech(text, seed=n), range(8)))
        codes = sorted(answer.status_code for answer in answers)
        assert set(codes) == {200, 503}
        for answer in answers:
            if answer.status_code == 503:
                assert answer.json()["error"]["code"] == "server_overloaded"
                assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert server.speech().status_code == 200


def test_work_beyond_the_memory_budget_is_refused(short_bundle: Path, tmp_path: Path) -> None:
    with serving(short_bundle, tmp_path, memory_limit=10) as server:
        answer = server.speech()
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "memory_budget"


def test_an_impossible_memory_budget_is_refused_with_what_would_be_enough(
    short_bundle: Path, tmp_path: Path
) -> None:
    settings = Settings(model=str(short_bundle), voices_dir=str(tmp_path), memory_budget="20MB")
    with pytest.raises(UsageError, match="20 MB is too small") as caught:
        create_app(settings)
    enough = re.search(r"at least (\d+MB)", str(caught.value))
    assert enough is not None
    with serving(short_bundle, tmp_path, memory_budget=enough[1]) as server:
        assert server.speech().status_code == 200
        assert server.http.get("/readyz").status_code == 200


def test_a_deadline_is_kept(server: Server) -> None:
    text = "This is a sentence that takes a while to be spoken, and then some more. " * 30
    headers = {"x-request-timeout": "0.15"}
    body = {"model": "tts-1", "input": text, "voice": "alloy", "cache": False}
    answer = server.http.post("/v1/audio/speech", json={**body, "stream": False}, headers=headers)
    assert answer.status_code in (503, 504)
    assert answer.json()["error"]["code"] in ("deadline_exceeded", "server_overloaded")
    wrong = server.http.post("/v1/audio/speech", json=body, headers={"x-request-timeout": "soon"})
    assert wrong.status_code == 400


def test_the_loop_answers_while_a_long_text_is_spoken(server: Server) -> None:
    text = "This is a sentence that takes a while to be spoken, and then some more. " * 4
    thread = threading.Thread(target=server.speech, args=(text,), kwargs={"cache": False})
    thread.start()
    slowest = 0.0
    while thread.is_alive():
        started = time.monotonic()
        assert server.http.get("/livez").status_code == 200
        slowest = max(slowest, time.monotonic() - started)
    assert slowest < 2.0  # generous: what is measured exactly is in benchmarks/load.py


def test_first_requests_at_once_load_once_and_share(short_bundle: Path, tmp_path: Path) -> None:
    with serving(short_bundle, tmp_path) as server:
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: server.speech("All the same.", seed=1), range(20)))
        assert len({answer.content for answer in answers}) == 1
        ways = sorted(answer.headers["x-cache"] for answer in answers)
        assert ways.count("miss") == 1
        assert ways.count("shared") > 0
        assert server.metric("model_loads_total", result="ok") == 1
        assert server.speech("All the same.", seed=1).headers["x-cache"] == "hit"
        assert server.speech("All the same.", seed=1, cache=False).headers["x-cache"] == "miss"
        assert server.speech("All the same.", seed=2).headers["x-cache"] == "miss"
        other = server.speech("All the same.", seed=1, response_format="flac")
        assert other.headers["x-cache"] == "miss"


def test_the_cache_can_be_off(short_bundle: Path, tmp_path: Path) -> None:
    with serving(short_bundle, tmp_path, cache=False) as server:
        assert [server.speech(seed=1).headers["x-cache"] for _ in range(2)] == ["miss", "miss"]
    assert not (tmp_path / "cache").exists()


def test_a_crowd_of_connections_is_let_in(server: Server) -> None:
    address = server.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as crowd:
        clients = [
            crowd.enter_context(socket.create_connection((address[0], int(address[1])), 20))
            for _ in range(200)
        ]
        for client in clients:
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n")
        assert {client.recv(12) for client in clients} == {b"HTTP/1.1 200"}
