"""pull against a hub on loopback that drops, lies, stumbles and ignores."""

import errno
import gzip
import hashlib
import io
import json
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cosyvoice_lite import pull as pull_module
from cosyvoice_lite.cli import main
from cosyvoice_lite.errors import BundleError, DownloadError, UsageError
from cosyvoice_lite.hub import transfer, vocabulary, web
from cosyvoice_lite.hub.progress import TerminalBars
from cosyvoice_lite.hub.transfer import RemoteFile, download
from cosyvoice_lite.hub.vocabulary import fetch_25hz_vocabulary, fetch_whisper_vocabulary
from cosyvoice_lite.hub.web import Patience
from cosyvoice_lite.models import models_folder
from cosyvoice_lite.pull import Source, fetch_checkpoint, pull

FILES = {
    "cosyvoice.yaml": b"sample_rate: 22050\n",
    "llm.pt": bytes(range(256)) * 4000,  # a million bytes: several blocks
    "flow.pt": b"flow" * 5000,
    "hift.pt": b"hift" * 3000,
    "campplus.onnx": b"onnx" * 10,
    "README.md": b"not wanted",
    "../../escape.pt": b"never written",
}
SOURCES: list[Source] = ["huggingface", "modelscope"]


class Hub(ThreadingHTTPServer):
    """Both hubs' layouts and a package index; `plan` holds a list of faults for each file."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(FILES)
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.plan: dict[str, list[str]] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.waits: list[float] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def patience(self) -> Patience:
        return Patience(attempts=3, timeout_s=5.0, sleep=self.waits.append)

    def asked(self, name: str) -> list[str | None]:
        return [byte_range for path, byte_range in self.requests if path == name]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        hub, url = self.server, urlsplit(self.path)
        query = parse_qs(url.query)
        if url.path in hub.pages:
            kind, content = hub.pages[url.path]
            return self.answer(200, content, kind)
        if url.path == "/api/models/FunAudioLLM/CosyVoice-300M-SFT/tree/main":
            return self.page("tree", hugging_face_tree(hub.files))
        if url.path == "/api/v1/models/iic/CosyVoice-300M-SFT/repo/files":
            return self.page("tree", modelscope_tree(hub.files))
        if url.path == "/api/v1/models/iic/CosyVoice-300M-SFT/repo":
            return self.file(query["FilePath"][0])
        if "/resolve/main/" in url.path:  # Hugging Face sends large files from elsewhere
            self.send_response(302)
            self.send_header("Location", f"/cdn/{url.path.rsplit('/', 1)[-1]}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if url.path.startswith("/cdn/"):
            return self.file(url.path.removeprefix("/cdn/"))
        return self.answer(404, b"no such page")

    def page(self, name: str, content: object) -> None:
        if not self.stumble(name):
            self.answer(200, json.dumps(content).encode(), "application/json")

    def file(self, name: str) -> None:
        byte_range = self.headers.get("Range")
        self.server.requests.append((name, byte_range))
        content = self.server.files[name]
        fault = self.next_fault(name)
        if fault == "wrong":
            content = content[:-1] + bytes([content[-1] ^ 1])
        if fault == "longer":
            content += b"more"
        start = int(byte_range.removeprefix("bytes=").rstrip("-")) if byte_range else 0
        if fault == "ignore range" or not byte_range:
            return self.body(200, content, fault)
        if start >= len(content):
            return self.answer(416, b"")
        shift = 1 if fault == "shifted range" else 0
        place = f"bytes {start - shift}-{len(content) - 1}/{len(content)}"
        return self.body(206, content[start - shift :], fault, place)

    def body(self, status: int, content: bytes, fault: str | None, place: str = "") -> None:
        if fault is not None and fault.isdecimal():
            self.answer(int(fault), b"", retry_after=7 if fault == "429" else None)
            return
        sent = content[: len(content) // 2] if fault == "drop" else content
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if place:
            self.send_header("Content-Range", place)
        self.end_headers()
        self.wfile.write(sent if fault != "silent" else b"")
        self.close_connection = fault in ("drop", "silent")

    def stumble(self, name: str) -> bool:
        fault = self.next_fault(name)
        if fault is not None:
            self.answer(int(fault), b"")
        return fault is not None

    def next_fault(self, name: str) -> str | None:
        faults = self.server.plan.get(name)
        return faults.pop(0) if faults else None

    def answer(
        self,
        status: int,
        content: bytes,
        kind: str = "text/plain",
        retry_after: int | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        self.end_headers()
        self.wfile.write(content)


def hugging_face_tree(files: dict[str, bytes]) -> list[dict[str, object]]:
    tree: list[dict[str, object]] = [{"type": "directory", "path": "asset", "oid": "0", "size": 0}]
    for name, content in files.items():
        entry: dict[str, object] = {"type": "file", "path": name, "size": len(content)}
        if name.endswith((".pt", ".onnx")):
            digest = hashlib.sha256(content).hexdigest()
            entry |= {"oid": "pointer", "lfs": {"oid": digest, "size": len(content)}}
        else:
            blob = b"blob %d\0" % len(content) + content
            entry["oid"] = hashlib.sha1(blob).hexdigest()
        tree.append(entry)
    return tree


def modelscope_tree(files: dict[str, bytes]) -> dict[str, object]:
    listed: list[dict[str, object]] = [{"Type": "tree", "Path": "asset", "Size": 0}]
    listed += [
        {
            "Type": "blob",
            "Path": name,
            "Size": len(content),
            "Sha256": hashlib.sha256(content).hexdigest(),
        }
        for name, content in files.items()
    ]
    return {"Code": 200, "Success": True, "Data": {"Files": listed}}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(hub: Hub, target: Path, source: Source = "huggingface") -> Path:
    return fetch_checkpoint(
        "300M-SFT", target, source=source, mirror=hub.address, patience=hub.patience
    )


def expected_files() -> dict[str, bytes]:
    return {name: FILES[name] for name in FILES if name not in ("README.md", "../../escape.pt")}


def files_in(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*")}


@pytest.mark.parametrize("source", SOURCES)
def test_fetches_the_known_files_and_no_other(hub: Hub, tmp_path: Path, source: Source) -> None:
    target = tmp_path / "deep" / "checkpoint"
    assert fetch(hub, target, source) == target
    assert files_in(target) == expected_files()
    assert list(tmp_path.iterdir()) == [tmp_path / "deep"]


def test_what_is_there_is_not_fetched_again(hub: Hub, tmp_path: Path) -> None:
    fetch(hub, tmp_path)
    hub.requests.clear()
    (tmp_path / "flow.pt").write_bytes(b"damaged")
    fetch(hub, tmp_path)
    assert hub.requests == [("flow.pt", None)]
    assert files_in(tmp_path) == expected_files()


@pytest.mark.parametrize("source", SOURCES)
def test_a_dropped_connection_is_resumed_where_it_broke(
    hub: Hub, tmp_path: Path, source: Source
) -> None:
    hub.plan["llm.pt"] = ["drop"] * 6  # more than the patience, but every one gets further
    fetch(hub, tmp_path, source)
    asked = hub.asked("llm.pt")
    assert asked[:3] == [None, "bytes=512000-", "bytes=768000-"]
    assert len(asked) == 7
    assert files_in(tmp_path) == expected_files()


def test_an_interrupted_download_goes_on_in_the_next_run(hub: Hub, tmp_path: Path) -> None:
    hub.plan["llm.pt"] = ["drop", "silent", "silent", "silent"]
    with pytest.raises(DownloadError, match=r"llm.pt: .* check the network or set a mirror"):
        fetch(hub, tmp_path)
    assert (tmp_path / "llm.pt.part").stat().st_size == 512_000
    assert not (tmp_path / "llm.pt").exists()
    fetch(hub, tmp_path)
    assert hub.asked("llm.pt")[-1] == "bytes=512000-"
    assert files_in(tmp_path) == expected_files()


@pytest.mark.parametrize("fault", ["ignore range", "shifted range"])
def test_a_server_that_ignores_the_range_starts_over(hub: Hub, tmp_path: Path, fault: str) -> None:
    hub.plan["llm.pt"] = ["drop", fault]
    fetch(hub, tmp_path)
    assert files_in(tmp_path) == expected_files()


def test_two_at_once_into_one_folder_do_not_mix(hub: Hub, tmp_path: Path) -> None:
    hub.plan["llm.pt"] = ["drop"]
    refusals = []

    def second(_: float) -> None:
        with pytest.raises(DownloadError, match="another process is fetching into it") as caught:
            fetch(hub, tmp_path)
        refusals.append(caught)

    patience = Patience(attempts=3, timeout_s=5.0, sleep=second)  # while the first one waits
    fetch_checkpoint("300M-SFT", tmp_path, mirror=hub.address, patience=patience)
    assert len(refusals) == 1
    assert hub.asked("llm.pt") == [None, "bytes=512000-"]
    assert files_in(tmp_path) == expected_files()


def test_a_part_longer_than_the_file_is_thrown_away(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "hift.pt.part").write_bytes(b"x" * 99_999)
    fetch(hub, tmp_path)
    assert hub.asked("hift.pt") == ["bytes=99999-", None]
    assert files_in(tmp_path) == expected_files()


def test_a_part_of_another_version_is_found_out_and_fetched_afresh(
    hub: Hub, tmp_path: Path
) -> None:
    (tmp_path / "hift.pt.part").write_bytes(b"old!" * 100)
    fetch(hub, tmp_path)
    assert hub.asked("hift.pt") == ["bytes=400-", None]
    assert files_in(tmp_path) == expected_files()


@pytest.mark.parametrize("fault", ["500", "502", "503", "408"])
def test_a_stumbling_server_is_asked_again(hub: Hub, tmp_path: Path, fault: str) -> None:
    hub.plan = {"flow.pt": [fault, fault], "tree": [fault]}
    fetch(hub, tmp_path)
    assert hub.waits == [1.0, 1.0, 2.0]
    assert files_in(tmp_path) == expected_files()


def test_a_busy_server_says_how_long_to_wait(hub: Hub, tmp_path: Path) -> None:
    hub.plan["flow.pt"] = ["429"]
    fetch(hub, tmp_path)
    assert hub.waits == [7.0]


@pytest.mark.parametrize("name", ["llm.pt", "cosyvoice.yaml"])
@pytest.mark.parametrize("fault", ["wrong", "longer"])
def test_wrong_bytes_are_fetched_once_more(hub: Hub, tmp_path: Path, name: str, fault: str) -> None:
    hub.plan[name] = [fault]
    fetch(hub, tmp_path)
    assert hub.asked(name) == [None, None]
    assert files_in(tmp_path) == expected_files()


@pytest.mark.parametrize("source", SOURCES)
def test_wrong_bytes_twice_are_refused_and_removed(
    hub: Hub, tmp_path: Path, source: Source
) -> None:
    hub.plan["hift.pt"] = ["wrong", "wrong"]
    with pytest.raises(DownloadError, match=r"hift.pt: wrong bytes .* twice: its sha256 differs"):
        fetch(hub, tmp_path, source)
    assert not list(tmp_path.glob("hift*"))


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


def test_a_server_that_falls_silent_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        patience = Patience(attempts=1, timeout_s=0.05)
        address = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(DownloadError, match="timed out"):
            fetch_checkpoint("300M", tmp_path, mirror=address, patience=patience)


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


def test_a_disk_too_small_is_refused_before_the_first_byte(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(DownloadError, match=r"no room in .*: 0.00 GB to fetch, 0.00 GB free"):
        fetch(hub, tmp_path)
    assert hub.requests == []


def test_a_disk_that_fills_up_says_so_and_keeps_the_part(hub: Hub, tmp_path: Path) -> None:
    def full(name: str, done: int, total: int | None) -> None:
        if name == "llm.pt" and done > 300_000:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DownloadError, match=r"llm.pt.part: No space left on device; what has"):
        fetch_checkpoint("300M-SFT", tmp_path, mirror=hub.address, progress=full)
    assert (tmp_path / "llm.pt.part").stat().st_size > 0


def test_a_target_that_is_a_file_is_refused(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(DownloadError, match=r"can't write .*taken"):
        fetch(hub, tmp_path / "taken")


def test_progress_counts_up_to_the_announced_size(hub: Hub, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []

    def watch(name: str, done: int, total: int | None) -> None:
        seen.append((name, done, total))

    fetch_checkpoint("300M-SFT", tmp_path, mirror=hub.address, progress=watch)
    last = {name: (done, total) for name, done, total in seen}
    assert last == {name: (len(data), len(data)) for name, data in expected_files().items()}


def test_bars_are_drawn_for_people_only(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalBars() as bars:
        bars("llm.pt", 10, 100)
        bars("llm.pt", 100, 100)
        bars("flow.pt", 5, None)
    assert capsys.readouterr() == ("", "")


VOCABULARY = b"IQ== 0\nIg== 1\n"


@pytest.fixture
def known_vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.sha256(VOCABULARY).hexdigest()
    for variant in ("WHISPER", "HZ25"):
        monkeypatch.setattr(vocabulary, f"{variant}_SHA256", digest)
        monkeypatch.setattr(vocabulary, f"{variant}_SIZE", len(VOCABULARY))


def source_archive(content: bytes = VOCABULARY, name: str = "whisper/assets/") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for path, data in (
            ("../../evil.tiktoken", b"evil"),
            (f"openai_whisper-20250625/{name}multilingual.tiktoken", content),
        ):
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def publish(hub: Hub, archive: bytes, kind: str = "json", digest: str | None = None) -> str:
    """An index of two releases, the newer listed first, in either of the standard's two forms."""
    digest = digest or hashlib.sha256(archive).hexdigest()
    names = ["openai_whisper-20250625.tar.gz", "openai-whisper-20231117.tar.gz", "other.zip"]
    hub.files |= dict.fromkeys(names, b"outdated") | {names[0]: archive}
    if kind == "json":
        entries = [
            {"filename": n, "url": f"../../cdn/{n}", "hashes": {"sha256": digest}} for n in names
        ]
        entries.append({"filename": "openai_whisper-99999999.tar.gz", "yanked": True})
        page = ("application/vnd.pypi.simple.v1+json", json.dumps({"files": entries}).encode())
    else:
        links = [f'<a href="../../cdn/{n}#sha256={digest}">{n}</a>' for n in names]
        page = ("text/html", f"<html><body>{'<br>'.join(links)}</body></html>".encode())
    hub.pages["/simple/openai-whisper/"] = page
    return f"{hub.address}/simple/"


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
def test_an_archive_that_unpacks_without_end_is_left_early(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "MAX_UNPACKED", 1000)
    with pytest.raises(DownloadError, match="holds no"):
        fetch_whisper_vocabulary(tmp_path / "v", index=publish(hub, source_archive()))


