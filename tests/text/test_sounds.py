"""What a text sounds like: every word and nothing else, in kinds that are looked for in sound."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosyvoice_lite.audio.alignment import SOUNDS
from cosyvoice_lite.text import frontend
from cosyvoice_lite.text.languages import Span, spans
from cosyvoice_lite.text.phonemes.inventory import SYMBOLS
from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer
from cosyvoice_lite.text.sounds import Spoken, _kinds, spoken


def of(text: str, *, by_phonemes: bool = True) -> list[Spoken]:
    return spoken(text, tuple(spans(text)), by_phonemes=by_phonemes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop, \u201cwell-known\u201d man.", ["Don't", "stop", "well", "known", "man"]),
        ("你好，world。", ["你", "好", "world"]),
        ("今日は良い天気です。", ["今日", "は", "良い", "天気", "です"]),
        ("안녕 하세요.", ["안녕", "하세요"]),
        ("多謝晒！", ["多", "謝", "晒"]),
        ("…!?", []),
    ],
)
def test_what_is_heard_is_words(text: str, words: list[str]) -> None:
    assert [text[word.start : word.end] for word in of(text)] == words
    if "今" not in text:  # without a dictionary its characters are all that can be told
        assert [text[w.start : w.end] for w in of(text, by_phonemes=False)] == words


def test_sounds_are_those_of_the_word_or_of_its_letters() -> None:
    assert of("shoes")[0].sounds == ("hiss", "vowel", "hiss")
    assert of("shoes", by_phonemes=False)[0].sounds == ("hiss", "vowel", "hiss")
    assert of("thought")[0].sounds == ("breath", "vowel", "stop")
    assert of("今日は")[0].sounds == ("stop", "short", "short")
    assert of("안녕")[0].sounds == ("vowel", "hum", "hum", "vowel", "hum")


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("去www 点 example", "zh", ["去", "www", "点", "example"]),
        ("去www 點 example", "yue", ["去", "www", "點", "example"]),
        ("www 닷 com를", "ko", ["www", "닷", "com", "를"]),
        ("www ドット com", "ja", ["www", "ドット", "com"]),
    ],
)
def test_latin_words_of_an_address_are_heard(text: str, language: str, words: list[str]) -> None:
    found = spoken(text, (Span(text, language),), by_phonemes=True)
    assert [text[word.start : word.end] for word in found] == words
    assert found[0 if language in ("ja", "ko") else 1].sounds == of("www")[0].sounds


def test_only_punctuation_pauses() -> None:
    assert [word.pauses for word in of("One, two-three (four). Five")] == [
        True, False, False, True, False,
    ]  # fmt: skip
    assert [word.pauses for word in of("好，你好")] == [True, False, False]


def test_every_phone_has_a_sound_that_is_looked_for() -> None:
    silent = {f"ja:{mark}" for mark in "[]/"}
    for symbol in SYMBOLS:
        if symbol[:3] in ("en:", "ja:", "ko:"):
            found = _kinds([symbol])
            assert len(found) == (symbol not in silent)
            assert set(found) <= set(SOUNDS)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60), st.booleans())
def test_no_text_breaks_it(text: str, by_phonemes: bool) -> None:
    at = 0
    for word in of(text, by_phonemes=by_phonemes):
        assert at <= word.start < word.end <= len(text)
        assert word.sounds
        assert set(word.sounds) <= set(SOUNDS)
        at = word.end


@pytest.mark.parametrize(
    "text",
    ["  Hello, world  ", "你好 world", "It is 3:30.\n\nSecond, 今日は", "*a* <b>c</b>", "好"],
)
def test_a_segments_spans_are_its_text(text: str) -> None:
    for segment in frontend.prepare(text, PhonemeTokenizer()):
        assert "".join(span.text for span in segment.spans) == segment.text
        assert segment.reads_phonemes
