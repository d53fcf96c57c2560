"""P0: what the graphs declare at full size is what the official 300M checkpoint holds."""

import ast
from math import prod
from pathlib import Path

import onnx
import pytest
from benchmarks.checkpoints import SIZES, TOKENIZERS, YAML

from cosyvoice_lite.bundle import GRAPHS, Bundle
from cosyvoice_lite.config import ModelConfig
from cosyvoice_lite.convert.hyperparameters import read_hyperparameters
from cosyvoice_lite.convert.pipeline import build_graphs

GOLDEN = Path(__file__).parents[1] / "golden"

FILES = ("llm", "flow", "hift")
DIRECTION, LENGTH = "parametrizations.weight.original1", "parametrizations.weight.original0"

Shapes = dict[str, tuple[int, ...]]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> ModelConfig:
    name, size = TOKENIZERS["whisper"]
    path = tmp_path_factory.mktemp("full") / "cosyvoice.yaml"
    values = {"s": SIZES["full"], "tokenizer": name, "text_vocabulary": size}
    path.write_text(YAML.format(token_rate=50, **values), "utf-8")
    return read_hyperparameters(path)


def official(file: str) -> Shapes:
    """The committed list, weight norm folded: a direction has the shape of the weight."""
    shapes: Shapes = {}
    for line in (GOLDEN / "names" / f"keys_{file}.txt").read_text("utf-8").splitlines():
        name, shape, dtype = line.split("\t")
        assert dtype == "torch.float32"
        if not name.endswith(LENGTH):
            shapes[name.replace(DIRECTION, "weight")] = ast.literal_eval(shape)
    return shapes


@pytest.mark.parametrize("file", FILES)
def test_the_graphs_declare_exactly_the_official_tensors(file: str, full: ModelConfig) -> None:
    graphs = build_graphs(full)[f"{file}.pt"]
    declared: Shapes = {}
    for graph in graphs:
        assert not declared.keys() & graph.parameters.keys()
        declared |= {p.name: p.shape for p in graph.parameters.values()}
    expected = official(file)
    assert declared.keys() - expected.keys() == set()
    assert expected.keys() - declared.keys() == set()
    assert declared == expected


@pytest.mark.parametrize("file", FILES)
def test_every_declared_tensor_reaches_a_weight_or_a_table(file: str, full: ModelConfig) -> None:
    for graph in build_graphs(full)[f"{file}.pt"]:
        stored = [*graph.weights, *graph.tables]
        used = {source.name for tensor in stored for source in tensor.weight.sources}
        assert used == graph.parameters.keys()
        names = [tensor.name for tensor in stored]
        assert len(names) == len(set(names))


def test_the_lists_are_those_of_the_300m_model() -> None:
    millions = {f: sum(prod(shape) for shape in official(f).values()) / 1e6 for f in FILES}
    assert millions == {
        "llm": pytest.approx(310.7, abs=0.1),
        "flow": pytest.approx(104.9, abs=0.1),
        "hift": pytest.approx(20.5, abs=0.1),
    }


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_graph_is_valid_onnx_with_symbolic_lengths(graph: str, tiny_bundle: Path) -> None:
    path = Bundle.open(tiny_bundle).file(f"{graph}.onnx")
    onnx.checker.check_model(str(path))
    model = onnx.load(str(path), load_external_data=False)
    assert {opset.domain for opset in model.opset_import} <= {"", "com.microsoft"}
    for value in (*model.graph.input, *model.graph.output):
        dims = value.type.tensor_type.shape.dim
        if dims:
            assert any(dim.dim_param for dim in dims), f"{value.name} has only fixed sizes"
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            assert entry.key != "location" or entry.value == f"{graph}.weights"
