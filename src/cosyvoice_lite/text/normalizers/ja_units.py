"""Units and Greek letters as Japanese says them."""

import re

_NAMES = {
    "km²": "平方キロメートル", "cm²": "平方センチメートル", "m²": "平方メートル", "㎡": "平方メートル", "cm³": "立方センチメートル", "m³": "立方メートル",
    "km": "キロメートル", "cm": "センチメートル", "mm": "ミリメートル", "μm": "マイクロメートル", "nm": "ナノメートル", "m": "メートル",
    "kg": "キログラム", "mg": "ミリグラム", "μg": "マイクログラム", "ng": "ナノグラム", "g": "グラム", "t": "トン",
    "L": "リットル", "l": "リットル", "mL": "ミリリットル", "ml": "ミリリットル", "dL": "デシリットル", "dl": "デシリットル", "μL": "マイクロリットル",
    "GB": "ギガバイト", "MB": "メガバイト", "KB": "キロバイト", "TB": "テラバイト", "kbps": "キロビーピーエス", "Mbps": "メガビーピーエス", "Gbps": "ギガビーピーエス",
    "GHz": "ギガヘルツ", "MHz": "メガヘルツ", "kHz": "キロヘルツ", "Hz": "ヘルツ", "kW": "キロワット", "W": "ワット", "kWh": "キロワット時",
    "mAh": "ミリアンペア時", "mV": "ミリボルト", "V": "ボルト", "mA": "ミリアンペア", "A": "アンペア", "Ω": "オーム", "kΩ": "キロオーム", "MΩ": "メガオーム", "dB": "デシベル",
    "hPa": "ヘクトパスカル", "kPa": "キロパスカル", "Pa": "パスカル", "mmHg": "ミリメートルエイチジー", "mol": "モル", "mmol": "ミリモル", "ppm": "ピーピーエム",
    "℃": "度", "°C": "度", "℉": "華氏度", "°F": "華氏度", "°": "度", "ha": "ヘクタール", "kcal": "キロカロリー", "cal": "カロリー",
    "ms": "ミリ秒", "μs": "マイクロ秒", "px": "ピクセル", "fps": "フレーム毎秒", "rpm": "回転毎分", "インチ": "インチ", "m/s²": "メートル毎秒毎秒",
}  # fmt: skip
_EACH = {
    "s": "毎秒", "秒": "毎秒", "h": "毎時", "時": "毎時", "min": "毎分", "分": "毎分", "m²": "毎平方メートル", "m³": "毎立方メートル",
    "cm²": "毎平方センチメートル", "cm³": "毎立方センチメートル", "L": "パーリットル", "l": "パーリットル", "dL": "パーデシリットル",
    "dl": "パーデシリットル", "mL": "パーミリリットル", "ml": "パーミリリットル", "kg": "パーキログラム", "km": "パーキロメートル",
}  # fmt: skip
"""What is said of a unit behind a slash."""


def _any_of(names: dict[str, str]) -> str:
    """A pattern of these units, however their powers and the micro sign are written."""
    longest = sorted(map(re.escape, names), key=len, reverse=True)
    pattern = "|".join(longest).replace("μ", "[μµ]")
    return pattern.replace("²", r"(?:²|\^2)").replace("³", r"(?:³|\^3)")


UNIT = rf"(?:{_any_of(_NAMES)})(?:/(?:{_any_of(_EACH)}))?"
"""A unit, alone or by another: mg/dL."""


def unit(written: str) -> str:
    """How a unit is said."""
    plain = written.replace("^2", "²").replace("^3", "³").replace("µ", "μ")
    if plain in _NAMES:
        return _NAMES[plain]
    above, _, below = plain.partition("/")
    return _NAMES[above] + _EACH[below]


_LETTERS = (
    "αアルファ βベータ γガンマ δデルタ εイプシロン ζゼータ ηイータ θシータ ιイオタ κカッパ λラムダ μミュー νニュー ξクサイ "
    "οオミクロン πパイ ρロー σシグマ ςシグマ τタウ υユプシロン φファイ χカイ ψプサイ ωオメガ ϕファイ µミュー"
)
GREEK = {pair[0]: pair[1:] for pair in _LETTERS.split()}
GREEK |= {letter.upper(): name for letter, name in GREEK.items() if letter.islower()}
"""The names of Greek letters."""
