"""P5: many requests through the engine are each as the synthesizer would speak it alone."""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.config import Sampling
from cosyvoice_lite.engine import engine as engine_module
from cosyvoice_lite.engine.engine import Engine
from cosyvoice_lite.engine.request import Job, Piece, State
from cosyvoice_lite.engine.scheduler import BATCH, Limits
from cosyvoice_lite.errors import CosyError, DeadlineError, OverloadError
from cosyvoice_lite.runtime.lanes import Lanes
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer

SHORT = Sampling(max_token_text_ratio=3.0)
ONE = "Good morning."
TWO = "Good morning.\n\nHow are you today, my friend? I am well, thank you very much indeed."
MANY = " ".join(
    f"Sentence number {n} is spoken after the one before it, and is long." for n in range(6)
)
MIXED = "你好，世界。[pause:0.3s] Hello, world."


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def on_lanes(synthesizer: Synthesizer) -> Synthesizer:
    """The same bundle; two lanes of one thread, whatever this machine has."""
    wide = Synthesizer(synthesizer.bundle, threads=1)
    wide.lanes = wide.part_lanes = Lanes(threads=2)
    return wide


@pytest.fixture(params=["one lane", "two lanes"])
def engine(
    request: pytest.FixtureRequest,
    synthesizer: Synthesizer,
    on_lanes: Synthesizer,
    clock: Clock,
) -> Engine:
    return Engine(synthesizer if request.param == "one lane" else on_lanes, clock=clock)


def job(engine: Engine, text: str = ONE, seed: int = 1, **more: object) -> Job:
    plan = engine.synthesizer.plan(Request(text, seed=seed, sampling=SHORT))
    return Job(plan, **more)  # type: ignore[arg-type]


def pieces(job: Job) -> list[Piece]:
    found = []
    while (piece := job.take()) is not None:
        found.append(piece)
    return found


def run(engine: Engine, *jobs: Job, most: int = 20_000) -> None:
    """Step until there is nothing to do, taking what comes."""
    for _ in range(most):
        if not engine.step():
            return
    raise AssertionError("the engine never came to rest")


def test_requests_side_by_side_sound_as_each_alone(
    engine: Engine, synthesizer: Synthesizer
) -> None:
    texts = [ONE, TWO, MIXED, "Another one.", "안녕하세요."]
    jobs = [job(engine, text, seed) for seed, text in enumerate(texts)]
    batches: list[float] = []
    engine.on_batch = lambda stage, n: batches.append(n)
    for one in jobs:
        engine.add(one)
    run(engine, *jobs)
    assert max(batches) == synthesizer.memory.n_slots
    for seed, (text, one) in enumerate(zip(texts, jobs, strict=True)):
        assert one.state is State.FINISHED
        ours = Audio.concat(piece.audio for piece in pieces(one))
        alone = synthesizer.speak(text, seed=seed, sampling=SHORT)
        np.testing.assert_allclose(ours.samples, alone.samples, atol=2e-3)
    assert engine.work_s == 0.0
    assert engine.depth() == {"interactive": 0, "batch": 0}


def test_a_request_that_comes_later_joins_those_being_decoded(
    engine: Engine, synthesizer: Synthesizer
) -> None:
    first, second = job(engine, TWO), job(engine, ONE, seed=7)
    engine.add(first)
    for _ in range(5):
        engine.step()
    engine.add(second)
    engine.step()
    assert engine.slots is not None
    assert len(engine.slots.running) > 1
    run(engine)
    ours = Audio.concat(piece.audio for piece in pieces(second))
    alone = synthesizer.speak(ONE, seed=7, sampling=SHORT)
    np.testing.assert_allclose(ours.samples, alone.samples, atol=2e-3)


def test_pieces_come_in_order_as_they_are_ready(engine: Engine) -> None:
    one = job(engine, MANY)
    engine.add(one)
    seen: list[int] = []
    while engine.step():
        for piece in pieces(one):
            seen.append(piece.index)
            assert len(seen) <= one.n_begun
    assert seen == list(range(len(one.utterances)))
    assert len(seen) > 2


LONGER = Sampling(min_token_text_ratio=9.0, max_token_text_ratio=9.0)


