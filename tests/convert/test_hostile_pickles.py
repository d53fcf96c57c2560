"""Pickles that attack: nothing is called, nothing is set, nothing grows without end."""

import json
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from archives import RAMP, archive, integers, read_error, storage, tensor, text, world

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
