"""How alike two recordings say the same: cepstra compared along the best warping of time.

The distance knows neither words nor language: it finds the path that maps one recording onto the
other (dynamic time warping) and averages how far their spectra are apart on it. The same sentence,
spoken at another pace by the same voice, is nearer than any other sentence.
"""

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.audio.spectral import matcha_mel

N_CEPSTRA = 16
FRAMES_PER_ROW = 2

Rows = NDArray[np.float32]


def cepstra(samples: Rows, sample_rate: int) -> Rows:
    """Samples (N,) → rows (T, 16) at 43 Hz: shape of the spectrum, without its mean over time."""
    mel = matcha_mel(samples, sample_rate)  # (80, F)
    whole = mel[:, : mel.shape[1] // FRAMES_PER_ROW * FRAMES_PER_ROW]
    halved = whole.reshape(len(mel), -1, FRAMES_PER_ROW).mean(axis=2)
    place = np.pi * (np.arange(len(mel)) + 0.5) / len(mel)
    waves = np.cos(np.arange(1, N_CEPSTRA + 1)[:, None] * place)
    rows = (waves @ halved).T / len(mel)
    return (rows - rows.mean(axis=0)).astype(np.float32)


def distance(a: Rows, b: Rows) -> float:
    """Mean distance of rows (T, 16) and (U, 16) along the best path."""
    apart = np.linalg.norm(a[:, None] - b[None], axis=2)
    cost = np.full(len(b) + 1, np.inf)
    cost[0] = 0.0
    for row in apart:
        before, cost = cost, np.full_like(cost, np.inf)
        for j, d in enumerate(row, 1):
            cost[j] = d + min(before[j], before[j - 1], cost[j - 1])
    return float(cost[-1] / (len(a) + len(b)))
