"""The stages of one bundle: loaded when first used, kept or freed as the memory plan says."""

from __future__ import annotations

from functools import cached_property

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.runtime.flow import Flow
from cosyvoice_lite.runtime.lanes import N_LANES, Lanes
from cosyvoice_lite.runtime.lm import SpeechLM
from cosyvoice_lite.runtime.memory import MemoryPlan
from cosyvoice_lite.runtime.pages import give_back, share_heap
from cosyvoice_lite.runtime.processor import available_threads
from cosyvoice_lite.runtime.recording import RecordingEncoder
from cosyvoice_lite.runtime.vocoder import Vocoder

STAGES = ("lm", "flow", "vocoder", "recordings")
SMALL = 32_000_000
"""Bytes of a velocity network whose model runs in lanes throughout; at full size it has 56 MB in 4
bits, and more in others."""


def shared_out(threads: int, bundle: Bundle) -> tuple[Lanes, Lanes]:
    """Lanes of utterances, and those of their parts: rows of guidance, windows of the vocoder.

    A large model has one lane of the first kind: it decodes a token at a time, and that with all
    cores.
    """
    unet = bundle.manifest.files.get("unet.weights")
    if unet is None or unet.size <= SMALL:
        lanes = Lanes(threads)
        return lanes, lanes
    share_heap()
    return Lanes(threads, divided=False), Lanes(threads, divided=threads % N_LANES == 0)


class Stages:
    """What a synthesizer has loaded.

    Raises:
        UsageError: fewer than one thread.
    """

    def __init__(self, bundle: Bundle, threads: int | None, memory: MemoryPlan) -> None:
        if threads is not None and threads < 1:
            raise UsageError(f"threads is {threads}, must be at least 1")
        self.bundle = bundle
        self.memory = memory
        self.threads = min(threads or available_threads(), available_threads())
        self.lanes, self.part_lanes = shared_out(self.threads, bundle)

    @cached_property
    def lm(self) -> SpeechLM:
        return SpeechLM(self.bundle, self.lanes.threads)

    @cached_property
    def flow(self) -> Flow:
        return Flow(self.bundle, self.lanes.threads, self.part_lanes)

    @cached_property
    def vocoder(self) -> Vocoder:
        return Vocoder(self.bundle, self.part_lanes, self.memory.window_frames)

    @cached_property
    def recordings(self) -> RecordingEncoder:
        if self.memory.whole:
            raise UsageError(
                "the memory budget has no room for the encoders of recordings: "
                "make the voice without one, save it, and speak with the saved one"
            )
        return RecordingEncoder(self.bundle, self.threads)

    def load(self) -> None:
        """Load every stage that speaking needs, now rather than when first used.

        The vocoder comes first: while it is loaded it takes twice what it keeps.
        """
        for graph in (
            self.vocoder.filter,
            self.vocoder.f0_predictor,
            self.lm.text_encoder,
            self.lm.lm,
            self.flow.encoder,
            self.flow.unet,
        ):
            del graph

    def unload(self) -> None:
        """Free every stage; the next call loads what it needs again."""
        for stage in STAGES:
            self.__dict__.pop(stage, None)
        give_back()

    def finished(self, stage: str, graph: str | None = None) -> None:
        """Free a stage, or one graph of it, if the plan is to hold one at a time."""
        if not self.memory.staged:
            return
        holder = self if graph is None else getattr(self, stage)
        holder.__dict__.pop(graph or stage, None)
        give_back()