@pytest.mark.usefixtures("known_vocabulary")
def test_an_archive_that_never_ends_is_left_early(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "MAX_UNANNOUNCED", 100)
    with pytest.raises(DownloadError, match="sends more than 100 bytes"):
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


@pytest.mark.usefixtures("known_vocabulary")
def test_pull_fetches_then_converts(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def convert(checkpoint: Path, bundle: Path, **options: object) -> None:
        calls.append((checkpoint, bundle, options["vocabulary"], options["replace"]))

    monkeypatch.setattr("cosyvoice_lite.convert.pipeline.convert", convert)
    stages: list[str] = []
    bundle, checkpoint = tmp_path / "bundle", tmp_path / "checkpoint"
    index = publish(hub, source_archive())
    pull("300M-SFT", bundle, checkpoint, mirror=hub.address, index=index, stage=stages.append)
    assert calls == [(checkpoint, bundle, checkpoint / "multilingual.tiktoken", False)]
    assert files_in(checkpoint) == expected_files() | {"multilingual.tiktoken": VOCABULARY}
    assert len(stages) == 2


@pytest.mark.usefixtures("known_vocabulary")
def test_pull_takes_a_vocabulary_that_was_put_where_it_is_kept(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Path] = []
    monkeypatch.setattr(
        "cosyvoice_lite.convert.pipeline.convert",
        lambda *_, vocabulary, **more: taken.append(vocabulary),
    )
    kept = tmp_path / "multilingual.tiktoken"
    kept.write_bytes(VOCABULARY)
    nowhere = "http://127.0.0.1:1/simple"
    pull("300M-SFT", tmp_path / "b", tmp_path / "c", mirror=hub.address, index=nowhere,
         kept=tmp_path)  # fmt: skip
    assert taken == [kept]
    assert files_in(tmp_path / "c") == expected_files()


@pytest.mark.parametrize("fetch", [
    lambda v, p: fetch_whisper_vocabulary(v, index="http://127.0.0.1:1", patience=p),
    lambda v, p: fetch_25hz_vocabulary(v, mirror="http://127.0.0.1:1", patience=p),
])  # fmt: skip
def test_a_vocabulary_out_of_reach_can_be_put_in_its_place(
    tmp_path: Path, fetch: Callable[[Path, Patience], Path]
) -> None:
    target = tmp_path / "v.tiktoken"
    with pytest.raises(DownloadError, match="put the file there yourself: ") as caught:
        fetch(target, Patience(attempts=1))
    assert str(caught.value).endswith(str(target))
    assert "mirror" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"precision": "int9"}, "unknown precision 'int9': choose from"),
        ({"source": "foo"}, "unknown source 'foo': huggingface or modelscope"),
        ({"mirror": "nowhere"}, "nowhere"),
    ],
)
def test_wrong_options_are_told_before_anything_is_fetched(
    wrong: dict[str, Any], says: str, hub: Hub, tmp_path: Path
) -> None:
    options = {"mirror": hub.address, "index": f"{hub.address}/simple/", **wrong}
    with pytest.raises(UsageError, match=says):
        pull("300M-SFT", tmp_path / "b", tmp_path / "c", **options)
    assert hub.requests == []
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_installed_under_its_short_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr("cosyvoice_lite.pull.pull", lambda *a, **_: asked.append(a))
    for name in ("300M-SFT", "CosyVoice-300M-SFT"):
        assert main(["pull", name]) == 0
    assert asked[0] == asked[1]
    assert asked[0][:2] == ("300M-SFT", models_folder() / "300M-SFT")
    capsys.readouterr()


def test_pull_asks_before_it_replaces(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_text("")
    with pytest.raises(BundleError, match="exists already"):
        pull("300M-SFT", tmp_path / "bundle", tmp_path / "checkpoint")
