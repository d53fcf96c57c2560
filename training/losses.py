"""What the networks are asked to minimise."""

import torch
from torch import Tensor
from torch.nn import functional

from training.spectral import mel_spectrogram, stft_magnitude

RESOLUTIONS = ((2048, 512), (1024, 256), (512, 128), (256, 64), (128, 32))  # FFT size and hop


def spectral_loss(made: Tensor, true: Tensor) -> Tensor:
    """Distance of two waveforms (B, N) in log magnitude and spectral convergence, five STFTs."""
    total = made.new_zeros(())
    for n_fft, hop in RESOLUTIONS:
        a, b = stft_magnitude(made, n_fft, hop), stft_magnitude(true, n_fft, hop)
        convergence = (a - b).square().sum((1, 2)).sqrt() / b.square().sum((1, 2)).sqrt().add(1e-2)
        total = total + functional.l1_loss((a + 1e-3).log(), (b + 1e-3).log()) + convergence.mean()
    return total / len(RESOLUTIONS)


def mel_loss(made: Tensor, true: Tensor) -> Tensor:
    """L1 distance of the log-mels of two waveforms (B, N)."""
    return functional.l1_loss(mel_spectrogram(made), mel_spectrogram(true))


def pitch_loss(made: Tensor, true: Tensor) -> Tensor:
    """L1 distance of two pitch tracks (B, F) in units of 100 Hz; unvoiced is 0 Hz."""
    return functional.l1_loss(made / 100, true / 100)


def critic_loss(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Least-squares GAN, the critic's side: 1 for recordings, 0 for what was made."""
    pairs = [(1 - r).square().mean() + f.square().mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(pairs).mean()


def adversarial_loss(fake: list[Tensor]) -> Tensor:
    """Least-squares GAN, the maker's side."""
    return torch.stack([(1 - f).square().mean() for f in fake]).mean()


def feature_loss(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """L1 distance of the critics' inner activations."""
    return torch.stack(
        [functional.l1_loss(f, r.detach()) for r, f in zip(real, fake, strict=True)]
    ).mean()
