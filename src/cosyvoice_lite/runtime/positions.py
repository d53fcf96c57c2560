"""The table of relative positions that makes a decoding step cheap, exactly.

The authors' code multiplies W_pos by the sinusoids of every distance, in every layer, at every
step; the product depends on the weights alone, so here each distance is multiplied once in the
life of a process. Blocks of 64 distances, largest first: the last N blocks are one contiguous view
whatever N, so the graph reads them where they lie.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.config import EncoderConfig
from cosyvoice_lite.runtime.tables import Table

Array = npt.NDArray[Any]

DISTANCES_PER_BLOCK = 64


class PositionTable:
    """P[n] = W_pos R(n) / √d_head for n = 0, 1, …, computed as far as anyone has asked.

    Args:
        weights: W_pos / √d_head of every layer: (L, d, d).
        config: of the language model.
        max_positions: the longest sequence there can be; memory is taken only as far as used.
    """

    def __init__(self, weights: Table, config: EncoderConfig, max_positions: int) -> None:
        self.weights = weights
        self.config = config
        self.capacity = -(-max_positions // DISTANCES_PER_BLOCK)
        self.blocks = [self._room(0)] * config.n_blocks
        self.n_ready = 0

    def covering(self, n_positions: int) -> list[Array]:
        """Per layer, the blocks for distances 0 … n_positions - 1: (N, H, d_cache, 64) each."""
        n = -(-n_positions // DISTANCES_PER_BLOCK)
        if n > self.capacity:
            raise ValueError(f"{n_positions} positions, there are {self.capacity} blocks")
        if n > len(self.blocks[0]):
            self._grow(min(n + n // 2, self.capacity))
        while self.n_ready < n:
            self._append_block()
        return [blocks[len(blocks) - n :] for blocks in self.blocks]

    def _grow(self, n_blocks: int) -> None:
        """Room for so many; who reads the old blocks may go on. The whole room at once would be
        given in pages of two megabytes, of which a short sentence needs the last half."""
        for layer, old in enumerate(self.blocks):
            self.blocks[layer] = self._room(n_blocks)
            self.blocks[layer][n_blocks - self.n_ready :] = old[len(old) - self.n_ready :]

    def _room(self, n_blocks: int) -> Array:
        c = self.config
        return np.zeros((n_blocks, c.n_heads, c.d_cache, DISTANCES_PER_BLOCK), np.float32)

    def _append_block(self) -> None:
        first = self.n_ready * DISTANCES_PER_BLOCK
        distances = np.arange(first + DISTANCES_PER_BLOCK - 1, first - 1, -1)
        rows = sinusoids(distances, self.config.d_model)  # (64, d)
        for layer, blocks in enumerate(self.blocks):
            p = (rows @ self.weights[layer].T).reshape(DISTANCES_PER_BLOCK, self.config.n_heads, -1)
            block = blocks[len(blocks) - self.n_ready - 1]
            block[:, : self.config.d_head] = p.transpose(1, 2, 0)
            self.weights.forget()  # layer by layer, or all of them would be in memory
        self.n_ready += 1


def sinusoids(distances: Array, d: int) -> Array:
    """R(n): sin and cos interleaved, rounded to float32 as in training: (N,) → (N, d)."""
    frequencies = np.exp(np.arange(0, d, 2, dtype=np.float32) * np.float32(-np.log(10000.0) / d))
    angles = distances.astype(np.float32)[:, None] * frequencies
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(-1, d)
