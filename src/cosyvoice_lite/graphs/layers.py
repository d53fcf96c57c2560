"""Layers that every network here is made of.

Shapes: sequences are (B, T, d); signals are (B, C, 1, T), a height of one, because ONNX Runtime
convolves four dimensions faster than three.
"""

from __future__ import annotations

import numpy as np

from cosyvoice_lite.graphs.builder import Array, Scope, Value

END = np.iinfo(np.int64).max


def linear(s: Scope, x: Value, d_in: int, d_out: int, *, bias: bool = True) -> Value:
    """y = x Wᵀ + b over the last dimension: (…, d_in) → (…, d_out)."""
    w = s.parameter("weight", d_out, d_in)
    y = s.product(x, "weight.T", (d_in, d_out), [w], np.transpose)
    return y + s.as_is("bias", d_out) if bias else y


def layer_norm(s: Scope, x: Value, d: int, *, eps: float) -> Value:
    """Normalise the last dimension: (…, d) → (…, d)."""
    gamma, beta = s.as_is("weight", d), s.as_is("bias", d)
    return s.graph.op("LayerNormalization", x, gamma, beta, axis=-1, epsilon=eps)


def conv(
    s: Scope,
    x: Value,
    c_in: int,
    c_out: int,
    kernel: int,
    *,
    stride: int = 1,
    dilation: int = 1,
    padding: int = 0,
) -> Value:
    """Convolution along time: (B, c_in, 1, T) → (B, c_out, 1, T')."""
    w = s.parameter("weight", c_out, c_in, kernel)
    shape = (c_out, c_in, 1, kernel)
    if s.is_product("weight.4d"):
        rows = unfolded(signal_to_rows(x), kernel, padding)
        rows = s.product(rows, "weight.4d", shape, [w], _with_height) + s.as_is("bias", c_out)
        return rows_to_signal(rows)
    return s.graph.op(
        "Conv",
        x,
        s.kernel("weight.4d", shape, [w], _with_height),
        s.as_is("bias", c_out),
        kernel_shape=[1, kernel],
        strides=[1, stride],
        dilations=[1, dilation],
        pads=[0, padding, 0, padding],
    )


def unfolded(x: Value, kernel: int, padding: int) -> Value:
    """What each output of a convolution along time sees, oldest first: (B, T, C) → (B, T', k·C)."""
    g = x.graph
    x = g.op("Pad", x, g.integers(0, padding, 0, 0, padding, 0))
    seen = [x.slice(1, i, i - kernel + 1 or END) for i in range(kernel)]
    return g.op("Concat", *seen, axis=2)


def conv_transpose(
    s: Scope, x: Value, c_in: int, c_out: int, kernel: int, *, stride: int, padding: int
) -> Value:
    """Transposed convolution along time: (B, c_in, 1, T) → (B, c_out, 1, T')."""
    w = s.parameter("weight", c_in, c_out, kernel)
    return s.graph.op(
        "ConvTranspose",
        x,
        s.kernel("weight.4d", (c_in, c_out, 1, kernel), [w], _with_height, output_axis=1),
        s.as_is("bias", c_out),
        kernel_shape=[1, kernel],
        strides=[1, stride],
        pads=[0, padding, 0, padding],
    )


def group_norm(s: Scope, x: Value, channels: int, groups: int) -> Value:
    """Normalise `groups` groups of channels over channels and time: (B, C, 1, T), eps 1e-5."""
    g = s.graph
    ones, zeros = g.constant(np.ones(groups, np.float32)), g.constant(np.zeros(groups, np.float32))
    y = g.op("InstanceNormalization", x.reshape(0, groups, -1), ones, zeros, epsilon=1e-5)
    y = g.op("Reshape", y, g.op("Shape", x))
    gamma = s.weight("weight.4d", (channels, 1, 1), [s.parameter("weight", channels)], _as_column)
    beta = s.weight("bias.4d", (channels, 1, 1), [s.parameter("bias", channels)], _as_column)
    return y * gamma + beta


def snake(s: Scope, x: Value, channels: int) -> Value:
    """x + sin²(αx) / α with one α per channel (arXiv:2006.08195): (B, C, 1, T)."""
    alpha = s.parameter("alpha", channels)
    a = s.weight("alpha.4d", (channels, 1, 1), [alpha], _as_column)
    inverse = s.weight("alpha.inverse", (channels, 1, 1), [alpha], _inverse_column)
    sine = s.graph.op("Sin", x * a)
    return x + inverse * (sine * sine)


def mish(x: Value) -> Value:
    """x · tanh(softplus(x)) (arXiv:1908.08681), without the logarithm, which is slow: with n =
    eˣ (eˣ + 2), tanh(ln(1 + eˣ)) = n / (n + 2); of x beyond 20 it is 1 to the last bit."""
    g = x.graph
    e = g.op("Exp", g.op("Min", x, g.scalar(20.0)))
    n = e * (e + 2.0)
    return x * (n / (n + 2.0))


def silu(x: Value) -> Value:
    """x · sigmoid(x)."""
    return x * x.graph.op("Sigmoid", x)


def relu(x: Value) -> Value:
    return x.graph.op("Relu", x)


def gelu(x: Value) -> Value:
    """x · Φ(x), the exact form with erf."""
    return x.graph.op("Gelu", x)


def unit_length(x: Value) -> Value:
    """x / max(‖x‖, 1e-12) over the last of two dimensions: (B, d) → (B, d)."""
    g = x.graph
    return x / g.op("Max", g.op("ReduceL2", x, axes=[1], keepdims=1), 1e-12)


def rows_to_signal(x: Value) -> Value:
    """(B, T, C) → (B, C, 1, T)."""
    return x.graph.op("Unsqueeze", x.transpose(0, 2, 1), x.graph.integers(2))


def signal_to_rows(x: Value) -> Value:
    """(B, C, 1, T) → (B, T, C)."""
    return x.graph.op("Squeeze", x, x.graph.integers(2)).transpose(0, 2, 1)


def _with_height(w: Array) -> Array:
    return w[:, :, None, :]


def _as_column(v: Array) -> Array:
    return v[:, None, None]


def _inverse_column(alpha: Array) -> Array:
    return _as_column(1.0 / (alpha + np.float32(1e-9)))
