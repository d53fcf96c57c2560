"""The speech tokenizer: mel → 50 tokens a second that say what is spoken, how high and how fast.

A convolutional encoder ends in finite scalar quantisation (FSQ, arXiv:2309.15505): five numbers,
each rounded to one of five levels, make one of 3125 codes. Each number is first standardised and
spread evenly over its levels: left to itself it runs to the ends of its range, and of 3125 codes
sixty are used. Three heads teach the codes: phonemes
(CTC), pitch relative to the speaker, and the mel *given the speaker*; so a token need not carry the
voice, which the flow will add. Only the encoder is used afterwards.
Shapes: B batch, F mel frames, T tokens (T : F = 50 Hz : 86.13 Hz), C channels.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.spectral import HOP, N_MELS, SAMPLE_RATE

TOKEN_RATE = 50
FRAMES_PER_TOKEN = SAMPLE_RATE / HOP / TOKEN_RATE
LEVELS = 5
DIGITS = 5
CODES = LEVELS**DIGITS
MEL_SCALE = 2.0  # about the standard deviation of the log-mel


@dataclass(frozen=True)
class TokenizerConfig:
    """Sizes."""

    symbols: int
    channels: int = 192
    spk_embed_dim: int = 192


class Residual(nn.Module):
    """x + conv(GELU(conv(norm(x)))), the norm over channels at each position."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.wide = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.back = nn.Conv1d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:  # (B, C, T)
        normed = self.norm(x.transpose(1, 2)).transpose(1, 2)
        return x + self.back(functional.gelu(self.wide(normed)))


class SpeechTokenizer(nn.Module):
    """`tokens` is what the other networks use; `forward` gives what the losses need."""

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        width = config.channels
        self.into = nn.Conv1d(N_MELS, width, 5, padding=2)
        self.fine = nn.Sequential(Residual(width), Residual(width, 3))
        self.down = nn.Conv1d(width, width, 4, 2, 1)
        self.coarse = nn.Sequential(Residual(width), Residual(width, 2), Residual(width))
        self.to_code = nn.Linear(width, DIGITS)
        self.spread = nn.BatchNorm1d(DIGITS, affine=False)
        self.from_code = nn.Linear(DIGITS, width)
        self.content = nn.Sequential(Residual(width), Residual(width, 2), Residual(width))
        self.up = nn.ConvTranspose1d(width, width, 4, 2, 1)
        self.symbols = nn.Sequential(Residual(width), nn.Conv1d(width, config.symbols, 1))
        self.speaker = nn.Linear(config.spk_embed_dim, width)
        self.voice = nn.Sequential(Residual(width), Residual(width))
        self.to_mel = nn.Conv1d(width, N_MELS, 1)
        self.to_pitch = nn.Conv1d(width, 2, 1)  # is it voiced, how high

    def encode(self, mel: Tensor, tokens: int) -> Tensor:
        """Mel (B, 80, F) → quantised digits (B, T, 5) in -1..1."""
        centred = (mel - mel.mean(dim=2, keepdim=True)) / MEL_SCALE  # leaves the channel behind
        x = self.fine(self.into(centred))
        x = self.down(functional.interpolate(x, 2 * tokens, mode="linear"))
        digits = self.to_code(self.coarse(x).transpose(1, 2)).float()  # (B, T, 5)
        return quantize(self.spread(digits.transpose(1, 2)).transpose(1, 2))

    @torch.no_grad()
    def tokens(self, mel: Tensor) -> Tensor:
        """Mel (B, 80, F) → token ids (B, T)."""
        return to_ids(self.encode(mel, token_count(mel.shape[2])))

    def forward(self, mel: Tensor, tokens: int, speaker: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Symbol logits (B, 2T, S), the mel again (B, 80, F), voicing and pitch (B, 2, F)."""
        content = self.content(self.from_code(self.encode(mel, tokens)).transpose(1, 2))
        doubled = self.up(content)  # two symbol frames per token, as phonemes can be shorter
        stretched = functional.interpolate(doubled, mel.shape[2], mode="linear")
        person = self.speaker(functional.normalize(speaker, dim=1))[..., None]
        voiced = self.voice(stretched + person)
        return self.symbols(doubled).transpose(1, 2), self.to_mel(voiced), self.to_pitch(voiced)


def quantize(x: Tensor) -> Tensor:
    """Each standard normal number to one of LEVELS equally likely levels in -1..1; gradients pass
    as if it were not rounded."""
    half = (LEVELS - 1) / 2
    even = torch.erf(x / 2**0.5) * LEVELS / 2  # uniform over LEVELS cells of width 1
    level = even.round().clamp(-half, half)
    return (even + (level - even).detach()) / half


def to_ids(digits: Tensor) -> Tensor:
    """Quantised digits (…, 5) → ids 0 … CODES - 1."""
    half = (LEVELS - 1) / 2
    places = LEVELS ** torch.arange(DIGITS, device=digits.device)
    return ((digits * half + half).round().long() * places).sum(-1)


@torch.no_grad()
def start_alike(weight: Tensor) -> None:
    """Begin a table of one row per code (CODES or more, D) with rows as alike as their codes are.

    A row becomes the sum of one vector per digit and level, at the scale it has: what is learnt of
    a frequent code then holds for the rare ones beside it.
    """
    places = LEVELS ** torch.arange(DIGITS)
    levels = torch.arange(CODES)[:, None] // places % LEVELS  # (CODES, DIGITS)
    vectors = torch.randn(DIGITS, LEVELS, weight.shape[1]) * float(weight.std()) / DIGITS**0.5
    weight[:CODES] = vectors[torch.arange(DIGITS), levels].sum(1)


def token_count(frames: int) -> int:
    """How many whole tokens a mel of `frames` holds."""
    return int(frames / FRAMES_PER_TOKEN)


def frame_count(tokens: int) -> int:
    """How many mel frames the official code makes of that many tokens."""
    return int(tokens * FRAMES_PER_TOKEN)
