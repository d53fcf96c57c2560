"""Sampling: who can be drawn, how often, and that repetitions are broken."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosyvoice_lite.config import Sampling
from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.runtime.sampling import (
    draw,
    draw_from_nucleus,
    log_softmax,
    sample,
    softmax,
)
from oracles import Array

logit_rows = st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=60)


def nucleus(p: Array, top_p: float, top_k: int) -> set[int]:
    """The definition: go down from the likeliest until top_p is reached or top_k are taken."""
    chosen: set[int] = set()
    reached = 0.0
    for token in sorted(range(len(p)), key=lambda i: (-p[i], i)):
        if chosen and (reached >= top_p or len(chosen) >= top_k):
            break
        chosen.add(token)
        reached += p[token]
    return chosen


@settings(deadline=None)
@given(logits=logit_rows, top_p=st.floats(0, 1), top_k=st.integers(1, 70), seed=st.integers(0, 9))
def test_only_the_nucleus_is_drawn_from(
    logits: list[float], top_p: float, top_k: int, seed: int
) -> None:
    p = softmax(np.array(logits, np.float32))
    rng = np.random.default_rng(seed)
    allowed = nucleus(p, top_p, top_k) | nucleus(p, top_p + 1e-9, top_k)
    assert draw_from_nucleus(p, top_p, top_k, rng) in allowed


@settings(deadline=None)
@given(logits=logit_rows, seed=st.integers(0, 9))
def test_what_is_forbidden_is_never_drawn(logits: list[float], seed: int) -> None:
    row = np.array([*logits, -np.inf, -np.inf], np.float32)
    rng = np.random.default_rng(seed)
    for config in (Sampling(), Sampling(top_k=1000, top_p=1.0), Sampling(max_repetition=0.0)):
        if config.max_repetition == 0 and len(logits) == 1:
            continue  # the only one would be struck out
        assert sample(row, [], config, rng) < len(logits)


@settings(deadline=None)
@given(logits=logit_rows)
def test_softmax_sums_to_one_and_log_softmax_is_its_logarithm(logits: list[float]) -> None:
    row = np.array(logits, np.float32)
    assert softmax(row).sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(np.exp(np.float64(log_softmax(row))), softmax(row), atol=2e-6)


def test_the_nucleus_keeps_its_proportions() -> None:
    """Chi-square of 20,000 draws against the nucleus of five tokens, renormalised."""
    p = np.array([0.05, 0.4, 0.2, 0.1, 0.15, 0.1])
    rng = np.random.default_rng(1)
    counts = np.zeros(6)
    for _ in range(20_000):
        counts[draw_from_nucleus(p, 0.86, 25, rng)] += 1
    inside = np.array([1, 2, 3, 4, 5])  # 0.4 + 0.2 + 0.15 + 0.1 = 0.85 is not enough yet
    assert counts[0] == 0
    expected = 20_000 * p[inside] / p[inside].sum()
    chi_square = ((counts[inside] - expected) ** 2 / expected).sum()
    assert chi_square < 18.5  # 99.9 % of honest dice, 4 degrees of freedom


def test_plain_draws_keep_all_proportions() -> None:
    weights = np.array([3.0, 0.0, 1.0, 6.0])
    rng = np.random.default_rng(2)
    counts = np.bincount([draw(weights, rng) for _ in range(20_000)], minlength=4)
    expected = 20_000 * weights / weights.sum()
    assert counts[1] == 0
    kept = expected > 0
    assert ((counts - expected)[kept] ** 2 / expected[kept]).sum() < 13.8


def test_ties_prefer_the_lower_id() -> None:
    p = np.full(50, 0.02)
    drawn = {draw_from_nucleus(p, 1.0, 3, np.random.default_rng(i)) for i in range(60)}
    assert drawn == {0, 1, 2}


def test_a_token_said_too_often_is_struck_out() -> None:
    """Window 10, rate 0.1: a token that stands in the last ten once is replaced."""
    logits = np.zeros(50, np.float32)
    logits[7] = 50.0
    config, rng = Sampling(), np.random.default_rng(3)
    assert sample(logits, [], config, rng) == 7
    assert sample(logits, [7, *range(10, 20)], config, rng) == 7  # eleven ago: forgotten
    for history in ([7], [7, *range(10, 19)], [7] * 30):
        assert all(sample(logits, history, config, rng) != 7 for _ in range(50))
    lenient = Sampling(max_repetition=0.3)
    assert sample(logits, [7, 7], lenient, rng) == 7
    assert sample(logits, [7, 7, 7], lenient, rng) != 7


def test_the_replacement_is_drawn_from_all_the_others() -> None:
    logits = np.zeros(40, np.float32)
    logits[7] = 50.0
    config, rng = Sampling(top_k=2), np.random.default_rng(4)
    drawn = {sample(logits, [7], config, rng) for _ in range(800)}
    assert drawn == set(range(40)) - {7}


def test_sampling_leaves_the_logits_as_they_were() -> None:
    logits = np.zeros(9, np.float32)
    logits[3] = 9.0
    before = logits.copy()
    sample(logits, [3, 3], Sampling(), np.random.default_rng(0))
    assert np.array_equal(logits, before)


@pytest.mark.parametrize(
    "wrong",
    [
        {"top_p": -0.1},
        {"top_p": 1.1},
        {"top_p": float("nan")},
        {"top_k": 0},
        {"window": -1},
        {"max_repetition": -1.0},
        {"max_repetition": float("nan")},
        {"min_token_text_ratio": 3.0, "max_token_text_ratio": 2.0},
        {"max_token_text_ratio": float("inf")},
        {"min_token_text_ratio": float("nan")},
    ],
)
def test_a_setting_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="sampling"):
        Sampling(**wrong)  # type: ignore[arg-type]
