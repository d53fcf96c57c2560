"""Phonemes per language: what a phonetician would check first, and that nothing is unreadable."""

import hashlib

import pytest
from fresh import loaded

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.phonemes import ja, ko
from cosyvoice_lite.text.phonemes.inventory import IDS, SIZE, SYMBOLS, ids
from cosyvoice_lite.text.phonemes.reading import phonemes, spelled_phonemes
from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer


def said(text: str, language: str) -> str:
    return " ".join(s.removeprefix(f"{language}:") for s in phonemes(text, language) if s != " ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好", "n i 2 h ao 3"),
        ("小老虎", "x iao 3 l ao 2 h u 3"),
        ("展览馆", "zh an 2 l an 2 g uan 3"),
        ("不是", "b u 2 sh iii 4"),
        ("好不好", "h ao 3 b u 5 h ao 3"),
        ("一起", "i 4 q i 3"),
        ("一定", "i 2 d ing 4"),
        ("第一名", "d i 4 i 1 m ing 2"),
        ("看一看", "k an 4 i 5 k an 4"),
        ("妈妈", "m a 1 m a 5"),
        ("花儿", "h ua rr 1"),
        ("女儿", "n v 3 er 2"),
        ("银行行长", "in 2 h ang 2 h ang 2 zh ang 3"),
        ("重新", "ch ong 2 x in 1"),
        ("头发很长", "t ou 2 f a 5 h en 3 ch ang 2"),
        ("還書", "h uan 2 sh u 1"),
        ("三个", "s an 1 g e 5"),
        ("跑得快", "p ao 3 d e 5 k uai 4"),
        ("数一数", "sh u 3 i 5 sh u 3"),
        ("角色", "j ve 2 s e 4"),
        ("降落投降", "j iang 4 l uo 4 t ou 2 x iang 2"),
        ("快乐的音乐", "k uai 4 l e 4 d e 5 in 1 ve 4"),
        ("觉得睡觉", "j ve 2 d e 5 sh uei 4 j iao 4"),
        ("系鞋带", "j i 4 x ie 2 d ai 4"),
        ("供给", "g ong 1 j i 3"),
        ("勉强", "m ian 2 q iang 3"),
        ("四十四", "s ii 4 sh iii 2 s ii 4"),
        ("朝阳区", "ch ao 2 iang 2 q v 1"),
        ("朝阳升起", "zh ao 1 iang 2 sh eng 1 q i 3"),
        ("曾先生", "z eng 1 x ian 1 sh eng 5"),
        ("他曾总结", "t a 1 c eng 2 z ong 3 j ie 2"),
    ],
)
def test_mandarin(text: str, expected: str) -> None:
    assert said(text, "zh") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("唔該", "m 4 g oi 1"),
        ("廣東話", "gw ong 2 d ung 1 w aa 2"),
        ("五", "ng 5"),
        ("食飯？", "s ik 6 f aan 6 ?"),
    ],
)
def test_cantonese(text: str, expected: str) -> None:
    assert said(text, "yue") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, world!", "HH AH0 L OW1 , W ER1 L D !"),
        ("the apple", "DH IY0 AE1 P AH0 L"),
        ("I have read it", "AY1 HH AE1 V R EH1 D IH1 T"),
        ("I will read", "AY1 W IH1 L R IY1 D"),
        ("the USA's", "DH IY0 Y UW1 EH1 S EY1 Z"),
        ("GPU", "JH IY1 P IY1 Y UW1"),
        ("AI-powered", "EY1 AY1 P AW1 ER0 D"),
        ("I'd've known", "AY1 D V N OW1 N"),
        ("googling", "G UW1 G L IH0 NG"),
        ("WebSocket", "W EH1 B S AA2 K AH0 T"),
        ("café", "K AH0 F EY1"),
        ("AAé", "EY1"),
        ("iOS", "AY1 OW1 EH1 S"),
        ("Wi-Fi", "W AY1 F AY1"),
        ("OpenAI", "OW1 P AH0 N EY1 AY1"),
        ("ten A M", "T EH1 N EY1 EH1 M"),
        ("Vitamin A is", "V AY1 T AH0 M AH0 N EY1 IH1 Z"),
        ("Team A won", "T IY1 M EY1 W AH1 N"),
        ("A B C", "EY1 B IY1 S IY1"),
        ("A cat", "AH0 K AE1 T"),
        ("This Is A Test", "DH IH1 S IH1 Z AH0 T EH1 S T"),
    ],
)
def test_english(text: str, expected: str) -> None:
    assert said(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今日は", "キョーワ"),
        ("学校へ行きます", "ガッコーエ イキマス"),
        ("三百十本", "サンビャク ジュッポン"),
        ("二千二十四年七月十七日", "ニセン ニジュー ヨネン シチガツ ジューシチニチ"),
        ("五月一日", "ゴガツ ツイタチ"),
        ("三匹", "サンビキ"),
        ("八分", "ハップン"),
        ("二十歳", "ハタチ"),
        ("一人", "ヒトリ"),
        ("六冊", "ロクサツ"),
        ("八百屋", "ヤオヤ"),
        ("雨が降りそう", "アメガ フリソー"),
        ("一日中家にいた", "イチニチジュー イエニ イタ"),
    ],
)
def test_japanese_readings(text: str, expected: str) -> None:
    assert ja.reading(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("箸が", "h a ] sh i g a"),
        ("橋が", "h a [ sh i ] g a"),
        ("端が", "h a [ sh i g a"),
        ("天気です", "t e ] N k i d e s U"),
        ("行きました", "i [ k i m a ] sh I t a"),
    ],
)
def test_japanese_accents(text: str, expected: str) -> None:
    assert said(text, "ja") == expected


