"""OpenAI's own client, as its users call it."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
import soundfile

from cosyvoice_lite.audio.encoders import FORMATS, MEDIA_TYPES
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.server import speech as speech_module
from server.harness import SHORT, Server, serving

BAD = openai.BadRequestError
MAGIC = {
    "mp3": (b"\xff\xf3", b"\xff\xfb", b"ID3"),
    "opus": (b"OggS",),
    "aac": (b"\xff\xf1", b"\xff\xf9"),
    "flac": (b"fLaC",),
    "wav": (b"RIFF",),
    "pcm": (b"",),
}


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="any", base_url=f"{server.url}/v1", max_retries=0) as client:
        yield client


def create(client: openai.OpenAI, **more: Any) -> Any:
    options: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "input": "Good morning.", **more}
    return client.audio.speech.create(**options)


def test_formats_are_those_of_the_encoders() -> None:
    assert set(speech_module.FORMATS) == set(FORMATS)


@pytest.mark.parametrize("format", FORMATS)
def test_it_speaks_in_every_format(format: str, client: openai.OpenAI) -> None:
    answer = create(client, response_format=format, extra_body={"seed": 1})
    content = answer.read()
    assert answer.response.headers["content-type"] == MEDIA_TYPES[format]
    assert content.startswith(MAGIC[format])
    rate = int(answer.response.headers["x-sample-rate"])
    if format in ("mp3", "opus", "flac", "wav"):
        samples, read_rate = soundfile.read(io.BytesIO(content))
        assert read_rate == rate
        assert np.abs(samples).max() > 0.01
        assert 0.1 < len(samples) / rate < 3
    assert answer.response.headers["x-seed"] == "1"
    assert answer.response.headers["x-voice"] == "zh_female"


def test_pcm_is_24_khz_and_the_same_speech_as_wav(client: openai.OpenAI) -> None:
    pcm = create(client, response_format="pcm", extra_body={"seed": 1})
    assert pcm.response.headers["x-sample-rate"] == "24000"
    samples = np.frombuffer(pcm.read(), "<i2")
    wav = create(client, response_format="wav", extra_body={"seed": 1}).read()
    with wave.open(io.BytesIO(wav)) as file:
        assert file.getframerate() == 22050
        n = file.getnframes()
    assert len(samples) / 24000 == pytest.approx(n / 22050, abs=0.01)


def test_it_is_what_the_synthesizer_says(client: openai.OpenAI, short_bundle: Path) -> None:
    content = create(
        client, response_format="wav", input="Hello. [pause:0.2s] 你好。", extra_body={"seed": 5}
    ).read()
    ours = np.frombuffer(content[44:], "<i2").astype(np.float32) / 32768
    alone = Synthesizer.open(short_bundle).speak(
        "Hello. [pause:0.2s] 你好。", voice="中文女", seed=5
    )
    assert len(ours) == len(alone.samples)
    np.testing.assert_allclose(ours, alone.samples, atol=2e-3)


@pytest.mark.parametrize("format", ["mp3", "flac", "wav"])
def test_a_whole_file_tells_its_length(format: str, client: openai.OpenAI) -> None:
    text = "This is a sentence of some length, so that a guess at it would be wrong."
    more = {"seed": 1, "stream": False}
    answer = create(client, response_format=format, input=text, extra_body=more)
    info = soundfile.info(io.BytesIO(answer.read()))
    told = float(answer.response.headers["x-audio-duration"])
    assert info.duration == pytest.approx(told, abs=0.001)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("stream", [True, False])
def test_a_text_without_a_sound_is_an_answer_like_any(
    format: str, stream: bool, server: Server
) -> None:
    silent = {"min_token_text_ratio": 0, "max_token_text_ratio": 0, "cache": False}
    answer = server.speech("0", response_format=format, stream=stream, **silent)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPES[format]


def test_speed_changes_the_length(client: openai.OpenAI) -> None:
    lengths = [
        len(create(client, response_format="pcm", speed=speed, extra_body={"seed": 1}).read())
        for speed in (2.0, 1.0, 0.5)
    ]
    assert lengths[0] * 1.5 < lengths[1] < lengths[2] / 1.5


def test_it_streams_before_it_is_done(client: openai.OpenAI) -> None:
    text = "\n\n".join(f"This is sentence number {n}, which is not very short." for n in range(5))
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="nova", input=text, response_format="pcm", extra_body={"seed": 3}
    ) as answer:
        chunks = list(answer.iter_bytes())
    assert len(chunks) > 3
    assert sum(map(len, chunks)) % 2 == 0
    whole = create(
        client, voice="nova", input=text, response_format="pcm",
        extra_body={"seed": 3, "stream": False, "cache": False},
    )  # fmt: skip
    assert whole.response.headers["content-length"] == str(sum(map(len, chunks)))
    assert float(whole.response.headers["x-audio-duration"]) > 1


SENTENCE = "This one sentence is long enough that its beginning is heard before its end is made."


def test_a_sentence_is_heard_before_it_is_done(server: Server, short_bundle: Path) -> None:
    counted = server.service.metrics.histograms["time_to_first_audio_seconds"][("openai",)]
    n_first = sum(counted.counts)
    body = {
        "model": "tts-1", "voice": "alloy", "input": SENTENCE, "response_format": "wav",
        "seed": 5, "cache": False, "stream": True, "min_token_text_ratio": 3,
    }  # fmt: skip
    came: list[bytes] = []
    with server.http.stream("POST", "/v1/audio/speech", json=body) as answer:
        for content in answer.iter_raw():
            came.append(content)
            if len(came) == 1:
                assert server.service.speaker.running  # and not all of it made
    assert sum(counted.counts) == n_first + 1
    ours = np.frombuffer(b"".join(came)[44:], "<i2").astype(np.float32) / 32768
    sampling = dataclasses.replace(SHORT, min_token_text_ratio=3)
    chunks = list(
        Synthesizer.open(short_bundle).stream(SENTENCE, voice="中文女", seed=5, sampling=sampling)
    )
    assert len(chunks) > 1
    alone = np.clip(np.concatenate([c.samples for c in chunks]), -1, 1)
    np.testing.assert_allclose(ours, alone, atol=2e-3)


def test_events_carry_the_same_bytes(server: Server) -> None:
    plain = server.speech("Hello. How are you?", response_format="mp3", seed=2).content
    answer = server.speech("Hello. How are you?", seed=2, stream_format="sse", cache=False)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line[6:]) for line in answer.text.split("\n\n") if line]
    *deltas, done = events
    assert {e["type"] for e in deltas} == {"speech.audio.delta"}
    assert b"".join(base64.b64decode(e["audio"], validate=True) for e in deltas) == plain
    assert done["type"] == "speech.audio.done"
    usage = done["usage"]
    assert usage["input_tokens"] + usage["output_tokens"] == usage["total_tokens"] > 0


def test_the_client_reads_the_events(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="alloy", input="Hi.", stream_format="sse"
    ) as answer:
        assert any('"speech.audio.done"' in line for line in answer.iter_lines())


def test_models_and_voices_are_listed(client: openai.OpenAI, server: Server) -> None:
    listed = [model.id for model in client.models.list()]
    assert listed[0] == server.service.identity.model_id
    assert "tts-1" in listed
    assert client.models.retrieve("tts-1").owned_by == "cosyvoice-lite"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-5")
    voices = server.http.get("/v1/audio/voices").json()["voices"]
    assert [voice["id"] for voice in voices][:2] == ["zh_female", "zh_male"]
    assert all(isinstance(voice["name"], str) for voice in voices)
    assert server.http.get("/v1/audio/models").json()["models"][0]["id"] == listed[0]


def test_a_voice_may_be_an_object(client: openai.OpenAI) -> None:
    answer = create(client, voice={"id": "en_male"})
    assert answer.response.headers["x-voice"] == "en_male"


@pytest.mark.parametrize(
    ("change", "error", "param", "code"),
    [
        ({"voice": "nobody"}, BAD, "voice", "voice_not_found"),
        ({"voice": "../../etc/passwd"}, BAD, "voice", "voice_not_found"),
        ({"voice": "voice_0000000000000000"}, BAD, "voice", "voice_not_found"),
        ({"voice": "alloy(0)+echo"}, BAD, "voice", "invalid_value"),
        ({"voice": "+".join(["alloy"] * 9)}, BAD, "voice", "invalid_value"),
        ({"model": "whisper"}, openai.NotFoundError, "model", "model_not_found"),
        ({"input": ""}, BAD, "input", "invalid_value"),
        ({"input": " \n"}, BAD, "input", "invalid_value"),
        ({"input": "。"}, BAD, "input", "invalid_value"),
        ({"input": "a" * 4097}, BAD, "input", "string_above_max_length"),
        ({"speed": 9}, BAD, "speed", "invalid_value"),
        ({"speed": "fast"}, BAD, "speed", "invalid_type"),
        ({"response_format": "ogg"}, BAD, "response_format", "invalid_value"),
        ({"extra_body": {"seed": -1}}, BAD, "seed", "invalid_value"),
        ({"extra_body": {"seed": 2**70}}, BAD, "seed", "invalid_value"),
        ({"extra_body": {"language": "tlh"}}, BAD, "language", "invalid_value"),
        ({"extra_body": {"emotion": "hangry"}}, BAD, "emotion", "invalid_value"),
        ({"extra_body": {"emotion": "calm"}}, BAD, "emotion", "invalid_value"),
        ({"extra_body": {"ref_audio": "http://x"}}, BAD, "ref_audio", "invalid_value"),
        ({"extra_body": {"ref_audio": "%%%"}}, BAD, "ref_audio", "invalid_value"),
        ({"extra_body": {"sample_rate": 12345}}, BAD, None, "invalid_value"),
        ({"extra_body": {"min_token_text_ratio": 9.0}}, BAD, None, "invalid_value"),
    ],
)  # fmt: skip
def test_errors_are_typed(
    change: dict[str, Any], error: type[openai.APIStatusError], param: str | None, code: str,
    client: openai.OpenAI,
) -> None:  # fmt: skip
    with pytest.raises(error) as caught:
        create(client, **change)
    assert caught.value.code == code
    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"
    assert caught.value.request_id


def test_a_wrong_language_or_model_is_told_which_there_are(server: Server) -> None:
    told = server.speech(language="tlh").json()["error"]["message"]
    assert told == "language: expected auto, zh, en, ja, ko, yue, or a tag such as zh-CN"
    told = server.speech(model="whisper").json()["error"]["message"]
    names = told.partition("there are ")[2].split(", ")
    assert len(names) == len(set(names)) > 1


def test_what_is_missing_is_named(server: Server) -> None:
    answer = server.http.post("/v1/audio/speech", json={"model": "tts-1", "input": "Hi."})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("missing_required_parameter", "voice")
    assert set(error) == {"message", "type", "param", "code"}


def test_null_means_absent_and_unknown_fields_warn(server: Server) -> None:
    answer = server.speech("Hi.", instructions=None, speed=None, nonsense=1)
    assert answer.status_code == 200
    assert answer.headers["x-warnings"] == "unknown-field:nonsense"
    for name in ("", " ", "\r\nx: y", "名"):  # nothing that a header can't hold gets into one
        assert server.speech("Hi.", **{name: 1}).status_code == 200


def test_sampling_settings_reach_the_model(server: Server) -> None:
    plain = server.speech("Hi there.", seed=1, response_format="wav").content
    for change in ({"top_k": 1}, {"win_size": 3}, {"top_p": 0.1}, {"tau_r": 0.5}):
        answer = server.speech("Hi there.", seed=1, response_format="wav", **change)
        assert answer.status_code == 200, change
    greedy = server.speech("Hi there.", seed=1, response_format="wav", top_k=1)
    assert greedy.content != plain


def test_instructions_are_ignored_with_a_warning(client: openai.OpenAI) -> None:
    answer = create(client, instructions="Sing it.")
    assert "instructions-ignored" in answer.response.headers["x-warnings"]


def test_strict_refuses_both(short_bundle: Path, tmp_path: Path) -> None:
    with serving(short_bundle, tmp_path, strict=True) as strict:
        assert strict.speech(nonsense=1).json()["error"]["param"] == "nonsense"
        refused = strict.speech(instructions="Sing it.").json()["error"]
        assert refused["code"] == "unsupported_by_model"
