"""P5: many requests through the engine are each as the synthesizer would speak it alone."""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from driving import MANY, MIXED, ONE, SHORT, TWO, Clock, job, pieces, run

from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.config import Sampling
from cosyvoice_lite.engine import engine as engine_module
from cosyvoice_lite.engine.engine import Engine
from cosyvoice_lite.engine.request import Job, Piece, State
from cosyvoice_lite.engine.scheduler import BATCH
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer


def test_requests_side_by_side_sound_as_each_alone(
    engine: Engine, synthesizer: Synthesizer
) -> None:
    texts = [ONE, TWO, MIXED, "Another one.", "안녕하세요."]
    jobs = [job(engine, text, seed) for seed, text in enumerate(texts)]
    batches: list[float] = []
    engine.on_batch = lambda stage, n: batches.append(n)
    for one in jobs:
        engine.add(one)
    run(engine)
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
