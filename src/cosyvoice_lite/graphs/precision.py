"""How exactly a weight is kept: the encodings that recipes choose from.

Products (matrix multiplications) can be *computed* in few bits; kernels
(convolutions) and host tables are only *kept* in few bits and computed in float32, because ONNX
Runtime convolves integers many times slower than floats; a kernel can also be multiplied with what
each of its outputs sees (`…_product`), at the price of writing that down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FLOAT32 = np.dtype(np.float32)
INT8, UINT8, FLOAT16 = np.dtype(np.int8), np.dtype(np.uint8), np.dtype(np.float16)
INT4_BLOCK = 64
COARSE_BLOCK = 128
KERNEL_BLOCK = 32
INT8_BLOCKS = (256, 128, 64, 32)
"""Weights of a block that share a scale, along K."""
ROWS_AT_ONCE = 4096
PRODUCT = "_product"
"""Ends the form of a kernel that is multiplied, not convolved, with."""


@dataclass(frozen=True)
class Part:
    """One stored tensor of an encoded weight."""

    suffix: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    encode: Callable[[Array], Array]
    int4_shape: tuple[int, ...] = ()
    """Of the tensor of 4-bit integers that the graph sees, where two of them share a byte."""


@dataclass(frozen=True)
class Encoding:
    """What is stored of a weight, and the operator that reads it."""

    operator: str
    parts: tuple[Part, ...]
    attributes: dict[str, Any] = field(default_factory=dict)


def product_encoding(form: str, shape: Sequence[int]) -> Encoding:
    """The encoding of a product's weight (K, N), or of a kernel (N, C, 1, k) as one; a form that K
    does not fit falls to float32."""
    if form.endswith(PRODUCT):
        n, c, _, width = shape
        encoding = product_encoding(form.removesuffix(PRODUCT), (width * c, n))
        return replace(encoding, parts=tuple(map(_of_rows, encoding.parts)))
    k, n = shape
    if form == "int8":
        return _dynamic_int8(k, n)
    if form == "int8_rows" and (block := _block_of(k)):
        return _blocked(k, n, block, bits=8)
    if form == "int4" and k % INT4_BLOCK == 0:
        return _blocked(k, n, INT4_BLOCK, bits=4)
    if form == "int4_coarse" and k % COARSE_BLOCK == 0:
        return _blocked(k, n, COARSE_BLOCK, bits=4)
    return Encoding("MatMul", (Part("", (k, n), FLOAT32, _same),))


def _of_rows(part: Part) -> Part:
    """The same of a kernel (N, C, 1, k), laid out as the rows of a product."""
    return replace(part, encode=lambda w: part.encode(_rows(w)))


def _rows(kernel: Array) -> Array:
    """(N, C, 1, k) → (k·C, N)."""
    return kernel[:, :, 0].transpose(2, 1, 0).reshape(-1, len(kernel))


def _dynamic_int8(k: int, n: int) -> Encoding:
    """One scale a column; activations are scaled as they come, all rows of a call together."""
    return Encoding(
        "DynamicQuantizeMatMul",
        (
            Part(".int8", (k, n), INT8, lambda w: to_int8(w, 0)[0]),
            Part(".scale", (n,), FLOAT32, lambda w: to_int8(w, 0)[1].ravel()),
            Part(".zero", (n,), INT8, lambda w: np.zeros(w.shape[1], np.int8)),
        ),
    )


def _blocked(k: int, n: int, block: int, *, bits: int) -> Encoding:
    """One scale a block of a column; each row of activations is scaled by itself."""
    shape = (n, k // block, block * bits // 8)
    pack, cut = (_packed_int4, to_int4) if bits == 4 else (_shifted_int8, _blocked_int8)
    scales = (n * (k // block),)
    return Encoding(
        "MatMulNBits",
        (
            Part(f".int{bits}", shape, UINT8, lambda w: pack(w, block)),
            Part(".scale", scales, FLOAT16, lambda w: cut(w, block)[1].ravel()),
        ),
        {"K": k, "N": n, "bits": bits, "block_size": block, "accuracy_level": 4},
    )


def _block_of(k: int) -> int | None:
    """The largest block of 8-bit weights that divides K; larger ones keep fewer scales."""
    return next((block for block in INT8_BLOCKS if k % block == 0), None)


def kernel_encoding(form: str, shape: Sequence[int], output_axis: int) -> Encoding:
    """The encoding of a convolution kernel whose output channels lie along `output_axis`; a form
    that its shape does not fit falls to float32."""
    shape = tuple(shape)
    if form == "float16":
        return Encoding("", (Part(".f16", shape, FLOAT16, _half),))
    if form == "int4" and math.prod(shape[1:]) % KERNEL_BLOCK == 0:
        return _kernel_int4(shape)
    if form == "int8":
        others = tuple(i for i in range(len(shape)) if i != output_axis)
        return Encoding(
            "DequantizeLinear",
            (
                Part(".int8", shape, INT8, lambda w: to_int8(w, others)[0]),
                Part(
                    ".scale",
                    (shape[output_axis],),
                    FLOAT32,
                    lambda w: to_int8(w, others)[1].ravel(),
                ),
            ),
            {"axis": output_axis},
        )
    return Encoding("", (Part("", shape, FLOAT32, _same),))


def _kernel_int4(shape: tuple[int, ...]) -> Encoding:
    """4 bits, a scale for each block of what lies behind an index of the first axis: (N, K)."""
    n, k = shape[0], math.prod(shape[1:])
    signed = np.uint8(0x88)  # around 8 → two's complement, both halves of a byte

    def packed(w: Array) -> Array:
        return _packed_rows(w.reshape(n, k), KERNEL_BLOCK)[0] ^ signed

    def scales(w: Array) -> Array:
        return _packed_rows(w.reshape(n, k), KERNEL_BLOCK)[1]

    return Encoding(
        "DequantizeLinear",
        (
            Part(".int4", (n, k // 2), UINT8, packed, int4_shape=(n, k)),
            Part(".scale", (n, k // KERNEL_BLOCK), FLOAT16, scales),
        ),
        {"axis": 1, "block_size": KERNEL_BLOCK},
    )


def table_encoding(form: str, shape: Sequence[int]) -> Encoding:
    """The encoding of a host table, one scale for each row of its last axis."""
    shape = tuple(shape)
    if form == "float16":
        return Encoding("", (Part("", shape, FLOAT16, _half),))
    if form == "int4" and shape[-1] % INT4_BLOCK == 0:
        packed, blocks = (*shape[:-1], shape[-1] // 2), (*shape[:-1], shape[-1] // INT4_BLOCK)
        return Encoding(
            "",
            (
                Part("", packed, UINT8, lambda w: _packed_rows(w, INT4_BLOCK)[0]),
                Part(".scale", blocks, FLOAT16, lambda w: _packed_rows(w, INT4_BLOCK)[1]),
            ),
        )
    if form in ("int8", "int4"):
        return Encoding(
            "",
            (
                Part("", shape, INT8, lambda w: to_int8(w, -1)[0]),
                Part(".scale", (*shape[:-1], 1), FLOAT32, lambda w: to_int8(w, -1)[1]),
            ),
        )
    return Encoding("", (Part("", shape, FLOAT32, _same),))


def to_int8(w: Array, axis: int | tuple[int, ...]) -> tuple[Array, Array]:
    """Symmetric int8 with one scale for all elements along `axis`: values and scales."""
    scale = np.abs(w).max(axis=axis, keepdims=True) / np.float32(127)
    scale = np.where(scale > 0, scale, np.float32(1)).astype(np.float32)
    return np.rint(w / scale).astype(np.int8), scale


def _blocks(w: Array, size: int) -> Array:
    """A weight (K, N) cut along K: (N, K / size, size)."""
    return np.ascontiguousarray(w.T).reshape(w.shape[1], -1, size)


def to_int4(w: Array, block: int) -> tuple[Array, Array]:
    """4-bit blocks of a weight (K, N): values 0 … 15 around 8, (N, K/block, block), and scales."""
    blocks = _blocks(w, block)
    scale = _half_scale(_best_scale(blocks))
    return _rounded(blocks, scale), scale[..., 0]


def _best_scale(blocks: Array) -> Array:
    """The scale of 4 bits with the least squared error for each row of the last axis.

    Rounding to the largest element would waste levels on outliers.
    """
    largest = np.abs(blocks).max(axis=-1, keepdims=True)
    largest = np.where(largest > 0, largest, np.float32(1))
    best, best_error = largest / 7, np.full_like(largest, np.inf)
    for shrink in np.linspace(0.7, 1.1, 17, dtype=np.float32):
        scale = largest * shrink / 7
        error = np.square(np.clip(np.rint(blocks / scale), -8, 7) * scale - blocks)
        error = error.sum(axis=-1, keepdims=True)
        better = error < best_error
        best, best_error = np.where(better, scale, best), np.where(better, error, best_error)
    return best


def _half_scale(scale: Array) -> Array:
    """As float16 keeps it: rounded to, so that scales in half the space cost nothing."""
    least = np.finfo(np.float16).smallest_subnormal
    return np.maximum(scale, least).astype(np.float16).astype(np.float32)


def _rounded(blocks: Array, scale: Array) -> Array:
    return (np.clip(np.rint(blocks / scale), -8, 7) + 8).astype(np.uint8)


def _packed_rows(w: Array, block: int) -> tuple[Array, Array]:
    """A table (…, d) in 4 bits: neighbours share a byte, (…, d / 2); scales (…, d / block)."""
    values = np.empty((*w.shape[:-1], w.shape[-1] // 2), np.uint8)
    scales = np.empty((*w.shape[:-1], w.shape[-1] // block), np.float32)
    for start in range(0, len(w), ROWS_AT_ONCE):  # a table is large, and this makes copies
        part = slice(start, start + ROWS_AT_ONCE)
        blocks = w[part].reshape(*w[part].shape[:-1], -1, block)
        scale = _half_scale(_best_scale(blocks))
        rounded = _rounded(blocks, scale).reshape(w[part].shape)
        values[part] = rounded[..., 0::2] | (rounded[..., 1::2] << 4)
        scales[part] = scale[..., 0]
    return values, scales


def _packed_int4(w: Array, block: int) -> Array:
    values = to_int4(w, block)[0]
    return values[..., 0::2] | (values[..., 1::2] << 4)


def _blocked_int8(w: Array, block: int) -> tuple[Array, Array]:
    blocks = _blocks(w, block)
    scale = _half_scale(to_int8(blocks, 2)[1])
    return np.clip(np.rint(blocks / scale), -128, 127).astype(np.int8), scale


def _shifted_int8(w: Array, block: int) -> Array:
    """As unsigned numbers around 128, which is how the operator reads them."""
    return (_blocked_int8(w, block)[0].astype(np.int16) + 128).astype(np.uint8)


def _same(w: Array) -> Array:
    return w


def _half(w: Array) -> Array:
    return w.astype(np.float16)
