"""No torch, ever; no onnx and no YAML while speaking; next to nothing on import."""

import subprocess
import sys
from pathlib import Path

GUARD = """
import importlib.abc, sys

class Forbid(importlib.abc.MetaPathFinder):
    def __init__(self, names):
        self.names = set(names)
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            raise AssertionError(f"{name} was imported")

FORBIDDEN = ["torch", "torchaudio", "transformers", "torchvision", "tensorflow", "jax"]
FORBIDDEN += ["whisper", "omegaconf", "hyperpyyaml", "librosa", "scipy", "modelscope"]
sys.meta_path.insert(0, Forbid(FORBIDDEN))
"""


def run(program: str, *arguments: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", GUARD + program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_guard_guards() -> None:
    program = "try:\n    import torch\nexcept AssertionError as error:\n    print(error)"
    assert run(program) == "torch was imported\n"


def test_converting_needs_no_torch(tiny_checkpoint: Path, tmp_path: Path) -> None:
    program = """
from cosyvoice_lite.cli import main
assert main(["convert", sys.argv[1], sys.argv[2]]) == 0
assert main(["verify", sys.argv[2]]) == 0
"""
    run(program, tiny_checkpoint, tmp_path / "bundle")


def test_speaking_needs_neither_torch_nor_onnx_nor_yaml(tiny_bundle: Path, tmp_path: Path) -> None:
    program = """
sys.meta_path.insert(0, Forbid(["onnx", "yaml", "onnx_ir", "onnxscript", "tqdm", "urllib3"]))
from cosyvoice_lite import Sampling, Synthesizer
short = Sampling(max_token_text_ratio=3.0)
s = Synthesizer.open(sys.argv[1], threads=1)
for text in ("你好，2024年。", "Good morning, 3 apples.", "こんにちは。", "안녕하세요.", "早晨。"):
    assert s.speak(text, seed=1, sampling=short).samples.any()
    for chunk in s.stream(text, seed=1, sampling=short):
        assert chunk.sample_rate == 22050
from cosyvoice_lite.cli import main
assert main(["speak", "Hi.", "--model", sys.argv[1], "-o", sys.argv[2]]) == 0
"""
    run(program, tiny_bundle, tmp_path / "out.wav")


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = """
before = set(sys.modules)
import cosyvoice_lite
names = {name.split(".")[0] for name in set(sys.modules) - before}
print(sorted(names & {"numpy", "onnxruntime", "onnx", "yaml", "tiktoken", "wetext", "tqdm"}))
"""
    assert run(program) == "[]\n"


def test_the_help_of_the_command_comes_without_the_runtime() -> None:
    program = """
from cosyvoice_lite.cli import main
try:
    main(["speak", "--help"])
except SystemExit:
    pass
print(sorted({"onnxruntime", "onnx", "wetext", "tiktoken"} & set(sys.modules)))
"""
    assert run(program).splitlines()[-1] == "[]"


def test_speaking_reports_to_nobody(tiny_bundle: Path, tmp_path: Path) -> None:
    """ONNX Runtime would keep the machine's data and send it to its maker."""
    program = """
import os
os.environ.update(dict.fromkeys(("HOME", "XDG_CACHE_HOME"), sys.argv[2]))
from cosyvoice_lite import Sampling, Synthesizer
Synthesizer.open(sys.argv[1]).speak("Hi.", sampling=Sampling(max_token_text_ratio=3.0))
"""
    run(program, tiny_bundle, tmp_path)
    assert not list(tmp_path.rglob("*"))
