"""From a checkpoint's tensors to a bundle: all of them, once, under any of their names."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.checkpoints import write_checkpoint

from archives import Array, state_dict
from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.convert.checkpoint import read_state_dict
from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.convert.weights import Weights
from cosyvoice_lite.errors import CheckpointError, CosyError


def hashes(bundle: Path) -> dict[str, str]:
    return {name: record.sha256 for name, record in Bundle.open(bundle).manifest.files.items()}


def arrays(path: Path) -> dict[str, Array]:
    return {name: tensor.numpy() for name, tensor in read_state_dict(path).items()}


@pytest.mark.parametrize(
    ("names", "prefix"), [("old", ""), ("new", "generator."), ("old", "generator.")]
)
def test_spellings_of_one_checkpoint_give_one_bundle(
    names: str, prefix: str, tiny_bundle: Path, tmp_path: Path
) -> None:
    write_checkpoint(tmp_path / "tiny", weight_norm="new")
    write_checkpoint(tmp_path / "other", weight_norm=names, hift_prefix=prefix)
    draws = arrays(tmp_path / "tiny" / "hift.pt")  # the draws depend on the names: take the same
    renamed = {}
    for name, other in zip(draws, arrays(tmp_path / "other" / "hift.pt"), strict=True):
        assert other.removeprefix(prefix).split(".")[0] == name.split(".")[0]
        renamed[other] = draws[name]
    state_dict(tmp_path / "other" / "hift.pt", renamed)
    convert(tmp_path / "other", tmp_path / "bundle", precision="fp32")
    assert hashes(tmp_path / "bundle") == hashes(tiny_bundle)


@pytest.mark.parametrize(("dtype", "bits"), [("float16", 11), ("bfloat16", 8)])
def test_half_precision_checkpoints_convert_to_their_own_values(
    dtype: str, bits: int, tiny_bundle: Path, tmp_path: Path
) -> None:
    write_checkpoint(tmp_path / "half", dtype=dtype)
    convert(tmp_path / "half", tmp_path / "bundle", precision="fp32")
    whole = Bundle.open(tiny_bundle).tables["text_embedding"]
    half = Bundle.open(tmp_path / "bundle").tables["text_embedding"]
    np.testing.assert_allclose(half, whole, rtol=2.0 ** (1 - bits), atol=1e-7)
    assert not np.array_equal(half, whole)


def test_weight_norm_is_length_times_direction(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    g, v = rng.random((3, 1, 1)).astype("f"), rng.standard_normal((3, 4, 5)).astype("f")
    expected = np.array([g[i, 0, 0] * v[i] / np.sqrt((v[i] ** 2).sum()) for i in range(3)])
    for g_name, v_name in (
        ("weight_g", "weight_v"),
        ("parametrizations.weight.original0", "parametrizations.weight.original1"),
    ):
        path = state_dict(tmp_path / "a.pt", {f"conv.{v_name}": v, f"conv.{g_name}": g})
        folded = Weights.open(path).tensors
        assert list(folded) == ["conv.weight"]
        assert folded["conv.weight"].shape == (3, 4, 5)
        np.testing.assert_allclose(folded["conv.weight"].numpy(), expected, rtol=1e-6)


FILES = ("llm.pt", "flow.pt", "hift.pt")


def broken(tmp_path: Path, file: str, change: dict[str, Array | None]) -> str:
    """What `convert` says when some tensors of a file are replaced, added, or taken away (None)."""
    write_checkpoint(tmp_path / "c")
    state = arrays(tmp_path / "c" / file)
    for name, array in change.items():
        if array is None:
            del state[name]
        else:
            state[name] = array
    state_dict(tmp_path / "c" / file, state)
    with pytest.raises(CheckpointError) as caught:
        convert(tmp_path / "c", tmp_path / "bundle")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c"]
    assert file in str(caught.value)
    return str(caught.value)


def test_missing_tensors_are_listed(tmp_path: Path) -> None:
    message = broken(tmp_path, "llm.pt", {"llm_decoder.bias": None, "llm.after_norm.weight": None})
    assert message.endswith("lacks tensors: llm.after_norm.weight, llm_decoder.bias")


def test_unknown_tensors_are_listed_and_a_long_list_is_cut(tmp_path: Path) -> None:
    extra: dict[str, Array | None] = {f"extra.{i:02}": np.zeros(1, "f") for i in range(20)}
    message = broken(tmp_path, "flow.pt", extra)
    assert "has unknown tensors: extra.00, extra.01" in message
    assert message.endswith("extra.07 and 12 more")


def test_tensors_of_another_shape_are_listed_with_both_shapes(tmp_path: Path) -> None:
    message = broken(tmp_path, "hift.pt", {"conv_pre.bias": np.zeros(7, np.float32)})
    assert "conv_pre.bias is (7,), the yaml says (32,)" in message


def test_a_half_of_a_weight_norm_is_unknown(tmp_path: Path) -> None:
    message = broken(tmp_path, "hift.pt", {"conv_pre.parametrizations.weight.original0": None})
    assert "conv_pre.weight" in message


@pytest.mark.parametrize(
    "extra", ["conv_pre.weight", "conv_pre.weight_g", "generator.conv_pre.bias"]
)
def test_a_weight_under_two_names_is_refused(extra: str, tmp_path: Path) -> None:
    change: dict[str, Array | None] = {extra: np.ones((32, 1, 1), np.float32)}
    if extra.endswith("weight_g"):
        change["conv_pre.weight_v"] = np.ones((32, 80, 7), np.float32)
    broken(tmp_path, "hift.pt", change)


@pytest.mark.parametrize("g", [np.ones((), "f"), np.ones((32,), "f"), np.ones((1, 1, 1), "f")])
def test_weight_norm_halves_that_do_not_fit_are_refused(g: Array, tmp_path: Path) -> None:
    halves = "conv_pre.parametrizations.weight.original"
    for n, v in enumerate((np.ones((32, 80, 7), "f"), np.ones((), "f"))):
        (place := tmp_path / str(n)).mkdir()
        broken(place, "hift.pt", {halves + "0": g, halves + "1": v})


@pytest.mark.parametrize(
    ("file", "name", "value"),
    [
        ("llm.pt", "text_embedding.weight", np.nan),
        ("flow.pt", "decoder.estimator.final_proj.weight", np.inf),
        ("hift.pt", "conv_pre.parametrizations.weight.original0", -np.inf),
    ],
)
def test_a_weight_that_is_no_number_is_named(
    file: str, name: str, value: float, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_checkpoint(tmp_path / "other")
    array = arrays(tmp_path / "other" / file)[name].copy()
    array.reshape(-1)[3] = value
    (tmp_path / "in").mkdir()
    message = broken(tmp_path / "in", file, {name: array})
    assert "NaN or infinity" in message
    assert capfd.readouterr().err == ""


def test_a_direction_of_no_length_is_refused(tmp_path: Path) -> None:
    zero = np.zeros((32, 80, 7), np.float32)
    assert "NaN" in broken(
        tmp_path, "hift.pt", {"conv_pre.parametrizations.weight.original1": zero}
    )


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.95, 0.9999])
def test_a_truncated_file_leaves_no_bundle(
    file: str, kept: float, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "c"
    checkpoint.mkdir()
    for path in tiny_checkpoint.iterdir():
        content = path.read_bytes()
        (checkpoint / path.name).write_bytes(
            content[: int(kept * len(content))] if path.name == file else content
        )
    with pytest.raises(CosyError, match="truncated"):
        convert(checkpoint, tmp_path / "bundle")
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


@pytest.mark.parametrize("file", [*FILES, "cosyvoice.yaml"])
def test_a_missing_file_is_named(file: str, tiny_checkpoint: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "c"
    checkpoint.mkdir()
    for path in tiny_checkpoint.iterdir():
        if path.name != file:
            (checkpoint / path.name).symlink_to(path)
    with pytest.raises(CheckpointError, match=f"{file}: no such file"):
        convert(checkpoint, tmp_path / "bundle")


def test_a_checkpoint_without_voices_converts(tiny_checkpoint: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "c"
    checkpoint.mkdir()
    for path in tiny_checkpoint.iterdir():
        if path.name != "spk2info.pt":
            (checkpoint / path.name).symlink_to(path)
    assert convert(checkpoint, tmp_path / "bundle").voices == {}
    assert Bundle.open(tmp_path / "bundle").voice_tensors == {}


def test_the_same_checkpoint_makes_the_same_bytes(
    tiny_checkpoint: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    convert(tiny_checkpoint, tmp_path / "tiny", precision="fp32")
    for path in tiny_bundle.iterdir():
        assert (tmp_path / "tiny" / path.name).read_bytes() == path.read_bytes(), path.name
