"""One text on its way from markup to segments; ``frontend.py`` is its only caller."""

import bisect
import itertools
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace

from cosyvoice_lite.text.emotion import Manner, manner
from cosyvoice_lite.text.languages import Span, main_language, spans
from cosyvoice_lite.text.markup import plain, ssml
from cosyvoice_lite.text.markup.events import Event, Style, Words
from cosyvoice_lite.text.normalizers import normalizer
from cosyvoice_lite.text.passages import ATOM, Gatherer, Passage
from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer
from cosyvoice_lite.text.request import Request, Trace
from cosyvoice_lite.text.segment import Mark, Segment
from cosyvoice_lite.text.split import PARAGRAPH, SENTENCE, Part, closed, split

PARAGRAPH_PAUSE_S = 0.4
"""Silence between paragraphs, beyond what the model leaves itself, in seconds."""
LONGEST_TOKENS = 80
"""Text tokens of a segment, as the official splitter has it."""
WANTED_TOKENS = 60
"""Text tokens that a segment is filled up to."""
_SYMBOLS_PER_TOKEN = 2  # phoneme voices: a BPE token of ordinary text is about two symbols


class Preparation:
    """One text on its way through the steps: gather, normalise, split, encode."""

    def __init__(self, request: Request, trace: Trace | None) -> None:
        self._request = request
        self._trace = trace
        self._reads_phonemes = isinstance(request.tokenizer, PhonemeTokenizer)
        self._gatherer = Gatherer(
            self._reads_phonemes,
            request.capabilities,
            request.lexicon,
            trace.firings if trace else None,
        )

    def segments(self, text: str) -> list[Segment]:
        """The segments of ``text``; none if nothing in it can be spoken."""
        passages = self._gatherer.gather(self._events(text))
        made: list[Segment] = []
        lead_s, marks = 0.0, ""  # of passages without a word, for the next one that has some
        for number, passage in enumerate(passages):
            found = list(self._segments_of(passage, marks, last=number == len(passages) - 1))
            pause_s = passage.pause_before_s + lead_s
            if found:
                found[0] = _with_pauses(found[0], before_s=pause_s, after_s=0.0)
                found[-1] = _with_pauses(found[-1], before_s=0.0, after_s=passage.pause_after_s)
                made += found
                lead_s, marks = 0.0, ""
            elif made:
                made[-1] = _with_pauses(
                    made[-1], before_s=0.0, after_s=pause_s + passage.pause_after_s
                )
                marks += _marks_only(passage)
            else:
                lead_s = pause_s + passage.pause_after_s
                marks += _marks_only(passage)
        return made

    def _events(self, text: str) -> list[Event]:
        request = self._request
        style = Style(language=request.language, emotion=request.emotion)
        if not request.markup:
            return [Words(text, style)]
        if request.ssml or (request.ssml is None and ssml.is_ssml(text)):
            return ssml.parse(text, style)
        return plain.parse(text, style)

    def _segments_of(self, passage: Passage, marks: str, *, last: bool) -> Iterator[Segment]:
        spoken = self._normalized(passage)
        if not any(map(_is_spoken, self._shown("".join(s.text for s in spoken)))):
            return
        text = marks + "".join(span.text for span in spoken)
        spoken = [Span(marks, spoken[0].language), *spoken] if marks else spoken
        told = manner(passage.style.emotion, self._request.instruct, self._request.capabilities)
        scale = _SYMBOLS_PER_TOKEN if self._reads_phonemes else 1
        longest = min(LONGEST_TOKENS * scale, self._request.longest_tokens or sys.maxsize)
        wanted = min(WANTED_TOKENS * scale, longest)
        parts = split(text, self._counter(), longest=longest, wanted=wanted)
        offsets = list(itertools.accumulate(len(span.text) for span in spoken))
        at = 0
        for number, part in enumerate(parts):
            pieces = _within(spoken, offsets, at, at + len(part.text))
            at += len(part.text)
            final = number == len(parts) - 1
            ends = part.strength == PARAGRAPH or (final and passage.ends_paragraph)
            pause_s = PARAGRAPH_PAUSE_S if ends and not (final and last) else 0.0
            segment = self._segment(pieces, part, passage, told, pause_s)
            if segment is not None:
                yield segment

    def _normalized(self, passage: Passage) -> list[Span]:
        found: list[Span] = []
        for language, parts in itertools.groupby(passage.parts, key=lambda part: part[1]):
            joined = "".join(text for text, _ in parts)
            found += spans(joined, language, self._request.voice_language)
        if self._trace is not None:
            self._trace.spans += [Span(self._shown(s.text), s.language) for s in found]
        if not self._request.normalize:
            return found
        log = self._trace.firings if self._trace else None
        return [Span(normalizer(s.language)(s.text, log), s.language) for s in found]

    def _segment(
        self, pieces: list[Span], part: Part, passage: Passage, told: Manner, pause_s: float
    ) -> Segment | None:
        language = main_language(pieces)
        raw = "".join(piece.text for piece in pieces).strip()
        shown = self._shown(raw)
        if not any(map(_is_spoken, shown)):
            return None
        spans = _stripped([Span(self._shown(piece.text), piece.language) for piece in pieces])
        if part.strength >= SENTENCE:
            ended = closed(shown, language)
            if ended != shown:
                added = Span(ended[len(shown) :], language)
                pieces, spans, shown = [*pieces, added], [*spans, added], ended
        ahead = told.symbol + self._tag(passage.style)
        ids = tuple(self._request.tokenizer.encode(ahead + self._encoded(pieces)))
        if not ids:
            return None
        style = passage.style
        return Segment(
            text=shown,
            token_ids=ids,
            language=language,
            pause_after_s=pause_s,
            prosody=style.prosody,
            voice=style.voice,
            instruct=told.instruct,
            emotion=style.emotion,
            marks=tuple(self._marks(raw)),
            spans=tuple(spans),
            reads_phonemes=self._reads_phonemes,
        )

    def _tag(self, style: Style) -> str:
        """The language tag that the caller wrote: each segment behind it begins with it."""
        return f"<|{style.language}|>" if style.tagged and not self._reads_phonemes else ""

    def _shown(self, text: str) -> str:
        return self._gatherer.expand(text, lambda atom: atom.shown)

    def _encoded(self, pieces: list[Span]) -> str:
        """What the tokenizer gets: for phonemes every stretch with its language."""
        if not self._reads_phonemes:
            text = "".join(piece.text for piece in pieces).strip()
            return self._gatherer.expand(text, lambda atom: atom.encoded)
        tagged = "".join(f"<|{piece.language}|>{piece.text}" for piece in pieces)
        return self._gatherer.expand(tagged, lambda atom: atom.encoded)

    def _marks(self, raw: str) -> Iterator[Mark]:
        if not self._gatherer.atoms:
            return
        offset = 0
        for char in raw:
            if ATOM.match(char):
                atom = self._gatherer.atom(char)
                if atom.mark is not None:
                    yield Mark(atom.mark, offset)
                offset += len(atom.shown)
            else:
                offset += 1

    def _counter(self) -> Callable[[str], int]:
        """Tokens of a string; of a phoneme voice estimated, since reading costs more than cutting."""
        if self._reads_phonemes:
            return _symbols_estimated
        encode = self._request.tokenizer.encode
        return lambda text: len(encode(self._shown(text)))


