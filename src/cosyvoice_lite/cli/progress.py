"""What people see while they wait: on a terminal, and only where there is something to wait for."""

from __future__ import annotations

import sys
from typing import NoReturn

from tqdm import tqdm


def bar(total: int, unit: str) -> tqdm[NoReturn]:
    """A bar to be updated by hand."""
    hidden = total < 2 or not sys.stderr.isatty()
    return tqdm(total=total, unit=unit, file=sys.stderr, disable=hidden)


def say(line: str) -> None:
    """A line about what is being done now."""
    print(line, file=sys.stderr)
