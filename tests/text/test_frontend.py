"""The frontend as a whole: splitting, markup, control, lexicon, explaining."""

import math
import os
from pathlib import Path

import pytest
from vocab import Characters, WordTokenizer

from cosyvoice_lite.errors import TextError, UsageError
from cosyvoice_lite.text.explain import explain
from cosyvoice_lite.text.frontend import PARAGRAPH_PAUSE_S, Request, prepare
from cosyvoice_lite.text.lexicon import Lexicon
from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer
from cosyvoice_lite.text.segment import Mark, Prosody, Segment
from cosyvoice_lite.text.split import split


def texts(text: str, **settings: object) -> list[str]:
    return [s.text for s in prepare(text, Characters(), **settings)]  # type: ignore[arg-type]


def only(text: str, **settings: object) -> Segment:
    [segment] = prepare(text, Characters(), **settings)  # type: ignore[arg-type]
    return segment


# --- splitting


def test_sentences_are_packed_and_paragraphs_pause() -> None:
    segments = prepare("第一段。还是第一段。\n\n第二段", Characters())
    assert [s.text for s in segments] == ["第一段。还是第一段。", "第二段。"]
    assert [s.pause_after_s for s in segments] == [PARAGRAPH_PAUSE_S, 0.0]


def test_a_quotation_stays_whole() -> None:
    parts = split("他说：“你好！你是谁？我不知道。”然后走了。", len, longest=20, wanted=12)
    assert any("“你好！你是谁？我不知道。”" in part.text for part in parts)


def test_abbreviations_and_numbers_do_not_end_a_sentence() -> None:
    said = texts("The U.S. army paid 3.5 million to Mr. Smith. He left." + " It was late." * 6)
    assert said[0].startswith("The U S army paid three point five million to Mister Smith.")


@pytest.mark.parametrize("text", ["好" * 500, "word " * 300, "あ" * 400, "가나다 " * 200])
def test_long_text_without_punctuation_is_cut_to_fit(text: str) -> None:
    segments = prepare(text, Characters())
    assert all(len(s.token_ids) <= 81 for s in segments)
    assert "".join(s.text for s in segments).replace(" ", "").rstrip("。.") == text.replace(" ", "")


# --- markup


def test_pauses_are_exact() -> None:
    first, second = prepare("[pause:1.5s]你好[pause:250ms]世界[PAUSE:1s]", Characters())
    assert (first.pause_before_s, first.pause_after_s, second.pause_after_s) == (1.5, 0.25, 1.0)


def test_model_marks_pass_and_unknown_brackets_are_text() -> None:
    assert (
        only("他笑了[laughter]，<strong>真的</strong>。").text
        == "他笑了[laughter]，<strong>真的</strong>。"
    )
    assert "[not a mark]" in only("see [not a mark] here").text
    assert only("a[hissing]b").text == "ab."


def test_a_bracket_that_only_looks_like_pinyin_is_text() -> None:
    assert "ref one" in only("as in [ref1] and [he2]").text
    assert only("见[ref1]").text == "见[ref一]。"


def test_the_official_models_get_the_language_tag_that_was_written() -> None:
    segments = prepare("<|en|>And then. " + "Later on it rained. " * 5, Characters())
    assert len(segments) > 1
    assert all("".join(map(chr, s.token_ids)).startswith("<|en|>") for s in segments)
    assert "<" not in "".join(s.text for s in segments)


def test_prosody_nests_and_is_bounded() -> None:
    ssml = (
        "<speak><prosody rate='slow' volume='-6dB'>a<prosody rate='50%' pitch='+2st'>b</prosody>"
        "<prosody rate='0.3'>c</prosody></prosody>d<prosody volume='silent' pitch='high'>e</prosody></speak>"
    )
    a, b, c, d, e = prepare(ssml, Characters())
    assert a.prosody == Prosody(0.75, 0.0, -6.0)
    assert b.prosody == Prosody(0.375, 2.0, -6.0)
    assert c.prosody.rate == 0.25
    assert d.prosody == Prosody()
    assert e.prosody == Prosody(1.0, 3.0, -math.inf)


