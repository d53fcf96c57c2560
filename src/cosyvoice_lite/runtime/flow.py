"""Speech tokens and a voice → mel.

Letters: T_tok tokens, T_mel frames, M mels; "prompt" is what the reference recording gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.config import OVERLAP_TOKENS, ModelConfig
from cosyvoice_lite.runtime.cfm import Solver, cosine_span, euler, guided
from cosyvoice_lite.runtime.lanes import Lanes
from cosyvoice_lite.runtime.session import Session, load_graph

Array = npt.NDArray[Any]

CACHED_FRAMES = 34
"""Frames at the end of a streamed chunk whose noise and mu the next chunk starts with, in the
authors' code: as many as a chunk looks ahead, at 50 tokens a second."""


@dataclass(frozen=True)
class FlowCache:
    """Noise and mu that a streamed chunk hands to the next, prompt first: (M, N) each."""

    noise: Array
    mu: Array

    @property
    def n_frames(self) -> int:
        return int(self.noise.shape[1])


@dataclass(frozen=True)
class Grid:
    """Linear interpolation from tokens to frames: frame f lies between tokens left[f] and
    right[f], `weight[f]` of the way."""

    left: Array
    right: Array
    weight: Array


@dataclass(frozen=True)
class Course:
    """What the velocity field is given: noise, mu and cond of prompt and speech, (M, T_mel) each,
    and the speaker, (M,)."""

    noise: Array
    mu: Array
    spks: Array
    cond: Array
    n_prompt: int
    """Frames of the prompt."""


class Flow:
    """The flow encoder and the velocity field of one bundle; each loads when first used.

    Args:
        threads: of the encoder.
        lanes: of the velocity field.
    """

    def __init__(self, bundle: Bundle, threads: int, lanes: Lanes) -> None:
        self.bundle = bundle
        self.threads = threads
        self.lanes = lanes
        self.config: ModelConfig = bundle.manifest.model

    @cached_property
    def encoder(self) -> Session:
        return load_graph(self.bundle, "flow_encoder", self.threads)

    @cached_property
    def unet(self) -> Session:
        return load_graph(self.bundle, "unet", self.lanes.threads)

    def noise(self, n_tokens: int, prompt_mel: Array, rng: np.random.Generator) -> Array:
        """What a course starts from: normal, (M, frames of the prompt and the speech)."""
        n_frames = len(prompt_mel) + self.config.frames(n_tokens)
        drawn = rng.standard_normal((self.config.flow.n_mels, n_frames), np.float32)
        return drawn * np.float32(self.config.flow.temperature)

    def course(
        self,
        tokens: Sequence[int],
        speaker: Array,
        prompt_tokens: Sequence[int] | Array,
        prompt_mel: Array,
        noise: Array,
        *,
        cache: FlowCache | None = None,
        n_cached: int = CACHED_FRAMES,
    ) -> tuple[Course, FlowCache]:
        """The first half of tokens → mel, which needs the encoder alone.

        Args:
            tokens: speech tokens, T_tok of them.
            speaker: (d_speaker,).
            prompt_tokens: speech tokens of the reference recording; may be empty.
            prompt_mel: its mel (T_prompt, M); may be empty.
            noise: of the prompt and the speech, as `noise` draws it.
            cache: of the chunk before, when streaming.
            n_cached: frames of this one's end that the next begins with.

        Returns:
            The course, and the cache for the chunk after.
        """
        n_prompt = len(prompt_mel)
        mu, spks = self.encode(tokens, speaker, prompt_tokens, n_prompt)
        if cache is not None:
            n = cache.n_frames
            noise = np.concatenate([cache.noise, noise[:, n:]], axis=1)
            mu = np.concatenate([cache.mu, mu[:, n:]], axis=1)
        kept = FlowCache(*(_prompt_and_tail(x, n_prompt, n_cached) for x in (noise, mu)))
        cond = np.zeros_like(mu)
        if n_prompt:
            cond[:, :n_prompt] = prompt_mel.T
        return Course(noise, mu, spks, cond, n_prompt), kept

    def arrive(
        self, course: Course, solver: Solver, before_step: Callable[[], None] = lambda: None
    ) -> Array:
        """The second half, which needs the velocity field alone: the mel of the tokens, (M, T_mel).

        What `before_step` raises, before any step, ends the work.
        """
        c = course
        mel = self.solve(c.noise, c.mu, c.spks, c.cond, solver, before_step)
        return mel[:, c.n_prompt :]

    def encode(
        self,
        tokens: Sequence[int],
        speaker: Array,
        prompt_tokens: Sequence[int] | Array,
        n_prompt: int,
    ) -> tuple[Array, Array]:
        """mu of prompt and speech, (M, T_mel), and the speaker as the velocity sees it, (M,)."""
        grid = token_grid(len(prompt_tokens), len(tokens), n_prompt, self.config)
        ids = np.array([*prompt_tokens, *tokens], np.int64)
        mu, spks = self.encoder(
            tokens=ids[None],
            speaker=speaker[None],
            left=grid.left,
            right=grid.right,
            weight=grid.weight[:, None],
        )
        return mu[0], spks[0]

    def solve(
        self,
        noise: Array,
        mu: Array,
        spks: Array,
        cond: Array,
        solver: Solver,
        before_step: Callable[[], None] = lambda: None,
    ) -> Array:
        """Integrate from noise to mel: (M, T_mel) → (M, T_mel)."""
        pair = [np.stack([a, np.zeros_like(a)]) for a in (mu, spks, cond)]
        alone = [a[:1] for a in pair]

        def velocity(x: Array, t: np.float32, step: int) -> Array:
            before_step()
            if step >= solver.n_guided:
                return self.velocities(x, t, *alone)[0]
            conditional, unconditional = self.velocities(x, t, *pair)
            return guided(conditional, unconditional, self.config.flow.guidance_rate)

        return euler(velocity, noise, cosine_span(solver.n_steps))

    def velocities(
        self, x: Array, t: np.float32, mu: Array, spks: Array, cond: Array
    ) -> list[Array]:
        """v of one x (M, T) under each row of conditions: in one call, or a lane for each."""
        if self.lanes.n == 1:
            xs = np.stack([x] * len(mu))
            return list(self.velocity(xs, np.full(len(mu), t), mu, spks, cond))
        _ = self.unet  # loaded here: two lanes that both find it missing would both load it
        rows = [(x[None], np.full(1, t), *(a[i : i + 1] for a in (mu, spks, cond)))
                for i in range(len(mu))]  # fmt: skip
        return [v[0] for v in self.lanes.map(lambda row: self.velocity(*row), rows)]

    def velocity(self, x: Array, t: Array, mu: Array, spks: Array, cond: Array) -> Array:
        """v(x, t | mu, speaker, cond) of B rows: (B, M, T) → (B, M, T)."""
        return self.unet(x=x, t=t, mu=mu, spks=spks, cond=cond)[0]


