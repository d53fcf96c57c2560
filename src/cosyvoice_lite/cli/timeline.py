"""Speech in pieces on its way out: when each is heard is noted, and it is finished."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cosyvoice_lite.cli.output import STDIO
from cosyvoice_lite.cli.progress import bar

if TYPE_CHECKING:
    from cosyvoice_lite.audio.finish import Finish
    from cosyvoice_lite.audio.subtitles import Cue
    from cosyvoice_lite.audio.waveform import Audio
    from cosyvoice_lite.runtime.request import Utterance
    from cosyvoice_lite.runtime.synthesizer import Synthesizer


@dataclass
class Timeline:
    """What is heard when, noted while it is spoken."""

    cues: list[Cue] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)
    trimmed_s: float = 0.0
    """Cut off the beginning after that."""


def spoken(
    options: argparse.Namespace,
    synthesizer: Synthesizer,
    utterances: list[Utterance],
    heard: Timeline,
) -> Iterator[Audio]:
    """The speech in pieces: chunk by chunk into a pipe, segment by segment into a file.

    When each segment is heard, and the words and marks in it, is noted on the way where subtitles
    or marks want it.
    """
    from cosyvoice_lite.audio.waveform import Audio
    from cosyvoice_lite.runtime.timing import found

    start_s = 0.0
    with bar(0 if options.output == STDIO else len(utterances), "segment") as done:
        each = _each(synthesizer, utterances, in_chunks=options.output == STDIO)
        for utterance, parts in zip(utterances, each, strict=True):
            wanted = options.subtitles is not None or utterance.segment.marks
            duration_s, kept = 0.0, []
            for part in parts:
                duration_s += part.duration_s
                kept += [part] if wanted else []
                yield part
            if kept:
                cue = found(utterance, Audio.concat(kept)).later(start_s)
                heard.cues.append(cue)
                heard.marks.update(utterance.mark_times(cue))
            start_s += duration_s
            done()
    synthesizer.unload()  # what finishes the speech has the memory to itself


def finished(parts: Iterator[Audio], settings: Finish, heard: Timeline) -> Iterator[Audio]:
    """The output stage; what is cut off the beginning is noted."""
    from cosyvoice_lite.audio.finish import finish, finish_pieces, head_trimmed_s
    from cosyvoice_lite.audio.waveform import Audio

    if not settings.needs_whole:
        yield from finish_pieces(parts, settings)
        return
    whole = Audio.concat(parts)
    heard.trimmed_s = head_trimmed_s(whole, settings)
    yield finish(whole, settings)


def _each(
    synthesizer: Synthesizer, utterances: list[Utterance], *, in_chunks: bool
) -> Iterator[Iterable[Audio]]:
    """The parts of each utterance; in chunks not in groups, for who listens waits for the first."""
    if not in_chunks:
        yield from synthesizer.utter_each(utterances)
        return
    for utterance in utterances:
        yield synthesizer.utter_all([utterance], in_chunks=True)
