"""The transformer encoder that text, speech tokens and the language model share.

Attention with relative positions (Transformer-XL, arXiv:1901.02860, section 3.3):

    score[i, j] = ((q_i + u)·k_j + (q_i + v)·W_pos R(i - j)) / √d_head

R(n) is the sinusoid of the signed distance n = i - j. Shapes: B batch, T positions, H heads,
d width, d_head = d / H.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cosyvoice_lite.config import EncoderConfig
from cosyvoice_lite.graphs.builder import Array, Scope, Value
from cosyvoice_lite.graphs.layers import layer_norm, linear, silu

BLOCK_EPS = 1e-12
OUTER_EPS = 1e-5


def conformer_encoder(s: Scope, x: Value, c: EncoderConfig, *, causal: bool) -> Value:
    """(B, T, c.d_input) → (B, T, c.d_model); the convolution-free Conformer of CosyVoice."""
    x = input_layer(s / "embed", x, c)
    sinusoids = distance_sinusoids(x, c.d_model, causal=causal)
    mask = causal_mask(x) if causal else None
    for i in range(c.n_blocks):
        block = s / "encoders" / i
        n = layer_norm(block / "norm_mha", x, c.d_model, eps=BLOCK_EPS)
        x = x + relative_attention(block / "self_attn", n, sinusoids, mask, c)
        n = layer_norm(block / "norm_ff", x, c.d_model, eps=BLOCK_EPS)
        x = x + feed_forward(block / "feed_forward", n, c, silu)
    return layer_norm(s / "after_norm", x, c.d_model, eps=OUTER_EPS)


def input_layer(s: Scope, x: Value, c: EncoderConfig) -> Value:
    """Linear, norm, scale by √d: (B, T, d_input) → (B, T, d_model)."""
    x = linear(s / "out" / 0, x, c.d_input, c.d_model)
    x = layer_norm(s / "out" / 1, x, c.d_model, eps=OUTER_EPS)
    return x * float(np.sqrt(c.d_model))


def feed_forward(
    s: Scope, x: Value, c: EncoderConfig, activation: Callable[[Value], Value]
) -> Value:
    hidden = activation(linear(s / "w_1", x, c.d_model, c.d_hidden))
    return linear(s / "w_2", hidden, c.d_hidden, c.d_model)


def relative_attention(
    s: Scope, x: Value, sinusoids: Value, mask: Value | None, c: EncoderConfig
) -> Value:
    """Self-attention over whole sequences: (B, T, d) → (B, T, d)."""
    g, d, heads = s.graph, c.d_model, c.n_heads
    scale = float(1.0 / np.sqrt(c.d_head))
    q = _split_heads(linear(s / "linear_q", x, d, d), heads)  # (B, T, H, d_head)
    k = _split_heads(linear(s / "linear_k", x, d, d), heads).transpose(0, 2, 3, 1)
    v = _split_heads(linear(s / "linear_v", x, d, d), heads).transpose(0, 2, 1, 3)
    p = _split_heads(linear(s / "linear_pos", sinusoids, d, d, bias=False), heads)
    content = (q + s.as_is("pos_bias_u", heads, c.d_head)).transpose(0, 2, 1, 3) @ k
    position = (q + s.as_is("pos_bias_v", heads, c.d_head)).transpose(0, 2, 1, 3)
    position = rel_shift(position @ p.transpose(0, 2, 3, 1), causal=mask is not None)
    scores = (content + position) * scale  # (B, H, T, T)
    if mask is not None:
        scores = scores + mask
    y = (g.op("Softmax", scores, axis=-1) @ v).transpose(0, 2, 1, 3).reshape(0, 0, d)
    return linear(s / "linear_out", y, d, d)


def rel_shift(r: Value, *, causal: bool) -> Value:
    """From "column = distance, largest first" to "column = key position": → (B, H, T, T).

    Row i must move left by T - 1 - i. One zero column in front makes the flattened matrix do so.
    A causal caller passes the T distances ≥ 0 (what then lands at j > i is its to mask), any other
    the 2T - 1 signed ones.
    """
    g = r.graph
    t = r.length(2)
    shape = g.op("Shape", r)
    padded = g.op("Pad", r, g.integers(0, 0, 0, 1, 0, 0, 0, 0))  # (B, H, T, N + 1)
    flat = padded.reshape(0, 0, -1).slice(2, t, np.iinfo(np.int64).max)
    shifted = g.op("Reshape", flat, shape)  # (B, H, T, N)
    return shifted if causal else shifted.slice(3, 0, t)


def distance_sinusoids(x: Value, d: int, *, causal: bool) -> Value:
    """R(n) for n = T - 1 down to 0, or down to -(T - 1): (1, N, d)."""
    g = x.graph
    one = g.constant(np.array(1, np.int64))
    t = g.op("Squeeze", x.length(1))
    stop = g.constant(np.array(-1, np.int64)) if causal else g.op("Neg", t)
    distances = g.op("Range", g.op("Sub", t, one), stop, g.constant(np.array(-1, np.int64)))
    angles = g.op("Cast", distances, to=1).reshape(-1, 1) * g.constant(frequencies(d)[None])
    pairs = [g.op("Unsqueeze", g.op(f, angles), g.integers(2)) for f in ("Sin", "Cos")]
    return g.op("Concat", *pairs, axis=2).reshape(1, -1, d)


def frequencies(d: int) -> Array:
    """w_m = 10000^(-2m/d) in float32, rounded as the checkpoints were trained: (d/2,)."""
    return np.exp(np.arange(0, d, 2, dtype=np.float32) * np.float32(-np.log(10000.0) / d))


def causal_mask(x: Value) -> Value:
    """0 where key ≤ query, -inf beyond: (T, T)."""
    g = x.graph
    t = x.length(1)
    square = g.op("Expand", g.scalar(-np.inf), g.op("Concat", t, t, axis=0))
    return g.op("Trilu", square, g.constant(np.array(1, np.int64)), upper=1)


def _split_heads(x: Value, heads: int) -> Value:
    """(B, T, d) → (B, T, H, d_head)."""
    return x.reshape(0, 0, heads, -1)
