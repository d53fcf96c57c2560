"""One line for every mistake, and the exit code that goes with it."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import archives
from cli.running import Capture, failure, needs_posix
from cosyvoice_lite.cli import main
from cosyvoice_lite.hub.vocabulary import fetch_whisper_vocabulary


def _hostile(checkpoint: Path) -> None:
    attack = archives.world("posix", "system") + b"(" + archives.text("touch owned") + b"tR"
    archives.archive(checkpoint / "llm.pt", attack)


def _truncated(checkpoint: Path) -> None:
    content = (checkpoint / "flow.pt").read_bytes()
    (checkpoint / "flow.pt").write_bytes(content[: len(content) // 2])


def _misshapen(checkpoint: Path) -> None:
    yaml = checkpoint / "cosyvoice.yaml"
    yaml.write_text(
        yaml.read_text("utf-8").replace("linear_units: 64", "linear_units: 65"), "utf-8"
    )


def _keyless(checkpoint: Path) -> None:
    yaml = checkpoint / "cosyvoice.yaml"
    yaml.write_text(yaml.read_text("utf-8").replace("    lrelu_slope: 0.1\n", ""), "utf-8")


def _without_llm(checkpoint: Path) -> None:
    (checkpoint / "llm.pt").unlink()


SPOILED = {
    "hostile pickle": (_hostile, "llm.pt: refused: its pickle asks for posix.system"),
    "truncated zip": (_truncated, "flow.pt: not a PyTorch archive, or truncated"),
    "wrong shapes": (_misshapen, "the yaml says (65,"),
    "missing yaml key": (_keyless, "lacks the key hift.lrelu_slope"),
    "missing file": (_without_llm, "llm.pt: no such file"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_checkpoint_is_one_line(
    name: str,
    tiny_checkpoint: Path,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    spoil, message = SPOILED[name]
    checkpoint = Path(shutil.copytree(tiny_checkpoint, tmp_path / "c"))
    spoil(checkpoint)
    code, line = failure(capsys, "convert", checkpoint, tmp_path / "bundle")
    assert code == 1
    assert message in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c"]


def test_a_target_that_exists_is_one_line(
    tiny_checkpoint: Path, tiny_bundle: Path, capsys: Capture
) -> None:
    code, line = failure(capsys, "convert", tiny_checkpoint, tiny_bundle)
    assert (code, "exists already" in line) == (1, True)


def test_a_vocabulary_that_is_not_there_is_one_line(
    tiny_checkpoint: Path, tmp_path: Path, capsys: Capture
) -> None:
    code, line = failure(
        capsys, "convert", tiny_checkpoint, tmp_path / "b", "--vocabulary", tmp_path / "none"
    )
    assert (code, "no such file" in line) == (2, True)


def test_a_fresh_machine_has_a_place_for_the_vocabulary(
    tiny_checkpoint: Path,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The folder that keeps it does not exist before the first fetch."""
    fetched = []

    def fetch(target: Path, **_: Any) -> Path:
        assert target.parent.is_dir()
        target.write_bytes(b"IQ== 0\n")
        fetched.append(target)
        return target

    monkeypatch.setattr("cosyvoice_lite.hub.vocabulary.fetch_whisper_vocabulary", fetch)
    assert fetch_whisper_vocabulary is not fetch
    checkpoint = Path(shutil.copytree(tiny_checkpoint, tmp_path / "c"))
    yaml = checkpoint / "cosyvoice.yaml"
    text = yaml.read_text("utf-8").replace(
        "cosyvoice_lite.text.phonemes.get_tokenizer", "whisper.tokenizer.get_tokenizer"
    )
    yaml.write_text(text, "utf-8")
    for name in ("b1", "b2"):
        assert main(["convert", str(checkpoint), str(tmp_path / name)]) == 0
        assert (tmp_path / name / "vocabulary.tiktoken").read_bytes() == b"IQ== 0\n"
    assert len(fetched) == 1
    capsys.readouterr()