def test_ssml_elements() -> None:
    ssml = """<?xml version="1.0"?><speak xml:lang="zh-CN">
      <p><s>第<say-as interpret-as="digits">12</say-as>号</s></p>
      <sub alias="世界卫生组织">WHO</sub><break strength="strong"/>
      <voice name="en_female"><lang xml:lang="en">It&apos;s &lt;ok&gt;</lang></voice>
      <desc>not spoken</desc><mark name="here"/>尾<unknown>巴</unknown></speak>"""
    first, second, third, fourth = prepare(ssml, Characters())
    assert first.text == "第一二号。"
    assert second.text == "世界卫生组织。"
    assert second.pause_after_s == 1.0
    assert (third.voice, third.text) == ("en_female", "It's less than ok greater than.")
    assert fourth.text == "尾巴。"
    assert fourth.marks == (Mark("here", 0),)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("- first item\n- second item", "- first item.\n- second item."),
        ("Buy\n* bread\n* milk", "Buy.\nbread.\nmilk."),
        ("1. one\n2. two", "one. one.\ntwo. two."),
        ("# A heading\n> a quote\n> goes on", "A heading.\na quote\ngoes on."),
        ("# A heading\nThe text", "A heading.\nThe text."),
        ("床前明月光\n疑是地上霜\n举头望明月", "床前明月光，\n疑是地上霜，\n举头望明月。"),
        ("- 苹果\r\n- 香蕉", "- 苹果。\n- 香蕉。"),
        ("春はあけぼの\nやうやう白く", "春はあけぼの、\nやうやう白く。"),
        ("It is so!\n- and so", "It is so!\n- and so."),
        ("It was long\nago, in\n1990. Then", "It was long\nago, in\nnineteen ninety. Then."),
        ("长" * 40 + "\n句", "长" * 40 + "\n句。"),
    ],
)
def test_a_line_that_ends_where_a_reader_stops_is_a_pause(written: str, said: str) -> None:
    assert "\n".join(texts(written)) == said


def test_a_line_break_keeps_words_apart() -> None:
    assert only("<speak>Hello<br/>World</speak>").text.split() == ["Hello", "World."]
    assert only("Hello<br>World").text.split() == ["Hello", "World."]


