"""What decides how a text is prepared, as one value, and what was done, as another."""

from dataclasses import dataclass, field

from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.text.languages import LANGUAGES, Span
from cosyvoice_lite.text.lexicon import Lexicon
from cosyvoice_lite.text.normalizers.rules import Firing
from cosyvoice_lite.text.tokenizer import Tokenizer


@dataclass
class Trace:
    """What a preparation did, for ``explain``."""

    spans: list[Span] = field(default_factory=list)
    firings: list[Firing] = field(default_factory=list)


@dataclass(frozen=True)
class Request:
    """Everything that decides how a text is prepared; the tokenizer is that of the loaded model."""

    tokenizer: Tokenizer
    frontend: str = "lite"
    """"lite" reads five languages and markup; "official" does what the official code does."""
    language: str | None = None
    """One of ``LANGUAGES``, where the caller knows better than the text shows."""
    voice_language: str | None = None
    """The language of the voice: it decides only what the text leaves open, such as "123"."""
    capabilities: frozenset[str] = frozenset()
    """What the loaded model can: any of "instruct", "marks", "emotion:happy" …."""
    instruct: str | None = None
    """Instruction for an Instruct checkpoint."""
    emotion: str | None = None
    """A named emotion."""
    lexicon: Lexicon | None = None
    """The user's own readings."""
    markup: bool = True
    """Whether marks and SSML are understood; else they are text."""
    ssml: bool | None = None
    """Whether the text is SSML; None looks whether it begins with ``<speak``."""
    normalize: bool = True
    """Whether numbers and symbols are rewritten as words."""
    longest_tokens: int | None = None
    """Of a segment, where it must be shorter than is usual."""

    def __post_init__(self) -> None:
        if self.frontend not in ("lite", "official"):
            raise UsageError(f"unknown frontend {self.frontend!r}: expected 'lite' or 'official'")
        for language in (self.language, self.voice_language):
            if language is not None and language not in LANGUAGES:
                names = ", ".join(LANGUAGES)
                raise UsageError(f"unknown language {language!r}: expected one of {names}")
