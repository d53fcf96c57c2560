"""A graph being written: scopes name parameters as the checkpoint does, values carry operators.

A paper's block is a function of a `Scope` and its input `Value`s. Walking `scope / "self_attn"`
spells the checkpoint key, so the declared parameters *are* the list of tensors a checkpoint must
hold, and loading needs no table of names. What the runtime wants in another form (transposed,
fused, folded) is a `Derived` weight: a shape, its sources and a pure NumPy function. How exactly it
is kept is the recipe's to say (`precision.py`), which makes of it one or more `Stored` tensors.
Nothing is computed until the writer asks, one weight at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from cosyvoice_lite.graphs.precision import (
    PRODUCT,
    Encoding,
    Part,
    kernel_encoding,
    product_encoding,
    table_encoding,
)
from cosyvoice_lite.graphs.recipes import Recipe
from cosyvoice_lite.graphs.tensors import Derived, Parameter, Stored

Array = npt.NDArray[Any]
Dim = int | str

CONTRIB_OPERATORS = frozenset(
    {
        "DynamicQuantizeMatMul",
        "Gelu",
        "GroupQueryAttention",
        "MatMulNBits",
        "MultiHeadAttention",
    }
)


class Value:
    """An edge of the graph; arithmetic on it adds nodes."""

    def __init__(self, graph: GraphBuilder, name: str) -> None:
        self.graph = graph
        self.name = name

    def __add__(self, other: Value | float) -> Value:
        return self.graph.op("Add", self, other)

    def __sub__(self, other: Value | float) -> Value:
        return self.graph.op("Sub", self, other)

    def __mul__(self, other: Value | float) -> Value:
        return self.graph.op("Mul", self, other)

    def __truediv__(self, other: Value | float) -> Value:
        return self.graph.op("Div", self, other)

    def __matmul__(self, other: Value) -> Value:
        return self.graph.op("MatMul", self, other)

    def reshape(self, *shape: int) -> Value:
        """Reshape; 0 keeps a dimension, -1 infers one."""
        return self.graph.op("Reshape", self, self.graph.integers(*shape))

    def transpose(self, *axes: int) -> Value:
        return self.graph.op("Transpose", self, perm=list(axes))

    def slice(self, axis: int, start: int | Value, stop: int | Value) -> Value:
        """Elements `start:stop` along `axis`; bounds may be computed, shape (1,) int64."""
        bounds = [b if isinstance(b, Value) else self.graph.integers(b) for b in (start, stop)]
        return self.graph.op("Slice", self, *bounds, self.graph.integers(axis))

    def split(self, axis: int, sizes: Sequence[int]) -> list[Value]:
        return self.graph.ops("Split", len(sizes), self, self.graph.integers(*sizes), axis=axis)

    def length(self, axis: int) -> Value:
        """Size of one dimension, shape (1,) int64."""
        return self.graph.op("Shape", self, start=axis, end=axis + 1)


@dataclass
class GraphBuilder:
    """Collects nodes, inputs, outputs and tensors of one graph."""

    name: str
    recipe: Recipe
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    outputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    weights: list[Stored] = field(default_factory=list)
    tables: list[Stored] = field(default_factory=list)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    _counter: int = 0

    def input(self, name: str, shape: Sequence[Dim], dtype: type = np.float32) -> Value:
        """Declare an input; strings in `shape` are symbolic dimensions."""
        self.inputs.append(_value_info(name, shape, dtype))
        return Value(self, name)

    def output(
        self, value: Value, name: str, shape: Sequence[Dim], dtype: type = np.float32
    ) -> None:
        """Declare `value` as the output `name`.

        The edge itself is renamed: an Identity node would cost the KV cache a copy per step.
        """
        for node in self.nodes:
            for edges in (node.input, node.output):
                edges[:] = [name if edge == value.name else edge for edge in edges]
        value.name = name
        self.outputs.append(_value_info(name, shape, dtype))

    def op(self, kind: str, *inputs: Value | float | None, **attributes: Any) -> Value:
        """Add a node with one output."""
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(
        self, kind: str, n_outputs: int, *inputs: Value | float | None, **attributes: Any
    ) -> list[Value]:
        """Add a node with `n_outputs` outputs; numbers become float32 constants, None is absent."""
        names = [self._operand(x) for x in inputs]
        outputs = [self._fresh(kind) for _ in range(n_outputs)]
        domain = "com.microsoft" if kind in CONTRIB_OPERATORS else ""
        self.nodes.append(helper.make_node(kind, names, outputs, domain=domain, **attributes))
        return [Value(self, name) for name in outputs]

    def constant(self, array: Array) -> Value:
        """A tensor known when the graph is written; equal ones are stored once."""
        name = f"const_{array.dtype}_{'x'.join(map(str, array.shape))}_{_digest(array)}"
        self.constants.setdefault(name, array)
        return Value(self, name)

    def integers(self, *numbers: int) -> Value:
        return self.constant(np.array(numbers, np.int64))

    def scalar(self, number: float) -> Value:
        return self.constant(np.array(number, np.float32))

    def _operand(self, x: Value | float | None) -> str:
        if x is None:
            return ""
        return x.name if isinstance(x, Value) else self.scalar(x).name

    def _fresh(self, kind: str) -> str:
        self._counter += 1
        return f"{kind}_{self._counter}"


@dataclass(frozen=True)
class Scope:
    """A place in the module tree of the checkpoint; `scope / "name"` steps into a submodule."""

    graph: GraphBuilder
    path: str = ""

    def __truediv__(self, name: str | int) -> Scope:
        return Scope(self.graph, f"{self.path}{name}.")

    def parameter(self, name: str, *shape: int) -> Parameter:
        """Declare a tensor of the checkpoint; declaring it twice is a mistake in the graph."""
        key = self.path + name
        if key in self.graph.parameters:
            raise ValueError(f"{self.graph.name}: parameter {key} is declared twice")
        return self.graph.parameters.setdefault(key, Parameter(key, shape))

    def weight(
        self,
        name: str,
        shape: Sequence[int],
        sources: Sequence[Parameter],
        compute: Callable[..., Array],
    ) -> Value:
        """A weight in float32, computed from checkpoint tensors when it is written."""
        return self._store(self._derived(name, shape, sources, compute), _PLAIN)[0]

    def is_product(self, name: str) -> bool:
        """Whether the kernel of a convolution is to be multiplied with, not convolved."""
        return self.graph.recipe.form(self.path + name).endswith(PRODUCT)

    def product(
        self,
        x: Value,
        name: str,
        shape: tuple[int, ...],
        sources: Sequence[Parameter],
        compute: Callable[..., Array],
    ) -> Value:
        """x W for a weight (K, N), at the precision its recipe gives it: (…, K) → (…, N).

        A kernel (N, C, 1, k) is the weight (k·C, N) of a product with what `unfolded` gives.
        """
        weight = self._derived(name, shape, sources, compute)
        form = self.graph.recipe.form(weight.name)
        if form == "float16":
            return x @ self.kernel(name, shape, sources, compute)
        encoding = product_encoding(form, shape)
        operands = self._operands(weight, encoding)
        return self.graph.op(encoding.operator, x, *operands, **encoding.attributes)

    def _operands(self, weight: Derived, encoding: Encoding) -> list[Value]:
        """The operands of an encoding from what is kept of them; halves are widened once, while
        loading."""
        stored = self._store(weight, encoding)
        halves = [part.dtype == np.float16 for part in encoding.parts]
        return [
            self.graph.op("Cast", value, to=onnx.TensorProto.FLOAT) if half else value
            for value, half in zip(stored, halves, strict=True)
        ]

    def kernel(
        self,
        name: str,
        shape: Sequence[int],
        sources: Sequence[Parameter],
        compute: Callable[..., Array],
        *,
        output_axis: int = 0,
    ) -> Value:
        """A weight computed with in float32, whatever it is kept in."""
        weight = self._derived(name, shape, sources, compute)
        form = self.graph.recipe.form(weight.name)
        encoding = kernel_encoding(form, shape, output_axis)
        operands = self._operands(weight, encoding)
        if not encoding.operator:
            return operands[0]
        wide = self.graph.op(encoding.operator, *operands, **encoding.attributes)
        return wide.reshape(*shape) if encoding.parts[0].int4_shape else wide

    def table(
        self,
        name: str,
        shape: Sequence[int],
        sources: Sequence[Parameter],
        compute: Callable[..., Array],
    ) -> None:
        """A table that the host reads row by row; it lives beside the graphs, not in them."""
        weight = Derived(name, tuple(shape), tuple(sources), compute)
        encoding = table_encoding(self.graph.recipe.form(name), shape)
        self.graph.tables += [Stored(name + p.suffix, weight, p) for p in encoding.parts]

    def _derived(
        self,
        name: str,
        shape: Sequence[int],
        sources: Sequence[Parameter],
        compute: Callable[..., Array],
    ) -> Derived:
        return Derived(self.path + name, tuple(shape), tuple(sources), compute)

    def _store(self, weight: Derived, encoding: Encoding) -> list[Value]:
        parts = encoding.parts or (Part("", weight.shape, np.dtype(np.float32), _identity),)
        stored = [Stored(weight.name + part.suffix, weight, part) for part in parts]
        self.graph.weights += stored
        return [Value(self.graph, tensor.name) for tensor in stored]

    def as_is(self, name: str, *shape: int) -> Value:
        """A checkpoint tensor used unchanged."""
        return self.weight(name, shape, [self.parameter(name, *shape)], _identity)


_PLAIN = Encoding("", ())


def _identity(array: Array) -> Array:
    return array


def _digest(array: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:12]


def _value_info(name: str, shape: Sequence[Dim], dtype: type) -> onnx.ValueInfoProto:
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, kind, list(shape))
