"""Mandarin: numbers, dates, money, units and symbols → words in simplified characters."""

import functools
import re

from cosyvoice_lite.text.normalizers import han
from cosyvoice_lite.text.normalizers.han_words import Words
from cosyvoice_lite.text.normalizers.numerals import ZH
from cosyvoice_lite.text.normalizers.rules import Firing, Rules, rewrite

_UNITS = {
    "m/s²": "米每二次方秒", "km²": "平方公里", "km2": "平方公里", "m²": "平方米", "m2": "平方米", "㎡": "平方米", "cm²": "平方厘米", "m³": "立方米",
    "m3": "立方米", "㎥": "立方米", "cm³": "立方厘米", "km": "公里", "cm": "厘米", "mm": "毫米", "nm": "纳米", "μm": "微米", "m": "米", "dm": "分米",
    "kg": "公斤", "mg": "毫克", "g": "克", "t": "吨", "kcal": "千卡", "cal": "卡", "mL": "毫升", "ml": "毫升", "L": "升", "l": "升",
    "kWh": "千瓦时", "kW": "千瓦", "MW": "兆瓦", "W": "瓦", "mAh": "毫安时", "kV": "千伏", "V": "伏", "A": "安", "GHz": "吉赫兹", "MHz": "兆赫兹",
    "kHz": "千赫兹", "μg": "微克", "µg": "微克", "ug": "微克", "ng": "纳克", "mmol": "毫摩尔", "mol": "摩尔", "dL": "分升", "hPa": "百帕", "MPa": "兆帕", "mmHg": "毫米汞柱",
    "kΩ": "千欧", "MΩ": "兆欧", "kJ": "千焦", "kN": "千牛", "µm": "微米", "mA": "毫安", "mW": "毫瓦", "mV": "毫伏", "μF": "微法", "Hz": "赫兹", "dB": "分贝", "kPa": "千帕", "Pa": "帕", "℃": "摄氏度", "℉": "华氏度", "°": "度",
    "min": "分钟", "h": "小时", "s": "秒", "ms": "毫秒", "px": "像素", "fps": "帧每秒", "mph": "英里每小时", "ha": "公顷", "rpm": "转每分钟",
}  # fmt: skip
_CURRENCIES = {
    "¥": "元", "￥": "元", "RMB": "元", "CNY": "元", "US$": "美元", "USD": "美元", "$": "美元", "HK$": "港元", "NT$": "新台币", "€": "欧元", "£": "英镑", "₩": "韩元",
}  # fmt: skip
_SYMBOLS = {
    "+": "加", "-": "减", "−": "减", "×": "乘", "x": "乘", "X": "乘", "*": "乘", "÷": "除以", "/": "除以", "=": "等于", "＝": "等于", "<": "小于", ">": "大于",
    "≈": "约等于", "≤": "小于等于", "≥": "大于等于", "≠": "不等于", "^": "的次方", "±": "正负", "%": "百分号", "&": "和", "@": "艾特",
    "°": "度", "℃": "摄氏度", "℉": "华氏度", "№": "编号", "℡": "电话", "²": "平方", "³": "立方", "√": "根号", "∞": "无穷大",
    "Ω": "欧姆", "α": "阿尔法", "β": "贝塔", "γ": "伽马", "δ": "德尔塔", "Δ": "德尔塔", "ε": "艾普西龙", "ζ": "泽塔", "η": "伊塔", "θ": "西塔", "Θ": "西塔", "κ": "卡帕", "λ": "拉姆达", "Λ": "拉姆达",
    "μ": "缪", "µ": "缪", "ξ": "克西", "π": "派", "Π": "派", "ρ": "柔", "σ": "西格玛", "Σ": "西格玛", "τ": "陶", "φ": "斐", "Φ": "斐", "χ": "卡伊", "ψ": "普西", "Ψ": "普西", "ω": "欧米伽", "$": "美元", "¥": "元", "€": "欧元", "£": "英镑", "㎡": "平方米", "~": "", "#": "井号",
    "∵": "因为", "∴": "所以", "∈": "属于", "∠": "角", "∥": "平行于", "⊥": "垂直于", "△": "三角形",
}  # fmt: skip
_COUNTERS = (
    "[个只本张条件位次天岁块元杯瓶台辆座栋层种些群双对套份封首部篇支枝根把头匹朵棵片间家所周倍名人遍趟场门项步点斤米升吨口顿滴颗粒亩袋包盒箱碗盘节堂句段厅页章回万亿千"
    "道勺款扇组串副架艘类样轮圈晚面束筐桶罐壶桌幅具股枚株桩盏锅盆捆堆批沓摞叠尊瓣撮捧笔梯列摊毛角者国省侧旁局票席盎磅尺寸]"
    "|年(?!级)|小时|分钟|秒|星期|礼拜|个月|公[斤里顷升分]|厘米|毫[米升克]|千[克米]|平方|立方|海里|英[里尺寸镑]|光年|[美欧日港韩]元|代人|下(?!午)|地分居|边(?!形)|学期|课时|刻钟|分(?![之音法贝裂米])|球|排(?!\\d)|里[地路]|成(?![为年员立本功])"
)  # fmt: skip
_WORDS = Words(
    numerals=ZH, one_on_the_phone="幺", negative="负", below_zero="零下", possessive="的", of="分之", to="到",
    versus="比", ordinal="第", hour="点", half="半", minute="分", second="秒", units=_UNITS, per="每",
    counters=_COUNTERS,
    currencies=_CURRENCIES, symbols=_SYMBOLS,
    digits_after="编号|号码|电话|热线|手机|座机|学号|QQ|qq|账号|帐号|卡号|单号|密码|验证码|尾号|工号|身份证号?|邮编|邮政编码|房间号?|代码|股票|回[复複]|拨打(?:\\d{3,5}[或、和及])?|银行卡|信用卡|车次|航班|序列号|口令|分机|内线|总机转|端口|\\d{4}转",
    score_after="比分|点球大战|半场|终场|决胜局|战胜|击败|大胜|险胜|战成|战平|打成|不敌", score_right_after="以|赢|输", score_before="领先|落后|反超|晋级|夺冠|战胜|击败|大胜|险胜|逆转|力克|轻取|横扫|不敌|负于|惜败|告负|获胜|取胜|落败", am="上午", pm="下午", at="艾特", dot="点", dash="杠", out_of="，满分", double="双",
    number="号", finding={"+": "阳性", "-": "阴性"},
)  # fmt: skip
_RULES = Rules(han.rules(_WORDS))
_NOT_SIMPLIFIED = re.compile("[\u4e00-\u9fff]")


def normalize(text: str, log: list[Firing] | None = None) -> str:
    """Mandarin text as it is said; traditional characters become simplified ones."""
    text = simplified(text, log)
    return rewrite(text, han.TRIGGER(text), _RULES, log)


def simplified(text: str, log: list[Firing] | None = None) -> str:
    """Traditional characters as simplified ones, character by character."""
    try:
        text.encode("gb2312")
        return text  # the common case, at the speed of a codec
    except UnicodeEncodeError:
        pass
    changed = "".join(_simplified(char) if char > "\u3400" else char for char in text)
    if log is not None and changed != text:
        log.append(Firing("traditional", text, changed))
    return changed


@functools.lru_cache(maxsize=16384)
def _simplified(char: str) -> str:
    try:
        char.encode("gb2312")
        return char
    except UnicodeEncodeError:
        from wetext.utils import preprocess  # its table of characters

        return str(preprocess(char, traditional_to_simple=True)) or char
