"""Cantonese: the rules of Mandarin with the words that Hong Kong uses."""

import re

from cosyvoice_lite.text.normalizers import han
from cosyvoice_lite.text.normalizers.han_words import Words
from cosyvoice_lite.text.normalizers.numerals import YUE
from cosyvoice_lite.text.normalizers.rules import Firing, Rule, rewrite, rule

_UNITS = {
    "km²": "平方公里", "km2": "平方公里", "m²": "平方米", "m2": "平方米", "㎡": "平方米", "m³": "立方米", "m3": "立方米", "km": "公里", "cm": "厘米", "mm": "毫米", "m": "米",
    "kg": "公斤", "mg": "毫克", "g": "克", "t": "噸", "mL": "毫升", "ml": "毫升", "L": "公升", "kW": "千瓦", "W": "瓦", "V": "伏", "Hz": "赫茲", "dB": "分貝", "℃": "度",
    "℉": "華氏度", "°": "度", "min": "分鐘", "h": "個鐘", "s": "秒", "ft": "呎", "lb": "磅", "kcal": "千卡",
}  # fmt: skip
_CURRENCIES = {
    "HK$": "蚊", "HKD": "蚊", "$": "蚊", "US$": "美金", "USD": "美金", "¥": "人民幣", "￥": "人民幣", "RMB": "人民幣", "€": "歐羅", "£": "英鎊", "NT$": "台幣",
}  # fmt: skip
_SYMBOLS = {
    "+": "加", "-": "減", "−": "減", "×": "乘", "x": "乘", "X": "乘", "*": "乘", "÷": "除", "/": "除", "=": "等於", "＝": "等於", "<": "細過", ">": "大過", "≈": "大約等於",
    "≤": "細過或者等於", "≥": "大過或者等於", "≠": "唔等於", "±": "正負", "&": "同", "@": "at", "°": "度", "℃": "度", "№": "編號", "²": "平方", "³": "立方", "$": "蚊",
    "π": "派", "㎡": "平方米", "~": "", "%": "巴仙",
}  # fmt: skip
_WORDS = Words(
    numerals=YUE, one_on_the_phone="一", negative="負", below_zero="零下", of="分之", to="到",
    versus="比", ordinal="第", hour="點", half="半", minute="分", second="秒", units=_UNITS, per="每",
    counters="個|隻|本|張|條|件|位|次|日|年(?!級)|歲|蚊|杯|樽|支|架|座|棟|層|種|啲|群|對|套|份|封|首|部|篇|把|匹|朵|棵|塊|間|家|點|分鐘|秒|星期|倍|名|人|場|門|步|斤|磅|公里|米|粒|包|盒|碗|碟|句|頁|餐|鐘|萬|億|千|百|蚊雞|張飛|程|轉|日|公斤",
    currencies=_CURRENCIES, symbols=_SYMBOLS,
    digits_after="編號|號碼|電話|熱線|手機|WhatsApp|房|密碼|驗證碼|身份證|戶口|車牌|打|call|搭|巴士", score_after="比數|贏|輸|以|打和|踢成|戰勝",
    score_before="戰勝|贏|輸|擊敗|險勝|大勝|不敵|負於", am="朝早", pm="下晝", at="at", dot="點",
)  # fmt: skip
_SAME = han.rules(_WORDS)


def _cents(match: re.Match[str]) -> str | None:
    """$12.5 is 十二個半, $3.8 三個八: how prices are said at a market."""
    dollars, tenths = match[1].replace(",", ""), match[2]
    if dollars == "0":
        return f"{YUE.integer(tenths)}毫子" if tenths != "5" else "五毫子"
    whole = YUE.two if dollars == "2" else YUE.integer(dollars)
    return f"{whole}個{'半' if tenths == '5' else YUE.integer(tenths)}"


def _quarter(match: re.Match[str]) -> str | None:
    """3:15 is 三點三: the big hand stands at the three."""
    hour, minute = match[1], int(match[2])
    if minute % 5 or minute in (0, 30):
        return None
    said = (YUE.two if int(hour) == 2 else YUE.integer(hour)) + "點"
    return said + ("搭" if minute < 15 else "") + YUE.integer(str(minute // 5))


_RULES: list[Rule] = [
    rule(
        "telephone",
        r"(?<!\d)([235-9]\d{3})[- ]?(\d{4})(?![\d.,年個蚊])",
        lambda m: YUE.spell(m[1] + m[2]),
    ),
    rule("market price", r"(?:HK)?\$(\d[\d,]*)\.([1-9])0?(?!\d)", _cents),
    rule("big hand", r"(?<![\d:])(1[0-2]|[1-9]):([0-5][05])(?![\d:]|\s*[AaPp][Mm])", _quarter),
    *_SAME,
]


def normalize(text: str, log: list[Firing] | None = None) -> str:
    """Cantonese text as it is said in Hong Kong."""
    return rewrite(text, han.TRIGGER(text), _RULES, log)
