"""docs/http.md: its table is made from the settings, its examples and the README's run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cosyvoice_lite.server.operations import OPERATIONS
from cosyvoice_lite.server.settings import knobs

ROOT = Path(__file__).parents[2]
DOCUMENT, README = ROOT / "docs" / "http.md", ROOT / "README.md"
BEGIN, END = "<!-- settings: made by `python tests/server/test_http_docs.py` -->\n", "<!-- end -->"
TEXT = DOCUMENT.read_text("utf-8")


def table() -> str:
    rows = ["| setting | default | what |", "|---|---|---|"]
    for knob in knobs():
        default = str(knob.default).lower() if knob.kind is bool else str(knob.default)
        shown = f"`{default}`" + (f" {knob.unit}" if knob.unit else "") if default else ""
        choices = f" ({', '.join(knob.choices)})" if knob.choices else ""
        rows.append(f"| `{knob.flag}` | {shown} | {knob.sentence}{choices} |")
    return "\n".join(rows) + "\n"


def test_the_table_is_that_of_the_settings() -> None:
    assert TEXT[TEXT.index(BEGIN) + len(BEGIN) : TEXT.index(END)] == table()


def test_every_route_is_mentioned() -> None:
    for op in OPERATIONS:
        path = op.path.replace("/inference", "").partition("{")[0].rstrip("/")
        assert path in TEXT, op.path


def examples(text: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    commands = re.split(r"\n(?=curl)", "\n".join(block.strip() for block in blocks))
    return [command for command in commands if command.startswith("curl")]


def test_the_examples_run(server, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("needs curl and bash")
    ours = examples(README.read_text("utf-8").replace("http://127.0.0.1:8000", "$URL"))
    assert len(ours) == 1
    theirs = examples(TEXT)
    assert len(theirs) > 12
    for command in [*ours, *theirs]:
        done = subprocess.run(
            ["bash", "-c", command],
            env={**os.environ, "URL": server.url},
            cwd=tmp_path,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, (command, done.stderr, done.stdout)
    for name in ("hello.mp3", "finished.flac", "hello.pcm"):
        assert (tmp_path / name).stat().st_size > 500


if __name__ == "__main__":
    start, end = TEXT.index(BEGIN) + len(BEGIN), TEXT.index(END)
    DOCUMENT.write_text(TEXT[:start] + table() + TEXT[end:], "utf-8")
