"""``say-as``: text whose kind the caller states, rewritten so that the normaliser reads it so."""

import re
from collections.abc import Callable

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.normalizers import normalizer
from cosyvoice_lite.text.normalizers.numerals import (
    JA,
    KO,
    YUE,
    ZH,
    english,
    english_digits,
    english_ordinal,
)

_DIGITS: dict[str, Callable[[str], str]] = {
    "zh": ZH.spell,
    "yue": YUE.spell,
    "ja": lambda digits: JA.spell(digits).replace("〇", "ゼロ"),
    "ko": lambda digits: KO.spell(digits).replace("영", "공"),
    "en": english_digits,
}
_CARDINAL: dict[str, Callable[[str], str]] = {
    "zh": ZH.integer,
    "yue": YUE.integer,
    "ja": JA.integer,
    "ko": KO.integer,
    "en": english,
}
_ORDINAL: dict[str, Callable[[str], str]] = {
    "zh": lambda n: "第" + ZH.integer(n),
    "yue": lambda n: "第" + YUE.integer(n),
    "ja": lambda n: f"第{JA.integer(n)}",
    "ko": lambda n: f"제{KO.integer(n)}",
    "en": english_ordinal,
}


def say_as(text: str, kind: str, language: str, where: str) -> str:
    """The words for ``text`` read as ``kind`` in ``language``.

    Raises:
        TextError: the text is not of that kind.
    """
    text = text.strip()
    if kind in ("characters", "spell-out"):
        return _characters(text, language)
    if kind in ("digits", "telephone"):
        runs = re.findall(r"\d+", text)
        if not runs:
            raise TextError(f"{where}: {text!r} has no digits to say")
        return (
            ", ".join(map(_DIGITS[language], runs))
            if language == "en"
            else " ".join(map(_DIGITS[language], runs))
        )
    if kind in ("cardinal", "number", "ordinal"):
        number = re.sub(r"[,，\s]|(?<=\d)(?:st|nd|rd|th)$|^第", "", text)
        if not re.fullmatch(r"[0-9]+", number):
            if kind == "ordinal":
                raise TextError(f"{where}: {text!r} is not a whole number")
            return normalizer(language)(text, None)
        return (_ORDINAL if kind == "ordinal" else _CARDINAL)[language](number)
    return normalizer(language)(text, None)


def _characters(text: str, language: str) -> str:
    """Letter by letter, digits by name."""
    spelled = (
        _DIGITS[language](c) if c in "0123456789" else c.upper() for c in text if not c.isspace()
    )
    return " ".join(spelled)