@pytest.mark.parametrize(
    ("markup", "message"),
    [
        ("<strong>x", r"line 1, column 1: <strong> is never closed"),
        ("a\nb</laughter>", r"line 2, column 2: </laughter> closes nothing"),
        ("<speak>a<p>b</speak>", r"line 1, column 13: </speak> where </p> is expected"),
        ("<speak>a", r"line 1, column 1: <speak> is never closed"),
        ("<speak>\n <x y=z></speak>", r"line 2, column 2: '<' begins no tag"),
        ("<speak>a &xxe; b</speak>", r"line 1, column 10: '&' begins no known entity"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><speak>&b;</speak>", r"document types and entities are refused"),
        ("<speak>" + "<p>" * 20, r"elements nest deeper than 10"),
        ("<speak><break time='1h'/></speak>", r"can't read the time '1h'"),
        ("<speak><break time='61s'/>a</speak>", r"longer than 60 s"),
        ("<speak><prosody rate='often'>a</prosody></speak>", r"can't read the rate 'often'"),
        ("<speak><say-as interpret-as='x'>a</say-as></speak>", r"unknown interpret-as 'x'"),
        ("<speak><phoneme alphabet='sampa' ph='a'>a</phoneme></speak>", r"unknown alphabet 'sampa'"),
        ("<speak><phoneme alphabet='pinyin' ph='xyz9'>a</phoneme></speak>", r"not a pinyin syllable"),
        ("<speak xml:lang='de'>a</speak>", r"unknown language 'de'"),
        ("<speak>a</speak>b", r"line 1, column 17: text outside of <speak>"),
        ("<speak><prosody rate='9'>a</prosody></speak>", r"rate of 9 is not within 0.25 to 4"),
        ("<speak><prosody rate='10%'>a</prosody></speak>", r"column 8: a rate of 10% is not within"),
        ("[pause:99s]a", r"longer than 60 s"),
        ("a\nhi [pause:1s", r"line 2, column 4: \[pause: is never closed"),
        ("[pause:1s\n]hi", r"line 1, column 1: \[pause: is never closed"),
        ("[pause:abc]hi", r"line 1, column 1: can't read the time 'abc'"),
        ("[pause:]hi", r"can't read the time ''"),
    ],
)  # fmt: skip
def test_wrong_markup_says_where(markup: str, message: str) -> None:
    with pytest.raises(TextError, match=message) as caught:
        prepare(markup, Characters())
    assert "\n" not in str(caught.value)


def test_markup_can_be_switched_off() -> None:
    assert "strong" in only("<strong>x", markup=False).text
    assert "speak" in only("<speak>x</speak>", ssml=False).text


def test_a_given_pronunciation() -> None:
    ssml = "<speak>我<phoneme alphabet='pinyin' ph='hang2'>行</phoneme>了</speak>"
    assert only(ssml).text == "我航了。"
    [segment] = prepare(ssml, PhonemeTokenizer())
    assert segment.text == "我行了。"
    said = PhonemeTokenizer().decode(list(segment.token_ids))
    assert "zh:h zh:ang zh:2" in said


def test_a_sound_that_characters_cannot_spell_is_an_error() -> None:
    ssml = "<speak><phoneme alphabet='arpabet' ph='ZH ZH ZH'>x</phoneme></speak>"
    with pytest.raises(TextError, match="reads characters only"):
        prepare(ssml, Characters())


# --- emotion, language, lexicon


def test_emotions_need_a_model_that_has_them() -> None:
    with pytest.raises(TextError, match="can't follow the emotion 'happy'"):
        prepare("hi", Characters(), emotion="happy")
    with pytest.raises(TextError, match="unknown emotion 'bored'"):
        prepare("hi", Characters(), emotion="bored")
    assert only("hi", emotion="neutral").instruct is None
    able = frozenset(["instruct"])
    assert (only("hi", emotion="happy", capabilities=able).instruct or "").endswith("<endofprompt>")
    assert only("hi", instruct="Slowly.", capabilities=able).instruct == "Slowly.<endofprompt>"
    [segment] = prepare(
        "[emotion:sad]hi", PhonemeTokenizer(), capabilities=frozenset(["emotion:sad"])
    )
    assert PhonemeTokenizer().decode(list(segment.token_ids)).startswith("<sad>")


def test_language_of_the_request_of_the_markup_and_of_the_voice() -> None:
    assert only("123", voice_language="zh").text == "一百二十三。"
    assert only("東京", language="ja").language == "ja"
    assert only("<|jp|>東京").language == "ja"
    with pytest.raises(UsageError, match="unknown language 'de'"):
        prepare("x", Characters(), language="de")
    with pytest.raises(UsageError, match="unknown frontend 'x'"):
        prepare("x", Characters(), frontend="x")


def test_a_lexicon_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("# ours\n行家  pinyin:hang2 jia1\nSQL\tsay:sequel\n", "utf-8")
    lexicon = Lexicon.open(path)
    assert only("Use SQL, not MySQL.", lexicon=lexicon).text == "Use sequel, not MySQL."
    assert only("他是行家", lexicon=lexicon).text == "他是航家。"  # 家 is read so anyway
    path.write_text("SQL  say:S Q L\n", "utf-8")
    os.utime(path, ns=(1, 1))
    assert only("Use SQL.", lexicon=lexicon).text == "Use S Q L."


@pytest.mark.parametrize("line", ["word", "word  pinyin", "word  foo:bar", "行  pinyin:xyz9"])
def test_a_wrong_lexicon_says_which_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(f"\n{line}\n", "utf-8")
    with pytest.raises(TextError, match="line 2"):
        Lexicon.open(path)


# --- explain


def test_explain_keeps_a_segment_on_a_line_and_its_columns_apart() -> None:
    shown = explain("one\ntwo [cough]", Request(PhonemeTokenizer())).render()
    assert "  1. one two.\n" in shown
    assert "know the mark '[cough]' → ''" in shown


def test_a_line_of_any_length_takes_its_time_once() -> None:
    assert texts("a" + "~" * 100_000 + "b\n- c")


def test_explain_shows_every_step() -> None:
    told = explain("我有3个apple。", Request(WordTokenizer()))
    assert [span.language for span in told.spans] == ["zh", "en", "zh"]
    assert [(f.rule, f.written, f.spoken) for f in told.firings] == [("number", "3", "三")]
    assert told.segments[0].phonemes[:2] == ("zh:uo", "zh:2")
    assert 0.5 < told.seconds < 5
    assert "三" in told.to_json()
    assert "number" in told.render()
