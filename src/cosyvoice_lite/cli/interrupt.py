"""A polite end, by Ctrl-C or kill, that cannot get lost.

Python turns the signal into an exception wherever the program is; should that be inside a library
that swallows every exception (some do while they are imported), it would be as if nobody had asked.
So it is also remembered, and long work looks between its parts.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import NoReturn, TypeVar

T = TypeVar("T")
_asked: set[int] = set()


def unwind_on_signals() -> None:
    """Make both signals unwind the stack, so that half files are removed."""
    _asked.clear()
    with contextlib.suppress(ValueError):  # not the main thread: whoever owns it decides
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as under nohup
            signal.signal(signal.SIGINT, _unwind)
        signal.signal(signal.SIGTERM, _unwind)


def was_asked() -> bool:
    """Whether somebody asked to stop."""
    return bool(_asked)


def heeded(parts: Iterable[T]) -> Iterator[T]:
    """The parts, until somebody asks to stop.

    Raises:
        KeyboardInterrupt: somebody did.
    """
    for part in parts:
        if _asked:
            raise KeyboardInterrupt
        yield part


def _unwind(number: int, frame: FrameType | None) -> NoReturn:
    _asked.add(number)
    raise KeyboardInterrupt
