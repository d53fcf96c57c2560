"""A given pronunciation, put so that the loaded model says it.

A voice that reads phonemes takes the symbols themselves. A checkpoint that reads characters has no
tokens for sounds, so the pronunciation is spelled with characters that are read so, if possible in
no other way; where no such characters exist, that is an error and not a guess.
"""

import functools

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.phonemes.reading import phonemes, spelled_phonemes


def spelled(notation: str, alphabet: str, *, reads_phonemes: bool, written: str = "") -> str:
    """What to put into the text that is encoded for ``written``, which has this pronunciation.

    Raises:
        TextError: the notation is wrong, or the model can't be made to say it.
    """
    symbols = spelled_phonemes(notation, alphabet)
    if reads_phonemes:
        return "{" + " ".join(symbols) + "}"
    if alphabet in ("kana", "hangul"):
        return "".join(char for char in notation if char not in "'’]")
    if alphabet in ("pinyin", "jyutping"):
        return _homophones(
            _syllables(symbols), "zh" if alphabet == "pinyin" else "yue", notation, written
        )
    return _english_homophone(symbols, notation)


def _homophones(
    syllables: list[tuple[str, ...]], language: str, notation: str, written: str
) -> str:
    """A character for each syllable; one that was written and is read so anyway stays."""
    table = _mandarin() if language == "zh" else _cantonese()
    own = written if len(written) == len(syllables) else "\0" * len(syllables)
    chars = []
    for char, syllable in zip(own, syllables, strict=True):
        if char != "\0" and tuple(phonemes(char, language)) == syllable:
            chars.append(char)
        elif syllable in table:
            chars.append(table[syllable])
        else:
            raise TextError(
                f"no character is read {notation!r}, and the loaded model reads characters only"
            )
    return "".join(chars)


def _syllables(symbols: list[str]) -> list[tuple[str, ...]]:
    found: list[list[str]] = [[]]
    for symbol in symbols:
        found[-1].append(symbol)
        if symbol[-1].isdigit():
            found.append([])
    return [tuple(syllable) for syllable in found if syllable]


@functools.cache
def _mandarin() -> dict[tuple[str, ...], str]:
    """Syllable → a common character read so, if possible one that has no other reading."""
    from pypinyin import Style, pinyin

    table: dict[tuple[str, ...], str] = {}
    second: dict[tuple[str, ...], str] = {}
    for char in _common("gb2312", range(0xB0, 0xD8)):
        readings = pinyin(char, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0]
        chosen = table if len(readings) == 1 else second
        chosen.setdefault(tuple(spelled_phonemes(readings[0], "pinyin")), char)
    for char, reading in zip("的了吗呢吧们么啊", "de le ma ne ba men me a".split(), strict=True):
        table[tuple(spelled_phonemes(f"{reading}5", "pinyin"))] = char
    return second | table


@functools.cache
def _cantonese() -> dict[tuple[str, ...], str]:
    from ToJyutping import get_jyutping_candidates

    table: dict[tuple[str, ...], str] = {}
    second: dict[tuple[str, ...], str] = {}
    for char in _common("big5", range(0xA4, 0xC7)):
        readings = get_jyutping_candidates(char)[0][1] or []
        if not readings:
            continue
        chosen = table if len(readings) == 1 else second
        chosen.setdefault(tuple(spelled_phonemes(readings[0], "jyutping")), char)
    return second | table


def _common(codec: str, rows: range) -> list[str]:
    """The characters of a national standard's first level, which are the common ones."""
    found = (
        bytes([row, cell]).decode(codec, "ignore") for row in rows for cell in range(0x40, 0xFF)
    )
    return [char for char in found if len(char) == 1 and char >= "\u4e00"]


def _english_homophone(symbols: list[str], notation: str) -> str:
    from cosyvoice_lite.text.phonemes.en import homophones

    words = homophones([symbol.removeprefix("en:") for symbol in symbols])
    if not words:
        raise TextError(
            f"no English word sounds like {notation!r}, and the loaded model reads characters only"
        )
    return words[0]
