"""Mel → waveform: F0, harmonic source, filter.

Letters: M mels, T frames, T_wav = T · 256 samples, K harmonics with the fundamental.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.config import HOP_LENGTH, VocoderConfig
from cosyvoice_lite.runtime.lanes import Lanes
from cosyvoice_lite.runtime.memory import LARGE_VOCODER
from cosyvoice_lite.runtime.pages import give_back
from cosyvoice_lite.runtime.session import Session, load_graph

Array = npt.NDArray[Any]


CONTEXT_FRAMES = 14
"""The filter's reach is 13.2 frames either way, measured by moving one sample of its input."""
SHORTEST_WINDOW = 4 * CONTEXT_FRAMES
"""Frames of a window that is made only so that every lane has one; of less, context would be more
than half."""
SHORTEST_SHARE = 2 * CONTEXT_FRAMES
"""Frames of a lane's share of a window."""


class Vocoder:
    """The F0 predictor, the source and the filter network of one bundle; graphs load when first
    used."""

    def __init__(self, bundle: Bundle, lanes: Lanes, window_frames: int) -> None:
        model = bundle.manifest.model
        self.bundle = bundle
        self.lanes = lanes
        self.window_frames = window_frames
        self.is_large = bundle.manifest.files["vocoder.weights"].size >= LARGE_VOCODER
        self.config: VocoderConfig = model.vocoder
        self.sample_rate = model.sample_rate
        mix = bundle.tables["source_mix"]
        self.mix_weight, self.mix_bias = mix[:-1], mix[-1]

    @cached_property
    def f0_predictor(self) -> Session:
        return load_graph(self.bundle, "f0", self.lanes.threads)

    @cached_property
    def filter(self) -> Session:
        return load_graph(self.bundle, "vocoder", self.lanes.threads)

    def waveform(
        self,
        mel: Array,
        rng: np.random.Generator,
        *,
        pitch: float = 1.0,
        source_head: Array | None = None,
        before_window: Callable[[], None] = lambda: None,
    ) -> tuple[Array, Array]:
        """Speak a mel.

        Args:
            mel: (M, T).
            rng: draws the phases of the harmonics and the noise.
            pitch: factor on F0; 2.0 is an octave up.
            source_head: the end of the source before, when streaming; replaces the start.
            before_window: called before each window; what it raises ends the work.

        Returns:
            Waveform and source, (T_wav,) each.
        """
        source = self.source(self.f0(mel) * np.float32(pitch), rng)
        if source_head is not None:
            source[: len(source_head)] = source_head
        return self.filtered(mel, source, before_window), source

    def f0(self, mel: Array) -> Array:
        """F0 in Hz, one value a frame: (M, T) → (T,)."""
        return self.f0_predictor(mel=mel[None])[0][0]

    def source(self, f0: Array, rng: np.random.Generator) -> Array:
        """Excitation in -1 … 1 for an F0 contour: (T,) → (T_wav,).

        Voiced: sines at the multiples of F0 with random phases, and a little noise; unvoiced:
        noise only. The learned mix of all harmonics goes through a tanh (arXiv:1904.12088).
        """
        c = self.config
        phases = rng.uniform(-np.pi, np.pi, c.n_harmonics + 1)
        phases[0] = 0.0
        noise_gain = np.where(self._voiced(f0), c.noise_sigma, c.sine_amplitude / 3)
        gain = np.repeat(noise_gain.astype(np.float32), HOP_LENGTH)
        mixed = np.full(len(gain), self.mix_bias, np.float32)
        for weight, sine in zip(self.mix_weight, self.sines(f0, phases), strict=True):
            mixed += weight * (sine + gain * rng.standard_normal(len(gain), np.float32))
        return np.tanh(mixed)

    def sines(self, f0: Array, phases: Array) -> Iterator[Array]:
        """Each harmonic, silent where unvoiced: (T,) → K times (T_wav,)."""
        turns = cycles(f0, self.sample_rate)
        loudness = np.float32(self.config.sine_amplitude) * self._voiced(f0)
        gain = np.repeat(loudness.astype(np.float32), HOP_LENGTH)
        for k, phase in enumerate(phases.astype(np.float32)):
            turn = turns * (k + 1)
            turn -= np.floor(turn)  # in float64; the rest is exact enough in half of it, and faster
            yield gain * np.sin(np.float32(2 * np.pi) * turn.astype(np.float32) + phase)

    def _voiced(self, f0: Array) -> Array:
        return f0 > self.config.voiced_threshold_hz

    def filtered(
        self, mel: Array, source: Array, before_window: Callable[[], None] = lambda: None
    ) -> Array:
        """The filter network, window by window: (M, T), (T_wav,) → (T_wav,).

        A window sees `CONTEXT_FRAMES` beyond either end, more than the network's reach, so the
        windows join as if there were one, and memory does not grow with T.
        """
        n_frames = mel.shape[1]
        n_windows = self._n_windows(n_frames)
        edges = [n_frames * i // n_windows for i in range(n_windows + 1)]

        _ = self.filter  # loaded here: two lanes that both find it missing would both load it

        def window(edge: tuple[int, int]) -> Array:
            before_window()
            if self.is_large:
                give_back()  # what was freed comes in other sizes than what is taken next
            start, stop = edge
            first, last = max(0, start - CONTEXT_FRAMES), min(n_frames, stop + CONTEXT_FRAMES)
            heard = source[first * HOP_LENGTH : last * HOP_LENGTH]
            wave = self.filter(mel=mel[None, :, first:last], source=heard[None, None])[0][0]
            return wave[(start - first) * HOP_LENGTH : (stop - first) * HOP_LENGTH]

        return np.concatenate(list(self.lanes.map(window, itertools.pairwise(edges))))

    def _n_windows(self, n_frames: int) -> int:
        """As few as may be, yet the same number for every lane.

        Of a large vocoder, the lanes of one utterance share a window's memory, context and all;
        utterances side by side have a window each.
        """
        lanes, frames = self.lanes.n_free, self.window_frames
        if self.is_large and lanes > 1:
            share = (frames + 2 * CONTEXT_FRAMES) // lanes - 2 * CONTEXT_FRAMES
            frames = max(SHORTEST_SHARE, share)
        fewest = max(1, -(-n_frames // frames))
        return fewest if n_frames < lanes * SHORTEST_WINDOW else -(-fewest // lanes) * lanes


def cycles(f0: Array, sample_rate: int) -> Array:
    """Periods of the fundamental since the start, after each sample: (T,) → (T_wav,) float64.

    F0 is constant within a frame, so the sum over samples is a sum over frames and a ramp.
    """
    step = f0.astype(np.float64) / sample_rate
    before = np.concatenate([[0.0], np.cumsum(step[:-1] * HOP_LENGTH)])
    ramp = np.arange(1, HOP_LENGTH + 1)
    return (before[:, None] + step[:, None] * ramp).ravel()
