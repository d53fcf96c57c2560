"""The one door to ONNX Runtime: threads, options, named inputs and outputs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy.typing as npt

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # else it reports to its maker; read on import
import onnxruntime as ort

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.errors import BundleError
from cosyvoice_lite.runtime.memory import is_mapped
from cosyvoice_lite.runtime.pages import drop, give_back, mapped
from cosyvoice_lite.runtime.processor import products_overflow

Array = npt.NDArray[Any]

ort.set_default_logger_severity(4)  # what it logs, it also raises


class Session:
    """A loaded graph: a function of named arrays.

    Args:
        weights: the file of weights that are to be read where the system maps it; by default ONNX
            Runtime packs its own copy of them, which is faster the fewer rows a product has.
    """

    def __init__(self, path: Path, threads: int, weights: Path | None = None) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # The arena never gives back what its largest run took, and saves no time here.
        options.enable_cpu_mem_arena = False
        # Kernels kept in few bits are widened once, while loading, not at every run.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        if products_overflow():
            options.add_session_config_entry("session.x64quantprecision", "1")
        if weights is not None:
            options.add_session_config_entry("session.disable_prepacking", "1")
        self.path = path
        give_back()  # loading takes more than what stays, on top of what is held
        with _one_error(path):
            self.ort = ort.InferenceSession(str(path), options, ["CPUExecutionProvider"])
        self.input_names = [node.name for node in self.ort.get_inputs()]
        self.mapped = [] if weights is None else mapped(weights)
        give_back()  # what the optimiser needed

    def __call__(self, **inputs: Array) -> list[Array]:
        """The outputs in the order the graph declares them."""
        if self.mapped:
            give_back()  # the whole file of weights is coming into memory
        with _one_error(self.path):
            outputs = list(self.ort.run(None, inputs))
        drop(self.mapped)  # they return from the file at the next call
        return outputs


def load_graph(bundle: Bundle, graph: str, threads: int) -> Session:
    """A graph of a bundle, its weights mapped or packed as `is_mapped` says."""
    weights = bundle.file(f"{graph}.weights")
    n_bytes = bundle.manifest.files[weights.name].size
    read_in_place = is_mapped(bundle.manifest.precision, graph, n_bytes)
    return Session(bundle.file(f"{graph}.onnx"), threads, weights if read_in_place else None)


class Binding:
    """Arrays that a graph reads and writes where they are, from run to run."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.io = session.ort.io_binding()
        self.held: dict[str, Any] = {}

    def input(self, name: str, array: Array) -> None:
        """Read `name` from `array`'s own memory; later changes to it are seen."""
        self.io.bind_ortvalue_input(name, self._value(name, array))

    def output(self, name: str, array: Array) -> None:
        """Write `name` into `array`'s own memory."""
        self.io.bind_ortvalue_output(name, self._value(name, array))

    def in_place(self, past: str, present: str, array: Array) -> None:
        """Read `past` from and write `present` to the same memory."""
        value = self._value(past, array)
        self.io.bind_ortvalue_input(past, value)
        self.io.bind_ortvalue_output(present, value)

    def run(self) -> None:
        with _one_error(self.session.path):
            self.session.ort.run_with_iobinding(self.io)

    def _value(self, name: str, array: Array) -> Any:
        value = ort.OrtValue.ortvalue_from_numpy(array)
        if value.data_ptr() != array.ctypes.data:
            raise ValueError(f"{name} would be copied: it must be contiguous and not empty")
        self.held[name] = (array, value)
        return value


@contextmanager
def _one_error(path: Path) -> Iterator[None]:
    """ONNX Runtime has a class for each reason; to a user all mean that this graph won't do."""
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise BundleError(f"{path}: ONNX Runtime can't run it: {reason}") from None
