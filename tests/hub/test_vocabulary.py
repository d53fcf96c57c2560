"""The tokenizers' vocabularies, out of archives and repositories."""

import gzip
from pathlib import Path

import pytest

from cosyvoice_lite.errors import DownloadError
from cosyvoice_lite.hub import transfer, vocabulary
from cosyvoice_lite.hub.vocabulary import fetch_25hz_vocabulary, fetch_whisper_vocabulary
from hub.fake import (
    VOCABULARY,
    Hub,
    files_in,
    publish,
    source_archive,
)


@pytest.mark.usefixtures("known_vocabulary")
@pytest.mark.parametrize("kind", ["json", "html"])
def test_the_whisper_vocabulary_comes_out_of_the_newest_archive(
    hub: Hub, tmp_path: Path, kind: str
) -> None:
    target = tmp_path / "multilingual.tiktoken"
    index = publish(hub, source_archive(), kind)
    for _ in range(2):
        assert fetch_whisper_vocabulary(target, index=index, patience=hub.patience) == target
    assert hub.asked("openai_whisper-20250625.tar.gz") == [None]
    assert files_in(tmp_path) == {target.name: VOCABULARY}


@pytest.mark.usefixtures("known_vocabulary")
@pytest.mark.parametrize(
    ("archive", "says"),
    [
        (source_archive(b"other"), "not the known one"),
        (source_archive(name="../assets/"), "holds no multilingual.tiktoken"),
        (b"not gzip", "not a source archive"),
        (source_archive()[:-40], "not a source archive|holds no"),  # as the decoder sees it
        (gzip.compress(b"\0" * 10), "not a source archive|holds no"),
    ],
)
def test_a_wrong_archive_leaves_nothing(
    hub: Hub, tmp_path: Path, archive: bytes, says: str
) -> None:
    with pytest.raises(DownloadError, match=says):
        fetch_whisper_vocabulary(tmp_path / "v", index=publish(hub, archive))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("known_vocabulary")
@pytest.mark.parametrize(
    ("module", "limit", "most", "says"),
    [
        (vocabulary, "MAX_UNPACKED", 1000, "holds no"),
        (transfer, "MAX_UNANNOUNCED", 100, "sends more than 100 bytes"),
    ],
)
def test_an_archive_without_end_is_left_early(
    hub: Hub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    limit: str,
    most: int,
    says: str,
) -> None:
    monkeypatch.setattr(module, limit, most)
    with pytest.raises(DownloadError, match=says):
        fetch_whisper_vocabulary(tmp_path / "v", index=publish(hub, source_archive()))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("known_vocabulary")
def test_an_archive_other_than_the_index_announces_is_refused(hub: Hub, tmp_path: Path) -> None:
    index = publish(hub, source_archive(), digest="0" * 64)
    with pytest.raises(DownloadError, match="its sha256 differs"):
        fetch_whisper_vocabulary(tmp_path / "v", index=index)


@pytest.mark.parametrize(
    ("kind", "page", "says"),
    [
        ("application/json", b"[]", "not answer like a package index"),
        ("application/json", b"{", "not answer like a package index"),
        ("text/html", b"<html>", "no source archive"),
    ],
)
def test_an_index_without_whisper(
    hub: Hub, tmp_path: Path, kind: str, page: bytes, says: str
) -> None:
    hub.pages["/simple/openai-whisper/"] = (kind, page)
    with pytest.raises(DownloadError, match=says):
        fetch_whisper_vocabulary(tmp_path / "v", index=f"{hub.address}/simple")


@pytest.mark.usefixtures("known_vocabulary")
def test_the_25hz_vocabulary_comes_from_the_code_repository(hub: Hub, tmp_path: Path) -> None:
    hub.pages[f"/{vocabulary.HZ25_PATH}"] = ("text/plain", VOCABULARY)
    fetch_25hz_vocabulary(tmp_path / "v", mirror=hub.address)
    assert (tmp_path / "v").read_bytes() == VOCABULARY
