"""What is counted: one table, and its text for Prometheus (exposition format 0.0.4)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

TIMES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
RTFS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0, 10.0)
SIZES = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
PREFIX = "cosyvoice_"

COUNTERS = {
    "requests_total": ("Answers.", ("api", "status", "format", "streaming")),
    "audio_seconds_total": ("Speech made, in seconds.", ()),
    "input_characters_total": ("Characters of the texts asked for.", ("language",)),
    "text_tokens_total": ("Text tokens read.", ()),
    "speech_tokens_total": ("Speech tokens made.", ()),
    "rejected_total": ("Requests refused for want of room or time.", ("reason",)),
    "cancelled_total": ("Requests whose client left.", ("stage",)),
    "errors_total": ("Answers with an error.", ("code",)),
    "cache_requests_total": ("Questions to the caches: of speech, of voices.", ("cache", "result")),
    "cache_evictions_total": ("Entries that made room.", ("cache",)),
    "model_loads_total": ("Loads of the model.", ("result",)),
    "model_unloads_total": ("Unloads of the model.", ("reason",)),
}
HISTOGRAMS = {
    "request_duration_seconds": ("Until the last byte.", ("api", "streaming"), TIMES),
    "time_to_first_audio_seconds": ("Until the first byte of sound.", ("api",), TIMES),
    "queue_wait_seconds": ("Until the first sentence was begun.", (), TIMES),
    "rtf": ("Computing time over duration of the speech.", (), RTFS),
    "stage_duration_seconds": ("Of one run of a stage.", ("stage",), TIMES),
    "batch_size": ("Sentences served by one step.", ("stage",), SIZES),
    "cancel_latency_seconds": ("From the news that a client left until its work ended.", (), TIMES),
    "model_load_seconds": ("Loading the model.", (), TIMES),
    "event_loop_lag_seconds": ("By how much a timer came late.", (), TIMES),
}
GAUGES = {
    "requests_in_progress": ("Requests being answered.", ("api",)),
    "queue_depth": ("Requests waiting or running.", ("priority",)),
    "queue_capacity": ("Most that may.", ()),
    "queued_audio_seconds": ("Predicted seconds of computing that wait.", ()),
    "model_loaded": ("1 if it is.", ("model", "precision")),
    "memory_budget_bytes": ("What the process may hold.", ()),
    "memory_predicted_bytes": ("Held, and promised to requests.", ()),
    "memory_peak_rss_bytes": ("The most ever held.", ()),
    "process_resident_memory_bytes": ("Held now.", ()),
    "cache_bytes": ("Finished speech kept.", ("cache",)),
    "threads": ("Cores used.", ()),
    "build_info": ("1; its labels say what this is.", ("version", "model", "precision")),
}
Labels = tuple[str, ...]


@dataclass
class Histogram:
    """Counts of values up to each bound."""

    counts: list[int]
    total: float = 0.0


@dataclass
class Metrics:
    """All series. Counting is safe from any thread; an unknown name or label is an error."""

    counters: dict[str, dict[Labels, float]] = field(default_factory=dict)
    histograms: dict[str, dict[Labels, Histogram]] = field(default_factory=dict)
    gauges: dict[str, dict[Labels, float]] = field(default_factory=dict)
    probes: list[Callable[[Metrics], None]] = field(default_factory=list)
    """Called before the text is made: they set gauges."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, name: str, by: float = 1.0, **labels: str) -> None:
        key = _key(COUNTERS[name][1], labels)
        with self.lock:
            series = self.counters.setdefault(name, {})
            series[key] = series.get(key, 0.0) + by

    def observe(self, name: str, value: float, **labels: str) -> None:
        _, names, bounds = HISTOGRAMS[name]
        key = _key(names, labels)
        with self.lock:
            series = self.histograms.setdefault(name, {})
            found = series.setdefault(key, Histogram([0] * (len(bounds) + 1)))
            found.counts[sum(value > bound for bound in bounds)] += 1
            found.total += value

    def merge(
        self,
        counts: list[tuple[str, dict[str, str], float]],
        observations: list[tuple[str, dict[str, str], list[float]]],
    ) -> None:
        """Take over what was counted elsewhere."""
        for name, labels, by in counts:
            self.count(name, by, **labels)
        for name, labels, values in observations:
            for value in values:
                self.observe(name, value, **labels)

    def set(self, name: str, value: float, **labels: str) -> None:
        key = _key(GAUGES[name][1], labels)
        with self.lock:
            self.gauges.setdefault(name, {})[key] = value

    def add(self, name: str, by: float, **labels: str) -> None:
        """Move a gauge."""
        key = _key(GAUGES[name][1], labels)
        with self.lock:
            series = self.gauges.setdefault(name, {})
            series[key] = series.get(key, 0.0) + by

    def value(self, name: str, **labels: str) -> float:
        """What a counter or gauge stands at."""
        for table, known in ((self.counters, COUNTERS), (self.gauges, GAUGES)):
            if name in known:
                return table.get(name, {}).get(_key(known[name][1], labels), 0.0)
        raise KeyError(name)

    def text(self) -> str:
        """The exposition."""
        for probe in self.probes:
            probe(self)
        with self.lock:
            return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        for table, known, kind in (
            (self.counters, COUNTERS, "counter"),
            (self.gauges, GAUGES, "gauge"),
        ):
            for name, (sentence, names) in known.items():
                yield from _head(name, sentence, kind)
                for key, value in sorted(table.get(name, {}).items()):
                    yield f"{_full(name)}{_labels(names, key)} {value:.17g}"
        for name, (sentence, names, bounds) in HISTOGRAMS.items():
            yield from _head(name, sentence, "histogram")
            for key, found in sorted(self.histograms.get(name, {}).items()):
                yield from _buckets(name, names, key, bounds, found)