def _symbols_estimated(text: str) -> int:
    return len(text.encode("utf-8", "replace"))  # one a letter, three a character


def _is_spoken(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN"


def _within(pieces: list[Span], ends: list[int], start: int, end: int) -> list[Span]:
    """The stretch from ``start`` to ``end`` of the pieces' text, cut by language as they are."""
    found = []
    for number in range(bisect.bisect_right(ends, start), len(pieces)):
        piece = pieces[number]
        begin = ends[number] - len(piece.text)
        if begin >= end:
            break
        found.append(Span(piece.text[max(0, start - begin) : end - begin], piece.language))
    return found


def _stripped(pieces: list[Span]) -> list[Span]:
    """Without the blanks at either end of all of them together."""
    whole = "".join(piece.text for piece in pieces)
    ends = list(itertools.accumulate(len(piece.text) for piece in pieces))
    return _within(pieces, ends, len(whole) - len(whole.lstrip()), len(whole.rstrip()))


def _marks_only(passage: Passage) -> str:
    return "".join("".join(ATOM.findall(text)) for text, _ in passage.parts)


def _with_pauses(segment: Segment, *, before_s: float, after_s: float) -> Segment:
    return replace(
        segment,
        pause_before_s=segment.pause_before_s + before_s,
        pause_after_s=segment.pause_after_s + after_s,
    )
