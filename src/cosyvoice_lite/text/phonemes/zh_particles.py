"""Mandarin: 地 and 得, particles between a word and its verb or complement, or words themselves."""

import re

from cosyvoice_lite.text.phonemes.zh_places import Place

_LAND_BEFORE = re.compile(r"[块片亩处寸的这那此该本某两和与占卖买租种有]$")
_LAND_AFTER = re.compile(r"[里上下面的是有也都归属被多少广和与及之很不]")
_MANNER = re.compile(  # 轻轻, 静悄悄, 高高兴兴, 一点一点, 创造性, 相反
    r"(.)\1$|^(.)\2|^(..)\3$|性$|^(?:相反|相应|反复|不断|不停|持续|[猛呼唰刷噌腾嗖砰啪哗轰嗡扑])$"
)
_ADVERBIAL = ("z", "d", "ad", "a", "i", "l", "b", "o", "v", "n")

_GOT_BY = frozenset("获取难不心所求赢夺博只应各可两自已自安岂喜购习查测换争摘荣斩收录一")
_GOT_WORDS = frozenset("不得不 不得了 不得已 不得而知".split())
_GOT = re.compile(
    r"了(?!吗|吧|的|不|啊|呀|解)(?=.)|到(?!.{1,4}[去来])|过|出|[第奖票冠亚季金银满零高罪胜]|[一二三四五六七八九十百千两点]+[分票]"
)
_ABLE = re.compile(r"了(?:[吗吧的呢]|$)")
_OBLIGED = re.compile(
    r"[你我他她它您们咱谁人家这那哪还就也都又可真先便才总必须定概怕少是天年月今明晚早后时候]$"
    r"|来看$|看来$|下来$|看样子$|说明$|的话$|可能$|意味着$|千万$"
)
_WON_OR_CAUGHT = re.compile(r"[奖牌分票军病症癌炎冒杯名]$")
_HOW_MUCH = re.compile(r"很|非常|十分|特别|格外|更加?|太|极")
_DEGREE_OF = re.compile(r"[心气病冻冷热累困饿急美丑帅香甜苦酸辣疼痛怕吓胖瘦黑白红亮]$")


def earth_or_manner(place: Place) -> str | None:
    """地: ``de`` behind how something is done, ``dì`` where it is ground."""
    if not place.alone:
        stem = place.word[: place.offset]
        adverb = len(stem) > 1 and place.tag in ("z", "d", "ad")
        manner = adverb or bool(_MANNER.search(stem))
        return "de5" if manner and place.word[-1] == "地" else None
    word, tag = place.before
    if _MANNER.search(word):
        return "de5"
    if not word or _LAND_BEFORE.search(place.behind):
        return "di4"
    if not place.ahead:
        return "de5" if len(word) > 1 and tag in ("z", "d", "ad", "a", "i", "l") else "di4"
    negated = place.behind[-2:-1] == "不"  # 不住地, 头也不回地
    if len(word) == 1 and tag not in ("a", "d", "ad", "z") and not negated:
        return "di4"
    if tag[0] in "nvmr" and _LAND_AFTER.match(place.ahead):
        return "di4"
    return "de5" if tag in _ADVERBIAL or tag[0] in "vmnaq" else "di4"


def got_or_must(place: Place) -> str | None:
    """得: ``de`` behind a verb or adjective, ``děi`` for must, ``dé`` for get."""
    if not place.alone:
        return _inside_a_word(place)
    word, tag = place.before
    degree = bool(_HOW_MUCH.match(place.ahead)) and tag[:1] not in ("r", "d", "")
    complement = degree or (tag[:1] in ("v", "a", "z", "u") and not _OBLIGED.search(word))
    if complement or _DEGREE_OF.search(word):
        return "de5"
    what, kind = place.after
    gets = kind[:1] == "y" or (kind[:1] == "n" and _WON_OR_CAUGHT.search(what))
    if gets or not place.ahead or _GOT.match(place.ahead):
        return "de2"
    if word and not _OBLIGED.search(word) and tag[:1] not in ("r", "d", "n", "t", "c", "f"):
        return "de5"
    return "dei3"


def _inside_a_word(place: Place) -> str | None:
    word, at = place.word, place.offset
    if at == 0 or word in _GOT_WORDS or (len(word) > 3 and at != 1):
        return None
    if word[at - 1] in _GOT_BY and not (word[at - 1] == "不" and len(word) == 3):
        return "de2" if len(word) == 2 else None
    if word in ("总得", "非得", "必得") or (len(word) == 2 and place.tag not in ("ud", "v")):
        return None
    return "de5"