class Deltas:
    """What was counted and observed since it was last taken; for a process that has no `Metrics`.

    Safe from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self._values: dict[tuple[str, tuple[tuple[str, str], ...]], list[float]] = {}

    def count(self, name: str, by: float = 1.0, **labels: str) -> None:
        key = name, tuple(labels.items())
        with self._lock:
            self._counts[key] = self._counts.get(key, 0.0) + by

    def observe(self, name: str, value: float, **labels: str) -> None:
        with self._lock:
            self._values.setdefault((name, tuple(labels.items())), []).append(value)

    def take(
        self,
    ) -> tuple[
        list[tuple[str, dict[str, str], float]], list[tuple[str, dict[str, str], list[float]]]
    ]:
        """Counts and observations, by name and labels."""
        with self._lock:
            counts = [(name, dict(labels), by) for (name, labels), by in self._counts.items()]
            values = [(name, dict(labels), v) for (name, labels), v in self._values.items()]
            self._counts, self._values = {}, {}
        return counts, values


def _buckets(
    name: str, names: Labels, key: Labels, bounds: tuple[float, ...], found: Histogram
) -> Iterator[str]:
    below = 0
    for bound, n in zip((*bounds, float("inf")), found.counts, strict=True):
        below += n
        le = "+Inf" if bound == float("inf") else f"{bound:g}"
        yield f"{PREFIX}{name}_bucket{_labels((*names, 'le'), (*key, le))} {below}"
    yield f"{PREFIX}{name}_sum{_labels(names, key)} {found.total:.9g}"
    yield f"{PREFIX}{name}_count{_labels(names, key)} {below}"


def _head(name: str, sentence: str, kind: str) -> Iterator[str]:
    yield f"# HELP {_full(name)} {sentence}"
    yield f"# TYPE {_full(name)} {kind}"


def _full(name: str) -> str:
    """Prometheus has names of its own for what every process has."""
    return name if name.startswith("process_") else PREFIX + name


def _key(names: Labels, labels: dict[str, str]) -> Labels:
    if set(names) != set(labels):
        raise KeyError(f"labels are {sorted(labels)}, must be {sorted(names)}")
    return tuple(labels[name] for name in names)


def _labels(names: Labels, values: Labels) -> str:
    pairs = ",".join(f'{n}="{_escaped(v)}"' for n, v in zip(names, values, strict=True))
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
