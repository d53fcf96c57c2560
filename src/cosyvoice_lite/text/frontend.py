"""The one entrance of the text floor: what the caller wrote → segments that the model speaks."""

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.official import prepare_official
from cosyvoice_lite.text.segment import Segment
from cosyvoice_lite.text.tokenizer import Tokenizer

LANGUAGES = ("zh", "en", "ja", "ko", "yue")
"""The languages that CosyVoice-300M speaks."""


def prepare(
    text: str, tokenizer: Tokenizer, *, frontend: str = "lite", language: str | None = None
) -> list[Segment]:
    """Normalise and cut ``text``; at least one segment.

    Args:
        text: what to speak, in any mixture of the five languages.
        tokenizer: the one of the loaded model; it makes the ids and the token budget.
        frontend: "lite" reads five languages; "official" does what the official code does.
        language: one of ``LANGUAGES`` where the caller knows better than the text shows.

    Raises:
        TextError: nothing in the text can be spoken, or a setting is unknown.
    """
    if frontend not in ("lite", "official"):
        raise TextError(f"unknown frontend {frontend!r}: expected 'lite' or 'official'")
    if language is not None and language not in LANGUAGES:
        raise TextError(f"unknown language {language!r}: expected one of {', '.join(LANGUAGES)}")
    segments = prepare_official(text, tokenizer)
    if not segments:
        raise TextError("nothing to speak: the text is empty or holds only punctuation")
    return segments
