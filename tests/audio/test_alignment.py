"""Words are found in sound by loudness and brightness: what is known to be there is found there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cosyvoice_lite.audio.alignment import LONGEST, SOUNDS, STEP_S, align

RATE = 22050
RNG = np.random.default_rng(0)


def buzz(seconds: float, rate: int = RATE) -> NDArray[np.float32]:
    """Like a vowel: loud, and dull."""
    t = np.arange(round(seconds * rate)) / rate
    return (0.1 * sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 12))).astype(np.float32)


def hiss(seconds: float, rate: int = RATE) -> NDArray[np.float32]:
    """Like an s: bright, and less loud."""
    noise = np.diff(RNG.standard_normal(round(seconds * rate) + 1))
    return (0.01 * noise).astype(np.float32)


def silence(seconds: float, rate: int = RATE) -> NDArray[np.float32]:
    return np.zeros(round(seconds * rate), np.float32)


def joined(*parts: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate(parts)


@pytest.mark.parametrize("rate", [16000, 22050, 24000])
def test_words_are_found_where_they_are(rate: int) -> None:
    speech = joined(buzz(0.12, rate), hiss(0.1, rate), buzz(0.24, rate), hiss(0.1, rate))
    found = align(speech, rate, [("vowel",), ("hiss", "vowel"), ("hiss",)], [False] * 3)
    assert found is not None
    assert np.array(found) == pytest.approx(
        np.array([(0.0, 0.12), (0.12, 0.46), (0.46, 0.56)]), abs=0.03
    )


def test_silence_belongs_to_no_word() -> None:
    speech = joined(buzz(0.3), silence(0.4), buzz(0.3), buzz(0.3))
    words = [("vowel", "hum", "vowel")] * 3
    found = align(speech, RATE, words, [True, False, False])
    assert found is not None
    (_, first_ends), (second_begins, second_ends), (third_begins, _) = found
    assert first_ends == pytest.approx(0.3, abs=0.04)
    assert second_begins == pytest.approx(0.7, abs=0.04)
    assert second_ends == third_begins


def test_slow_speech_is_stretched_speech() -> None:
    """All durations have one factor: the share of each word stays."""
    words = [("vowel", "hum"), ("long", "vowel", "long", "hum")]
    for factor in (1, 3):
        found = align(buzz(0.65 * factor), RATE, words, [False, False])
        assert found is not None
        assert found[0][1] == pytest.approx(0.175 * factor, abs=0.06 * factor)


def test_where_there_is_no_room_nothing_is_claimed() -> None:
    assert align(buzz(0.05), RATE, [("vowel",)] * 9, [False] * 9) is None
    assert align(silence(0.0), RATE, [("vowel",)], [False]) is None
    assert align(buzz(1.0), RATE, [], []) is None


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.sampled_from(sorted(SOUNDS)), min_size=1, max_size=4), max_size=12),
    st.lists(st.tuples(st.sampled_from("bhs"), st.floats(0.0, 0.8)), max_size=6),
)
def test_whatever_is_heard_words_stay_in_order(
    words: list[list[str]], parts: list[tuple[str, float]]
) -> None:
    makers = {"b": buzz, "h": hiss, "s": silence}
    speech = joined(silence(0.0), *(makers[kind](seconds) for kind, seconds in parts))
    found = align(speech, RATE, words, [False] * len(words))
    if found is None:
        assert not words or len(speech) < RATE * STEP_S * sum(map(len, words))
        return
    times = [time for span in found for time in span]
    assert times == sorted(times)
    assert 0.0 <= times[0] <= times[-1] <= len(speech) / RATE
    for (begin, end), word in zip(found, words, strict=True):
        assert end - begin <= LONGEST * STEP_S * len(word) + 1e-9
