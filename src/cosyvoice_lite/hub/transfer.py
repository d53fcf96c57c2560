"""One file from the network to its place: resumed, checked, whole or not there."""

import errno
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cosyvoice_lite.errors import DownloadError
from cosyvoice_lite.hub.web import (
    BLOCK,
    RANGE_REFUSED,
    Patience,
    TransientError,
    blocks,
    persist,
    request,
)

MAX_UNANNOUNCED = 64 * 2**20
"""Bytes of a file whose size nobody tells: only the archive with a vocabulary, which has 0.8 MB."""

Progress = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes that are here, and the bytes there will be, if known."""


def unseen(name: str, done: int, total: int | None) -> None:
    """The progress nobody looks at."""


@dataclass(frozen=True)
class RemoteFile:
    """A file as its hub announces it."""

    name: str
    url: str
    size: int | None = None
    """In bytes."""
    sha256: str | None = None
    git_sha1: str | None = None
    """Of the git blob, which Hugging Face gives for small files in place of a sha256."""


def download(
    remote: RemoteFile,
    target: Path,
    *,
    patience: Patience | None = None,
    progress: Progress = unseen,
) -> None:
    """Bring `remote` to `target`, going on from `target`.part where an earlier attempt stopped.

    A file that's already there and right isn't fetched again. Wrong bytes are removed and fetched
    once more from the start.

    Raises:
        DownloadError: out of reach, not there, twice wrong, or no room on the disk.
    """
    patience = patience or Patience()
    if fault(target, remote) is None:
        progress(remote.name, target.stat().st_size, remote.size)
        return
    part = part_of(target)
    for _ in range(2):
        persist(
            remote.name,
            patience,
            lambda: _continue(remote, part, patience, progress),
            lambda: size_of(part),
        )
        wrong = fault(part, remote)
        with _disk(part):
            if wrong is None:
                part.replace(target)
                return
            part.unlink()
    raise DownloadError(f"{remote.name}: wrong bytes from {remote.url}, twice: {wrong}")


def part_of(target: Path) -> Path:
    """Where a download grows before it becomes `target`."""
    return target.with_name(f"{target.name}.part")


def size_of(path: Path) -> int:
    """Bytes in a file, 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0


def fault(path: Path, remote: RemoteFile) -> str | None:
    """In what way a local file isn't the announced one; None if it is."""
    if not path.is_file():
        return "missing"
    size = size_of(path)
    if remote.size is not None and size != remote.size:
        return f"{size} bytes instead of {remote.size}"
    if remote.sha256 and _hash(path, hashlib.sha256()) != remote.sha256.lower():
        return "its sha256 differs"
    blob = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    if remote.git_sha1 and _hash(path, blob) != remote.git_sha1.lower():
        return "its git hash differs"
    return None


def _hash(path: Path, state: "hashlib._Hash") -> str:
    with _disk(path), path.open("rb") as file:
        while block := file.read(BLOCK):
            state.update(block)
    return state.hexdigest()


def _continue(remote: RemoteFile, part: Path, patience: Patience, progress: Progress) -> None:
    """Append what's missing; a server that ignores the range gives the file from its start."""
    have = size_of(part)
    if have and have == remote.size:
        return
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        with _disk(part), request(remote.url, patience, headers) as response:
            resumed = have > 0 and response.status == 206
            if resumed and not response.headers.get("Content-Range", "").startswith(
                f"bytes {have}-"
            ):
                raise TransientError("the server resumed at another place", status=RANGE_REFUSED)
            have = have if resumed else 0
            with part.open("ab" if resumed else "wb") as file:
                for block in blocks(response):
                    have += len(block)
                    file.write(block)
                    if remote.size is not None and have > remote.size:
                        break  # more than announced can't be right, and its length will show it
                    if remote.size is None and have > MAX_UNANNOUNCED:
                        raise DownloadError(f"{remote.url} sends more than {MAX_UNANNOUNCED} bytes")
                    progress(remote.name, have, remote.size)
            _check_complete(remote, have, response.length)
    except TransientError as error:
        if error.status == RANGE_REFUSED:
            part.unlink(missing_ok=True)  # not a part of what is there now
        raise


def _check_complete(remote: RemoteFile, have: int, unread: int | None) -> None:
    short = have < remote.size if remote.size is not None else bool(unread)
    if short:
        raise TransientError(f"the connection closed after {have} bytes")


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Faults of the file system; those of the network are translated before they come here."""
    try:
        yield
    except OSError as error:
        hint = ""
        if error.errno == errno.ENOSPC:
            hint = "; what has arrived is kept, make room and run the same command again"
        raise DownloadError(f"can't write {path}: {error.strerror or error}{hint}") from None
