"""Conditional flow matching (arXiv:2210.02747): noise bent into a mel by an ordinary differential
equation, dx/dt = v(x, t), solved by Euler's method. Letters as in the paper.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Velocity = Callable[[Array, np.float32], Array]


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
    for t_next in t_span[1:]:
        dt = t_next - t
        x = x + dt * velocity(x, t)
        t = t + dt
    return x


def guided(conditional: Array, unconditional: Array, rate: float) -> Array:
    """Classifier-free guidance (arXiv:2207.12598): away from what needs no condition."""
    return (1 + np.float32(rate)) * conditional - np.float32(rate) * unconditional
