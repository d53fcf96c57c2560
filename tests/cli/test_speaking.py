"""The command line as it speaks."""

import io
import json
from pathlib import Path

import pytest

from cli.running import Capture, failure, start, wave_of
from cosyvoice_lite.cli import main


def test_text_comes_from_wherever_it_is_and_sounds_the_same(
    tiny_bundle: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes("\ufeff你好。".encode())
    spoken = []
    for arguments in (["你好。"], ["-f", str(file)], ["-f", "-"], ["-"], []):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("你好。".encode())))
        out = tmp_path / "out.wav"
        options = ["--model", str(tiny_bundle), "--seed", "1", "-o", str(out), "--json"]
        assert main(["speak", *arguments, *options]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert facts["seed"] == 1
        assert facts["output"] == str(out)
        assert facts["duration_s"] == pytest.approx(wave_of(out.read_bytes()) / 22050, abs=1e-3)
        spoken.append(out.read_bytes())
    assert len(set(spoken)) == 1


def test_without_a_seed_the_one_drawn_is_told_and_repeats_the_speech(
    tiny_bundle: Path, tmp_path: Path, capsys: Capture
) -> None:
    first, again = tmp_path / "1.wav", tmp_path / "2.wav"
    options = ["--model", str(tiny_bundle), "--json", "-o"]
    assert main(["speak", "Hi.", *options, str(first)]) == 0
    seed = json.loads(capsys.readouterr().out)["seed"]
    assert main(["speak", "Hi.", *options, str(again), "--seed", str(seed)]) == 0
    assert first.read_bytes() == again.read_bytes()
    capsys.readouterr()


def test_the_only_installed_model_needs_no_name(
    tiny_bundle: Path, tmp_path: Path, capsys: Capture
) -> None:
    models = tmp_path / "home" / "models"
    models.mkdir(parents=True)
    (models / "one").symlink_to(tiny_bundle)
    assert main(["voices", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"name", "language", "has_prompt"} <= set(rows[0])
    assert len(rows) == 7
    (models / "two").symlink_to(tiny_bundle)
    assert "several models are installed" in failure(capsys, "voices")[1]
    assert main(["voices", "--model", "two"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "中文女\tzh"
    (models / "broken").mkdir()
    (models / "broken" / "manifest.json").write_text("{")
    assert main(["models", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["nano", "broken", "one", "two"]
    assert "error" in rows[1]
    assert main(["models"]) == 0
    assert capsys.readouterr().out.count("\n") == 4


def test_explain_needs_no_installed_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COSYVOICE_LITE_HOME", str(tmp_path))
    assert main(["explain", "It costs $12.50. 会议3月5日开。", "--json"]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert "twelve dollars and fifty cents" in "".join(s["text"] for s in explained["segments"])
    assert explained["rules"]
    assert explained["token_count"] > 0


def test_marks_are_reported_with_their_times(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '<speak>一<break time="1s"/><mark name="middle"/>二<mark name="end"/></speak>'
    output = tmp_path / "a.wav"
    arguments = ["speak", text, "--model", str(tiny_bundle), "-o", str(output), "--json"]
    assert main([*arguments, "--seed", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert 1.0 < told["marks"]["middle"] < told["marks"]["end"] <= told["duration_s"]


def test_subtitles_say_when_each_sentence_is_heard(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '<speak><break time="1s"/>One.<break time="2s"/>Two. <mark name="end"/></speak>'
    arguments = ["speak", text, "--model", str(tiny_bundle), "--seed", "1", "--json"]
    told = {}
    for name, more in {"a": [], "b": ["--trim"]}.items():
        files = ["-o", str(tmp_path / f"{name}.wav"), "--subtitles", str(tmp_path / f"{name}.srt")]
        assert main([*arguments, *files, *more]) == 0
        told[name] = json.loads(capsys.readouterr().out)
    times = {}
    for name in told:
        cues = (tmp_path / f"{name}.srt").read_text("utf-8").strip().split("\n\n")
        assert [cue.split("\n")[2] for cue in cues] == ["One.", "Two."]
        times[name] = [
            float(t[-6:].replace(",", "."))
            for cue in cues
            for t in cue.split("\n")[1].split(" --> ")
        ]
    start_s, pause_s, resume_s, end_s = times["a"]
    assert start_s == 1.0
    assert resume_s - pause_s == pytest.approx(2.0, abs=0.01)
    assert end_s == pytest.approx(told["a"]["duration_s"], abs=0.01)
    cut_s = pause_s - times["b"][1]
    assert cut_s >= 0.98
    assert times["b"][2] == pytest.approx(resume_s - cut_s, abs=0.01)
    assert told["b"]["marks"]["end"] <= told["b"]["duration_s"] + 0.001


def test_the_output_stage_is_a_matter_of_options(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from cosyvoice_lite.audio.codecs import read_wave
    from cosyvoice_lite.audio.loudness import loudness, true_peak

    arguments = ["speak", "Good morning.", "--model", str(tiny_bundle), "--seed", "1"]
    whole, piped = tmp_path / "a.wav", tmp_path / "b.wav"
    assert main([*arguments, "-o", str(whole), "--loudness", "-30", "--fade", "0.01"]) == 0
    assert loudness(read_wave(whole)) == pytest.approx(-30, abs=0.5)
    process = start(*arguments, "-o", "-", "--peak", "-30")
    piped.write_bytes(process.communicate()[0])
    assert true_peak(read_wave(piped)) <= -29.9