SPEAK: dict[str, tuple[list[str], int, str]] = {
    "unknown voice": (["Hi.", "--voice", "nobody"], 1, "unknown voice 'nobody'"),
    "empty text": ([""], 1, "nothing to speak"),
    "punctuation only": (["?!…。"], 1, "nothing to speak"),
    "missing text file": (["-f", "none.txt"], 1, "none.txt: No such file"),
    "text twice": (["Hi.", "-f", "none.txt"], 2, "not both"),
    "missing prompt": (["Hi.", "--prompt-audio", "none.wav"], 1, "none.wav"),
    "prompt text alone": (["Hi.", "--prompt-text", "a"], 2, "go with --prompt-audio"),
    "voice and prompt": (["Hi.", "--voice", "a", "--prompt-audio", "a.wav"], 2, "not both"),
    "missing voice file": (["Hi.", "--voice", "no.safetensors"], 1, "no.safetensors: No such"),
    "no folder for output": (["Hi.", "-o", "none/out.wav"], 1, "can't write none/out.wav"),
    "folder as output": (["Hi.", "-o", "."], 1, "can't write"),
    "suffix": (["Hi.", "-o", "x.m4a"], 2, "x.m4a: no format is known by the suffix .m4a"),
    "format": (["Hi.", "--format", "mp4"], 2, "unknown format 'mp4': choose from mp3, opus, aac"),
    "subtitles": (["Hi.", "--subtitles", "x.txt"], 2, "x.txt: subtitles are .srt or .vtt files"),
    "loudness": (["Hi.", "--loudness", "3"], 2, "loudness is 3 LUFS, must be -60 to 0"),
    "fade": (["Hi.", "--fade", "-1"], 2, "fade in is -1 s, must be 0 to 10"),
    "speed": (["Hi.", "--speed", "9"], 2, "speed is 9"),
    "seed": (["Hi.", "--seed", "-1"], 2, "seed is -1"),
    "steps": (["Hi.", "--steps", "0"], 2, "the number of steps is 0"),
    "threads": (["Hi.", "--threads", "0"], 2, "threads is 0"),
    "mode": (["Hi.", "--mode", "song"], 2, "'song': choose from sft, zero-shot, cross-lingual"),
    "language": (["Hi.", "--language", "xx"], 2, "language 'xx'"),
    "terminal codes": (["Hi.", "--voice", "\x1b[2J\x07"], 1, "unknown voice"),
}


@pytest.mark.parametrize("name", SPEAK)
def test_what_can_not_be_spoken_is_one_line(
    name: str, tiny_bundle: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, expected, message = SPEAK[name]
    code, line = failure(capsys, "speak", *arguments, "--model", tiny_bundle)
    assert code == expected
    assert message in line
    assert line.isprintable()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="root may write anywhere")
def test_no_permission_to_write_is_one_line(
    tiny_bundle: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    target = tmp_path / "locked" / "out.wav"
    code, line = failure(capsys, "speak", "Hi.", "-o", target, "--model", tiny_bundle)
    assert (code, "ermission" in line) == (1, True)


def test_text_that_is_no_text_is_one_line(
    tiny_bundle: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "t.txt").write_bytes(b"caf\xe9")
    code, line = failure(capsys, "speak", "-f", tmp_path / "t.txt", "--model", tiny_bundle)
    assert (code, line) == (1, "the text is not UTF-8 (byte 3)")
    code, line = failure(capsys, "speak", "caf\udce9", "--model", tiny_bundle)
    assert (code, "not UTF-8" in line) == (1, True)


def test_models_that_are_not_there_are_one_line(tmp_path: Path, capsys: Capture) -> None:
    assert "no model 'x'" in failure(capsys, "speak", "Hi.", "--model", "x")[1]
    assert "no bundle here" in failure(capsys, "speak", "Hi.", "--model", tmp_path)[1]
    assert len(failure(capsys, "speak", "Hi.", "--model", "x" * 9000)[1]) <= 1000


def test_wrong_usage_exits_with_two(capsys: Capture) -> None:
    for arguments in ([], ["sing"], ["speak", "--speed", "fast"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("cosyvoice-lite ")


@needs_posix
@pytest.mark.parametrize("command", [["bench"], ["quantize", "nano", "out"]])
def test_an_installation_without_conversion_says_what_is_missing(command: list[str]) -> None:
    program = f"""
import sys
sys.modules["onnx"] = None
from cosyvoice_lite.cli import main
sys.exit(main({command}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "cosyvoice-lite: error: this command needs onnx: pip install onnx\n"


@pytest.mark.parametrize("frontend", ["lite", "official"])
def test_a_model_that_was_not_taught_instructions_says_so(
    frontend: str, tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["speak", "Hi.", "--model", str(tiny_bundle), "-o", str(tmp_path / "a.wav")]
    assert main([*arguments, "--instruct", "A sad voice.", "--frontend", frontend]) == 1
    assert "can't follow instructions: use a 300M-Instruct" in capsys.readouterr().err
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["speak", "Hi.", "--frontend", "foo"],
        ["speak", "Hi.", "--subtitles", "nowhere/a.srt"],
        ["bench", "--only", "size", "--plot", "a.png"],
        ["bench", "--plot", "nowhere/a.png"],
        ["bench", "--only", "size", "--memory-budget", "1GB"],
        ["serve", "--voice", "nobody"],
        ["serve", "--memory-budget", "1KB"],
    ],
)
def test_what_can_not_be_is_wrong_usage_and_told_before_any_work(
    arguments: list[str], tiny_bundle: Path, capsys: Capture
) -> None:
    model = [str(tiny_bundle)] if arguments[0] == "bench" else ["--model", str(tiny_bundle)]
    code, message = failure(capsys, arguments[0], *model, *arguments[1:])
    assert code == 2, message


def test_an_address_that_is_taken_is_told(tiny_bundle: Path, capsys: Capture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, message = failure(capsys, "serve", "--model", str(tiny_bundle), "--port", port)
    assert code == 1
    assert f"can't listen on 127.0.0.1, port {port}: " in message
