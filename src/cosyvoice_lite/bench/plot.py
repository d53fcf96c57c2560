"""The figures as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cosyvoice_lite.errors import UsageError


def plot(report: dict[str, Any], path: Path) -> None:
    """Two panels, RTF by stage and resident memory, as PNG.

    Raises:
        UsageError: matplotlib is not installed, or `path` can't be written.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise UsageError("--plot needs matplotlib: pip install 'cosyvoice-lite[bench]'") from None
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    speed, memory = figure.subplots(1, 2)
    _bars(speed, report["rtf"], "{:.2f}", "processing time / duration (RTF)")
    _bars(memory, report["memory_mb"] or {}, "{:.0f}", "resident memory, MB")
    figure.suptitle(f"{report['bundle']}, {report['precision']}, {report['solver']}")
    try:
        figure.savefig(path, format="png", dpi=150)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def _bars(axes: Any, values: dict[str, float], label: str, title: str) -> None:
    bars = axes.barh(list(values), list(values.values()), color="#4878a8")
    axes.bar_label(bars, labels=[label.format(v) for v in values.values()], padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
