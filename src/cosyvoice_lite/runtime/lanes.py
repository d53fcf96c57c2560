"""Lanes: equal shares of the cores, on which independent calls of a network run at once.

Two cores at one operator wait for each other at its end, and an operator of a small network is over
before the second has begun. Cores are better shared out: a lane to each of the two rows of
guidance, to each window of the vocoder, to each utterance.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

N_LANES = 2
"""Guidance has two rows."""


class Lanes:
    """`n` lanes of `threads` cores each.

    Args:
        threads: all cores there are to share.
        divided: False makes it one lane of all cores.
    """

    def __init__(self, threads: int, *, divided: bool = True) -> None:
        self.n = min(N_LANES, threads) if divided else 1
        self.threads = threads // self.n
        self._here = threading.local()

    @property
    def n_free(self) -> int:
        """Lanes that the caller may spread work over: from within one, only itself."""
        return 1 if getattr(self._here, "is_lane", False) else self.n

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """`work` of each item, in order, as many at once as there are free lanes.

        A single item is worked on where it is asked for, so that its own parts may have the lanes.
        """
        items = list(items)
        if self.n_free == 1 or len(items) < 2:
            return map(work, items)
        return self._pool.map(work, items)

    def start(self, work: Callable[[T], R], item: T) -> Future[R]:
        """`work` of an item in a lane, as soon as one is free."""
        return self._pool.submit(work, item)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.n, "lane", initializer=self._enter)

    def _enter(self) -> None:
        self._here.is_lane = True
