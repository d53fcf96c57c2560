"""Speaking while the language model still writes: chunks that overlap and are cross-faded.

Neither the flow nor the vocoder is causal, so a chunk is spoken with a look ahead that is spoken
again, in context, by the next. Three seams are mended: noise and mu of the flow (`FlowCache`), the
mel, and the waveform with its source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.audio.effects import fade_in_out
from cosyvoice_lite.config import HOP_LENGTH, OVERLAP_TOKENS
from cosyvoice_lite.runtime.cfm import Solver
from cosyvoice_lite.runtime.flow import Flow, FlowCache
from cosyvoice_lite.runtime.vocoder import Vocoder
from cosyvoice_lite.runtime.voice import Conditioning

Array = npt.NDArray[Any]

CHUNK_S = 2.0
FIRST_CHUNK_S = 0.5
"""Who listens hears this soon; every chunk is at most twice as long as all before it together."""
VOCODER_OVERLAP_FRAMES = 20


@dataclass(frozen=True, eq=False)
class StreamState:
    """What a chunk hands to the next."""

    flow: FlowCache
    mel_ahead: Array
    """Mel of the look-ahead, faded into the next chunk: (M, overlap)."""
    mel_tail: Array
    """The last frames given to the vocoder: (M, VOCODER_OVERLAP_FRAMES)."""
    source_tail: Array
    waveform_tail: Array
    """Spoken but held back, faded into the next chunk: (VOCODER_OVERLAP_FRAMES · 256,)."""


@dataclass(frozen=True, eq=False)
class ChunkSpeaker:
    """Speaks one utterance in chunks: what all of them share."""

    voice: Conditioning
    flow: Flow
    vocoder: Vocoder
    noise: np.random.Generator
    draws: np.random.Generator
    """Of the source."""
    solver: Solver
    pitch: float
    before_step: Callable[[], None] = lambda: None
    """Called before each step of the flow and window of the vocoder; what it raises ends it."""

    def hop(self, n_spoken: int) -> int:
        """Tokens that a chunk adds to those spoken before it."""
        rate = self.flow.config.token_rate
        shortest = max(int(FIRST_CHUNK_S * rate), OVERLAP_TOKENS + 1)  # else its ends would meet
        return min(max(2 * n_spoken, shortest), int(CHUNK_S * rate))

    def n_needed(self, n_spoken: int) -> int:
        """Tokens for a chunk that another will follow: its own, and those it looks ahead to."""
        return self.hop(n_spoken) + OVERLAP_TOKENS

    def stream(self, tokens: Iterable[int]) -> Iterator[Array]:
        """Waveforms, (T_wav,) each, as soon as their tokens are there."""
        waiting: list[int] = []
        n_spoken = 0
        state: StreamState | None = None
        for token in tokens:
            waiting.append(token)
            if len(waiting) >= self.n_needed(n_spoken):
                waveform, state = self.voiced(*self.mel(waiting, state), state)
                yield waveform
                hop = self.hop(n_spoken)
                waiting, n_spoken = waiting[hop:], n_spoken + hop
        if waiting:
            yield self.voiced_last(self.mel(waiting, state)[0], state)

    def voiced(
        self, mel: Array, kept: FlowCache, state: StreamState | None
    ) -> tuple[Array, StreamState]:
        """A chunk that another will follow: what can be heard of it, and what that one needs."""
        overlap = self.flow.config.frames(OVERLAP_TOKENS)
        mel, ahead = mel[:, :-overlap], mel[:, -overlap:]
        waveform, source = self.waveform(mel, state)
        held_back = VOCODER_OVERLAP_FRAMES * HOP_LENGTH
        return waveform[:-held_back], StreamState(
            flow=kept,
            mel_ahead=ahead,
            mel_tail=mel[:, -VOCODER_OVERLAP_FRAMES:],
            source_tail=source[-held_back:],
            waveform_tail=waveform[-held_back:],
        )

    def voiced_last(self, mel: Array, state: StreamState | None) -> Array:
        """The last chunk."""
        return self.waveform(mel, state)[0]

    def mel(self, tokens: list[int], state: StreamState | None) -> tuple[Array, FlowCache]:
        """The mel of a chunk, the seam to the one before mended, the vocoder's context ahead."""
        v = self.voice
        noise = self.flow.noise(len(tokens), v.flow_prompt_mel, self.noise)
        course, kept = self.flow.course(
            tokens,
            v.flow_speaker,
            v.flow_prompt_tokens,
            v.flow_prompt_mel,
            noise,
            cache=state.flow if state else None,
            n_cached=self.flow.config.frames(OVERLAP_TOKENS),
        )
        mel = self.flow.arrive(course, self.solver, self.before_step)
        if state is None:
            return mel, kept
        mel = fade_in_out(mel, state.mel_ahead, np.hamming(2 * state.mel_ahead.shape[1]))
        return np.concatenate([state.mel_tail, mel], axis=1), kept

    def waveform(self, mel: Array, state: StreamState | None) -> tuple[Array, Array]:
        head = state.source_tail if state else None
        waveform, source = self.vocoder.waveform(
            mel, self.draws, pitch=self.pitch, source_head=head, before_window=self.before_step
        )
        if state is None:
            return waveform, source
        window = np.hamming(2 * len(state.waveform_tail))
        return fade_in_out(waveform, state.waveform_tail, window), source
