"""The one entrance of the text floor: what the caller wrote → segments that the model speaks.

    markup → passages → clean → spans by language → normalise → split → encode

The official frontend stands beside this way and shares only its last step.
"""

from dataclasses import replace

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.emotion import manner
from cosyvoice_lite.text.languages import LANGUAGES, spans
from cosyvoice_lite.text.lexicon import Lexicon
from cosyvoice_lite.text.normalizers import normalizer
from cosyvoice_lite.text.normalizers.characters import clean
from cosyvoice_lite.text.normalizers.rules import Firing
from cosyvoice_lite.text.official import prepare_official
from cosyvoice_lite.text.preparation import PARAGRAPH_PAUSE_S, Preparation
from cosyvoice_lite.text.request import Request, Trace
from cosyvoice_lite.text.segment import Segment
from cosyvoice_lite.text.tokenizer import Tokenizer

__all__ = ["LANGUAGES", "PARAGRAPH_PAUSE_S", "Request", "normalize", "prepare", "run"]


def prepare(
    text: str,
    tokenizer: Tokenizer,
    *,
    frontend: str = "lite",
    language: str | None = None,
    voice_language: str | None = None,
    capabilities: frozenset[str] = frozenset(),
    instruct: str | None = None,
    emotion: str | None = None,
    lexicon: Lexicon | None = None,
    markup: bool = True,
    ssml: bool | None = None,
    normalize: bool = True,
) -> list[Segment]:
    """Normalise and cut ``text``; at least one segment, none without tokens.

    The arguments are those of ``Request``.

    Raises:
        TextError: nothing in the text can be spoken, the markup is wrong (the message says where),
            or the loaded model can't do what the markup asks.
    """
    return run(
        text,
        Request(
            tokenizer, frontend, language, voice_language, capabilities, instruct, emotion,
            lexicon, markup, ssml, normalize,
        ),
    )  # fmt: skip


def normalize(
    text: str,
    language: str | None = None,
    voice_language: str | None = None,
    log: list[Firing] | None = None,
) -> str:
    """``text`` as it is said, uncut and without markup; the rules that fired go into ``log``."""
    found = spans(clean(text, log), language, voice_language)
    return "".join(normalizer(span.language)(span.text, log) for span in found)


def run(text: str, request: Request, trace: Trace | None = None) -> list[Segment]:
    """``prepare`` for a request as one value, noting in ``trace`` what was done."""
    if request.frontend == "official":
        told = manner(None, request.instruct, request.capabilities)
        spoken = prepare_official(text, request.tokenizer)
        segments = [replace(segment, instruct=told.instruct) for segment in spoken]
    else:
        segments = Preparation(request, trace).segments(text)
    if not segments:
        raise TextError("nothing to speak: the text is empty or holds only punctuation")
    return segments
