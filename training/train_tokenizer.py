"""Train the speech tokenizer on the corpus: codes that tell phonemes, pitch and rhythm.

Three losses through the quantised codes: CTC on the phonemes, the pitch relative to the speaker's
mean, and the mel given the speaker.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from cosyvoice_lite.text.phonemes import inventory
from training.data import Corpus, Sentences
from training.loop import Losses, Run, device, half_precision
from training.model.encoder import padding_mask
from training.model.speech_tokenizer import MEL_SCALE, SpeechTokenizer
from training.sizes import TOKENIZER
from training.spectral import mel_spectrogram

LEARNING_RATE = 1e-3
WEIGHTS = {"ctc": 1.0, "mel": 2.0, "height": 1.0, "voicing": 0.3}
BLANK = inventory.IDS[inventory.PAD]
SPOKEN = torch.tensor([":" in symbol for symbol in inventory.SYMBOLS])
"""Which symbols are heard: those of a language; pauses, word boundaries and marks are not."""


class TokenizerTraining:
    """One step at a time on whole utterances."""

    def __init__(self, folder: Path, corpus: Corpus) -> None:
        self.corpus = corpus
        self.model = SpeechTokenizer(TOKENIZER).to(device())
        self.optimizer = torch.optim.AdamW(self.model.parameters(), LEARNING_RATE, (0.9, 0.98))
        self.run = Run(folder, self.model, {"optimizer": self.optimizer})

    def step(self, step: int) -> Losses:
        losses = self._losses(self.corpus.batch(step))
        total = sum(WEIGHTS[name] * loss for name, loss in losses.items())
        self.optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return {name: value.detach() for name, value in losses.items()}

    def check(self, number: int) -> Losses:
        """The losses of a batch that is never learnt from."""
        return self._losses(self.corpus.unseen_batch(number))

    def _losses(self, batch: Sentences) -> Losses:
        mel = mel_spectrogram(batch.samples.to(device()))
        mask = padding_mask(batch.frames, mel.shape[2]).to(device()).float()  # (B, 1, F)
        tokens, speakers = int(batch.tokens.max()), batch.speakers.to(device())
        with half_precision():
            symbols, again, pitch = (out.float() for out in self.model(mel, tokens, speakers))
        return {
            "ctc": ctc_loss(symbols, batch),
            "mel": (again - mel).abs().mul(mask).sum() / mask.sum() / mel.shape[1] / MEL_SCALE,
            **pitch_losses(pitch, batch.pitch.to(device()), mask[:, 0]),
        }


def heard(batch: Sentences) -> list[Tensor]:
    """Of each utterance, the symbols that sound."""
    rows = zip(batch.symbols, batch.symbol_lengths, strict=True)
    return [row[:length][SPOKEN[row[:length]]] for row, length in rows]


def ctc_loss(logits: Tensor, batch: Sentences) -> Tensor:
    """Phonemes by connectionist temporal classification; logits (B, 2T, S)."""
    spoken = heard(batch)
    return functional.ctc_loss(
        logits.log_softmax(-1).transpose(0, 1),
        torch.cat(spoken),
        2 * batch.tokens,
        torch.tensor([len(row) for row in spoken]),
        BLANK,
        zero_infinity=True,
    )


def pitch_losses(made: Tensor, f0: Tensor, mask: Tensor) -> Losses:
    """Voicing and height of the pitch (B, 2, F) against f0 (B, F) in Hz.

    Height is in octaves around the utterance's mean, times four: about one standard deviation.
    """
    voiced = (f0 > 0).float() * mask
    octaves = torch.where(f0 > 0, f0.clamp(min=1).log2(), torch.zeros_like(f0))
    mean = octaves.sum(1, keepdim=True) / voiced.sum(1, keepdim=True).clamp(min=1)
    height = ((made[:, 1] - 4 * (octaves - mean)).abs() * voiced).sum() / voiced.sum()
    voicing = functional.binary_cross_entropy_with_logits(made[:, 0], voiced, mask)
    return {"height": height, "voicing": voicing}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--seconds-per-batch", type=float, default=30)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    corpus = Corpus(args.cache / "corpus", args.seconds_per_batch, seed=0)
    training = TokenizerTraining(args.cache / "tokenizer", corpus)
    training.run.train(training.step, args.steps, training.check if corpus.unseen else None)


if __name__ == "__main__":
    main()
