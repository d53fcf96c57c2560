"""The arithmetic of every layer as loops over its equation, float64, written from the papers.

Slow on purpose, and never looked up in the graphs they judge. Sequences are (T, d), signals (C, T).
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Weights = Mapping[str, Array]


def wide(x: Array) -> Array:
    return np.asarray(x, np.float64)


def linear(x: Array, w: Array, b: Array | float = 0.0) -> Array:
    """y_o = Σ_i W_oi x_i + b_o."""
    return np.array([[sum(w[o] * row) for o in range(len(w))] for row in wide(x)]) + b


def layer_norm(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
    """(x - mean) / √(variance + ε) · γ + β, each row by itself."""
    y = []
    for row in wide(x):
        mean = sum(row) / len(row)
        variance = sum((row - mean) ** 2) / len(row)
        y.append((row - mean) / math.sqrt(variance + eps) * gamma + beta)
    return np.array(y)


def group_norm(x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5) -> Array:
    """Layer norm over the channels of a group and all of time; γ and β by channel."""
    size = len(x) // groups
    y = np.zeros(x.shape)
    for g in range(groups):
        part = wide(x[g * size : (g + 1) * size])
        normed = (part - part.mean()) / math.sqrt(part.var() + eps)
        for c in range(size):
            y[g * size + c] = normed[c] * gamma[g * size + c] + beta[g * size + c]
    return y


def conv(
    x: Array, w: Array, b: Array, *, stride: int = 1, dilation: int = 1, padding: int = 0
) -> Array:
    """y_o[t] = b_o + Σ_c Σ_k w_ock · x_c[t·stride + k·dilation - padding]: (C, T) → (O, T')."""
    padded = np.pad(wide(x), ((0, 0), (padding, padding)))
    reach = (w.shape[2] - 1) * dilation + 1
    n = (padded.shape[1] - reach) // stride + 1
    y = np.zeros((len(w), n))
    for o in range(len(w)):
        for t in range(n):
            window = padded[:, t * stride : t * stride + reach : dilation]
            y[o, t] = b[o] + (window * w[o]).sum()
    return y


def conv_transpose(x: Array, w: Array, b: Array, *, stride: int, padding: int) -> Array:
    """Every x_c[t] stamps w_co at t·stride; the sum loses `padding` at both ends: w (C, O, K)."""
    kernel = w.shape[2]
    y = np.zeros((w.shape[1], (x.shape[1] - 1) * stride + kernel))
    for c in range(len(x)):
        for t in range(x.shape[1]):
            y[:, t * stride : t * stride + kernel] += wide(x[c, t]) * w[c]
    return y[:, padding : y.shape[1] - padding] + b[:, None]


def snake(x: Array, alpha: Array) -> Array:
    return np.array(
        [row + np.sin(a * row) ** 2 / (a + 1e-9) for a, row in zip(alpha, wide(x), strict=True)]
    )


def mish(x: Array) -> Array:
    return np.vectorize(lambda v: v * math.tanh(math.log1p(math.exp(v))))(wide(x))


def silu(x: Array) -> Array:
    return np.vectorize(lambda v: v / (1 + math.exp(-v)))(wide(x))


def gelu(x: Array) -> Array:
    return np.vectorize(lambda v: v * 0.5 * math.erfc(-v / math.sqrt(2)))(wide(x))


def relu(x: Array) -> Array:
    return np.maximum(x, 0.0)


def sinusoid(n: int, d: int) -> Array:
    """R(n): sin and cos of n / 10000^(2m/d) by turns."""
    row = np.zeros(d)
    for m in range(0, d, 2):
        angle = n / 10000 ** (m / d)
        row[m], row[m + 1] = math.sin(angle), math.cos(angle)
    return row


def relative_attention(x: Array, w: Weights, heads: int, *, causal: bool) -> Array:
    """score_ij = ((q_i + u)·k_j + (q_i + v)·W_pos R(i - j)) / √d_head (Transformer-XL, 3.3)."""
    t, d = x.shape
    size = d // heads
    q, k, v = (linear(x, w[f"linear_{n}.weight"], w[f"linear_{n}.bias"]) for n in "qkv")
    p = {n: w["linear_pos.weight"] @ sinusoid(n, d) for n in range(1 - t, t)}
    y = np.zeros((t, d))
    for h in range(heads):
        part = slice(h * size, (h + 1) * size)
        for i in range(t):
            keys = range(i + 1 if causal else t)
            with_u = q[i, part] + w["pos_bias_u"][h]
            with_v = q[i, part] + w["pos_bias_v"][h]
            scores = [with_u @ k[j, part] + with_v @ p[i - j][part] for j in keys]
            weights = np.exp((np.array(scores) - max(scores)) / math.sqrt(size))
            weights /= weights.sum()
            y[i, part] = sum(a * v[j, part] for a, j in zip(weights, keys, strict=True))
    return linear(y, w["linear_out.weight"], w["linear_out.bias"])


def under(weights: Weights, prefix: str) -> dict[str, Array]:
    """The weights of a submodule, by their names in it."""
    return {
        name.removeprefix(prefix): wide(a) for name, a in weights.items() if name.startswith(prefix)
    }


def input_layer(x: Array, w: Weights) -> Array:
    """Linear and norm of a transformer's entrance (before any ReLU): (T, d_in) → (T, d)."""
    y = linear(x, w["0.weight"], w["0.bias"])
    return layer_norm(y, w["1.weight"], w["1.bias"], 1e-5)


def feed_forward(x: Array, w: Weights, activation: Any) -> Array:
    hidden = activation(linear(x, w["w_1.weight"], w["w_1.bias"]))
    return linear(hidden, w["w_2.weight"], w["w_2.bias"])


def transformer(
    x: Array, w: Weights, heads: int, norms: tuple[str, str], activation: Any, *, causal: bool
) -> Array:
    """Pre-norm blocks and the last norm: (T, d) → (T, d)."""
    n_blocks = len({name.split(".")[1] for name in w if name.startswith("encoders.")})
    for i in range(n_blocks):
        b = under(w, f"encoders.{i}.")
        n = layer_norm(x, b[f"{norms[0]}.weight"], b[f"{norms[0]}.bias"], 1e-12)
        x = x + relative_attention(n, under(b, "self_attn."), heads, causal=causal)
        n = layer_norm(x, b[f"{norms[1]}.weight"], b[f"{norms[1]}.bias"], 1e-12)
        x = x + feed_forward(n, under(b, "feed_forward."), activation)
    return layer_norm(x, w["after_norm.weight"], w["after_norm.bias"], 1e-5)


def text_encoder(text_ids: list[int], w: Weights, heads: int) -> Array:
    """Embedding, conformer blocks, affine layer: ids → (T, d_lm_input)."""
    x = input_layer(wide(w["text_embedding.weight"][text_ids]), under(w, "text_encoder.embed.out."))
    x = x * math.sqrt(x.shape[1])
    x = transformer(x, under(w, "text_encoder."), heads, ("norm_mha", "norm_ff"), silu, causal=True)
    return linear(x, w["text_encoder_affine_layer.weight"], w["text_encoder_affine_layer.bias"])


def lm_logits(
    text_ids: list[int],
    speaker: Array | None,
    speech: list[int],
    w: Weights,
    text_heads: int,
    heads: int,
) -> Array:
    """Logits after [start] [speaker] [text] [turn] [speech …], at once and without a cache."""
    rows = [w["llm_embedding.weight"][:1]]
    if speaker is not None:
        unit = wide(speaker) / math.sqrt((wide(speaker) ** 2).sum())
        affine = w["spk_embed_affine_layer.weight"], w["spk_embed_affine_layer.bias"]
        rows.append(linear(unit[None], *affine))
    rows.append(text_encoder(text_ids, w, text_heads))
    rows += [w["llm_embedding.weight"][1:2], w["speech_embedding.weight"][speech]]
    x = relu(input_layer(np.concatenate(rows), under(w, "llm.embed.out.")))
    x = x * math.sqrt(x.shape[1])
    x = transformer(x, under(w, "llm."), heads, ("norm1", "norm2"), relu, causal=True)
    return linear(x[-1:], w["llm_decoder.weight"], w["llm_decoder.bias"])[0]


def hann(n: int) -> Array:
    return np.array([0.5 - 0.5 * math.cos(2 * math.pi * i / n) for i in range(n)])


def stft(x: Array, n_fft: int, hop: int) -> Array:
    """Reflected half a window either side; real parts, then imaginary: (T,) → (n_fft + 2, F)."""
    padded = np.pad(wide(x), n_fft // 2, mode="reflect")
    n = (len(padded) - n_fft) // hop + 1
    spectra = [np.fft.rfft(padded[f * hop : f * hop + n_fft] * hann(n_fft)) for f in range(n)]
    return np.concatenate([np.real(spectra), np.imag(spectra)], axis=1).T


def inverse_stft(log_magnitude: Array, angle: Array, n_fft: int, hop: int) -> Array:
    """HiFT's head: e^m (at most 100) and the sine of the angle as phase; overlap-add."""
    magnitude = np.minimum(np.exp(wide(log_magnitude)), 100.0)
    spectra = magnitude * np.exp(1j * np.sin(wide(angle)))
    n = spectra.shape[1]
    total, weight = np.zeros((n - 1) * hop + n_fft), np.zeros((n - 1) * hop + n_fft)
    for f in range(n):
        place = slice(f * hop, f * hop + n_fft)
        total[place] += np.fft.irfft(spectra[:, f], n_fft) * hann(n_fft)
        weight[place] += hann(n_fft) ** 2
    inside = slice(n_fft // 2, len(total) - n_fft // 2)
    return total[inside] / weight[inside]
