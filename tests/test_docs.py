"""What the documents say is so."""

import re
from pathlib import Path

import onnx
import pytest

from cosyvoice_lite.bundle import GRAPHS, Bundle
from cosyvoice_lite.cli import parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
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
