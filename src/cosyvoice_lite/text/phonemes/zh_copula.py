"""Mandarin: 为, "is" or "for", and 长, "long" or "grow" and "chief"."""

import re
from itertools import pairwise

from cosyvoice_lite.text.phonemes.zh_places import Place

_FOR_THEM = re.compile(r"[你我他她它您谁咱啥]|大家|自己|人民|什么|何|此|了|着|孩子|别人|人类|保|防")
_DONE_FOR = re.compile(
    r"提供|带来|服务|创造|奠定|付出|着想|争取|争光|打下|树立|增添|祝|举[行办]|准备|起见|送|做出|作出|打工"
    r"|保驾|操心|打气|加油|喝彩|点赞|奋斗|努力|牺牲|献|注入|贡献|而[来去战死生努奋斗]"
)
_TURNED_INTO = re.compile(
    r"^[视译定称作成分列评选名设誉奉尊沦改升降增减封任拜调拆并记写读判变化缩]$"
)
_EXACTLY = re.compile(
    r"^(?:[均皆即实仅约最更极颇尤较甚大广稍略同互多现原曾系若共则年月日]|分别|依次|主要|一般|通常|大多|平均|合计|共计|总计|预计|其中)$"
)
_MEASURED = re.compile(
    r"[率数量额值价度温高长宽重期间点题标容式果因比积型色别龄业气件]$|利润|收入|营收|净利|目的"
)
_AMOUNT = re.compile(r"百分|千分|零|负|[二三四五六七八九十百千万亿]|一[百千万亿点]|第")
_RANKED = re.compile(r".{0,8}(?:第[一二三四五六七八九十]|最|之[一首冠])")
_MODAL = re.compile(
    r"^(?:[是能会要想愿该来去在只专特不别都也就将已再正又]|[就不]是|[不才只]?[能会想要]|想要|可以|能够|愿意|应该|必须|需要|正在"
    r"|开始|继续|一直|不断|全力|努力|共同|决定|打算|希望|负责|主动|坚持|考虑|准备|计划|致力|尝试|选择|值得|懂得|帮忙)$"
)
_SO_MANY = re.compile(r"[二三四五六七八九十百千万]+多?[个名位户]")
_FRAME_BEHIND = re.compile(r"以(?!及|便|来)[^为]*$|难$")
_FRAME_AHEAD = re.compile(r"[^为]{1,5}所")
_OF_A_SIZE = re.compile(r"[准主首止期时数限例辅伴伍难害重荣乐生]")

_GROWS = re.compile(
    r"大(?![衣褂])|[出成高胖满相势个痘肉草毛牙辈者老子女孙兄官进到在着歪斑霉虫叶]|得(?!多)|(?:什么|啥|这|那)样"
    r"|了[一几两三四五六七八九十个些不好很张双颗对]|的(?:很像|像|好看|漂亮|帅)"
)
_CHIEF = re.compile(
    r"[校部班家会院市县省局处科厅队组团连排营军师舰站社台所村乡镇州店馆园厂矿室书事察首学兄司税]$"
)


def is_or_for(place: Place) -> str | None:
    """为: ``wèi`` before whom or what something is done for, else ``wéi``."""
    if not place.alone:
        return "wei2" if _is_verb_of_becoming(place) else None
    if _FRAME_BEHIND.search(place.behind) or _FRAME_AHEAD.match(place.ahead):
        return "wei2"
    word, tag = place.before
    if len(word) > 1 and tag[0] == "v" and not _MODAL.match(word):
        return "wei2"
    if _FOR_THEM.match(place.ahead) or _DONE_FOR.search(place.ahead.partition("为")[0]):
        return "wei4"
    if tag in ("m", "t") or _TURNED_INTO.match(word) or _EXACTLY.match(word):
        return "wei2"
    acts = _does_something(place)
    if _AMOUNT.match(place.ahead) and not (acts and _SO_MANY.match(place.ahead)):
        return "wei2"
    if not word or _MODAL.match(word):
        return "wei4" if word or acts or not _RANKED.match(place.ahead) else "wei2"
    return "wei2" if _MEASURED.search(word) or not acts else "wei4"


def _is_verb_of_becoming(place: Place) -> bool:
    """视为, 最为, 为准: dictionary words that pypinyin has no reading of."""
    if place.offset:
        return place.word[-1] == "为" and place.word[-2] not in "因专特只"
    return len(place.word) == 2 and bool(_OF_A_SIZE.match(place.ahead))


def _does_something(place: Place) -> bool:
    """Whether a verb follows that could be done for somebody."""
    pairs = pairwise([*place.rest, ("", "")])
    return any(tag == "v" and following != "的" for (_, tag), (following, _) in pairs)


def long_or_grow(place: Place) -> str | None:
    """长: ``cháng`` unless something grows or a chief is meant."""
    if _is_read_by_the_dictionary(place):
        return None
    if _GROWS.match(place.ahead):
        return "zhang3"
    if not place.alone and place.offset == len(place.word) - 1 and _CHIEF.search(place.behind):
        return "zhang3"
    return "chang2"


def _is_read_by_the_dictionary(place: Place) -> bool:
    """Whether pypinyin has the word or a part of it that holds the character: 增长 of 增长率."""
    from pypinyin.phrases_dict import phrases_dict

    word, at = place.word, place.offset
    return any(
        word[start:end] in phrases_dict
        for start in range(at + 1)
        for end in range(max(at + 1, start + 2), len(word) + 1)
    )
