"""Repetition-aware sampling (VALL-E 2, arXiv:2406.05370): pure functions of logits and history.

A token is drawn from the nucleus, the few likeliest. If it was just said too often it is struck out
and the draw is repeated over all others, which breaks the loops that nucleus sampling falls into.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.config import Sampling

Array = npt.NDArray[Any]


def sample(
    logits: Array, history: Sequence[int], config: Sampling, rng: np.random.Generator
) -> int:
    """Draw the next token.

    Args:
        logits: (V,), -inf where forbidden.
        history: tokens so far, oldest first.
    """
    token = draw_from_nucleus(softmax(logits), config.top_p, config.top_k, rng)
    repetitions = list(history[-config.window :]).count(token) if config.window else 0
    if repetitions < config.window * config.max_repetition:
        return token
    struck = logits.copy()
    struck[token] = -np.inf
    return draw(softmax(struck), rng)


def draw_from_nucleus(p: Array, top_p: float, top_k: int, rng: np.random.Generator) -> int:
    """Draw among the likeliest: at most top_k, and no more than it takes to reach top_p."""
    k = min(top_k, p.size)
    likeliest = np.flatnonzero(p >= np.partition(p, p.size - k)[p.size - k])
    likeliest = likeliest[np.argsort(-p[likeliest], kind="stable")][:k]  # ties: lower id first
    before = np.cumsum(p[likeliest]) - p[likeliest]
    kept = likeliest[before < top_p] if top_p > 0 else likeliest[:1]
    return int(kept[draw(p[kept], rng)])


def draw(weights: Array, rng: np.random.Generator) -> int:
    """An index with probability proportional to its weight."""
    edges = np.cumsum(weights, dtype=np.float64)
    return int(
        np.searchsorted(edges, rng.random() * edges[-1], side="right").clip(max=edges.size - 1)
    )


def softmax(logits: Array) -> Array:
    """(V,) → (V,) float64, summing to one."""
    e = np.exp(logits - logits.max(), dtype=np.float64)
    return e / e.sum()


def log_softmax(logits: Array) -> Array:
    """(…, V) → (…, V)."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
