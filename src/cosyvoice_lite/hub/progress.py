"""A bar per file on a terminal; nothing where standard error is not one."""

from types import TracebackType
from typing import NoReturn

from tqdm import tqdm


class TerminalBars:
    """A `Progress` that draws; a context, so that a failure leaves the last bar tidy."""

    def __init__(self) -> None:
        self._name = ""
        self._bar: tqdm[NoReturn] | None = None  # updated by hand, iterates over nothing

    def __enter__(self) -> "TerminalBars":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Show that `done` of `total` bytes of file `name` are here."""
        bar = self._bar
        if bar is None or name != self._name:
            self._close()
            bar = tqdm(
                desc=name, total=total, initial=done, unit="B", unit_scale=True, disable=None
            )
            self._name, self._bar = name, bar
        bar.update(done - bar.n)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None
