"""What the frontend makes of a text, step by step, for people and programs; nothing is spoken."""

import json
from dataclasses import asdict, dataclass

from cosyvoice_lite.text.frontend import run
from cosyvoice_lite.text.languages import Span, spans
from cosyvoice_lite.text.normalizers.rules import Firing
from cosyvoice_lite.text.passages import ATOM
from cosyvoice_lite.text.phonemes.reading import phonemes
from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer
from cosyvoice_lite.text.request import Request, Trace
from cosyvoice_lite.text.segment import Segment

_SECONDS = {"zh": 0.21, "yue": 0.21, "ja": 0.13, "ko": 0.16, "en": 0.065}
"""How long a character of normalised text takes on average: a rough guide, chosen by hand."""
_MARK_SECONDS = {".": 0.4, "?": 0.4, "!": 0.4, "…": 0.4, ",": 0.2, ";": 0.3}


@dataclass(frozen=True)
class ExplainedSegment:
    """A segment with what a listener would hear of it."""

    segment: Segment
    phonemes: tuple[str, ...]
    """The symbols of ``docs/phonemes.md``, whether or not the model reads them."""
    seconds: float
    """Predicted duration, its pauses included."""


@dataclass(frozen=True)
class Explanation:
    """Everything that happened to a text on its way to the model."""

    text: str
    spans: tuple[Span, ...]
    firings: tuple[Firing, ...]
    segments: tuple[ExplainedSegment, ...]

    @property
    def token_count(self) -> int:
        """Text tokens of all segments."""
        return sum(len(item.segment.token_ids) for item in self.segments)

    @property
    def seconds(self) -> float:
        """Predicted duration of the speech, pauses included."""
        return sum(item.seconds for item in self.segments)

    def to_json(self) -> str:
        """All of it as JSON, non-ASCII letters as they are."""
        content = {
            "text": self.text,
            "spans": [asdict(span) for span in self.spans],
            "rules": [asdict(firing) for firing in self.firings],
            "segments": [
                {**asdict(i.segment), "phonemes": i.phonemes, "seconds": round(i.seconds, 2)}
                for i in self.segments
            ],
            "token_count": self.token_count,
            "seconds": round(self.seconds, 2),
        }
        return json.dumps(content, ensure_ascii=False, indent=2)

    def render(self) -> str:
        """All of it as lines for a terminal."""
        lines = ["languages"]
        lines += [f"  {span.language:<4}{span.text!r}" for span in self.spans]
        lines += ["rules"] if self.firings else ["rules  none fired"]
        lines += [f"  {f.rule:<17} {f.written!r} → {f.spoken!r}" for f in self.firings]
        lines += [
            f"segments  {len(self.segments)}, {self.token_count} tokens, about {self.seconds:.1f} s"
        ]
        for number, item in enumerate(self.segments, start=1):
            lines += _segment_lines(number, item)
        return "\n".join(lines)


def explain(text: str, request: Request) -> Explanation:
    """Prepare ``text`` as ``request`` says, and keep what every step did.

    Raises:
        TextError: as ``prepare`` does.
    """
    trace = Trace()
    segments = run(text, request, trace)
    explained = tuple(_explained(segment, request) for segment in segments)
    return Explanation(text, tuple(trace.spans), tuple(trace.firings), explained)


def _explained(segment: Segment, request: Request) -> ExplainedSegment:
    if isinstance(request.tokenizer, PhonemeTokenizer):
        symbols = tuple(request.tokenizer.decode(list(segment.token_ids)).split(" "))
        symbols = tuple(symbol for symbol in symbols if symbol)
    else:
        found = spans(ATOM.sub("", segment.text), request.language, segment.language)
        symbols = tuple(s for span in found for s in phonemes(span.text, span.language))
    seconds = predicted_seconds(segment, request.language)
    return ExplainedSegment(segment, symbols, seconds)


def predicted_seconds(segment: Segment, language: str | None = None) -> float:
    """How long a segment will last, its pauses included, before anything is spoken."""
    found = spans(segment.text, language, segment.language)
    spoken = sum(
        _SECONDS[span.language] * sum(map(str.isalnum, span.text))
        + sum(_MARK_SECONDS.get(_ascii_mark(char), 0.0) for char in span.text)
        for span in found
    )
    return spoken / segment.prosody.rate + segment.pause_before_s + segment.pause_after_s


def _ascii_mark(char: str) -> str:
    return {"。": ".", "，": ",", "、": ",", "？": "?", "！": "!", "；": ";", "：": ";"}.get(
        char, char
    )


def _segment_lines(number: int, item: ExplainedSegment) -> list[str]:
    segment = item.segment
    lines = [f"  {number}. {' '.join(segment.text.split())}"]
    about = [f"{segment.language}", f"{len(segment.token_ids)} tokens", f"{item.seconds:.1f} s"]
    about += [f"pause before {segment.pause_before_s:g} s"] if segment.pause_before_s else []
    about += [f"pause after {segment.pause_after_s:g} s"] if segment.pause_after_s else []
    about += [f"rate {segment.prosody.rate:g}"] if segment.prosody.rate != 1 else []
    about += (
        [f"pitch {segment.prosody.pitch_semitones:+g} st"]
        if segment.prosody.pitch_semitones
        else []
    )
    about += [f"volume {segment.prosody.volume_db:+g} dB"] if segment.prosody.volume_db else []
    about += [f"voice {segment.voice}"] if segment.voice else []
    about += [f"instruct {segment.instruct!r}"] if segment.instruct else []
    return [*lines, f"     {', '.join(about)}", f"     {' '.join(item.phonemes)}"]
