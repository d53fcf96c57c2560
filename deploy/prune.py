"""Take out of an installed tree what serving never opens, and say what it came to.

    python deploy/prune.py /opt/app [--without-conversion]

Megabytes are 10^6 bytes, of the files themselves.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

NEVER_OPENED = {
    "pip*": "the installer",
    "setuptools*": "the installer",
    "pkg_resources*": "the installer",
    "_distutils_hack": "the installer",
    "distutils-precedence.pth": "the installer",
    "**/tests": "tests of libraries",
    "**/*.pyi": "types of libraries",
    "**/__pycache__": "compiled again at the end of the build",
    "onnxruntime/transformers": "tools that export models of other projects",
    "onnxruntime/quantization": "a quantiser; ours is convert/quantize.py",
    "onnxruntime/tools": "tools for phones",
    "wetext/fsts/*/itn": "grammars that turn words into numbers; speech needs the other way",
}
CONVERSION = {
    "onnx": "writes graphs: pull, convert, quantize and bench need it, speaking never",
    "onnx-*": "its record",
    "ml_dtypes*": "of onnx",
}


def prune(packages: Path, patterns: dict[str, str]) -> int:
    """Remove what matches; bytes that were freed."""
    before = size(packages)
    for pattern in patterns:
        for path in sorted(packages.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
    return before - size(packages)


def size(folder: Path) -> int:
    """Bytes of all files in it."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("environment", type=Path, help="folder of a virtual environment")
    parser.add_argument(
        "--without-conversion", action="store_true", help="also what only pull and convert need"
    )
    options = parser.parse_args(arguments)
    found = sorted(options.environment.glob("lib/python3*/site-packages"))
    if len(found) != 1:
        print(f"{options.environment}: no virtual environment", file=sys.stderr)
        return 2
    patterns = NEVER_OPENED | (CONVERSION if options.without_conversion else {})
    freed = prune(found[0], patterns)
    print(f"{size(found[0]) / 1e6:.0f} MB installed, {freed / 1e6:.0f} MB taken out")
    for folder in sorted(filter(Path.is_dir, found[0].iterdir()), key=size, reverse=True)[:12]:
        print(f"  {size(folder) / 1e6:5.1f} MB  {folder.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
