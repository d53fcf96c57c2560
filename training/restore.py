"""Begin runs with the weights of a bundle: `python -m training.restore` takes the package's own.

A bundle's weights are the networks' own, cut to few bits and laid out for the runtime. Where the
layout moves or scales numbers, it is undone by asking it where it puts each number; sums that
cannot be taken apart are given to one of their terms, which leaves the network the same. The input
layer of the LM is folded into tables behind a ReLU: embeddings are sought that give the same rows.
The tokenizer comes from a file of its own.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.convert.pipeline import build_graphs, recipe
from cosyvoice_lite.graphs.tensors import Derived, Stored
from cosyvoice_lite.runtime.tables import Table
from cosyvoice_lite.tensorfile import read_tensors
from training.loop import Run
from training.model.flow import Flow
from training.model.hift import HiFT
from training.model.lm import SpeechLM
from training.model.speech_tokenizer import SpeechTokenizer
from training.sizes import FLOW, HIFT, LM, TOKENIZER

Array = npt.NDArray[Any]
State = dict[str, Array]

NETWORKS = {
    "llm.pt": ("lm", SpeechLM, LM),
    "flow.pt": ("flow", Flow, FLOW),
    "hift.pt": ("vocoder", HiFT, HIFT),
}
TOKENIZER_FILE = Path(__file__).with_name("tokenizer.safetensors")
FOLDED = {"speech_rows": "speech_embedding.weight", "marker_rows": "llm_embedding.weight"}
BITS_OF = {".int8": 8, ".int4": 4}
SEARCH_STEPS = 2000


def restore(bundle: Bundle, cache: Path, step: int = 0) -> None:
    """Write one run's checkpoint for each network in the bundle, as if `step` steps were done."""
    manifest = bundle.manifest
    for file, graphs in build_graphs(manifest.model, recipe(manifest.precision)).items():
        folder, network, sizes = NETWORKS[file]
        state: State = {}
        folded: dict[str, Array] = {}
        for graph in graphs:
            model = onnx.load(bundle.file(f"{graph.name}.onnx"))
            for weight, value in _values(graph.weights, model.graph):
                undo(weight, value, state)
            for weight in dict.fromkeys(stored.weight for stored in graph.tables):
                value = Table(bundle.tables, weight.name)[:]
                if weight.name in FOLDED:
                    folded[FOLDED[weight.name]] = value
                else:
                    undo(weight, value.reshape(weight.shape), state)
        for key, rows in folded.items():
            state[key] = unfold(rows, state)
        model = network(sizes)
        begin(cache / folder, model, _named_as(model, state), step)


def begin(folder: Path, model: nn.Module, state: Mapping[str, Tensor], step: int) -> None:
    """Write the checkpoint of a run that has these weights.

    Raises:
        SystemExit: there is a run already.
    """
    if (folder / "checkpoint.pt").exists():
        sys.exit(f"{folder} has a run: put it away first")
    model.load_state_dict(state)
    run = Run(folder, model, {})
    run.step = step
    run.save()


def restore_tokenizer(path: Path, cache: Path, step: int = 0) -> None:
    """Write the tokenizer's checkpoint from what `export --tokenizer` kept."""
    kept = {name: torch.from_numpy(np.array(a)) for name, a in read_tensors(path).items()}
    begin(cache / "tokenizer", SpeechTokenizer(TOKENIZER), kept, step)


def undo(weight: Derived, value: Array, state: State) -> None:
    """Put the numbers of `weight` back where its sources had them; the first source that a number
    belongs to takes it, and a source of which nothing is left is zero."""
    if all(source.name in state for source in weight.sources):
        return  # the same numbers in another form
    taken = np.zeros(weight.shape, bool)
    for number, source in enumerate(weight.sources):
        places, scale = _traced(weight, number)
        mine = (scale != 0) & ~taken
        if source.name not in state:
            flat = np.zeros(int(np.prod(source.shape)), np.float32)
            flat[places[mine]] = value[mine] / scale[mine]
            state[source.name] = flat.reshape(source.shape)
        taken |= mine


def _traced(weight: Derived, number: int) -> tuple[Array, Array]:
    """For each number of a weight its place in source `number`, and what it is multiplied with."""
    sources = [np.zeros(source.shape, np.float64) for source in weight.sources]
    shape = sources[number].shape
    sources[number] = np.ones(shape)
    scale = np.asarray(weight.compute(*sources), np.float64)
    sources[number] = np.arange(sources[number].size, dtype=np.float64).reshape(shape)
    counted = np.asarray(weight.compute(*sources), np.float64)
    places = np.divide(counted, scale, out=np.zeros_like(scale), where=scale != 0)
    return np.rint(places).astype(np.int64), scale


