"""Everything around speaking: voices, texts, captions, health, and bodies that are none."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from cosyvoice_lite.audio.waveform import Audio
from server.harness import Server, serving


@pytest.fixture
def own(short_bundle: Path, tmp_path: Path) -> Iterator[Server]:
    with serving(short_bundle, tmp_path) as running:
        yield running


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_blend_is_kept_heard_and_deleted(short_bundle: Path, tmp_path: Path) -> None:
    with serving(short_bundle, tmp_path) as first:
        made = first.http.post("/v1/audio/voices", data={"name": "mix", "blend": "alloy(3)+echo"})
        assert made.status_code == 200, made.text
        row = made.json()
        assert row["object"] == "audio.voice"
        assert re.fullmatch(r"voice_[0-9a-f]{16}", row["id"])
        twice = first.http.post("/v1/audio/voices", data={"name": "mix", "blend": "alloy+echo"})
        assert code(twice) == (400, "invalid_value")
    with serving(short_bundle, tmp_path) as again:
        by_name = again.speech(voice="mix", seed=1, response_format="wav")
        direct = again.speech(voice="alloy(3)+echo", seed=1, response_format="wav")
        other = again.speech(voice="alloy", seed=1, response_format="wav")
        assert by_name.content == direct.content != other.content
        assert again.http.get(f"/v1/audio/voices/{row['id']}").json()["kind"] == "blend"
        assert again.http.delete(f"/v1/audio/voices/{row['id']}").json()["deleted"] is True
        assert code(again.speech(voice="mix")) == (400, "voice_not_found")
        assert not list((tmp_path / "voices").iterdir())


def test_the_models_own_voices_stay(server: Server) -> None:
    assert code(server.http.delete("/v1/audio/voices/zh_female")) == (403, "feature_disabled")
    assert code(server.http.delete("/v1/audio/voices/nobody")) == (404, "voice_not_found")
    assert server.http.get("/v1/audio/voices/zh_female").json()["name"] == "中文女"
    assert server.http.get("/v1/audio/voices?legacy=true").json()["voices"][0] == "zh_female"


TRICKS = ["../../etc/passwd", "..%2F..%2Fetc%2Fpasswd", "%00", "a/b", "voice_x", "%ff"]


@pytest.mark.parametrize("name", TRICKS)
def test_names_lead_nowhere(name: str, server: Server) -> None:
    for method in ("GET", "DELETE"):
        answer = server.http.request(method, f"/v1/audio/voices/{name}")
        assert answer.status_code in (404, 405)
        assert "error" in answer.json()


@pytest.mark.parametrize(
    ("data", "files", "expected"),
    [
        ({}, None, (400, "missing_required_parameter")),
        ({"name": "x" * 101, "blend": "alloy+echo"}, None, (400, "invalid_value")),
        ({"name": "a/b", "blend": "alloy+echo"}, None, (400, "invalid_value")),
        ({"name": "alloy", "blend": "alloy+echo"}, None, (400, "invalid_value")),
        ({"name": "me", "blend": "alloy+nobody"}, None, (400, "voice_not_found")),
        ({"name": "me"}, {"audio_sample": b"x"}, (403, "consent_required")),
        ({"name": "me", "consent": "yes"}, None, (400, "missing_required_parameter")),
        ({"name": "me", "consent": "y"}, {"audio_sample": b"x"}, (400, "unsupported_by_model")),
        ({"name": "me", "consent": "y"}, {"name": b"x"}, (400, "invalid_type")),
    ],
)
def test_what_makes_no_voice(
    data: dict[str, str], files: Any, expected: tuple[int, str], server: Server
) -> None:
    assert code(server.http.post("/v1/audio/voices", data=data, files=files)) == expected
    assert not list(server.service.voices.added)


@pytest.mark.parametrize(
    ("data", "files"),
    [({"name": "q"}, None), ({"name": "q", "consent": "y"}, {"audio_sample": b"x"})],
)
def test_a_voice_without_a_usable_recording_blames_it(
    data: dict[str, str], files: Any, server: Server
) -> None:
    answer = server.http.post("/v1/audio/voices", data=data, files=files)
    assert answer.json()["error"]["param"] == "audio_sample"


@pytest.mark.parametrize(
    ("text", "voice"), [("Hello.", "en_female"), ("你好。", "zh_female"), ("안녕.", "ko_female")]
)
def test_who_names_no_voice_gets_one_at_home_in_the_text(
    text: str, voice: str, server: Server
) -> None:
    spoken = server.http.post("/tts", json={"text": text})
    assert spoken.headers["x-voice"] == spoken.json()["speaker"] == voice
    shown = server.http.post("/v1/audio/captions", json={"input": text})
    assert shown.headers["x-voice"] == voice


def test_a_voice_in_the_settings_speaks_for_who_names_none(
    short_bundle: Path, tmp_path: Path
) -> None:
    with serving(short_bundle, tmp_path, voice="ja_male") as server:
        assert server.http.post("/tts", json={"text": "Hi."}).headers["x-voice"] == "ja_male"


def test_captions_have_the_times_of_sentences(server: Server) -> None:
    body = {"input": "Good morning.\n\nHow are you, my friend?", "seed": 1}
    srt = server.http.post("/v1/audio/captions", json=body)
    assert srt.text.startswith("1\n00:00:00,000 --> 00:00:0")
    vtt = server.http.post("/v1/audio/captions", json={**body, "response_format": "vtt"})
    assert vtt.text.startswith("WEBVTT")
    told = server.http.post("/v1/audio/captions", json={**body, "response_format": "json"}).json()
    segments = told["segments"]
    assert len(segments) == 2
    assert segments[0]["end"] <= segments[1]["start"] < segments[1]["end"]
    assert segments[1]["end"] == pytest.approx(told["duration"], abs=0.1)
    assert "timestamps" not in told


@pytest.mark.parametrize("wanted", ["word", "char"])
def test_words_and_characters_have_times(wanted: str, server: Server) -> None:
    text = {"word": ["Good", "morning."], "char": list("Goodmorning.")}[wanted]
    body = {"timestamps": wanted, "seed": 1}
    told = server.http.post("/tts", json={**body, "text": "Good morning."}).json()
    times = told["timestamps"]
    assert [row["word"] for row in times] == text
    bounds = [t for row in times for t in (row["start_time"], row["end_time"])]
    assert bounds == sorted(bounds)
    assert 0 <= bounds[0] < bounds[-1] <= told["duration"] + 0.001
    sse = server.speech(**body, stream_format="sse")
    done = json.loads(sse.text.strip().split("\n\n")[-1][6:])
    assert [row["word"] for row in done["timestamps"]] == text
    assert server.speech(**body).headers["x-warnings"] == "timestamps-ignored"


def test_volume_normalising_and_ssml_are_as_asked(server: Server) -> None:
    def wav(text: str = "Good morning.", **more: Any) -> np.ndarray:
        answer = server.speech(text, response_format="wav", seed=1, **more)
        assert answer.status_code == 200, answer.text
        return np.frombuffer(answer.content[44:], "<i2") / 32768

    plain = wav()
    np.testing.assert_allclose(wav(volume_multiplier=0.5), plain / 2, atol=2e-4)
    assert not wav(volume_multiplier=0).any()
    assert code(server.speech(volume_multiplier=5)) == (400, "invalid_value")
    read, spelled = (
        wav("7 rooms.", normalization_options={"normalize": on}) for on in (True, False)
    )
    assert len(read) != len(spelled)
    marked = "<speak>Good <break time='1s'/> morning.</speak>"
    assert len(wav(marked)) == len(wav(marked, ssml=True)) > 22050
    assert len(wav(marked, ssml=False)) != len(wav(marked))
    assert code(server.speech("Good <break", ssml=True))[0] == 400


def test_finishing_is_done(server: Server) -> None:
    def wav(**finish: Any) -> np.ndarray:
        answer = server.speech(response_format="wav", seed=1, finish=finish or None)
        assert answer.status_code == 200, answer.text
        return np.frombuffer(answer.content[44:], "<i2") / 32768

    quiet = wav(peak_db=-40.0)
    assert np.abs(quiet).max() < 0.0101
    faded = wav(fade_in_s=0.2)
    assert np.abs(faded[:200]).max() < np.abs(wav()[:200]).max() / 10
    assert code(server.speech(finish={"reverb": 1}))[0] == 400


def test_normalising_shows_the_rules(server: Server) -> None:
    answer = server.http.post("/v1/text/normalize", json={"text": "It costs 12 dollars."})
    told = answer.json()
    assert told["segments"][0]["text"].startswith("It costs twelve dollars")
    assert told["rules"]
    assert code(server.http.post("/v1/text/normalize", json={"text": ""}))[0] == 400


def test_an_estimate_grows_with_the_text(server: Server) -> None:
    def estimate(text: str) -> Any:
        body = {"model": "tts-1", "voice": "alloy", "input": text}
        return server.http.post("/v1/audio/speech/estimate", json=body).json()

    one, two = estimate("Good morning."), estimate("Good morning to all of you. " * 10)
    assert one["audio_seconds"] < two["audio_seconds"]
    assert one["segments"] == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", (400, "invalid_json")),
        (b"{", (400, "invalid_json")),
        (b"[" * 50_000, (400, "invalid_json")),
        (b"\xff\xfe", (400, "invalid_json")),
        (b'{"text":"\\ud800"}', (400, "invalid_json")),
        (b'{"text":NaN}', (400, "invalid_json")),
        (b"[]", (400, "invalid_type")),
        (b'"text"', (400, "invalid_type")),
        (b'{"text":null}', (400, "invalid_type")),
        (b'{"text":"' + b"a" * 2_000_000 + b'"}', (413, "request_too_large")),
    ],
)
def test_bodies_that_are_none(content: bytes, expected: tuple[int, str], server: Server) -> None:
    for path in ("/tts", "/v1/text/normalize"):
        assert code(server.http.post(path, content=content)) == expected


def test_a_body_without_a_length_is_bounded_too(server: Server) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"a" * 100_000

    try:
        answer = server.http.post("/tts", content=endless())
        assert answer.status_code == 413
    except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        pass  # it was refused before all of it was sent
    assert server.http.get("/livez").status_code == 200


def test_a_broken_form_is_refused(server: Server) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x"}
    for content in (b"", b"--x\r\n", b"--x\r\nbroken\r\n\r\n--x--", b"\xff" * 1000):
        answer = server.http.post("/inference_zero_shot", content=content, headers=kind)
        assert answer.status_code == 400, content[:20]


def test_unknown_routes_and_methods_answer_alike(server: Server) -> None:
    assert code(server.http.get("/v2/nothing")) == (404, "not_found")
    answer = server.http.put("/tts")
    assert code(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


def test_request_ids_are_kept_or_made(server: Server) -> None:
    kept = server.http.get("/livez", headers={"x-request-id": "abc-1.2_3"})
    assert kept.headers["x-request-id"] == "abc-1.2_3"
    for bad in ("a b", "x" * 129, "<script>"):
        made = server.http.get("/livez", headers={"x-request-id": bad}).headers["x-request-id"]
        assert re.fullmatch(r"req_[0-9a-f]{32}", made)


def test_health_is_told(server: Server) -> None:
    for path in ("/livez", "/healthz", "/readyz", "/startupz"):
        assert server.http.get(path).status_code == 200
    told = server.http.get("/health").json()
    assert told["status"] == "healthy"
    assert told["queue"]["capacity"] == 256
    assert told["memory"]["rss"] > 10_000_000


def test_metrics_can_be_scraped(server: Server) -> None:
    server.speech("Count me.", cache=False)
    server.eventually(lambda: "cosyvoice_batch_size_count" in server.http.get("/metrics").text)
    text = server.http.get("/metrics").text
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
    assert float(samples["cosyvoice_audio_seconds_total"]) > 0
    assert float(samples['cosyvoice_stage_duration_seconds_count{stage="flow"}']) > 0
    assert float(samples['cosyvoice_time_to_first_audio_seconds_count{api="openai"}']) > 0
    assert all(re.fullmatch(r"[a-z_]+(\{.*\})?", name) for name in samples)


def test_the_document_describes_every_route(server: Server) -> None:
    told = server.http.get("/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    assert "example" in json.dumps(told["paths"]["/v1/audio/speech"])
    page = server.http.get("/docs")
    assert "/v1/audio/speech" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_page_is_served_with_its_files_only(server: Server) -> None:
    page = server.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for link in re.findall(r'(?:href|src)="(page/[^"]+)"', page.text):
        assert server.http.get(f"/{link}").status_code == 200, link
    for name in ("..%2Fapp.py", "%2e%2e/app.py", "nothing.js", "index.html%00"):
        assert server.http.get(f"/page/{name}").status_code == 404


def test_a_recording_makes_a_voice(hearing_bundle: Path, tmp_path: Path) -> None:
    sound = io.BytesIO()
    noise = np.random.default_rng(1).standard_normal(32000).astype(np.float32) * np.float32(0.1)
    from cosyvoice_lite.audio.codecs import write_wave

    write_wave(sound, Audio(noise, 16000))
    wav = sound.getvalue()
    with serving(hearing_bundle, tmp_path) as server:
        fields = {"name": "me", "consent": "I agree.", "prompt_text": "What I say."}
        made = server.http.post("/v1/audio/voices", data=fields, files={"audio_sample": wav})
        assert made.status_code == 200, made.text
        about = json.loads((tmp_path / "voices" / f"{made.json()['id']}.json").read_text("utf-8"))
        assert about["consent"] == "I agree."
        assert server.speech(voice="me").status_code == 200
        answer = server.http.post(
            "/inference_zero_shot",
            data={"tts_text": "Hi.", "prompt_text": "What I say."},
            files={"prompt_wav": wav},
        )
        assert answer.status_code == 200, answer.text
        voices = {"name": "cache_requests_total", "cache": "voices"}
        server.eventually(lambda: server.metric(**voices, result="hit") == 1)
        assert server.metric(**voices, result="miss") == 1
        for broken in (b"RIFF", wav[:2000], b"\x00" * 5000, wav[:44]):
            fields = {"name": "other", "consent": "yes"}
            answer = server.http.post(
                "/v1/audio/voices", data=fields, files={"audio_sample": broken}
            )
            assert code(answer) == (415, "unsupported_media_type")
            assert answer.json()["error"]["param"] == "audio_sample"
            sent = base64.b64encode(broken).decode()
            assert server.speech(ref_audio=sent).json()["error"]["param"] == "ref_audio"
        huge = b"\x00" * (11 << 20)
        answer = server.http.post("/v1/audio/voices", data=fields, files={"audio_sample": huge})
        assert code(answer) == (413, "request_too_large")
