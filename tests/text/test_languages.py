"""Language spans: which language each stretch of a text is taken for."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosyvoice_lite.text.languages import (
    LANGUAGES,
    _han_sentences,
    _joined,
    _resolve,
    spans,
)
from cosyvoice_lite.text.runs import cut as runs_of


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
        ("我买了iPhone 15 Pro", "zh:我买了 en:iPhone zh:15 en:Pro"),
        ("支持USB 3.2、PCIe 4.0", "zh:支持 en:USB zh:3.2、 en:PCIe zh:4.0"),
        ("骁龙8 Gen 3，16GB+512GB", "zh:骁龙8 en:Gen zh:3，16GB+512GB"),
        ("Windows 11 Proを買った", "en:Windows ja:11 en:Pro ja:を買った"),
        ("Snapdragon 8 Gen 3搭載", "en:Snapdragon zh:8 en:Gen zh:3搭載"),
        ("GPT-4, 윈도우 11", "ko:GPT-4, 윈도우 11"),
        ("（T3—上海虹桥T2）", "zh:（ en:T zh:3—上海虹桥 en:T zh:2）"),
        ("The year 2024, 我们去了3次。", "en:The year 2024, zh:我们去了3次。"),
        ("我想买iphone 15，16GB的", "zh:我想买 en:iphone zh:15，16GB的"),
        ("他叫Dr. Smith", "zh:他叫 en:Dr. Smith"),
        ("彼は「我們是學生」と言った", "ja:彼は zh:「我們是學生 ja:」と言った"),
        (
            "他最喜歡的歌手是あいみょん，演唱會在東京巨蛋舉行",
            "zh:他最喜歡的歌手是 ja:あいみょん zh:，演唱會在東京巨蛋舉行",
        ),
    ],
)
def test_spans(text: str, expected: str) -> None:
    assert cut(text) == expected


VOICES = (None, "zh", "yue", "ja")
HAN_SENTENCES = [  # text; its language for a text without a voice, then for zh, yue and ja voices
    # zh simplified
    ("今天天气很好，我们去公园散步吧。", "zh zh yue zh"),
    ("咋回事啊", "zh zh yue ja"),
    ("好嘞，马上来！", "zh zh yue zh"),
    ("你好吖", "zh zh yue zh"),
    ("唔，让我想想", "zh zh yue zh"),
    ("别囉嗦了", "zh zh yue zh"),
    ("羊在山坡上咩咩叫", "zh zh yue ja"),
    ("请点击屏幕右上角的设置", "zh zh yue zh"),
    ("截至二〇二四年，人口突破千万", "zh zh yue ja"),
    ("祝大家新年快乐♪", "zh zh yue zh"),
    ("科学技术是第一生产力", "zh zh yue zh"),
    ("王喆的新书", "zh zh yue zh"),
    ("请看难点解析和重点解读", "zh zh yue zh"),
    ("点击“立即购买”", "zh zh yue zh"),
    ("点解你唔来？", "yue yue yue yue"),
    ("我哋听日去饮茶", "yue yue yue yue"),
    # zh Taiwan
    ("祝大家新年快樂♪", "zh zh yue ja"),
    ("台積電™宣布擴大投資", "zh zh yue ja"),
    ("這是台灣的書店", "zh zh yue zh"),
    ("本公司係依公司法設立", "zh zh yue ja"),
    ("週末一起去飲茶", "zh zh yue ja"),
    ("這位靚女是誰", "zh zh yue zh"),
    ("我先走囉", "zh zh yue ja"),
    ("他在打聽日本的音樂", "zh zh yue zh"),
    ("這邊個人資料請填寫清楚", "zh zh yue zh"),
    ("請參考重點解析", "zh zh yue zh"),
    ("孩子們呢個子都很高", "zh zh yue zh"),
    ("臺北市政府發布新聞稿", "zh zh yue ja"),
    ("學生參加國際會議", "zh zh yue zh"),
    ("老師教而家長也學", "zh zh yue zh"),
    ("關係到國家的未來", "zh zh yue zh"),
    ("王先生羣組", "zh zh yue ja"),
    # zh Hong Kong
    ("他在房間裏看書", "zh zh yue ja"),
    ("衞生局發佈通告", "zh zh yue ja"),
    ("請閱讀説明書", "zh zh yue ja"),
    ("人羣聚集", "zh zh yue ja"),
    ("港鐵鰂魚涌站", "zh zh yue ja"),
    ("滙豐銀行宣布派息", "zh zh yue ja"),
    ("政府啓動緊急機制", "zh zh yue ja"),
    ("附近的屋邨有商場", "zh zh yue ja"),
    ("他乘坐的士前往機場", "zh zh yue ja"),
    ("警方呼籲市民注意安全", "zh zh yue ja"),
    # yue
    ("呢個係廣東話嘅測試", "yue yue yue yue"),
    ("我係香港人", "yue yue yue yue"),
    ("唔該晒", "yue yue yue yue"),
    ("佢哋去咗邊度？", "yue yue yue yue"),
    ("點解你唔早啲講？", "yue yue yue yue"),
    ("今晚食飯先，聽日再傾", "yue yue yue yue"),
    ("靚女，食咗飯未呀", "yue yue yue yue"),
    ("做乜嘢咁開心", "yue yue yue yue"),
    ("我而家返緊屋企", "yue yue yue yue"),
    ("好靚呀", "zh zh yue ja"),
    ("早晨", "zh zh yue ja"),
    ("係咪真係", "yue yue yue yue"),
    # ja
    ("今日は天気がいい。", "ja ja ja ja"),
    ("あの方は誰ですか", "ja ja ja ja"),
    ("我が国の経済", "ja ja ja ja"),
    ("科学的根拠に基づく", "ja ja ja ja"),
    ("一般的方法を述べる", "ja ja ja ja"),
    ("恐喝事件の容疑者", "ja ja ja ja"),
    ("営業時間10:00～18:00", "ja zh yue ja"),
    ("大都会的生活の終了後", "ja ja ja ja"),
    ("自我的存在として", "ja ja ja ja"),
    ("国際的研究機関が終了後に発表", "ja ja ja ja"),
    ("没収された喫茶店の什器", "ja ja ja ja"),
    ("國學院大學の学生", "ja ja ja ja"),
    ("躊躇と薔薇と憂鬱", "ja ja ja ja"),
    ("彼は齟齬を指摘した", "ja ja ja ja"),
    ("今日は晴れです。東京都渋谷区。千代田区。", "ja ja ja ja"),
    ("関西国際空港", "ja ja ja ja"),
    ("東京大学", "ja zh yue ja"),
    ("駅前広場", "ja ja ja ja"),
    ("首相訪米", "zh zh yue ja"),
    ("日経平均株価続落", "ja ja ja ja"),
    ("関係者以外立入禁止", "ja zh yue ja"),
    ("我国経済", "ja ja ja ja"),
    ("一般的方法", "zh zh yue ja"),
    ("科学的根拠", "ja zh yue ja"),
    ("大阪府警、恐喝容疑で男逮捕", "ja ja ja ja"),
    ("全国的大雨", "zh zh yue ja"),
    ("円安進行", "ja zh yue ja"),
    ("人々", "ja zh yue ja"),
    ("習近平国家主席来日", "ja zh yue ja"),
    ("東京", "zh zh yue ja"),
    ("日本銀行総裁会見", "ja ja ja ja"),
    # mixed with Latin letters
    ("我用iPhone 15給媽媽打電話", "zh zh yue zh"),
    ("我哋用WhatsApp傾偈", "yue yue yue yue"),
    ("台積電TSMC擴產", "zh zh yue ja"),
    ("NHKの番組表", "ja ja ja ja"),
    ("JR東日本、運賃値上げ", "ja ja ja ja"),
    ("AI関連株が続伸", "ja ja ja ja"),
    ("5G网络覆盖全国", "zh zh yue zh"),
]


@pytest.mark.parametrize(("text", "expected"), HAN_SENTENCES, ids=[t for t, _ in HAN_SENTENCES])
def test_the_language_of_han_characters_under_each_voice(text: str, expected: str) -> None:
    found = []
    for voice in VOICES:
        languages = {s.language for s in spans(text, default=voice)} - {"en"}
        found.append("+".join(sorted(languages)))
    assert " ".join(found) == expected


def test_sentences_without_evidence_follow_the_rest_of_the_text() -> None:
    assert cut("東京都渋谷区。今日は晴れです。", default="zh").startswith("ja:")
    assert cut("東京。他们来了。", default="ja") == "zh:東京。他们来了。"
    assert cut("這是新聞，記者說的。佢話：唔該。", default="zh").startswith("zh:這是")
    assert cut("優の良品店舖已開張，歡迎光臨", default="zh").startswith("zh:優")


def test_an_english_sentence_keeps_its_numbers_under_any_voice() -> None:
    assert cut("I live in Room 12.", default="zh") == "en:I live in Room 12."
    assert cut("iPhone 15", default="zh") == "en:iPhone zh:15"


def test_long_text_without_words_takes_no_time() -> None:
    for piece in ("a1", "我a1", "a1,", "はa我", "的1."):
        started = time.process_time()
        spans(piece * (20_000 // len(piece)), default="zh")
        assert time.process_time() - started < 2, piece


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


@given(
    st.lists(st.sampled_from("你好 佢哋去咗 国語 東京都 是 的 12 3.5 ， 。 ！ \n 10:30 （ $5 駅 這個 沒有 々 😀".split(" ")), max_size=9),
    st.sampled_from([None, *LANGUAGES]),
    st.sampled_from([None, *LANGUAGES]),
)  # fmt: skip
def test_sentences_of_han_alone_are_as_their_runs(
    pieces: list[str], language: str | None, default: str | None
) -> None:
    text = "".join(pieces)
    by_runs = _joined(_resolve(list(runs_of(text)), language, default))
    assert _joined(_han_sentences(text, language, default)) == by_runs
