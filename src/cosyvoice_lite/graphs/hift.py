"""HiFT (arXiv:2309.09493): mel → F0, and mel + harmonic source → waveform by inverse STFT.

The source itself (sines at multiples of F0) is made by the host, `runtime/vocoder.py`: its phase
runs through the whole utterance and wants more than float32.
Letters: T mel frames, T_wav samples, F frames of the small STFT, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cosyvoice_lite.config import VocoderConfig
from cosyvoice_lite.graphs.builder import Array, GraphBuilder, Scope, Value
from cosyvoice_lite.graphs.layers import conv, conv_transpose, linear, snake
from cosyvoice_lite.graphs.recipes import Recipe

MAX_MAGNITUDE = 100.0
FINAL_SLOPE = 0.01
N_F0_LAYERS = 5


def f0_graph(c: VocoderConfig, recipe: Recipe) -> GraphBuilder:
    """Mel to F0 in Hz, one value a frame; 0 to the threshold means unvoiced."""
    g = GraphBuilder("f0", recipe)
    root, width = Scope(g), c.f0_channels
    x = g.op("Unsqueeze", g.input("mel", ["B", c.n_mels, "T"]), g.integers(2))
    for i in range(N_F0_LAYERS):
        layer = root / "f0_predictor" / "condnet" / (2 * i)
        x = g.op("Elu", conv(layer, x, c.n_mels if i == 0 else width, width, 3, padding=1))
    rows = g.op("Squeeze", x, g.integers(2)).transpose(0, 2, 1)
    f0 = g.op("Abs", linear(root / "f0_predictor" / "classifier", rows, width, 1))
    g.output(g.op("Squeeze", f0, g.integers(2)), "f0", ["B", "T"])

    mix = root / "m_source" / "l_linear"
    sources = [mix.parameter("weight", 1, c.n_harmonics + 1), mix.parameter("bias", 1)]
    shape = (c.n_harmonics + 2,)
    root.table("source_mix", shape, sources, lambda w, b: np.concatenate([w[0], b]))
    return g


def vocoder_graph(c: VocoderConfig, recipe: Recipe) -> GraphBuilder:
    g = GraphBuilder("vocoder", recipe)
    root = Scope(g)
    mel = g.input("mel", ["B", c.n_mels, "T"])
    source = g.input("source", ["B", 1, "T_wav"])
    spectrum = stft(g.op("Unsqueeze", source, g.integers(2)), c)  # (B, n_fft + 2, 1, F)
    x = g.op("Unsqueeze", mel, g.integers(2))
    x = conv(root / "conv_pre", x, c.n_mels, c.base_channels, 7, padding=3)
    for i in range(len(c.upsample_rates)):
        x = upsample_stage(root, x, spectrum, i, c)
    x = g.op("LeakyRelu", x, alpha=FINAL_SLOPE)
    last = c.base_channels >> len(c.upsample_rates)
    waveform = inverse_stft(conv(root / "conv_post", x, last, c.n_fft + 2, 7, padding=3), c)
    limit = g.scalar(c.audio_limit)
    waveform = g.op("Clip", waveform, g.scalar(-c.audio_limit), limit)
    g.output(g.op("Squeeze", waveform, g.integers(1, 2)), "waveform", ["B", "T_wav"])
    return g


def upsample_stage(root: Scope, x: Value, spectrum: Value, i: int, c: VocoderConfig) -> Value:
    """Raise the rate, add the source at that rate, filter by parallel residual blocks."""
    g, c_in = root.graph, c.base_channels >> i
    c_out, rate, kernel = c_in // 2, c.upsample_rates[i], c.upsample_kernels[i]
    x = g.op("LeakyRelu", x, alpha=c.leaky_slope)
    x = conv_transpose(
        root / "ups" / i, x, c_in, c_out, kernel, stride=rate, padding=(kernel - rate) // 2
    )
    if i == len(c.upsample_rates) - 1:  # one frame more on the left: the STFT has F = T·rate + 1
        x = g.op("Pad", x, g.integers(0, 0, 0, 1, 0, 0, 0, 0), mode="reflect")
    excitation = source_downsample(root / "source_downs" / i, spectrum, i, c_out, c)
    x = x + residual_block(
        root / "source_resblocks" / i,
        excitation,
        c_out,
        c.source_resblock_kernels[i],
        c.source_resblock_dilations[i],
    )
    n = len(c.resblock_kernels)
    branches = [
        residual_block(root / "resblocks" / (i * n + j), x, c_out, kernel, dilations)
        for j, (kernel, dilations) in enumerate(
            zip(c.resblock_kernels, c.resblock_dilations, strict=True)
        )
    ]
    return g.op("Sum", *branches) * (1.0 / n)


def source_downsample(s: Scope, spectrum: Value, i: int, channels: int, c: VocoderConfig) -> Value:
    """The source's spectrum at the rate of stage i: (B, n_fft + 2, 1, F) → (B, channels, 1, F')."""
    rate = int(np.prod(c.upsample_rates[i + 1 :]))
    if rate == 1:
        return conv(s, spectrum, c.n_fft + 2, channels, 1)
    return conv(s, spectrum, c.n_fft + 2, channels, 2 * rate, stride=rate, padding=rate // 2)


def residual_block(
    s: Scope, x: Value, channels: int, kernel: int, dilations: Sequence[int]
) -> Value:
    for i, dilation in enumerate(dilations):
        reach = (kernel - 1) // 2
        y = snake(s / "activations1" / i, x, channels)
        y = conv(
            s / "convs1" / i,
            y,
            channels,
            channels,
            kernel,
            dilation=dilation,
            padding=reach * dilation,
        )
        y = snake(s / "activations2" / i, y, channels)
        x = x + conv(s / "convs2" / i, y, channels, channels, kernel, padding=reach)
    return x


def stft(x: Value, c: VocoderConfig) -> Value:
    """Real, then imaginary parts, by a convolution: (B, 1, 1, T_wav) → (B, n_fft + 2, 1, F)."""
    g, reach = x.graph, c.n_fft // 2
    x = g.op("Pad", x, g.integers(0, 0, 0, reach, 0, 0, 0, reach), mode="reflect")
    basis = (_fourier_basis(c.n_fft) * _hann(c.n_fft)).astype(np.float32)
    return g.op(
        "Conv",
        x,
        g.constant(basis[:, None, None, :]),
        kernel_shape=[1, c.n_fft],
        strides=[1, c.hop],
    )


def inverse_stft(x: Value, c: VocoderConfig) -> Value:
    """Log-magnitudes and phases to samples: (B, n_fft + 2, 1, F) → (B, 1, 1, T_wav)."""
    g, bins = x.graph, c.n_fft // 2 + 1
    log_magnitude, angle = x.split(1, [bins, bins])
    magnitude = g.op("Min", g.op("Exp", log_magnitude), g.scalar(MAX_MAGNITUDE))
    phase = g.op("Sin", angle)
    parts = g.op("Concat", magnitude * g.op("Cos", phase), magnitude * g.op("Sin", phase), axis=1)
    window = _hann(c.n_fft)
    # An inverse real DFT counts every bin twice but the first and the last.
    twice = np.full(bins, 2.0)
    twice[[0, -1]] = 1.0
    synthesis = _fourier_basis(c.n_fft) * np.tile(twice, 2)[:, None] / c.n_fft * window
    ones = g.op("Expand", g.scalar(1.0), g.op("Concat", g.integers(1, 1, 1), x.length(3), axis=0))
    return overlap_add(parts, synthesis, c) / overlap_add(ones, np.square(window)[None], c)


def overlap_add(x: Value, basis: Array, c: VocoderConfig) -> Value:
    """Σ over frames of basis·x at its place, half a window cut off either end."""
    g = x.graph
    return g.op(
        "ConvTranspose",
        x,
        g.constant(basis.astype(np.float32)[:, None, None, :]),
        kernel_shape=[1, c.n_fft],
        strides=[1, c.hop],
        pads=[0, c.n_fft // 2, 0, c.n_fft // 2],
    )


def _hann(n: int) -> Array:
    """Periodic Hann window: (n,) float64."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)


def _fourier_basis(n: int) -> Array:
    """Rows cos(2πkm/n), then -sin(2πkm/n), k = 0…n/2: (n + 2, n) float64."""
    angles = 2 * np.pi * np.outer(np.arange(n // 2 + 1), np.arange(n)) / n
    return np.concatenate([np.cos(angles), -np.sin(angles)])
