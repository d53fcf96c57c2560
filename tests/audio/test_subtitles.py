"""Subtitles: times that players take, words in order, lines that fit, nothing lost."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosyvoice_lite.audio.subtitles import (
    LINE_WIDTH,
    Cue,
    Stretch,
    characters,
    lines,
    srt,
    vtt,
    words,
)

LONG = "Good morning, my dear friend! How are you today? I am well, thank you very much indeed."
HAN = "今天天气很好，我们去公园散步吧。" * 4


def test_srt_is_what_players_read() -> None:
    cues = [Cue(0.0, 1.5, "Hello."), Cue(3661.0004, 3662.5, "a\nb --> c")]
    assert srt(cues) == (
        "1\n00:00:00,000 --> 00:00:01,500\nHello.\n\n"
        "2\n01:01:01,000 --> 01:01:02,500\na b --> c\n\n"
    )


def test_vtt_has_the_times_of_words_and_no_tags_of_the_text() -> None:
    text = vtt([Cue(1.0, 3.0, "fish & <b> chips")])
    head, _, body = text.partition("\n\n")
    assert head == "WEBVTT"
    times, line = body.strip().split("\n")
    assert times == "00:00:01.000 --> 00:00:03.000"
    assert re.sub(r"<[\d:.]+>", "", line) == "fish &amp; &lt;b&gt; chips"
    inner = re.findall(r"<([\d:.]+)>", line)
    assert inner == sorted(inner)
    assert "00:00:01.000" < inner[0] < inner[-1] < "00:00:03.000"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good morning, friend!", ["Good ", "morning, ", "friend!"]),
        ("你好，world。", ["你", "好，", "world。"]),
        ("こんにちは", ["こ", "ん", "に", "ち", "は"]),
        ("안녕 하세요.", ["안녕 ", "하세요."]),
        ("他说：「好」（吧）。", ["他", "说：", "「好」", "（吧）。"]),
        ("“好”“不”", ["“好”", "“不”"]),
        ('说"好"他"不"。', ["说", '"好"', "他", '"不"。']),
        ("Il dit: « Oui » (non).", ["Il ", "dit: ", "« Oui » ", "(non)."]),
        ("say(好)", ["say", "(好)"]),
        ("「", ["「"]),
        ("", []),
    ],
)
def test_words_are_what_a_reader_calls_words(text: str, expected: list[str]) -> None:
    assert [word.text for word in words(Cue(0.0, 1.0, text))] == expected


def test_time_is_shared_by_what_characters_take() -> None:
    one, two = words(Cue(10.0, 14.0, "aaa aaaaaaaaa"))
    assert (one.start_s, two.end_s) == (10.0, pytest.approx(14.0))
    assert one.end_s == two.start_s == pytest.approx(11.0)
    han, latin = words(Cue(0.0, 1.9, "字abc"))
    assert (han.end_s, latin.end_s) == (pytest.approx(1.0), pytest.approx(1.9))


@pytest.mark.parametrize("text", [LONG, HAN, "x" * 100, "字" * 100])
def test_lines_fit_and_keep_every_word_and_all_the_time(text: str) -> None:
    made = lines(Cue(1.0, 9.0, text))
    assert "".join(line.text for line in made).replace(" ", "") == text.replace(" ", "")
    assert (made[0].start_s, made[-1].end_s) == (1.0, pytest.approx(9.0))
    for before, after in itertools.pairwise(made):
        assert before.end_s == pytest.approx(after.start_s)
    if " " in text or "，" in text:
        assert all(len(line.text) <= LINE_WIDTH for line in made)
        assert all(line.text[-1] in ",.!?，。" for line in made)


@pytest.mark.parametrize(
    "text", ["A" + "字" * 50, "AB" + "字" * 50, "abcdef " * 6 + "abcdefg " * 9]
)
def test_no_line_is_wider_than_can_be_read_at_a_glance(text: str) -> None:
    for line in lines(Cue(0.0, 9.0, text)):
        assert len(line.text) + line.text.count("字") <= LINE_WIDTH


@given(st.text(max_size=200), st.floats(0, 1e5), st.floats(0, 100))
def test_no_text_breaks_a_file(text: str, start_s: float, length_s: float) -> None:
    cue = Cue(start_s, start_s + length_s, text)
    blocks = vtt([cue]).split("\n\n")[1:-1]
    assert len(blocks) == len(lines(cue))
    for block in blocks:
        times, line = block.split("\n")
        assert re.fullmatch(r"[\d:.]+ --> [\d:.]+", times)
        assert not re.sub(r"<[\d:.]+>", "", line).count("<")


def test_what_is_cut_off_moves_all_times() -> None:
    assert Cue(0.5, 2.0, "a").within(1.0, 9.0) == Cue(0.0, 1.0, "a")
    assert Cue(0.5, 2.0, "a").within(0.25, 1.0) == Cue(0.25, 1.0, "a")


HEARD = Cue(
    1.0,
    3.0,
    "Oh, my dear!",
    (Stretch(0, 2, 1.0, 1.2), Stretch(4, 6, 1.9, 2.0), Stretch(7, 11, 2.0, 3.0)),
)


def test_words_have_the_times_they_were_found_at_and_pauses_none() -> None:
    assert [(w.text, w.start_s, w.end_s) for w in words(HEARD)] == [
        ("Oh, ", 1.0, 1.2), ("my ", 1.9, 2.0), ("dear!", 2.0, 3.0),
    ]  # fmt: skip
    assert [(c.text, c.start_s) for c in characters(HEARD)][-5:] == [
        ("d", 2.0), ("e", 2.25), ("a", 2.5), ("r", 2.75), ("!", 3.0),
    ]  # fmt: skip
    assert vtt([HEARD]).split("\n")[2:4] == [
        "00:00:01.000 --> 00:00:03.000", "Oh, <00:00:01.900>my <00:00:02.000>dear!",
    ]  # fmt: skip


def test_times_found_move_with_their_cue() -> None:
    assert [w.start_s for w in words(HEARD.later(10.0))] == [11.0, 11.9, 12.0]
    cut = HEARD.within(1.1, 1.0)
    assert [(w.start_s, w.end_s) for w in words(cut)] == [
        (0.0, pytest.approx(0.1)), (pytest.approx(0.8), pytest.approx(0.9)),
        (pytest.approx(0.9), 1.0),
    ]  # fmt: skip


def test_a_word_that_was_not_found_lies_between_its_neighbours() -> None:
    cue = Cue(0.0, 1.0, "a & b", (Stretch(0, 1, 0.1, 0.3), Stretch(4, 5, 0.6, 0.9)))
    assert [(c.text, c.start_s, c.end_s) for c in characters(cue)] == [
        ("a ", 0.1, 0.3), ("& ", 0.6, 0.6), ("b", 0.6, 0.9),
    ]  # fmt: skip
