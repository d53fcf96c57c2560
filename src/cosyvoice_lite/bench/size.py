"""What a bundle, and an installation, take on the disk."""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from cosyvoice_lite.bundle import Bundle

PACKAGE = "cosyvoice-lite"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def bundle_mb(bundle: Bundle) -> dict[str, float]:
    """Millions of bytes of each file, the largest first."""
    files = sorted(bundle.manifest.files.items(), key=lambda item: -item[1].size)
    return {name: record.size / 1e6 for name, record in files}


def installed_mb(package: str = PACKAGE) -> dict[str, float]:
    """Millions of bytes of the package and of each distribution that it needs to run, the largest
    first; extras are not followed. `other` is what the virtual environment holds besides."""
    sizes: dict[str, int] = {}
    _collect(package, sizes)
    if sys.prefix != sys.base_prefix:
        whole = _tree(Path(sys.prefix))
        sizes["other"] = max(0, whole - sum(sizes.values()))
    return {name: size / 1e6 for name, size in sorted(sizes.items(), key=lambda item: -item[1])}


def _collect(name: str, sizes: dict[str, int]) -> None:
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in sizes:
        return
    try:
        found = distribution(name)
    except PackageNotFoundError:  # for another system, or another Python
        return
    sizes[key] = _bytes(found)
    for requirement in found.requires or ():
        wanted, _, condition = requirement.partition(";")
        if "extra ==" not in condition and (match := _NAME.match(wanted)):
            _collect(match[0], sizes)


def _bytes(found: Distribution) -> int:
    """Of all its files; of an installation that points at a working tree, of that tree."""
    sizes = [_size(Path(str(file.locate()))) for file in found.files or ()]
    module = find_spec(found.metadata["Name"].replace("-", "_"))
    if module is not None and module.submodule_search_locations and len(sizes) < 20:
        (folder,) = list(module.submodule_search_locations)[:1]
        return max(sum(sizes), _tree(Path(folder)))
    return sum(sizes)


def _tree(folder: Path) -> int:
    return sum(_size(path) for path in folder.rglob("*") if not path.is_symlink())


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
