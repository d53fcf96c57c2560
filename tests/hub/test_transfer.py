"""Files from a hub that drops, lies, stumbles and ignores."""

import errno
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from cosyvoice_lite import pull as pull_module
from cosyvoice_lite.errors import DownloadError
from cosyvoice_lite.hub.progress import TerminalBars
from cosyvoice_lite.hub.web import Patience
from cosyvoice_lite.pull import Source, fetch_checkpoint
from hub.fake import (
    SOURCES,
    Hub,
    expected_files,
    fetch,
    files_in,
)


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


def test_a_server_that_falls_silent_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        patience = Patience(attempts=1, timeout_s=0.05)
        address = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(DownloadError, match="timed out"):
            fetch_checkpoint("300M", tmp_path, mirror=address, patience=patience)


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
