"""Make nano from nothing, or go on where it was stopped: `python -m training`.

Stages that need nothing of each other run side by side, one thread each; what learns alone has
two: meant for two CPU cores. Every stage is a command of its own, too (see README.md). SIGTERM or
Ctrl-C stops all of them, and what they have learnt is kept. `--scale 0.02` goes through all of it
in minutes, to see it run.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

Command = tuple[str, ...]

POLL_S = 0.5

Lane = tuple[Command, ...]

PLAN: tuple[tuple[Lane, ...], ...] = (
    ((("corpus.build", "--scale", "1"),),),
    (
        (("train_tokenizer", "--steps", "18000"),),
        (("train_vocoder", "--steps", "8000"), ("train_recognizer", "--steps", "6000")),
    ),
    ((("extract",),),),
    (
        (
            ("train_flow", "--steps", "29000"),
            ("generate",),
            ("train_vocoder", "--steps", "17500", "--critics-from", "12000"),
        ),
        (("train_lm", "--steps", "21000"),),
    ),
)
"""Groups in order; the lanes of a group run at once, each command after the other."""


def scaled(command: Command, scale: float) -> Command:
    """The command with this share of its steps, or of the corpus."""
    name, *arguments = command
    words = [name]
    for option, amount in zip(arguments[::2], arguments[1::2], strict=True):
        share = scale * float(amount)
        words += [option, str(share if option == "--scale" else max(1, round(share)))]
    return tuple(words)


def is_done(command: Command, cache: Path) -> bool:
    """Whether a stage that does not look for itself has nothing left to do."""
    if command[0] == "extract":
        return is_newer([cache / "tokens.npz"], cache / "tokenizer" / "checkpoint.pt")
    if command[0] == "generate":
        mels = [p.with_name("generated.npy") for p in cache.glob("corpus/*/utterances.jsonl")]
        sources = (cache / "tokens.npz", cache / "flow" / "checkpoint.pt")
        return all(is_newer(mels, source) for source in sources)
    return False


def is_newer(files: list[Path], source: Path) -> bool:
    """Whether all files are there and no older than what they are made of."""
    return all(f.exists() and f.stat().st_mtime >= source.stat().st_mtime for f in files)


def run_together(lanes: Sequence[Lane], options: list[str], cache: Path) -> None:
    """Run lanes side by side; all end when a command fails or this process is ended."""
    waiting = [list(lane) for lane in lanes]
    running: list[subprocess.Popen[bytes] | None] = [None] * len(lanes)
    try:
        while any(waiting) or any(child is not None for child in running):
            running = [None if child is None or child.poll() == 0 else child for child in running]
            for lane, child in enumerate(running):
                if child is None:
                    alone = not any(waiting[:lane] + waiting[lane + 1 :]) and not any(running)
                    running[lane] = start_next(waiting[lane], options, cache, alone)
            if any(child is not None and child.poll() for child in running):
                break
            time.sleep(POLL_S)
    finally:
        left = [child for child in running if child is not None]
        for child in left:
            child.terminate()
        codes = [child.wait() for child in left]
    if any(codes):
        names = ", ".join(str(child.args[2]) for child in left)  # type: ignore[index]
        sys.exit(f"{names}: failed with {codes}")


def start_next(
    waiting: list[Command], options: list[str], cache: Path, alone: bool
) -> subprocess.Popen[bytes] | None:
    """Start the first of the commands that has something to do, and take it off the list.

    Alone, what learns has both cores to its end: nothing may be left for another lane.
    """
    while waiting:
        name, *arguments = command = waiting.pop(0)
        if not is_done(command, cache):
            threads = ["--threads", "2"] if alone and name.startswith("train_") else []
            return subprocess.Popen(
                [sys.executable, "-m", f"training.{name}", *arguments, *threads, *options]
            )
    return None


def stop(number: int, frame: FrameType | None) -> None:
    """End, and with it what runs: stages save what they have learnt."""
    sys.exit("stopped")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--recordings", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--scale", type=float, default=1.0, help="of the corpus and of all steps")
    args = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    for group in PLAN:
        options = ["--cache", str(args.cache)]
        if group[0][0][0] == "corpus.build":
            options += ["--recordings", str(args.recordings)]
        lanes = [tuple(scaled(command, args.scale) for command in lane) for lane in group]
        run_together(lanes, options, args.cache)
    subprocess.run(
        [sys.executable, "-m", "training.export", "--cache", str(args.cache)], check=True
    )


if __name__ == "__main__":
    main()
