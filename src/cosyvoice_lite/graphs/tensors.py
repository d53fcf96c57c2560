"""Tensors on their way from a checkpoint into a bundle: read, computed, stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from cosyvoice_lite.graphs.precision import Part

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Parameter:
    """A tensor that the checkpoint must hold: its key and its shape."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Derived:
    """A weight the runtime wants: `compute` applied to the checkpoint tensors `sources`."""

    name: str
    shape: tuple[int, ...]
    sources: tuple[Parameter, ...]
    compute: Callable[..., Array]


@dataclass(frozen=True)
class Stored:
    """A tensor of the bundle: one part of a weight, as its encoding keeps it."""

    name: str
    weight: Derived
    part: Part
