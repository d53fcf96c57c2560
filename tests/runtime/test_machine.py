"""What the machine lets a process have: limits of its control groups, and its processor."""

import platform
from pathlib import Path

import pytest

from cosyvoice_lite.runtime.cgroup import limits
from cosyvoice_lite.runtime.processor import products_overflow, quota_cores


@pytest.mark.parametrize(
    ("membership", "expected"),
    [
        ("0::/\n", ["100"]),  # in a container the group is the root
        ("12:cpu:/old\n0::/system.slice/a.service\n", ["100", "50", "max"]),
        ("0::/gone\n", ["100"]),
        ("0::/../a\n", ["100"]),
        ("", ["100"]),
    ],
)
def test_every_group_above_limits(membership: str, expected: list[str], tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    service = root / "system.slice" / "a.service"
    service.mkdir(parents=True)
    for folder, told in ((root, "100"), (root / "system.slice", "50"), (service, "max")):
        (folder / "memory.max").write_text(f"{told}\n", "ascii")
    mine = tmp_path / "mine"
    mine.write_text(membership, "utf-8")
    assert list(limits("memory.max", root, mine)) == expected
    assert not list(limits("memory.max", tmp_path / "none", tmp_path / "none"))


def test_quotas_are_whole_cores() -> None:
    assert quota_cores("150000 100000", 8) == 2
    assert quota_cores("max 100000", 8) == 8


@pytest.mark.parametrize(
    ("machine", "flags", "expected"),
    [
        ("x86_64", "fma avx avx2", True),
        ("x86_64", "avx2 avx512f avx512_vnni", False),
        ("AMD64", "avx2 avx_vnni", False),
        ("AMD64", None, True),
        ("aarch64", "asimddp", False),
    ],
)
def test_products_overflow_on_x86_without_vnni(
    machine: str,
    flags: str | None,
    expected: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    told = tmp_path / "cpuinfo"
    if flags is not None:
        told.write_text(f"flags : {flags}\n", "utf-8")
    assert products_overflow.__wrapped__(told) is expected
