"""Sequences being decoded side by side: their KV caches, written in place, and their lengths.

A step reads the weights of the language model once, whatever the number of sequences, and on a CPU
reading them is most of its time: four sequences cost little more than one. Sequences need not be
of one length: each has its own row of the cache and its own column of distances.

Letters: B sequences in their slots, S rows of a prefix, V speech tokens and the end token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.config import LmConfig
from cosyvoice_lite.runtime.positions import DISTANCES_PER_BLOCK, PositionTable
from cosyvoice_lite.runtime.session import Binding, Session
from cosyvoice_lite.runtime.tables import Table

Array = npt.NDArray[Any]

PREFILL_ROWS = 256
"""Rows of a prefix taken at once: bounds the memory of a long prompt's attention scores."""


class Decoder:
    """`n_slots` places for sequences; the first ones are those in use.

    Args:
        capacity: positions that the longest sequence can grow to; memory is touched as it does.
    """

    def __init__(
        self,
        lm: Session,
        config: LmConfig,
        positions: PositionTable,
        speech_rows: Table,
        n_slots: int,
        capacity: int,
    ) -> None:
        c = config.decoder
        self.lm, self.positions, self.speech_rows = lm, positions, speech_rows
        self.lengths = np.zeros(n_slots, np.int64)
        self.logits = np.empty((n_slots, config.speech_vocabulary + 1), np.float32)
        shape = (n_slots, c.n_heads, max(capacity, 1), c.d_cache)
        # zeros: the system gives pages only as they are written
        self.cache = {
            f"{kind}.{layer}": np.zeros(shape, np.float32)
            for layer in range(c.n_blocks)
            for kind in ("k", "v")
        }
        self.binding = Binding(lm)
        self.bound: tuple[int, int] | None = None
        self.n_blocks_bound = 0

    def admit(self, slot: int, rows: Array) -> Array:
        """Begin a sequence with its prefix (S, d); logits for what follows it: (V + 1,)."""
        self.lengths[slot] = 0
        for start in range(0, len(rows), PREFILL_ROWS):
            self._run(slot, slot + 1, rows[None, start : start + PREFILL_ROWS])
        return self.logits[slot].copy()

    def step(self, tokens: Sequence[int]) -> Array:
        """Add one speech token to each of the first sequences; their logits: (B, V + 1)."""
        self._run(0, len(tokens), self.speech_rows[list(tokens)][:, None])
        return self.logits[: len(tokens)].copy()

    def move(self, source: int, target: int) -> None:
        """Put the sequence of one slot into another, whose own has ended."""
        n = self.lengths[target] = self.lengths[source]
        for cache in self.cache.values():
            cache[target, :, :n] = cache[source, :, :n]

    def _run(self, first: int, last: int, rows: Array) -> None:
        """Take in rows (B, S, d) for the slots first … last - 1."""
        past = self.lengths[first:last].copy()
        self.lengths[first:last] += rows.shape[1]
        total = int(self.lengths[first:last].max())
        self._bind(first, last, total)
        self.binding.input("rows", np.ascontiguousarray(rows, np.float32))
        self.binding.input("gather", columns(past, rows.shape[1], total))
        self.binding.input("lengths", (self.lengths[first:last] - 1).astype(np.int32))
        self.binding.input("total", np.array(total, np.int32))
        self.binding.run()

    def _bind(self, first: int, last: int, total: int) -> None:
        """Point the graph at the caches of these slots and at the distances they need."""
        if self.bound != (first, last):
            self.bound = (first, last)
            for name, cache in self.cache.items():
                self.binding.in_place(f"past_{name}", f"present_{name}", cache[first:last])
            self.binding.output("logits", self.logits[first:last])
        blocks = self.positions.covering(total)
        if len(blocks[0]) != self.n_blocks_bound:
            self.n_blocks_bound = len(blocks[0])
            for layer, block in enumerate(blocks):
                self.binding.input(f"positions.{layer}", block)


def columns(past: Array, n_new: int, total: int) -> Array:
    """Where the covering blocks, flattened, hold the distance of each query and key.

    Query i of a sequence is at position past + i, key j at j. Keys after the query are masked in
    the graph; they get the column of distance 0.

    Returns:
        (B, 1, n_new, total) int32.
    """
    width = -(-total // DISTANCES_PER_BLOCK) * DISTANCES_PER_BLOCK
    queries = past[:, None, None, None] + np.arange(n_new)[:, None]
    distance = np.maximum(queries - np.arange(total), 0)
    return (width - 1 - distance).astype(np.int32)
