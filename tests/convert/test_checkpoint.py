"""The reader of .pt files: every honest layout is read, every dishonest one is refused."""

import json
import pickle
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archives
from archives import Array, archive, integers, storage, table, tensor, text, world
from cosyvoice_lite.convert.checkpoint import read_checkpoint, read_state_dict
from cosyvoice_lite.errors import CheckpointError

RAMP = np.arange(24, dtype=np.float32)


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


# --- hostile pickles -------------------------------------------------------------------------

COMMAND = text("touch {marker}")
NAMED = {
    "REDUCE": (world("posix", "system") + b"(" + COMMAND + b"tR", "posix.system"),
    "builtins": (world("builtins", "eval") + b"(" + text("1") + b"tR", "builtins.eval"),
    "nested": (world("os", "path.os.system") + b"(" + COMMAND + b"tR", "os.path.os.system"),
    "dotted": (text("os") + text("path.os.system") + b"\x93", "os.path.os.system"),
    "STACK_GLOBAL": (text("posix") + text("system") + b"\x93(" + COMMAND + b"tR", "posix.system"),
    "numpy": (world("numpy", "load"), "numpy.load"),
    "torch.load": (world("torch", "load"), "torch.load"),
    "torch storage": (world("torch.storage", "_load_from_bytes"), "torch.storage._load_from"),
    "legacy tensor": (world("torch._utils", "_rebuild_tensor"), "torch._utils._rebuild_tensor"),
    "unknown storage": (world("torch", "ComplexFloatStorage"), "torch.ComplexFloatStorage"),
    "deep in a dict": (b"}" + text("a") + b"]" + world("nt", "system") + b"as", "nt.system"),
}
OPCODES = {
    "INT": b"I1\n",
    "STRING": b"S'a'\n",
    "SHORT_BINSTRING": b"U\x01a",
    "UNICODE": b"Va\n",
    "FLOAT": b"F1\n",
    "EMPTY_SET": b"\x8f",
    "DICT": b"(d",
    "LIST": b"(l",
    "DUP": b"N2",
    "BINBYTES": b"B\x01\x00\x00\x00a",
    "INST": b"(" + COMMAND + b"iposix\nsystem\n",
    "OBJ": b"(" + world("collections", "OrderedDict") + COMMAND + b"o",
    "EXT": b"\x82\x01",
    "EXT4": b"\x84\x01\x00\x00\x00",
    "NEWOBJ": world("collections", "OrderedDict") + b")\x81",
    "NEWOBJ_EX": world("collections", "OrderedDict") + b")}\x92",
    "PERSID": b"Pposix\n",
    "BYTEARRAY8": b"\x96" + struct.pack("<Q", 1 << 40),
    "BINBYTES8": b"\x8e" + struct.pack("<Q", 1 << 40) + b"x",
    "BINUNICODE8": b"\x8d" + struct.pack("<Q", 1 << 62) + b"x",
    "LONG4": b"\x8b" + struct.pack("<i", (1 << 31) - 1) + b"\x01",
    "LONG4 negative": b"\x8b" + struct.pack("<i", -1),
    "LONG": b"L" + b"9" * 100_000 + b"L\n",
}
ATTRIBUTES = {
    "BUILD on a tensor": tensor("0", (2,)) + b"}" + text("shape") + integers(1 << 30) + b"sb",
    "BUILD on a storage": storage("0", "FloatStorage", 2)
    + b"}"
    + text("path")
    + text("/etc/passwd")
    + b"sb",
    "BUILD on a global": world("torch._utils", "_rebuild_parameter")
    + b"(N}"
    + text("__defaults__")
    + integers(1)
    + b"st"
    + b"b",
}
UNNAMED = {
    "FRAME": b"\x95" + struct.pack("<Q", 1 << 60),
    "called storage type": world("torch", "FloatStorage") + b")R",
    "OrderedDict of something": world("collections", "OrderedDict") + b"(}tR",
    "storage that is no storage": b"(" + text("module") + text("a") + b"tQ",
    "storage of a foreign type": b"("
    + text("storage")
    + text("FloatStorage")
    + text("0")
    + text("cpu")
    + integers()
    + b"tQ",
    "missing storage": tensor("99", (2,)),
    "path in a storage key": tensor("../data.pkl", (2,)),
    "key that is no string": b"}" + integers(1) + b"K\x01s",
    "BINUNICODE": b"X" + struct.pack("<I", (1 << 32) - 1) + b"x",
    "not UTF-8": b"X\x02\x00\x00\x00\xff\xfe",
    "memo of nothing": b"j\xff\xff\xff\x7f",
    "far memo alone": b"Nr\xff\xff\xff\x7fj\xff\xff\xff\x7e",
    "empty stack": b"000000",
    "mark without end": b"((((((",
    "garbage": bytes(range(256)),
    "nothing": b"",
}


