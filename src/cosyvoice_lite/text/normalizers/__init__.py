"""Written text → the words that are said, language by language."""

from collections.abc import Callable
from importlib import import_module

from cosyvoice_lite.text.normalizers.rules import Firing

Normalizer = Callable[[str, list[Firing] | None], str]


def normalizer(language: str) -> Normalizer:
    """The normaliser of one language, imported on first use: str → str, firings noted if asked."""
    found: Normalizer = import_module(f"cosyvoice_lite.text.normalizers.{language}").normalize
    return found
