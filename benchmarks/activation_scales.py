"""What a scale found beforehand would save: 8-bit products, static and dynamic, on this machine.

    python -m benchmarks.activation_scales [--threads 1]

Each product is timed with float32 weights, with 8-bit weights and activations scaled as they come
(dynamic: their extremes are searched first), and with a scale that the graph holds (static). The
forms take turns, and of each the fastest run counts. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from cosyvoice_lite.bench.timing import repeated
from cosyvoice_lite.runtime.session import Session

PRODUCTS = (
    (1, 1024, 4096),  # a step of the full-size language model: one stream, and four
    (4, 1024, 4096),
    (430, 256, 1024),  # five seconds in the velocity field
    (860, 256, 256),
    (430, 512, 2048),  # in the flow's encoder
)
"""M, K, N."""
ROUNDS, SECONDS = 9, 0.1
OPSET, MS_OPSET, IR_VERSION = 17, 1, 8
MICROSOFT = "com.microsoft"

Array = NDArray[np.generic]


def static(x: NDArray[np.float32], weight: dict[str, Array]) -> onnx.ModelProto:
    """Activations scaled by what `x` needs, a constant of the graph."""
    scale = np.float32((x.max() - x.min()) / 255)
    zero = np.uint8(round(float(-x.min() / scale)))
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "x_scale", "x_zero"], ["levels"]),
        helper.make_node(
            "MatMulIntegerToFloat",
            ["levels", "levels_of_w", "x_scale", "scale", "x_zero", "zero"],
            ["y"],
            domain=MICROSOFT,
        ),
    ]
    return _model(nodes, {**weight, "x_scale": np.array(scale), "x_zero": np.array(zero)})


def dynamic(weight: dict[str, Array]) -> onnx.ModelProto:
    """Activations scaled by their own extremes, whenever they come."""
    inputs = ["x", "levels_of_w", "scale", "zero"]
    return _model(
        [helper.make_node("DynamicQuantizeMatMul", inputs, ["y"], domain=MICROSOFT)], weight
    )


def float32(w: NDArray[np.float32]) -> onnx.ModelProto:
    return _model([helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": w})


def _model(nodes: list[onnx.NodeProto], constants: dict[str, Array]) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["M", "K"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["M", "N"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, MS_OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def measure(m: int, k: int, n: int, threads: int) -> dict[str, float]:
    """Milliseconds of each form of one product."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((m, k), np.float32)
    w = rng.standard_normal((k, n), np.float32)
    scale = np.abs(w).max(0) / np.float32(127)
    levels = np.round(w / scale).astype(np.int8)
    weight: dict[str, Array] = {
        "levels_of_w": levels,
        "scale": scale,
        "zero": np.zeros(n, np.int8),
    }
    models = {"float32": float32(w), "dynamic": dynamic(weight), "static": static(x, weight)}
    sessions = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, model in models.items():
            onnx.save(model, Path(folder) / name)
            sessions[name] = Session(Path(folder) / name, threads)
    fastest = dict.fromkeys(sessions, float("inf"))
    for _ in range(ROUNDS):
        for name, session in sessions.items():
            times = repeated(partial(session, x=x), SECONDS)
            fastest[name] = min(fastest[name], *times.seconds)
    return {name: round(1e3 * seconds, 3) for name, seconds in fastest.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    found = []
    print("    M     K     N   float32   dynamic    static ms   static/dynamic   dynamic/float32")
    for m, k, n in PRODUCTS:
        ms = measure(m, k, n, args.threads)
        print(
            f"{m:5} {k:5} {n:5} {ms['float32']:9.3f} {ms['dynamic']:9.3f} {ms['static']:9.3f}"
            f" {ms['static'] / ms['dynamic']:19.2f} {ms['dynamic'] / ms['float32']:17.2f}"
        )
        found.append({"m": m, "k": k, "n": n, "ms": ms})
    print(json.dumps({"threads": args.threads, "products": found}))


if __name__ == "__main__":
    main()
