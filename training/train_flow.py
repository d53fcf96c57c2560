"""Train the flow: speech tokens and a speaker → mel, by conditional flow matching.

As in the official recipe, a fifth of the examples are unconditional (that is what guidance needs)
and half are given the start of their own mel (that is what zero-shot prompts need). One loss is
ours: mu is asked to be the mel without the voice's mean, so that the estimator starts near the
goal; the mean it must take from the speaker. Times are drawn as inference takes its steps: more of
them near the noise. Half of the batches are stretches of utterances, as long as the chunks that are
streamed: what is heard of a token must not depend on what is said seconds later.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data import Corpus, Sentences
from training.extract import digest, load
from training.loop import Losses, Run, device, half_precision
from training.model.encoder import padding_mask
from training.model.estimator import start_by_passing
from training.model.flow import SIGMA_MIN, Flow
from training.model.speech_tokenizer import MEL_SCALE, frame_count, start_alike
from training.sizes import FLOW
from training.spectral import mel_spectrogram

LEARNING_RATE = 1.5e-3
PROMPTED = 0.5  # of the examples
MEAN_MEL = -6.0  # of the log-mel: what the first step should not have to learn
LONGEST_PROMPT = 0.3  # of an utterance
STRETCHED = 0.5  # of the batches
STRETCH = (45, 150)  # tokens, of the shortest chunk with its look-ahead, and of a long one
MEASURED = 100  # utterances of each voice that its mean is taken of


@dataclass(frozen=True)
class Examples:
    """A batch of utterances or stretches, padded at their ends."""

    tokens: Tensor  # (B, T)
    counts: Tensor  # (B,), of the tokens
    mel: Tensor  # (B, 80, F)
    frames: Tensor  # (B,)
    speakers: Tensor  # (B, 192)
    mean: Tensor  # (B, 80, 1), the voice's


class FlowTraining:
    """One step at a time."""

    def __init__(
        self, folder: Path, corpus: Corpus, tokens: list[Tensor], made_of: str = ""
    ) -> None:
        self.corpus, self.tokens = corpus, tokens
        self.means = voice_means(corpus)
        self.model = Flow(FLOW).to(device())
        start_alike(self.model.input_embedding.weight)
        estimator = self.model.decoder.estimator
        torch.nn.init.constant_(estimator.final_proj.bias, MEAN_MEL)
        start_by_passing(estimator)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), LEARNING_RATE, (0.9, 0.98))
        optimizers = {"optimizer": self.optimizer}
        self.run = Run(folder, self.model, optimizers, made_of=made_of)

    def step(self, step: int) -> Losses:
        losses = self._losses(self.examples(self.corpus.batch(step), step))
        self.optimizer.zero_grad()
        (losses["flow"] + 0.5 * losses["mu"]).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return {name: value.detach() for name, value in losses.items()}

    def check(self, number: int) -> Losses:
        """The losses of a batch that is never learnt from."""
        return self._losses(self.examples(self.corpus.unseen_batch(number), number))

    def examples(self, batch: Sentences, number: int) -> Examples:
        """Whole utterances, or stretches of them."""
        rng = np.random.default_rng((1, number))
        whole = mel_spectrogram(batch.samples.to(device()))
        longest = rng.integers(*STRETCH) if rng.random() < STRETCHED else int(batch.tokens.max())
        counts = batch.tokens.clamp(max=longest)
        starts = [int(rng.integers(end + 1)) for end in (batch.tokens - counts).tolist()]
        frames = torch.tensor([frame_count(n) for n in counts.tolist()])
        mel = whole.new_zeros(len(whole), whole.shape[1], int(frames.max()))
        tokens = torch.zeros(len(whole), int(counts.max()), dtype=torch.long)
        for row, (place, start) in enumerate(zip(batch.places, starts, strict=True)):
            first, n = frame_count(start), frames[row]
            mel[row, :, :n] = whole[row, :, first : first + n]
            tokens[row, : counts[row]] = self.tokens[place][start : start + counts[row]]
        voices = [self.corpus.items[place][1].voice for place in batch.places]
        mean = torch.stack([self.means[voice] for voice in voices])
        return Examples(tokens, counts, mel, frames, batch.speakers, mean[..., None])

    def _losses(self, batch: Examples) -> Losses:
        mel = batch.mel
        mask = padding_mask(batch.frames, mel.shape[2]).to(mel)
        with half_precision():
            mu = self.model.mu(
                batch.tokens.to(device()), batch.counts.to(device()), mel.shape[2]
            ).float()
        speaker = self.model.speaker(batch.speakers.to(device()))
        near = masked_mean((mu - (mel - batch.mean) / MEL_SCALE).abs(), mask)
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


def voice_means(corpus: Corpus) -> dict[str, Tensor]:
    """The mean mel (80,) of every voice, of its first utterances."""
    samples: dict[str, list[NDArray[np.float32]]] = {}
    for store, utterance, _ in corpus.items:
        mine = samples.setdefault(utterance.voice, [])
        if len(mine) < MEASURED:
            mine.append(store.samples(utterance))
    return {
        voice: torch.cat([mel_spectrogram(torch.from_numpy(row[None])) for row in rows], dim=2)
        .mean((0, 2))
        .to(device())
        for voice, rows in samples.items()
    }


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
    extracted, _ = load(args.cache, corpus)
    tokens = [torch.from_numpy(row) for row in extracted]
    training = FlowTraining(args.cache / "flow", corpus, tokens, digest(extracted))
    training.run.train(training.step, args.steps, training.check if corpus.unseen else None)


if __name__ == "__main__":
    main()
