"""The velocity field v(x, t | mu, speaker, cond) of flow matching: a 1-D U-Net with transformers.

Rows of one call have the same length, so no mask is needed anywhere.
Letters: B rows (guidance runs two per utterance), T frames, C channels, M mels.
"""

from __future__ import annotations

import numpy as np

from cosyvoice_lite.config import UnetConfig
from cosyvoice_lite.graphs.builder import GraphBuilder, Scope, Value
from cosyvoice_lite.graphs.layers import (
    conv,
    conv_transpose,
    gelu,
    group_norm,
    layer_norm,
    linear,
    mish,
    rows_to_signal,
    signal_to_rows,
    silu,
)
from cosyvoice_lite.graphs.recipes import Recipe

GROUPS = 8
TIME_SCALE = 1000.0
"""t runs from 0 to 1; the sinusoids want diffusion's 0 to 1000."""
END = np.iinfo(np.int64).max


def unet_graph(c: UnetConfig, recipe: Recipe) -> GraphBuilder:
    g = GraphBuilder("unet", recipe)
    root = Scope(g) / "decoder" / "estimator"
    x = g.input("x", ["B", c.n_mels, "T"])
    mu = g.input("mu", ["B", c.n_mels, "T"])
    t = g.input("t", ["B"])
    spks = g.input("spks", ["B", c.n_mels])
    cond = g.input("cond", ["B", c.n_mels, "T"])
    time = time_embedding(root / "time_mlp", t, c)
    spks = g.op("Expand", g.op("Unsqueeze", spks, g.integers(2)), g.op("Shape", x))
    h = g.op("Unsqueeze", g.op("Concat", x, mu, spks, cond, axis=1), g.integers(2))
    velocity = unet(root, h, time, c)
    g.output(g.op("Squeeze", velocity, g.integers(2)), "velocity", ["B", c.n_mels, "T"])
    return g


def time_embedding(s: Scope, t: Value, c: UnetConfig) -> Value:
    """Sinusoids of t through a two-layer network: (B,) → (B, 4·C)."""
    g, half, width = s.graph, c.d_input // 2, 4 * c.channels[0]
    step = np.float32(-np.log(10000.0) / (half - 1))
    f = np.exp(np.arange(half, dtype=np.float32) * step)
    angles = (t.reshape(-1, 1) * TIME_SCALE) * g.constant(f[None])
    e = g.op("Concat", g.op("Sin", angles), g.op("Cos", angles), axis=1)
    e = silu(linear(s / "linear_1", e, c.d_input, width))
    return linear(s / "linear_2", e, width, width)


def unet(s: Scope, x: Value, time: Value, c: UnetConfig) -> Value:
    """Down, middle, up, with skips between equal rates: (B, d_input, 1, T) → (B, M, 1, T)."""
    widths, skips, c_in = c.channels, [], c.d_input
    for i, c_out in enumerate(widths):
        level = s / "down_blocks" / i
        x = stage(level, x, time, c_in, c_out, c)
        skips.append(x)
        halve = i < len(widths) - 1
        x = downsample(level / 2 / "conv", x, c_out) if halve else same(level / 2, x, c_out)
        c_in = c_out
    for i in range(c.n_mid_blocks):
        x = stage(s / "mid_blocks" / i, x, time, c_in, c_in, c)
    for i, c_out in enumerate((*widths[-2::-1], widths[0])):
        level, skip = s / "up_blocks" / i, skips.pop()
        x = s.graph.op("Concat", x.slice(3, 0, skip.length(3)), skip, axis=1)
        x = stage(level, x, time, 2 * c_in, c_out, c)
        double = i < len(widths) - 1
        x = upsample(level / 2 / "conv", x, c_out) if double else same(level / 2, x, c_out)
        c_in = c_out
    x = conv_block(s / "final_block" / "block", x, c_in, c_in)
    return conv(s / "final_proj", x, c_in, c.n_mels, 1)


def stage(s: Scope, x: Value, time: Value, c_in: int, c_out: int, c: UnetConfig) -> Value:
    """One ResNet block, then transformer blocks: (B, c_in, 1, T) → (B, c_out, 1, T)."""
    x = signal_to_rows(resnet_block(s / 0, x, time, c_in, c_out, 4 * c.channels[0]))
    for i in range(c.n_blocks):
        x = transformer_block(s / 1 / i, x, c_out, c)
    return rows_to_signal(x)


def resnet_block(s: Scope, x: Value, time: Value, c_in: int, c_out: int, d_time: int) -> Value:
    h = conv_block(s / "block1" / "block", x, c_in, c_out)
    h = h + linear(s / "mlp" / 1, mish(time), d_time, c_out).reshape(-1, c_out, 1, 1)
    h = conv_block(s / "block2" / "block", h, c_out, c_out)
    return h + conv(s / "res_conv", x, c_in, c_out, 1)


def conv_block(s: Scope, x: Value, c_in: int, c_out: int) -> Value:
    x = conv(s / 0, x, c_in, c_out, 3, padding=1)
    return mish(group_norm(s / 1, x, c_out, GROUPS))


def transformer_block(s: Scope, x: Value, d: int, c: UnetConfig) -> Value:
    """Self-attention and feed-forward, both pre-norm: (B, T, d) → (B, T, d)."""
    x = x + attention(s / "attn1", layer_norm(s / "norm1", x, d, eps=1e-5), d, c)
    n = layer_norm(s / "norm3", x, d, eps=1e-5)
    hidden = gelu(linear(s / "ff" / "net" / 0 / "proj", n, d, 4 * d))
    return x + linear(s / "ff" / "net" / 2, hidden, 4 * d, d)


def attention(s: Scope, x: Value, d: int, c: UnetConfig) -> Value:
    """Unmasked attention; without a mask ONNX Runtime never writes the T² scores down."""
    width = c.n_heads * c.d_head
    q, k, v = (linear(s / f"to_{name}", x, d, width, bias=False) for name in "qkv")
    y = s.graph.op("MultiHeadAttention", q, k, v, num_heads=c.n_heads)
    return linear(s / "to_out" / 0, y, width, d)


def downsample(s: Scope, x: Value, channels: int) -> Value:
    return conv(s, x, channels, channels, 3, stride=2, padding=1)


def upsample(s: Scope, x: Value, channels: int) -> Value:
    return conv_transpose(s, x, channels, channels, 4, stride=2, padding=1)


def same(s: Scope, x: Value, channels: int) -> Value:
    return conv(s, x, channels, channels, 3, padding=1)
