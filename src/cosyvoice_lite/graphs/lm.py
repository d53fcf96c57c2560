"""The autoregressive stage: text → text encoder → language model → logits of speech tokens.

The language model reads  [start] [speaker] [text …] [turn] [prompt speech …]  and continues with
speech tokens (CosyVoice, arXiv:2407.05407, section 2.2). Two exact rewrites make a step cheap:

* Positions. Of the score ((q + u)·k + (q + v)·W_pos R(i - j)) / √d_head the second half depends on
  the step only through q: P[n] = W_pos R(n) / √d_head is a table of the weights, which the host
  keeps (`runtime/positions.py`) and passes in, 64 distances a block, largest distance first.
* Input. Linear, norm, ReLU and scale act on one position alone, so for speech tokens and markers
  they are folded into tables of ready rows.

Letters: B streams, S new positions, T keys, H heads, d width, N blocks of 64 distances.
"""

from __future__ import annotations

import numpy as np

from cosyvoice_lite.config import EncoderConfig, LmConfig
from cosyvoice_lite.graphs.builder import Array, Dim, GraphBuilder, Scope, Value
from cosyvoice_lite.graphs.encoder import (
    BLOCK_EPS,
    OUTER_EPS,
    conformer_encoder,
    feed_forward,
)
from cosyvoice_lite.graphs.layers import layer_norm, linear, relu, unit_length
from cosyvoice_lite.graphs.recipes import Recipe
from cosyvoice_lite.graphs.tensors import Parameter

DISTANCES_PER_BLOCK = 64


def text_encoder_graph(c: LmConfig, recipe: Recipe) -> GraphBuilder:
    """Text rows and a speaker to rows the language model reads; also owns its lookup tables."""
    g = GraphBuilder("text_encoder", recipe)
    root, encoder, decoder = Scope(g), c.text_encoder, c.decoder
    text = g.input("text", ["B", "T", encoder.d_input])
    speaker = g.input("speaker", ["B", c.d_speaker])

    hidden = conformer_encoder(root / "text_encoder", text, encoder, causal=True)
    encoded = linear(
        root / "text_encoder_affine_layer", hidden, encoder.d_model, decoder.d_input
    )  # (B, T, d_lm_input)
    unit = unit_length(speaker)
    speaker_row = linear(root / "spk_embed_affine_layer", unit, c.d_speaker, decoder.d_input)
    rows = g.op("Concat", g.op("Unsqueeze", speaker_row, g.integers(1)), encoded, axis=1)

    rows, fold = lm_input_layer(root / "llm" / "embed" / "out", rows, decoder)
    g.output(encoded, "encoded", ["B", "T", decoder.d_input])
    g.output(rows, "rows", ["B", "1 + T", decoder.d_model])

    vocabulary = c.text_vocabulary, encoder.d_input
    text_rows = root.parameter("text_embedding.weight", *vocabulary)
    root.table("text_embedding", vocabulary, [text_rows], np.asarray)
    for name, key, n in (
        ("speech_rows", "speech_embedding.weight", c.speech_vocabulary),
        ("marker_rows", "llm_embedding.weight", 2),
    ):
        source = root.parameter(key, n, decoder.d_input)
        root.table(name, (n, decoder.d_model), [source, *fold], _folded_input_layer)
    return g


def lm_input_layer(s: Scope, x: Value, c: EncoderConfig) -> tuple[Value, list[Parameter]]:
    """Linear, norm, ReLU, scale by √d; also the parameters, for folding the same into tables."""
    declared = len(s.graph.parameters)
    x = layer_norm(s / 1, linear(s / 0, x, c.d_input, c.d_model), c.d_model, eps=OUTER_EPS)
    return relu(x) * float(np.sqrt(c.d_model)), list(s.graph.parameters.values())[declared:]


def _folded_input_layer(x: Array, w: Array, b: Array, gamma: Array, beta: Array) -> Array:
    y = x @ w.T + b
    y = y - y.mean(axis=-1, keepdims=True)
    y = y / np.sqrt(np.square(y).mean(axis=-1, keepdims=True) + np.float32(OUTER_EPS))
    return np.maximum(y * gamma + beta, 0) * np.float32(np.sqrt(w.shape[0]))


def lm_graph(c: LmConfig, recipe: Recipe) -> GraphBuilder:
    """One graph for prefill (S > 1) and decoding (S = 1), with the KV cache updated in place."""
    g = GraphBuilder("lm", recipe)
    root, d, heads = Scope(g), c.decoder.d_model, c.decoder.n_heads
    x = g.input("rows", ["B", "S", d])
    gather = g.input("gather", ["B", 1, "S", "T"], np.int32)
    lengths = g.input("lengths", ["B"], np.int32)
    total = g.input("total", [], np.int32)
    _position_weights(root, c.decoder)

    shape = g.op("Concat", x.length(0), g.integers(heads), x.length(1), gather.length(3), axis=0)
    columns = g.op("Expand", gather, shape)  # (B, H, S, T), shared by all layers
    for i in range(c.decoder.n_blocks):
        block = root / "llm" / "encoders" / i
        n = layer_norm(block / "norm1", x, d, eps=BLOCK_EPS)
        x = x + cached_attention(block / "self_attn", n, i, columns, lengths, total, c.decoder)
        n = layer_norm(block / "norm2", x, d, eps=BLOCK_EPS)
        x = x + feed_forward(block / "feed_forward", n, c.decoder, relu)

    last = x.slice(1, -1, np.iinfo(np.int64).max).reshape(-1, d)  # (B, d)
    last = layer_norm(root / "llm" / "after_norm", last, d, eps=OUTER_EPS)
    logits = linear(root / "llm_decoder", last, d, c.speech_vocabulary + 1)
    g.output(logits, "logits", ["B", c.speech_vocabulary + 1])
    return g


