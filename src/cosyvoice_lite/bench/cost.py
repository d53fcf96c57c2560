"""The work in one run of a graph, counted from the graph itself.

Arithmetic is that of products, convolutions and attention, a multiplication and an addition
counted as two; everything else is small beside it and not counted. Memory is what must be read
whatever the kernels do: the weights, as they are stored, and the graph's inputs and outputs. What
layers hand to each other may stay in a cache, so it is not counted either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import onnx
from onnx import NodeProto, TensorProto, helper

from cosyvoice_lite.bench.machine import Machine
from cosyvoice_lite.bench.shapes import Shape, product_shape, sized

IN_FEW_BITS = ("MatMulNBits", "DynamicQuantizeMatMul")
CACHE_LENGTH = "T_max"
"""A cache is read, and written in place."""


@dataclass(frozen=True)
class Cost:
    """Of one run."""

    flops: int
    """In float32."""
    int8_flops: int
    n_bytes: int

    def compute_s(self, machine: Machine) -> float:
        return self.flops / machine.gflops / 1e9 + self.int8_flops / machine.int8_gflops / 1e9

    def memory_s(self, machine: Machine) -> float:
        return self.n_bytes / machine.gigabytes_per_s / 1e9

    def least_s(self, machine: Machine) -> float:
        """What the machine would need at its best: the roofline."""
        return max(self.compute_s(machine), self.memory_s(machine))


def cost(path: Path, sizes: Mapping[str, int]) -> Cost:
    """Of one run of the graph at `path`.

    Args:
        sizes: of the named dimensions of its inputs.
    """
    model, shapes = sized(path, sizes)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    flops = dict.fromkeys((False, True), 0)
    for node in model.graph.node:
        flops[node.op_type in IN_FEW_BITS] += node_flops(node, shapes, weights)
    return Cost(flops[False], flops[True], _bytes(model, shapes))


def node_flops(
    node: NodeProto, shapes: Mapping[str, Shape], weights: Mapping[str, TensorProto]
) -> int:
    """Of one run of an operator; 0 for those that are not counted."""
    if node.op_type == "MatMul":
        return 2 * prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    if node.op_type in IN_FEW_BITS:
        return 2 * prod(shapes[node.output[0]]) * product_shape(node, weights)[0]
    if node.op_type == "Conv":  # kernel (C_out, C_in / groups, …)
        return 2 * prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:])
    if node.op_type == "ConvTranspose":  # kernel (C_in, C_out / groups, …)
        return 2 * prod(shapes[node.input[0]]) * prod(shapes[node.input[1]][1:])
    if node.op_type == "MultiHeadAttention":  # queries with keys, weights with values
        return 4 * prod(shapes[node.input[0]]) * shapes[node.input[1]][-2]
    if node.op_type == "GroupQueryAttention":
        bias = next(shapes[name] for name in reversed(node.input) if name)  # (B, H, S, T)
        return 4 * prod(shapes[node.input[0]]) * bias[-1]
    return 0


def _bytes(model: onnx.ModelProto, shapes: Mapping[str, Shape]) -> int:
    graph = model.graph
    gathered = {node.input[0] for node in graph.node if node.op_type == "Gather"}
    total = 0.0
    for tensor in graph.initializer:
        if tensor.name not in gathered:  # of a table, a few rows are read
            total += prod(tensor.dims) * _width(tensor.data_type)
    for value in (*graph.input, *graph.output):
        kind = value.type.tensor_type
        written_in_place = value in graph.output and any(
            d.dim_param == CACHE_LENGTH for d in kind.shape.dim
        )
        if not written_in_place:
            total += prod(shapes[value.name]) * _width(kind.elem_type)
    return round(total)


def _width(kind: int) -> float:
    """Bytes of an element."""
    if kind == TensorProto.INT4:
        return 0.5
    return float(helper.tensor_dtype_to_np_dtype(kind).itemsize)
