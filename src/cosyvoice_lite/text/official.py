"""The frontend of the official code (its wetext flavour), behaviour for behaviour.

It knows two languages: a text with one Han character in it is Chinese, any other is English. That
is wrong for Japanese, Cantonese and Korean, reads 3:30 as a score and forgets the "one" of 1,024;
it is kept because a comparison with the official code is worth nothing if the texts differ.
Where the official code crashes (Korean with digits), our own normalisers read the text instead;
a number too long for it to spell stays.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from cosyvoice_lite.text.languages import spans
from cosyvoice_lite.text.normalizers import normalizer
from cosyvoice_lite.text.segment import Segment
from cosyvoice_lite.text.tokenizer import Tokenizer

MAX_LENGTH = 80  # a segment that would grow past this ends, if it has more than
MIN_LENGTH = 60  # this already; a last segment shorter than
MERGE_LENGTH = 20  # this joins the one before. Characters in Chinese, tokens in English

_HAN = re.compile(r"[\u4e00-\u9fff]")
_SILENT = str.maketrans(dict.fromkeys("（）【】`\n", ""))
_SPOKEN = {"²": "平方", "³": "立方", ".": "。", " - ": "，", "——": " "}
_DANGLING = re.compile(r"[，,、]+$")
_SENTENCE = {
    "zh": re.compile(r'([^。？！；：、.?!;]*)([。？！；：、.?!;])(["”]?)'),
    "en": re.compile(r'([^.?!;:]*)([.?!;:])(["”]?)'),
}
_FULL_STOP = {"zh": "。", "en": "."}


def prepare_official(text: str, tokenizer: Tokenizer) -> list[Segment]:
    """Cut ``text`` into the segments that the official code would speak; none if it has no words.

    A text with a special token in it (``<|en|>…``) is one segment, taken as it is.
    """
    spoken = normalize_official(text)
    if not spoken:
        return []
    if _has_special_token(text):
        pieces, language = [text], None
    else:
        language = "zh" if _HAN.search(text) else "en"
        length = len if language == "zh" else _token_counter(tokenizer)
        pieces = [p for p in _split(spoken, language, length) if not is_only_punctuation(p)]
    return [
        Segment(
            piece, tuple(tokenizer.encode(piece)), language, spans=tuple(spans(piece, language))
        )
        for piece in pieces
    ]


def normalize_official(text: str) -> str:
    """The text as the official code speaks it, uncut; also what it makes of a prompt's text."""
    if _has_special_token(text):
        return text
    text = text.strip()
    return _normalize_zh(text) if _HAN.search(text) else _normalize_en(text)


def is_only_punctuation(text: str) -> bool:
    """Whether nothing but punctuation and symbols is left of a piece (blanks count as words)."""
    return all(unicodedata.category(char)[0] in "PS" for char in text)


def _has_special_token(text: str) -> bool:
    return "<|" in text and "|>" in text


def _normalize_zh(text: str) -> str:
    text = _without_han_blanks((_wetext(text) or text).replace("\n", ""))
    for written, spoken in _SPOKEN.items():
        text = text.replace(written, spoken)
    return _DANGLING.sub("。", text.translate(_SILENT))


def _without_han_blanks(text: str) -> str:
    """Keep a blank only between two ASCII characters that are no blanks themselves."""
    return re.sub(r"(?<![!-~\x00-\x1f\x7f]) +| +(?![!-~\x00-\x1f\x7f])|  +", "", text)


def _normalize_en(text: str) -> str:
    spoken = _wetext(text)
    return _digits(spoken) if spoken else _without_wetext(text)


def _without_wetext(text: str) -> str:
    """Where the official code crashes: the text as our own rules read it."""
    return "".join(normalizer(span.language)(span.text, None) for span in spans(text))


def _digits(text: str) -> str:
    """Spell the digits that wetext left, each run as a cardinal."""
    if not any(map(str.isdigit, text)):
        return text
    import inflect  # only for the few texts where digits are left

    speller = inflect.engine()

    def spell(run: str) -> str:
        try:
            return str(speller.number_to_words(run))
        except inflect.NumOutOfRangeError:
            return run

    runs = itertools.groupby(text, str.isdigit)
    return "".join(spell("".join(run)) if digits else "".join(run) for digits, run in runs)


@functools.cache
def _normalizer() -> Any:
    from wetext import Normalizer  # reads its grammars on first use

    return Normalizer(remove_erhua=False)


def _wetext(text: str) -> str:
    """What wetext makes of the text; nothing where its grammar has no path, as for Korean."""
    try:
        return str(_normalizer().normalize(text))
    except (AssertionError, RuntimeError):
        return ""


def _token_counter(tokenizer: Tokenizer) -> Callable[[str], int]:
    return lambda text: len(tokenizer.encode(text))


def _split(text: str, language: str, length: Callable[[str], int]) -> list[str]:
    """Join sentences into pieces of MIN_LENGTH to MAX_LENGTH, as far as sentences allow."""
    pieces: list[str] = []
    current = ""
    for sentence in _sentences(text, language):
        if length(current + sentence) > MAX_LENGTH and length(current) > MIN_LENGTH:
            pieces.append(current)
            current = ""
        current += sentence
    if pieces and length(current) < MERGE_LENGTH:
        pieces[-1] += current
    elif current:
        pieces.append(current)
    return pieces


def _sentences(text: str, language: str) -> Iterator[str]:
    """Cut behind each mark, or behind the quotation mark that follows it.

    Of several marks in a row only the first is kept, unless a quotation mark stands between.
    """
    sentence = _SENTENCE[language]
    if not sentence.fullmatch(text[-1]):
        text += _FULL_STOP[language]
    held = ""
    for body, mark, quote in sentence.findall(text):
        if body:
            yield from filter(None, [held])
            held = body + mark
        held += quote
    yield from filter(None, [held])
