"""Where encoders write: bytes on their way out, and what was written again afterwards."""

import io
from typing import BinaryIO


class Outbox:
    """A file in memory that forgets what was taken from it.

    Encoders go back at their end to put lengths into a header. A pipe has sent it by then, so those
    bytes are kept apart: who writes a file puts them where they belong, a stream does without.
    """

    def __init__(self) -> None:
        self._fresh = bytearray()
        self._position = self._end = 0
        self._patches: list[tuple[int, bytes]] = []

    def write(self, content: bytes) -> int:
        """Append, or note a change of what is there already."""
        written = bytes(content)
        if self._position == self._end:
            self._fresh += written
            self._end += len(written)
        else:
            self._patches.append((self._position, written))
        self._position += len(written)
        return len(written)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As a file does."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._end}[whence]
        self._position = origin + offset
        return self._position

    def tell(self) -> int:
        """As a file does."""
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Nothing: encoders ask whether a file could be read, and never do."""
        raise io.UnsupportedOperation("an outbox can't be read")

    def take(self) -> bytes:
        """What was appended since the last call."""
        content = bytes(self._fresh)
        self._fresh.clear()
        return content

    def patch(self, file: BinaryIO) -> None:
        """Make in `file`, which holds all that was taken, the changes noted."""
        for position, content in self._patches:
            file.seek(position)
            file.write(content)
        file.seek(0, io.SEEK_END)
