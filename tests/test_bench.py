"""bench: what it reports, and what it refuses. No time is asserted."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from cosyvoice_lite.bench.cost import Cost, cost
from cosyvoice_lite.bench.machine import Machine
from cosyvoice_lite.bench.shapes import sized
from cosyvoice_lite.bench.size import installed_mb
from cosyvoice_lite.bench.timing import Times
from cosyvoice_lite.bundle import GRAPHS
from cosyvoice_lite.cli import main
from cosyvoice_lite.runtime.synthesizer import Synthesizer

MACHINE = Machine("a", 1, None, gflops=100.0, int8_gflops=200.0, gigabytes_per_s=10.0)
SIZES = {
    "text_encoder": {"B": 1, "T": 7},
    "lm": {"B": 2, "S": 1, "T": 65, "T_max": 65, "N": 2},
    "flow_encoder": {"B": 1, "T_tok": 50, "T_mel": 86},
    "unet": {"B": 2, "T": 41},
    "f0": {"B": 1, "T": 20},
    "vocoder": {"B": 1, "T": 20, "T_wav": 20 * 256},
}


def test_it_reports_every_figure(
    tiny_bundle: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["bench", str(tiny_bundle), "--quick", "--requests", "3"]) == 0
    *tables, line = capsys.readouterr().out.splitlines()
    report: dict[str, Any] = json.loads(line)
    assert any("roofline" in row for row in tables)
    assert report["machine"]["gflops"] > 0
    assert {stage["name"] for stage in report["stages"]} >= {"LM step, 8", "text encoder", "F0"}
    assert all(stage["roofline"] > 0 and stage["gflop"] > 0 for stage in report["stages"])
    assert set(report["speed"]["rtf"]) == {"lm", "flow", "vocoder", "total"}
    assert all(x["p50"] <= x["p95"] for x in report["speed"]["seconds"].values())
    assert report["load"]["n_requests"] == 3
    assert sum(report["bundle_mb"].values()) > 0
    if (memory := report["memory_mb"]) is not None:
        assert memory["speaking"] > memory["opened"] > memory["serve, idle"] > 0


def test_one_part_alone(tiny_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(tiny_bundle), "--only", "size", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert not {"stages", "speed", "load", "memory_mb"} & set(report)


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="the extra bench")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_plot_is_a_png(tiny_bundle: Path, tmp_path: Path) -> None:
    target = tmp_path / "bench.png"
    assert (
        main(["bench", str(tiny_bundle), "--quick", "--only", "stages", "--plot", str(target)]) == 0
    )
    assert target.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "wrong",
    [["--runs", "0"], ["--seconds", "nan"], ["--solver", "none"], ["--requests", "51"]],
)
def test_what_cannot_be_measured_is_refused(tiny_bundle: Path, wrong: list[str]) -> None:
    assert main(["bench", str(tiny_bundle), *wrong]) == 2


def test_the_work_of_a_product_and_a_convolution(tmp_path: Path) -> None:
    """By hand: 2·2·3·4 and, over 5 samples that come out, 2·(6·5)·(3·2)."""
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["a", "w"], ["y"]),
            helper.make_node("Conv", ["b", "k"], ["z"], pads=[0, 0], kernel_shape=[2]),
        ],
        "two",
        [_value("a", ["M", 3]), _value("b", [1, 3, "T"])],
        [_value("y", ["M", 4]), _value("z", [1, 6, "T'"])],
        [_weight("w", (3, 4)), _weight("k", (6, 3, 2))],
    )
    path = tmp_path / "two.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    assert cost(path, {"M": 2, "T": 6}) == Cost(
        flops=48 + 360, int8_flops=0, n_bytes=4 * (6 + 18 + 8 + 30 + 12 + 36)
    )


def test_two_weights_of_four_bits_are_a_byte(tmp_path: Path) -> None:
    packed = TensorProto(name="w", data_type=TensorProto.INT4, dims=[3, 32], raw_data=bytes(48))
    unpack = helper.make_node("DequantizeLinear", ["w", "s"], ["y"], axis=1, block_size=32)
    scale = _weight("s", (3, 1))
    graph = helper.make_graph([unpack], "one", [], [_value("y", [3, 32])], [packed, scale])
    path = tmp_path / "one.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]), path)
    assert cost(path, {}).n_bytes == 48 + 4 * (3 + 96)


def _value(name: str, shape: list[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _weight(name: str, shape: tuple[int, ...]) -> TensorProto:
    return onnx.numpy_helper.from_array(np.ones(shape, np.float32), name)


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_shape_of_our_graphs_is_known(synthesizer: Synthesizer, graph: str) -> None:
    model, shapes = sized(synthesizer.bundle.file(f"{graph}.onnx"), SIZES[graph])
    unknown = [name for node in model.graph.node for name in node.output if name not in shapes]
    assert not unknown


def test_a_longer_mel_is_more_work(synthesizer: Synthesizer) -> None:
    path = synthesizer.bundle.file("f0.onnx")
    short, long = (cost(path, {"B": 1, "T": t}).flops for t in (100, 200))
    assert long == 2 * short > 0


def test_the_roofline_is_the_slower_of_two() -> None:
    assert Cost(10**9, 10**9, 0).least_s(MACHINE) == pytest.approx(0.015)
    assert Cost(10**9, 0, 10**9).least_s(MACHINE) == pytest.approx(0.1)


def test_spread_and_percentiles() -> None:
    times = Times((1.0, 2.0, 3.0))
    assert times.median == 2.0
    assert times.spread == 1.0
    assert 2.0 < times.p95 < 3.0


def test_the_installed_environment_has_what_we_need_and_no_extras() -> None:
    sizes = installed_mb()
    assert sizes["onnxruntime"] > 10
    assert sizes["cosyvoice-lite"] > 1
    assert "pytest" not in sizes
