"""Conditional flow matching (arXiv:2210.02747): noise bent into a mel by an ordinary differential
equation, dx/dt = v(x, t), solved by Euler's method. Letters as in the paper.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Velocity = Callable[[Array, np.float32, int], Array]
"""v of x, of t, and of the number of the step, from which on guidance may be left out."""


@dataclass(frozen=True)
class Solver:
    """How the equation is solved: `n_steps` of Euler's method, the first `n_guided` of them with
    guidance, which doubles their cost."""

    n_steps: int
    n_guided: int

    @property
    def n_evaluations(self) -> int:
        """Evaluations of the velocity for one sentence."""
        return self.n_steps + self.n_guided


SOLVERS = {
    "exact": Solver(10, 10),  # as the authors do: 20 evaluations
    "balanced": Solver(7, 5),  # 12; guidance where the flow bends most, at its start
    "fast": Solver(5, 3),  # 8
}
"""Named trade-offs between speed and fidelity."""


def cosine_span(n_steps: int) -> Array:
    """Times from 0 to 1, dense where the flow bends most, at its start: (n_steps + 1,) float32."""
    t = np.linspace(0, 1, n_steps + 1, dtype=np.float32)
    return 1 - np.cos(t * np.float32(0.5) * np.float32(np.pi))


def euler(velocity: Velocity, x: Array, t_span: Array) -> Array:
    """Follow the velocity from t_span[0] to t_span[-1].

    Time is accumulated, not read off the grid, because the authors' code does so and float32 can
    tell the difference.
    """
    t = t_span[0]
    for step, t_next in enumerate(t_span[1:]):
        dt = t_next - t
        x = x + dt * velocity(x, t, step)
        t = t + dt
    return x


def guided(conditional: Array, unconditional: Array, rate: float) -> Array:
    """Classifier-free guidance (arXiv:2207.12598): away from what needs no condition."""
    return (1 + np.float32(rate)) * conditional - np.float32(rate) * unconditional
