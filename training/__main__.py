"""Make nano from nothing, or go on where it was stopped: `python -m training`.

Stages that need nothing of each other run side by side, one thread each: meant for two CPU cores.
Every stage is a command of its own, too (see README.md). SIGTERM or Ctrl-C stops all of them, and
what they have learnt is kept. `--scale 0.02` goes through all of it in minutes, to see it run.
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

PLAN: tuple[tuple[Command, ...], ...] = (
    (("corpus.build", "--scale", "1"),),
    (("train_tokenizer", "--steps", "18000"), ("train_vocoder", "--steps", "8000")),
    (("extract",),),
    (("train_flow", "--steps", "18000"), ("train_lm", "--steps", "18000")),
    (("generate",),),
    (
        ("train_vocoder", "--steps", "15000", "--critics-from", "12000"),
        ("train_recognizer", "--steps", "6000"),
    ),
)
"""Groups in order; the commands of a group run at once."""


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


def run_together(group: Sequence[Command], options: list[str]) -> None:
    """Run the commands of a group side by side; all end when one fails or this process is ended."""
    children = [
        subprocess.Popen([sys.executable, "-m", f"training.{name}", *arguments, *options])
        for name, *arguments in group
    ]
    try:
        while any(c.poll() is None for c in children) and not any(c.returncode for c in children):
            time.sleep(POLL_S)
    finally:
        for child in children:
            child.terminate()
        codes = [child.wait() for child in children]
    if any(codes):
        sys.exit(f"{', '.join(name for name, *_ in group)}: failed with {codes}")


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
        if group[0][0] == "corpus.build":
            options += ["--recordings", str(args.recordings)]
        waiting = [scaled(command, args.scale) for command in group]
        run_together([c for c in waiting if not is_done(c, args.cache)], options)
    subprocess.run(
        [sys.executable, "-m", "training.export", "--cache", str(args.cache)], check=True
    )


if __name__ == "__main__":
    main()
