"""Train the phoneme recogniser that judges Japanese, Korean and Cantonese."""

import argparse
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from cosyvoice_lite.text.phonemes import inventory
from training.data import Corpus
from training.loop import Losses, Run, device, half_precision
from training.model.recognizer import Recognizer
from training.spectral import mel_spectrogram
from training.train_tokenizer import BLANK, heard

LEARNING_RATE = 1e-3
NOISE = 0.01  # largest amplitude of white noise added to the recordings


class RecognizerTraining:
    """One step at a time on whole utterances."""

    def __init__(self, folder: Path, corpus: Corpus) -> None:
        self.corpus = corpus
        self.model = Recognizer(inventory.SIZE).to(device())
        self.optimizer = torch.optim.AdamW(self.model.parameters(), LEARNING_RATE, (0.9, 0.98))
        self.run = Run(folder, self.model, {"optimizer": self.optimizer})

    def step(self, step: int) -> Losses:
        batch = self.corpus.batch(step)
        mel = mel_spectrogram(disturbed(batch.samples.to(device())))
        with half_precision():
            logits = self.model(mel).float()
        spoken = heard(batch)
        lengths = torch.tensor([len(row) for row in spoken])
        loss = functional.ctc_loss(
            logits.log_softmax(-1).transpose(0, 1),
            torch.cat(spoken),
            batch.frames // 2,
            lengths,
            BLANK,
            zero_infinity=True,
        )
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return {"ctc": loss.detach()}


def disturbed(samples: Tensor) -> Tensor:
    """The recordings (B, N) at another level and with some noise."""
    gain = 0.5 + torch.rand(len(samples), 1).to(samples)
    noise = NOISE * torch.rand(len(samples), 1).to(samples) ** 2
    return gain * samples + noise * torch.randn_like(samples)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--steps", type=int, default=4_000)
    parser.add_argument("--seconds-per-batch", type=float, default=30)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(7)
    corpus = Corpus(args.cache / "corpus", args.seconds_per_batch, seed=7)
    training = RecognizerTraining(args.cache / "recognizer", corpus)
    training.run.train(training.step, args.steps)


if __name__ == "__main__":
    main()
