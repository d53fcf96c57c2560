"""Language spans: which language each stretch of a text is taken for."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosyvoice_lite.text.languages import LANGUAGES, spans


def cut(text: str, language: str | None = None, default: str | None = None) -> str:
    return " ".join(f"{s.language}:{s.text.strip()}" for s in spans(text, language, default))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好，世界。", "zh:你好，世界。"),
        ("Hello, 3 worlds.", "en:Hello, 3 worlds."),
        ("今日は天気がいい。明日は2024年です。", "ja:今日は天気がいい。明日は2024年です。"),
        ("안녕하세요 3명", "ko:안녕하세요 3명"),
        ("呢個係廣東話嘅測試", "yue:呢個係廣東話嘅測試"),
        ("点解你唔来？", "yue:点解你唔来？"),
        ("你好。我係香港人。", "yue:你好。我係香港人。"),
        ("這是台灣的書店", "zh:這是台灣的書店"),
        ("関西国際空港", "ja:関西国際空港"),
        ("関係者以外立入禁止", "ja:関係者以外立入禁止"),
        ("科学的な方法", "ja:科学的な方法"),
        ("我有3个apple和2本book。", "zh:我有3个 en:apple zh:和2本 en:book zh:。"),
        ("我用iPhone 15给妈妈打电话", "zh:我用 en:iPhone zh:15给妈妈打电话"),
        ("他说 I have 3 apples 然后走了", "zh:他说 en:I have 3 apples zh:然后走了"),
        ("She said 你好 3 times", "en:She said zh:你好 en:3 times"),
        ("这家店叫「すき家」，很好吃", "zh:这家店叫 ja:「すき家 zh:」，很好吃"),
        ("「你好」は中国語です", "zh:「你好 ja:」は中国語です"),
        ("韩国的김치很有名", "zh:韩国的 ko:김치 zh:很有名"),
        ("我哋用WhatsApp傾偈", "yue:我哋用 en:WhatsApp yue:傾偈"),
        ("材料要5kg和US$3", "zh:材料要5kg和US$3"),
        ("发到test@example.com吧", "zh:发到test@example.com吧"),
        ("第IV章", "zh:第IV章"),
        ("见https://a.com/x?id=1吧", "zh:见https://a.com/x?id=1吧"),
        ("访问example.com或者qq.com", "zh:访问example.com或者qq.com"),
        ("支持TCP/IP协议", "zh:支持 en:TCP/IP zh:协议"),
    ],
)
def test_spans(text: str, expected: str) -> None:
    assert cut(text) == expected


def test_a_request_decides_about_han_and_a_default_only_without_evidence() -> None:
    assert cut("東京", language="ja") == "ja:東京"
    assert cut("東京", language="yue") == "yue:東京"
    assert cut("東京", default="ja") == "ja:東京"
    assert cut("这里", default="ja") == "zh:这里"
    assert cut("これ", language="zh") == "ja:これ"
    assert cut("123", default="ko") == "ko:123"
    assert cut("😀") == "en:😀"
    assert spans("") == []


@given(st.text(st.sampled_from("中係嘅这駅的我あア가aZ1 .,，。\n😀%-@$"), max_size=60))
def test_spans_joined_are_the_text(text: str) -> None:
    found = spans(text)
    assert "".join(span.text for span in found) == text
    assert all(span.language in LANGUAGES for span in found)
    assert all(a.language != b.language for a, b in itertools.pairwise(found))
