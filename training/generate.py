"""What the trained flow makes of the corpus' own tokens: mels in time with the recordings.

In use the vocoder hears the flow, never a recording, and the flow's mels are smoother than true
ones. So it is taught with both. The mels of each voice's first minutes go to `generated.npy` beside
its audio, end to end; they are as long as the tokens, at most one token shorter than the utterance.
"""

import argparse
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.runtime.cfm import SOLVERS
from cosyvoice_lite.runtime.flow import Flow
from cosyvoice_lite.runtime.lanes import Lanes
from training.export import LICENCE, NAME, export
from training.extract import load, open_corpus
from training.files import end_workers_with_me, written
from training.speakers import embedding

MINUTES = 15.0


def generate(cache: Path, bundle: Path, minutes: float, voice: str) -> None:
    """Write the mels (frames, 80) of the first `minutes` of one voice."""
    corpus = open_corpus(cache)
    tokens, _ = load(cache, corpus)
    flow = Flow(Bundle.open(bundle), 1, Lanes(threads=1))
    rng = np.random.default_rng(0)
    nothing = np.zeros((0, flow.config.flow.n_mels), np.float32)
    places = [p for p, (_, utterance, _) in enumerate(corpus.items) if utterance.voice == voice]
    seconds = np.cumsum([corpus.items[p][1].seconds for p in places])
    mels = []
    for place in tqdm(np.array(places)[seconds < 60 * minutes], desc=voice, mininterval=10):
        noise = flow.noise(len(tokens[place]), nothing, rng)
        course, _ = flow.course(tokens[place], embedding(voice), (), nothing, noise)
        mels.append(flow.arrive(course, SOLVERS["exact"]).T.astype(np.float16))
    with written(cache / "corpus" / voice / "generated.npy") as path, path.open("wb") as file:
        np.save(file, np.concatenate(mels))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of each voice")
    parser.add_argument("--voices", nargs="*", help="only these")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    folders = sorted((args.cache / "corpus").glob("*/utterances.jsonl"))
    voices = args.voices or [path.parent.name for path in folders]
    checkpoint, bundle = args.cache / "checkpoint" / NAME, args.cache / "bundle"
    export(args.cache, checkpoint)
    convert(checkpoint, bundle, licence=LICENCE, replace=True)
    work = partial(generate, args.cache, bundle, args.minutes)
    with get_context("spawn").Pool(args.processes) as pool:
        end_workers_with_me()
        for _ in pool.imap_unordered(work, voices):
            pass


if __name__ == "__main__":
    main()
