"""What the documents say is so."""

import re
from pathlib import Path

import onnx
import pytest

from cosyvoice_lite.bundle import GRAPHS, Bundle
from cosyvoice_lite.cli import batch_command, main, parser
from cosyvoice_lite.cli.model_commands import MIRROR_VARIABLE
from cosyvoice_lite.models import CLONES_VARIABLE, HOME_VARIABLE, MODEL_VARIABLE, bundled_model
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text("utf-8")
TRAINING = ("README.md", "cosyvoice.yaml.in")
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


@pytest.mark.parametrize("page", ["audio", "deploy", "commands"])
def test_options_and_files_that_documents_name_exist(page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    known = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", HELP_SOURCES)) | {"--help"}
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for span in re.findall(r"`([^`]+)`", prose):
        for option in re.findall(r"(?<!\S)--[a-z]+(?:-[a-z]+)*", span):
            assert option in known, option
    for path in re.findall(r"`((?:deploy|audio|convert)/[\w./-]+)`", text):
        assert (ROOT / path).exists() or (ROOT / "src" / "cosyvoice_lite" / path).exists(), path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["models"], 0),
        (["speak", "Hi.", "--voice", "nobody"], 1),
        (["speak", "Hi.", "--emotion", "hangry"], 1),
        (["speak", "Hi.", "--model", "nothing"], 1),
        (["speak", "。"], 1),
        (["speak", "Hi.", "--language", "tlh"], 2),
        (["speak", "Hi.", "--solver", "magic"], 2),
        (["speak", "Hi.", "--mode", "loud"], 2),
        (["speak", "Hi.", "--speed", "9"], 2),
        (["pull", "400M"], 2),
    ],
)
def test_the_exit_codes_are_as_documented(
    arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSYVOICE_LITE_MODEL", "nano")
    assert main(arguments) == code
    assert f"| {code} | " in COMMANDS


def test_the_keys_of_a_line_of_batch_are_documented() -> None:
    page = set(re.findall(r"`(\w+)`", COMMANDS.partition("## Many texts")[2]))
    assert {*re.findall(r'"(\w+)"', batch_command.DESCRIPTION)} <= page


def test_the_variables_are_documented() -> None:
    for name in (HOME_VARIABLE, MODEL_VARIABLE, CLONES_VARIABLE, MIRROR_VARIABLE):
        assert f"| `{name}` |" in COMMANDS


def test_readme_and_deployment_install_what_there_is() -> None:
    """It is not on the package index."""
    for page in (README, *(path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md"))):
        assert "install 'cosyvoice-lite" not in page
    assert "pip install '.[serve,audio]'" in README


def test_sizes_of_nano_are_told_alike() -> None:
    pages = (README, *((ROOT / "training" / n).read_text("utf-8") for n in TRAINING))
    assert all("thirtieth of" in page and "hundredth" not in page for page in pages)
    voices = Bundle.open(bundled_model()).manifest.voices
    speakers = {"_".join(name.split("_")[:2]) for name in voices}
    assert (len(speakers), len(voices)) == (7, 10)
    assert "seven speakers in ten voices" in " ".join(README.split())


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
