"""What people see while they wait: on a terminal, and only where there is something to wait for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(total: int, unit: str) -> Iterator[Callable[[], object]]:
    """A bar; what it yields is called when one of `total` units is done."""
    if total < 2 or not sys.stderr.isatty():
        yield lambda: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, file=sys.stderr) as progress:
        yield progress.update


def say(line: str) -> None:
    """A line about what is being done now."""
    print(line, file=sys.stderr)
