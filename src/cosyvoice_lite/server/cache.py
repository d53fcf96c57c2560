"""Finished speech, kept by what it was made of: in memory, and on disk for the next start.

A file is a line of JSON (facts, and the digest of the rest) and the bytes of the answer. Names of
files are digests; what was asked for can't be read from them.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from cosyvoice_lite.audio.subtitles import Cue

MAX_HEAD = 1 << 20
SUFFIX = ".speech"


@dataclass(frozen=True)
class Facts:
    """What is known about finished speech besides its bytes."""

    media_type: str
    sample_rate: int
    seed: int
    duration_s: float
    n_text_tokens: int
    n_speech_tokens: int
    cues: tuple[Cue, ...]
    """When each sentence is heard; its words, where they were asked for."""
    marks: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Entry:
    """Finished speech."""

    facts: Facts
    body: bytes

    def pack(self) -> bytes:
        head = {"facts": asdict(self.facts), "sha256": hashlib.sha256(self.body).hexdigest()}
        return json.dumps(head, ensure_ascii=False).encode() + b"\n" + self.body

    @classmethod
    def unpack(cls, content: bytes) -> Entry:
        """Raises ValueError or KeyError if the content is not as it was packed."""
        line, _, body = content.partition(b"\n")
        head = json.loads(line[:MAX_HEAD])
        if hashlib.sha256(body).hexdigest() != head["sha256"]:
            raise ValueError("the bytes are not those that were written")
        return cls(msgspec.convert(head["facts"], Facts), body)


def key_of(asked: dict[str, Any]) -> str:
    """A name for what was asked: equal for equal requests only."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


class MemoryCache:
    """The entries used last, within a budget of bytes."""

    def __init__(self, budget: int, evicted: Callable[[], None] = lambda: None) -> None:
        self.budget = budget
        self.evicted = evicted
        self.entries: OrderedDict[str, Entry] = OrderedDict()
        self.size = 0

    def get(self, key: str) -> Entry | None:
        if key in self.entries:
            self.entries.move_to_end(key)
        return self.entries.get(key)

    def put(self, key: str, entry: Entry) -> None:
        if len(entry.body) > self.budget or key in self.entries:
            return
        self.entries[key] = entry
        self.size += len(entry.body)
        while self.size > self.budget:
            _, gone = self.entries.popitem(last=False)
            self.size -= len(gone.body)
            self.evicted()


class DiskCache:
    """The same in a folder. It never fails: a disk that is full or gone keeps nothing.

    Its methods block; use them from one thread.
    """

    def __init__(
        self,
        folder: Path,
        budget: int,
        evicted: Callable[[], None] = lambda: None,
        failed: Callable[[OSError], None] = lambda error: None,
    ) -> None:
        self.folder, self.budget = folder, budget
        self.evicted, self.failed = evicted, failed
        self.size = 0
        self._sizes: OrderedDict[str, int] | None = None

    @property
    def sizes(self) -> OrderedDict[str, int]:
        """Key → bytes, the one used longest ago first; read from the folder once."""
        if self._sizes is None:
            self._sizes = self._found()
            self.size = sum(self._sizes.values())
            self._make_room(0)
        return self._sizes

    def get(self, key: str) -> Entry | None:
        """An entry that is as it was written; one that is not is dropped."""
        if key not in self.sizes:
            return None
        try:
            entry = Entry.unpack(self._path(key).read_bytes())
            os.utime(self._path(key))  # so that the order survives a restart
        except (OSError, ValueError, KeyError, TypeError):
            self._drop(key)
            return None
        self.sizes.move_to_end(key)
        return entry

    def put(self, key: str, entry: Entry) -> None:
        content = entry.pack()
        if key in self.sizes or len(content) > self.budget:
            return
        self._make_room(len(content))
        partial = self.folder / f".{secrets.token_hex(8)}.part"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial.write_bytes(content)
            os.replace(partial, self._path(key))
        except OSError as error:
            self.failed(error)
            self._unlink(partial)
            return
        self.sizes[key] = len(content)
        self.size += len(content)

    def _found(self) -> OrderedDict[str, int]:
        found = []
        try:
            for item in os.scandir(self.folder):
                if item.name.endswith(SUFFIX):
                    stat = item.stat()
                    found.append((stat.st_mtime_ns, item.name.removesuffix(SUFFIX), stat.st_size))
                elif item.name.endswith(".part"):  # of a process that was killed
                    self._unlink(Path(item.path))
        except OSError:
            pass
        return OrderedDict((key, size) for _, key, size in sorted(found))

    def _make_room(self, n_bytes: int) -> None:
        assert self._sizes is not None
        while self._sizes and self.size + n_bytes > self.budget:
            self._drop(next(iter(self._sizes)))
            self.evicted()

    def _drop(self, key: str) -> None:
        assert self._sizes is not None
        self.size -= self._sizes.pop(key)
        self._unlink(self._path(key))

    def _unlink(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            self.failed(error)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{SUFFIX}"
