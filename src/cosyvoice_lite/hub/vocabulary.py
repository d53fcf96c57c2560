"""The tokenizers' vocabularies, which the official checkpoints leave out."""

import hashlib
import json
import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

from cosyvoice_lite.errors import DownloadError
from cosyvoice_lite.hub.transfer import Progress, RemoteFile, download, fault, unseen
from cosyvoice_lite.hub.web import Patience, check_address, fetch_text

PYPI = "https://pypi.org/simple"
GITHUB = "https://raw.githubusercontent.com"

WHISPER_SHA256 = "b34b360dbb493e781e479794586d661700670d65564001f23024971d1f2fa126"
WHISPER_SIZE = 816_730
WHISPER_MEMBER = re.compile(r"openai[-_]whisper-\d+/whisper/assets/multilingual\.tiktoken")
WHISPER_SOURCE = re.compile(r"openai[-_]whisper-(\d{8})\.tar\.gz")  # versions are dates
MAX_UNPACKED = 256 * 2**20  # bytes; the archive of 2025 has 8 MB

HZ25_PATH = (
    "FunAudioLLM/CosyVoice/ace7c47f41bbd303aa6bf1ea80e6f9fbd595cd40"
    "/cosyvoice/tokenizer/assets/multilingual_zh_ja_yue_char_del.tiktoken"
)
HZ25_SHA256 = "747979631e813193436aabcff7c1c235d37de8097b71c563ec8b63b7a515c718"
HZ25_SIZE = 907_395

INDEX_TYPES = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"


def fetch_whisper_vocabulary(
    target: Path,
    *,
    index: str = PYPI,
    patience: Patience | None = None,
    progress: Progress = unseen,
) -> Path:
    """Write Whisper's multilingual.tiktoken to `target`, out of openai-whisper's source archive.

    Args:
        index: a package index as pip takes it, up to and with ``/simple``.

    Returns:
        `target`; nothing is fetched if it's already there and right.

    Raises:
        DownloadError: out of reach, no archive, or the file in it isn't the known one.
    """
    known = RemoteFile(target.name, index, WHISPER_SIZE, WHISPER_SHA256)
    if fault(target, known) is None:
        return target
    patience = _by_hand(target, patience)
    archive = _newest(_listed(check_address(index), patience))
    with _put_at(target) as vocabulary:
        path = vocabulary.with_name("openai-whisper.tar.gz")
        download(archive, path, patience=patience, progress=progress)
        vocabulary.write_bytes(_extract(path, archive.url))
    return target


def fetch_25hz_vocabulary(
    target: Path,
    *,
    mirror: str = GITHUB,
    patience: Patience | None = None,
    progress: Progress = unseen,
) -> Path:
    """Write the 300M-25Hz vocabulary to `target`; it's published with the code on GitHub.

    Raises:
        DownloadError: out of reach, or not the known file.
    """
    url = f"{check_address(mirror)}/{HZ25_PATH}"
    known = RemoteFile(target.name, url, HZ25_SIZE, HZ25_SHA256)
    if fault(target, known) is None:
        return target
    patience = _by_hand(target, patience)
    with _put_at(target) as vocabulary:
        download(known, vocabulary, patience=patience, progress=progress)
    return target


@contextmanager
def _put_at(target: Path) -> Iterator[Path]:
    """A place of its own, in which no other process writes, for what becomes `target`."""
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".vocabulary-") as folder:
            yield Path(folder) / target.name
            (Path(folder) / target.name).replace(target)
    except OSError as error:
        raise DownloadError(f"can't write {target}: {error.strerror or error}") from None


def _by_hand(target: Path, patience: Patience | None) -> Patience:
    """A mirror of the hub doesn't have it; but what is in its place is not fetched."""
    advice = f"check the network, or put the file there yourself: {target}"
    return replace(patience or Patience(), advice=advice)


def _listed(index: str, patience: Patience) -> list[RemoteFile]:
    url = f"{index}/openai-whisper/"
    text, kind, address = fetch_text(url, patience, INDEX_TYPES)
    try:
        return _from_json(text, address) if kind.endswith("json") else _from_html(text, address)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise DownloadError(f"{url} does not answer like a package index") from None


def _from_json(text: str, address: str) -> list[RemoteFile]:
    """PEP 691."""
    entries: list[dict[str, Any]] = json.loads(text)["files"]
    return [
        RemoteFile(
            name=str(entry["filename"]),
            url=urljoin(address, str(entry["url"])),
            sha256=str(entry["hashes"].get("sha256", "")) or None,
        )
        for entry in entries
        if not entry.get("yanked")
    ]


def _from_html(text: str, address: str) -> list[RemoteFile]:
    """PEP 503."""
    links = _Links()
    links.feed(text)
    files = []
    for link in links.found:
        url, fragment = urldefrag(urljoin(address, link))
        digest = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else None
        files.append(RemoteFile(url.rsplit("/", 1)[-1], url, sha256=digest))
    return files


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def _newest(files: list[RemoteFile]) -> RemoteFile:
    versions = {
        int(match[1]): file for file in files if (match := WHISPER_SOURCE.fullmatch(file.name))
    }
    if not versions:
        raise DownloadError("the package index has no source archive of openai-whisper")
    return versions[max(versions)]


def _extract(path: Path, url: str) -> bytes:
    """The one file we want, read in memory; no name in the archive ever becomes a path."""
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                if member.offset_data + member.size > MAX_UNPACKED:
                    break
                if member.isreg() and WHISPER_MEMBER.fullmatch(member.name):
                    return _checked(archive, member, url)
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        raise DownloadError(f"{url} is not a source archive") from None
    raise DownloadError(f"{url} holds no multilingual.tiktoken")


def _checked(archive: tarfile.TarFile, member: tarfile.TarInfo, url: str) -> bytes:
    file = archive.extractfile(member)
    content = file.read(WHISPER_SIZE + 1) if file else b""
    if hashlib.sha256(content).hexdigest() != WHISPER_SHA256:
        raise DownloadError(f"{url}: its multilingual.tiktoken is not the known one")
    return content
