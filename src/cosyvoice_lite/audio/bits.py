"""Words of any number of bits, one after the other, as bytes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Bits:
    """Collects words, highest bit first."""

    def __init__(self) -> None:
        self._words: list[Array] = []
        self._lengths: list[Array] = []

    def add(self, word: int, length: int) -> None:
        """One word of `length` bits."""
        self.add_many(np.array([word], np.uint64), np.array([length], np.int64))

    def add_many(self, words: Array, lengths: Array) -> None:
        """Words (N,) of up to 64 bits, and the bits of each (N,)."""
        self._words.append(words.astype(np.uint64))
        self._lengths.append(lengths)

    def to_bytes(self) -> bytes:
        """All of them, filled up with zeros to whole bytes."""
        words, lengths = np.concatenate(self._words), np.concatenate(self._lengths)
        ends = np.repeat(np.cumsum(lengths), lengths)
        shifts = (ends - 1 - np.arange(len(ends))).astype(np.uint64)
        bits = (np.repeat(words, lengths) >> shifts) & np.uint64(1)
        return np.packbits(bits.astype(np.uint8)).tobytes()
