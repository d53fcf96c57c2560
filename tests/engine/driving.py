"""What drives the engine in tests: a clock, texts, jobs, and steps until there is nothing to do."""

from cosyvoice_lite.config import Sampling
from cosyvoice_lite.engine.engine import Engine
from cosyvoice_lite.engine.request import Job, Piece
from cosyvoice_lite.runtime.request import Request

SHORT = Sampling(max_token_text_ratio=3.0)
ONE = "Good morning."
TWO = "Good morning.\n\nHow are you today, my friend? I am well, thank you very much indeed."
MANY = " ".join(
    f"Sentence number {n} is spoken after the one before it, and is long." for n in range(6)
)
MIXED = "你好，世界。[pause:0.3s] Hello, world."


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def job(engine: Engine, text: str = ONE, seed: int = 1, **more: object) -> Job:
    plan = engine.synthesizer.plan(Request(text, seed=seed, sampling=SHORT))
    return Job(plan, **more)  # type: ignore[arg-type]


def pieces(job: Job) -> list[Piece]:
    found = []
    while (piece := job.take()) is not None:
        found.append(piece)
    return found


def run(engine: Engine, most: int = 20_000) -> None:
    """Step until there is nothing to do."""
    for _ in range(most):
        if not engine.step():
            return
    raise AssertionError("the engine never came to rest")
