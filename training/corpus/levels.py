"""Every source brought to one form: mono, 22.05 kHz, one loudness, short silences at the ends."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import istft, resample_poly, stft

from training.corpus.store import SAMPLE_RATE

ACTIVE_RMS = 0.08  # of the parts that are speech: about -22 dBFS
PEAK = 0.95
FRAME = 220  # samples, 10 ms
SPEECH_FLOOR_DB = -38.0  # below the loud parts: taken for silence

Samples = NDArray[np.float32]


def resample(samples: Samples, sample_rate: int) -> Samples:
    """Any rate to SAMPLE_RATE."""
    divisor = np.gcd(SAMPLE_RATE, sample_rate)
    up, down = SAMPLE_RATE // divisor, sample_rate // divisor
    return samples if up == down else resample_poly(samples, up, down).astype(np.float32)


def frame_rms(samples: Samples) -> Samples:
    """Root mean square of each 10 ms frame."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    return np.sqrt(np.mean(frames**2, axis=1) + 1e-12)


def speech_bounds(samples: Samples, floor_db: float = SPEECH_FLOOR_DB) -> tuple[int, int]:
    """First and last sample of speech: where frames rise above a floor under the loud ones."""
    loudness = frame_rms(samples)
    threshold = np.percentile(loudness, 95) * 10 ** (floor_db / 20)
    active = np.flatnonzero(loudness > threshold)
    if len(active) == 0:
        return 0, len(samples)
    return int(active[0]) * FRAME, int(active[-1] + 1) * FRAME


def trim(samples: Samples, lead_s: float = 0.05, tail_s: float = 0.12) -> Samples:
    """Cut silence at both ends, leaving `lead_s` before and `tail_s` after (padded if missing)."""
    start, end = speech_bounds(samples)
    lead, tail = int(lead_s * SAMPLE_RATE), int(tail_s * SAMPLE_RATE)
    padded = np.pad(samples, (lead, tail))
    return padded[start : end + lead + tail]


def normalize(samples: Samples) -> Samples:
    """One loudness for all: the RMS of active frames becomes ACTIVE_RMS, peaks stay below PEAK."""
    loudness = frame_rms(samples)
    active = loudness[loudness > 0.1 * np.percentile(loudness, 95)]
    gain = ACTIVE_RMS / np.sqrt(np.mean(active**2))
    return (samples * min(gain, PEAK / np.abs(samples).max())).astype(np.float32)


def denoise(samples: Samples, floor: float = 0.15) -> Samples:
    """Remove stationary background by a Wiener gain; the quietest frames say what noise is."""
    _, _, spectrum = stft(samples, SAMPLE_RATE, nperseg=1024, noverlap=768)  # (513, T) complex
    power = np.abs(spectrum) ** 2
    order = np.argsort(power.sum(axis=0))
    quiet = order[: max(3, len(order) // 10)]
    noise = 2.0 * power[:, quiet].mean(axis=1, keepdims=True)  # twice: keeps residue from warbling
    gain = np.maximum(1.0 - noise / np.maximum(power, 1e-12), floor**2)
    smooth = (gain + np.roll(gain, 1, axis=1) + np.roll(gain, -1, axis=1)) / 3
    _, cleaned = istft(spectrum * np.sqrt(smooth), SAMPLE_RATE, nperseg=1024, noverlap=768)
    return cleaned[: len(samples)].astype(np.float32)
