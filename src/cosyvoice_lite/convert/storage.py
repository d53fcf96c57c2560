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
    crc: int
    """Checksum of all its bytes, as the archive keeps it."""

    @property
    def n_bytes(self) -> int:
        return self.n_elements * STORAGES[self.type_name].itemsize

    def read(self, start: int, count: int) -> Array:
        """Elements `start` to `start + count`: (count,), floats of any width as float32."""
        dtype = STORAGES[self.type_name]
        at = self.offset + start * dtype.itemsize
        raw = np.fromfile(self.path, dtype, count, offset=at)
        if raw.size != count:
            raise CheckpointError(f"{self.path}: truncated while being read")
        if raw.nbytes == self.n_bytes and zlib.crc32(raw.data.cast("B")) != self.crc:
            raise CheckpointError(f"{self.path}: a checksum is wrong: download it again")
        if self.type_name == "BFloat16Storage":
            return (raw.astype(np.uint32) << 16).view(np.float32)
        return raw.astype(np.float32, copy=False) if dtype.kind == "f" else raw


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
            return np.zeros(self.shape, np.float32)
        raw = self.storage.read(self.offset, extent(self.shape, self.strides))
        strides = [s * raw.itemsize for s in self.strides]
        return np.lib.stride_tricks.as_strided(raw, self.shape, strides)


def extent(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    """Elements from the first to the last, both included."""
    return 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
