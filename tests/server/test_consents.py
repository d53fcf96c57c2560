"""Consents: kept as they were sent, found again, named by voices, and nothing else gets in."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from cosyvoice_lite.audio.codecs import write_wave
from cosyvoice_lite.audio.encoders import encode
from cosyvoice_lite.audio.waveform import Audio
from server.harness import Server, serving

CONSENTS = "/v1/audio/voice_consents"
NOISE = np.random.default_rng(1).standard_normal(32000).astype(np.float32) * np.float32(0.1)


def wave(samples: Any = NOISE) -> bytes:
    sound = io.BytesIO()
    write_wave(sound, Audio(samples, 16000))
    return sound.getvalue()


def ask(server: Server, recording: bytes | None = None, **fields: Any) -> httpx.Response:
    data = {"name": "Anna", "language": "en-GB", **fields}
    files = {"recording": wave() if recording is None else recording}
    return server.http.post(CONSENTS, data={k: v for k, v in data.items() if v}, files=files)


def code(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


def test_a_consent_is_kept_found_renamed_and_deleted(short_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "voices"
    with serving(short_bundle, tmp_path) as server:
        made = ask(server)
        assert made.status_code == 200, made.text
        told = made.json()
        assert set(told) == {"object", "id", "name", "language", "created_at"}
        assert (told["object"], told["name"]) == ("audio.voice_consent", "Anna")
        assert server.service.pool.model is None  # no model was loaded for it
        mp3 = encode(Audio(NOISE, 16000), "mp3")
        others = [ask(server, mp3, name=f"n{n}").json()["id"] for n in range(2)]
    with serving(short_bundle, tmp_path) as server:  # after a restart
        path = f"{CONSENTS}/{told['id']}"
        assert server.http.get(path).json() == told
        assert (folder / f"{told['id']}.recording").read_bytes() == wave()
        first = server.http.get(CONSENTS, params={"limit": 2}).json()
        assert first["has_more"]
        assert (first["first_id"], first["last_id"]) == tuple(
            row["id"] for row in (first["data"][0], first["data"][-1])
        )
        rest = server.http.get(CONSENTS, params={"after": first["last_id"]}).json()
        assert not rest["has_more"]
        shown = [row["id"] for row in first["data"] + rest["data"]]
        assert sorted(shown) == sorted([told["id"], *others])
        renamed = server.http.post(path, json={"name": " Anna 2 "})
        assert renamed.json() == {**told, "name": "Anna 2"}
        assert json.loads((folder / f"{told['id']}.json").read_text("utf-8"))["name"] == "Anna 2"
        gone = server.http.delete(path)
        assert gone.json() == {"id": told["id"], "object": "audio.voice_consent", "deleted": True}
        assert code(server.http.get(path)) == (404, "consent_not_found", "consent")
        assert not list(folder.glob(f"{told['id']}*"))


@pytest.mark.parametrize(
    ("fields", "recording", "expected"),
    [
        ({"name": ""}, None, (400, "missing_required_parameter", "name")),
        ({"name": "../../etc/passwd"}, None, (400, "invalid_value", "name")),
        ({"name": "a\x00b"}, None, (400, "invalid_value", "name")),
        ({"name": "a" * 101}, None, (400, "invalid_value", "name")),
        ({"language": ""}, None, (400, "missing_required_parameter", "language")),
        ({"language": "English, please"}, None, (400, "invalid_value", "language")),
        ({}, b"", (400, "invalid_value", "recording")),
        ({}, b"RIFF", (415, "unsupported_media_type", None)),
        ({}, b"\x00" * 5000, (415, "unsupported_media_type", None)),
        ({}, wave()[:44], (415, "unsupported_media_type", None)),
        ({}, wave(NOISE[:100]), (415, "unsupported_media_type", None)),
        ({}, wave(0 * NOISE), (415, "unsupported_media_type", None)),
        ({}, b"\x00" * (11 << 20), (413, "request_too_large", None)),
    ],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else None,
)
def test_what_is_no_consent_is_refused(
    fields: dict[str, str], recording: bytes | None, expected: Any, server: Server
) -> None:
    before = dict(server.service.consents.kept)
    assert code(ask(server, recording, **fields)) == expected
    assert server.service.consents.kept == before


def test_wrong_questions_have_plain_answers(server: Server) -> None:
    assert code(server.http.post(CONSENTS, data={"name": "a", "language": "en"})) == (
        400, "missing_required_parameter", "recording",
    )  # fmt: skip
    for query in ({"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"after": "cons_0"}):
        assert code(server.http.get(CONSENTS, params=query))[0] == 400
    for path in ("cons_0123456789abcdef", "..%2Fx", "%00"):
        assert code(server.http.get(f"{CONSENTS}/{path}"))[0] == 404
        assert code(server.http.delete(f"{CONSENTS}/{path}"))[0] == 404
        assert code(server.http.post(f"{CONSENTS}/{path}", json={"name": "a"}))[0] == 404


def test_a_disk_that_is_full_keeps_nothing_and_loses_nothing(
    short_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "voices"

    def full(self: Path, *_: Any, **__: Any) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    with serving(short_bundle, tmp_path) as server:
        told = ask(server).json()
        for write in ("write_bytes", "write_text"):
            before = sorted(folder.iterdir())
            with monkeypatch.context() as patch:
                patch.setattr(Path, write, full)
                assert ask(server).status_code == 500
                if write == "write_text":
                    path = f"{CONSENTS}/{told['id']}"
                    assert server.http.post(path, json={"name": "b"}).status_code == 500
            assert sorted(folder.iterdir()) == before
        assert [r["name"] for r in server.http.get(CONSENTS).json()["data"]] == ["Anna"]


def test_a_voice_stands_on_its_consent(hearing_bundle: Path, tmp_path: Path) -> None:
    with serving(hearing_bundle, tmp_path) as server:
        number = ask(server).json()["id"]
        sample = {"audio_sample": wave()}
        for wrong in ("cons_0123456789abcdef", "cons_x"):
            fields = {"name": "me", "consent": wrong}
            answer = server.http.post("/v1/audio/voices", data=fields, files=sample)
            assert code(answer) == (400, "consent_not_found", "consent")
        fields = {"name": "me", "consent": number}
        made = server.http.post("/v1/audio/voices", data=fields, files=sample)
        assert made.status_code == 200, made.text
        assert code(server.http.delete(f"{CONSENTS}/{number}"))[:2] == (403, "consent_in_use")
        server.http.delete(f"/v1/audio/voices/{made.json()['id']}")
        assert server.http.delete(f"{CONSENTS}/{number}").status_code == 200


def test_consents_are_for_those_with_a_key(short_bundle: Path, tmp_path: Path) -> None:
    with serving(short_bundle, tmp_path, api_keys="k") as server:
        assert code(server.http.get(CONSENTS))[:2] == (401, "invalid_api_key")
        assert ask(server).status_code == 401
