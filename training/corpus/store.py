"""A voice's recordings in two files: all samples end to end, and one line of JSON per utterance.

Crops are then slices of a memory map, and a build that was killed goes on where it stopped: samples
behind the last complete line are cut off when the store is opened for writing.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 22_050
INT16_SCALE = 32_767


@dataclass(frozen=True)
class Utterance:
    """One recording: what was said, by whom, and where its samples lie in the voice's file."""

    text: str
    language: str
    voice: str
    offset: int
    length: int

    @property
    def seconds(self) -> float:
        return self.length / SAMPLE_RATE


class Store:
    """The utterances of one folder; `append` to build it, `samples` to read it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.audio_path = folder / "audio.i16"
        self.index_path = folder / "utterances.jsonl"
        self.utterances = list(self._read_index())
        self._ends_whole = False

    def __len__(self) -> int:
        return len(self.utterances)

    def __iter__(self) -> Iterator[Utterance]:
        return iter(self.utterances)

    @property
    def seconds(self) -> float:
        """Length of everything stored."""
        return sum(utterance.seconds for utterance in self.utterances)

    def append(self, text: str, language: str, voice: str, samples: NDArray[np.float32]) -> None:
        """Add one utterance; samples are mono at SAMPLE_RATE, in -1..1."""
        end = sum(utterance.length for utterance in self.utterances[-1:])
        end += sum(utterance.offset for utterance in self.utterances[-1:])
        utterance = Utterance(text, language, voice, end, len(samples))
        mode = "r+b" if self.audio_path.exists() else "wb"
        with self.audio_path.open(mode) as audio:
            audio.seek(2 * end)
            audio.truncate()
            audio.write(np.round(samples * INT16_SCALE).astype("<i2").tobytes())
        self._index(json.dumps(asdict(utterance), ensure_ascii=False))
        self.utterances.append(utterance)

    def _index(self, line: str) -> None:
        """Write a line behind the last complete one."""
        with self.index_path.open("a+b") as index:
            if not self._ends_whole:
                index.seek(0)
                index.truncate(index.read().rfind(b"\n") + 1)
                self._ends_whole = True
            index.write(f"{line}\n".encode())

    def samples(self, utterance: Utterance) -> NDArray[np.float32]:
        """The utterance's samples (length,), in -1..1."""
        stored = np.memmap(self.audio_path, "<i2", "r")
        clip = stored[utterance.offset : utterance.offset + utterance.length]
        return np.asarray(clip, np.float32) / np.float32(INT16_SCALE)

    def _read_index(self) -> Iterator[Utterance]:
        if not self.index_path.exists():
            return
        for line in self.index_path.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):  # else a kill cut it short
                yield Utterance(**json.loads(line))
