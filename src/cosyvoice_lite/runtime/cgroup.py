"""What Linux lets this process have: limits of its control group (v2) and of all above it.

In a container the group is the root of what can be seen; under systemd it lies deeper.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def limits(name: str, root: Path = ROOT, membership: Path = MEMBERSHIP) -> Iterator[str]:
    """The contents of file `name` of every group that this process is in; none elsewhere."""
    group = root
    for part in ("", *_path(membership)):
        group /= part
        try:
            yield (group / name).read_text("ascii").strip()
        except (OSError, ValueError):  # the system's own root has no limits
            continue


def _path(membership: Path) -> list[str]:
    """Names from the root to the group of this process: of the line "0::/a/b"."""
    try:
        lines = membership.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return []
    mine = next((line[3:] for line in lines if line.startswith("0::")), "")
    return [part for part in mine.split("/") if part not in ("", "..")]
