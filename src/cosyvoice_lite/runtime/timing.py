"""How long an utterance is predicted to last, and when its words are heard, found in its sound."""

from __future__ import annotations

from dataclasses import replace

from cosyvoice_lite.audio.alignment import align
from cosyvoice_lite.audio.effects import loud_span
from cosyvoice_lite.audio.subtitles import Cue, Stretch
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.runtime.request import Utterance
from cosyvoice_lite.text.explain import predicted_seconds
from cosyvoice_lite.text.segment import Segment
from cosyvoice_lite.text.sounds import spoken

HEARD_DB = 40.0
"""Under the loudest of it, speech is taken for silence."""


def pauses_s(utterance: Utterance) -> float:
    """Seconds of silence around it, which last as long at any speed."""
    return utterance.segment.pause_before_s + utterance.segment.pause_after_s


def predicted_speech_s(utterance: Utterance) -> float:
    """Predicted seconds of it without its pauses, at the speed it is spoken."""
    segment = utterance.segment
    at_rate = predicted_seconds(segment) - pauses_s(utterance)
    return at_rate * segment.prosody.rate / utterance.speed  # its rate is in both


def sounding(audio: Audio) -> tuple[float, float] | None:
    """From the first to the last sound, in seconds; None where there is none."""
    span = loud_span(audio.samples, audio.sample_rate, below_db=HEARD_DB)
    if span.start >= span.stop:
        return None
    return span.start / audio.sample_rate, span.stop / audio.sample_rate


def found(utterance: Utterance, audio: Audio) -> Cue:
    """When an utterance and its words are heard in `audio`, which is all of it with its pauses."""
    cue = utterance.cue(0.0, audio.duration_s)
    heard_s = sounding(audio)
    cue = cue if heard_s is None else Cue(*heard_s, cue.text)
    return with_words(cue, utterance.segment, audio)


def with_words(cue: Cue, segment: Segment, audio: Audio) -> Cue:
    """The cue of a segment with its words found in how the segment was spoken.

    Args:
        cue: from its first to its last sound, in seconds from the beginning of `audio`.
    """
    rate = audio.sample_rate
    samples = audio.samples[int(cue.start_s * rate) : int(cue.end_s * rate)]
    parts = spoken(segment.text, segment.spans, by_phonemes=segment.reads_phonemes)
    times = align(samples, rate, [p.sounds for p in parts], [p.pauses for p in parts])
    heard = (
        Stretch(part.start, part.end, cue.start_s + begin_s, cue.start_s + end_s)
        for part, (begin_s, end_s) in zip(parts, times or (), strict=False)
    )
    return replace(cue, heard=tuple(heard))
