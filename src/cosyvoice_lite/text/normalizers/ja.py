"""Japanese: numbers and symbols → kanji numerals and kana.

Counters stay as they are (三本, 二十日): how they are read, with their changes of sound, is decided
where text becomes phonemes (``phonemes/ja_numerals.py``), and models that read characters know it.
"""

import re
from collections.abc import Callable

from cosyvoice_lite.text.normalizers.addresses import EMAIL, NAME, URL, trigger
from cosyvoice_lite.text.normalizers.durations import duration
from cosyvoice_lite.text.normalizers.ja_slashes import CHOICES, SLASHES
from cosyvoice_lite.text.normalizers.ja_units import GREEK, UNIT, unit
from cosyvoice_lite.text.normalizers.numerals import JA, roman
from cosyvoice_lite.text.normalizers.rules import Firing, Rules, near, rewrite, rule

_MONEY = {
    "¥": "円",
    "￥": "円",
    "$": "ドル",
    "US$": "ドル",
    "€": "ユーロ",
    "£": "ポンド",
    "₩": "ウォン",
}
_SYMBOLS = {
    "+": "プラス", "-": "マイナス", "−": "マイナス", "×": "かける", "x": "かける", "*": "かける", "÷": "わる", "/": "スラッシュ", "=": "イコール", "＝": "イコール", "<": "小なり", ">": "大なり", "≈": "約", "±": "プラスマイナス",
    "&": "アンド", "＆": "アンド", "@": "アットマーク", "%": "パーセント", "#": "シャープ", "°": "度", "℃": "度", "№": "ナンバー", "²": "の二乗", "³": "の三乗", "$": "ドル", "¥": "円", "€": "ユーロ", "£": "ポンド", "√": "ルート", "∞": "無限大", "~": "", "★": "", "☆": "",
    "㎡": "平方メートル", "〒": "郵便番号", "≤": "以下", "≥": "以上", "℡": "電話", **GREEK,
}  # fmt: skip
_N = r"(?<![\d.])[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?!\d)"
_TRIGGER = trigger(
    r"[0-9%+=<>×÷*&@#°℃℉℡№㎡²³$¥￥€£₩±≈≤≥√∞µΑ-Ωα-ωςϕ_|\\{}^/〒★☆]|(?<![A-Za-z])(?:https?:|www\.|US\$)|[-−](?=\d)|(?:(?<=^[(（])|(?<=[A-Za-z][(（]))[-−](?=[)）])|(?<=第)[IVX]+|(?<=[\d\u4e00-\u9fff%])[~～〜]|N[oO]\.?\s?(?=\d)|[Vv]er\.?\s?(?=\d)|[Vv]ol\.\s?(?=\d)|p\.\s?(?=\d)|[AP]M\s?(?=\d)|(?<=何)[A-Za-zμµ]|\(0\d|(?<=[日\d])[(（](?=[月火水木金土日][)）・])|※|(?<![〇一二三四五六七八九十百千数何時])十分(?=[なにだで可注気理考検配満楽])"
)


def _digits(match: re.Match[str]) -> str:
    """Groups of digits one by one, の between them, as telephone numbers are said."""
    return "の".join(map(_spelled, re.findall(r"\d+", match[0])))


def _spelled(digits: str) -> str:
    return JA.spell(digits).replace("〇", "ゼロ")


def _house(match: re.Match[str]) -> str:
    """区, 番地 and 号 of an address: 1-2-3 is 一の二の三."""
    return "の".join(map(JA.integer, re.findall(r"\d+", match[0])))


def _house_of_town(match: re.Match[str]) -> str | None:
    return _house(match) if near(match, _TOWN_BEFORE, 12) else None


def _goals(match: re.Match[str]) -> str | None:
    return f"{_number(match[1])}対{_number(match[2])}" if near(match, _GAME_BEFORE) else None


