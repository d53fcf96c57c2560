"""Whether Han characters are Chinese, Cantonese or Japanese, by what stands among them.

One character rarely decides: Mandarin borrows Cantonese particles, Hong Kong writes forms that
Taiwan has given up and Japan kept, and much of the vocabulary is shared. Each kind of sign counts
once a character or word; what the reader expects (the language of the voice) sets how many it takes.
"""

import functools
import re
from dataclasses import dataclass

DECISIVE = 2
"""Signs that suffice where nothing speaks for another language."""
_AGAINST_THE_VOICE = 3  # signs of Japanese that a Chinese voice asks for

_SHINJITAI = frozenset(
    "々〆乗亀亜仏仮価倹働児円処凧凪剣剤労効勅勧勲匂単厳収呉咲営噛噺団囲図圏圧塀塁塩増壊壌嬢壱売変奨姉実寛対専峠巌巣"
    "帯帰広庁廃弐弾徳従応恵悩悪惣懐戦戯戸戻払抜択拝拠拡挙挿捜掲掻揺摂撃撹斉斎暁暦曽栄栃桜桟検楽槇様樋榊権歓歩歯歳歴殻毎気"
    "沢浄涙済渉渋渓渕満滝瀬焼犠獣発県砕砿稲穂穏窓竜笹粋粛経絵継続総縁縦繊聡聴脇脳臓舎荘蔵薫薬蛍覇覚覧観訳読謡譲転軽辺込辻"
    "逓遅郷酔醸釈鉄鉱銭鋳関闘陥険隠雑霊頼顕駄駅駆騒験髄鶏麺黒黙両猟剰隷髪艶齢畳畑枠"
)
"""Forms of the Japanese standard that neither mainland China, Taiwan nor Hong Kong writes."""
_SHARED_SHORT_FORMS = frozenset(
    "会区医参双国声学宝当径恋担数断旧昼来欧残浅湿潜灯炉点独画称装践静麦随嘱届属奥将尽"
)
"""Short forms of Japan and mainland China; beside a form that is not simplified, only of Japan."""
_OLD_FORMS = frozenset(
    "國學會體來醫點數對發讀經變實當氣從樣萬與寫聲處將總戰壓區醬歡觀關樂覺圖歐歸舊據擴顯驗嚴廳聽單擔膽團彈斷遲晝蟲轉傳"
    "黨盜燈獨屆惱腦霸廢賣麥拔辯寶豐滿每藥譯餘譽搖賴亂覽兩獵壘勵禮隸靈齡戀爐勞樓灣鐵錢藝輕繼續屬雜參殘絲齒兒辭濕價畫繪"
    "壞懷殼勸虛狹曉驅徑莖擊儉劍檢權獻縣險鹽隱圍惡壯爭裝騷增藏臟墮帶滯擇濟劑慘釋獸縱肅燒稱證壤條淨狀疊讓釀囑觸寢晉盡隨"
    "髓樞靜攝竊專淺潛纖踐雙搜插莊圓"
)
"""Forms that Japan gave up and Chinese keeps."""
_OLD_NAMES = re.compile("國學院(?:大學)?|慶應(?:義塾)?")

_WORDS = re.compile(
    "[你您妳她们們吗嗎嘛哪这這怎给很咱俩谁]|[什怎這那多]麼|沒有|没有|不是|給(?=[我你妳他她它您媽爸])|(?<=[\u4e00-\u9fff])[吧呢](?![\u4e00-\u9fff])"
)
"""Words of Chinese, Mandarin as well as Cantonese as it is printed."""
_FUNCTION_WORDS = re.compile(
    "(?<!目)的(?=[\u4e00-\u9fff])|(?<![国國如])是(?![非正認々])|(?<![自無忘])我(?![がら々慢流])"
    "|(?<![終完修満校魅未投結])了(?=[\u4e00-\u9fff，。！])(?![解承])|都(?=[是有會])|也(?=[\u4e00-\u9fff])"
    "|(?<![存実])在(?=[這这那台香])|吃(?![音驚])|(?<![恐一大])喝(?![破采])|誰|什(?!器)"
)
"""Words of Chinese that Japanese has as parts of others: two of them tell."""
_MANDARIN = re.compile(
    "(?<!目)的(?![士確确])|了(?!解)|(?<![但於于可凡總总])是(?![但日次非])|[這这那]|[们們吗嗎她沒很]|没有|什麼|什么"
)

