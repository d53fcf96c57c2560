"""Clients that are slow, silent, or ask for what somebody else is already asking for."""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from cosyvoice_lite.errors import DeadlineError
from cosyvoice_lite.server import connections
from cosyvoice_lite.server.answers import GRACE_S, in_time
from cosyvoice_lite.server.listening import MAX_WAITING
from cosyvoice_lite.server.speech import Speech
from server.harness import Server, serving
from server.test_consents import CONSENTS, ask, code, wave

LONG = "This is a sentence that takes a while to be spoken, and then some more. " * 50
PART = b'--x\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'


def connect(server: Server, sent: bytes) -> socket.socket:
    address = httpx.URL(server.url)
    client = socket.create_connection((address.host, address.port or 0))
    client.sendall(sent)
    return client


def is_closed(client: socket.socket, within_s: float) -> bool:
    client.settimeout(within_s)
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


@pytest.mark.parametrize(
    "sent", [b"", b"POST /tts HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"]
)
def test_a_request_that_never_comes_whole_is_not_waited_for(
    sent: bytes, short_bundle: Path, tmp_path: Path
) -> None:
    with serving(short_bundle, tmp_path, keep_alive=1.0) as server, connect(server, sent) as client:
        assert is_closed(client, within_s=5)
        assert server.speech().status_code == 200


def test_an_answer_that_nobody_reads_gives_its_place_back(
    short_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "STALL_S", 0.5)
    with serving(short_bundle, tmp_path, max_requests=1, max_input_chars=0) as server:
        body = b'{"model":"tts-1","input":"%b","voice":"alloy","response_format":"pcm"}' % (
            LONG.encode() * 4
        )
        head = b"POST /v1/audio/speech HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(
            body
        )
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            address = httpx.URL(server.url)
            client.connect((address.host, address.port))
            client.sendall(head + body)
            server.eventually(lambda: bool(server.service.speaker.running), seconds=20)
            server.eventually(lambda: not server.service.speaker.running, seconds=60)
        server.eventually(lambda: server.speech().status_code == 200)


def test_half_a_character_in_a_form_is_refused_and_the_others_go_on(
    hearing_bundle: Path, tmp_path: Path
) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x; charset=unicode_escape"}
    form = PART % (b"tts_text", b"", b"hi \\ud800") + PART % (b"prompt_text", b"", b"hi")
    form += PART % (b"prompt_wav", b'; filename="a"', wave()) + b"--x--\r\n"
    with serving(hearing_bundle, tmp_path) as server:
        answer = server.http.post("/inference_zero_shot", content=form, headers=kind)
        assert code(answer) == (400, "invalid_value", "tts_text")
        assert server.speech().status_code == 200


def test_a_recording_in_json_may_be_as_large_as_one_in_a_form(server: Server) -> None:
    large = base64.b64encode(b"\0" * (3 << 20)).decode()
    assert server.speech(ref_audio=large).json()["error"]["code"] != "request_too_large"
    assert server.http.post("/tts", json={"text": large}).status_code == 413


def test_who_has_more_time_does_not_share_the_hurry_of_another(server: Server) -> None:
    body = {"model": "tts-1", "input": LONG[:1500], "voice": "alloy", "seed": 5, "stream": False}
    answers: dict[str, int] = {}

    def post(name: str, **headers: str) -> None:
        answer = server.http.post("/v1/audio/speech", json=body, headers=headers)
        answers[name] = answer.status_code

    server.speech("Load.", cache=False)
    threads = [
        threading.Thread(target=post, args=("hurried",), kwargs={"x-request-timeout": "0.2"}),
        threading.Thread(target=post, args=("patient",)),
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert answers == {"hurried": 504, "patient": 200}


def test_who_has_less_time_does_not_wait_with_the_patient() -> None:
    speech = Speech("Hi.", None, deadline=time.monotonic() - GRACE_S + 0.05)
    with pytest.raises(DeadlineError):
        asyncio.run(in_time(speech, asyncio.sleep(10)))


def test_looking_costs_no_calls(short_bundle: Path, tmp_path: Path) -> None:
    with serving(short_bundle, tmp_path, rate_limit="1/60s") as server:
        for path in ("/v1/audio/voices", CONSENTS, "/v1/audio/voices"):
            assert server.http.get(path).status_code == 200
        assert ask(server).status_code == 200
        assert ask(server).status_code == 429


def test_few_recordings_wait_to_be_heard(
    short_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(short_bundle, tmp_path) as server:
        monkeypatch.setattr(server.service.listening, "_waiting", MAX_WAITING)
        refused = ask(server)
        assert refused.status_code == 503
        assert "retry-after" in refused.headers


def test_a_consent_withdrawn_while_its_voice_is_made_makes_no_voice(
    hearing_bundle: Path, tmp_path: Path
) -> None:
    with serving(hearing_bundle, tmp_path) as server:
        server.speech()  # the model is there
        number = ask(server).json()["id"]
        answers: list[httpx.Response] = []
        fields = {"name": "me", "consent": number}

        def add() -> None:
            files = {"audio_sample": wave()}
            answers.append(server.http.post("/v1/audio/voices", data=fields, files=files))

        kept = server.service.voices.add

        async def withdrawn_meanwhile(*args: Any, **facts: Any) -> dict[str, Any]:
            server.service.consents.delete(number, [])
            return await kept(*args, **facts)

        server.service.voices.add = withdrawn_meanwhile  # type: ignore[method-assign]
        add()
        assert code(answers[0]) == (400, "consent_not_found", "consent")
        assert not server.service.voices.added
        assert not list((tmp_path / "voices").glob("voice*"))


def test_pages_may_send_what_their_library_sends(short_bundle: Path, tmp_path: Path) -> None:
    asks = {
        "origin": "https://a.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-stainless-lang",
    }
    with serving(short_bundle, tmp_path, cors_origins="*") as server:
        answer = server.http.options("/v1/audio/speech", headers=asks)
        allowed = answer.headers["access-control-allow-headers"]
        assert allowed == asks["access-control-request-headers"]
