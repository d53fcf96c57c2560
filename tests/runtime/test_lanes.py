"""P5: lanes change when work is done, not what comes of it."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from cosyvoice_lite.config import Sampling
from cosyvoice_lite.runtime.cfm import SOLVERS
from cosyvoice_lite.runtime.lanes import SMALL, Lanes
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.runtime.vocoder import SHORTEST_WINDOW

SHORT = Sampling(max_token_text_ratio=3.0)
TEXT = "Good morning."


@pytest.fixture
def lanes() -> Lanes:
    return Lanes(threads=2, n_bytes=0)


@pytest.mark.parametrize(
    ("threads", "n_bytes", "n", "each"),
    [(1, 0, 1, 1), (2, 0, 2, 1), (8, SMALL, 2, 4), (5, 0, 2, 2), (8, SMALL + 1, 1, 8)],
)
def test_cores_are_shared_out_for_small_networks(
    threads: int, n_bytes: int, n: int, each: int
) -> None:
    lanes = Lanes(threads, n_bytes)
    assert (lanes.n, lanes.threads) == (n, each)


def test_two_are_at_work_at_once_and_answer_in_order(lanes: Lanes) -> None:
    together = threading.Barrier(2, timeout=10)
    assert list(lanes.map(lambda x: (together.wait(), 10 * x)[1], [1, 2, 3, 4])) == [10, 20, 30, 40]


def test_one_item_leaves_the_lanes_to_its_parts(lanes: Lanes) -> None:
    assert list(lanes.map(lambda _: lanes.n_free, [0])) == [2]


def test_work_in_a_lane_does_not_wait_for_another(lanes: Lanes) -> None:
    def work(item: int) -> list[int]:
        assert lanes.n_free == 1
        return list(lanes.map(lambda part: part * item, [1, 2, 3]))

    assert list(lanes.map(work, [1, 2])) == [[1, 2, 3], [2, 4, 6]]


def test_an_error_comes_to_who_asked(lanes: Lanes) -> None:
    with pytest.raises(ZeroDivisionError):
        list(lanes.map(lambda x: 1 // x, [1, 0]))


def on_two_lanes(synthesizer: Synthesizer) -> Synthesizer:
    """The same bundle; two lanes of one thread, whatever this machine has."""
    wide = Synthesizer(synthesizer.bundle, threads=1)
    wide.lanes = Lanes(threads=2, n_bytes=0)
    return wide


def test_speech_is_the_same_on_one_lane(synthesizer: Synthesizer) -> None:
    assert synthesizer.lanes.n == 1
    wide = on_two_lanes(synthesizer)
    utterances = wide.plan(Request(f"{TEXT}\n\n{TEXT} {TEXT}", seed=3, sampling=SHORT))
    utterances = [replace(u, solver=SOLVERS["balanced"]) for u in utterances]
    assert len(utterances) > 1
    for group in (utterances[:1], utterances):
        ours, expected = (list(s.utter_group(group)) for s in (wide, synthesizer))
        for one, other in zip(ours, expected, strict=True):
            # sums in another order, carried through the steps of the flow
            np.testing.assert_allclose(one.samples, other.samples, atol=2e-3)


def test_every_lane_has_as_many_windows(synthesizer: Synthesizer) -> None:
    vocoder = on_two_lanes(synthesizer).vocoder
    whole = vocoder.window_frames
    assert vocoder._n_windows(2 * SHORTEST_WINDOW - 1) == 1
    assert vocoder._n_windows(2 * SHORTEST_WINDOW) == 2
    assert vocoder._n_windows(3 * whole) == 4
