"""P1: each layer, run by ONNX Runtime, against loops over its equation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import oracles
from cosyvoice_lite.config import EncoderConfig
from cosyvoice_lite.convert.hyperparameters import read_hyperparameters
from cosyvoice_lite.convert.writer import write_graph
from cosyvoice_lite.errors import CheckpointError
from cosyvoice_lite.graphs import encoder, hift, layers
from cosyvoice_lite.graphs.builder import GraphBuilder, Scope, Value
from cosyvoice_lite.graphs.recipes import Recipe, Rule
from cosyvoice_lite.graphs.tensors import Derived
from cosyvoice_lite.runtime.session import Session
from oracles import Array

Build = Callable[..., Value]
Run = Callable[..., tuple[Array, dict[str, Array]]]

TOLERANCE = 1e-5
EXACT = Recipe("fp32")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Build a graph of one layer with random weights, run it; its output and its weights."""

    def run(build: Build, *inputs: Array, recipe: Recipe = EXACT) -> tuple[Array, dict[str, Array]]:
        graph = GraphBuilder("layer", recipe)
        values = []
        for i, x in enumerate(inputs):
            dims = [f"x{i}_{axis}" for axis in range(x.ndim)]
            values.append(graph.input(f"x{i}", dims, x.dtype.type))
        graph.output(build(Scope(graph), *values), "y", [])
        graph.outputs[-1].type.tensor_type.ClearField("shape")
        rng = np.random.default_rng(7)
        weights = {
            p.name: rng.standard_normal(p.shape, np.float32) for p in graph.parameters.values()
        }

        def value_of(derived: Derived) -> Array:
            return derived.compute(*(weights[p.name] for p in derived.sources))

        write_graph(graph, tmp_path, value_of)
        (y,) = Session(tmp_path / "layer.onnx", 1)(**{f"x{i}": x for i, x in enumerate(inputs)})
        return y, weights

    return run


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def close(ours: Array, theirs: Array) -> None:
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=TOLERANCE, rtol=TOLERANCE)


@pytest.mark.parametrize("bias", [True, False])
def test_linear(run: Run, bias: bool) -> None:
    x = normal(2, 5, 6)
    y, w = run(lambda s, x: layers.linear(s, x, 6, 4, bias=bias), x)
    assert set(w) == ({"weight", "bias"} if bias else {"weight"})
    for b in range(2):
        close(y[b], oracles.linear(x[b], w["weight"], w.get("bias", 0.0)))


@pytest.mark.parametrize("eps", [1e-5, 1e-12])
def test_layer_norm(run: Run, eps: float) -> None:
    x = normal(1, 5, 16) * (1e-3 if eps == 1e-5 else 1.0)  # so little that epsilon counts
    y, w = run(lambda s, x: layers.layer_norm(s, x, 16, eps=eps), x)
    close(y[0], oracles.layer_norm(x[0], w["weight"], w["bias"], eps))


@pytest.mark.parametrize(("form", "tolerance"), [("float32", 1e-5), ("int8", 0.1)])
def test_a_convolution_multiplied(run: Run, form: str, tolerance: float) -> None:
    x = normal(2, 5, 1, 12)
    recipe = Recipe("mine", (Rule("*.4d", form + "_product", "to try it"),))
    y, w = run(lambda s, x: layers.conv(s, x, 5, 6, 3, padding=1), x, recipe=recipe)
    convolved, _ = run(lambda s, x: layers.conv(s, x, 5, 6, 3, padding=1), x)
    assert y.shape == convolved.shape
    np.testing.assert_allclose(y, convolved, atol=tolerance)
    assert set(w) == {"weight", "bias"}


@pytest.mark.parametrize(
    ("form", "loss", "n_bytes"),
    [("float16", 1e-3, 6144), ("int8", 0.02, 3072), ("int4", 0.15, 1536)],
)
@pytest.mark.parametrize("layer", [layers.conv, layers.conv_transpose])
def test_a_kernel_kept_in_few_bits(
    run: Run, tmp_path: Path, layer: Build, form: str, loss: float, n_bytes: int
) -> None:
    x = normal(2, 32, 1, 12)
    recipe = Recipe("mine", (Rule("*.4d", form, "to try it"),))
    y, _ = run(lambda s, x: layer(s, x, 32, 32, 3, stride=1, padding=1), x, recipe=recipe)
    size = (tmp_path / "layer.weights").stat().st_size
    exact, _ = run(lambda s, x: layer(s, x, 32, 32, 3, stride=1, padding=1), x)
    assert np.linalg.norm(y - exact) < loss * np.linalg.norm(exact)
    assert n_bytes <= size < 1.2 * n_bytes + 256


