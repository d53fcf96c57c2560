"""Tensors where they lie in a checkpoint's file: read when their value is asked for."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.errors import CheckpointError

Array = npt.NDArray[Any]

# bfloat16 has no NumPy type: its bits are read as uint16 and widened.
STORAGES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": np.dtype("<u2"),
    "DoubleStorage": np.dtype("<f8"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}


@dataclass(frozen=True)
class StorageType:
    """The name of a torch storage class; inert, it is never called."""

    name: str


@dataclass(frozen=True)
class Storage:
    """A run of `n_elements` numbers at `offset` bytes of a file."""

    path: Path
    offset: int
    n_elements: int
    type_name: str
    crc: int | None
    """Checksum of all its bytes, where the archive keeps one."""

    @property
    def n_bytes(self) -> int:
        return self.n_elements * STORAGES[self.type_name].itemsize

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what is read: float32 for floats of any width."""
        kept = STORAGES[self.type_name]
        is_float = kept.kind == "f" or self.type_name == "BFloat16Storage"
        return np.dtype(np.float32) if is_float else kept

    def read(self, start: int, count: int) -> Array:
        """Elements `start` to `start + count`: (count,) of `dtype`."""
        dtype = STORAGES[self.type_name]
        at = self.offset + start * dtype.itemsize
        raw = np.fromfile(self.path, dtype, count, offset=at)
        if raw.size != count:
            raise CheckpointError(f"{self.path}: truncated while being read")
        whole = self.crc is not None and raw.nbytes == self.n_bytes
        if whole and zlib.crc32(raw.data.cast("B")) != self.crc:
            raise CheckpointError(f"{self.path}: a checksum is wrong: download it again")
        if self.type_name == "BFloat16Storage":
            return (raw.astype(np.uint32) << 16).view(np.float32)
        return raw.astype(self.dtype, copy=False)


@dataclass(frozen=True)
class StoredTensor:
    """A tensor inside a storage, not read yet; offset and strides count elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def numpy(self) -> Array:
        """The tensor; floats of any width as float32, other types as stored."""
        if 0 in self.shape:
            return np.zeros(self.shape, self.storage.dtype)
        raw = self.storage.read(self.offset, extent(self.shape, self.strides))
        strides = [s * raw.itemsize for s in self.strides]
        return np.lib.stride_tricks.as_strided(raw, self.shape, strides)


def extent(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    """Elements from the first to the last, both included."""
    return 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
