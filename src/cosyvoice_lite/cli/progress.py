"""A progress bar for people: on a terminal, and only where there is something to wait for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def bar(items: Sequence[T], unit: str) -> Iterator[T]:
    """Yield the items, showing how far we are."""
    if len(items) < 2 or not sys.stderr.isatty():
        return iter(items)
    from tqdm import tqdm

    return iter(tqdm(items, unit=unit, file=sys.stderr))


def say(line: str) -> None:
    """A line about what is being done now."""
    print(line, file=sys.stderr)
