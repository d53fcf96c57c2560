"""What a repository of a hub holds: Hugging Face's and ModelScope's file lists."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

from cosyvoice_lite.errors import DownloadError
from cosyvoice_lite.hub.transfer import RemoteFile
from cosyvoice_lite.hub.web import Patience, fetch_text

HUGGING_FACE = "https://huggingface.co"
MODELSCOPE = "https://www.modelscope.cn"

MAX_FILE = 16 * 2**30  # bytes; the largest official file has 1.3 GB


def hugging_face(address: str, repository: str, patience: Patience) -> list[RemoteFile]:
    """The files on the main branch.

    Source: https://huggingface.co/docs/hub/api, GET /api/models/{repo_id}/tree/{revision}.

    Raises:
        DownloadError: out of reach, no such repository, or not a file list.
    """
    url = f"{address}/api/models/{quote(repository)}/tree/main?recursive=true"

    def files(answer: Any) -> Iterator[RemoteFile]:
        for entry in answer:
            if entry["type"] == "file":
                large = entry.get("lfs") or {}
                yield RemoteFile(
                    name=str(entry["path"]),
                    url=f"{address}/{quote(repository)}/resolve/main/{quote(str(entry['path']))}",
                    size=_size(large.get("size", entry["size"])),
                    sha256=_digest(large.get("oid")),
                    git_sha1=None if large else _digest(entry.get("oid")),
                )

    return _parse(url, patience, files)


def modelscope(address: str, repository: str, patience: Patience) -> list[RemoteFile]:
    """The files on the master branch.

    Source: the calls of the modelscope package, modelscope/hub/api.py and file_download.py.

    Raises:
        DownloadError: out of reach, no such repository, or not a file list.
    """
    base = f"{address}/api/v1/models/{quote(repository)}/repo"

    def files(answer: Any) -> Iterator[RemoteFile]:
        for entry in answer["Data"]["Files"]:
            if entry["Type"] != "tree":
                query = urlencode({"Revision": "master", "FilePath": str(entry["Path"])})
                yield RemoteFile(
                    name=str(entry["Path"]),
                    url=f"{base}?{query}",
                    size=_size(entry["Size"]),
                    sha256=_digest(entry.get("Sha256")),
                )

    return _parse(f"{base}/files?Revision=master&Recursive=true", patience, files)


def _parse(
    url: str, patience: Patience, files: Callable[[Any], Iterator[RemoteFile]]
) -> list[RemoteFile]:
    text, _, _ = fetch_text(url, patience, "application/json")
    try:
        return list(files(json.loads(text)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise DownloadError(f"{url} does not answer with a file list") from None


def _size(announced: Any) -> int:
    if type(announced) is not int or not 0 <= announced <= MAX_FILE:
        raise ValueError("not a size")
    return announced


def _digest(announced: Any) -> str | None:
    if not isinstance(announced, str | None):
        raise ValueError("not a digest")
    return announced or None
