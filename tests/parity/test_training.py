"""What training rests on and no loss curve shows: voices apart, codes in use, noise led through."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.convert.hyperparameters import read_hyperparameters
from cosyvoice_lite.convert.pipeline import build_graphs
from cosyvoice_lite.graphs.builder import GraphBuilder
from cosyvoice_lite.graphs.lm import _folded_input_layer

torch = pytest.importorskip("torch")

from training.model.estimator import Estimator, EstimatorConfig, start_by_passing  # noqa: E402
from training.model.speech_tokenizer import (  # noqa: E402
    CODES,
    SpeechTokenizer,
    TokenizerConfig,
    start_alike,
    to_ids,
)
from training.restore import FOLDED, undo, unfold  # noqa: E402
from training.speakers import SPEAKERS, embedding  # noqa: E402


def test_no_two_voices_share_a_vector() -> None:
    for a, b in itertools.combinations(SPEAKERS.values(), 2):
        alike = float(embedding(a.name) @ embedding(b.name))
        assert alike < (0.95 if a.person == b.person else 0.5), (a.name, b.name)


def test_codes_are_used_evenly_whatever_the_scale_of_what_is_coded() -> None:
    torch.manual_seed(0)
    tokenizer = SpeechTokenizer(TokenizerConfig(symbols=8, channels=32)).train()
    with torch.no_grad():
        tokenizer.to_code.weight *= 100  # what made tanh run to the ends of its range
        ids = to_ids(tokenizer.encode(torch.randn(8, 80, 344), 100))
    assert int(ids.max()) < CODES
    digits = ids[..., None] // 5 ** torch.arange(5) % 5
    shares = torch.stack([(digits == level).float().mean((0, 1)) for level in range(5)])
    assert float(shares.min()) > 0.1


def test_codes_of_one_digit_apart_begin_more_alike_than_others() -> None:
    torch.manual_seed(0)
    table = torch.randn(CODES + 1, 64)
    end = table[-1].clone()
    start_alike(table)
    near, far = (table[0] - table[1]).norm(), (table[0] - table[CODES - 1]).norm()
    assert near < 0.6 * far
    assert torch.equal(table[-1], end)


def test_noise_comes_out_of_a_new_estimator() -> None:
    torch.manual_seed(0)
    estimator = Estimator(EstimatorConfig((128, 128), attention_head_dim=32, num_heads=4))
    start_by_passing(estimator)
    noise, nothing = torch.randn(1, 80, 120), torch.zeros(1, 80, 120)
    with torch.no_grad():
        velocity = estimator(
            noise, nothing[:, :1] + 1, nothing, torch.zeros(1), nothing[..., 0], nothing
        )
    assert np.corrcoef(noise.flatten(), velocity.flatten())[0, 1] < -0.8


GOLDEN = Path(__file__).parents[1] / "golden" / "small"
GRAPHS = [
    graph
    for group in build_graphs(read_hyperparameters(GOLDEN / "cosyvoice.yaml")).values()
    for graph in group
]


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.name)
def test_what_a_bundle_keeps_gives_a_checkpoint_that_makes_the_same(graph: GraphBuilder) -> None:
    rng = np.random.default_rng(0)
    true = {name: rng.uniform(0.5, 1, p.shape) for name, p in graph.parameters.items()}
    stored = dict.fromkeys(t.weight for t in [*graph.weights, *graph.tables])
    weights = [weight for weight in stored if weight.name not in FOLDED]
    values = [weight.compute(*(true[p.name] for p in weight.sources)) for weight in weights]
    state: dict[str, np.ndarray] = {}
    for weight, value in zip(weights, values, strict=True):
        undo(weight, value, state)
    assert state.keys() == {p.name for weight in weights for p in weight.sources}
    for weight, value in zip(weights, values, strict=True):
        again = weight.compute(*(state[p.name] for p in weight.sources))
        np.testing.assert_allclose(again, value, rtol=1e-5, err_msg=weight.name)


def test_embeddings_are_found_behind_the_input_layer() -> None:
    rng = np.random.default_rng(0)
    d = 32
    state = {
        "llm.embed.out.0.weight": rng.standard_normal((d, d)).astype(np.float32) / d**0.5,
        "llm.embed.out.0.bias": rng.standard_normal(d).astype(np.float32) / 4,
        "llm.embed.out.1.weight": rng.uniform(0.5, 1.5, d).astype(np.float32),
        "llm.embed.out.1.bias": rng.standard_normal(d).astype(np.float32) / 4,
    }
    fold = [np.asarray(part) for part in state.values()]
    true = rng.standard_normal((7, d)).astype(np.float32)
    rows = _folded_input_layer(true, *fold)
    found = _folded_input_layer(unfold(rows, state), *fold)
    assert np.square(found - rows).mean() < 1e-3 * np.square(rows).mean()
