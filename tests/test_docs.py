"""What the documents say is so."""

import re
from pathlib import Path

import onnx
import pytest

from cosyvoice_lite.bundle import GRAPHS, Bundle
from cosyvoice_lite.cli import parser
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
AUDIO = (ROOT / "docs" / "audio.md").read_text("utf-8")
HELP_SOURCES = "".join(
    path.read_text("utf-8") for path in sorted((ROOT / "src/cosyvoice_lite/cli").glob("*.py"))
) + (ROOT / "deploy" / "prune.py").read_text("utf-8")
BUNDLE = (ROOT / "docs" / "bundle.md").read_text("utf-8")


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_input_and_output_of_a_graph_is_documented(graph: str, tiny_bundle: Path) -> None:
    row = next(line for line in BUNDLE.splitlines() if line.startswith(f"| `{graph}` |"))
    model = onnx.load(tiny_bundle / f"{graph}.onnx", load_external_data=False)
    named = set(re.findall(r"`([a-z_0-9]+(?:\.l)?)`", row))
    for value in (*model.graph.input, *model.graph.output):
        assert re.sub(r"\.\d+$", ".l", value.name) in named


def test_every_file_of_a_bundle_is_documented(tiny_bundle: Path) -> None:
    for name in Bundle.open(tiny_bundle).manifest.files:
        stem = re.sub(f"({'|'.join(GRAPHS)})", "<graph>", name, count=1)
        assert f"`{name}`" in BUNDLE or f"`{stem}`" in BUNDLE, name


def test_the_examples_about_sound_run(
    synthesizer: Synthesizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sent: list[bytes] = []
    names: dict[str, object] = {"synthesizer": synthesizer, "send": sent.append, "Request": Request}
    examples = re.findall(r"```python\n(.*?)```", AUDIO, re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        exec(example, names)
    assert b"".join(sent).startswith(b"OggS")
    assert (tmp_path / "hello.wav").exists()


@pytest.mark.parametrize("page", ["audio", "deploy"])
def test_options_and_files_that_documents_name_exist(page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    known = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", HELP_SOURCES)) | {"--help"}
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for span in re.findall(r"`([^`]+)`", prose):
        for option in re.findall(r"(?<!\S)--[a-z]+(?:-[a-z]+)*", span):
            assert option in known, option
    for path in re.findall(r"`((?:deploy|audio|convert)/[\w./-]+)`", text):
        assert (ROOT / path).exists() or (ROOT / "src" / "cosyvoice_lite" / path).exists(), path


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line.split("#")[0] for block in blocks for line in block.splitlines()]
    parts = [part for line in lines for part in re.split(r"[|&]+", line)]
    return [part for part in parts if "cosyvoice-lite " in part]


@pytest.mark.parametrize("command", commands())
def test_the_readmes_commands_parse(command: str) -> None:
    import shlex

    words = shlex.split(command)
    options = parser().parse_args(words[words.index("cosyvoice-lite") + 1 :])
    assert callable(options.run)


def test_the_readmes_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
