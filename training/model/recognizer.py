"""A phoneme recogniser, the judge of languages for which there is none to be had: mel → phonemes.

It shares no weights with the networks it judges, hears them through noise and at varied level, and
is trained on the teachers' audio of other sentences. Shapes: B batch, F mel frames, S symbols.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.model.speech_tokenizer import MEL_SCALE, Residual
from training.spectral import N_MELS

DILATIONS = (1, 2, 4, 8, 1, 2)


class Recognizer(nn.Module):
    """Dilated convolutions at half the mel's rate (43 Hz), then one score per symbol."""

    def __init__(self, symbols: int, channels: int = 160) -> None:
        super().__init__()
        self.into = nn.Conv1d(N_MELS, channels, 7, stride=2, padding=3)
        self.blocks = nn.Sequential(*(Residual(channels, dilation) for dilation in DILATIONS))
        self.out = nn.Conv1d(channels, symbols, 1)

    def forward(self, mel: Tensor) -> Tensor:  # (B, 80, F) → (B, F / 2, S)
        centred = (mel - mel.mean(dim=2, keepdim=True)) / MEL_SCALE
        return self.out(functional.gelu(self.blocks(self.into(centred)))).transpose(1, 2)


def best_symbols(logits: Tensor, blank: int) -> list[int]:
    """Greedy CTC reading of logits (T, S): repeated symbols once, blanks gone."""
    path = torch.unique_consecutive(logits.argmax(-1))
    return [int(symbol) for symbol in path if symbol != blank]