KOREAN = (
    "국물:궁물 독립:동닙 신라:실라 좋아요:조아요 좋고:조코 입학:이팍 같이:가치 굳이:구지 닫혀:다처 앉고:안꼬 "
    "많이:마니 많다:만타 읽다:익따 읽어:일거 밟아:발바 밟다:밥따 값이:갑씨 없어요:업써요 꽃잎:꼰닙 "
    "맛있어요:마시써요 십육:심뉵 학교:학꾜 합니다:함니다 의사:의사 회의:회이 희망:히망 가져:가저 음료:음뇨 "
    "설날:설랄 못해:모태 육학년:유캉년 싫어:시러 옷이:오시 닭이:달기 삶:삼 여덟:여덜 한국어:한구거 "
    "대통령:대통녕 법률:범뉼 협력:혐녁 있습니다:읻씀니다 계산:게산 그렇게:그러케 옳지:올치 끊어:끄너 "
    "할게요:할께요 먹을게:머글께 길게:길게 넓다:널따 핥다:할따 젊다:점따 부엌에:부어케 앞으로:아프로"
)


@pytest.mark.parametrize("pair", KOREAN.split())
def test_korean(pair: str) -> None:
    written, heard = pair.split(":")
    assert ko.pronounce(written) == [ko._jamo(char) for char in heard]


def test_korean_across_words() -> None:
    assert said("할 수 있어요", "ko") == "h a l. ss u i ss eo yo"
    assert said("물 속", "ko") == "m u l. s o k."


@pytest.mark.parametrize(
    ("notation", "alphabet", "expected"),
    [
        ("nǐ hao3", "pinyin", "zh:n zh:i zh:3 zh:h zh:ao zh:3"),
        ("lüè huar1", "pinyin", "zh:l zh:ve zh:4 zh:h zh:ua zh:rr zh:1"),
        ("jyut6 ping3", "jyutping", "yue:j yue:yut yue:6 yue:p yue:ing yue:3"),
        ("HH AH0 L OW1", "arpabet", "en:HH en:AH0 en:L en:OW1"),
        ("həˈloʊ", "ipa", "en:HH en:AH0 en:L en:OW1"),
        ("ア'メ", "kana", "ja:a ja:] ja:m ja:e"),
        ("궁물", "hangul", "ko:g ko:u ko:ng. ko:m ko:u ko:l."),
    ],
)
def test_notations(notation: str, alphabet: str, expected: str) -> None:
    assert spelled_phonemes(notation, alphabet) == expected.split()


