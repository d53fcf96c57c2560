"""What goes wrong in few bits and little memory: an error of one line, or bounded memory."""

import json
import os
import random
import shutil
import subprocess
import sys
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.bundle import GRAPHS, MANIFEST, Manifest
from cosyvoice_lite.cli import main
from cosyvoice_lite.convert.pipeline import convert, file_record
from cosyvoice_lite.runtime.processor import available_threads
from cosyvoice_lite.runtime.synthesizer import Synthesizer

BUDGET_MB = 400
WORDS = (
    "今天天气很好",
    "我们一起去公园散步吧",
    "he said it was fine",
    "明天会下雨吗",
    "顺便买一点东西",
)
PEAK = """
import re, sys
from cosyvoice_lite.cli import main
code = main(sys.argv[1:])
status = open("/proc/self/status").read()  # getrusage would count what the parent held
print(re.search(r"VmHWM:\\s+(\\d+)", status)[1], file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(scope="module", params=["int8", "int4"])
def few_bits(
    request: pytest.FixtureRequest, tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("few") / request.param
    convert(tiny_checkpoint, folder, precision=request.param)
    return folder


def said(capsys: pytest.CaptureFixture[str], bundle: Path, *more: object) -> str:
    """The one line of a call that fails."""
    out = bundle.parent / "out.wav"
    arguments = ["speak", "你好。", "--model", str(bundle), "-o", str(out), *map(str, more)]
    assert main(arguments) != 0
    error = capsys.readouterr().err
    assert error.startswith("cosyvoice-lite: error: "), error
    assert error.count("\n") == 1, error
    assert not out.exists()
    return error


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("kind", ["onnx", "weights"])
def test_a_damaged_file_is_named_in_one_line(
    few_bits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], graph: str, kind: str
) -> None:
    bundle = tmp_path / "b"
    shutil.copytree(few_bits, bundle, copy_function=os.link)
    path = bundle / f"{graph}.{kind}"
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content, reason in (
        (whole[:-1], "truncated"),
        (b"", "truncated"),
        (bytes(flipped), "changed since"),
        (None, "No such file"),
    ):
        path.unlink()  # it is shared with the bundle it came from
        if content is not None:
            path.write_bytes(content)
        error = said(capsys, bundle)
        assert path.name in error
        assert reason in error


@pytest.mark.parametrize("name", ["lm.onnx", "unet.weights", "vocoder.onnx", "lm.weights"])
def test_a_damaged_file_with_a_manifest_that_agrees_is_an_error_still(
    few_bits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    bundle = tmp_path / "b"
    shutil.copytree(few_bits, bundle)
    content = (bundle / name).read_bytes()
    (bundle / name).write_bytes(content[: len(content) // 2])
    text = (bundle / MANIFEST).read_text("utf-8")
    manifest = Manifest.from_json(text, bundle)
    files = {**manifest.files, name: file_record(bundle / name)}
    (bundle / MANIFEST).write_text(replace(manifest, files=files).to_json(), "utf-8")
    assert name.split(".")[0] in said(capsys, bundle)


def test_more_threads_than_cores_are_as_many_as_there_are(tiny_bundle: Path) -> None:
    eager, modest = (Synthesizer.open(tiny_bundle, threads=n) for n in (100_000, None))
    assert eager.threads == modest.threads == available_threads()
    ours, theirs = (s.speak("你好。", seed=1).samples for s in (eager, modest))
    np.testing.assert_array_equal(ours, theirs)


def test_what_must_be_held_whole_is_refused_before_it_is_spoken(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    """In processes of their own: a budget counts all that its process holds."""
    bundle, book = tmp_path / "b", tmp_path / "book.txt"
    shutil.copytree(tiny_bundle, bundle)
    book.write_text(text(3000), "utf-8")
    arguments = ["speak", "-f", str(book), "--model", str(bundle), "--memory-budget", "500MB"]
    for option in (["--loudness", "-16"], ["--trim"], ["--denoise", "9"], ["--fade", "1"]):
        done = alone([*arguments, *option, "-o", str(tmp_path / "o.wav")])
        assert done.returncode == 2
        assert "hold the whole speech" in done.stderr
        assert done.stderr.count("\n") == 1
    short = ["speak", "你好。", "--model", str(bundle), "--memory-budget", "30GB"]
    assert alone([*short, "--loudness", "-16", "-o", str(tmp_path / "o.wav")]).returncode == 0


def test_a_batch_refuses_the_lines_that_it_could_not_hold_whole(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    lines = [json.dumps({"text": words}) for words in (text(3000), "你好。")]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), "utf-8")
    arguments = ["batch", str(tmp_path / "a.jsonl"), str(tmp_path / "out")]
    budget = ["--model", str(tiny_bundle), "--memory-budget", "500MB", "--loudness", "-16"]
    done = alone([*arguments, *budget])
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"spoken": 1, "kept": 0, "failed": [1]}
    assert "line 1: " in done.stderr
    assert "hold the whole speech" in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["000002.wav"]


def alone(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cosyvoice_lite", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def text(n: int) -> str:
    draw, parts = random.Random(1), [""]
    while sum(map(len, parts)) < n:
        parts.append(draw.choice(WORDS) + draw.choice("，。！？"))
    return "".join(parts)[:n]


@pytest.mark.parametrize("n", [1500, pytest.param(100_000, marks=pytest.mark.slow)])
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are told in /proc")
def test_a_long_text_is_spoken_within_the_budget(tiny_bundle: Path, tmp_path: Path, n: int) -> None:
    bundle = tmp_path / "b"
    shutil.copytree(tiny_bundle, bundle)
    manifest = Manifest.from_json((bundle / MANIFEST).read_text("utf-8"), bundle)
    brief = replace(manifest.model.sampling, min_token_text_ratio=0.0, max_token_text_ratio=0.3)
    manifest = replace(manifest, model=replace(manifest.model, sampling=brief))
    (bundle / MANIFEST).write_text(manifest.to_json(), "utf-8")
    (tmp_path / "book.txt").write_text(text(n), "utf-8")
    arguments = ["speak", "-f", str(tmp_path / "book.txt"), "--model", str(bundle), "--steps", "1",
                 "-o", str(tmp_path / "o.wav"), "--memory-budget", f"{BUDGET_MB}MB"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *arguments], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stderr.split()[-1]) * 1024 < BUDGET_MB * 1_000_000
    with wave.open(str(tmp_path / "o.wav")) as file:
        assert file.getnframes() > n * 10
