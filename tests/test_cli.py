"""The command line: one line for every mistake, quiet pipes, exit codes, nothing left behind."""

import io
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archives
from cosyvoice_lite.cli import main
from cosyvoice_lite.cli.interrupt import heeded, unwind_on_signals
from cosyvoice_lite.hub.vocabulary import fetch_whisper_vocabulary

COMMAND = [sys.executable, "-m", "cosyvoice_lite"]
needs_posix = pytest.mark.skipif(os.name == "nt", reason="signals and pipes of POSIX")

Capture = pytest.CaptureFixture[str]


def failure(capsys: Capture, *arguments: str | Path) -> tuple[int, str]:
    """Exit code and the one line of an error."""
    code = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    lines = [x for x in captured.err.splitlines() if not x.startswith(("reading ", "writing "))]
    assert len(lines) == 1, lines
    assert lines[0].startswith("cosyvoice-lite: error: ")
    assert captured.out == ""
    return code, lines[0].removeprefix("cosyvoice-lite: error: ")


def wave_of(content: bytes) -> int:
    """Number of samples of a 16-bit mono WAV at 22,050 Hz."""
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22050)
        return file.getnframes()


# --- what can't be converted ---------------------------------------------------------------------


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


# --- what can't be spoken ------------------------------------------------------------------------

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


# --- speaking ------------------------------------------------------------------------------------


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


