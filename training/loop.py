"""The training loop all four networks share: resume, step, average, save, plot.

Weights are averaged as they train (exponential moving average), so a run can be stopped at any time
and its average used. The rate of learning falls in a straight line to nothing at the last of the
steps asked for; a run that is asked for more later goes on where that longer line is. A run is a
folder: `checkpoint.pt` (everything needed to go on), `losses.csv`, `losses.png`.
"""

import csv
import signal
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from types import FrameType

import torch
from torch import Tensor, nn
from tqdm import tqdm

from training.files import claim, written

AVERAGE_DECAY = 0.999
SAVE_EVERY_S = 300
LOG_EVERY = 50
WARM_UP = 300  # steps
UNSEEN = "unseen "

Losses = dict[str, Tensor]


def device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half_precision() -> torch.autocast:
    """A context that multiplies matrices in bfloat16, where the machine does that in hardware."""
    fast = torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device().type, torch.bfloat16, enabled=fast)


class Run:
    """One training run in one folder: modules, their optimizers, the average, the step count.

    Args:
        made_of: what the run learns from, if that may change; a finished run of something else is
            not taken for done.
    """

    def __init__(
        self,
        folder: Path,
        model: nn.Module,
        optimizers: dict[str, torch.optim.Optimizer],
        helpers: dict[str, nn.Module] | None = None,
        made_of: str = "",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        claim(folder)
        self.folder = folder
        self.model = model
        self.average = deepcopy(model).requires_grad_(False).eval()
        self.modules = {"model": model, "average": self.average, **(helpers or {})}
        self.optimizers = optimizers
        self.rates = {name: opt.param_groups[0]["lr"] for name, opt in optimizers.items()}
        self.step = 0
        self.made_of, self.was_made_of = made_of, ""
        self.stopping = False
        self._resume()

    def train(
        self,
        take_step: Callable[[int], Losses],
        steps: int,
        check: Callable[[int], Losses] | None = None,
    ) -> None:
        """Call `take_step(step)` until `steps` are done or a signal asks to stop; then save.

        `check(number)` gives the losses of what is never learnt from, whenever losses are told.
        """
        if self.step >= steps:
            if self.was_made_of not in ("", self.made_of):
                sys.exit(f"{self.folder} has learnt from other tokens: ask for more --steps")
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        if not self._checkpoint.exists():  # `export` may be called at any time
            self.save()
        saved_at = time.monotonic()
        seen: dict[str, list[float]] = {}
        bar = tqdm(range(self.step, steps), initial=self.step, total=steps, mininterval=10)
        for self.step in bar:
            self._set_rates(steps)
            torch.manual_seed(self.step)  # resumed, a run draws what it would have drawn
            losses = take_step(self.step)
            self._update_average()
            for name, value in losses.items():
                seen.setdefault(name, []).append(float(value))
            self.step += 1
            if self.step % LOG_EVERY == 0:
                means = {name: sum(values) / len(values) for name, values in seen.items()}
                if check is not None:
                    means |= self._unseen(check)
                self._log(means)
                bar.set_postfix({name: f"{mean:.3f}" for name, mean in means.items()})
                seen = {}
            if self.stopping or time.monotonic() - saved_at > SAVE_EVERY_S:
                self.save()
                saved_at = time.monotonic()
            if self.stopping:
                return
        self.save()

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    @torch.no_grad()
    def _unseen(self, check: Callable[[int], Losses]) -> dict[str, float]:
        losses = check(self.step // LOG_EVERY)
        return {UNSEEN + name: float(value) for name, value in losses.items()}

    def _set_rates(self, steps: int) -> None:
        """How fast to learn: slowly at first, then slower and slower towards the end."""
        pace = min((self.step + 1) / WARM_UP, (steps - self.step) / steps)
        for name, optimizer in self.optimizers.items():
            for group in optimizer.param_groups:
                group["lr"] = self.rates[name] * pace

    def save(self) -> None:
        """Write the checkpoint; a kill leaves the old or the new."""
        state = {
            "step": self.step,
            "made_of": self.made_of,
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "optimizers": {name: opt.state_dict() for name, opt in self.optimizers.items()},
        }
        with written(self._checkpoint) as partial:
            torch.save(state, partial)
        plot(self.folder / "losses.csv")

    def _resume(self) -> None:
        if not self._checkpoint.exists():
            return
        state = torch.load(self._checkpoint, map_location=device(), weights_only=True)
        self.step, self.was_made_of = state["step"], state.get("made_of", "")
        for name, module in self.modules.items():
            if name in state["modules"]:  # a helper may join later, as discriminators do
                module.load_state_dict(state["modules"][name])
        for name, optimizer in self.optimizers.items():
            if name in state["optimizers"]:
                optimizer.load_state_dict(state["optimizers"][name])

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(AVERAGE_DECAY, (1 + self.step) / (10 + self.step))
        averages = self.average.state_dict().values()
        for average, value in zip(averages, self.model.state_dict().values(), strict=True):
            if value.is_floating_point():
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(value)

    def _log(self, values: dict[str, float]) -> None:
        path = self.folder / "losses.csv"
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            for name, value in values.items():
                writer.writerow([self.step, name, f"{value:.5f}"])

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def averaged(folder: Path, model: nn.Module) -> nn.Module:
    """`model` with the averaged weights of a run, ready to use."""
    state = torch.load(folder / "checkpoint.pt", map_location=device(), weights_only=True)
    model.load_state_dict(state["modules"]["average"])
    return model.to(device()).eval()


def plot(table: Path) -> None:
    """`losses.csv` drawn as `losses.png`, one panel per loss, seen and unseen."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    curves: dict[str, tuple[list[int], list[float]]] = {}
    if not table.exists():
        return
    for step, name, value in csv.reader(table.read_text().splitlines()):
        steps, values = curves.setdefault(name, ([], []))
        steps.append(int(step))
        values.append(float(value))
    titles = [name for name in curves if not name.startswith(UNSEEN)]
    figure, panels = pyplot.subplots(1, len(titles), figsize=(4 * len(titles), 3), squeeze=False)
    for panel, title in zip(panels[0], titles, strict=True):
        panel.plot(*curves[title])
        panel.plot(*curves.get(UNSEEN + title, ([], [])), linewidth=0.8)
        panel.set(title=title, xlabel="step")
    figure.tight_layout()
    figure.savefig(table.with_suffix(".png"), dpi=80)
    pyplot.close(figure)