def token_grid(n_prompt_tokens: int, n_tokens: int, n_prompt: int, config: ModelConfig) -> Grid:
    """The grid of prompt and speech.

    They are stretched apart from each other, so that the seam falls between two frames; of a long
    speech also its two ends, so that streamed chunks can overlap there.
    """
    n_frames, head = config.frames(n_tokens), config.frames(OVERLAP_TOKENS)
    pieces = [(n_prompt_tokens, n_prompt)] if n_prompt_tokens else []
    if n_tokens > 2 * OVERLAP_TOKENS:
        middle = (n_tokens - 2 * OVERLAP_TOKENS, n_frames - 2 * head)
        pieces += [(OVERLAP_TOKENS, head), middle, (OVERLAP_TOKENS, head)]
    else:
        pieces.append((n_tokens, n_frames))
    grids, start = [], 0
    for n_in, n_out in pieces:
        grid = linear_grid(n_in, n_out)
        grids.append(Grid(grid.left + start, grid.right + start, grid.weight))
        start += n_in
    return Grid(
        *(np.concatenate([getattr(g, f) for g in grids]) for f in ("left", "right", "weight"))
    )


def linear_grid(n_in: int, n_out: int) -> Grid:
    """Stretch n_in points to n_out; both are seen as cells, whose centres are aligned."""
    ratio = np.float64(np.float32(n_in / max(n_out, 1)))
    exact = np.maximum(ratio * (np.arange(n_out) + 0.5) - 0.5, 0.0)
    centres = exact.astype(np.float32)  # rounded once, as a fused multiply-add does
    left = np.minimum(centres.astype(np.int64), n_in - 1)
    weight = (centres - left).astype(np.float32)
    return Grid(left, np.minimum(left + 1, n_in - 1), weight)


def _prompt_and_tail(x: Array, n_prompt: int, n_tail: int) -> Array:
    return np.concatenate([x[:, :n_prompt], x[:, -n_tail:]], axis=1)
