"""Speech tokens → mu: embedding, encoder, length regulator.

mu is the mean that flow matching starts to bend noise towards, at the rate of mel frames. The
interpolation from token rate to frame rate is linear; the host says which two tokens each frame
lies between (`runtime/flow.py`), so this graph knows nothing of rates.

Letters: T_tok tokens (prompt first), T_mel frames, M mels.
"""

from __future__ import annotations

import numpy as np

from cosyvoice_lite.config import FlowConfig
from cosyvoice_lite.graphs.builder import GraphBuilder, Scope, Value
from cosyvoice_lite.graphs.encoder import conformer_encoder
from cosyvoice_lite.graphs.layers import (
    conv,
    group_norm,
    linear,
    mish,
    rows_to_signal,
    signal_to_rows,
    unit_length,
)
from cosyvoice_lite.graphs.recipes import Recipe


def flow_encoder_graph(c: FlowConfig, recipe: Recipe) -> GraphBuilder:
    """Tokens and speaker to mu and the speaker as the velocity field wants it."""
    g = GraphBuilder("flow_encoder", recipe)
    root = Scope(g)
    tokens = g.input("tokens", ["B", "T_tok"], np.int64)
    speaker = g.input("speaker", ["B", c.d_speaker])
    left = g.input("left", ["T_mel"], np.int64)
    right = g.input("right", ["T_mel"], np.int64)
    weight = g.input("weight", ["T_mel", 1])

    shape = (c.speech_vocabulary, c.encoder.d_input)
    rows = root.parameter("input_embedding.weight", *shape)
    embedding = root.kernel("input_embedding.weight", shape, [rows], np.asarray)
    h = g.op("Gather", embedding, tokens, axis=0)
    h = conformer_encoder(root / "encoder", h, c.encoder, causal=False)
    h = linear(root / "encoder_proj", h, c.encoder.d_model, c.n_mels)  # (B, T_tok, M)

    first, second = g.op("Gather", h, left, axis=1), g.op("Gather", h, right, axis=1)
    h = first + (second - first) * weight  # (B, T_mel, M)
    mu = length_regulator(root / "length_regulator" / "model", h, c)
    spks = linear(root / "spk_embed_affine_layer", unit_length(speaker), c.d_speaker, c.n_mels)
    g.output(mu, "mu", ["B", c.n_mels, "T_mel"])
    g.output(spks, "spks", ["B", c.n_mels])
    return g


def length_regulator(s: Scope, x: Value, c: FlowConfig) -> Value:
    """Smooth the stretched sequence: (B, T_mel, M) → (B, M, T_mel)."""
    x = rows_to_signal(x)
    for i in range(c.n_regulator_layers):
        x = conv(s / (3 * i), x, c.n_mels, c.n_mels, 3, padding=1)
        x = mish(group_norm(s / (3 * i + 1), x, c.n_mels, groups=1))
    x = conv(s / (3 * c.n_regulator_layers), x, c.n_mels, c.n_mels, 1)
    return signal_to_rows(x).transpose(0, 2, 1)
