"""Pieces of speech to bytes, with what is to be told about them. Only the worker imports this."""

from __future__ import annotations

from typing import Any

from cosyvoice_lite.audio.encoders import Encoder, encode, encoder
from cosyvoice_lite.audio.finish import Finish, finish, head_trimmed_s
from cosyvoice_lite.audio.subtitles import Cue
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.engine.request import Piece
from cosyvoice_lite.runtime.timing import with_words
from cosyvoice_lite.server.cache import Facts
from cosyvoice_lite.server.speech import Speech


class Recorder:
    """Takes the pieces of one answer. It blocks, so it is used in a thread."""

    def __init__(self, speech: Speech, seed: int) -> None:
        self.speech, self.seed = speech, seed
        self.keeps = speech.is_sized or bool(speech.finish)
        """Whether nothing can be sent before everything is there."""
        self.encoder: Encoder | None = None
        self.parts: list[Audio] = []
        self.duration_s = 0.0
        self.n_text_tokens = self.n_speech_tokens = 0
        self.cues: list[Cue] = []
        self.spoken: list[Audio] = []
        """Pieces of the sentence that is on its way, where its words are to be found in it."""
        self.marks: list[tuple[str, float]] = []

    def write(self, piece: Piece) -> bytes:
        """The bytes that are ready."""
        if self.encoder is None:
            rate = piece.audio.sample_rate
            self.encoder = encoder(self.speech.format, rate, self.speech.sample_rate)
        self._note(piece)
        if self.keeps:
            self.parts.append(piece.audio)
            return b""
        return self.encoder.write(piece.audio.samples)

    def close(self) -> bytes:
        """The last bytes, or all of them."""
        if self.encoder is None:
            return b""
        if not self.keeps:
            return self.encoder.close()
        audio = self._finished()
        if self.speech.is_sized:
            return encode(audio, self.speech.format, self.speech.sample_rate)
        return self.encoder.write(audio.samples) + self.encoder.close()

    def _finished(self) -> Audio:
        """The whole, as it is wanted; its times with it."""
        audio = Audio.concat(self.parts)
        if not self.speech.finish:
            return audio
        wishes: dict[str, Any] = dict(self.speech.finish)
        settings = Finish(**wishes)
        cut_s, audio = head_trimmed_s(audio, settings), finish(audio, settings)
        self.duration_s = audio.duration_s
        self.cues = [cue.within(cut_s, self.duration_s) for cue in self.cues]
        self.marks = [(name, round(max(0.0, at - cut_s), 3)) for name, at in self.marks]
        return audio

    @property
    def media_type(self) -> str:
        return self.encoder.media_type if self.encoder is not None else ""

    @property
    def sample_rate(self) -> int:
        return self.encoder.sample_rate if self.encoder is not None else 0

    def facts(self) -> Facts:
        return Facts(
            media_type=self.media_type,
            sample_rate=self.sample_rate,
            seed=self.seed,
            duration_s=round(self.duration_s, 6),
            n_text_tokens=self.n_text_tokens,
            n_speech_tokens=self.n_speech_tokens,
            cues=tuple(cue.rounded() for cue in self.cues),
            marks=tuple(self.marks),
        )

    def _note(self, piece: Piece) -> None:
        self.duration_s += piece.audio.duration_s
        if self.speech.with_words:
            self.spoken.append(piece.audio)
        if (said := piece.said) is None:
            return
        cue, segment = said.cue, said.utterance.segment
        if self.speech.with_words:
            cue = with_words(cue, segment, Audio.concat(self.spoken))
            self.spoken.clear()
        cue = cue.later(self.duration_s - said.duration_s)
        reached = said.utterance.mark_times(cue)
        self.marks += [(name, round(at, 3)) for name, at in reached.items()]
        self.cues.append(cue)
        self.n_text_tokens += len(segment.token_ids)
        self.n_speech_tokens += said.n_speech_tokens
