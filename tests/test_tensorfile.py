"""Tensor files: what is written is read back, anything else is one kind of error."""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosyvoice_lite.errors import BundleError
from cosyvoice_lite.runtime.tables import Table
from cosyvoice_lite.tensorfile import DTYPES, read_tensors, write_tensors

Array = npt.NDArray[Any]


def written(path: Path, arrays: dict[str, Array]) -> Path:
    with path.open("wb") as file:
        write_tensors(file, {k: (a.dtype, a.shape) for k, a in arrays.items()}, arrays.values())
    return path


def forged(path: Path, header: Any, body: bytes = bytes(64)) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return path


def test_arrays_of_every_type_and_shape_come_back(tmp_path: Path) -> None:
    arrays = {
        f"名/{name}.{n}": (np.arange(np.prod(shape)) % 100).reshape(shape).astype(dtype)
        for name, dtype in DTYPES.items()
        for n, shape in enumerate([(3, 5), (7,), (), (0, 4), (2, 1, 2)])
    }
    read = read_tensors(written(tmp_path / "t", arrays))
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array, strict=True)


def test_arrays_are_mapped_and_can_not_be_written(tmp_path: Path) -> None:
    read = read_tensors(written(tmp_path / "t", {"a": np.ones(4, np.float32)}))
    assert isinstance(read["a"], np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        read["a"][0] = 2


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux lists what is open")
def test_a_file_is_mapped_once_however_many_arrays_it_has(tmp_path: Path) -> None:
    def n_open() -> int:
        return len(os.listdir("/proc/self/fd"))

    path = written(tmp_path / "t", {f"v{n}": np.full(3, n, np.float32) for n in range(100)})
    before = n_open()
    read = read_tensors(path)
    assert n_open() <= before + 1
    assert [int(array[1]) for array in read.values()] == list(range(100))


def resident_kib(path: Path) -> int:
    """KiB of the file that this process has in memory, mapped."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    starts = [n for n, line in enumerate(lines) if line.endswith(str(path))]
    found = (line for n in starts for line in lines[n + 1 : n + 10] if line.startswith("Rss:"))
    return sum(int(line.split()[1]) for line in found)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is resident")
def test_a_table_forgets_its_own_pages_alone(tmp_path: Path) -> None:
    arrays = {name: np.full((256, 1024), 7, np.float32) for name in "abc"}  # 1 MiB each
    path = written(tmp_path / "t", arrays)
    read = read_tensors(path)
    assert sum(int(array.sum()) for array in read.values()) == 3 * 7 << 18
    assert resident_kib(path) >= 3 * 1024
    Table(read, "b").forget()
    assert 2 * 1024 - 8 <= resident_kib(path) <= 2 * 1024 + 8
    np.testing.assert_array_equal(read["b"], arrays["b"])


def test_an_array_that_is_not_as_declared_is_a_mistake() -> None:
    layout: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {"a": (np.dtype("<f4"), (2,))}
    for wrong in (np.zeros(3, np.float32), np.zeros(2)):
        with pytest.raises(ValueError, match="declared"):
            write_tensors(io.BytesIO(), layout, [wrong])
    with pytest.raises(ValueError, match="zip"):
        write_tensors(io.BytesIO(), layout, [])


ENTRY: dict[str, Any] = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
WRONG_ENTRIES = [
    {"dtype": "F64"},
    {"dtype": 5},
    {"dtype": ["F32"]},
    {"shape": [5]},
    {"shape": [-4]},
    {"shape": [-2, -2]},
    {"shape": [4.0]},
    {"shape": ["4"]},
    {"shape": [True, 4]},
    {"shape": 4},
    {"shape": None},
    {"shape": [1 << 33, 1 << 31], "data_offsets": [0, 0]},
    {"shape": [1 << 62, 4], "data_offsets": [0, 0]},
    {"shape": [1] * 100},
    {"data_offsets": [16, 0]},
    {"data_offsets": [-16, 0]},
    {"data_offsets": [60, 76]},
    {"data_offsets": [0.0, 16.0]},
    {"data_offsets": [0]},
    {"data_offsets": [0, 16, 32]},
    {"data_offsets": "ab"},
    {"data_offsets": [float("nan"), 16]},
    {"data_offsets": [1 << 70, (1 << 70) + 16]},
]


@pytest.mark.parametrize("change", WRONG_ENTRIES, ids=str)
def test_an_impossible_entry_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="damaged tensor file"):
        read_tensors(forged(tmp_path / "t", {"a": {**ENTRY, **change}}))


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"null",
        b'"a"',
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"a": 5}',
        b'{"a":{}}',
    ],
)
def test_a_header_that_is_none_is_refused(header: bytes, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="tensor file"):
        read_tensors(forged(tmp_path / "t", header))


def test_a_header_longer_than_the_file_is_not_read(tmp_path: Path) -> None:
    for length in (1, 57, 1 << 30, (1 << 64) - 1):
        (tmp_path / "t").write_bytes(length.to_bytes(8, "little") + bytes(56))
        with pytest.raises(BundleError, match="tensor file"):
            read_tensors(tmp_path / "t")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="none: No such file"):
        read_tensors(tmp_path / "none")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    arrays: dict[str, Array] = {"a": np.ones((3, 4), np.float32), "b": np.arange(5)}
    return written(tmp_path_factory.mktemp("tensors") / "whole", arrays)


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes, whole: Path) -> None:
    path = whole.with_name("any")
    path.write_bytes(content)
    with pytest.raises(BundleError):
        read_tensors(path)


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 1000), value=st.integers(0, 255))
def test_any_changed_byte_is_read_or_refused(place: int, value: int, whole: Path) -> None:
    content = bytearray(whole.read_bytes())
    content[place % len(content)] = value
    path = whole.with_name("changed")
    path.write_bytes(content)
    try:
        for array in read_tensors(path).values():
            array.sum()
    except BundleError:
        pass


@settings(max_examples=60, deadline=None)
@given(kept=st.integers(0, 1000))
def test_any_truncation_is_refused(kept: int, whole: Path) -> None:
    content = whole.read_bytes()
    path = whole.with_name("cut")
    path.write_bytes(content[: kept % len(content)])
    with pytest.raises(BundleError):
        read_tensors(path)
