"""Tensors of checkpoints as torch writes them, and those that can't be."""

import pickle
from pathlib import Path

import numpy as np
import pytest

import archives
from archives import RAMP, Array, archive, read_error, storage, table, tensor, text, world
from cosyvoice_lite.convert.checkpoint import read_checkpoint, read_state_dict
from cosyvoice_lite.errors import CheckpointError


@pytest.mark.parametrize("dtype", archives.STORAGES)
def test_every_number_type_is_read(dtype: str, tmp_path: Path) -> None:
    values = (np.arange(-6, 6).reshape(3, 4) % 5).astype(dtype)
    path = archives.state_dict(tmp_path / "a.pt", {"x": values})
    read = read_state_dict(path)["x"].numpy()
    np.testing.assert_array_equal(read, values)
    assert read.dtype == (np.float32 if dtype.startswith("float") else values.dtype)


def test_bfloat16_is_the_upper_half_of_a_float32(tmp_path: Path) -> None:
    exact = np.array([0.0, 1.0, -2.5, 3.140625, 2.0**100, -(2.0**-100)], np.float32)
    halves = (exact.view(np.uint32) >> 16).astype("<u2")
    content = table({"x": tensor("0", (6,), kind="BFloat16Storage")})
    path = archive(tmp_path / "a.pt", content, {"0": halves})
    np.testing.assert_array_equal(read_state_dict(path)["x"].numpy(), exact)


def test_tensors_share_a_storage_at_offsets_and_with_strides(tmp_path: Path) -> None:
    content = table(
        {
            "whole": tensor("0", (4, 6)),
            "tail": tensor("0", (2, 5), offset=14),
            "transposed": tensor("0", (6, 4), (1, 6)),
            "column": tensor("0", (4,), (6,), offset=3),
            "repeated": tensor("0", (3, 6), (0, 1), offset=6),
            "scalar": tensor("0", (), offset=7),
            "nothing": tensor("0", (0, 6)),
            "no number": tensor("0", (1, 0), kind="IntStorage"),
        }
    )
    read = read_state_dict(archive(tmp_path / "a.pt", content, {"0": RAMP}))
    whole = RAMP.reshape(4, 6)
    expected: dict[str, Array] = {
        "whole": whole,
        "tail": RAMP[14:].reshape(2, 5),
        "transposed": whole.T,
        "column": whole[:, 3],
        "repeated": np.tile(whole[1], (3, 1)),
        "scalar": np.array(7, np.float32),
        "nothing": np.zeros((0, 6), np.float32),
        "no number": np.zeros((1, 0), np.int32),
    }
    for name, array in expected.items():
        np.testing.assert_array_equal(read[name].numpy(), array, err_msg=name, strict=True)
        assert read[name].shape == array.shape


def test_what_torch_writes_around_tensors_is_understood(tmp_path: Path) -> None:
    """An OrderedDict with `_metadata` set by BUILD, parameters, memo, and protocol 4's opcodes."""
    x = tensor("0", (2,))
    parameter = world("torch._utils", "_rebuild_parameter") + b"(" + x + b"\x88}tR"
    metadata = b"}(" + text("_metadata") + b"}ub"
    content = world("collections", "OrderedDict") + b")Rq\x01(" + text("a") + parameter + b"u"
    read = read_state_dict(archive(tmp_path / "a.pt", content + metadata, {"0": RAMP}))
    np.testing.assert_array_equal(read["a"].numpy(), RAMP[:2])
    values = {"text": "你好", "number": 3, "list": [1.5, None, True], "nested": {"a": (1, 2)}}
    for protocol in (2, 3, 4, 5):
        content = pickle.dumps(values, protocol)[2:-1]
        assert read_checkpoint(archive(tmp_path / "b.pt", content)) == values


@pytest.mark.parametrize("prefix", ["llm/", "some folder/", "a/"])
def test_the_folder_inside_the_archive_may_have_any_name(prefix: str, tmp_path: Path) -> None:
    content = table({"x": tensor("0", (24,))})
    path = archive(tmp_path / "x.pt", content, {"0": RAMP}, prefix=prefix, byteorder=None)
    np.testing.assert_array_equal(read_state_dict(path)["x"].numpy(), RAMP)


IMPOSSIBLE = {
    "beyond its storage": tensor("0", (25,)),
    "offset beyond its storage": tensor("0", (2,), offset=23),
    "strides beyond its storage": tensor("0", (4, 6), (7, 1)),
    "negative stride": tensor("0", (4,), (-1,), offset=3),
    "negative size": tensor("0", (-4,), (1,)),
    "negative offset": tensor("0", (4,), offset=-1),
    "strides of other length": tensor("0", (4, 6), (1,)),
    "too many dimensions": tensor("0", (1,) * 64),
    "repeated without end": tensor("0", (1 << 62, 1 << 62), (0, 0)),
    "repeated to a terabyte": tensor("0", (1 << 38,), (0,)),
    "empty and enormous": tensor("0", (0, 1 << 61), (1, 1)),
    "list as shape": world("torch._utils", "_rebuild_tensor_v2")
    + b"("
    + storage("0", "FloatStorage", 24)
    + b"K\0](K\x01e](K\x01et"
    + b"R",
    "number as storage": world("torch._utils", "_rebuild_tensor_v2") + b"(K\0K\0))tR",
    "storage of wider numbers": tensor("0", (24,), kind="DoubleStorage"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_impossible_tensor_is_refused(name: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "a.pt", table({"x": IMPOSSIBLE[name]}), {"0": RAMP})
    assert "tensor" in read_error(path)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(tensor("0", (2,)), "StoredTensor"), (b"]", "list"), (b"N", "NoneType")],
)
def test_a_file_without_names_is_no_state_dict(content: bytes, kind: str, tmp_path: Path) -> None:
    assert f"holds a {kind}" in read_error(archive(tmp_path / "a.pt", content, {"0": RAMP}))


def test_an_entry_that_is_no_tensor_is_named(tmp_path: Path) -> None:
    assert "'stage'" in read_error(archive(tmp_path / "a.pt", table({"stage": b"K\x01"})))


def test_the_counters_of_training_are_no_tensors_of_the_model(tmp_path: Path) -> None:
    counters = {"epoch": b"K\x01", "step": b"K\x02", "x": tensor("0", (24,))}
    path = archive(tmp_path / "a.pt", table(counters), {"0": RAMP})
    assert list(read_state_dict(path)) == ["x"]


def test_a_flipped_bit_of_a_weight_is_noticed(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.pt", table({"x": tensor("0", (24,))}), {"0": RAMP})
    content = bytearray(path.read_bytes())
    at = content.index(RAMP.tobytes() if hasattr(RAMP, "tobytes") else bytes(RAMP))
    content[at + 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="checksum"):
        read_state_dict(path)["x"].numpy()
