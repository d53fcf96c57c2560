"""Small records that a service keeps: a JSON object a file, named by an id that was drawn here."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar


class Record(Protocol):
    """What is kept of a thing that was added."""

    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> int: ...


R = TypeVar("R", bound=Record)


def read_records(kind: Callable[..., R], folder: Path, is_id: Callable[[str], bool]) -> list[R]:
    """Those that are whole, the oldest first; a file that is not is left alone."""
    found = []
    # os.path: Path.is_dir raises where a folder may not be looked into
    for path in folder.glob("*.json") if os.path.isdir(folder) else []:
        if not is_id(path.stem):
            continue
        try:
            record = kind(**json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            continue
        if record.id == path.stem:
            found.append(record)
    return sorted(found, key=lambda record: (record.created_at, record.id))
