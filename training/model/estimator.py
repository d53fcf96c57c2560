"""The velocity field of the flow: a one-dimensional U-Net with transformer blocks (Matcha-TTS).

Matcha's decoder (arXiv:2309.03199): each stage is a residual convolution block that is told the
time, transformer blocks, and a change of resolution. Shapes: B batch, C channels, F mel frames.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

TIME_SCALE = 1000.0
GROUPS = 8
QUIET = 0.1
STRAIGHT = 0.3


@dataclass(frozen=True)
class EstimatorConfig:
    """Sizes; the names are the keys of cosyvoice.yaml."""

    channels: tuple[int, ...]
    attention_head_dim: int
    num_heads: int
    n_blocks: int = 1
    num_mid_blocks: int = 4
    in_channels: int = 320  # x, mu, speaker, cond: 80 each
    out_channels: int = 80


class Block(nn.Module):
    """Convolution, group norm, Mish."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        conv = nn.Conv1d(inputs, outputs, 3, padding=1)
        self.block = nn.Sequential(conv, nn.GroupNorm(GROUPS, outputs), nn.Mish())

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.block(x * mask) * mask


class ResnetBlock(nn.Module):
    """Two blocks; the time is added between them."""

    def __init__(self, inputs: int, outputs: int, time_width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Mish(), nn.Linear(time_width, outputs))
        self.block1, self.block2 = Block(inputs, outputs), Block(outputs, outputs)
        self.res_conv = nn.Conv1d(inputs, outputs, 1)

    def forward(self, x: Tensor, mask: Tensor, time: Tensor) -> Tensor:
        hidden = self.block1(x, mask) + self.mlp(time)[..., None]
        return self.block2(hidden, mask) + self.res_conv(x * mask)


class Attention(nn.Module):
    """Plain multi-head self-attention without positions; input maps have no bias."""

    def __init__(self, width: int, heads: int, head_width: int) -> None:
        super().__init__()
        self.heads = heads
        inner = heads * head_width
        self.to_q = nn.Linear(width, inner, bias=False)
        self.to_k = nn.Linear(width, inner, bias=False)
        self.to_v = nn.Linear(width, inner, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(inner, width)])

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:  # (B, F, C), (B, 1, F)
        q, k, v = (
            layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.to_q, self.to_k, self.to_v)
        )
        # written out: PyTorch's fused attention goes backwards slowly on a CPU when masked
        scores = (q @ k.transpose(-2, -1)) / q.shape[-1] ** 0.5
        weights = scores.masked_fill(~mask[:, None].bool(), -torch.inf).softmax(-1)
        return self.to_out[0]((weights.to(v) @ v).transpose(1, 2).flatten(2))


