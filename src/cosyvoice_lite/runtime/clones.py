"""Voices made of recordings, computed once: in memory, and in a folder that processes share.

An entry is named by all that decides it (samples, words, model, version) and carries a digest of
its arrays, so a damaged one is found, dropped and computed again. What was used longest ago goes
when there is too much. A folder that can't be written to only costs the reuse.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite import __version__
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.errors import CosyError
from cosyvoice_lite.models import clones_folder
from cosyvoice_lite.runtime.voice import Voice
from cosyvoice_lite.tensorfile import PARTIAL, read_tensors, replace_tensors

Array = npt.NDArray[Any]

FOLDER_BYTES = 256 << 20
MEMORY_BYTES = 16 << 20
"""About twenty recordings of 30 s."""
DIGEST = "digest"
ENTRIES = "*.safetensors"
ABANDONED_S = 3600.0
"""A partial entry of that age is of a process that was killed."""


class CloneCache:
    """Voices by key.

    Args:
        folder: shared by processes; None keeps voices in memory alone.
        folder_bytes: that its entries may take.
        memory_bytes: that voices may take here.

    Attributes:
        hits: times that a voice was there already.
        misses: times that one was computed.
    """

    def __init__(
        self,
        folder: Path | None,
        folder_bytes: int = FOLDER_BYTES,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self.folder = folder
        self.folder_bytes = folder_bytes
        self.memory_bytes = memory_bytes
        self.hits = self.misses = 0
        self._held: OrderedDict[str, Voice] = OrderedDict()

    @classmethod
    def default(cls) -> CloneCache:
        """As the environment says."""
        return cls(clones_folder())

    def voice(self, key: str, make: Callable[[], Voice]) -> Voice:
        """The voice of that key; made if it is nowhere."""
        found = self._held.get(key) or self._read(key)
        if found is None:
            self.misses += 1
            found = make()
            self._write(key, found)
        else:
            self.hits += 1
        self._hold(key, found)
        return found

    def _hold(self, key: str, voice: Voice) -> None:
        self._held[key] = voice
        self._held.move_to_end(key)
        while sum(map(_size, self._held.values())) > self.memory_bytes:
            self._held.popitem(last=False)

    def _read(self, key: str) -> Voice | None:
        """From the folder; what is there but damaged is removed."""
        # os.path: Path.is_file raises where a folder may not be looked into
        if self.folder is None or not os.path.isfile(path := self._path(key)):
            return None
        try:
            # Copied: a mapped file that another process cuts short would end this one.
            arrays = {name: np.array(array) for name, array in read_tensors(path).items()}
            if bytes(arrays.pop(DIGEST, np.zeros(0, np.uint8))) != _digest(arrays):
                raise ValueError("changed since it was written")
            os.utime(path)  # used now
            return Voice.from_tensors(key, arrays)
        except (CosyError, ValueError, OSError):
            with contextlib.suppress(OSError):
                path.unlink()
            return None

    def _write(self, key: str, voice: Voice) -> None:
        if self.folder is None:
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            arrays = voice.tensors()
            arrays[DIGEST] = np.frombuffer(_digest(arrays), np.uint8)
            replace_tensors(self._path(key), arrays, 0o600)
            self._evict(self.folder)

    def _evict(self, folder: Path) -> None:
        """Remove what was used longest ago, and what the killed left behind."""
        for path in folder.glob(f"*{PARTIAL}"):
            if time.time() - path.stat().st_mtime > ABANDONED_S:
                path.unlink()
        entries = sorted(((p.stat(), p) for p in folder.glob(ENTRIES)), key=_last_use)
        total = sum(stat.st_size for stat, _ in entries)
        for stat, path in entries:
            if total <= self.folder_bytes:
                return
            path.unlink(missing_ok=True)
            total -= stat.st_size

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{key}.safetensors"


def clone_key(recording: Audio, transcript: str | None, bundle: Bundle) -> str:
    """Hex digest of all that decides a cloned voice."""
    digest = hashlib.sha256()
    for part in (__version__, bundle.manifest.to_json(), str(recording.sample_rate), transcript):
        content = (part or "").encode()
        digest.update(len(content).to_bytes(8, "little") + content)
    digest.update(recording.samples.astype("<f4", copy=False).tobytes())
    return digest.hexdigest()


def _digest(arrays: Mapping[str, Array]) -> bytes:
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()


def _size(voice: Voice) -> int:
    return sum(array.nbytes for array in voice.tensors().values())


def _last_use(entry: tuple[os.stat_result, Path]) -> float:
    return entry[0].st_mtime
