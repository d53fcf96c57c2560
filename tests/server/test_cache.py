"""Finished speech that is kept, in memory and on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cosyvoice_lite.audio.subtitles import Cue, Stretch
from cosyvoice_lite.server.cache import DiskCache, Entry, Facts, MemoryCache


def entry(n: int = 100, letter: bytes = b"x") -> Entry:
    return Entry(
        Facts(
            "audio/wav", 22050, 1, 0.5, 2, 3, (Cue(0.0, 0.5, "你好", (Stretch(0, 2, 0.1, 0.4),)),)
        ),
        letter * n,
    )


def test_memory_keeps_what_was_used_last() -> None:
    gone: list[int] = []
    cache = MemoryCache(250, lambda: gone.append(1))
    cache.put("a", entry())
    cache.put("b", entry())
    assert cache.get("a") is not None
    cache.put("c", entry())
    assert (cache.get("b"), cache.size, len(gone)) == (None, 200, 1)
    cache.put("huge", entry(1000))
    assert cache.get("huge") is None


def test_disk_survives_a_restart_in_order(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 10_000)
    for n, key in enumerate(("a", "b", "c")):
        cache.put(key, entry(100, key.encode()))
        os.utime(tmp_path / f"{key}.speech", (n, n))
    size = len(entry().pack())
    (tmp_path / ".killed.part").write_bytes(b"half")
    again = DiskCache(tmp_path, 2 * size + 10)
    assert again.get("a") is None  # the oldest made room
    assert again.get("b") == entry(100, b"b")
    assert again.size == 2 * size
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"\xff", b"\n", b'{"facts":1,"sha256":2}\nx'])
def test_a_damaged_entry_is_dropped(damage: bytes, tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 10_000)
    cache.put("a", entry())
    (tmp_path / "a.speech").write_bytes(damage)
    assert cache.get("a") is None
    assert not (tmp_path / "a.speech").exists()
    cache.put("a", entry())
    content = bytearray((tmp_path / "a.speech").read_bytes())
    content[-1] ^= 1
    (tmp_path / "a.speech").write_bytes(content)
    assert cache.get("a") is None
    assert cache.size == 0


def test_a_disk_that_refuses_is_told_and_tolerated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[OSError] = []
    cache = DiskCache(tmp_path / "c", 10_000, failed=errors.append)

    def full(self: Path, content: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    cache.put("a", entry())
    assert cache.get("a") is None
    assert [error.errno for error in errors] == [28]
    assert not list((tmp_path / "c").iterdir())
    blocked = DiskCache(tmp_path / "file" / "x", 10_000, failed=errors.append)
    (tmp_path / "file").touch()
    blocked.put("a", entry())
    assert blocked.get("a") is None
