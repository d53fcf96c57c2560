"""Train the flow: speech tokens and a speaker → mel, by conditional flow matching.

As in the official recipe, a fifth of the examples are unconditional (that is what guidance needs)
and half are given the start of their own mel (that is what zero-shot prompts need). One loss is
ours: mu is asked to be the utterance's mel without its mean, so that the estimator starts near the
goal; the mean, which is the voice, it must take from the speaker. Times are drawn as inference
takes its steps: more of them near the noise.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor

from training.data import Corpus, Sentences
from training.extract import load
from training.loop import Losses, Run, device, half_precision
from training.model.encoder import padding_mask
from training.model.estimator import start_by_passing
from training.model.flow import SIGMA_MIN, Flow
from training.model.speech_tokenizer import MEL_SCALE, start_alike
from training.sizes import FLOW
from training.spectral import mel_spectrogram

LEARNING_RATE = 1.5e-3
PROMPTED = 0.5  # of the examples
MEAN_MEL = -6.0  # of the log-mel: what the first step should not have to learn
LONGEST_PROMPT = 0.3  # of an utterance


class FlowTraining:
    """One step at a time on whole utterances."""

    def __init__(self, folder: Path, corpus: Corpus, tokens: list[Tensor]) -> None:
        self.corpus, self.tokens = corpus, tokens
        self.model = Flow(FLOW).to(device())
        start_alike(self.model.input_embedding.weight)
        estimator = self.model.decoder.estimator
        torch.nn.init.constant_(estimator.final_proj.bias, MEAN_MEL)
        start_by_passing(estimator)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), LEARNING_RATE, (0.9, 0.98))
        self.run = Run(folder, self.model, {"optimizer": self.optimizer})

    def step(self, step: int) -> Losses:
        batch = self.corpus.batch(step)
        losses = self._losses(batch)
        self.optimizer.zero_grad()
        (losses["flow"] + 0.5 * losses["mu"]).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return {name: value.detach() for name, value in losses.items()}

    def _losses(self, batch: Sentences) -> Losses:
        mel = mel_spectrogram(batch.samples.to(device()))  # (B, 80, F)
        mask = padding_mask(batch.frames, mel.shape[2]).to(mel)
        tokens = torch.nn.utils.rnn.pad_sequence(
            [self.tokens[place] for place in batch.places], batch_first=True
        ).to(device())
        with half_precision():
            mu = self.model.mu(tokens, batch.tokens.to(device()), mel.shape[2]).float()
        speaker = self.model.speaker(batch.speakers.to(device()))
        mean = (mel * mask).sum(2, keepdim=True) / mask.sum(2, keepdim=True)
        near = masked_mean((mu - (mel - mean) / MEL_SCALE).abs(), mask)
        kept = (torch.rand(len(mel), 1, 1) >= self.model.config.training_cfg_rate).to(mel)
        cond = prompts(mel, batch.frames)
        time = 1 - torch.cos(torch.rand(len(mel), 1, 1) * 0.5 * torch.pi).to(mel)
        noise = torch.randn_like(mel)
        x = (1 - (1 - SIGMA_MIN) * time) * noise + time * mel
        with half_precision():
            velocity = self.model.decoder.estimator(
                x, mask, mu * kept, time[:, 0, 0], speaker * kept[:, 0], cond * kept
            ).float()
        wanted = mel - (1 - SIGMA_MIN) * noise
        return {"flow": masked_mean((velocity - wanted).square(), mask), "mu": near}


def prompts(mel: Tensor, frames: Tensor) -> Tensor:
    """The mel (B, 80, F) up to a random place, zero behind it; for some rows nothing."""
    lengths = (torch.rand(len(mel)) * LONGEST_PROMPT * frames).long()
    lengths = lengths * (torch.rand(len(mel)) < PROMPTED)
    return mel * padding_mask(lengths, mel.shape[2]).to(mel)


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    """Mean of x (B, C, F) over real frames, mask (B, 1, F)."""
    return (x * mask).sum() / mask.sum() / x.shape[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seconds-per-batch", type=float, default=30)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    corpus = Corpus(args.cache / "corpus", args.seconds_per_batch, seed=1)
    tokens = [torch.from_numpy(row) for row in load(args.cache, corpus)[0]]
    training = FlowTraining(args.cache / "flow", corpus, tokens)
    training.run.train(training.step, args.steps)


if __name__ == "__main__":
    main()
