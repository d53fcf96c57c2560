"""Weights read where their file is mapped: the same numbers, and pages that can be given back."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.runtime import memory
from cosyvoice_lite.runtime.memory import MAPPED_FROM, MB, MemoryPlan, is_mapped, peaks
from cosyvoice_lite.runtime.processor import products_overflow
from cosyvoice_lite.runtime.session import Session
from cosyvoice_lite.runtime.synthesizer import Synthesizer, sizes_of


@pytest.fixture(scope="module")
def int8(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    bundle = tmp_path_factory.mktemp("int8") / "bundle"
    convert(tiny_checkpoint, bundle, precision="int8")
    return bundle


@pytest.mark.parametrize(
    ("precision", "graph", "n_bytes", "overflow", "mapped"),
    [
        ("int8", "text_encoder", MAPPED_FROM, False, True),
        ("int8", "text_encoder", MAPPED_FROM, True, False),
        ("int8", "flow_encoder", MAPPED_FROM - 1, False, False),
        ("int8", "unet", 1000 * MB, False, False),
        ("int4", "text_encoder", 1000 * MB, False, False),
        ("fp32", "text_encoder", 1000 * MB, False, False),
    ],
)
def test_what_is_mapped(
    precision: str,
    graph: str,
    n_bytes: int,
    overflow: bool,
    mapped: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "products_overflow", lambda: overflow)
    assert is_mapped(precision, graph, n_bytes) is mapped


def test_mapped_weights_give_the_same_numbers_call_after_call(int8: Path) -> None:
    path, weights = int8 / "text_encoder.onnx", int8 / "text_encoder.weights"
    packed, mapped = Session(path, 1), Session(path, 1, weights)
    shapes = {node.name: node.shape for node in packed.ort.get_inputs()}
    rng = np.random.default_rng(0)
    text = rng.standard_normal((1, 7, shapes["text"][2])).astype(np.float32)
    speaker = rng.standard_normal((1, shapes["speaker"][1])).astype(np.float32)
    expected = packed(text=text, speaker=speaker)
    for _ in range(2):
        for ours, theirs in zip(mapped(text=text, speaker=speaker), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is resident")
@pytest.mark.skipif(products_overflow(), reason="ONNX Runtime takes a copy of the weights here")
def test_after_a_call_the_pages_of_the_file_are_given_back(
    int8: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = int8 / "text_encoder.weights"
    session = Session(int8 / "text_encoder.onnx", 1, weights)
    shapes = {node.name: node.shape for node in session.ort.get_inputs()}
    inputs = {
        "text": np.ones((1, 7, shapes["text"][2]), np.float32),
        "speaker": np.ones((1, shapes["speaker"][1]), np.float32),
    }
    session(**inputs)
    assert resident(weights) == 0
    monkeypatch.setattr("cosyvoice_lite.runtime.session.drop", lambda areas: None)
    session(**inputs)
    assert resident(weights) > 0


def test_all_that_speaks_from_mapped_weights_rests_after_its_turn(
    int8: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Synthesizer.open(int8, threads=1).speak("你好。", seed=1)
    monkeypatch.setattr(memory, "MAPPED_FROM", 0)
    s = Synthesizer.open(int8, threads=1)
    speech = s.speak("你好。", seed=1)
    assert len(speech.samples) == len(plain.samples)  # what is not in 8 bits is rounded otherwise
    assert np.corrcoef(speech.samples, plain.samples)[0, 1] > 0.99
    for session in (s.lm.text_encoder, s.flow.encoder):
        assert bool(session.mapped) is (sys.platform == "linux" and not products_overflow())
        assert resident(session.path.with_suffix(".weights")) == 0


def test_the_planner_knows_that_mapped_weights_rest(
    int8: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "products_overflow", lambda: False)
    large = dict.fromkeys(sizes_of(Synthesizer.open(int8).bundle).weights, 2 * MAPPED_FROM)
    mapped = replace(sizes_of(Synthesizer.open(int8).bundle), weights=large)
    rested = peaks(mapped, MemoryPlan())["vocoder"]
    monkeypatch.setattr(memory, "products_overflow", lambda: True)
    assert rested < peaks(mapped, MemoryPlan())["vocoder"]


def resident(path: Path) -> int:
    """Bytes of a mapped file that are in this process's memory; 0 where the system hides it."""
    smaps = Path("/proc/self/smaps")
    if not smaps.exists():
        return 0
    areas = re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", smaps.read_text("utf-8"))
    ours = [area for area in areas if area.partition("\n")[0].endswith(str(path))]
    return sum(1024 * int(re.search(r"(?m)^Rss:\s+(\d+)", area)[1]) for area in ours)  # type: ignore[index]
