"""Spectrograms as torch functions: the mel that flow and vocoder exchange, and STFT magnitudes.

The mel is the one of the official recipe (Matcha / HiFi-GAN, 22.05 kHz): 1024-point FFT, hop 256,
80 bands on Slaney's mel scale up to 8 kHz, natural logarithm of the magnitude, floor 1e-5.
"""

from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

SAMPLE_RATE = 22_050
N_FFT = 1024
HOP = 256
N_MELS = 80
MAX_HZ = 8_000.0
LOG_FLOOR = 1e-5
LINEAR_BELOW_HZ = 1_000.0  # Slaney's scale: linear up to here, logarithmic above


def mel_spectrogram(samples: Tensor) -> Tensor:
    """Samples (B, N) → log-mel (B, 80, N // 256)."""
    margin = (N_FFT - HOP) // 2
    padded = functional.pad(samples[:, None], (margin, margin), mode="reflect")[:, 0]
    magnitude = stft_magnitude(padded, N_FFT, HOP)
    return (_filters().to(samples) @ magnitude).clamp(min=LOG_FLOOR).log()


def stft_magnitude(samples: Tensor, n_fft: int, hop: int) -> Tensor:
    """Samples (B, N) → magnitudes (B, n_fft / 2 + 1, frames), no padding at the ends."""
    window = torch.hann_window(n_fft, device=samples.device)
    spectrum = torch.stft(samples, n_fft, hop, window=window, center=False, return_complex=True)
    return (spectrum.real.square() + spectrum.imag.square() + 1e-9).sqrt()


@cache
def _filters() -> Tensor:
    """Triangular bands of unit area (80, 513), after Slaney's Auditory Toolbox."""
    step = np.log(6.4) / 27  # above LINEAR_BELOW_HZ, 27 bands per factor of 6.4
    knee = LINEAR_BELOW_HZ * 3 / 200

    def to_mel(hz: float) -> float:
        return hz * 3 / 200 if hz < LINEAR_BELOW_HZ else knee + np.log(hz / LINEAR_BELOW_HZ) / step

    points = np.linspace(to_mel(0.0), to_mel(MAX_HZ), N_MELS + 2)
    hz = np.where(points < knee, points * 200 / 3, LINEAR_BELOW_HZ * np.exp(step * (points - knee)))
    bins = np.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    rising = (bins - hz[:-2, None]) / np.diff(hz)[:-1, None]
    falling = (hz[2:, None] - bins) / np.diff(hz)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (hz[2:] - hz[:-2])[:, None]
    return torch.from_numpy(triangles.astype(np.float32))
