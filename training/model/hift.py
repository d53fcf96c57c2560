"""HiFT: mel → pitch → harmonic source → waveform, by a filter network that ends in an inverse STFT.

HiFTNet (arXiv:2309.09493) is a neural source-filter model (arXiv:1904.12088) on top of iSTFTNet
(arXiv:2203.02395). Shapes: B batch, C channels, F mel frames, N = 256 F samples, K = 16-point STFT.
The mel is (B, 80, F); one frame lasts 256 samples = 8 · 8 · 4 (two upsamplings and the STFT hop).
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

SAMPLE_RATE = 22_050
SINE_AMPLITUDE = 0.1
NOISE_DEVIATION = 0.003
VOICED_HZ = 10.0
LEAKY_SLOPE = 0.1
LAST_LEAKY_SLOPE = 0.01  # torch's default: the official code gives no slope before conv_post
MAX_MAGNITUDE = 100.0
AUDIO_LIMIT = 0.99
DILATIONS = (1, 3, 5)


@dataclass(frozen=True)
class HiFTConfig:
    """Sizes; the names are the keys of cosyvoice.yaml."""

    in_channels: int = 80
    base_channels: int = 128
    nb_harmonics: int = 8
    upsample_rates: tuple[int, int] = (8, 8)
    upsample_kernel_sizes: tuple[int, int] = (16, 16)
    n_fft: int = 16
    hop_len: int = 4
    resblock_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    source_resblock_kernel_sizes: tuple[int, int] = (7, 11)
    f0_channels: int = 128


class Snake(nn.Module):
    """x + sin²(αx) / α, with one α per channel (arXiv:2006.08195)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:  # (B, C, T)
        alpha = self.alpha[:, None]
        return x + torch.sin(alpha * x).square() / (alpha + 1e-9)


class ResBlock(nn.Module):
    """Three residual pairs of convolutions; the first of each pair is dilated."""

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(_conv(channels, channels, kernel_size, d) for d in DILATIONS)
        self.convs2 = nn.ModuleList(_conv(channels, channels, kernel_size) for _ in DILATIONS)
        self.activations1 = nn.ModuleList(Snake(channels) for _ in DILATIONS)
        self.activations2 = nn.ModuleList(Snake(channels) for _ in DILATIONS)

    def forward(self, x: Tensor) -> Tensor:  # (B, C, T)
        layers = zip(self.activations1, self.convs1, self.activations2, self.convs2, strict=True)
        for activation1, conv1, activation2, conv2 in layers:
            x = x + conv2(activation2(conv1(activation1(x))))
        return x


