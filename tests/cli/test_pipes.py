"""Standard streams: quiet pipes, readers that leave, any locale."""

import json
import os
import shlex
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

from cli.running import COMMAND, needs_posix, start


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
