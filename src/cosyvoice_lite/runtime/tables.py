"""Host tables: rows looked up one by one, so that only what is read of them is in memory."""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.errors import BundleError

Array = npt.NDArray[Any]


class Table:
    """An array kept in float32, in float16, in int8 with a scale for each row of its last axis, or
    two 4-bit values a byte with a scale for each block of it."""

    def __init__(self, tables: Mapping[str, Array], name: str) -> None:
        if name not in tables:
            raise BundleError(f"the bundle lacks the table {name!r}")
        self.values = tables[name]
        self.scales = tables.get(name + ".scale")

    def forget(self) -> None:
        """Drop the pages read so far from memory; they come back from the file when needed."""
        for array in (self.values, self.scales):
            mapping = getattr(array, "_mmap", None)
            if array is not None and mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
                mapping.madvise(mmap.MADV_DONTNEED, *_pages(array, mapping))

    def __getitem__(self, index: int | slice | Sequence[int] | Array) -> Array:
        """Rows of the first axis as float32."""
        values = self.values[index]
        if self.scales is not None and values.dtype == np.uint8:
            return _unpacked(values, self.scales[index])
        rows = np.asarray(values, np.float32)
        return rows if self.scales is None else rows * self.scales[index]


def _pages(array: Array, mapping: mmap.mmap) -> tuple[int, int]:
    """Where in `mapping`, which other arrays share, the pages of `array` begin, and their bytes."""
    first = array.ctypes.data - np.frombuffer(mapping, np.uint8).ctypes.data
    start = first - first % mmap.PAGESIZE
    return start, first + array.nbytes - start


def _unpacked(values: Array, scales: Array) -> Array:
    """4-bit values around 8, low half of a byte first, (…, d / 2), times the scales of their
    blocks, (…, n): (…, d)."""
    pairs = np.stack([values & 15, values >> 4], axis=-1).astype(np.float32) - 8
    d = 2 * values.shape[-1]  # spelt out: of no rows, no size follows
    blocks = pairs.reshape(*scales.shape, d // scales.shape[-1])
    return (blocks * scales[..., None].astype(np.float32)).reshape(*values.shape[:-1], d)
