"""Write down the speech tokens of every utterance, and which phonemes sound during each.

The second is found by the best CTC path through the tokenizer's phoneme head; it teaches the LM
where to look in the text. Both go to `tokens.npz`, aligned with the corpus as it is now.
"""

import argparse
import hashlib
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from training.data import Corpus
from training.files import end_workers_with_me, written
from training.loop import averaged, device
from training.model.speech_tokenizer import SpeechTokenizer, to_ids, token_count
from training.sizes import TOKENIZER
from training.spectral import HOP, mel_spectrogram
from training.train_tokenizer import BLANK, SPOKEN

Ints = NDArray[np.int64]


class Extractor:
    """What one process needs: the corpus and the trained tokenizer."""

    def __init__(self, cache: Path) -> None:
        torch.set_num_threads(1)
        self.corpus = open_corpus(cache)
        self.tokenizer = averaged(cache / "tokenizer", SpeechTokenizer(TOKENIZER))

    @torch.no_grad()
    def extract(self, place: int) -> tuple[Ints, Ints]:
        """Tokens (T,) and spans (T, 2) of one utterance.

        A span holds the places, in the phoneme sequence, of the last phoneme that began before the
        token's end and of the one after it.
        """
        batch = self.corpus.collate([place])
        mel = mel_spectrogram(batch.samples.to(device()))
        count = int(batch.tokens[0])
        symbols, _, _ = self.tokenizer(mel, count, batch.speakers.to(device()))
        tokens = to_ids(self.tokenizer.encode(mel, count))[0].cpu().numpy()
        log_probs = symbols[0].log_softmax(-1).cpu().numpy()
        return tokens, align(log_probs, self.corpus.symbols[place])


_extractors: dict[Path, Extractor] = {}  # of this process


def extract(cache: Path, place: int) -> tuple[Ints, Ints]:
    """As `Extractor.extract`, with one that is made when first asked for."""
    if cache not in _extractors:
        _extractors[cache] = Extractor(cache)
    return _extractors[cache].extract(place)


def open_corpus(cache: Path) -> Corpus:
    """The corpus in the order in which everything of it is written down."""
    return Corpus(cache / "corpus", seconds_per_batch=60, seed=0)


def align(log_probs: NDArray[np.float32], symbols: Ints) -> Ints:
    """The span (T, 2) of phoneme places for every two rows of log-probabilities (2T, S)."""
    heard = np.flatnonzero(SPOKEN.numpy()[symbols])
    path = best_path(log_probs, symbols[heard])  # (2T,) how many phonemes have begun
    begun = path.reshape(-1, 2).max(axis=1)
    first = heard[np.clip(begun - 1, 0, len(heard) - 1)]
    second = heard[np.clip(begun, 0, len(heard) - 1)]
    return np.stack([first, second], axis=1)


def best_path(log_probs: NDArray[np.float32], labels: Ints) -> Ints:
    """Viterbi through blank, label, blank, label … blank; gives labels begun at each row."""
    states = np.full(2 * len(labels) + 1, BLANK)
    states[1::2] = labels
    may_skip = np.zeros(len(states), bool)  # over the blank between two different labels
    may_skip[3::2] = labels[1:] != labels[:-1]
    score = np.full(len(states), -np.inf)
    score[:2] = log_probs[0, states[:2]]
    steps = np.zeros((len(log_probs), len(states)), np.int8)
    for row in range(1, len(log_probs)):
        one = np.concatenate([[-np.inf], score[:-1]])
        two = np.where(may_skip, np.concatenate([[-np.inf] * 2, score[:-2]]), -np.inf)
        choices = np.stack([score, one, two])
        steps[row] = choices.argmax(axis=0)
        score = choices.max(axis=0) + log_probs[row, states]
    state = len(states) - 1 if score[-1] >= score[-2] else len(states) - 2
    path = np.zeros(len(log_probs), np.int64)
    for row in range(len(log_probs) - 1, -1, -1):
        path[row] = (state + 1) // 2
        state -= int(steps[row, state])
    return path


def load(cache: Path, corpus: Corpus) -> tuple[list[Ints], list[Ints]]:
    """Tokens and spans as `main` wrote them, one row per utterance of the corpus.

    Raises:
        ValueError: the corpus has changed since.
    """
    stored = np.load(cache / "tokens.npz")
    expected = [token_count(utterance.length // HOP) for _, utterance, _ in corpus.items]
    if not np.array_equal(stored["lengths"], expected):
        raise ValueError(f"{cache}/tokens.npz is of another corpus: run training.extract again")
    cuts = np.cumsum(stored["lengths"])[:-1]
    return np.split(stored["tokens"], cuts), np.split(stored["spans"], cuts)


def digest(tokens: list[Ints]) -> str:
    """What tells these tokens from those that another tokenizer makes."""
    return hashlib.sha256(np.concatenate(tokens).tobytes()).hexdigest()[:16]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    places = range(len(open_corpus(args.cache).items))
    with get_context("spawn").Pool(args.processes) as pool:
        end_workers_with_me()
        rows = pool.imap(partial(extract, args.cache), places, chunksize=64)
        tokens, spans = zip(*tqdm(rows, total=len(places), mininterval=10), strict=True)
    lengths = [len(row) for row in tokens]
    with written(args.cache / "tokens.npz") as path, path.open("wb") as file:
        np.savez(
            file,
            lengths=lengths,
            tokens=np.concatenate(tokens),
            spans=np.concatenate(spans),
        )


if __name__ == "__main__":
    main()
