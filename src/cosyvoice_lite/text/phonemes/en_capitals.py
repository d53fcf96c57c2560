"""English words by their capitals: what is spelled, and what is cut where the case changes."""

import re
from collections.abc import Callable

_LONGEST_ACRONYM = 5
_WORDS = frozenset(  # in capitals still words: hardly ever the initials of anything
    (
        "the and for not you all her was one our out day get has him his how man new now old see "
        "two way boy did its put say she too yes big red hot sun top why but had run eat oil tax "
        "cut win fan job car fox buy mom dad dog box bad bag bar bed bet bit bus bye cow cry die "
        "dry due ear egg end eye far fat few fly fog fun god got guy hat hit ice ill joy key kid "
        "kit law lay leg let lie lip lot low mad mix mud nor nut odd off own pay pen pie pig pop "
        "pot raw rid row rub sad sea sex shy sir sit six sky son ten tie tip toe ton toy try use "
        "van via war wet won yet zoo any ago age aim air are arm art ask ate bee beg cup era fee "
        "fit fix gas gay gun gym hug hurt jam jaw jet joke lab lap lend log map may men met mum nap "
        "net pan per pit ran rat rib set sin spy tea tap tar tub wax web wow aid is in on at to of "
        "or so do go he me my no up we be by if am an as ad oh ah hi ok ha pin sim ram rom gif lan "
        "wan zip nand cuda fomo jpeg lidar wav"
    ).split()
)
_SHOUTED = frozenset("who us it act sat cat can led pet add cap dip".split())
"""Words in a sentence that is all capitals, else initials: WHO, IT, US."""
_SIZE_OF_A_WORD = 4
_ELEMENTS = (
    "H|He|Li|Be|B|C|N|O|F|Ne|Na|Mg|Al|Si|P|S|Cl|Ar|K|Ca|Sc|Ti|V|Cr|Mn|Fe|Co|Ni|Cu|Zn|Ga|Ge|As|Se|Br|Kr|Rb|Sr|Y|Zr|Nb|Mo|Ag|"
    "Cd|In|Sn|Sb|Te|I|Xe|Cs|Ba|W|Pt|Au|Hg|Tl|Pb|Bi|Rn|Ra|Th|U|Pu"
)
_FORMULA = re.compile(rf"(?:{_ELEMENTS}){{2,8}}")
_PARTS = re.compile(r"[A-Z]+(?=s$)|s$|[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PLURAL = re.compile("[A-Z][A-Za-z]*[A-Z]s")  # TDs, PhDs
_MIXED = re.compile(r"[a-z][A-Z]|[A-Z]{2,}[a-z]")

Known = Callable[[str], bool]


def is_acronym(written: str, word: str, known: Known, *, shouted: bool) -> bool:
    """Capitals that no dictionary reads as a word, and what has no vowel, is spelled out."""
    if len(written) == 1:
        return True
    if _PLURAL.fullmatch(written):
        return False
    if not written.isupper() or len(written) > _LONGEST_ACRONYM:
        return not known(word) and not re.search("[aeiouy]", word)
    if word in _WORDS or (shouted and word in _SHOUTED):
        return False
    return not known(word) or len(written) < _SIZE_OF_A_WORD


def is_shouted(sentence: list[str], known: Known) -> bool:
    """Whether the words of a sentence are all capitals, and not just one acronym after the other."""
    words = [word for word in sentence if len(word) > 1]
    if len(words) < 2 or not all(map(str.isupper, words)):
        return False
    short = sum(word.lower() in _WORDS for word in words)
    return short > 1 or any(len(w) >= _SIZE_OF_A_WORD and known(w.lower()) for w in words)


def parts(written: str) -> list[str]:
    """PyTorch as Py, Torch; mRNA as m, RNA; GPUs as GPU, s; a formula, NaCl, by its letters."""
    if not written.isascii() or not _MIXED.search(written) or written.startswith("Mc"):
        return [written]
    if _FORMULA.fullmatch(written):
        return list(written.upper())
    return _PARTS.findall(written)