def unfold(rows: Array, state: State) -> Array:
    """Embeddings (n, d_input) that the LM's input layer makes `rows` (n, d) of."""
    names = (
        "llm.embed.out.0.weight",
        "llm.embed.out.0.bias",
        "llm.embed.out.1.weight",
        "llm.embed.out.1.bias",
    )
    w, b, gamma, beta = (torch.from_numpy(state[name]) for name in names)
    wanted = torch.from_numpy(np.asarray(rows, np.float32)) / len(w) ** 0.5
    x = nn.Parameter((wanted - wanted.mean(1, keepdim=True) - b) @ torch.linalg.pinv(w).T)
    optimizer = torch.optim.Adam([x], 0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, SEARCH_STEPS)
    for _ in range(SEARCH_STEPS):
        made = nn.functional.layer_norm(x @ w.T + b, gamma.shape, gamma, beta)
        behind = torch.where(wanted > 0, made, made.relu())  # where it is dead, it must hear of it
        loss = (behind - wanted).square().sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    print(f"embeddings found: rows off by {loss.item() / wanted.square().sum(1).mean().item():.1e}")
    return x.detach().numpy()


def _values(stored: list[Stored], graph: onnx.GraphProto) -> Iterator[tuple[Derived, Array]]:
    """Every weight of a graph in float32, in the shape that the runtime wants."""
    parts = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    axes = {
        node.input[0]: node.attribute[0].i
        for node in graph.node
        if node.op_type == "DequantizeLinear"
    }
    for weight, group in groupby(stored, key=lambda tensor: tensor.weight):
        kept = {tensor.part.suffix: tensor.name for tensor in group}
        if len(kept) == 1:
            yield weight, parts[kept.popitem()[1]].astype(np.float32)
        else:
            suffix = next(suffix for suffix in kept if suffix in BITS_OF)
            values, scale = parts[kept[suffix]], parts[kept[".scale"]].astype(np.float32)
            axis = axes.get(kept[suffix], 1)
            yield weight, _widened(values, scale, BITS_OF[suffix], axis, weight.shape)


def _widened(values: Array, scale: Array, bits: int, axis: int, shape: tuple[int, ...]) -> Array:
    """The float32 weight from its parts; `graphs/precision.py` says how each form is laid out."""
    if values.dtype == np.uint8:  # blocks of a product: (N, K / block, bytes)
        blocks = _unsigned(values, bits) * scale.reshape(*values.shape[:2], 1)
        value: Array = blocks.reshape(len(values), -1).T
    else:
        value = values * np.expand_dims(scale, [i for i in range(values.ndim) if i != axis])
    if value.ndim == 2 and len(shape) == 4:  # a kernel (N, C, 1, k) kept as a product (k C, N)
        n, c, _, k = shape
        value = value.reshape(k, c, n).transpose(2, 1, 0)
    return value.reshape(shape)


def _unsigned(values: Array, bits: int) -> Array:
    if bits == 8:
        return values.astype(np.float32) - 128
    pairs = np.stack([values & 15, values >> 4], axis=-1).astype(np.float32) - 8
    return pairs.reshape(*values.shape[:-1], -1)


def _named_as(model: nn.Module, state: State) -> dict[str, Tensor]:
    """The state under the names that `model` has, weight norm taken apart."""
    named: dict[str, Tensor] = {}
    halves = "parametrizations.weight.original"
    for name in model.state_dict():
        if name.endswith(halves + "0"):
            w = torch.from_numpy(state[name.replace(halves + "0", "weight")])
            named[name] = w.flatten(1).norm(dim=1).reshape(-1, *[1] * (w.ndim - 1))
        elif name.endswith(halves + "1"):
            named[name] = torch.from_numpy(state[name.replace(halves + "1", "weight")])
        else:
            named[name] = torch.from_numpy(state[name])
    return named


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, default=Path("src/cosyvoice_lite/nano/bundle"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--step", type=int, default=0, help="to go on from: sets the rate")
    args = parser.parse_args()
    restore_tokenizer(TOKENIZER_FILE, args.cache, args.step)
    restore(Bundle.open(args.bundle), args.cache, args.step)


if __name__ == "__main__":
    main()
