"""Everything that one running service is made of."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import cosyvoice_lite
from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.models import find_model, home
from cosyvoice_lite.runtime.memory import lasting_plan, parse_bytes
from cosyvoice_lite.server.consents import Consents
from cosyvoice_lite.server.identity import Identity
from cosyvoice_lite.server.keys import Keys
from cosyvoice_lite.server.listening import Turns
from cosyvoice_lite.server.memory import budget, peak_bytes, resident_bytes
from cosyvoice_lite.server.metrics import Metrics
from cosyvoice_lite.server.pool import Pool
from cosyvoice_lite.server.problems import Problem
from cosyvoice_lite.server.remote import Remote
from cosyvoice_lite.server.settings import Settings
from cosyvoice_lite.server.speaker import Speaker
from cosyvoice_lite.server.voices import Voices


@dataclass
class Service:
    """The parts, wired; nothing is loaded.

    Raises:
        CosyError: there is no model, or a setting can't be.
    """

    settings: Settings
    metrics: Metrics = field(default_factory=Metrics)
    started: float = field(default_factory=time.monotonic)
    is_started: bool = False
    """Whether the first load, where one was asked for, is over."""

    def __post_init__(self) -> None:
        s = self.settings
        self.identity = Identity.read(find_model(s.model or None))
        if s.memory_budget:
            lasting_plan(self.identity.sizes, parse_bytes(s.memory_budget))
        self.keys = Keys.read(s.api_keys, s.api_keys_file)
        voices_folder = Path(s.voices_dir) if s.voices_dir else home() / "voices"
        self.consents = Consents(voices_folder)
        self.listening = Turns()
        self.voices = Voices(self.identity, voices_folder, s.voice)
        if s.voice:
            self._check_voice(s.voice)
        self.pool: Pool[Remote] = Pool(self._load, s.idle_unload, s.load_cooldown, self.metrics)
        cache_folder = Path(s.cache_dir) if s.cache_dir else home() / "cache"
        self.speaker = Speaker(s, self.identity, self.pool, self.metrics, cache_folder)
        self.metrics.probes.append(self._measure)

    def _check_voice(self, name: str) -> None:
        try:
            self.voices.find(name)
        except Problem as problem:
            raise UsageError(f"--voice: {problem}") from None

    async def _load(self) -> Remote:
        identity = Identity.read(self.identity.path)
        if identity.digest != self.identity.digest:
            self.identity = self.speaker.identity = self.voices.identity = identity
        return await Remote.open(identity, self.settings, self.voices.folder, self.metrics)

    @property
    def uptime_s(self) -> float:
        return time.monotonic() - self.started

    @property
    def model_state(self) -> str:
        return self.pool.state

    def depth(self) -> dict[str, int]:
        """Requests waiting or running, by priority; before the model is there, all are waiting."""
        worker = self.pool.model
        if worker is None or not worker.stats.depth:
            return {"interactive": len(self.speaker.running), "batch": 0}
        return worker.stats.depth

    def is_stuck(self) -> bool:
        """Whether the engine hangs in a step that will not end."""
        worker = self.pool.model
        return worker is not None and worker.stats.is_stuck

    def resident_bytes(self) -> int:
        """Memory held by the service and its worker."""
        worker = self.pool.model
        return resident_bytes() + (worker.stats.resident if worker is not None else 0)

    def _measure(self, metrics: Metrics) -> None:
        """Set the gauges."""
        s, identity, worker = self.settings, self.identity, self.pool.model
        held = self.resident_bytes()
        promised = worker.stats.promised if worker is not None else 0
        for priority, n in self.depth().items():
            metrics.set("queue_depth", n, priority=priority)
        metrics.set("queue_capacity", s.max_requests)
        metrics.set("queued_audio_seconds", worker.stats.work_s if worker is not None else 0.0)
        metrics.set("model_loaded", float(worker is not None),
                    model=identity.name, precision=identity.precision)  # fmt: skip
        metrics.set("memory_budget_bytes", budget(s.memory_limit))
        metrics.set("memory_predicted_bytes", held + promised)
        metrics.set("memory_peak_rss_bytes", peak_bytes())
        metrics.set("process_resident_memory_bytes", held)
        metrics.set("cache_bytes", self.speaker.memory.size, cache="memory")
        metrics.set("cache_bytes", self.speaker.disk.size, cache="disk")
        metrics.set("threads", s.threads or len(_cores()))
        metrics.set("build_info", 1, version=cosyvoice_lite.__version__,
                    model=identity.name, precision=identity.precision)  # fmt: skip


def _cores() -> set[int]:
    try:
        return os.sched_getaffinity(0)
    except AttributeError:  # not on macOS or Windows
        return set(range(os.cpu_count() or 1))