def scaled(s: Scope, x: Value, scale: float) -> Value:
    """A product with small or large weights."""
    parameter = s.parameter("weight", 256, 32)
    return s.product(x, "weight.T", (256, 32), [parameter], lambda w: w * np.float32(scale))


@pytest.mark.parametrize(("form", "loss"), [("int8_rows", 0.02), ("int4", 0.15)])
def test_small_weights_are_kept_as_exactly_as_others(run: Run, form: str, loss: float) -> None:
    x, recipe = normal(3, 256), Recipe("mine", (Rule("*", form, "to try it"),))
    for scale in (1.0, 1e-3, 1e-4, 1e-5):
        y, weights = run(lambda s, x: scaled(s, x, scale), x, recipe=recipe)  # noqa: B023
        exact = x @ weights["weight"] * scale
        assert np.linalg.norm(y - exact) < loss * np.linalg.norm(exact), scale


@pytest.mark.parametrize(("form", "scale"), [("float16", 1e5), ("int8_rows", 1e8), ("int4", 1e8)])
def test_a_weight_beyond_half_precision_is_named(run: Run, form: str, scale: float) -> None:
    recipe = Recipe("mine", (Rule("*", form, "to try it"),))
    with pytest.raises(CheckpointError, match=r"weight\.T: too large for this precision"):
        run(lambda s, x: scaled(s, x, scale), normal(3, 256), recipe=recipe)


def test_a_kernel_that_four_bits_do_not_fit_is_kept_whole(run: Run) -> None:
    x = normal(1, 5, 1, 12)
    recipe = Recipe("mine", (Rule("*.4d", "int4", "to try it"),))
    y, w = run(lambda s, x: layers.conv(s, x, 5, 6, 3), x, recipe=recipe)
    close(y[0, :, 0], oracles.conv(x[0, :, 0], w["weight"], w["bias"]))


def test_four_bits_beside_what_newer_operators_write_otherwise(run: Run) -> None:
    recipe = Recipe("mine", (Rule("*.4d", "int4", "to try it"),))
    with pytest.raises(ValueError, match="no 4-bit kernels beside ReduceL2"):
        run(
            lambda s, x: layers.unit_length(layers.conv(s, x, 32, 32, 3)),
            normal(1, 32, 1, 5),
            recipe=recipe,
        )


@pytest.mark.parametrize("stride", [1, 2, 8])
@pytest.mark.parametrize(("kernel", "dilation", "padding"), [(1, 1, 0), (3, 1, 1), (7, 5, 15)])
def test_conv(run: Run, stride: int, kernel: int, dilation: int, padding: int) -> None:
    x = normal(2, 3, 1, 41)
    setting = {"stride": stride, "dilation": dilation, "padding": padding}
    y, w = run(lambda s, x: layers.conv(s, x, 3, 5, kernel, **setting), x)
    for b in range(2):
        close(y[b, :, 0], oracles.conv(x[b, :, 0], w["weight"], w["bias"], **setting))


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(4, 2, 1), (16, 8, 4), (3, 1, 1)])
def test_conv_transpose(run: Run, kernel: int, stride: int, padding: int) -> None:
    x = normal(2, 3, 1, 9)
    setting = {"stride": stride, "padding": padding}
    y, w = run(lambda s, x: layers.conv_transpose(s, x, 3, 5, kernel, **setting), x)
    for b in range(2):
        close(y[b, :, 0], oracles.conv_transpose(x[b, :, 0], w["weight"], w["bias"], **setting))


@pytest.mark.parametrize("groups", [1, 4, 8])
def test_group_norm(run: Run, groups: int) -> None:
    x = normal(2, 16, 1, 7) * 0.01 + np.arange(16, dtype=np.float32)[None, :, None, None] * 0.01
    y, w = run(lambda s, x: layers.group_norm(s, x, 16, groups), x)
    for b in range(2):
        expected = oracles.group_norm(x[b, :, 0], w["weight"], w["bias"], groups)
        np.testing.assert_allclose(y[b, :, 0], expected, atol=1e-4)


