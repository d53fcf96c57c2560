"""Writes the files of a bundle tensor by tensor; the largest tensor bounds the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper, numpy_helper

from cosyvoice_lite.errors import CheckpointError
from cosyvoice_lite.graphs.builder import GraphBuilder
from cosyvoice_lite.graphs.tensors import Derived, Stored
from cosyvoice_lite.tensorfile import write_tensors

Array = npt.NDArray[Any]

OPSET, IR_VERSION = 17, 8
INT4_OPSET, INT4_IR_VERSION = 21, 10
"""The first that know 4-bit tensors. Graphs without any stay at what all was measured with."""
CONTRIB_OPSET = 1
PAGE, CACHE_LINE = 4096, 64
"""Large weights start on pages, so that they can be mapped; small ones don't waste one each."""
MAX_INLINE_BYTES = 1024
"""Smaller tensors stay in the graph file, where the optimiser can see their values."""


def write_graph(graph: GraphBuilder, directory: Path, value_of: Callable[[Derived], Array]) -> None:
    """Write `<name>.onnx` and `<name>.weights`."""
    model_name, weights_name = f"{graph.name}.onnx", f"{graph.name}.weights"
    initializers = [numpy_helper.from_array(a, name) for name, a in graph.constants.items()]
    with (directory / weights_name).open("wb") as file:
        for stored, array in encoded(graph.weights, value_of):
            tensor = _described(stored)
            if array.nbytes <= MAX_INLINE_BYTES:
                tensor.raw_data = array.tobytes()
            else:
                _append(file, weights_name, tensor, array)
            initializers.append(tensor)
    opset, ir_version = _versions(graph)
    proto = helper.make_graph(graph.nodes, graph.name, graph.inputs, graph.outputs, initializers)
    model = helper.make_model(
        proto,
        ir_version=ir_version,
        opset_imports=[
            helper.make_opsetid("", opset),
            helper.make_opsetid("com.microsoft", CONTRIB_OPSET),
        ],
        producer_name="cosyvoice-lite",
    )
    (directory / model_name).write_bytes(model.SerializeToString(deterministic=True))


def _versions(graph: GraphBuilder) -> tuple[int, int]:
    """Of the operators, and of the file.

    Raises:
        ValueError: the recipe puts a 4-bit kernel beside an operator that is written otherwise
            since.
    """
    if not any(stored.part.int4_shape for stored in graph.weights):
        return OPSET, IR_VERSION
    for node in graph.nodes:
        if any(attribute.name == "axes" for attribute in node.attribute):
            raise ValueError(f"{graph.name}: no 4-bit kernels beside {node.op_type} with axes")
    return INT4_OPSET, INT4_IR_VERSION


def encoded(
    tensors: Iterable[Stored], value_of: Callable[[Derived], Array]
) -> Iterator[tuple[Stored, Array]]:
    """Each tensor as it is kept. Parts of a weight are neighbours, so it is computed once.

    Raises:
        CheckpointError: a weight is beyond what float16 can hold.
    """
    weight, value = None, np.zeros(0)
    for tensor in tensors:
        if tensor.weight is not weight:
            weight, value = tensor.weight, value_of(tensor.weight)
        part = tensor.part
        with np.errstate(over="ignore"):  # what comes of it is checked below
            array = np.ascontiguousarray(part.encode(value), part.dtype)
        if array.shape != part.shape:
            raise ValueError(f"{tensor.name}: is {array.shape}, declared {part.shape}")
        if part.dtype == np.float16 and not np.isfinite(array).all():
            raise CheckpointError(
                f"{tensor.weight.name}: too large for this precision: convert with --precision fp32"
            )
        yield tensor, array


def _described(stored: Stored) -> TensorProto:
    """A tensor's name, type and shape, as the graph sees them."""
    part = stored.part
    kind = helper.np_dtype_to_tensor_dtype(part.dtype)
    return TensorProto(
        name=stored.name,
        data_type=TensorProto.INT4 if part.int4_shape else kind,
        dims=part.int4_shape or part.shape,
    )


def _append(file: BinaryIO, location: str, tensor: TensorProto, array: Array) -> None:
    """Write `array` at the next good place and say in `tensor` where it is."""
    file.write(b"\0" * (-file.tell() % (PAGE if array.nbytes >= 16 * PAGE else CACHE_LINE)))
    tensor.data_location = TensorProto.EXTERNAL
    place = {"location": location, "offset": file.tell(), "length": array.nbytes}
    for key, value in place.items():
        tensor.external_data.add(key=key, value=str(value))
    file.write(array.data.cast("B"))


def write_tables(
    path: Path, tables: Sequence[tuple[list[Stored], Callable[[Derived], Array]]]
) -> None:
    """Write host tables; each group comes with who computes it."""
    layout = {t.name: (t.part.dtype, t.part.shape) for group, _ in tables for t in group}
    arrays = (array for group, value_of in tables for _, array in encoded(group, value_of))
    with path.open("wb") as file:
        write_tensors(file, layout, arrays)
