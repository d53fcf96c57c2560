"""What training rests on and no loss curve shows: voices apart, codes in use, noise led through."""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.model.estimator import Estimator, EstimatorConfig, start_by_passing  # noqa: E402
from training.model.speech_tokenizer import (  # noqa: E402
    CODES,
    SpeechTokenizer,
    TokenizerConfig,
    start_alike,
    to_ids,
)
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
