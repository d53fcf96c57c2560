"""The figures as a picture."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection
from pathlib import Path
from typing import Any

from cosyvoice_lite.errors import UsageError

BLUE, GREY, INK = "#3b6ea5", "#d7dde4", "#22303c"
DRAWN = {"stages", "speed", "memory"}


def check_plot(parts: Collection[str], path: Path) -> None:
    """Refuse before anything is measured what could only fail at the end.

    Raises:
        UsageError: matplotlib is not installed, the folder is not there, or nothing is to draw.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError("--plot needs matplotlib: pip install 'cosyvoice-lite[bench]'")
    if path.is_dir():
        raise UsageError(f"can't write {path}: it is a folder")
    if not path.parent.is_dir():
        raise UsageError(f"can't write {path}: no folder {path.parent}")
    if not set(parts) & DRAWN:
        raise UsageError(f"--plot draws {', '.join(sorted(DRAWN))}: none of it is measured")


def plot(report: dict[str, Any], path: Path) -> None:
    """A panel each for the roofline, RTF by stage and resident memory, of what was measured: PNG.

    Raises:
        UsageError: `path` can't be written.
    """
    from matplotlib.figure import Figure

    panels = [(draw, part) for draw, part in PANELS if report.get(part)]
    figure = Figure(figsize=(1 + 4.4 * len(panels), 3.9), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (draw, part) in zip(grid, panels, strict=True):
        draw(axes, report[part])
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.tick_params(length=0, colors=INK, labelsize=9)
    m = report["machine"]
    figure.suptitle(
        f"{report['bundle']}, {report['precision']}, {report['solver']}\n", color=INK, fontsize=12
    )
    figure.supxlabel(
        f"{m['processor']}, {m['threads']} threads: {m['gflops']:.0f} GFLOP/s in float32, "
        f"{m['int8_gflops']:.0f} in 8 bits, {m['gigabytes_per_s']:.0f} GB/s",
        fontsize=8,
        color="#67737e",
    )
    try:
        figure.savefig(path, format="png", dpi=160)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def _roofline(axes: Any, stages: list[dict[str, Any]]) -> None:
    names = [f"{stage['name']}, {stage['ms']:.3g} ms" for stage in stages]
    shares = {n: 100 * stage["roofline"] for n, stage in zip(names, stages, strict=True)}
    axes.barh(names, [100] * len(names), color=GREY)
    _bars(axes, shares, "{:.0f} %", "share of what the machine can do")
    axes.set_xlim(0, max(118, 1.2 * max(shares.values())))


def _rtf(axes: Any, speed: dict[str, Any]) -> None:
    _bars(axes, speed["rtf"], "{:.3f}", "processing time / duration (RTF)")


def _memory(axes: Any, memory: dict[str, float]) -> None:
    _bars(axes, memory, "{:.0f}", "resident memory, MB")


PANELS = ((_roofline, "stages"), (_rtf, "speed"), (_memory, "memory_mb"))


def _bars(axes: Any, values: dict[str, float], label: str, title: str) -> None:
    bars = axes.barh(list(values), list(values.values()), color=BLUE)
    texts = [label.format(value) for value in values.values()]
    axes.bar_label(bars, labels=texts, padding=4, color=INK, fontsize=9)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.set_xticks([])
    axes.set_title(title, fontsize=10, color=INK, loc="left")