class _Gelu(nn.Module):
    """A linear layer and GELU, named as the checkpoint has it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.proj = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return functional.gelu(self.proj(x))


class _FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.ModuleList(
            [_Gelu(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width)]
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net[2](self.net[0](x))


class TransformerBlock(nn.Module):
    """x + attention(norm(x)), then x + feed_forward(norm(x))."""

    def __init__(self, width: int, heads: int, head_width: int) -> None:
        super().__init__()
        self.norm1, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn1 = Attention(width, heads, head_width)
        self.ff = _FeedForward(width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attn1(self.norm1(x), mask)
        return x + self.ff(self.norm3(x))


class _Resample(nn.Module):
    """Half or double the frames; `conv` is the checkpoint's name for the layer."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class _TimeMLP(nn.Module):
    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(inputs, width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_2(functional.silu(self.linear_1(x)))


class Estimator(nn.Module):
    """v(x, t | mu, speaker, cond), all (B, 80, F) but the speaker (B, 80) and the time (B,)."""

    def __init__(self, config: EstimatorConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.channels
        time_width = 4 * widths[0]
        self.time_mlp = _TimeMLP(config.in_channels, time_width)

        def stage(inputs: int, outputs: int, *after: nn.Module) -> nn.ModuleList:
            blocks = nn.ModuleList(
                TransformerBlock(outputs, config.num_heads, config.attention_head_dim)
                for _ in range(config.n_blocks)
            )
            return nn.ModuleList([ResnetBlock(inputs, outputs, time_width), blocks, *after])

        def keep(width: int) -> nn.Module:
            return nn.Conv1d(width, width, 3, padding=1)

        ins = (config.in_channels, *widths[:-1])
        self.down_blocks = nn.ModuleList(
            stage(a, b, _Resample(nn.Conv1d(b, b, 3, 2, 1)) if i < len(widths) - 1 else keep(b))
            for i, (a, b) in enumerate(zip(ins, widths, strict=True))
        )
        self.mid_blocks = nn.ModuleList(
            stage(widths[-1], widths[-1]) for _ in range(config.num_mid_blocks)
        )
        outs = (*widths[-2::-1], widths[0])
        self.up_blocks = nn.ModuleList(
            stage(
                2 * a,
                b,
                _Resample(nn.ConvTranspose1d(b, b, 4, 2, 1)) if i < len(outs) - 1 else keep(b),
            )
            for i, (a, b) in enumerate(zip(widths[::-1], outs, strict=True))
        )
        self.final_block = Block(widths[0], widths[0])
        self.final_proj = nn.Conv1d(widths[0], config.out_channels, 1)

    def forward(
        self, x: Tensor, mask: Tensor, mu: Tensor, time: Tensor, speaker: Tensor, cond: Tensor
    ) -> Tensor:
        """The velocity (B, 80, F); `mask` (B, 1, F) is 1 at real frames."""
        told = self.time_mlp(sinusoids(time, self.config.in_channels))
        everywhere = speaker[..., None].expand(-1, -1, x.shape[-1])
        x = torch.cat([x, mu, everywhere, cond], dim=1)
        skips: list[tuple[Tensor, Tensor]] = []
        for resnet, blocks, after in self.down_blocks:
            x = self._stage(x, mask, told, resnet, blocks)
            skips.append((x, mask))
            x, mask = after(x * mask), mask[:, :, ::2]
        mask = skips[-1][1]  # the last stage down keeps its resolution
        for resnet, blocks in self.mid_blocks:
            x = self._stage(x, mask, told, resnet, blocks)
        for resnet, blocks, after in self.up_blocks:
            skip, mask = skips.pop()
            x = torch.cat([x[:, :, : skip.shape[-1]], skip], dim=1)
            x = after(self._stage(x, mask, told, resnet, blocks) * mask)
        return self.final_proj(self.final_block(x, mask) * mask) * mask

    @staticmethod
    def _stage(
        x: Tensor, mask: Tensor, told: Tensor, resnet: nn.Module, blocks: nn.ModuleList
    ) -> Tensor:
        x = resnet(x, mask, told).transpose(1, 2)
        for block in blocks:
            x = block(x, mask)
        return x.transpose(1, 2)


@torch.no_grad()
def start_by_passing(estimator: Estimator) -> None:
    """Let what goes in as x come out as -x from the first step.

    The velocity is the mel minus the noise in x. Noise fills all 80 dimensions and has no pattern,
    so no network guesses it: it must be led through. Left to itself this network takes thousands of
    steps to find a way; here it starts with one, along the residual connections.
    """
    path = torch.arange(estimator.config.out_channels)
    first, last = estimator.down_blocks[0][0], estimator.up_blocks[-1][0]
    final_conv, final_norm, _ = estimator.final_block.block
    kept = last.res_conv.in_channels - first.res_conv.out_channels  # where the skip begins
    for conv, begin in (
        (first.res_conv, 0),
        (last.res_conv, kept),
        (estimator.up_blocks[-1][2], 0),
        (final_conv, 0),
    ):
        conv.weight[path] = 0.0
        conv.weight[path, begin + path, conv.kernel_size[0] // 2] = 1.0
        conv.bias[path] = 0.0
    for block in (first.block2, last.block2):
        block.block[1].weight[path] = QUIET
    final_norm.weight[path], final_norm.bias[path] = STRAIGHT, 1.0  # where Mish is a straight line
    final_proj = estimator.final_proj
    final_proj.weight[path, path, 0] -= 1 / STRAIGHT
    final_proj.bias += functional.mish(torch.ones(())) / STRAIGHT


def sinusoids(time: Tensor, width: int) -> Tensor:
    """Time in 0..1 (B,) → (B, width): sines, then cosines, of geometric frequencies."""
    half = width // 2
    steps = torch.arange(half, device=time.device) / (half - 1)
    angle = TIME_SCALE * time[:, None] * torch.exp(-steps * torch.tensor(10_000.0).log())
    return torch.cat([angle.sin(), angle.cos()], dim=-1)
