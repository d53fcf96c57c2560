"""Losses by hand, runs that were stopped beside runs that were not, what counts as done."""

import contextlib
import itertools
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports pkg_resources, which is going
    pytest.importorskip("pyworld")

from training import __main__ as plan  # noqa: E402
from training.__main__ import is_done, is_newer, run_together, scaled  # noqa: E402
from training.extract import best_path  # noqa: E402
from training.files import claim, written  # noqa: E402
from training.loop import Losses, Run, averaged  # noqa: E402
from training.model.lm import SpeechLM  # noqa: E402
from training.restore import begin  # noqa: E402
from training.sizes import LM  # noqa: E402
from training.train_lm import GUIDED_LAYERS, IGNORED, looking_loss, with_end  # noqa: E402
from training.train_tokenizer import BLANK  # noqa: E402


def learner(folder: Path, made_of: str = "") -> Run:
    torch.manual_seed(1)
    model = torch.nn.Linear(3, 3)
    optimizer = torch.optim.AdamW(model.parameters(), 0.1)
    return Run(folder, model, {"optimizer": optimizer}, made_of=made_of)


def steps_of(run: Run) -> Callable[[int], Losses]:
    """Steps whose losses are drawn, as noise and times of the flow are."""

    def step(number: int) -> Losses:
        [optimizer] = run.optimizers.values()
        loss = (run.model(torch.randn(4, 3)) - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss.detach()}

    return step


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path) -> None:
    straight, stopped = learner(tmp_path / "straight"), learner(tmp_path / "stopped")
    straight.train(steps_of(straight), 40)

    def until_20(number: int) -> Losses:
        stopped.stopping = number == 19
        return steps_of(stopped)(number)

    stopped.train(until_20, 40)
    resumed = learner(tmp_path / "stopped")
    assert resumed.step == 20
    resumed.train(steps_of(resumed), 40)
    for name, module in straight.modules.items():
        theirs = resumed.modules[name].state_dict()
        for key, value in module.state_dict().items():
            assert torch.equal(value, theirs[key])
    kept = averaged(tmp_path / "stopped", torch.nn.Linear(3, 3))
    assert torch.equal(kept.weight, straight.average.weight)
    assert not torch.equal(kept.weight, straight.model.weight)


def test_a_finished_run_of_other_tokens_is_not_taken_for_done(tmp_path: Path) -> None:
    run = learner(tmp_path, "these")
    run.train(steps_of(run), 3)
    learner(tmp_path, "these").train(lambda number: {}, 3)
    with pytest.raises(SystemExit, match="other tokens"):
        learner(tmp_path, "those").train(lambda number: {}, 3)


def test_what_is_restored_does_not_lie_down_on_a_run(tmp_path: Path) -> None:
    wanted = torch.nn.Linear(3, 3).state_dict()
    begin(tmp_path, torch.nn.Linear(3, 3), wanted, step=7)
    kept = averaged(tmp_path, torch.nn.Linear(3, 3))
    assert torch.equal(kept.weight, wanted["weight"])
    assert learner(tmp_path).step == 7
    with pytest.raises(SystemExit, match="put it away"):
        begin(tmp_path, torch.nn.Linear(3, 3), wanted, step=0)


def test_a_second_process_may_not_write(tmp_path: Path) -> None:
    claim(tmp_path)
    claim(tmp_path)
    program = "import sys, pathlib, training.files as f; f.claim(pathlib.Path(sys.argv[1]))"
    other = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert other.returncode == 1
    assert "another process" in other.stderr


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "mels.npy"
    with contextlib.suppress(RuntimeError), written(path) as partial:
        partial.write_bytes(b"half")
        raise RuntimeError
    assert not path.exists()
    with written(path) as partial:
        partial.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"


def test_a_scaled_plan_scales_every_amount() -> None:
    command = ("train_vocoder", "--steps", "15000", "--critics-from", "12000")
    assert scaled(command, 0.01) == ("train_vocoder", "--steps", "150", "--critics-from", "120")
    assert scaled(("corpus.build", "--scale", "1"), 0.5) == ("corpus.build", "--scale", "0.5")
    assert scaled(("extract",), 0.5) == ("extract",)


class Child:
    """A command that ends at its third poll; `names` holds all that were started, with threads."""

    names: list[str]
    fails: str

    def __init__(self, args: list[str]) -> None:
        self.args, self.polls = args, 0
        self.names.append(" ".join([args[2].removeprefix("training."), *args[3:]]))

    def poll(self) -> int | None:
        self.polls += 1
        return None if self.polls < 3 else self.wait()

    def wait(self) -> int:
        return int(self.args[2] == f"training.{self.fails}")

    def terminate(self) -> None:
        pass