def _address(match: re.Match[str]) -> str:
    names = {
        ".": "ドット",
        "@": "アットマーク",
        "/": "スラッシュ",
        "-": "ハイフン",
        "_": "アンダーバー",
        ":": "コロン",
    }
    written = re.sub(r"^https?://", "", match[0]).rstrip("/")
    pieces = re.findall(r"[A-Za-z]+|\d|.", written)
    return " ".join(
        _spelled(p)
        if p.isdigit() and p.isascii()
        else names.get(p, p if p.isalpha() else _SYMBOLS.get(p, ""))
        for p in pieces
    )


def _date(match: re.Match[str]) -> str | None:
    month, day = int(match[3]), int(match[4])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{JA.integer(match[1])}年{JA.integer(str(month))}月{JA.integer(str(day))}日"


def _clock(hour: str, minute: str, second: str | None = None) -> str:
    said = _zero(JA.integer(hour)) + "時"
    said += f"{JA.integer(minute)}分" if int(minute) or second else ""
    return said + (f"{JA.integer(second)}秒" if second else "")


def _zero(said: str) -> str:
    return said.replace("〇", "零")


def _time(match: re.Match[str]) -> str | None:
    if near(match, re.compile("スコア|対戦成績|勝|敗|比率")):
        return None
    half = {"a": "午前", "p": "午後", "": ""}[(match[4] or "").lower()[:1]]
    return half + _clock(match[1], match[2], match[3])


def _money(match: re.Match[str]) -> str:
    sign = "マイナス" if match[1] else ""
    return sign + _number(match[3]) + (match[4] or "") + _MONEY[match[2]]


def _number(written: str) -> str:
    said = JA.number(written)
    return (
        "れい" + said[1:]
        if said.startswith("〇点")
        else "ゼロ"
        if said == "〇"
        else said.replace("〇", "ゼロ")
    )


def _signed(written: str) -> str:
    return ("マイナス" if written[0] in "-−" else "") + _number(written.lstrip("-−"))


def _measured(match: re.Match[str]) -> str:
    first, second = _signed(match[1]), f"から{_signed(match[2])}" if match[2] else ""
    return first + second + unit(match[3])


def _counted(unit: str) -> Callable[[str], str]:
    return lambda written: JA.integer(written) + unit


def _percent(match: re.Match[str]) -> str:
    return _signed(match[1]) + (f"から{_signed(match[2])}" if match[2] else "") + "パーセント"


def _enough(match: re.Match[str]) -> str | None:
    """十分 in characters is enough, not ten minutes (10分), unless a way or a wait is told of."""
    return None if near(match, _TIME_BEFORE) else "充分"


def _roman(match: re.Match[str]) -> str | None:
    value = roman(match[0])
    return None if value is None else JA.integer(str(value))


def _arithmetic(match: re.Match[str]) -> str | None:
    sign = {"-": "ひく", "−": "ひく", "+": "たす", "=": "は", "＝": "は", "/": "わる"}.get(
        match[2], _SYMBOLS.get(match[2], "")
    )
    equation = re.match(
        r"[\d.,\s\-−+×x*÷/]+[=＝]", match.string[match.start() : match.start() + 80]
    )
    if match[2] in "-−/" and not equation:
        return None
    return _number(match[1]) + sign


