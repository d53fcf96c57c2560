"""An fp32 bundle → one of fewer bits, without its checkpoint.

The graphs are built anew from the manifest, at the other precision; their weights are the old
bundle's, by name.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, numpy_helper

from cosyvoice_lite.bundle import GRAPHS, MANIFEST, TABLES, Bundle, Manifest
from cosyvoice_lite.convert.directory import new_directory
from cosyvoice_lite.convert.pipeline import Progress, build_graphs, file_record, recipe
from cosyvoice_lite.convert.writer import write_graph, write_tables
from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.graphs.tensors import Derived

Array = npt.NDArray[Any]

REWRITTEN = {MANIFEST, TABLES, *(f"{g}.{kind}" for g in GRAPHS for kind in ("onnx", "weights"))}


def quantize(
    source: Bundle,
    target: Path,
    precision: str,
    *,
    replace: bool = False,
    progress: Progress = lambda stage: None,
) -> Manifest:
    """Write the bundle `source`, which must be fp32, at another precision.

    Raises:
        UsageError: `source` has lost what the other precision starts from, or there is no such
            precision.
        BundleError: `target` exists, or can't be written. No half bundle is left behind.
    """
    if source.manifest.precision != "fp32":
        raise UsageError(
            f"{source.path}: is {source.manifest.precision} already; "
            "start from one converted with --precision fp32"
        )
    groups = build_graphs(source.manifest.model, recipe(precision))
    graphs = [graph for group in groups.values() for graph in group]
    with new_directory(target, replace) as directory:
        for graph in graphs:
            progress(f"writing {graph.name}")
            write_graph(graph, directory, _weights(source, graph.name))
        progress("writing tables")
        write_tables(directory / TABLES, [(graph.tables, _tables(source)) for graph in graphs])
        for name in source.manifest.files.keys() - REWRITTEN:
            shutil.copyfile(source.file(name), directory / name)
        progress("hashing")
        files = {p.name: file_record(p) for p in sorted(directory.iterdir())}
        manifest = dataclasses.replace(source.manifest, precision=precision, files=files)
        (directory / MANIFEST).write_text(manifest.to_json(), "utf-8")
    return manifest


def _tables(source: Bundle) -> Callable[[Derived], Array]:
    return lambda weight: np.asarray(source.tables[weight.name])


def _weights(source: Bundle, graph: str) -> Callable[[Derived], Array]:
    """Look up the weights of one graph by name; each is read when it is asked for."""
    model = onnx.load(source.file(f"{graph}.onnx"), load_external_data=False)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    weights = source.file(f"{graph}.weights")

    def value_of(weight: Derived) -> Array:
        tensor = tensors[weight.name]
        if tensor.data_location != TensorProto.EXTERNAL:
            return numpy_helper.to_array(tensor)
        offset = next(int(e.value) for e in tensor.external_data if e.key == "offset")
        count = int(np.prod(weight.shape))
        return np.fromfile(weights, np.float32, count, offset=offset).reshape(weight.shape)

    return value_of
