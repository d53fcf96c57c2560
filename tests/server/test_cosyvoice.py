"""Clients of CosyVoice's own server and of the article's, written to their contracts."""

from __future__ import annotations

import base64
import io
import wave
from typing import Any

import numpy as np
import pytest
import requests

from server.harness import Server


def as_official(server: Server, route: str, files: Any = None, **payload: str) -> requests.Response:
    """GET with a body, as CosyVoice's client sends it."""
    return requests.request(
        "GET", f"{server.url}/{route}", data=payload, files=files, stream=True, timeout=60
    )


def samples_of(answer: requests.Response) -> np.ndarray:
    """As its client reads them: raw, in blocks, believing in 22,050 Hz."""
    content = b"".join(answer.iter_content(chunk_size=16000))
    assert len(content) % 2 == 0
    return np.frombuffer(content, np.int16)


def test_its_client_hears_the_voices_it_names(server: Server) -> None:
    answer = as_official(server, "inference_sft", tts_text="你好，世界。", spk_id="中文女")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-sample-rate"] == "22050"
    assert np.abs(samples_of(answer)).max() > 300


def test_post_and_query_do_as_well(server: Server) -> None:
    fields = {"tts_text": "Hello.", "spk_id": "en_male"}
    assert server.http.post("/inference_sft", data=fields).status_code == 200
    answer = server.http.get("/inference_sft", params={**fields, "format": "wav"})
    assert answer.content.startswith(b"RIFF")
    assert server.http.get("/inference_sft", params={**fields, "format": "x"}).status_code == 400


def test_text_in_a_form_may_be_plain_utf_8(server: Server) -> None:
    raw = "tts_text=你好&spk_id=中文女".encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert server.http.post("/inference_sft", content=raw, headers=kind).status_code == 200


@pytest.mark.parametrize(
    ("route", "payload", "param", "code"),
    [
        ("inference_sft", {"spk_id": "中文女"}, "tts_text", "missing_required_parameter"),
        ("inference_sft", {"tts_text": "Hi."}, "spk_id", "missing_required_parameter"),
        ("inference_sft", {"tts_text": "Hi.", "spk_id": "../x"}, "spk_id", "voice_not_found"),
        ("inference_sft", {"tts_text": "。", "spk_id": "中文女"}, "tts_text", "invalid_value"),
        ("inference_sft", {"tts_text": "x" * 5000, "spk_id": "中文女"}, "tts_text",
         "string_above_max_length"),
        ("inference_instruct", {"tts_text": "Hi.", "spk_id": "中文女", "instruct_text": "x"},
         "instruct_text", "unsupported_by_model"),
        ("inference_zero_shot", {"tts_text": "Hi.", "prompt_text": "x"}, "prompt_wav",
         "missing_required_parameter"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_said_before_a_200(
    route: str, payload: dict[str, str], param: str | None, code: str, server: Server
) -> None:
    answer = as_official(server, route, **payload)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["param"], error["code"]) == (param, code)


def test_a_recording_needs_a_model_that_hears(server: Server) -> None:
    files = [("prompt_wav", ("prompt_wav", b"RIFF....", "application/octet-stream"))]
    answer = as_official(server, "inference_cross_lingual", files, tts_text="Hi.")
    assert answer.json()["error"]["code"] == "unsupported_by_model"


def test_the_article_gets_its_json(server: Server) -> None:
    answer = server.http.post("/tts", json={"text": "你好。", "speaker": "female_1", "seed": 4})
    told = answer.json()
    with wave.open(io.BytesIO(base64.b64decode(told["audio"], validate=True))) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getframerate() == told["sample_rate"] == 22050
        assert file.getnframes() / 22050 == pytest.approx(told["duration"], abs=0.001)
    assert told["seed"] == 4
    assert told["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "text"),
        ({"text": 5}, "text"),
        ({"text": "Hi.", "speaker": "nobody"}, "speaker"),
        ({"text": "Hi.", "speaker": ["female_1"]}, "speaker"),
        ({"text": "Hi.", "language": "tlh"}, "language"),
        ({"text": "[pause:61s]Hi."}, "text"),
        ({"text": "<speak>Hi."}, "text"),
    ],
)
def test_the_article_is_told_what_is_wrong(body: Any, param: str, server: Server) -> None:
    answer = server.http.post("/tts", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