def test_lanes_run_side_by_side_and_their_commands_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan.subprocess, "Popen", Child)
    monkeypatch.setattr(plan, "POLL_S", 0)
    lanes = [(("a",), ("b",)), (("c",),)]
    Child.names, Child.fails = [], ""
    run_together(lanes, [], tmp_path)
    assert Child.names == ["a", "c", "b"]
    Child.names, Child.fails = [], "c"
    with pytest.raises(SystemExit, match=r"training\.c"):
        run_together(lanes, [], tmp_path)


def test_what_learns_alone_has_both_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan.subprocess, "Popen", Child)
    monkeypatch.setattr(plan, "POLL_S", 0)
    Child.names, Child.fails = [], ""
    run_together([(("train_a",), ("train_b",)), (("train_c",), ("train_d",))], [], tmp_path)
    assert Child.names == ["train_a", "train_c", "train_b", "train_d"]
    Child.names = []
    run_together([(("train_a",),), (("train_b",), ("train_c",), ("d",))], [], tmp_path)
    assert Child.names == ["train_a", "train_b", "train_c --threads 2", "d"]


def test_what_is_older_than_its_sources_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "corpus" / "a").mkdir(parents=True)
    (tmp_path / "flow").mkdir()
    mel = tmp_path / "corpus" / "a" / "generated.npy"
    sources = (tmp_path / "tokens.npz", tmp_path / "flow" / "checkpoint.pt")
    (tmp_path / "corpus" / "a" / "utterances.jsonl").touch()
    for path in (mel, *sources):
        path.touch()
        os.utime(path, (1000, 1000))
    assert is_done(("generate",), tmp_path)
    for source in sources:
        os.utime(source, (2000, 2000))
        assert not is_done(("generate",), tmp_path)
        os.utime(source, (1000, 1000))
    assert not is_newer([tmp_path / "nowhere"], mel)


def test_targets_are_the_tokens_themselves_then_the_end() -> None:
    targets = with_end([torch.tensor([4, 5, 6]), torch.tensor([7])])
    end = LM.speech_token_size
    assert targets.tolist() == [[4, 5, 6, end], [7, end, IGNORED, IGNORED]]


def test_looking_is_rewarded_where_the_phoneme_of_the_token_to_come_is() -> None:
    spans = torch.tensor([[[0, 0], [1, 2]]])  # of two tokens, over three phonemes
    right = torch.tensor([[[1.0, 0, 0], [0, 0.5, 0.5], [0, 0, 1]]])  # the last row sees the end
    late = right.roll(1, dims=1)
    layers = max(GUIDED_LAYERS) + 1
    lengths = torch.tensor([2])
    losses = [
        float(looking_loss([seen[:, None].expand(1, 2, 3, 3)] * layers, spans, lengths))
        for seen in (right, late)
    ]
    assert losses[0] == pytest.approx(0, abs=1e-3)
    assert losses[1] > 1


def test_the_best_path_is_the_best_of_all_paths() -> None:
    rng = np.random.default_rng(0)
    labels = np.array([1, 1, 2])
    log_probs = np.log(rng.dirichlet(np.ones(3), size=7)).astype(np.float32)

    def begun(path: tuple[int, ...]) -> list[int] | None:
        """How many labels have begun at each row; None if the path says something else."""
        starts = [n not in (BLANK, b) for n, b in zip(path, (BLANK, *path), strict=False)]
        said = [n for n, starting in zip(path, starts, strict=True) if starting]
        return np.cumsum(starts).tolist() if said == labels.tolist() else None

    paths = [p for p in itertools.product(range(3), repeat=7) if begun(p) is not None]
    best = max(paths, key=lambda p: sum(log_probs[i, n] for i, n in enumerate(p)))
    assert best_path(log_probs, labels).tolist() == begun(best)


def test_a_row_of_a_padded_batch_is_as_it_is_alone() -> None:
    torch.manual_seed(0)
    model = SpeechLM(LM).eval()
    text, speech = torch.randint(0, 50, (2, 9)), torch.randint(0, 99, (2, 20))
    n_text = torch.tensor([9, 5])
    speakers = torch.randn(2, 192)
    with torch.no_grad():
        both, _ = model(text, n_text, speech, speakers)
        alone, _ = model(text[1:, :5], n_text[1:], speech[1:, :11], speakers[1:])
    torch.testing.assert_close(both[1, :12], alone[0], atol=1e-4, rtol=1e-4)
