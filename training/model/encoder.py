"""The transformer encoder of text, LM and flow: relative positions, pre-norm, optional causality.

Attention with relative positions is Transformer-XL's (arXiv:1901.02860, appendix B):

    score(i, j) = ((q_i + u) · k_j + (q_i + v) · W_pos R(i - j)) / sqrt(d)

Two flavours share the code and differ in names and activation: "conformer" (text encoder, flow
encoder; SiLU) and "transformer" (LM; ReLU, and a ReLU behind the input layer).
Shapes: B batch, T positions, D width, H heads, d = D / H.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

BLOCK_EPS = 1e-12
INPUT_EPS = 1e-5


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes; the names are the keys of cosyvoice.yaml."""

    input_size: int
    output_size: int
    attention_heads: int
    linear_units: int
    num_blocks: int


class RelativeAttention(nn.Module):
    """Self-attention with relative positions; gives its weights, too."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.head_width = heads, width // heads
        self.linear_q = nn.Linear(width, width)
        self.linear_k = nn.Linear(width, width)
        self.linear_v = nn.Linear(width, width)
        self.linear_out = nn.Linear(width, width)
        self.linear_pos = nn.Linear(width, width, bias=False)
        self.pos_bias_u = nn.Parameter(torch.empty(heads, self.head_width))
        self.pos_bias_v = nn.Parameter(torch.empty(heads, self.head_width))
        nn.init.xavier_uniform_(self.pos_bias_u)
        nn.init.xavier_uniform_(self.pos_bias_v)

    def forward(self, x: Tensor, mask: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, T, D), mask (B, 1 or T, T), positions (2T - 1, D) → (B, T, D), (B, H, T, T)."""
        q, k, v = (self._heads(layer(x)) for layer in (self.linear_q, self.linear_k, self.linear_v))
        p = self._heads(self.linear_pos(positions)[None])  # (1, H, 2T - 1, d)
        content = (q + self.pos_bias_u[:, None]) @ k.transpose(-2, -1)  # (B, H, T, T)
        distance = _shift((q + self.pos_bias_v[:, None]) @ p.transpose(-2, -1))
        scores = (content + distance) / self.head_width**0.5
        hidden = ~mask[:, None]
        weights = scores.masked_fill(hidden, -torch.inf).softmax(-1).masked_fill(hidden, 0.0)
        out = (weights @ v).transpose(1, 2).flatten(2)  # (B, T, D)
        return self.linear_out(out), weights

    def _heads(self, x: Tensor) -> Tensor:  # (B, T, D) → (B, H, T, d)
        return x.unflatten(-1, (self.heads, self.head_width)).transpose(1, 2)


class FeedForward(nn.Module):
    """Two linear layers with an activation between."""

    def __init__(self, width: int, inner: int, activation: nn.Module) -> None:
        super().__init__()
        self.w_1, self.w_2 = nn.Linear(width, inner), nn.Linear(inner, width)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.w_2(self.activation(self.w_1(x)))


class Layer(nn.Module):
    """x + attention(norm(x)), then x + feed_forward(norm(x)); the norms' names are given."""

    def __init__(
        self, config: EncoderConfig, activation: nn.Module, norms: tuple[str, str]
    ) -> None:
        super().__init__()
        width = config.output_size
        self.self_attn = RelativeAttention(width, config.attention_heads)
        self.feed_forward = FeedForward(width, config.linear_units, activation)
        self.norms = norms
        for name in norms:
            self.add_module(name, nn.LayerNorm(width, eps=BLOCK_EPS))

    def forward(self, x: Tensor, mask: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        attention_norm, feed_forward_norm = (self.get_submodule(name) for name in self.norms)
        attended, weights = self.self_attn(attention_norm(x), mask, positions)
        x = x + attended
        return x + self.feed_forward(feed_forward_norm(x)), weights


class InputLayer(nn.Module):
    """Linear, LayerNorm, and for the LM a ReLU."""

    def __init__(self, config: EncoderConfig, last: nn.Module) -> None:
        super().__init__()
        norm = nn.LayerNorm(config.output_size, eps=INPUT_EPS)
        linear = nn.Linear(config.input_size, config.output_size)
        self.out = nn.Sequential(linear, norm, last)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(x)


class Encoder(nn.Module):
    """A stack of layers; `forward` gives the output and every layer's attention weights."""

    def __init__(self, config: EncoderConfig, flavour: str) -> None:
        super().__init__()
        activation: dict[str, nn.Module] = {"conformer": nn.SiLU(), "transformer": nn.ReLU()}
        last: dict[str, nn.Module] = {"conformer": nn.Identity(), "transformer": nn.ReLU()}
        norms = {"conformer": ("norm_mha", "norm_ff"), "transformer": ("norm1", "norm2")}
        self.width = config.output_size
        self.embed = InputLayer(config, last[flavour])
        self.encoders = nn.ModuleList(
            Layer(config, activation[flavour], norms[flavour]) for _ in range(config.num_blocks)
        )
        self.after_norm = nn.LayerNorm(config.output_size, eps=INPUT_EPS)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, list[Tensor]]:
        """x (B, T, input_size), mask (B, 1 or T, T), True where a key may be seen."""
        x = self.embed(x) * self.width**0.5
        positions = relative_positions(x.shape[1], self.width).to(x)
        weights = []
        for layer in self.encoders:
            x, seen = layer(x, mask, positions)
            weights.append(seen)
        return self.after_norm(x), weights


def relative_positions(length: int, width: int) -> Tensor:
    """Sinusoids of the distances length - 1 … -(length - 1): (2 length - 1, width)."""
    distance = torch.arange(length - 1, -length, -1.0)[:, None]
    exponent = torch.arange(0, width, 2.0) * -(torch.tensor(10_000.0).log() / width)
    angle = distance * exponent.exp()
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1)


def padding_mask(lengths: Tensor, longest: int) -> Tensor:
    """True at real positions: (B, 1, longest)."""
    return (torch.arange(longest, device=lengths.device) < lengths[:, None])[:, None]


def causal_mask(lengths: Tensor, longest: int) -> Tensor:
    """True where a query may look: at itself and earlier real positions, (B, longest, longest)."""
    earlier = torch.ones(longest, longest, dtype=torch.bool, device=lengths.device).tril()
    return padding_mask(lengths, longest) & earlier


def _shift(x: Tensor) -> Tensor:
    """Scores by distance (B, H, T, 2T - 1) → scores by key (B, H, T, T): row i starts i later."""
    batch, heads, length, distances = x.shape
    flat = functional.pad(x, (1, 0)).reshape(batch, heads, distances + 1, length)
    return flat[:, :, 1:].reshape(batch, heads, length, distances)[..., :length]
