"""The flow: speech tokens and a speaker → mel, by conditional flow matching.

An encoder reads the tokens, a regulator brings them to the mel's frame rate (mu), and the estimator
turns noise into mel along a straight path (arXiv:2210.02747):

    x_t = (1 - (1 - σ) t) x_0 + t x_1        v = x_1 - (1 - σ) x_0

Shapes: B batch, T speech tokens, F mel frames.
"""

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.model.encoder import Encoder, EncoderConfig, padding_mask
from training.model.estimator import Estimator, EstimatorConfig

SIGMA_MIN = 1e-6
N_MELS = 80


@dataclass(frozen=True)
class FlowConfig:
    """Sizes; the names are the keys of cosyvoice.yaml."""

    vocab_size: int
    encoder: EncoderConfig
    estimator: EstimatorConfig
    spk_embed_dim: int = 192
    training_cfg_rate: float = 0.2
    inference_cfg_rate: float = 1.2  # 0.7 in the authors' models; here that is less clear
    temperature: float = 0.5  # of the noise that speech begins with; 1 in the authors' models


class Regulator(nn.Module):
    """Tokens' features stretched to the mel's length, then smoothed by convolutions."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(4):
            layers += [nn.Conv1d(N_MELS, N_MELS, 3, padding=1), nn.GroupNorm(1, N_MELS), nn.Mish()]
        self.model = nn.Sequential(*layers, nn.Conv1d(N_MELS, N_MELS, 1))

    def forward(self, x: Tensor, frames: int) -> Tensor:  # (B, 80, T) → (B, 80, F)
        return self.model(functional.interpolate(x, frames, mode="linear"))


class _Decoder(nn.Module):
    """Holds the estimator under the name that the checkpoint has."""

    def __init__(self, config: EstimatorConfig) -> None:
        super().__init__()
        self.estimator = Estimator(config)


class Flow(nn.Module):
    """`mu` and `velocity` are its two halves; `generate` runs the Euler steps."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        self.config = config
        self.input_embedding = nn.Embedding(config.vocab_size, config.encoder.input_size)
        self.spk_embed_affine_layer = nn.Linear(config.spk_embed_dim, N_MELS)
        self.encoder = Encoder(config.encoder, "conformer")
        self.encoder_proj = nn.Linear(config.encoder.output_size, N_MELS)
        self.length_regulator = Regulator()
        self.decoder = _Decoder(config.estimator)

    def mu(self, tokens: Tensor, lengths: Tensor, frames: int) -> Tensor:
        """Tokens (B, T) → what the mel is conditioned on (B, 80, F)."""
        seen = padding_mask(lengths, tokens.shape[1])  # (B, 1, T)
        embedded = self.input_embedding(tokens) * seen.transpose(1, 2)
        encoded, _ = self.encoder(embedded, seen)
        return self.length_regulator(self.encoder_proj(encoded).transpose(1, 2), frames)

    def speaker(self, embedding: Tensor) -> Tensor:
        """x-vector (B, 192) → (B, 80)."""
        return self.spk_embed_affine_layer(functional.normalize(embedding, dim=1))

    @torch.no_grad()
    def generate(self, tokens: Tensor, embedding: Tensor, frames: int, n_steps: int = 10) -> Tensor:
        """Mel (B, 80, F) from noise; all rows have the same length."""
        lengths = torch.full((len(tokens),), tokens.shape[1], device=tokens.device)
        mu, speaker = self.mu(tokens, lengths, frames), self.speaker(embedding)
        mask, nothing = torch.ones_like(mu[:, :1]), torch.zeros_like(mu)
        guidance = self.config.inference_cfg_rate
        x = torch.randn_like(mu) * self.config.temperature
        span = 1 - torch.cos(torch.linspace(0, 0.5 * torch.pi, n_steps + 1))
        for now, then in itertools.pairwise(span):
            time = now.expand(len(mu)).to(mu)
            estimator = self.decoder.estimator
            told = estimator(x, mask, mu, time, speaker, nothing)
            free = estimator(x, mask, nothing, time, torch.zeros_like(speaker), nothing)
            x = x + (then - now) * ((1 + guidance) * told - guidance * free)
        return x