def test_chunks_come_while_a_sentence_is_decoded_and_join_as_a_stream_does(
    engine: Engine, synthesizer: Synthesizer
) -> None:
    text = "[pause:0.2s]" + TWO + "[pause:0.1s]"
    plan = synthesizer.plan(Request(text, seed=1, sampling=LONGER))
    one, other = Job(plan, in_chunks=True), job(engine, ONE, seed=2)
    engine.add(one)
    engine.add(other)
    heard: list[Piece] = []
    n_early = 0
    while engine.step():
        found = pieces(one)
        n_early += sum(w.job is one and w.index == p.index for p in found
                       for w in engine.decoding.values())  # fmt: skip
        heard += found
    assert n_early >= 1
    assert one.state is other.state is State.FINISHED
    assert one.n_taken == len(plan) < len(heard)
    ours = Audio.concat(piece.audio for piece in heard)
    alone = Audio.concat(synthesizer.stream(text, seed=1, sampling=LONGER))
    np.testing.assert_allclose(ours.samples, alone.samples, atol=2e-3)
    said = [piece.said for piece in heard if piece.said is not None]
    assert sum(s.duration_s for s in said) == pytest.approx(ours.duration_s)
    assert 0.2 <= said[0].cue.start_s < 0.3
    assert said[-1].duration_s - 0.2 < said[-1].cue.end_s <= said[-1].duration_s - 0.1


def test_another_speed_is_spoken_whole(engine: Engine, synthesizer: Synthesizer) -> None:
    plan = synthesizer.plan(Request(TWO, seed=1, sampling=LONGER, speed=1.5))
    one = Job(plan, in_chunks=True)
    engine.add(one)
    run(engine)
    assert len(pieces(one)) == len(plan)


def test_who_does_not_listen_is_not_spoken_to(engine: Engine) -> None:
    one = job(engine, MANY, max_ahead=2)
    assert len(one.utterances) > 2
    engine.add(one)
    run(engine)
    assert one.n_begun == 2
    assert not one.is_over
    while not one.is_over:
        assert one.take() is not None
        run(engine)
    assert one.state is State.FINISHED


def test_a_cancelled_request_costs_nothing_more_after_one_step(engine: Engine) -> None:
    gone, stays = job(engine, TWO), job(engine, ONE, seed=2)
    engine.add(gone)
    engine.add(stays)
    engine.step()
    assert engine.slots is not None
    tokens = [w.sentence for w in engine.decoding.values() if w.job is gone]
    assert tokens
    counts = [len(s.tokens) for s in tokens]
    gone.cancel()
    engine.step()
    assert [len(s.tokens) for s in tokens] == counts
    assert all(s not in engine.slots.running for s in tokens)
    run(engine)
    assert (gone.state, stays.state) == (State.CANCELLED, State.FINISHED)
    assert gone.take() is None


