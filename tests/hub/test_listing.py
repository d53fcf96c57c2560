"""What a hub says it has, and where it is asked."""

import socket
from pathlib import Path

import pytest

from cosyvoice_lite.errors import DownloadError, UsageError
from cosyvoice_lite.hub import web
from cosyvoice_lite.hub.transfer import RemoteFile, download
from cosyvoice_lite.hub.web import Patience
from cosyvoice_lite.pull import fetch_checkpoint
from hub.fake import Hub, fetch


@pytest.mark.parametrize(("fault", "says"), [("404", "does not exist"), ("403", r"refuses \(403")])
def test_a_refusal_is_not_repeated(hub: Hub, tmp_path: Path, fault: str, says: str) -> None:
    hub.plan["flow.pt"] = [fault]
    with pytest.raises(DownloadError, match=says):
        fetch(hub, tmp_path)
    assert hub.waits == []


def test_an_unknown_repository_is_named(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"CosyVoice-300M-Instruct/tree.* does not exist"):
        fetch_checkpoint("300M-Instruct", tmp_path, mirror=hub.address)


def test_an_incomplete_repository_is_refused(hub: Hub, tmp_path: Path) -> None:
    del hub.files["flow.pt"], hub.files["hift.pt"]
    with pytest.raises(DownloadError, match=r"not complete at its source: no flow.pt, hift.pt"):
        fetch(hub, tmp_path)


HUGGING_FACE_TREE = "/api/models/FunAudioLLM/CosyVoice-300M-SFT/tree/main"
ENTRY = '{"type": "file", "path": "llm.pt", "size": %s}'
NO_SIZES = ["-1", "1e99", '"1"', "9" * 99, '1, "oid": 1']
NO_LISTS = ["<html>", "{}", "null", "[1]", "[{}]", "[" * 9999]
NO_LISTS += [f"[{ENTRY % size}]" for size in NO_SIZES]


@pytest.mark.parametrize("answer", NO_LISTS)
def test_an_answer_that_is_no_list_is_refused(hub: Hub, tmp_path: Path, answer: str) -> None:
    hub.pages[HUGGING_FACE_TREE] = ("application/json", answer.encode())
    with pytest.raises(DownloadError, match=r"not answer with a file list|not complete"):
        fetch(hub, tmp_path)


def test_an_endless_list_is_cut_off(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "MAX_TEXT", 1000)
    hub.pages[HUGGING_FACE_TREE] = ("application/json", b"[" * 2000)
    with pytest.raises(DownloadError, match="longer than 1000 bytes"):
        fetch(hub, tmp_path)


def test_without_a_network_it_says_so(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    waits: list[float] = []
    with pytest.raises(DownloadError, match=r"can't reach 127.0.0.1: Connection refused; check"):
        fetch_checkpoint("300M", tmp_path, mirror=nobody, patience=Patience(sleep=waits.append))
    assert waits == [1.0, 2.0]


@pytest.mark.parametrize("mirror", ["file:///etc", "ftp://host/x", "host", "http://", "http://[::"])
def test_a_mirror_is_an_http_address(tmp_path: Path, mirror: str) -> None:
    with pytest.raises(UsageError, match="not an http or https address"):
        fetch_checkpoint("300M", tmp_path, mirror=mirror)


def test_a_redirection_never_opens_a_local_file(hub: Hub, tmp_path: Path) -> None:
    remote = RemoteFile("x", "file:///etc/hostname")
    with pytest.raises(DownloadError, match="unknown url type: file"):
        download(remote, tmp_path / "x", patience=hub.patience)


def test_unknown_names_and_sources_are_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="300M-SFT, 300M, 300M-Instruct, 300M-25Hz"):
        fetch_checkpoint("500M", tmp_path)
    with pytest.raises(UsageError, match="huggingface or modelscope"):
        fetch_checkpoint("CosyVoice-300M", tmp_path, source="elsewhere")  # type: ignore[arg-type]