_CANTONESE = re.compile(
    "[嘅咗喺佢哋冇啲嗰嚟咁嘢噉喎噃㗎瞓攞諗嬲冚黐睇畀嘥氹搵攰啩唞𠻺]"
    "|唔(?=[\u4e00-\u9fff])(?![唔嗯了的地一])|(?:(?<=[我你])|(?<=哋))[係系](?![數数統统])|係[咪唔]|呢[個啲度間條隻次種](?!子)"
    "|(?<![重難难要特優优痛熱热觀观一點点])[點点]解(?![決决析釋释除說说讀读答剖散開开])|邊度|(?<![這那旁身右左外裡裏後前周])邊[個位](?![月人])"
    "|琴日|返工|傾偈|屋企|細路|鍾意|食咗|乜嘢|(?<![發开開投存下])放工(?![資具作人程夫業地])"
)
"""What only Cantonese writes."""
_MAYBE_CANTONESE = re.compile(
    "咋|嘞|吖|囉(?![嗦唆])|唔|(?<![關関关干])係(?![數数])|咩|靚|乜|啫(?!喱)|嗌|飲茶|食飯|幾多|(?<!難)得閒|聽日(?![本語期])|尋日|返學|"
    "而家(?![人長庭裡裏中])"
)
"""What Mandarin borrows, or writes with another meaning: two different ones tell."""


@dataclass(frozen=True)
class Evidence:
    """The signs in a stretch of text; the numbers count different ones."""

    cantonese: bool
    maybe_cantonese: int
    mandarin: bool
    simplified: bool
    chinese: int
    japanese: int

    def language(self, expected: str | None) -> str | None:
        """zh, yue or ja; ``"chinese"`` for either of the first two, None without evidence."""
        printed = self.simplified or self.mandarin
        if self.cantonese or (self.maybe_cantonese and expected == "yue"):
            return "yue"
        if self.maybe_cantonese >= DECISIVE and not printed:
            return "yue"
        needed = _AGAINST_THE_VOICE if expected in ("zh", "yue") else 1
        if self.japanese >= needed + self.chinese:
            return "ja"
        if self.chinese < (DECISIVE if expected == "ja" else 1):
            return None
        return "zh" if printed else "chinese"


NOTHING = Evidence(False, 0, False, False, 0, 0)


def evidence(text: str) -> Evidence:
    """The signs that ``text`` holds."""
    chars = set(text)
    simplified = any(_standards(char) == (True, False, False) for char in chars)
    old = len(_OLD_FORMS.intersection(_OLD_NAMES.sub("", text)))
    telling = len(set(_FUNCTION_WORDS.findall(text))) + min(old, DECISIVE)
    mixed = not simplified and bool(chars & _SHARED_SHORT_FORMS) and _has_long_form(chars)
    return Evidence(
        cantonese=bool(_CANTONESE.search(text)),
        maybe_cantonese=len(set(_MAYBE_CANTONESE.findall(text))),
        mandarin=bool(_MANDARIN.search(text)),
        simplified=simplified,
        chinese=telling + DECISIVE * (simplified + bool(_WORDS.search(text))),
        japanese=DECISIVE * len(chars & _SHINJITAI) + mixed,
    )


def _has_long_form(chars: set[str]) -> bool:
    return any(_standards(char) == (False, True, True) for char in chars - _OLD_FORMS)


@functools.lru_cache(maxsize=8192)
def _standards(char: str) -> tuple[bool, bool, bool]:
    """Whether mainland China, Taiwan and Japan have a Han character; all of them what is none."""
    if not "\u4e00" <= char <= "\u9fff":
        return True, True, True
    return _encodable(char, "gb2312"), _encodable(char, "cp950"), _encodable(char, "shift_jis")


def _encodable(char: str, codec: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
