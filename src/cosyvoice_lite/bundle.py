"""The bundle: a directory with everything the runtime needs, and the only thing it reads.

manifest.json       what this is: sizes, rates, voices, precision, origin, hash of every file
<graph>.onnx        six graphs, without weights (`GRAPHS`)
<graph>.weights     their weights, memory-mapped
tables.safetensors  rows the host looks up: embeddings, position weights, source mix
voices.safetensors  <voice>/<field> arrays
vocabulary.tiktoken text vocabulary, where the tokenizer needs one
campplus.onnx, speech_tokenizer_v1.onnx   the authors' encoders of recordings, where given
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.config import GRAPHS as GRAPHS
from cosyvoice_lite.config import MANIFEST as MANIFEST
from cosyvoice_lite.config import ModelConfig
from cosyvoice_lite.errors import BundleError, CosyError
from cosyvoice_lite.tensorfile import read_tensors

Array = npt.NDArray[Any]

FORMAT_VERSION = 1
TABLES = "tables.safetensors"
VOICES = "voices.safetensors"
VOCABULARY = "vocabulary.tiktoken"
SPEAKER_ENCODER = "campplus.onnx"
SPEECH_TOKENIZER = "speech_tokenizer_v1.onnx"
MAX_MANIFEST_BYTES = 4 << 20


@dataclass(frozen=True)
class FileRecord:
    """What a file of the bundle must be."""

    size: int
    sha256: str


@dataclass(frozen=True)
class VoiceRecord:
    """A voice of the bundle: the language it was recorded in, if known."""

    language: str | None = None


@dataclass(frozen=True)
class Manifest:
    """The index of a bundle."""

    name: str
    model: ModelConfig
    precision: str
    capabilities: tuple[str, ...]
    voices: Mapping[str, VoiceRecord]
    files: Mapping[str, FileRecord]
    licence: str
    provenance: Mapping[str, Any]

    def to_json(self) -> str:
        tree = {"format_version": FORMAT_VERSION, **dataclasses.asdict(self)}
        return json.dumps({**tree, "sha256": _digest(tree)}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str, where: Path) -> Manifest:
        try:
            tree = json.loads(text)
            digest, version = tree.pop("sha256", None), tree["format_version"]
            if version != FORMAT_VERSION:
                raise BundleError(
                    f"{where}: bundle format {version!r}, this version reads {FORMAT_VERSION}: "
                    "convert the checkpoint again"
                )
            if digest != _digest(tree):
                raise BundleError(f"{where}: changed since it was converted: convert again")
            del tree["format_version"]
            return cls(
                model=ModelConfig.from_json(tree.pop("model")),
                capabilities=tuple(tree.pop("capabilities")),
                voices={k: VoiceRecord(**v) for k, v in tree.pop("voices").items()},
                files={k: FileRecord(**v) for k, v in tree.pop("files").items()},
                **tree,
            )
        except CosyError as error:
            raise BundleError(f"{where}: {str(error).removeprefix(f'{where}: ')}") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BundleError(f"{where}: damaged manifest: {error!r}") from None


@dataclass(frozen=True)
class Bundle:
    """An opened bundle; its files are as the manifest says."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path | str) -> Bundle:
        """Open the bundle at `path` and check every file against its hash.

        Raises:
            BundleError: no bundle, another format, or a file missing, changed or truncated.
        """
        bundle = cls(Path(path), _read_manifest(Path(path)))
        for name, record in bundle.manifest.files.items():
            bundle.check(name, record)
        for name in (TABLES, VOICES, *(f"{graph}.onnx" for graph in GRAPHS)):
            bundle.file(name)
        return bundle

    def file(self, name: str) -> Path:
        """The path of a file that the manifest lists."""
        if name not in self.manifest.files:
            raise BundleError(f"{self.path}: this bundle has no {name}")
        return self.path / name

    def has(self, name: str) -> bool:
        return name in self.manifest.files

    def check(self, name: str, record: FileRecord) -> None:
        """Raise unless the file is there with its size and hash."""
        if Path(name).name != name or name in ("", ".", "..") or not name.isprintable():
            raise BundleError(f"{self.path}: the manifest names a file outside: {name!r}")
        path = self.path / name
        try:
            if (size := path.stat().st_size) != record.size:
                reason = "truncated?" if size < record.size else "changed: convert again"
                raise BundleError(f"{path}: {size} bytes, should be {record.size}: {reason}")
            if sha256(path) != record.sha256:
                raise BundleError(f"{path}: changed since it was converted: convert again")
        except OSError as error:
            raise BundleError(f"{path}: {error.strerror}") from None

    @cached_property
    def tables(self) -> dict[str, Array]:
        """Host tables by name, memory-mapped."""
        return read_tensors(self.file(TABLES))

    @cached_property
    def voice_tensors(self) -> dict[str, Array]:
        """`<voice>/<field>` arrays, memory-mapped."""
        return read_tensors(self.file(VOICES))

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(record.size for record in self.manifest.files.values())


def _digest(tree: Mapping[str, Any]) -> str:
    """Hex digest of a manifest's content, however it is laid out."""
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()


def sha256(path: Path) -> str:
    """Hex digest of a file, read in pieces."""
    digest = hashlib.sha256()
    buffer = np.empty(1 << 20, np.uint8)
    with path.open("rb", buffering=0) as file:
        while n := file.readinto(buffer.data):
            digest.update(buffer[:n].data)
    return digest.hexdigest()


def _read_manifest(path: Path) -> Manifest:
    file = path / MANIFEST
    try:
        if file.stat().st_size > MAX_MANIFEST_BYTES:
            raise BundleError(f"{file}: too large for a manifest")
        return Manifest.from_json(file.read_text("utf-8"), file)
    except FileNotFoundError:
        raise BundleError(f"{path}: no bundle here (no {MANIFEST}); make one: convert") from None
    except OSError as error:
        raise BundleError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BundleError(f"{file}: damaged manifest: not UTF-8") from None
