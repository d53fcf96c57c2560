"""Batches for training: random crops for the vocoder, whole utterances for the rest.

What a batch holds depends on the seed and the step alone, so an interrupted run resumes exactly.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from tqdm import tqdm

from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer
from training.corpus.pitch import HOP, pitches
from training.corpus.store import Store, Utterance
from training.files import written
from training.model.speech_tokenizer import frame_count, token_count
from training.speakers import embedding
from training.spectral import N_MELS

Floats = NDArray[np.float32]

CONTEXT = 2  # frames on both sides of a crop, so that its mel does not see a mirrored edge
GENERATED = 0.5  # of the crops that have it, given the flow's mel for their own
UNSEEN_EVERY = 100  # texts, one is kept out of all batches, to see what is learnt by heart
FAVOURED = {"en_female": 3.0}  # the voice that loses most in the vocoder is heard more often


class CropBatch(NamedTuple):
    """What the vocoder learns from in one step."""

    samples: Tensor  # (B, (F + 2 CONTEXT) · 256)
    pitch: Tensor  # (B, F), Hz
    generated: Tensor  # (B, 80, F), the flow's mel where `is_generated`
    is_generated: Tensor  # (B,)


class Crops:
    """Crops of equal length, from all stores, each weighted by the square root of its length."""

    def __init__(self, folders: Sequence[Path], frames: int, seed: int) -> None:
        self.frames, self.seed = frames, seed
        self.stores = [Store(folder) for folder in folders]
        self.pitches = [pitches(store) for store in self.stores]
        self.generated = [_generated(store) for store in self.stores]
        favour = [FAVOURED.get(folder.name, 1.0) for folder in folders]
        weights = np.sqrt([store.seconds for store in self.stores]) * favour
        self.weights = weights / weights.sum()

    def batch(self, step: int, size: int) -> CropBatch:
        """The crops of one step."""
        rng = np.random.default_rng((self.seed, step))
        crops = [self._crop(rng) for _ in range(size)]
        samples, pitch, mels = zip(*crops, strict=True)
        nothing = np.zeros((N_MELS, self.frames), np.float32)
        return CropBatch(
            torch.from_numpy(np.stack(samples)),
            torch.from_numpy(np.stack(pitch)),
            torch.from_numpy(np.stack([nothing if mel is None else mel for mel in mels])),
            torch.tensor([mel is not None for mel in mels]),
        )

    def _crop(self, rng: np.random.Generator) -> tuple[Floats, Floats, Floats | None]:
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
        inner = slice(start + CONTEXT, start + CONTEXT + self.frames)
        return clip, pitch[inner], self._flow_mel(which, index, inner, rng)

    def _flow_mel(
        self, which: int, index: int, frames: slice, rng: np.random.Generator
    ) -> Floats | None:
        """What the flow makes of these frames, if it was asked to and chance will have it."""
        mels = self.generated[which]
        if index >= len(mels) or len(mels[index]) < frames.stop or rng.random() >= GENERATED:
            return None
        return mels[index][frames].T.astype(np.float32)


def _generated(store: Store) -> list[NDArray[np.float16]]:
    """The flow's mels (F, 80) of a store's first utterances, as `generate` wrote them."""
    path = store.index_path.with_name("generated.npy")
    if not path.exists():
        return []
    mels = np.load(path, mmap_mode="r")
    ends = np.cumsum([frame_count(token_count(u.length // HOP)) for u in store])
    return np.split(mels, ends[ends <= len(mels)])[:-1]


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
    """All utterances of all voices with their phonemes, in batches of similar length.

    One text of a hundred is in no batch: losses are told of those, too, by `unseen_batch`.
    """

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
        self.unseen = self._order(0, unseen=True)

    def batch(self, step: int) -> Sentences:
        """The batch of a step; each epoch has its own order, drawn from the seed."""
        epoch, place = divmod(step, self.steps_per_epoch)
        if epoch != self.epoch:
            self.epoch, self.batches = epoch, self._order(epoch)
        return self.collate(self.batches[place % len(self.batches)])

    def unseen_batch(self, number: int) -> Sentences:
        """The batch of this number, in a circle, of utterances that are never learnt from."""
        return self.collate(self.unseen[number % len(self.unseen)])

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

    def _order(self, epoch: int, unseen: bool = False) -> list[list[int]]:
        """Utterances by length with some noise, cut where a batch is full, then shuffled."""
        rng = np.random.default_rng((self.seed, epoch))
        lengths = np.array([utterance.seconds for _, utterance, _ in self.items])
        order = np.argsort(lengths * rng.uniform(0.9, 1.1, len(lengths)))
        batches: list[list[int]] = [[]]
        for place in order:
            if is_unseen(self.items[place][1].text) != unseen:
                continue
            if lengths[place] * (len(batches[-1]) + 1) > self.seconds:
                batches.append([])
            batches[-1].append(int(place))
        return [batches[i] for i in rng.permutation(len(batches)) if batches[i]]


def is_unseen(text: str) -> bool:
    """Whether what says this text is kept out of training, in every corpus that has it."""
    return zlib.crc32(text.encode()) % UNSEEN_EVERY == 0


def _symbols(utterances: list[Utterance], folder: Path) -> list[NDArray[np.int64]]:
    """Phoneme ids of every utterance; read once per text, then kept beside the corpus."""
    path = folder / "phonemes.json"
    known: dict[str, list[int]] = json.loads(path.read_text()) if path.exists() else {}
    fresh = {f"{u.language}\t{u.text}": u for u in utterances}
    missing = [key for key in fresh if key not in known]
    for key in tqdm(missing, desc="phonemes", mininterval=10, disable=not missing):
        known[key] = PhonemeTokenizer(fresh[key].language).encode(fresh[key].text)
    if missing:
        with written(path) as partial:
            partial.write_text(json.dumps(known, ensure_ascii=False))
    return [np.array(known[f"{u.language}\t{u.text}"]) for u in utterances]
