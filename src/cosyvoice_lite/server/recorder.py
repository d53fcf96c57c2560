"""Pieces of speech to bytes, with what is to be told about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosyvoice_lite.server.cache import Facts

if TYPE_CHECKING:
    from cosyvoice_lite.audio.encoders import Encoder
    from cosyvoice_lite.audio.waveform import Audio
    from cosyvoice_lite.engine.request import Piece


class Recorder:
    """Takes the pieces of one answer. It blocks, so it is used in a thread.

    Args:
        whole: keep everything until the end, for a header that tells the length.
    """

    def __init__(self, format: str, sample_rate: int | None, whole: bool, seed: int) -> None:
        self.format, self.wanted_rate, self.whole, self.seed = format, sample_rate, whole, seed
        self.encoder: Encoder | None = None
        self.parts: list[Audio] = []
        self.duration_s = 0.0
        self.n_text_tokens = self.n_speech_tokens = 0
        self.cues: list[tuple[float, float, str]] = []
        self.marks: list[tuple[str, float]] = []

    def write(self, piece: Piece) -> bytes:
        """The bytes that are ready."""
        from cosyvoice_lite.audio.encoders import encoder

        if self.encoder is None:
            self.encoder = encoder(self.format, piece.audio.sample_rate, self.wanted_rate)
        self._note(piece)
        if self.whole:
            self.parts.append(piece.audio)
            return b""
        return self.encoder.write(piece.audio.samples)

    def close(self) -> bytes:
        """The last bytes, or all of them."""
        from cosyvoice_lite.audio.encoders import encode
        from cosyvoice_lite.audio.waveform import Audio

        if self.whole:
            return encode(Audio.concat(self.parts), self.format, self.wanted_rate)
        return self.encoder.close() if self.encoder is not None else b""

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
            cues=tuple(self.cues),
            marks=tuple(self.marks),
        )

    def _note(self, piece: Piece) -> None:
        start = self.duration_s + piece.pause_before_s
        self.marks += [(name, round(self.duration_s + at, 3)) for name, at in piece.marks.items()]
        self.duration_s += piece.audio.duration_s
        end = self.duration_s - piece.pause_after_s
        self.cues.append((round(start, 3), round(max(start, end), 3), piece.text))
        self.n_text_tokens += piece.n_text_tokens
        self.n_speech_tokens += piece.n_speech_tokens