@pytest.mark.parametrize(
    ("notation", "alphabet"),
    [
        ("xyz9", "pinyin"),
        ("b", "pinyin"),
        ("", "pinyin"),
        ("qq1", "jyutping"),
        ("QQ", "arpabet"),
        ("ʘ", "ipa"),
        ("abc", "kana"),
    ],
)
def test_a_wrong_notation_is_a_clear_error(notation: str, alphabet: str) -> None:
    with pytest.raises(TextError):
        spelled_phonemes(notation, alphabet)


def test_the_inventory_is_a_table_without_doubles_and_with_room() -> None:
    assert len(set(SYMBOLS)) == len(SYMBOLS) < SIZE
    assert [IDS[s] for s in ("<pad>", " ", "zh:b", "yue:b", "en:B", "ja:a", "ko:g")] == [
        *(0, 4, 76, 145, 232, 301, 350),
    ]


def test_the_inventory_only_grows_at_its_end() -> None:
    """Voices are trained on these ids: a change here makes every one of them babble."""
    digest = hashlib.sha256("\n".join(SYMBOLS[:396]).encode()).hexdigest()
    assert digest.startswith("843698fe9a6e2f93")


def test_unknown_symbols_and_languages_are_errors() -> None:
    with pytest.raises(TextError, match="unknown phoneme symbol"):
        ids(["zh:b", "xx"])
    with pytest.raises(TextError, match="unknown language"):
        phonemes("a", "de")
    with pytest.raises(TextError, match="unknown alphabet"):
        spelled_phonemes("a", "xsampa")


def test_mixed_text_in_one_go() -> None:
    tokenizer = PhonemeTokenizer()
    symbols = tokenizer.symbols("这是CosyVoice，今日は。안녕！唔該[breath]{zh:h zh:ao zh:3}")
    languages = list(dict.fromkeys(s.split(":")[0] for s in symbols if ":" in s))
    assert languages == ["zh", "en", "ja", "ko", "yue"]
    assert symbols[-5:] == ["[breath]", " ", "zh:h", "zh:ao", "zh:3"]
    assert tokenizer.encode("我") == [IDS[s] for s in ("zh:uo", "zh:3")]


def test_a_tag_inside_brackets_is_not_read_aloud() -> None:
    symbols = PhonemeTokenizer().symbols("<|zh|>他说[<|en|>doge<|zh|>]")
    assert [s for s in symbols if s.startswith("en:")] == ["en:D", "en:OW1", "en:JH"]


def test_a_tag_sets_the_language() -> None:
    tokenizer = PhonemeTokenizer()
    assert tokenizer.symbols("<|ja|>東京")[0] == "ja:t"
    assert tokenizer.symbols("<|yue|>東京")[0] == "yue:d"
    assert PhonemeTokenizer("ja").symbols("東京")[0] == "ja:t"


def test_each_language_loads_only_its_own_libraries() -> None:
    code = (
        "from cosyvoice_lite.text.phonemes.reading import phonemes; "
        "phonemes('hello', 'en'); phonemes('안녕', 'ko'); phonemes('今日', 'ja')"
    )
    heavy = ("pypinyin", "rjieba", "ToJyutping", "wetext", "tiktoken", "numpy")
    assert loaded(code, heavy) == "[]"
    assert loaded("import wetext", heavy[3:4]) == "['wetext']"


def test_every_korean_letter_has_a_name() -> None:
    for code in range(0x3131, 0x3164):
        assert PhonemeTokenizer("ko").symbols(f"값{chr(code)}")
    named = PhonemeTokenizer("ko").symbols("ㅄ")
    assert named == PhonemeTokenizer("ko").symbols("비읍시옷")
