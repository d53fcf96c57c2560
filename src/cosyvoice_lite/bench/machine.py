"""What this machine can do at its best, which every other figure is measured against.

The products are ONNX Runtime's own, at sizes like the model's and on the cores that it may use: a
stage can't do better than the kernels it is made of.
"""

from __future__ import annotations

import os
import platform
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from cosyvoice_lite.bench.timing import repeated
from cosyvoice_lite.runtime.session import Session

PRODUCTS = ((430, 1024, 1024), (430, 1024, 4096))
"""M, K, N: frames of five seconds times the layers of the full-size model."""
READ_BYTES = 1 << 28
"""Of all threads together: more than a cache holds."""
BUDGET_S = 0.4
OPSET, IR_VERSION = 17, 8
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "asimddp", "i8mm")


@dataclass(frozen=True)
class Machine:
    """The processor, what else it is doing, and its limits with so many threads."""

    processor: str
    threads: int
    load: float | None
    """Processes that ran or waited in the last minute, where the system counts them."""
    gflops: float
    """Of a float32 matrix product."""
    int8_gflops: float
    """Of an 8-bit one, a multiplication and an addition counted as two, as above."""
    gigabytes_per_s: float
    """Of a plain read of memory."""


def measure_machine(threads: int) -> Machine:
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return Machine(
        processor(),
        threads,
        load,
        round(max(product_gflops(np.float32, *p, threads) for p in PRODUCTS), 1),
        round(max(product_gflops(np.uint8, *p, threads) for p in PRODUCTS), 1),
        round(read_gigabytes_per_s(threads), 1),
    )


def product_gflops(kind: type[np.generic], m: int, k: int, n: int, threads: int) -> float:
    """Of one product (M, K) · (K, N) by the fastest of its runs."""
    rng = np.random.default_rng(0)
    a = rng.integers(0, 100, (m, k)).astype(kind)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "product.onnx"
        onnx.save(_product(a, rng.integers(-100, 100, (k, n)), n), path)
        session = Session(path, threads)
        fastest = min(repeated(lambda: session(a=a), BUDGET_S).seconds)
    return 2 * m * k * n / fastest / 1e9


def _product(a: np.ndarray, b: np.ndarray, n: int) -> onnx.ModelProto:
    """A graph that multiplies its input with constant weights."""
    wide = a.dtype == np.float32
    kind, result = helper.np_dtype_to_tensor_dtype(a.dtype), TensorProto.INT32
    node = helper.make_node("MatMul" if wide else "MatMulInteger", ["a", "b"], ["y"])
    graph = helper.make_graph(
        [node],
        "product",
        [helper.make_tensor_value_info("a", kind, a.shape)],
        [helper.make_tensor_value_info("y", kind if wide else result, (len(a), n))],
        [numpy_helper.from_array(b.astype(np.float32 if wide else np.int8), "b")],
    )
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)


def read_gigabytes_per_s(threads: int) -> float:
    """Each thread sums a block of its own."""
    blocks = [np.ones(READ_BYTES // 8 // threads) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        fastest = min(repeated(lambda: list(pool.map(np.sum, blocks)), BUDGET_S).seconds)
    return READ_BYTES / fastest / 1e9


def processor() -> str:
    """Its name, and the instructions that matter here."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        facts = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in lines)}
    except OSError:
        facts = {}
    flags = facts.get("flags", facts.get("Features", "")).split()
    name = facts.get("model name") or platform.processor() or platform.machine()
    known = [flag for flag in FLAGS if flag in flags]
    return f"{name} ({', '.join(known)})" if known else name
