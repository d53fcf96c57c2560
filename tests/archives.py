"""Writes .pt files opcode by opcode, honest ones and hostile ones; torch is not here to write them.

Opcodes as in PEP 307 and `pickletools`; the layout as `torch.save` has it since version 1.6.
"""

import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from cosyvoice_lite.convert.checkpoint import read_state_dict
from cosyvoice_lite.errors import CheckpointError

Array = npt.NDArray[Any]

RAMP = np.arange(24, dtype=np.float32)

STORAGES = {
    "float32": "FloatStorage",
    "float16": "HalfStorage",
    "float64": "DoubleStorage",
    "int64": "LongStorage",
    "int32": "IntStorage",
    "int16": "ShortStorage",
    "int8": "CharStorage",
    "uint8": "ByteStorage",
    "bool": "BoolStorage",
}


def text(string: str) -> bytes:
    encoded = string.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def integer(n: int) -> bytes:
    return b"J" + struct.pack("<i", n) if abs(n) < 2**31 else b"\x8a" + _long(n)


def _long(n: int) -> bytes:
    encoded = pickle.encode_long(n)
    return bytes([len(encoded)]) + encoded


def integers(*numbers: int) -> bytes:
    return b"(" + b"".join(map(integer, numbers)) + b"t"


def world(module: str, name: str) -> bytes:
    """A GLOBAL opcode."""
    return f"c{module}\n{name}\n".encode()


def storage(key: str, kind: str, n: int) -> bytes:
    pid = b"(" + text("storage") + world("torch", kind) + text(key) + text("cpu") + integer(n)
    return pid + b"tQ"


def tensor(
    key: str,
    shape: tuple[int, ...],
    strides: tuple[int, ...] | None = None,
    *,
    kind: str = "FloatStorage",
    offset: int = 0,
) -> bytes:
    """A call of _rebuild_tensor_v2; strides of a contiguous tensor unless given."""
    natural = tuple(int(np.prod(shape[i + 1 :])) for i in range(len(shape)))
    arguments = (
        storage(key, kind, 1)
        + integer(offset)
        + integers(*shape)
        + integers(*(natural if strides is None else strides))
    )
    hooks = world("collections", "OrderedDict") + b")R"
    return world("torch._utils", "_rebuild_tensor_v2") + b"(" + arguments + b"\x89" + hooks + b"tR"


def table(entries: Mapping[str, bytes]) -> bytes:
    return b"}(" + b"".join(text(name) + value for name, value in entries.items()) + b"u"


def archive(
    path: Path,
    content: bytes,
    storages: Mapping[str, Array | bytes] | None = None,
    *,
    byteorder: bytes | None = b"little",
    compression: int = zipfile.ZIP_STORED,
    prefix: str = "archive/",
) -> Path:
    """A .pt file whose data.pkl is `content`, complete with PROTO and STOP."""
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr(prefix + "data.pkl", b"\x80\x02" + content + b".")
        if byteorder is not None:
            file.writestr(prefix + "byteorder", byteorder)
        for key, values in (storages or {}).items():
            raw = values if isinstance(values, bytes) else np.ascontiguousarray(values).tobytes()
            file.writestr(f"{prefix}data/{key}", raw)
    return path


def state_dict(path: Path, arrays: Mapping[str, Array]) -> Path:
    """A state dict of contiguous tensors, a storage each."""
    entries = {
        name: tensor(str(i), a.shape, kind=STORAGES[str(a.dtype)])
        for i, (name, a) in enumerate(arrays.items())
    }
    return archive(path, table(entries), {str(i): a for i, a in enumerate(arrays.values())})


def read_error(path: Path) -> str:
    """The one line with which the reader refuses a file."""
    with pytest.raises(CheckpointError) as caught:
        read_state_dict(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert len(message) < 1000
    return message
