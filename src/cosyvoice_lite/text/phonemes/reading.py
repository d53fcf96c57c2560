"""Normalised text in one language → phoneme symbols; each language is loaded on first use."""

from collections.abc import Callable
from importlib import import_module

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.languages import LANGUAGES

Reader = Callable[[str], list[str]]

ALPHABETS = {
    "pinyin": ("zh", "pinyin_phonemes"),
    "jyutping": ("yue", "jyutping_phonemes"),
    "arpabet": ("en", "arpabet_phonemes"),
    "kana": ("ja", "kana_phonemes"),
    "hangul": ("ko", "phonemes"),
    "ipa": ("ipa", "ipa_phonemes"),
}
"""Notation → the module and the function that read it."""


def phonemes(text: str, language: str, before: str = "") -> list[str]:
    """The symbols of ``text``, which is already normalised and in one language.

    ``before`` is what stands right before it, in whatever language.
    Characters that the language can't read are left out; punctuation becomes pauses.

    Raises:
        TextError: the language is unknown.
    """
    if language not in LANGUAGES:
        raise TextError(f"unknown language {language!r}: expected one of {', '.join(LANGUAGES)}")
    after_latin = language == "ja" and before[-1:].isascii() and before[-1:].isalpha()
    return _function(language, "phonemes_after_latin" if after_latin else "phonemes")(text)


def spelled_phonemes(notation: str, alphabet: str) -> list[str]:
    """The symbols of a pronunciation written out in one of ``ALPHABETS``.

    Raises:
        TextError: the alphabet is unknown, or the notation is not written in it.
    """
    if alphabet not in ALPHABETS:
        raise TextError(f"unknown alphabet {alphabet!r}: expected one of {', '.join(ALPHABETS)}")
    module, name = ALPHABETS[alphabet]
    return _function(module, name)(notation)


def _function(module: str, name: str) -> Reader:
    found: Reader = getattr(import_module(f"cosyvoice_lite.text.phonemes.{module}"), name)
    return found