_ENOUGH = (
    r"(?<![〇一二三四五六七八九十百千数何時])十分"
    r"(?=な(?!ら|の)|に|だ(?!け)|で[すしはあ]|可能|注意|気を|気に|理解|考え|検討|配慮|満足|楽し)"
)
_TIME_BEFORE = re.compile("徒歩|歩いて|車で|バスで|電車で|まで|から|あと|残り|約|わずか|毎")
_TOWN_BEFORE = re.compile(  # 世田谷区三軒茶屋; neither 区間, 市内 nor 町大会
    r"[区市町村](?![間内中場別民長議役外部立])(?:[\u4e00-\u9fff々ヶノァ-ヺー]|の(?=[\u4e00-\u9fff])){1,9}(?<![校戦勝会軍隊選位約計第各毎前後])$"
)
_GAME_BEFORE = re.compile("スコア|試合|ゲーム|前半|後半|決勝|[一二三四五六七八九]回戦|初戦")
_RANGE = r"\s*[-–—~～〜から]+\s*"
_HALF = {"A": "午前", "P": "午後"}
_CLOCK = r"([01]?\d|2[0-4])[:：]([0-5]\d)"
_SHORT = {"km": "キロ", "kg": "キロ", "cm": "センチ"}
_RULES = Rules([
    rule("enough", _ENOUGH, _enough),
    rule("url", URL, _address),
    rule("e-mail", EMAIL, _address),
    rule("name of a host or file", NAME, _address),
    rule("number sign", r"N[oO]\.?\s?(?=\d)", lambda m: "ナンバー"),
    rule("telephone", r"\(0\d{1,4}\)\s?\d{1,4}-\d{4}(?!\d)", _digits),
    rule("hashtag", r"#(?=\w)", lambda m: ""),
    rule("postal code", r"〒?\s?(?<!\d)(\d{3})-(\d{4})(?![\d-])", lambda m: ("郵便番号" if "〒" in m[0] else "") + _digits(m)),
    rule("telephone", r"(?<!\d)0\d{1,3}-\d{2,4}-\d{3,4}(?!\d)|(?<!\d)0[5789]0\d{8}(?!\d)|\+81[- ]?\d{1,2}(?:-\d{3,4}){2}", _digits),
    rule("card number", r"(?<![\d-])\d{4}(?:[ -]\d{4}){3}(?![\d-])", _digits),
    rule("processor", r"(?<=[A-Za-z])(\d)-(\d{4,5})(?=[A-Z]{0,2}(?![A-Za-z\d]))", lambda m: f"{_spelled(m[1])} {_spelled(m[2])}"),
    rule("score", r"(?<![\d-])(\d{1,3})[-–](\d{1,3})(?=で(?:勝|負|敗|引き分|破|下し|圧勝|辛勝|逆転|リード|完封|快勝|大勝|惜敗|完敗|先制|制し))", lambda m: f"{_number(m[1])}対{_number(m[2])}"),
    rule("score", r"(?<![\d-])(\d{1,3})[-–](\d{1,3})(?=で(?:終わ|終了|終え|試合終了|折り返)|の(?:勝利|勝ち|敗|まま)|(?:です|でした|だっ)?[。、！？!?\s]|$)", _goals),
    rule("house number", r"(?<=[区市町村目])\d{1,3}(?:[-−‐]\d{1,4}){1,3}(?![\d-])", _house),
    rule("house number", r"(?<=[\u4e00-\u9fff々ヶ])(?<!令和)(?<!平成)(?<!昭和)(?<![布陣形計式])[1-9]\d?(?:[-−‐]\d{1,3}){2,3}(?![\d位着番-]|\s?[=＝])", _house),
    rule("house number", r"(?<!\d)[1-9]\d?[-−‐][1-9]\d{0,2}(?=$|[\s、。・,.!?！？)）」』]|です|だ[。、]|[にのへがはを]|から|まで)", _house_of_town),
    rule("date", r"(?<!\d)(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)", _date),
    rule("weekday", r"(?<=[日\d])([(（])([月火水木金土日])(?=[)）・])", lambda m: f"{m[1]}{m[2]}曜日"),
    rule("time range", rf"([AP])M\s?{_CLOCK}\s*[-–—~～〜]\s*([AP])M\s?{_CLOCK}(?![\d:：])", lambda m: f"{_HALF[m[1]]}{_clock(m[2], m[3])}から{_HALF[m[4]]}{_clock(m[5], m[6])}"),
    rule("time", rf"([AP])M\s?{_CLOCK}(?![\d:：])", lambda m: _HALF[m[1]] + _clock(m[2], m[3])),
    rule("time range", r"(\d{1,2}):([0-5]\d)\s*[-–—~～〜]\s*(\d{1,2}):([0-5]\d)(?!\d)", lambda m: f"{_clock(m[1], m[2])}から{_clock(m[3], m[4])}"),
    rule("time", r"(?<![\d:：])([01]?\d|2[0-4])[:：]([0-5]\d)(?:[:：]([0-5]\d))?(?:\s*([AaPp]\.?[Mm]\b))?(?![\d:：])", _time),
    rule("ratio", rf"({_N})\s*[:：]\s*({_N})", lambda m: f"{_number(m[1])}対{_number(m[2])}"),
    *SLASHES,
    rule("percent", rf"((?:(?<![\d\w])[-−])?{_N})(?:{_RANGE}({_N}))?\s*[%％]", _percent),
    rule("money", rf"([-−]?)(US\$|[¥￥$€£₩])\s?({_N})(万|億|兆|百万|千)?", _money),
    duration([_counted(unit) for unit in ("時間", "分", "秒")]),
    rule("unit", rf"((?:(?<![\d\w])[-−])?{_N})(?:{_RANGE}([-−]?{_N}))?\s*({UNIT})(?![A-Za-zΑ-ω])", _measured),
    rule("how many", rf"(?<=何)({UNIT})(?![A-Za-zΑ-ω])", lambda m: _SHORT.get(m[1]) or unit(m[1])),
    rule("page", r"p\.\s?(\d+)", lambda m: f"{JA.integer(m[1])}ページ"),
    rule("volume", r"[Vv]ol\.\s?(\d+)", lambda m: f"ボリューム{JA.integer(m[1])}"),
    rule("version", r"[Vv]er\.?\s?(\d+(?:\.\d+)*)", lambda m: "バージョン" + "点".join(map(_number, m[1].split(".")))),
    rule("version", r"(?:(?<=[vV])|(?<![\d.]))\d+(?:\.\d+){2,}(?!\d)", lambda m: "点".join(map(_number, m[0].split(".")))),
    rule("algebra", r"(?<=\d[a-z])[-−](?=\d+\s?[=＝])", lambda m: "マイナス"),
    rule("thousands", rf"({_N})([kK]?)[-–—~～〜](?={_N}[kK](?![A-Za-z]))", lambda m: f"{_number(m[1])}{m[2]}から"),
    rule("quarters", r"(?<=Q)([1-4])[-–—~～〜](?=Q[1-4](?!\d))", lambda m: f"{JA.integer(m[1])}から"),
    rule("finding", r"(?:(?<=^[(（])|(?<=[A-Za-z][(（]))[-+−](?=[)）])", lambda m: "陽性" if m[0] == "+" else "陰性"),
    rule("model number", r"(?<=[A-Za-z])[-−](?=\d)", lambda m: ""),
    rule("arithmetic", rf"({_N})\s*([-+−×x*÷/=＝])\s*(?={_N})", _arithmetic),
    rule("Roman numeral", r"(?<=第)[IVX]+", _roman),
    rule("range", rf"({_N})([万億]?)\s*[-–—~～〜]\s*(?={_N})(?![\d.]+-)", lambda m: f"{_number(m[1])}{m[2]}から"),
    rule("range sign", r"[~～〜](?=[\d¥￥$€£]|[^\w]|$)", lambda m: "から"),
    rule("range", r"(?<=[\u4e00-\u9fff])[~～〜](?=\d)", lambda m: "から"),
    rule("digits", r"(?<![\d.,])(?:0\d+|\d{12,})(?![\d,.]*\d)", lambda m: _spelled(m[0])),
    rule("power", r"\^\s?\(?([-−]?\d+)\)?", lambda m: f"の{_signed(m[1])}乗"),
    rule("power", r"\^([a-z])(?![A-Za-z])", lambda m: f"の{m[1]}乗"),
    rule("hundredths of a second", r"(?<=秒)\d{2}(?=[台ぁ-ん、。！？)）\s]|$)", lambda m: _spelled(m[0])),
    rule("negative", rf"(?<![\w)）])[-−]({_N})", lambda m: _signed(m[0])),
    rule("number", _N, lambda m: _number(m[0])),
    rule("number", r"\d+", lambda m: _spelled(m[0])),
    *CHOICES,
    rule("symbol", r"[^\w\s]|[_²³µΑ-Ωα-ωςϕ]", lambda m: _SYMBOLS.get(m[0], "")),
])  # fmt: skip


def normalize(text: str, log: list[Firing] | None = None) -> str:
    """Japanese text as it is said."""
    return rewrite(text, _TRIGGER(text), _RULES, log)
