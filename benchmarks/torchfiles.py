"""Writes files as `torch.save` does, without PyTorch: state dicts and tables of voices."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

STORAGE_NAMES = {"float32": "FloatStorage", "float16": "HalfStorage", "bfloat16": "BFloat16Storage"}


def write_archive(
    path: Path,
    tensors: Mapping[str, tuple[tuple[int, ...], Callable[[], Array]]],
    dtype: str = "float32",
) -> None:
    """Write a state dict as `torch.save` does; tensors are computed one at a time."""
    entries = [(name, shape, str(i)) for i, (name, (shape, _)) in enumerate(tensors.items())]
    pickle = _pickled_dict(
        (_text(name), _pickled_tensor(key, shape, STORAGE_NAMES[dtype]))
        for name, shape, key in entries
    )
    with _archive(path, b"\x80\x02" + pickle + b".") as archive:
        for (_, _, key), (_, draw) in zip(entries, tensors.values(), strict=True):
            with archive.open(_member(path, f"data/{key}"), "w", force_zip64=True) as file:
                file.write(_encoded(draw(), dtype).data)


def write_voices(path: Path, voices: Mapping[str, Mapping[str, Array]]) -> None:
    """Write spk2info.pt: voice → field → tensor."""
    arrays = [array for fields in voices.values() for array in fields.values()]
    keys = iter(range(len(arrays)))
    storages = {"float32": "FloatStorage", "int64": "LongStorage", "int32": "IntStorage"}
    pickle = _pickled_dict(
        (
            _text(voice),
            _pickled_dict(
                (_text(k), _pickled_tensor(str(next(keys)), a.shape, storages[str(a.dtype)]))
                for k, a in fields.items()
            ),
        )
        for voice, fields in voices.items()
    )
    with _archive(path, b"\x80\x02" + pickle + b".") as archive:
        for key, array in enumerate(arrays):
            archive.writestr(_member(path, f"data/{key}"), array.tobytes())


def _archive(path: Path, pickle: bytes) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
    archive.writestr(_member(path, "data.pkl"), pickle)
    archive.writestr(_member(path, "byteorder"), b"little")
    return archive


def _member(path: Path, name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(f"{path.stem}/{name}")  # without a date: the same bytes every time


def _encoded(array: Array, dtype: str) -> Array:
    if dtype == "bfloat16":
        return (np.ascontiguousarray(array, np.float32).view(np.uint32) >> 16).astype("<u2")
    return np.ascontiguousarray(array, dtype)


# The pickle of a state dict, opcode by opcode (pickle protocol 2); torch is not here to write it.


def _pickled_dict(items: Iterator[tuple[bytes, bytes]]) -> bytes:
    return b"}(" + b"".join(key + value for key, value in items) + b"u"


def _pickled_tensor(key: str, shape: tuple[int, ...], storage: str) -> bytes:
    strides = [int(np.prod(shape[i + 1 :])) for i in range(len(shape))]
    count = _integer(int(np.prod(shape)))
    pid = b"(" + _text("storage") + b"ctorch\n" + storage.encode() + b"\n"
    pid += _text(key) + _text("cpu") + count + b"tQ"
    sizes = b"".join(b"(" + b"".join(map(_integer, dims)) + b"t" for dims in (shape, strides))
    hooks = b"ccollections\nOrderedDict\n)R"
    arguments = b"(" + pid + _integer(0) + sizes + b"\x89" + hooks + b"t"
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"R"


def _text(text: str) -> bytes:
    encoded = text.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def _integer(n: int) -> bytes:
    return b"J" + struct.pack("<i", n)