def read_error(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        read_state_dict(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert len(message) < 1000
    return message


@pytest.mark.parametrize("name", NAMED)
def test_a_global_beyond_the_list_is_named_and_not_called(name: str, tmp_path: Path) -> None:
    marker = tmp_path / "called"
    content, expected = NAMED[name]
    content = content.replace(COMMAND, text(f"touch {marker}"))
    assert f"asks for {expected}" in read_error(archive(tmp_path / "a.pt", content))
    assert not marker.exists()


@pytest.mark.parametrize("name", OPCODES)
def test_opcodes_that_torch_never_writes_are_refused(name: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "a.pt", b"}" + text("x") + OPCODES[name] + b"s", {"0": RAMP})
    assert "opcode" in read_error(path)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_no_attribute_is_ever_set(name: str, tmp_path: Path) -> None:
    """Else a checked tensor could be pointed at another file, or beyond the end of its memory."""
    path = archive(tmp_path / "a.pt", b"}" + text("x") + ATTRIBUTES[name] + b"s", {"0": RAMP})
    assert "sets attributes" in read_error(path)


@pytest.mark.parametrize("name", UNNAMED)
def test_other_attacks_and_nonsense_are_refused(name: str, tmp_path: Path) -> None:
    read_error(archive(tmp_path / "a.pt", UNNAMED[name], {"0": RAMP}))


def test_a_pickle_that_calls_the_system_is_refused_whatever_protocol(tmp_path: Path) -> None:
    class Attack:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return eval, (f"open({str(tmp_path / 'called')!r}, 'w')",)

    for protocol in range(2, 6):
        content = pickle.dumps({"a": Attack()}, protocol)[2:-1]
        assert "eval" in read_error(archive(tmp_path / "a.pt", content))
        assert not (tmp_path / "called").exists()


BOMBS = {
    "memo": "b'N' + b''.join(b'r' + n.to_bytes(4, 'little') for n in range(1, 1 << 31, 1 << 16))",
    "marks": "b'(' * (1 << 20)",
    "lists": "b']' * (1 << 20)",
    "sets": "bytes([0x8f]) * (1 << 20)",
    "deep lists": "b']' * 1_000_000 + b'a' * 999_999",
    "deep tuples": "b')' + bytes([0x85]) * 1_000_000",
    "deep tuple as key": "b'}' + b')' + bytes([0x85]) * 1_000_000 + b'Ns'",
    "deep tuple as shape": "world('torch._utils', '_rebuild_tensor_v2') + b'(NK\\0' + b')' + "
    "bytes([0x85]) * 1_000_000 + b')tR'",
    "laughs": "b')' + b'q\\0' + b''.join(b'(' + b'h\\0' * 100 + b'tq\\0' for _ in range(5_000))",
    "copies": "b'}(' + b''.join(text(str(n)) + b'N' for n in range(50_000)) + b'uq\\0' + "
    "(world('collections', 'OrderedDict') + b'h\\0\\x85R') * 20_000",
    "strings": "b''.join(text('x' * 50_000) for _ in range(60))",
    "pickle of zeros": "b'\\0' * (1 << 26)",
}

BOMB_PROGRAM = """
import json, resource, sys, time, zipfile
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from archives import Array, archive, text, world
from cosyvoice_lite.convert.checkpoint import read_state_dict
from cosyvoice_lite.errors import CheckpointError
bombs = {name: archive(Path(sys.argv[1]) / name, eval(code), compression=zipfile.ZIP_DEFLATED)
         for name, code in json.loads(sys.argv[3]).items()}
used = int(Path("/proc/self/statm").read_text().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), used + (1 << 30)))
for name, path in bombs.items():
    print(name, flush=True)
    started = time.process_time()
    try:
        read_state_dict(path)
    except CheckpointError as error:
        assert len(str(error)) < 1000, name
    assert time.process_time() - started < 10, name
print("survived")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_bombs_end_in_an_error_within_a_gigabyte_and_seconds(tmp_path: Path) -> None:
    """In a process of its own: whoever falls over here takes the interpreter along."""
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", BOMB_PROGRAM, str(tmp_path), tests, json.dumps(BOMBS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout.endswith("survived\n"), done.stdout[-100:] + done.stderr[-2000:]


# --- tensors that can't be ---------------------------------------------------------------------

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


# --- archives that can't be --------------------------------------------------------------------


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
