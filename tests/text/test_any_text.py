"""Any text, also one that wants to hurt: segments or a clear error, in little time and memory."""

import re
import time
import unicodedata

import pytest
from fresh import loaded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vocab import Characters, WordTokenizer, open_vocab

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.frontend import normalize, prepare
from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer
from cosyvoice_lite.text.segment import Segment
from cosyvoice_lite.text.split import split
from cosyvoice_lite.text.tokenizer import Tokenizer

ANY = st.text(st.characters(), max_size=200)
NASTY = st.lists(
    st.sampled_from(
        ["<strong>", "</strong>", "[pause:1s]", "<|en|>", "1", "-", "/", ":", ".", "%", "$", "@", "中", "あ", "한", "a", " ", "\n\n", "“", "”", "[hao3]", "２", "😀", "\u202e", "\x00", "e\u0301", "係", "www.", "X", "年", "月", "개", "第", "\U000f0000"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


def letters(text: str) -> str:
    return "".join(
        c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c)[0] in "LN"
    )


def attempt(text: str, tokenizer: Tokenizer) -> tuple[list[Segment], str]:
    """The segments of a text, or what the error says."""
    try:
        return prepare(text, tokenizer), ""
    except TextError as error:
        return [], str(error)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY | NASTY)
def test_any_text_gives_segments_or_a_clear_error(text: str) -> None:
    for tokenizer in (Characters(), PhonemeTokenizer()):
        segments, message = attempt(text, tokenizer)
        assert "\n" not in message
        assert bool(segments) != bool(message)
        assert all(s.token_ids for s in segments)


@settings(max_examples=300, deadline=None)
@given(ANY | NASTY)
def test_what_is_spoken_is_the_normalised_text(text: str) -> None:
    try:
        segments = prepare(text, Characters(), markup=False)
    except TextError:
        return
    assert letters("".join(s.text for s in segments)) == letters(normalize(text))


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("<>/&;'\"= speakbrp![]-?\n中"), max_size=80))
def test_any_ssml_gives_segments_or_a_clear_error(text: str) -> None:
    segments, message = attempt(f"<speak>{text}</speak>", Characters())
    assert segments or re.search(r"line \d+, column \d+|nothing to speak", message)


@pytest.mark.parametrize("text", ["", " \n", "...", "！！！", "😀🎉", "\u202e\u200b", "[laughter]"])
def test_nothing_to_speak(text: str) -> None:
    with pytest.raises(TextError):
        prepare(text, PhonemeTokenizer())


@pytest.mark.parametrize("unit", ["中", "<", "x. ", "가(美"])
def test_20_000_characters_take_a_moment(unit: str) -> None:
    started = time.process_time()
    attempt(unit * (20_000 // len(unit)), WordTokenizer())
    assert time.process_time() - started < 5


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", ["1", "?", "a", "中", "가", "あ1", "中1a", "1-", "a@", "<", "[", "“", "x. ", "1:2", "www.", "$1", "\u202e你", "가(", "가美"]
)  # fmt: skip
def test_100_000_characters_take_seconds(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    attempt(text, WordTokenizer())
    assert time.process_time() - started < 15


def test_a_text_loads_only_what_its_language_needs() -> None:
    code = (
        "from cosyvoice_lite.text.frontend import prepare\n"
        "class T:\n    size = 1\n    def encode(self, text): return [0]\n"
        "prepare('Hello 3 worlds', T()); prepare('你好3', T())"
    )
    heavy = ("tiktoken", "wetext", "pypinyin", "rjieba", "ToJyutping", "inflect", "numpy")
    own = ("normalizers.ja", "normalizers.ko", "phonemes.zh")
    assert loaded(code, (*heavy, *(f"cosyvoice_lite.text.{name}" for name in own))) == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_megabyte_a_second(language: str) -> None:
    """Normalising and splitting, tokens counted with the real vocabulary, per core."""
    sentence = {
        "zh": "今天天气很好，我们一起去公园散步吧。他说这本书写得非常有意思，值得一读！你觉得2024年怎么样？",
        "en": "The quick brown fox jumps over the lazy dog, and then it goes home. She paid 12 dollars. ",
    }[language]
    text = sentence * (1_000_000 // len(sentence.encode()))
    tokenizer = open_vocab("whisper")
    prepare(text[:2000], tokenizer)
    started = time.process_time()
    split(normalize(text), lambda piece: len(tokenizer.encode(piece)), longest=80, wanted=60)
    assert len(text.encode()) / (time.process_time() - started) > 1e6
