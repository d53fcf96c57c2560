"""The tensors of a checkpoint as the graphs name them, each read once when it is written.

Three spellings are brought to one: a `generator.` prefix is dropped, and weight norm
(arXiv:1602.07868, w = g · v / ‖v‖) is folded under both of PyTorch's names for its halves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.convert.checkpoint import read_state_dict
from cosyvoice_lite.convert.storage import StoredTensor
from cosyvoice_lite.errors import CheckpointError
from cosyvoice_lite.graphs.builder import GraphBuilder
from cosyvoice_lite.graphs.tensors import Derived, Parameter

Array = npt.NDArray[Any]

DROPPED_PREFIX = "generator."
WEIGHT_NORM_HALVES = (
    ("weight_g", "weight_v"),
    ("parametrizations.weight.original0", "parametrizations.weight.original1"),
)
MAX_NAMES_LISTED = 8


@dataclass(frozen=True)
class NormedWeight:
    """A convolution kernel kept as length g and direction v: (C, …) each, ‖·‖ over all but C."""

    g: StoredTensor
    v: StoredTensor

    @property
    def shape(self) -> tuple[int, ...]:
        return self.v.shape

    def numpy(self) -> Array:
        v = self.v.numpy().astype(np.float64)
        norm = np.sqrt(np.square(v).sum(axis=tuple(range(1, v.ndim)), keepdims=True))
        return (v * (self.g.numpy() / norm)).astype(np.float32)


Tensor = StoredTensor | NormedWeight


class Weights:
    """The tensors of one file, checked against what the graphs declare."""

    def __init__(self, path: Path, tensors: Mapping[str, Tensor]) -> None:
        self.path = path
        self.tensors = tensors

    @classmethod
    def open(cls, path: Path) -> Weights:
        stored = read_state_dict(path)
        state = {name.removeprefix(DROPPED_PREFIX): tensor for name, tensor in stored.items()}
        if len(state) != len(stored):
            raise CheckpointError(f"{path}: has tensors both with and without {DROPPED_PREFIX}")
        return cls(path, _fold_weight_norm(state))

    def check(self, graphs: Iterable[GraphBuilder]) -> None:
        """Every declared parameter is here in its shape, and nothing else is.

        Raises:
            CheckpointError: lists the missing, unknown or misshapen names.
        """
        declared: dict[str, Parameter] = {}
        for graph in graphs:
            if twice := declared.keys() & graph.parameters.keys():
                raise ValueError(f"two graphs use {sorted(twice)}")
            declared |= graph.parameters
        for problem, names in (
            ("lacks", declared.keys() - self.tensors.keys()),
            ("has unknown", self.tensors.keys() - declared.keys()),
        ):
            if names:
                raise CheckpointError(f"{self.path}: {problem} tensors: {_listed(names)}")
        wrong = [
            f"{p.name} is {self.tensors[p.name].shape}, the yaml says {p.shape}"
            for p in declared.values()
            if self.tensors[p.name].shape != p.shape
        ]
        if wrong:
            raise CheckpointError(f"{self.path}: {_listed(wrong, '; ')}")

    def compute(self, derived: Derived) -> Array:
        """The value of one tensor of the bundle: contiguous float32."""
        with np.errstate(all="ignore"):  # what comes of it is checked below
            sources = [self.tensors[p.name].numpy() for p in derived.sources]
            array = np.ascontiguousarray(derived.compute(*sources), np.float32)
        if array.shape != derived.shape:
            raise ValueError(f"{derived.name}: computed {array.shape}, declared {derived.shape}")
        if not np.isfinite(array).all():
            raise CheckpointError(f"{self.path}: {derived.name} holds NaN or infinity")
        return array


def _fold_weight_norm(state: dict[str, StoredTensor]) -> dict[str, Tensor]:
    folded: dict[str, Tensor] = dict(state)
    for g_name, v_name in WEIGHT_NORM_HALVES:
        for name in [n for n in state if n.endswith("." + g_name)]:
            stem = name[: -len(g_name)]
            g, v = state[name], state.get(stem + v_name)
            if v is None or not v.shape or stem + "weight" in folded:
                continue  # left as they are, the halves are reported as unknown
            if g.shape != (v.shape[0],) + (1,) * (len(v.shape) - 1):
                continue
            del folded[name], folded[stem + v_name]
            folded[stem + "weight"] = NormedWeight(g, v)
    return folded


def _listed(names: Iterable[str], separator: str = ", ") -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - MAX_NAMES_LISTED} more" if len(ordered) > MAX_NAMES_LISTED else ""
    return separator.join(ordered[:MAX_NAMES_LISTED]) + more
