"""Cantonese: characters → jyutping initials, finals and tones, with ToJyutping's dictionary.

It reads colloquial Cantonese as Hong Kong speaks it, changed tones included. Syllabic ``m`` and
``ng`` are their initials' symbols, alone before a tone.
"""

import re

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.phonemes.inventory import IDS, MARK_OF

_OF_A_PERSON = "(?:同|話|係|喺|嘅|都|會|唔|俾|請|[，。！？]|$)"
_READINGS = [
    (r"(?<=[行副任位])行(?=長(?![途者短]))", "hong4"),
    (r"(?<=[行副任位]行)長(?![途者短])", "zoeng2"),
    (rf"(?<![步遠])行(?=長{_OF_A_PERSON})", "hong4"),
    (rf"(?<![步遠]行)(?<=行)長(?={_OF_A_PERSON})", "zoeng2"),
    (r"數(?=[一吓下]數|錢)|(?<=數[一吓下])數", "sou2"),
    (r"(?<=滸)傳", "zyun2"),
    (r"(?<=[用長報住生亡蓋])率(?![領先])", "leot2"),
    (r"曾(?=先生|女士|小姐|生(?![活產病氣日])|太|志偉|蔭權|俊華)", "zang1"),
    (r"查(?=良鏞)", "zaa1"),
]
"""Where ToJyutping's dictionary has the rarer reading: the character, seen in its surroundings."""
_RULES = [(re.compile(where), reading) for where, reading in _READINGS]
_SYLLABLE = re.compile(r"(gw|kw|ng|[bpmfdtnlgkhwzcsj])?([aeiou][a-z]*|yu[nt]?)?([1-6])")


def phonemes(text: str) -> list[str]:
    """The symbols of normalised Cantonese text; unknown characters are skipped."""
    from ToJyutping import get_jyutping_list  # its dictionary takes most of a second to load

    symbols: list[str] = []
    ruled = {m.start(): said for where, said in _RULES for m in where.finditer(text)}
    for at, (char, read) in enumerate(get_jyutping_list(text)):
        jyutping = ruled.get(at, read)
        if jyutping:
            symbols += jyutping_phonemes(jyutping)
        elif char in MARK_OF:
            symbols.append(MARK_OF[char])
    return symbols


def jyutping_phonemes(jyutping: str) -> list[str]:
    """The symbols of jyutping with tone digits: ``jyut6 ping3``.

    Raises:
        TextError: a syllable is not Cantonese.
    """
    symbols: list[str] = []
    for syllable in re.findall(r"[a-z]+\d?|\S", jyutping.lower()):
        match = _SYLLABLE.fullmatch(syllable)
        parts = [f"yue:{part}" for part in match.groups() if part] if match else []
        if len(parts) < 2 or any(part not in IDS for part in parts):
            raise TextError(f"{syllable!r} is not a jyutping syllable")
        symbols += parts
    return symbols