def cached_attention(
    s: Scope, x: Value, layer: int, columns: Value, lengths: Value, total: Value, c: EncoderConfig
) -> Value:
    """Causal self-attention of S new positions on everything before: (B, S, d) → (B, S, d).

    `columns[b, h, i, j]` is where the table of positions, flattened to columns, holds the distance
    between query i and key j; for j > i any column will do, the causal mask hides it.
    """
    g, heads, width = s.graph, c.n_heads, c.d_cache
    cache: list[Dim] = ["B", heads, "T_max", width]
    past_k, past_v = g.input(f"past_k.{layer}", cache), g.input(f"past_v.{layer}", cache)
    positions = g.input(f"positions.{layer}", ["N", heads, width, DISTANCES_PER_BLOCK])

    qkv = _fused_qkv(s, x, c)  # u is already in the bias of q
    q, k, v = qkv.split(2, [heads * width] * 3)
    with_v = q + _v_minus_u(s, c)
    with_v = with_v.reshape(-1, heads, width).transpose(1, 0, 2)  # (H, B·S, d_cache)
    with_v = g.op("Unsqueeze", with_v, g.integers(0))
    r = (with_v @ positions).transpose(1, 2, 0, 3)  # (H, B·S, N, 64)
    by_stream = g.op("Concat", g.integers(heads), x.length(0), x.length(1), g.integers(-1), axis=0)
    r = g.op("Reshape", r, by_stream).transpose(1, 0, 2, 3)  # (B, H, S, 64·N)
    bias = g.op("GatherElements", r, columns, axis=3)

    y, present_k, present_v = g.ops(
        "GroupQueryAttention",
        3,
        *(q, k, v, past_k, past_v, lengths, total, None, None, None, bias),
        num_heads=heads,
        kv_num_heads=heads,
        scale=float(1.0 / np.sqrt(c.d_head)),
    )
    g.output(present_k, f"present_k.{layer}", cache)
    g.output(present_v, f"present_v.{layer}", cache)
    return _output_projection(s / "linear_out", y, c)


def _fused_qkv(s: Scope, x: Value, c: EncoderConfig) -> Value:
    """q + u, k and v in one product: (B, S, d) → (B, S, 3·H·d_cache)."""
    d, width = c.d_model, 3 * c.n_heads * c.d_cache
    names = ("linear_q", "linear_k", "linear_v")
    weights = [(s / n).parameter("weight", d, d) for n in names]
    biases = [(s / n).parameter("bias", d) for n in names]
    u = s.parameter("pos_bias_u", c.n_heads, c.d_head)

    def fuse(*rows: Array) -> Array:
        return np.concatenate([_widened(w, c) for w in rows])

    qkv = s.product(x, "qkv.weight.T", (d, width), weights, lambda *w: fuse(*w).T)
    b = s.weight("qkv.bias", (width,), [*biases, u], lambda q, k, v, u: fuse(q + u.ravel(), k, v))
    return qkv + b


def _v_minus_u(s: Scope, c: EncoderConfig) -> Value:
    u = s.graph.parameters[s.path + "pos_bias_u"]
    v = s.parameter("pos_bias_v", c.n_heads, c.d_head)
    shape = (c.n_heads * c.d_cache,)
    return s.weight("v_minus_u", shape, [v, u], lambda v, u: _widened((v - u).ravel(), c))


def _output_projection(s: Scope, y: Value, c: EncoderConfig) -> Value:
    """(B, S, H·d_cache) → (B, S, d)."""
    d, shape = c.d_model, (c.n_heads * c.d_cache, c.d_model)
    w = s.parameter("weight", d, d)
    projected = s.product(y, "weight.T", shape, [w], lambda w: _widened(w.T, c))
    return projected + s.as_is("bias", d)


def _widened(rows: Array, c: EncoderConfig) -> Array:
    """Heads along the first axis, each filled up with zeros: (H·d_head, …) → (H·d_cache, …)."""
    heads = rows.reshape(c.n_heads, c.d_head, *rows.shape[1:])
    filling = [(0, 0), (0, c.d_cache - c.d_head), *[(0, 0)] * (rows.ndim - 1)]
    return np.pad(heads, filling).reshape(-1, *rows.shape[1:])


def _position_weights(root: Scope, c: EncoderConfig) -> None:
    """W_pos / √d_head of every layer, stacked: (L, d, d)."""
    names = [root / "llm" / "encoders" / i / "self_attn" / "linear_pos" for i in range(c.n_blocks)]
    sources = [s.parameter("weight", c.d_model, c.d_model) for s in names]
    scale = np.float32(1.0 / np.sqrt(c.d_head))
    shape = (c.n_blocks, c.d_model, c.d_model)
    root.table("position_weights", shape, sources, lambda *w: np.stack(w) * scale)
