"""The official frontend, against what the official code made of 26 texts."""

import json
from pathlib import Path
from typing import Any

import pytest
from vocab import WordTokenizer, open_vocab

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.frontend import prepare
from cosyvoice_lite.text.official import normalize_official, prepare_official

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "text_frontend.json").read_text("utf-8")
)
CRASHES = [case["text"] for case in GOLDEN if case["segments"] is None]


def by_text(case: dict[str, Any]) -> str:
    return str(case["text"])[:30]


@pytest.mark.parametrize("case", GOLDEN, ids=by_text)
def test_segments_equal_the_official_ones(case: dict[str, Any]) -> None:
    if case["segments"] is None:
        pytest.skip("the official code crashes on this text")
    segments = prepare_official(case["text"], WordTokenizer())
    assert [s.text for s in segments] == case["segments"]


@pytest.mark.parametrize("case", GOLDEN, ids=by_text)
def test_ids_equal_the_official_ones(case: dict[str, Any]) -> None:
    tokenizer = open_vocab("whisper")
    assert tokenizer.encode(case["text"]) == case["raw_ids"]
    if case["segments"] is not None:
        segments = prepare_official(case["text"], tokenizer)
        assert [list(s.token_ids) for s in segments] == case["ids"]


def test_where_the_official_code_crashes_our_rules_read() -> None:
    assert [normalize_official(text) for text in CRASHES] == [
        "안녕하세요. 오늘은 이천이십사년 칠월 십육일입니다."
    ]


def test_a_prompt_is_normalised_but_not_cut() -> None:
    assert normalize_official("气温35.5℃，") == "气温三十五点五摄氏度。"
    assert normalize_official("Hello, world") == "Hello, world"


@pytest.mark.parametrize("text", ["", "  ", "...", "！！！", "—…—"])
def test_nothing_to_speak_is_an_error(text: str) -> None:
    with pytest.raises(TextError, match="nothing to speak"):
        prepare(text, WordTokenizer(), frontend="official")


def test_a_number_too_long_to_spell_is_kept() -> None:
    digits = "1" * 400
    [segment] = prepare_official(f"No {digits} x", WordTokenizer())
    assert segment.text.startswith("No ")
