"""Cantonese: the rules of Mandarin with the words that Hong Kong uses."""

import re

from cosyvoice_lite.text.normalizers import han
from cosyvoice_lite.text.normalizers.han_words import Words
from cosyvoice_lite.text.normalizers.numerals import YUE
from cosyvoice_lite.text.normalizers.rules import Firing, Rules, rewrite, rule

_UNITS = {
    "m/s²": "米每二次方秒", "km²": "平方公里", "km2": "平方公里", "m²": "平方米", "m2": "平方米", "㎡": "平方米", "m³": "立方米", "m3": "立方米", "km": "公里", "cm": "厘米", "mm": "毫米", "m": "米",
    "kg": "公斤", "mg": "毫克", "g": "克", "t": "噸", "mL": "毫升", "ml": "毫升", "L": "公升", "kW": "千瓦", "W": "瓦", "V": "伏", "Hz": "赫茲", "dB": "分貝", "℃": "度",
    "℉": "華氏度", "°": "度", "min": "分鐘", "h": "個鐘", "s": "秒", "ft": "呎", "lb": "磅", "kcal": "千卡", "cm²": "平方厘米", "cm³": "立方厘米", "kΩ": "千歐", "μg": "微克", "µg": "微克", "mmol": "毫摩爾", "dL": "分升", "mmHg": "毫米水銀柱",
    "hPa": "百帕", "mAh": "毫安時", "kWh": "度電", "kHz": "千赫茲", "MHz": "兆赫茲", "GHz": "吉赫茲", "A": "安", "mA": "毫安", "nm": "納米", "μm": "微米",
}  # fmt: skip
_CURRENCIES = {
    "HK$": "蚊", "HKD": "蚊", "$": "蚊", "US$": "美金", "USD": "美金", "¥": "人民幣", "￥": "人民幣", "RMB": "人民幣", "€": "歐羅", "£": "英鎊", "NT$": "台幣",
}  # fmt: skip
_SYMBOLS = {
    "+": "加", "-": "減", "−": "減", "×": "乘", "x": "乘", "X": "乘", "*": "乘", "÷": "除", "/": "除", "=": "等於", "＝": "等於", "<": "細過", ">": "大過", "≈": "大約等於",
    "≤": "細過或者等於", "≥": "大過或者等於", "≠": "唔等於", "±": "正負", "^": "嘅次方", "√": "開方", "∞": "無限大", "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "Δ": "delta", "θ": "theta", "λ": "lambda", "μ": "mu", "σ": "sigma", "ω": "omega", "Ω": "歐姆", "&": "同", "@": " at ", "°": "度", "℃": "度", "№": "編號", "²": "平方", "³": "立方", "$": "蚊",
    "π": "派", "㎡": "平方米", "~": "", "%": "巴仙",
}  # fmt: skip
_COUNTERS = (
    "[個隻本張條件位次日歲蚊杯樽支架座棟層種啲群對套份封首部篇把匹朵棵塊間家點秒倍名人場門步斤磅米粒包盒碗碟句頁餐鐘萬億千百程轉罐袋晚樣款扇組串副艘類輪圈面束筐桶壺幅具枚株盞鍋盆堆批叠道"
    "段節堂籠球局票席尺吋呎毫者國則單執嚿餅舊煲輛頓項聲盤盅]|年(?!級)|分鐘|星期|禮拜|公[里斤升]|厘米|毫[米升]|蚊雞|張飛|個月|代人|下(?!晝|午)|邊(?!形)|分(?![之店])|美金|排(?!\\d)"
)  # fmt: skip
_WORDS = Words(
    numerals=YUE, one_on_the_phone="一", negative="負", below_zero="零下", possessive="嘅", of="分之", to="到",
    versus="比", ordinal="第", hour="點", half="半", minute="分", second="秒", units=_UNITS, per="每",
    counters=_COUNTERS,
    currencies=_CURRENCIES, symbols=_SYMBOLS,
    digits_after="編號|號碼|電話|熱線|手機|WhatsApp|房|密碼|驗證碼|身份證|戶口|車牌|打|call|搭|巴士", score_after="比數|半場|完場|打和|踢成|戰勝", score_right_after="以|贏|輸",
    score_before="領先|落後|反超|晉級|戰勝|贏|輸|擊敗|險勝|大勝|不敵|負於", am="朝早", pm="下晝", at="at", dot="點", dash="，", out_of="，滿分", double="雙",
    number="號", finding={"+": "陽性", "-": "陰性"},
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


_RULES = Rules(
    [
        rule(
            "telephone",
            r"(?<!\d)([235-9]\d{3})[- ]?(\d{4})(?![\d.,年個蚊])",
            lambda m: YUE.spell(m[1] + m[2]),
        ),
        rule("market price", r"(?:HK)?\$(\d[\d,]*)\.([1-9])0?(?!\d|\s?[KMBTkmbt万萬亿億])", _cents),
        rule("big hand", r"(?<![\d:])(1[0-2]|[1-9]):([0-5][05])(?![\d:]|\s*[AaPp][Mm])", _quarter),
        *_SAME,
    ]
)


def normalize(text: str, log: list[Firing] | None = None) -> str:
    """Cantonese text as it is said in Hong Kong."""
    return rewrite(text, han.TRIGGER(text), _RULES, log)
