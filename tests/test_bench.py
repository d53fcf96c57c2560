"""bench: what it reports, and what it refuses. No time is asserted."""

import json
from pathlib import Path

import pytest

from cosyvoice_lite.cli import main


def test_it_reports_every_figure(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", str(tiny_bundle), "--quick", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report["rtf"]) == {"lm", "flow", "vocoder", "total"}
    assert all(value > 0 for value in report["rtf"].values())
    assert report["machine"]["gflops"] > 0
    assert 0 < report["first_sound_s"]["p50"] <= report["first_sound_s"]["p95"]
    if report["memory_mb"] is not None:
        assert report["memory_mb"]["peak"] >= report["memory_mb"]["start"] > 0


@pytest.mark.parametrize("wrong", [["--runs", "0"], ["--seconds", "nan"], ["--solver", "none"]])
def test_what_cannot_be_measured_is_refused(tiny_bundle: Path, wrong: list[str]) -> None:
    assert main(["bench", str(tiny_bundle), *wrong]) == 2
