"""How alike two recordings say the same: cepstra compared along the best warping of time.

The distance knows neither words nor language: it finds the path that maps one recording onto the
other (dynamic time warping) and averages how far their spectra are apart on it. The same sentence,
spoken at another pace by the same voice, is nearer than any other sentence.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
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


def main() -> None:
    """Write the cepstra of teachers' recordings, which tests/test_nano.py compares with."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", type=Path, help=".npz file to write")
    parser.add_argument("--audio", type=Path, default=Path(".cache/nano/listen/teacher"))
    parser.add_argument("--voices", nargs="+", required=True)
    parser.add_argument("--sentences", type=int, default=4)
    args = parser.parse_args()
    rows: dict[str, Any] = {
        f"{voice}.{number}": cepstra(
            *soundfile.read(args.audio / voice / f"{number:02}.wav", dtype="float32")
        ).astype(np.float16)
        for voice in args.voices
        for number in range(args.sentences)
    }
    np.savez_compressed(args.out, **rows)


if __name__ == "__main__":
    main()
