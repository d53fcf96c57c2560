"""Critics of the vocoder: small convolutional networks that tell recordings from its output.

Each looks at the magnitudes of one STFT (the multi-resolution spectrogram discriminator of UnivNet,
arXiv:2106.07889). They are narrow, so that a CPU can afford them, and are thrown away afterwards.
"""

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from training.spectral import stft_magnitude

RESOLUTIONS = ((1024, 256), (512, 128), (256, 64))
SLOPE = 0.1


class SpectrogramCritic(nn.Module):
    """One resolution: (B, N) → a map of verdicts, and the activations on the way."""

    def __init__(self, n_fft: int, hop: int, channels: int) -> None:
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        widths = (1, channels, channels, channels, channels)
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv2d(a, channels, (5, 3), stride=(2, 1), padding=(2, 1)))
            for a in widths[:-1]
        )
        self.verdict = weight_norm(nn.Conv2d(channels, 1, 3, padding=1))

    def forward(self, samples: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = (stft_magnitude(samples, self.n_fft, self.hop) + 1e-3).log()[:, None]
        inner = []
        for conv in self.convs:
            x = functional.leaky_relu(conv(x), SLOPE)
            inner.append(x)
        return self.verdict(x), inner


class Critics(nn.Module):
    """All resolutions together."""

    def __init__(self, channels: int = 16) -> None:
        super().__init__()
        self.critics = nn.ModuleList(SpectrogramCritic(*r, channels) for r in RESOLUTIONS)

    def forward(self, samples: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Verdicts and inner activations of all critics on samples (B, N)."""
        judged = [critic(samples) for critic in self.critics]
        return [v for v, _ in judged], [x for _, inner in judged for x in inner]
