"""Named arrays in one file, memory-mapped when read: the safetensors format.

Eight bytes of header length, a JSON header {name: {dtype, shape, data_offsets}}, raw little-endian
data. Nothing in it can run.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.errors import BundleError

Array = npt.NDArray[Any]

MAX_HEADER_BYTES = 16 << 20
MAX_NAME = 200
"""Characters of a name that an error repeats."""
ALIGNMENT = 64
PARTIAL = ".partial"
"""How the names of files end that are being written."""
DTYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def write_tensors(
    file: BinaryIO,
    layout: dict[str, tuple[np.dtype[Any], tuple[int, ...]]],
    arrays: Iterable[Array],
) -> None:
    """Write `arrays`, in the order of `layout`, one at a time.

    Args:
        file: a binary stream at its start.
        layout: name → dtype and shape, known before the first array is.
        arrays: the values; each is checked against its place.
    """
    header: dict[str, Any] = {}
    end = 0
    for name, (dtype, shape) in layout.items():
        start, end = end, end + prod(shape) * dtype.itemsize
        header[name] = {"dtype": NAMES[dtype], "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % ALIGNMENT)
    file.write(len(text).to_bytes(8, "little") + text)
    for (name, (dtype, shape)), array in zip(layout.items(), arrays, strict=True):
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(f"{name}: is {array.dtype}{array.shape}, declared {dtype}{shape}")
        file.write(np.ascontiguousarray(array).data.cast("B") if array.size else b"")


def replace_tensors(path: Path, arrays: Mapping[str, Array], mode: int = 0o666) -> None:
    """Write `arrays` into a file of their own, whole or not at all, whoever else reads or writes it
    meanwhile: who has mapped the file that was there keeps that one. A device or a pipe is written
    to directly.

    Args:
        mode: permissions of the file, less what the process's mask forbids.
    """
    layout = {name: (array.dtype, array.shape) for name, array in arrays.items()}
    if os.path.exists(path) and not os.path.isfile(path):
        with path.open("wb") as file:
            write_tensors(file, layout, arrays.values())
        return
    place = Path(os.path.realpath(path))
    partial = place.with_name(secrets.token_hex(8) + PARTIAL)
    try:
        with open(partial, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            write_tensors(file, layout, arrays.values())
        os.replace(partial, place)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def read_tensors(path: Path) -> dict[str, Array]:
    """Every array of the file, mapped read-only: pages come in as they are touched.

    Raises:
        BundleError: unreadable, truncated, or not such a file.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            n = int.from_bytes(file.read(8), "little")
            if not 2 <= n <= min(MAX_HEADER_BYTES, size - 8):
                raise BundleError(f"{path}: not a tensor file")
            header = json.loads(file.read(n))
            # once for all arrays: each mapping holds a file descriptor
            data: Array = np.memmap(file, np.uint8, "r")[8 + n :]
        return dict(_views(header, data))
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(f"{path}: damaged tensor file: {error}") from None


def _views(header: dict[str, Any], data: Array) -> Iterator[tuple[str, Array]]:
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        dtype, shape = DTYPES[entry["dtype"]], tuple(entry["shape"])
        start, end = entry["data_offsets"]
        if any(type(n) is not int or n < 0 for n in (start, end, *shape)):
            raise ValueError(f"{name[:MAX_NAME]!r} has an impossible shape or offset")
        if end - start != prod(shape) * dtype.itemsize:
            raise ValueError(f"{name[:MAX_NAME]!r} has an impossible shape or offset")
        if end > data.size:
            raise ValueError("truncated")
        if end == start:
            yield name, np.zeros(shape, dtype)
        else:
            yield name, data[start:end].view(dtype).reshape(shape)
