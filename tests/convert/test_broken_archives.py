"""Archives that are cut, changed, compressed or of another kind."""

import pickle
import struct
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archives import RAMP, archive, read_error, table, tensor
from cosyvoice_lite.convert.checkpoint import read_state_dict
from cosyvoice_lite.errors import CheckpointError


def test_compressed_storages_are_refused(tmp_path: Path) -> None:
    content = table({"x": tensor("0", (24,))})
    path = archive(tmp_path / "a.pt", content, {"0": RAMP}, compression=zipfile.ZIP_DEFLATED)
    assert "compressed" in read_error(path)


def test_a_member_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.pt", table({"x": tensor("0", (24,))}), {"0": RAMP})
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("archive/data/0", RAMP.tobytes())
    assert "duplicate" in read_error(path)


def test_two_pickles_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.pt", b"}")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("other/data.pkl", b"}.")
    assert "data.pkl" in read_error(path)


@pytest.mark.parametrize("order", [b"big", b"", b"little\n"])
def test_another_byte_order_is_refused(order: bytes, tmp_path: Path) -> None:
    assert "little-endian" in read_error(archive(tmp_path / "a.pt", b"}", byteorder=order))


def test_a_byte_order_of_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a/data.pkl", b"\x80\x02}.")
        file.writestr("a/byteorder", bytes(1 << 28))
    started = time.perf_counter()
    assert "little-endian" in read_error(path)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        pickle.dumps({"a": 1}, 2),
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        b"<!DOCTYPE html><html>not found</html>",
    ],
)
def test_a_file_of_another_kind_is_no_archive(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(content)
    assert "not a PyTorch archive, or truncated" in read_error(tmp_path / "a.pt")


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_file_of_old_pytorch_is_to_be_saved_again(protocol: int, tmp_path: Path) -> None:
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, protocol)
    (tmp_path / "a.pt").write_bytes(magic + pickle.dumps(1001, protocol))
    assert read_error(tmp_path / "a.pt").endswith("load it with PyTorch and save it again")


def test_an_archive_without_checksums_is_read(tmp_path: Path) -> None:
    """As `torch.serialization.set_crc32_options(False)` leaves it."""
    path = archive(tmp_path / "a.pt", table({"x": tensor("0", (24,))}), {"0": RAMP})
    content = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        for info in file.infolist():
            content = content.replace(struct.pack("<I", info.CRC), bytes(4))
    path.write_bytes(content)
    np.testing.assert_array_equal(read_state_dict(path)["x"].numpy(), RAMP)
    path.write_bytes(content.replace(b"little", b"middle"))
    assert "little-endian" in read_error(path)


def test_a_missing_file_a_folder_and_an_archive_of_something_else_are_named(
    tmp_path: Path,
) -> None:
    assert "no such file" in read_error(tmp_path / "none.pt")
    assert "s a directory" in read_error(tmp_path)
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as file:
        file.writestr("word/document.xml", b"<xml/>")
    assert "data.pkl" in read_error(tmp_path / "a.pt")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    content = table({"x": tensor("0", (24,)), "y": tensor("1", (12, 2))})
    path = tmp_path_factory.mktemp("whole") / "a.pt"
    return archive(path, content, {"0": RAMP, "1": RAMP})


@settings(max_examples=80, deadline=None)
@given(cut=st.integers(0, 10_000))
def test_a_truncated_archive_is_an_error_wherever_it_ends(whole: Path, cut: int) -> None:
    content = whole.read_bytes()
    path = whole.with_name("cut.pt")
    path.write_bytes(content[: cut % len(content)])
    read_error(path)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_changed_byte_is_an_error_or_changes_numbers_only(
    whole: Path, place: int, value: int
) -> None:
    content = bytearray(whole.read_bytes())
    content[place % len(content)] = value
    path = whole.with_name("changed.pt")
    path.write_bytes(content)
    try:
        for stored in read_state_dict(path).values():
            stored.numpy()
    except CheckpointError:
        pass


def test_a_file_that_shrinks_after_it_was_opened_is_an_error(whole: Path) -> None:
    path = whole.with_name("shrinking.pt")
    path.write_bytes(whole.read_bytes())
    stored = read_state_dict(path)["y"]
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CheckpointError, match="truncated"):
        stored.numpy()