def test_wrong_usage_exits_with_two(capsys: Capture) -> None:
    for arguments in ([], ["sing"], ["speak", "--speed", "fast"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("cosyvoice-lite ")


# --- pipes and signals ---------------------------------------------------------------------------


def start(*arguments: str | Path, **settings: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **settings,
    )


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


def test_a_pipe_gets_a_valid_stream_and_nothing_else(tiny_bundle: Path) -> None:
    process = start("speak", "-o", "-", "--model", tiny_bundle, "--seed", "1", "--json")
    out, err = process.communicate(b"Good morning.")
    assert process.returncode == 0
    assert out[:4] == b"RIFF"
    facts = json.loads(err)
    assert (len(out) - 44) / 2 / 22050 == pytest.approx(facts["duration_s"], abs=1e-3)
    assert np.frombuffer(out[44:], "<i2").any()


@pytest.mark.parametrize(
    ("name", "more", "head"),
    [
        ("a.flac", [], b"fLaC"),
        ("a.opus", [], b"OggS"),
        ("a.aac", [], b"\xff\xf1"),
        ("a.wav", ["--format", "flac"], b"fLaC"),
        ("-", ["--format", "aac"], b"\xff\xf1"),
    ],
)
def test_the_files_name_or_the_user_says_the_format(
    name: str, more: list[str], head: bytes, tiny_bundle: Path, tmp_path: Path
) -> None:
    process = start("speak", "Hi.", "-o", name, *more, "--model", tiny_bundle, cwd=tmp_path)
    out, _ = process.communicate(b"")
    assert process.returncode == 0
    content = out if name == "-" else (tmp_path / name).read_bytes()
    assert content.startswith(head)


@needs_posix
def test_a_reader_that_leaves_is_no_error(tiny_bundle: Path) -> None:
    process = start("speak", "Good morning. " * 20, "-o", "-", "--model", tiny_bundle)
    assert process.stdout is not None
    assert len(process.stdout.read(100)) == 100
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (128 + signal.SIGPIPE, b"")


@needs_posix
def test_a_full_output_is_one_line(tiny_bundle: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with open("/dev/full", "wb") as full:
        for arguments in (["voices"], ["speak", "Hi.", "-o", "-"]):
            done = subprocess.run(
                [*COMMAND, *arguments, "--model", str(tiny_bundle)],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
            assert done.returncode == 1
            (line,) = done.stderr.splitlines()
            assert "No space left on device" in line


@needs_posix
def test_an_interrupt_that_a_library_swallows_is_heeded_at_the_next_part() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    try:
        unwind_on_signals()
        parts = heeded(iter("abc"))
        assert next(parts) == "a"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            next(parts)
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)


@needs_posix
@pytest.mark.parametrize("output", ["out.wav", "-"])
def test_an_interrupt_ends_with_130_and_leaves_no_file(
    output: str, tiny_bundle: Path, tmp_path: Path
) -> None:
    """A text of 100,000 characters starts to sound at once, and stops at once."""
    process = start("speak", "-o", output, "--model", tiny_bundle, cwd=tmp_path)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(("The quick brown fox jumps. " * 3704).encode())
    process.stdin.close()
    process.stdin = None
    if output == "-":
        assert len(process.stdout.read(30_000)) == 30_000
    else:
        deadline = time.monotonic() + 60
        while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    peak = _peak_megabytes(process.pid)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    # CPython ends by the signal itself if it came inside the exec of a text, as when a dataclass
    # is made, even if it was caught since; to a shell both are 130.
    assert process.returncode in (130, -signal.SIGINT)
    assert err.decode().splitlines()[-1] == "cosyvoice-lite: error: interrupted"
    assert "Traceback" not in err.decode()
    assert list(tmp_path.iterdir()) == []
    assert peak is None or peak < 700


@needs_posix
def test_an_interrupt_that_a_library_turns_into_its_own_error_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def voices(_: object) -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except KeyboardInterrupt:
            raise ImportError("half an import") from None
        return 0

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("cosyvoice_lite.cli.speech_commands.voices", voices)
    try:
        assert failure(capsys, "voices") == (130, "interrupted")
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)


@needs_posix
def test_an_interrupt_while_the_commands_are_imported_is_one() -> None:
    program = """
import os, signal, sys
from cosyvoice_lite.cli import main
class Finder:
    def find_spec(self, name, *_):
        if name == "cosyvoice_lite.cli.speech_commands":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.exit(main(["voices"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "cosyvoice-lite: error: interrupted\n")


def _peak_megabytes(pid: int) -> float | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return None
    (line,) = [x for x in status.splitlines() if x.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


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


@pytest.mark.parametrize("frontend", ["lite", "official"])
def test_a_model_that_was_not_taught_instructions_says_so(
    frontend: str, tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["speak", "Hi.", "--model", str(tiny_bundle), "-o", str(tmp_path / "a.wav")]
    assert main([*arguments, "--instruct", "A sad voice.", "--frontend", frontend]) == 1
    assert "can't follow instructions: use a 300M-Instruct" in capsys.readouterr().err
    assert not (tmp_path / "a.wav").exists()


@needs_posix
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_closed_streams_lead_nowhere_and_harm_nothing(
    closed: str, tiny_bundle: Path, tmp_path: Path
) -> None:
    command = shlex.join([*COMMAND, "speak", "One. [pause:1s] Two.", "--model", str(tiny_bundle)])
    done = subprocess.run(["sh", "-c", f"{command} -o a.wav {closed}"], cwd=tmp_path, timeout=60)
    assert done.returncode == 0
    assert (tmp_path / "a.wav").stat().st_size > 44


@needs_posix
def test_standard_output_may_be_called_by_its_name(tiny_bundle: Path) -> None:
    process = start("speak", "Hi.", "-o", "/dev/stdout", "--format", "wav", "--model", tiny_bundle)
    out, _ = process.communicate()
    assert process.returncode == 0
    assert out.startswith(b"RIFF")


@needs_posix
def test_any_text_is_read_and_told_in_any_locale(tiny_bundle: Path) -> None:
    ascii_only = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    process = start("explain", "Café 😀 你好。", "--json", "--model", tiny_bundle, env=ascii_only)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert json.loads(out.decode("ascii"))["text"] == "Café 😀 你好。"
    voice = ["--voice", "中文女", "--model", str(tiny_bundle)]
    told = subprocess.run([*COMMAND, "explain", "Hi.", *voice], env=ascii_only, capture_output=True)
    assert (told.returncode, told.stderr) == (0, b"")
    for command in ("speak", "batch", "convert-voice"):
        told = subprocess.run([*COMMAND, command, "--help"], env=ascii_only, capture_output=True)
        assert told.returncode == 0


@needs_posix
@pytest.mark.parametrize("command", [["speak", "-f", "/dev/zero"], ["batch", "/dev/zero", "out"]])
def test_a_file_without_end_is_not_read_to_its_end(
    command: list[str], tiny_bundle: Path, tmp_path: Path
) -> None:
    process = start(*command, "--model", tiny_bundle, cwd=tmp_path)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"larger than" in err
    assert err.count(b"\n") == 1


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
