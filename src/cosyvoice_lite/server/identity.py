"""Which model this is, read from its manifest alone: nothing is loaded, and arrays least of all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cosyvoice_lite.config import GRAPHS, MANIFEST, ModelConfig
from cosyvoice_lite.errors import BundleError
from cosyvoice_lite.runtime.memory import Sizes

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Identity:
    """What can be told of a model that is not loaded."""

    path: Path
    name: str
    precision: str
    digest: str
    """Of the manifest, which has a hash of every file: equal digests speak equally."""
    voices: Mapping[str, str | None]
    """Name → language."""
    capabilities: tuple[str, ...]
    model: ModelConfig
    created: int
    """Seconds since 1970."""
    files: Mapping[str, int]
    """Name → size."""

    @classmethod
    def read(cls, path: Path) -> Identity:
        """Read the manifest of the bundle at `path` and look whether its files are there.

        Raises:
            BundleError: no bundle, a damaged manifest, or a file missing or of another size.
        """
        file = path / MANIFEST
        try:
            tree = json.loads(file.read_bytes())
            identity = cls(
                path=path,
                name=tree["name"],
                precision=tree["precision"],
                digest=tree["sha256"],
                voices={name: record["language"] for name, record in tree["voices"].items()},
                capabilities=tuple(tree["capabilities"]),
                model=ModelConfig.from_json(tree["model"]),
                created=int(file.stat().st_mtime),
                files={name: record["size"] for name, record in tree["files"].items()},
            )
        except OSError as error:
            raise BundleError(f"{file}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BundleError(f"{file}: damaged manifest: {error!r}") from None
        for name, stamp in identity.stamps().items():
            if stamp[0] != identity.files[name]:
                raise BundleError(f"{path / name}: missing, or of another size than it was")
        return identity

    @property
    def model_id(self) -> str:
        """The name that clients use."""
        return self.name.lower().replace(" ", "-")

    @property
    def sample_rate(self) -> int:
        """Hz of what it speaks."""
        return self.model.sample_rate

    @property
    def sizes(self) -> Sizes:
        """What a memory plan starts from, whatever process it will be for."""
        weights = {g: self.files[name] for g in GRAPHS if (name := f"{g}.weights") in self.files}
        return Sizes(self.model, self.precision, weights)

    def stamps(self) -> dict[str, Stamp]:
        """Size, place and time of every file: what changes when someone touches it.

        A weight that is read from a file cut short ends the process; so it is looked at before.
        """
        return {name: _stamp(self.path / name) for name in self.files}


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return (-1, 0, 0)
    return (found.st_size, found.st_ino, found.st_mtime_ns)