class F0Predictor(nn.Module):
    """Pitch of each frame from the mel, in Hz; 0 where unvoiced."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in (in_channels, channels, channels, channels, channels):
            layers += [weight_norm(nn.Conv1d(width, channels, 3, padding=1)), nn.ELU()]
        self.condnet = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, 1)

    def forward(self, mel: Tensor) -> Tensor:  # (B, 80, F) → (B, F)
        return self.classifier(self.condnet(mel).transpose(1, 2)).squeeze(-1).abs()


class HarmonicSource(nn.Module):
    """Sines at the multiples of f0, merged by a learned weight; noise alone where unvoiced."""

    def __init__(self, harmonics: int) -> None:
        super().__init__()
        self.l_linear = nn.Linear(harmonics + 1, 1)

    def forward(self, f0: Tensor) -> Tensor:  # (B, N) Hz → (B, 1, N)
        return torch.tanh(self.l_linear(self.sines(f0))).transpose(1, 2)

    @torch.no_grad()
    def sines(self, f0: Tensor) -> Tensor:  # (B, N) → (B, N, harmonics + 1)
        """The excitation before the merge; random phase for every overtone."""
        multiples = torch.arange(1, self.l_linear.in_features + 1, device=f0.device)
        # The sum runs in double: at 22 kHz a float loses the phase after some seconds.
        turns = torch.cumsum(f0.double()[..., None] * multiples / SAMPLE_RATE, dim=1) % 1
        offset = torch.rand(f0.shape[0], 1, len(multiples), device=f0.device) - 0.5
        offset[..., 0] = 0
        waves = SINE_AMPLITUDE * torch.sin(2 * torch.pi * (turns.float() + offset))
        voiced = (f0 > VOICED_HZ).float()[..., None]
        deviation = voiced * NOISE_DEVIATION + (1 - voiced) * SINE_AMPLITUDE / 3
        return waves * voiced + deviation * torch.randn_like(waves)


class HiFT(nn.Module):
    """The vocoder. `forward` may be given the true pitch, so that both halves train at once."""

    def __init__(self, config: HiFTConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.base_channels >> i for i in range(3)]
        bins = config.n_fft + 2  # real and imaginary parts of 9 bins
        rates, kernels = config.upsample_rates, config.upsample_kernel_sizes
        self.m_source = HarmonicSource(config.nb_harmonics)
        self.conv_pre = weight_norm(nn.Conv1d(config.in_channels, widths[0], 7, padding=3))
        self.ups = nn.ModuleList(
            weight_norm(nn.ConvTranspose1d(a, b, k, r, padding=(k - r) // 2))
            for (a, b), k, r in zip(pairwise(widths), kernels, rates, strict=True)
        )
        down = rates[1]
        self.source_downs = nn.ModuleList(
            [
                nn.Conv1d(bins, widths[1], 2 * down, down, padding=down // 2),
                nn.Conv1d(bins, widths[2], 1),
            ]
        )
        self.source_resblocks = nn.ModuleList(
            ResBlock(c, k)
            for c, k in zip(widths[1:], config.source_resblock_kernel_sizes, strict=True)
        )
        self.resblocks = nn.ModuleList(
            ResBlock(c, k) for c in widths[1:] for k in config.resblock_kernel_sizes
        )
        self.conv_post = weight_norm(nn.Conv1d(widths[2], bins, 7, padding=3))
        self.f0_predictor = F0Predictor(config.in_channels, config.f0_channels)
        self.register_buffer("window", torch.hann_window(config.n_fft), persistent=False)

    def forward(self, mel: Tensor, f0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mel (B, 80, F) → waveform (B, N) and the predicted pitch (B, F)."""
        predicted = self.f0_predictor(mel)
        pitch = predicted if f0 is None else f0
        samples_per_frame = self.config.hop_len * self.config.upsample_rates[0] ** 2
        source = self.m_source(pitch.repeat_interleave(samples_per_frame, dim=1))
        return self.decode(mel, source), predicted

    def decode(self, mel: Tensor, source: Tensor) -> Tensor:
        """Filter the source (B, 1, N) by the mel (B, 80, F); gives (B, N)."""
        spectrum = torch.view_as_real(self._stft(source.squeeze(1)))  # (B, 9, N/4 + 1, 2)
        excitation = torch.cat(spectrum.unbind(-1), dim=1)  # (B, 18, N/4 + 1)
        x = self.conv_pre(mel)
        per_stage = len(self.config.resblock_kernel_sizes)
        for i, up in enumerate(self.ups):
            x = up(functional.leaky_relu(x, LEAKY_SLOPE))
            if i == len(self.ups) - 1:
                x = functional.pad(x, (1, 0), mode="reflect")  # the STFT has one frame more
            x = x + self.source_resblocks[i](self.source_downs[i](excitation))
            blocks = self.resblocks[i * per_stage : (i + 1) * per_stage]
            x = sum(block(x) for block in blocks) / per_stage
        x = self.conv_post(functional.leaky_relu(x, LAST_LEAKY_SLOPE))
        return self._istft(x).clamp(-AUDIO_LIMIT, AUDIO_LIMIT)

    def _stft(self, samples: Tensor) -> Tensor:
        n_fft, hop = self.config.n_fft, self.config.hop_len
        return torch.stft(samples, n_fft, hop, window=self.window, return_complex=True)

    def _istft(self, x: Tensor) -> Tensor:  # (B, 18, N/4 + 1) → (B, N)
        log_magnitude, phase = x.chunk(2, dim=1)
        magnitude = log_magnitude.exp().clamp(max=MAX_MAGNITUDE)
        spectrum = torch.polar(magnitude, torch.sin(phase))
        return torch.istft(spectrum, self.config.n_fft, self.config.hop_len, window=self.window)


def _conv(inputs: int, outputs: int, kernel_size: int, dilation: int = 1) -> nn.Module:
    """Length-preserving convolution with weight norm, started small as HiFi-GAN does."""
    padding = dilation * (kernel_size - 1) // 2
    conv = nn.Conv1d(inputs, outputs, kernel_size, dilation=dilation, padding=padding)
    nn.init.normal_(conv.weight, 0.0, 0.01)
    return weight_norm(conv)
