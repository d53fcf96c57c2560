"""How long speech is predicted to last: the same seconds that are heard, at any speed and rate."""

from dataclasses import replace

import pytest

from cosyvoice_lite.cli.output import check_whole
from cosyvoice_lite.config import Sampling
from cosyvoice_lite.engine.estimate import Estimator
from cosyvoice_lite.runtime import memory
from cosyvoice_lite.runtime.memory import MAX_SPEECH_TOKENS
from cosyvoice_lite.runtime.request import Request, Utterance
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.runtime.timing import pauses_s, predicted_speech_s

TEXT = "Good morning to all of you, my friends."


@pytest.fixture
def estimator(synthesizer: Synthesizer) -> Estimator:
    return Estimator(synthesizer.bundle.manifest.model.token_rate)


@pytest.fixture
def plain(synthesizer: Synthesizer) -> Utterance:
    (utterance,) = synthesizer.plan(Request(TEXT, seed=1))
    return utterance


def quick(synthesizer: Synthesizer) -> Utterance:
    """At twice the rate of a text that is asked for at half the speed, after a second's pause."""
    text = f'<speak><break time="1s"/><prosody rate="200%">{TEXT}</prosody></speak>'
    (utterance,) = synthesizer.plan(Request(text, seed=1, speed=0.5))
    assert (utterance.segment.prosody.rate, utterance.speed) == (2.0, 1.0)
    return utterance


def test_a_rate_counts_once_and_a_pause_lasts(
    estimator: Estimator, plain: Utterance, synthesizer: Synthesizer
) -> None:
    same = quick(synthesizer)
    assert pauses_s(same) == 1.0
    assert predicted_speech_s(same) == pytest.approx(predicted_speech_s(plain))
    assert estimator.audio_s(same) == pytest.approx(estimator.audio_s(plain) + 1.0)
    faster = replace(same, speed=4.0)
    assert estimator.audio_s(faster) == pytest.approx(estimator.audio_s(plain) / 4 + 1.0)


def test_the_command_line_predicts_the_same(
    estimator: Estimator,
    plain: Utterance,
    synthesizer: Synthesizer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[float] = []
    monkeypatch.setattr(memory, "check_whole", lambda sizes, budget, s: told.append(s))
    check_whole(synthesizer, [plain, quick(synthesizer)], 0)
    assert told == [pytest.approx(2 * estimator.audio_s(plain) + 1.0)]


def test_pauses_teach_nothing_of_how_fast_one_speaks(
    estimator: Estimator, plain: Utterance, synthesizer: Synthesizer
) -> None:
    same = quick(synthesizer)
    estimator.observe(same, 1.5 * predicted_speech_s(same) + 1.0, 1.0)
    assert estimator.stretch == pytest.approx(1.5)
    assert estimator.audio_s(plain) == pytest.approx(1.5 * predicted_speech_s(plain))


def test_what_must_be_long_is_predicted_to_be_and_is_no_measure_of_others(
    estimator: Estimator, plain: Utterance
) -> None:
    usual_s, rate = estimator.audio_s(plain), estimator.token_rate
    n_text = len(plain.segment.token_ids)
    forced = replace(plain, sampling=Sampling(min_token_text_ratio=30, max_token_text_ratio=30))
    assert estimator.audio_s(forced) == pytest.approx(30 * n_text / rate)
    assert estimator.demand([forced]).work_s == pytest.approx(30 * n_text / rate)
    estimator.observe(forced, 30 * n_text / rate, 1.0)
    assert estimator.audio_s(plain) == pytest.approx(usual_s)
    most = replace(plain, sampling=Sampling(min_token_text_ratio=1000, max_token_text_ratio=1000))
    assert estimator.audio_s(most) == pytest.approx(MAX_SPEECH_TOKENS / rate)
