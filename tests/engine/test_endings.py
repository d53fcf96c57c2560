"""Requests that end early, or fail: each by itself, at once, and the engine goes on."""

import pytest
from driving import MANY, ONE, TWO, Clock, job, run

from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.engine.engine import Engine
from cosyvoice_lite.engine.request import State
from cosyvoice_lite.engine.scheduler import Limits
from cosyvoice_lite.errors import CosyError, DeadlineError, OverloadError
from cosyvoice_lite.runtime.synthesizer import Synthesizer


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


def test_no_room_is_said_at_once(synthesizer: Synthesizer) -> None:
    engine = Engine(synthesizer, Limits(n_requests=1))
    engine.add(job(engine))
    with pytest.raises(OverloadError, match="queue is full"):
        engine.add(job(engine))
    engine.stop(CosyError("shut down"))
    assert engine.jobs == []


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
