"""Train the vocoder: mel → waveform, on crops of everything that was recorded or synthesised.

First by spectral distance alone; from step `--critics-from` on, critics join: to distances, what is
nearest to noise is a buzz at the frame rate, and critics hear it. The mel is measured on the fly,
or the flow's where `generate` has written it; the true pitch drives the source and teaches the
predictor.
"""

import argparse
from pathlib import Path

import torch

from training.data import CONTEXT, Crops
from training.loop import Losses, Run, device
from training.losses import (
    adversarial_loss,
    critic_loss,
    feature_loss,
    mel_loss,
    pitch_loss,
    spectral_loss,
)
from training.model.critics import Critics
from training.model.hift import HiFT, HiFTConfig
from training.spectral import HOP, mel_spectrogram

FRAMES = 32  # per crop, 0.37 s
LEARNING_RATE = 8e-4
CRITIC_RATE = 8e-4
BETAS = (0.8, 0.99)


class VocoderTraining:
    """Holds the two sides of the game and takes one step at a time."""

    def __init__(self, folder: Path, crops: Crops, batch: int, critics_from: int) -> None:
        self.crops, self.batch, self.critics_from = crops, batch, critics_from
        self.model = HiFT(HiFTConfig()).to(device())
        self.critics = Critics().to(device())
        self.maker_optimizer = torch.optim.AdamW(self.model.parameters(), LEARNING_RATE, BETAS)
        self.critic_optimizer = torch.optim.AdamW(self.critics.parameters(), CRITIC_RATE, BETAS)
        optimizers = {"maker": self.maker_optimizer, "critics": self.critic_optimizer}
        self.run = Run(folder, self.model, optimizers, {"critics": self.critics})

    def step(self, step: int) -> Losses:
        samples, f0, generated, is_generated = (
            x.to(device()) for x in self.crops.batch(step, self.batch)
        )
        measured = mel_spectrogram(samples)[:, :, CONTEXT:-CONTEXT]
        mel = torch.where(is_generated[:, None, None], generated, measured)
        true = samples[:, CONTEXT * HOP : -CONTEXT * HOP]
        made, predicted = self.model(mel, f0)
        losses = {
            "spectral": spectral_loss(made, true),
            "mel": mel_loss(made, true),
            "pitch": pitch_loss(predicted, f0),
        }
        total = losses["spectral"] + losses["mel"] + losses["pitch"]
        if step >= self.critics_from:
            losses["critic"] = self._teach_critics(made.detach(), true)
            verdicts, inner = self.critics(made)
            with torch.no_grad():
                _, true_inner = self.critics(true)
            losses["adversarial"] = adversarial_loss(verdicts)
            losses["feature"] = feature_loss(true_inner, inner)
            total = total + 0.2 * losses["adversarial"] + losses["feature"]
        self.maker_optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.maker_optimizer.step()
        return {name: value.detach() for name, value in losses.items()}

    def _teach_critics(self, made: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
        loss = critic_loss(self.critics(true)[0], self.critics(made)[0])
        self.critic_optimizer.zero_grad()
        loss.backward()
        self.critic_optimizer.step()
        return loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--steps", type=int, default=60_000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--critics-from", type=int, default=15_000)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    folders = [
        path.parent
        for kind in ("corpus", "recordings")
        for path in sorted(args.cache.glob(f"{kind}/*/utterances.jsonl"))
    ]
    crops = Crops(folders, FRAMES, seed=0)
    training = VocoderTraining(args.cache / "vocoder", crops, args.batch, args.critics_from)
    training.run.train(training.step, args.steps)


if __name__ == "__main__":
    main()
