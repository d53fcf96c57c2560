"""Japanese words whose reading only their neighbours tell, beyond what the analyser weighs."""

import re

_FOODS = "カレー|ラーメン|スープ|ソース|キムチ|チキン|パスタ|料理|食べ物|食べもの|味|麺|鍋|もの|物が(?:好き|苦手|食べ)"
_SPENT = "な[いくかけ]|ある|欲|ほし|かか|稼|借|貸|払|返|足り|貯|儲|もう|盗"
_NAMED = "[性員者歳]の|[ごお]..の|[ごお][^客]..の|初めての|はじめての|以上の|以下の|未満の|在住の|希望の|担当の|代わりの|[あこそど]の"
_PERSON = "(?:" + "|".join(f"(?<={where})" for where in _NAMED.split("|")) + ")(?<![前後]者の)"
_TABLE = [  # the character, where it stands, and how the word that it begins is read
    ("降", r"(?<=[雨雪雹霰][がのもは])降(?=[らりるれろっ])", "フ"),
    ("家", r"(?<=[日間]中)家(?=[にでへ])", "イエ"),
    ("開", r"(?<=[ドア窓戸扉]が)開(?=[いくき])", "ア"),
    ("開", r"(?<=[ドア窓戸扉]を)開(?=[くき])", "ヒラ"),
    ("何", r"(?<![幾如誰])何(?=[だでなの](?!き)|と(?!何)|にも|か[月国所年])", "ナン"),
    ("か月", r"(?<=何)か月", "カゲツ"),
    ("十", r"(?<![一二三四五六七八九百千])十(?=勝(?:[一二三四五六七八九十]+敗|目|以上|を[挙あ]|に[到達]))", "ジュー"),
    ("方", rf"{_PERSON}方(?=[はにへで、もと])", "カタ"),
    ("中", r"(?<=[しいなむ]い)中(?=[、。をでにはもぁ-ん]|恐|誠|本当|足)", "ナカ"),
    ("組", r"^組(?=[のはがでにをとも、。])", "クミ"),
    ("晴れ", r"晴れ(?=のち|後|時々|ときどき|一時)", "ハレ"),
    ("角", r"(?<![\u4e00-\u9fff])角(?=を曲が|を右|を左|に立|の店)", "カド"),
    ("金", rf"(?<![\u4e00-\u9fff])金(?=[がはをも](?:{_SPENT}))", "カネ"),
    ("辛", rf"辛(?=[いさく](?:{_FOODS}))|(?<=カレー[がはも])辛|(?<=味[がはも])辛", "カラ"),
]  # fmt: skip
_IN_CONTEXT = [(char, re.compile(where), kana) for char, where, kana in _TABLE]


def settled(text: str) -> dict[int, tuple[str, str]]:
    """Where the cheapest path goes wrong: what stands there, and how its reading begins."""
    return {
        match.start(): (char, kana)
        for char, where, kana in _IN_CONTEXT
        if char in text
        for match in where.finditer(text)
    }