def test_snake(run: Run) -> None:
    x = normal(2, 6, 1, 9) * 3
    y, w = run(lambda s, x: layers.snake(s, x, 6), x)
    for b in range(2):
        close(y[b, :, 0], oracles.snake(x[b, :, 0], w["alpha"]))


@pytest.mark.parametrize("name", ["mish", "silu", "gelu", "relu"])
def test_activations(run: Run, name: str) -> None:
    x = np.linspace(-12, 12, 97, dtype=np.float32)[None]
    y, _ = run(lambda s, x: getattr(layers, name)(x), x)
    close(y, getattr(oracles, name)(x))


def test_unit_length_and_of_nothing(run: Run) -> None:
    x = np.stack([normal(8) * 100, np.zeros(8, np.float32)])
    y, _ = run(lambda s, x: layers.unit_length(x), x)
    close(y[0], x[0] / np.sqrt((oracles.wide(x[0]) ** 2).sum()))
    close(y[1], np.zeros(8))


@pytest.mark.parametrize("t", [1, 2, 7])
@pytest.mark.parametrize("causal", [True, False])
def test_rel_shift_puts_distance_i_minus_j_at_key_j(run: Run, t: int, causal: bool) -> None:
    distances = np.arange(t - 1, -1 if causal else -t, -1, dtype=np.float32)
    r = np.tile(distances, (2, 3, t, 1))
    y, _ = run(lambda s, r: encoder.rel_shift(r, causal=causal), r)
    assert y.shape == (2, 3, t, t)
    for i in range(t):
        for j in range(i + 1 if causal else t):
            assert (y[:, :, i, j] == i - j).all()


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("t", [1, 2, 13])
def test_relative_attention(run: Run, causal: bool, t: int) -> None:
    c = EncoderConfig(d_input=12, d_model=12, n_heads=3, d_hidden=24, n_blocks=1)

    def build(s: Scope, x: Value) -> Value:
        sinusoids = encoder.distance_sinusoids(x, 12, causal=causal)
        mask = encoder.causal_mask(x) if causal else None
        return encoder.relative_attention(s, x, sinusoids, mask, c)

    x = normal(2, t, 12)
    y, w = run(build, x)
    for b in range(2):
        expected = oracles.relative_attention(x[b], w, 3, causal=causal)
        np.testing.assert_allclose(y[b], expected, atol=2e-5, rtol=TOLERANCE)


def test_attention_sees_no_future_when_causal(run: Run) -> None:
    c = EncoderConfig(d_input=12, d_model=12, n_heads=3, d_hidden=24, n_blocks=2)
    x = normal(1, 9, 12)
    y, _ = run(lambda s, x: encoder.conformer_encoder(s, x, c, causal=True), x)
    changed = x.copy()
    changed[:, 6:] += 1
    z, _ = run(lambda s, x: encoder.conformer_encoder(s, x, c, causal=True), changed)
    np.testing.assert_array_equal(y[:, :6], z[:, :6])
    assert np.abs(y[:, 6:] - z[:, 6:]).max() > 0.1


@pytest.fixture(scope="module")
def vocoder(tiny_checkpoint: Path) -> Any:
    return read_hyperparameters(tiny_checkpoint / "cosyvoice.yaml").vocoder


def test_stft(run: Run, vocoder: Any) -> None:
    x = normal(1, 1, 1, 256)
    y, _ = run(lambda s, x: hift.stft(x, vocoder), x)
    close(y[0, :, 0], oracles.stft(x[0, 0, 0], vocoder.n_fft, vocoder.hop))


@pytest.mark.parametrize("n_frames", [2, 65])
def test_inverse_stft(run: Run, vocoder: Any, n_frames: int) -> None:
    bins = vocoder.n_fft // 2 + 1
    x = normal(1, 2 * bins, 1, n_frames)
    x[0, 2, 0, 0] = 9.0  # e^9 is beyond the largest magnitude
    y, _ = run(lambda s, x: hift.inverse_stft(x, vocoder), x)
    halves = x[0, :bins, 0], x[0, bins:, 0]
    expected = oracles.inverse_stft(*halves, vocoder.n_fft, vocoder.hop)
    np.testing.assert_allclose(y[0, 0, 0], expected, atol=3e-5)
