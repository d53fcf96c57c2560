"""IPA for English words → ARPAbet symbols, as markup and lexicons give it."""

import re

from cosyvoice_lite.errors import TextError

_TABLE = {
    "tʃ": "CH", "t͡ʃ": "CH", "dʒ": "JH", "d͡ʒ": "JH", "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW",
    "əʊ": "OW", "ɔɪ": "OY", "ɜːr": "ER", "ɜː": "ER", "ɝ": "ER", "ɚ": "ER", "ɑː": "AA", "ɑ": "AA",
    "ɒ": "AA", "æ": "AE", "ʌ": "AH", "ə": "AH", "ɔː": "AO", "ɔ": "AO", "ɛ": "EH", "e": "EH",
    "ɪ": "IH", "i": "IY", "iː": "IY", "ʊ": "UH", "u": "UW", "uː": "UW", "o": "OW", "a": "AA",
    "b": "B", "d": "D", "ð": "DH", "f": "F", "ɡ": "G", "g": "G", "h": "HH", "k": "K", "l": "L",
    "ɫ": "L", "m": "M", "n": "N", "ŋ": "NG", "p": "P", "ɹ": "R", "r": "R", "s": "S", "ʃ": "SH",
    "t": "T", "θ": "TH", "v": "V", "w": "W", "j": "Y", "z": "Z", "ʒ": "ZH",
}  # fmt: skip
_SYMBOL = re.compile("|".join(sorted(map(re.escape, _TABLE), key=len, reverse=True)) + "|[ˈˌ.ː /]")
_STRESS = {"ˈ": "1", "ˌ": "2"}
_VOWEL = re.compile("[AEIOU]")


def ipa_phonemes(ipa: str) -> list[str]:
    """The symbols of English IPA: ``həˈloʊ``; stress marks stand before their syllable.

    Raises:
        TextError: a sign is not among those of English.
    """
    pieces = _SYMBOL.findall(ipa)
    if "".join(pieces) != ipa or not pieces:
        raise TextError(f"can't read the IPA {ipa!r}: it has signs that English lacks")
    symbols, stress = [], "0"
    for piece in pieces:
        if piece in _STRESS:
            stress = _STRESS[piece]
        elif piece in _TABLE and _VOWEL.match(_TABLE[piece]):
            symbols.append(f"en:{_TABLE[piece]}{stress}")
            stress = "0"
        elif piece in _TABLE:
            symbols.append(f"en:{_TABLE[piece]}")
    return symbols