def test_a_cancelled_request_leaves_the_flow_within_one_step(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, flow = job(engine), engine.synthesizer.flow
    evaluations = 0
    velocities = flow.velocities

    def leaving(*arguments: object) -> object:
        nonlocal evaluations
        evaluations += 1
        one.cancel()
        return velocities(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(flow, "velocities", leaving)
    engine.add(one)
    run(engine)
    assert one.state is State.CANCELLED
    assert evaluations == 1


def test_a_deadline_ends_a_request_wherever_it_is(engine: Engine, clock: Clock) -> None:
    waiting, running = job(engine, deadline=5.0), job(engine, TWO, deadline=50.0)
    engine.add(running)
    engine.step()
    engine.add(waiting)
    clock.now = 10.0
    engine.step()
    with pytest.raises(DeadlineError):
        waiting.take()
    clock.now = 60.0
    run(engine)
    assert running.state is State.FAILED
    assert engine.slots is not None
    assert not engine.slots.running


def test_an_error_of_one_request_is_its_own(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthesizer = engine.synthesizer
    bad, good = job(engine), job(engine, seed=2)
    voiced = synthesizer.voiced

    def failing(utterance: object, *more: object) -> Audio:
        if utterance is bad.utterances[0]:
            raise ZeroDivisionError("never seen by a client")
        return voiced(utterance, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(synthesizer, "voiced", failing)
    engine.add(bad)
    engine.add(good)
    run(engine)
    with pytest.raises(CosyError, match="internal error: ZeroDivisionError"):
        bad.take()
    assert good.state is State.FINISHED


def test_a_fault_while_decoding_fails_those_decoded_and_no_later_one(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = [job(engine, seed=seed) for seed in range(2)]
    for one in bad:
        engine.add(one)
    engine.step()
    assert engine.slots is not None
    monkeypatch.setattr(engine.slots.decoder, "step", lambda tokens: 1 / 0)
    engine.step()
    assert [one.state for one in bad] == [State.FAILED] * 2
    after = job(engine)
    engine.add(after)
    run(engine)
    assert after.state is State.FINISHED


def test_a_sentence_too_long_for_the_slots_waits_until_they_are_free(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "SMALLEST_CAPACITY", 64)
    encoded: list[int] = []
    sentence: Callable[..., object] = engine.synthesizer.sentence
    monkeypatch.setattr(
        engine.synthesizer, "sentence", lambda u: (encoded.append(1), sentence(u))[1]
    )
    short, long = job(engine), job(engine, "A much longer sentence, which needs a lot more room.")
    engine.add(short)
    engine.step()
    assert engine.slots is not None
    before = engine.slots.capacity
    engine.add(long)
    run(engine)
    assert (short.state, long.state) == (State.FINISHED, State.FINISHED)
    assert engine.slots.capacity > before
    assert len(encoded) == 2


def test_what_is_finished_for_a_person_goes_before_batch_work(
    synthesizer: Synthesizer, clock: Clock
) -> None:
    engine = Engine(synthesizer, clock=clock)
    batch, talk = job(engine, priority=BATCH), job(engine, seed=1)
    engine.add(batch)
    engine.add(talk)
    done: list[Job] = []
    while engine.step():
        done += [one for one in (batch, talk) if one.is_over and one not in done]
    assert done == [talk, batch]


def test_no_room_is_said_at_once(synthesizer: Synthesizer) -> None:
    engine = Engine(synthesizer, Limits(n_requests=1))
    engine.add(job(engine))
    with pytest.raises(OverloadError, match="queue is full"):
        engine.add(job(engine))
    engine.stop(CosyError("shut down"))
    assert engine.jobs == []


def test_predictions_come_near_what_is_measured(engine: Engine) -> None:
    for seed in range(6):
        engine.add(job(engine, TWO, seed))
    run(engine)
    one = job(engine, TWO, 9)
    engine.add(one)
    predicted = sum(engine.estimator.audio_s(u) for u in one.utterances)
    run(engine)
    spoken = sum(piece.audio.duration_s for piece in pieces(one))
    assert predicted == pytest.approx(spoken, rel=0.3)


def test_a_sentence_without_speech_is_silence(engine: Engine) -> None:
    plan = engine.synthesizer.plan(Request(ONE, seed=1, sampling=SHORT))
    mute = Sampling(min_token_text_ratio=0, max_token_text_ratio=0)
    one = Job([replace(u, sampling=mute) for u in plan])
    engine.add(one)
    run(engine)
    assert one.state is State.FINISHED
    assert [piece.audio.samples.size for piece in pieces(one)] == [0]


def test_utterances_of_two_requests_are_spoken_at_once(
    on_lanes: Synthesizer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, together = Engine(on_lanes, clock=clock), threading.Barrier(2, timeout=10)
    monkeypatch.setattr(on_lanes, "mel", lambda *more: (together.wait(), mel(*more))[1])
    mel = Synthesizer.mel.__get__(on_lanes)
    both = [job(engine), job(engine, seed=2)]
    for one in both:
        engine.add(one)
    run(engine)
    assert [one.state for one in both] == [State.FINISHED] * 2


def test_a_lone_request_has_all_lanes(
    on_lanes: Synthesizer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, free = Engine(on_lanes, clock=clock), list[int]()
    monkeypatch.setattr(on_lanes, "mel", lambda *more: (free.append(lanes.n_free), mel(*more))[1])
    lanes, mel = on_lanes.lanes, Synthesizer.mel.__get__(on_lanes)
    engine.add(job(engine, TWO))
    run(engine)
    assert set(free) == {2}


def test_what_a_lane_speaks_for_nobody_is_dropped(on_lanes: Synthesizer, clock: Clock) -> None:
    engine = Engine(on_lanes, clock=clock)
    left, stays = job(engine), job(engine, seed=2)
    for one in (left, stays):
        engine.add(one)
    while not engine.speakers.busy:
        engine.step()
    next(iter(engine.speakers.busy.values())).job.cancel()
    run(engine)
    assert {left.state, stays.state} == {State.CANCELLED, State.FINISHED}
    assert not engine.speakers.busy
    assert engine.work_s == 0.0
