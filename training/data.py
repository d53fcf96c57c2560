"""Batches for training: random crops for the vocoder, whole utterances for the rest.

What a batch holds depends on the seed and the step alone, so an interrupted run resumes exactly.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from tqdm import tqdm

from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer
from training.corpus.pitch import HOP, pitches
from training.corpus.store import Store, Utterance
from training.model.speech_tokenizer import frame_count, token_count
from training.speakers import embedding

CONTEXT = 2  # frames on both sides of a crop, so that its mel does not see a mirrored edge


class Crops:
    """Crops of equal length, from all stores, each weighted by the square root of its length."""

    def __init__(self, folders: Sequence[Path], frames: int, seed: int) -> None:
        self.frames, self.seed = frames, seed
        self.stores = [Store(folder) for folder in folders]
        self.pitches = [pitches(store) for store in self.stores]
        weights = np.sqrt([store.seconds for store in self.stores])
        self.weights = weights / weights.sum()

    def batch(self, step: int, size: int) -> tuple[Tensor, Tensor]:
        """Samples (size, (frames + 2 CONTEXT) · 256) and pitch (size, frames) for one step."""
        rng = np.random.default_rng((self.seed, step))
        crops = [self._crop(rng) for _ in range(size)]
        samples, pitch = (np.stack(part) for part in zip(*crops, strict=True))
        return torch.from_numpy(samples), torch.from_numpy(pitch)

    def _crop(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        which = rng.choice(len(self.stores), p=self.weights)
        store = self.stores[which]
        index = int(rng.integers(len(store)))
        samples = store.samples(store.utterances[index])
        whole = self.frames + 2 * CONTEXT
        missing = max(0, whole * HOP - len(samples))
        samples = np.pad(samples, (0, missing))
        start = int(rng.integers(len(samples) // HOP - whole + 1))
        pitch = np.pad(self.pitches[which][index], (0, whole))
        clip = samples[start * HOP : (start + whole) * HOP]
        return clip, pitch[start + CONTEXT : start + CONTEXT + self.frames]


@dataclass(frozen=True)
class Sentences:
    """A batch of whole utterances, cut to whole tokens and padded at their ends."""

    samples: Tensor  # (B, N), N = 256 F
    pitch: Tensor  # (B, F), Hz
    frames: Tensor  # (B,)
    tokens: Tensor  # (B,), speech tokens
    symbols: Tensor  # (B, L), phoneme ids
    symbol_lengths: Tensor  # (B,)
    speakers: Tensor  # (B, 192)
    places: list[int]  # of the utterances in the corpus


class Corpus:
    """All utterances of all voices with their phonemes, in batches of similar length."""

    def __init__(self, folder: Path, seconds_per_batch: float, seed: int) -> None:
        self.seed, self.seconds = seed, seconds_per_batch
        stores = [Store(path.parent) for path in sorted(folder.glob("*/utterances.jsonl"))]
        self.items = [
            (store, utterance, pitch)
            for store in stores
            for utterance, pitch in zip(store, pitches(store), strict=True)
        ]
        self.symbols = _symbols([utterance for _, utterance, _ in self.items], folder)
        self.epoch, self.batches = 0, self._order(0)
        self.steps_per_epoch = len(self.batches)

    def batch(self, step: int) -> Sentences:
        """The batch of a step; each epoch has its own order, drawn from the seed."""
        epoch, place = divmod(step, self.steps_per_epoch)
        if epoch != self.epoch:
            self.epoch, self.batches = epoch, self._order(epoch)
        return self.collate(self.batches[place % len(self.batches)])

    def collate(self, places: list[int]) -> Sentences:
        """The utterances at these places as one batch."""
        tokens = [token_count(self.items[p][1].length // HOP) for p in places]
        frames = [frame_count(count) for count in tokens]
        samples = np.zeros((len(places), max(frames) * HOP), np.float32)
        pitch = np.zeros((len(places), max(frames)), np.float32)
        for row, (place, count) in enumerate(zip(places, frames, strict=True)):
            store, utterance, f0 = self.items[place]
            samples[row, : count * HOP] = store.samples(utterance)[: count * HOP]
            pitch[row, :count] = f0[:count]
        symbols = [torch.from_numpy(self.symbols[p]) for p in places]
        speakers = np.stack([embedding(self.items[p][1].voice) for p in places])
        return Sentences(
            torch.from_numpy(samples),
            torch.from_numpy(pitch),
            torch.tensor(frames),
            torch.tensor(tokens),
            pad_sequence(symbols, batch_first=True),
            torch.tensor([len(s) for s in symbols]),
            torch.from_numpy(speakers),
            places,
        )

    def _order(self, epoch: int) -> list[list[int]]:
        """Utterances by length with some noise, cut where a batch is full, then shuffled."""
        rng = np.random.default_rng((self.seed, epoch))
        lengths = np.array([utterance.seconds for _, utterance, _ in self.items])
        order = np.argsort(lengths * rng.uniform(0.9, 1.1, len(lengths)))
        batches: list[list[int]] = [[]]
        for place in order:
            if lengths[place] * (len(batches[-1]) + 1) > self.seconds:
                batches.append([])
            batches[-1].append(int(place))
        return [batches[i] for i in rng.permutation(len(batches)) if batches[i]]


def _symbols(utterances: list[Utterance], folder: Path) -> list[NDArray[np.int64]]:
    """Phoneme ids of every utterance; read once per text, then kept beside the corpus."""
    path = folder / "phonemes.json"
    known: dict[str, list[int]] = json.loads(path.read_text()) if path.exists() else {}
    fresh = {f"{u.language}\t{u.text}": u for u in utterances}
    missing = [key for key in fresh if key not in known]
    for key in tqdm(missing, desc="phonemes", mininterval=10, disable=not missing):
        known[key] = PhonemeTokenizer(fresh[key].language).encode(fresh[key].text)
    if missing:
        path.write_text(json.dumps(known, ensure_ascii=False))
    return [np.array(known[f"{u.language}\t{u.text}"]) for u in utterances]
