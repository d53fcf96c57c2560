"""P5: lanes change when work is done, not what comes of it."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cosyvoice_lite.config import Sampling
from cosyvoice_lite.runtime import stages
from cosyvoice_lite.runtime.cfm import SOLVERS
from cosyvoice_lite.runtime.flow import Flow
from cosyvoice_lite.runtime.lanes import Lanes
from cosyvoice_lite.runtime.memory import MemoryPlan
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.stages import Stages, shared_out
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.runtime.vocoder import CONTEXT_FRAMES, SHORTEST_WINDOW, Vocoder

SHORT = Sampling(max_token_text_ratio=3.0)
TEXT = "Good morning."


@pytest.fixture
def lanes() -> Lanes:
    return Lanes(threads=2)


@pytest.mark.parametrize(
    ("threads", "divided", "n", "each"),
    [(1, True, 1, 1), (2, True, 2, 1), (8, True, 2, 4), (5, True, 2, 2), (8, False, 1, 8)],
)
def test_cores_are_shared_out(threads: int, divided: bool, n: int, each: int) -> None:
    lanes = Lanes(threads, divided=divided)
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
    wide.lanes, wide.part_lanes = shared_out(2, synthesizer.bundle)
    return wide


def test_only_the_parts_of_an_utterance_of_a_large_model_are_divided(
    synthesizer: Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanes, part_lanes = shared_out(2, synthesizer.bundle)
    assert lanes is part_lanes
    assert lanes.n == 2
    monkeypatch.setattr(stages, "SMALL", 0)
    for threads, n_flow, each in ((1, 1, 1), (2, 2, 1), (3, 1, 3), (8, 2, 4)):
        lanes, part_lanes = shared_out(threads, synthesizer.bundle)
        assert (lanes.n, lanes.threads) == (1, threads)
        assert (part_lanes.n, part_lanes.threads) == (n_flow, each)


@pytest.mark.parametrize("is_large", [False, True])
def test_speech_is_the_same_on_one_lane(
    synthesizer: Synthesizer, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    assert synthesizer.lanes.n == 1
    if is_large:
        monkeypatch.setattr(stages, "SMALL", 0)
    wide = on_two_lanes(synthesizer)
    assert (wide.lanes.n, wide.part_lanes.n) == (1 if is_large else 2, 2)
    utterances = wide.plan(Request(f"{TEXT}\n\n{TEXT} {TEXT}", seed=3, sampling=SHORT))
    utterances = [replace(u, solver=SOLVERS["balanced"]) for u in utterances]
    assert len(utterances) > 1
    for group in (utterances[:1], utterances):
        ours, expected = (list(s.utter_group(group)) for s in (wide, synthesizer))
        for one, other in zip(ours, expected, strict=True):
            # sums in another order, carried through the steps of the flow
            np.testing.assert_allclose(one.samples, other.samples, atol=2e-3)


def test_lanes_of_one_utterance_share_a_large_vocoder_s_window(synthesizer: Synthesizer) -> None:
    vocoder = on_two_lanes(synthesizer).vocoder
    n_frames = 2 * vocoder.window_frames
    assert vocoder._n_windows(n_frames) == 2
    vocoder.is_large = True
    n_windows = vocoder._n_windows(n_frames)
    assert n_windows == 6
    at_once = 2 * (n_frames / n_windows + 2 * CONTEXT_FRAMES)
    assert at_once <= vocoder.window_frames + 2 * CONTEXT_FRAMES
    assert list(vocoder.lanes.map(lambda _: vocoder._n_windows(n_frames), [0, 1])) == [2, 2]


def test_every_lane_has_as_many_windows(synthesizer: Synthesizer) -> None:
    vocoder = on_two_lanes(synthesizer).vocoder
    whole = vocoder.window_frames
    assert vocoder._n_windows(2 * SHORTEST_WINDOW - 1) == 1
    assert vocoder._n_windows(2 * SHORTEST_WINDOW) == 2
    assert vocoder._n_windows(3 * whole) == 4


class Unlocked:
    """`functools.cached_property` as it is since Python 3.12, without a lock, and slow to load."""

    def __init__(self, name: str, load: Callable[[Any], Any]) -> None:
        self.name, self.load, self.n_loads = name, load, 0

    def __get__(self, holder: Any, owner: type) -> Any:
        if self.name not in holder.__dict__:
            self.n_loads += 1
            time.sleep(0.05)
            holder.__dict__[self.name] = self.load(holder)
        return holder.__dict__[self.name]


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Unlocked]:
    """What lanes use, counting how often each was loaded."""
    made = {}
    for owner, name in (
        (Stages, "flow"),
        (Stages, "vocoder"),
        (Flow, "unet"),
        (Vocoder, "f0_predictor"),
        (Vocoder, "filter"),
    ):
        made[name] = Unlocked(name, vars(owner)[name].func)
        monkeypatch.setattr(owner, name, made[name])
    return made


def test_lanes_of_utterances_do_not_load_a_graph_twice(
    synthesizer: Synthesizer, unlocked: dict[str, Unlocked]
) -> None:
    for plan in (MemoryPlan(), MemoryPlan(staged=True)):
        wide = Synthesizer(synthesizer.bundle, 1, plan)
        wide.lanes = wide.part_lanes = Lanes(threads=2)
        # not as `load` would, which takes one after the other
        wide.load = lambda: None  # type: ignore[method-assign]
        utterances = wide.plan(Request(f"{TEXT}\n\n{TEXT} {TEXT}", seed=3, sampling=SHORT))
        assert len(list(wide.utter_group(utterances))) > 1
        assert {name: u.n_loads for name, u in unlocked.items()} == dict.fromkeys(unlocked, 1)
        for u in unlocked.values():
            u.n_loads = 0


def test_lanes_of_one_utterance_do_not_load_a_graph_twice(
    synthesizer: Synthesizer, unlocked: dict[str, Unlocked]
) -> None:
    wide = on_two_lanes(synthesizer)
    n, n_mels = 2 * SHORTEST_WINDOW, wide.flow.config.flow.n_mels
    frames, speakers = np.zeros((2, n_mels, n), np.float32), np.zeros((2, n_mels), np.float32)
    wide.flow.velocities(frames[0], np.float32(0), frames, speakers, frames)
    wide.vocoder.filtered(frames[0], np.zeros(n * 256, np.float32))
    assert (unlocked["unet"].n_loads, unlocked["filter"].n_loads) == (1, 1)
