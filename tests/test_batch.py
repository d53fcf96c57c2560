"""batch: the same speech as speak, resumed, and a bad line harms no other."""

import json
from pathlib import Path

import pytest

from cosyvoice_lite.cli import main

LINES = [
    {"text": "你好，世界。", "voice": "中文女", "seed": 1},
    {"text": "Hello there. How are you?", "output": "b.wav", "seed": 2, "speed": 2},
]
BAD = [
    "nonsense",
    "[1]",
    '{"text": "..."}',
    '{"text": "x", "voice": "nobody"}',
    '{"text": "x", "output": "../y.wav"}',
    '{"text": "x", "speed": "fast"}',
    '{"text": "x", "nope": 1}',
    '{"text": 5}',
    '{"text": "x", "output": "y.m4a"}',
    '{"text": "x", "output": "%s.wav"}' % ("n" * 300),
    '{"text": "x", "output": "a\\u0000b.wav"}',
    '{"text": "x", "output": "\\ud800.wav"}',
    '{"text": "x", "output": "folder.wav"}',
    '{"text": "x", "speed": 1%s}' % ("0" * 400),
    '{"text": "%s"}' % ("a" * (1 << 20)),
    '{"text": "x", "sampling": {}}',
    '{"text": "x", "mode": "song"}',
    '{"text": "x", "steps": 0}',
    '{"text": "x", "plain": "yes"}',
    '{"text": "x", "lexicon": "a\\u0000b"}',
    '{"text": "x", "voice": "a\\u0000b.safetensors"}',
    '{"text": "x", "voice": "none.safetensors"}',
]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines), "utf-8")
    return path


def run(file: Path, folder: Path, bundle: Path, capsys: pytest.CaptureFixture[str]) -> tuple:
    code = main(["batch", str(file), str(folder), "--model", str(bundle), "--threads", "1"])
    output = capsys.readouterr()
    return code, json.loads(output.out.splitlines()[-1]), output.err.splitlines()


def test_a_batch_speaks_as_speak_does(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "a.jsonl", [json.dumps(line, ensure_ascii=False) for line in LINES])
    code, summary, _ = run(file, tmp_path / "out", tiny_bundle, capsys)
    assert (code, summary) == (0, {"spoken": 2, "kept": 0, "failed": []})
    arguments = ["speak", "你好，世界。", "--voice", "中文女", "--seed", "1", "--threads", "1"]
    alone = tmp_path / "alone.wav"
    assert main([*arguments, "--model", str(tiny_bundle), "-o", str(alone)]) == 0
    assert alone.read_bytes() == (tmp_path / "out" / "000001.wav").read_bytes()
    assert (tmp_path / "out" / "b.wav").exists()


def test_what_is_there_is_not_spoken_again(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "a.jsonl", [json.dumps(line) for line in LINES])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.wav").write_bytes(b"kept")
    _, summary, _ = run(file, tmp_path / "out", tiny_bundle, capsys)
    assert summary == {"spoken": 1, "kept": 1, "failed": []}
    assert (tmp_path / "out" / "b.wav").read_bytes() == b"kept"


def test_bad_lines_are_told_one_by_one_and_the_good_one_is_spoken(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out" / "folder.wav").mkdir(parents=True)
    file = write(tmp_path / "a.jsonl", [*BAD, "", json.dumps(LINES[0])])
    code, summary, errors = run(file, tmp_path / "out", tiny_bundle, capsys)
    assert code == 1
    assert summary["spoken"] == 1
    assert summary["failed"] == list(range(1, len(BAD) + 1))
    told = [line.split(":")[0] for line in errors if line.startswith("line ")]
    assert told == [f"line {n}" for n in summary["failed"]]
    assert [p.name for p in tmp_path.rglob("*.wav") if p.is_file()] == [f"{len(BAD) + 2:06}.wav"]


def test_no_line_takes_the_output_of_another(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [{"text": "One.", "output": "000002.wav"}, {"text": "Two."}, {"text": "Three."}]
    file = write(tmp_path / "a.jsonl", [json.dumps(line) for line in lines])
    code, summary, errors = run(file, tmp_path / "out", tiny_bundle, capsys)
    assert (code, summary) == (1, {"spoken": 2, "kept": 0, "failed": [2]})
    assert "is that of line 1" in errors[0]


def test_a_name_may_be_as_long_as_the_file_system_has_it(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "声" * 83 + ".wav"
    file = write(tmp_path / "a.jsonl", [json.dumps({"text": "One.", "output": name})])
    assert run(file, tmp_path / "out", tiny_bundle, capsys)[0] == 0
    assert [p.name for p in (tmp_path / "out").iterdir()] == [name]


def test_only_a_new_line_ends_a_line(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = json.dumps({"text": "Hi.\u2028You."}, ensure_ascii=False)  # as JSON allows it
    file = write(tmp_path / "a.jsonl", [broken + "\r", json.dumps(LINES[0]), ""])
    code, summary, _ = run(file, tmp_path / "out", tiny_bundle, capsys)
    assert (code, summary) == (0, {"spoken": 2, "kept": 0, "failed": []})
    assert sorted(p.name for p in tmp_path.rglob("*.wav")) == ["000001.wav", "000002.wav"]


def test_outputs_have_the_format_of_their_names_or_the_one_asked_for(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [json.dumps({"text": "Hi."}), json.dumps({"text": "Hi.", "output": "b.flac"})]
    file, folder = write(tmp_path / "a.jsonl", lines), tmp_path / "out"
    options = ["--model", str(tiny_bundle), "--format", "aac"]
    assert main(["batch", str(file), str(folder), *options]) == 0
    assert (folder / "000001.aac").read_bytes()[:2] == b"\xff\xf1"
    assert (folder / "b.flac").read_bytes()[:4] == b"fLaC"


def test_lines_take_the_options_of_speak_by_their_names(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from cosyvoice_lite import Synthesizer

    voice, lexicon = tmp_path / "mine.safetensors", tmp_path / "words.txt"
    Synthesizer.open(tiny_bundle).voices["中文女"].save(voice)
    lexicon.write_text("SQL  say:sequel\n", "utf-8")
    asked = {"voice": str(voice), "lexicon": str(lexicon), "steps": 2, "mode": "sft", "seed": 1}
    line = json.dumps({"text": "[pause:1s] SQL", "plain": True, **asked})
    file = write(tmp_path / "a.jsonl", [line])
    code, summary, _ = run(file, tmp_path / "out", tiny_bundle, capsys)
    assert (code, summary["spoken"]) == (0, 1)
    arguments = ["speak", "[pause:1s] SQL", "--plain", "--model", str(tiny_bundle)]
    for name, value in asked.items():
        arguments += [f"--{name}", str(value)]
    alone = tmp_path / "alone.wav"
    assert main([*arguments, "--threads", "1", "-o", str(alone)]) == 0
    assert alone.read_bytes() == (tmp_path / "out" / "000001.wav").read_bytes()


def test_a_mode_is_called_as_speak_calls_it(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [json.dumps({"text": "Hi.", "mode": mode}) for mode in ("zero-shot", "song")]
    file = write(tmp_path / "a.jsonl", lines)
    _, summary, errors = run(file, tmp_path / "out", tiny_bundle, capsys)
    assert summary["failed"] == [1, 2]
    assert "needs the words of its recording" in errors[0]
    assert "choose from sft, zero-shot, cross-lingual, instruct" in errors[1]
