"""The shape of every value in a graph, once its inputs have sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import AttributeProto, NodeProto, TensorProto, helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

Shape = tuple[int, ...]
Constants = dict[str, npt.NDArray[np.generic]]

CONTRIB = "com.microsoft"
WEIGHT = ".as_float32"


def sized(path: Path, sizes: Mapping[str, int]) -> tuple[onnx.ModelProto, dict[str, Shape]]:
    """A graph as it is stored, without its weights' values, and the shapes of its values.

    Args:
        sizes: of the named dimensions of its inputs.
    """
    model = onnx.load(path, load_external_data=False)
    plain = _with_standard_operators(model, sizes)
    while True:
        _forget(plain)
        plain = shape_inference.infer_shapes(plain, data_prop=True)
        shapes = dict(_known(plain))
        if not _fold(plain, shapes):
            return model, shapes


def _with_standard_operators(model: onnx.ModelProto, sizes: Mapping[str, int]) -> onnx.ModelProto:
    """The same shapes from operators whose shapes ONNX can infer."""
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    for value in plain.graph.input:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_value = sizes[dim.dim_param]
    weights = {tensor.name: tensor for tensor in plain.graph.initializer}
    nodes = [n for node in plain.graph.node for n in _standard(node, weights, plain.graph)]
    del plain.graph.node[:]
    plain.graph.node.extend(nodes)
    return plain


def _forget(model: onnx.ModelProto) -> None:
    """Shapes declared or inferred before, which may hold names that would stay."""
    del model.graph.value_info[:]
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")


def _standard(
    node: NodeProto, weights: Mapping[str, TensorProto], graph: onnx.GraphProto
) -> Iterator[NodeProto]:
    if node.domain != CONTRIB:
        yield node
    elif node.op_type in ("Gelu", "MultiHeadAttention"):
        yield helper.make_node("Identity", [node.input[0]], [node.output[0]])
    elif node.op_type == "GroupQueryAttention":  # query, past keys, past values
        for source, target in ((0, 0), (3, 1), (4, 2)):
            yield helper.make_node("Identity", [node.input[source]], [node.output[target]])
    else:
        name = node.output[0] + WEIGHT
        shape = product_shape(node, weights)
        graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        yield helper.make_node("MatMul", [node.input[0], name], [node.output[0]])


def product_shape(node: NodeProto, weights: Mapping[str, TensorProto]) -> Shape:
    """(K, N) of a product with quantized weights."""
    if node.op_type == "MatMulNBits":
        return _integer(node, "K"), _integer(node, "N")
    if node.op_type == "DynamicQuantizeMatMul":
        return tuple(weights[node.input[1]].dims)
    raise ValueError(f"{node.op_type}: nobody said what shape it has")


def _integer(node: NodeProto, name: str) -> int:
    found: AttributeProto = next(a for a in node.attribute if a.name == name)
    return int(found.i)


def _known(model: onnx.ModelProto) -> Iterator[tuple[str, Shape]]:
    graph = model.graph
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        if kind.HasField("shape") and all(d.HasField("dim_value") for d in kind.shape.dim):
            yield value.name, tuple(d.dim_value for d in kind.shape.dim)
    for tensor in graph.initializer:
        yield tensor.name, tuple(tensor.dims)


def _fold(model: onnx.ModelProto, shapes: Mapping[str, Shape]) -> bool:
    """Compute what depends on shapes alone; whether there was anything."""
    graph = model.graph
    constants: Constants = {
        t.name: numpy_helper.to_array(t)
        for t in graph.initializer
        if t.data_location != TensorProto.EXTERNAL
    }
    kept, n_known = [], len(constants)
    for node in graph.node:
        if node.op_type == "Shape" and node.input[0] in shapes:
            constants[node.output[0]] = np.array(shapes[node.input[0]], np.int64)[_span(node)]
        elif node.input and all(name in constants for name in node.input):
            given = {name: constants[name] for name in node.input if name}
            constants.update(
                zip(node.output, ReferenceEvaluator(node).run(None, given), strict=True)
            )
        else:
            kept.append(node)
    for name in list(constants)[n_known:]:
        graph.initializer.append(numpy_helper.from_array(np.asarray(constants[name]), name))
    folded = len(kept) < len(graph.node)
    del graph.node[:]
    graph.node.extend(kept)
    return folded


def _span(node: NodeProto) -> slice:
    ends = {a.name: int(a.i) for a in node.attribute}
    return slice(ends.get("start"), ends.get("end"))
