"""Tokens → mel → waveform of one utterance, or of its next chunk, as the engine hands it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import NamedTuple, TypeVar

from cosyvoice_lite.audio.subtitles import Cue
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.engine.chunks import Chunks, Timed
from cosyvoice_lite.engine.request import Piece, Said, Work
from cosyvoice_lite.runtime.speaking import with_pauses
from cosyvoice_lite.runtime.synthesizer import Synthesizer

T = TypeVar("T")
LOOK_UP_S = 0.02
"""So long the engine waits for the lanes when it has nothing else to do."""


class Spoken(NamedTuple):
    """What came of speaking."""

    spent: list[tuple[str, float]]
    """Stages, and the seconds each took."""
    share: float
    """Of the machine, while it was spoken."""
    piece: Piece | Exception


class Speakers:
    """One speaker for each lane, at work beside the engine; or one with all lanes for itself."""

    def __init__(self, synthesizer: Synthesizer, clock: Callable[[], float]) -> None:
        self.synthesizer, self.clock = synthesizer, clock
        self.busy: dict[Future[Spoken], Work] = {}
        """What is being spoken in the lanes."""

    @property
    def n_lanes(self) -> int:
        return self.synthesizer.lanes.n

    @property
    def n_free(self) -> int:
        return self.n_lanes - len(self.busy)

    def speak(self, work: Work) -> Spoken:
        """What can be spoken of `work` now, with all lanes; `work` must be due."""
        return self._spoken(work, 1.0)

    def start(self, work: Work) -> None:
        """Speak in a lane what can be spoken of `work`."""
        share = 1 / self.n_lanes
        self.busy[self.synthesizer.lanes.start(lambda w: self._spoken(w, share), work)] = work

    def done(self) -> Iterator[tuple[Work, Spoken]]:
        """What the lanes have spoken since they were last asked."""
        for future in [future for future in self.busy if future.done()]:
            yield self.busy.pop(future), future.result()

    def wait(self) -> None:
        """For a lane that is done, but not for long: somebody may leave, or come."""
        wait(self.busy, LOOK_UP_S, FIRST_COMPLETED)

    def _spoken(self, work: Work, share: float) -> Spoken:
        spent: list[tuple[str, float]] = []

        def timed(stage: str, work: Callable[[], T]) -> T:
            started = self.clock()
            result = work()
            spent.append((stage, self.clock() - started))
            return result

        try:
            return Spoken(spent, share, next_piece(self.synthesizer, work, timed))
        except Exception as error:
            return Spoken(spent, share, error)


def next_piece(synthesizer: Synthesizer, work: Work, timed: Timed) -> Piece:
    """What can be spoken of `work` now; `work` must be due.

    Raises:
        CancelledError: nobody listens any longer.
    """
    if work.chunks is not None and work.sentence.tokens:
        return _chunk(synthesizer, work, work.chunks, timed)
    return _whole(synthesizer, work, timed)


def _whole(synthesizer: Synthesizer, work: Work, timed: Timed) -> Piece:
    utterance, job, tokens = work.utterance, work.job, work.sentence.tokens
    mel = timed("flow", lambda: synthesizer.mel(utterance, tokens, job.check))
    speech = timed("vocoder", lambda: synthesizer.voiced(utterance, mel, job.check))
    work.hear(speech, utterance.segment.pause_before_s)
    audio = Audio.concat(with_pauses(utterance, [speech]))
    return Piece(work.index, audio, _said(work, audio.duration_s))


def _chunk(synthesizer: Synthesizer, work: Work, chunks: Chunks, timed: Timed) -> Piece:
    """The next chunk, with the pause before it if it is the first, behind it if the last."""
    utterance, segment = work.utterance, work.utterance.segment
    is_first, is_last = not chunks.n_samples, not chunks.is_due(work.sentence.tokens)
    waveform = chunks.next(work.sentence.tokens, timed)
    parts = [synthesizer.audible(waveform, utterance)]
    rate = parts[0].sample_rate
    work.hear(parts[0], chunks.n_samples / rate if chunks.n_samples else segment.pause_before_s)
    if is_first:
        parts.insert(0, Audio.silence(segment.pause_before_s, rate))
    if is_last:
        parts.append(Audio.silence(segment.pause_after_s, rate))
    audio = Audio.concat(parts)
    chunks.n_samples += len(audio.samples)
    said = _said(work, chunks.n_samples / rate) if is_last else None
    return Piece(work.index, audio, said)


def _said(work: Work, duration_s: float) -> Said:
    utterance = work.utterance
    cue = utterance.cue(0.0, duration_s)
    return Said(
        duration_s=duration_s,
        cue=cue if work.heard_s is None else Cue(*work.heard_s, cue.text),
        n_speech_tokens=len(work.sentence.tokens),
        utterance=utterance,
    )
