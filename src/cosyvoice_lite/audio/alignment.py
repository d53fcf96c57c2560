"""When what is known to be said is heard: kinds of sound laid along loudness and brightness.

A vowel is loud, a hiss is bright, a stop is quiet, and each lasts about so long. Of all ways to cut
the speech into the sounds of its words in their order, with silence between words where there is
some, the likeliest is taken: a Viterbi search over durations (a hidden semi-Markov model), with no
network and nothing learnt but the few figures here. Steps are 10 ms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.audio.waveform import Samples

Array = NDArray[Any]
Back = tuple[int, NDArray[np.int32]]

STEP_S = 0.01
LONGEST = 60
"""Steps that one sound may last."""
REFERENCE_RATE = 22050
"""Hz at which the brightness of sounds was looked at."""


class Sound(NamedTuple):
    """How long a kind of sound lasts, and how it is heard: mean and deviation of its level, in dB
    over the loud parts, and of its brightness, the level of the slope over that of the wave."""

    seconds: float
    level_db: float
    level_deviation: float
    bright_db: float
    bright_deviation: float


SOUNDS = {
    "reduced": Sound(0.06, -10, 7, -12, 5),  # vowels without stress
    "short": Sound(0.085, -8, 7, -12, 5),
    "vowel": Sound(0.115, -6, 6, -12, 5),
    "long": Sound(0.15, -6, 6, -12, 5),
    "hum": Sound(0.06, -11, 7, -15, 5),  # nasals, liquids, glides
    "hiss": Sound(0.10, -20, 8, 0, 5),  # s, sh, ch
    "breath": Sound(0.065, -25, 9, -8, 7),  # f, th, h
    "stop": Sound(0.065, -27, 12, -8, 7),
}
"""Set by hand, on English."""
SILENCE = Sound(0.0, -48, 9, -5, 8)

TRUST = 0.25
"""Weight of a step's evidence: neighbours overlap, so they say much the same."""
DURATION_DEVIATION = 0.4
"""Of the logarithm of how long a sound lasts."""
PAUSE_COST, GAP_COST = 2.0, 8.0
"""Of silence where the text pauses, and where it doesn't."""
QUIET_DB = -45.0
SLOWEST, FASTEST = 6.0, 0.3
"""Bounds of the factor on durations, which each speech has of its own."""
NEVER = -1e9


def align(
    samples: Samples, sample_rate: int, words: Sequence[Sequence[str]], pauses: Sequence[bool]
) -> list[tuple[float, float]] | None:
    """When each word is heard.

    Args:
        samples: the speech, float32 ``(T_wav,)``.
        words: of each its kinds of sound, names in `SOUNDS`; none is empty.
        pauses: whether the text pauses behind each.

    Returns:
        Begin and end of each in seconds, in order; None where the speech has no room for them.
    """
    n_sounds = sum(map(len, words))
    step = max(1, int(sample_rate * STEP_S))
    if not 0 < n_sounds <= samples.size // step:
        return None
    heard = _heard(samples, sample_rate, step)
    backs = _search(heard, words, pauses, _slowness(heard, words))
    return [
        (begin * step / sample_rate, end * step / sample_rate)
        for begin, end in _walked(backs, len(heard), len(words))
    ]


def _heard(samples: Samples, sample_rate: int, step: int) -> Array:
    """Level and brightness, in dB, of 20 ms around each step: (T, 2)."""
    n, width = samples.size // step, 2 * step
    wave = np.pad(samples.astype(np.float64), (step // 2, width))
    slope = np.diff(wave, append=0.0) * (sample_rate / REFERENCE_RATE)
    at = np.arange(n) * step
    power, steep = (np.concatenate(([0.0], np.cumsum(np.square(x)))) for x in (wave, slope))
    power, steep = ((x[at + width] - x[at]) / width for x in (power, steep))
    level = 10 * np.log10(power + 1e-9)
    bright = 10 * np.log10((steep + 1e-10) / (power + 1e-9))
    return np.stack([level - np.quantile(level, 0.95), bright], axis=1)


def _slowness(heard: Array, words: Sequence[Sequence[str]]) -> float:
    """The factor on all durations with which the sounds fill what is not silent."""
    loud_s = STEP_S * np.count_nonzero(heard[:, 0] > QUIET_DB)
    expected_s = sum(SOUNDS[kind].seconds for word in words for kind in word)
    return float(np.clip(loud_s / expected_s, FASTEST, SLOWEST))


def _evidence(heard: Array, sound: Sound) -> Array:
    """Log-likelihood of a sound, summed from the beginning up to each step: (T + 1,)."""
    level = (heard[:, 0] - sound.level_db) / sound.level_deviation
    bright = (heard[:, 1] - sound.bright_db) / sound.bright_deviation
    each = -0.5 * (level**2 + bright**2)
    each -= math.log(sound.level_deviation * sound.bright_deviation)
    return np.concatenate(([0.0], TRUST * np.cumsum(each)))


def _search(
    heard: Array, words: Sequence[Sequence[str]], pauses: Sequence[bool], slowness: float
) -> list[Back]:
    """For each sound and silence its word (-1: none), and where it best began for each end."""
    kinds = {kind for word in words for kind in word}
    evidence = {kind: _evidence(heard, SOUNDS[kind]) for kind in kinds}
    lasting = {kind: _lasting(SOUNDS[kind].seconds * slowness / STEP_S) for kind in kinds}
    silence = _evidence(heard, SILENCE)
    best = np.full(len(heard) + 1, NEVER)
    best[0] = 0.0
    backs: list[Back] = []
    best, began = _silent(best, silence, 0.0)
    backs.append((-1, began))
    for number, word in enumerate(words):
        for kind in word:
            best, began = _sounded(best, evidence[kind], lasting[kind])
            backs.append((number, began))
        cost = PAUSE_COST if pauses[number] else GAP_COST
        best, began = _silent(best, silence, cost if number + 1 < len(words) else 0.0)
        backs.append((-1, began))
    return backs


def _lasting(steps: float) -> Array:
    """Log-likelihood, but for a constant, of lasting LONGEST … 1 steps where `steps` are usual."""
    off = np.log(np.arange(LONGEST, 0, -1) / steps) / DURATION_DEVIATION
    return np.asarray(-0.5 * off**2)


def _sounded(best: Array, evidence: Array, lasting: Array) -> tuple[Array, NDArray[np.int32]]:
    """One more sound: how good the best way is for each end of it, and where it then began."""
    before = np.concatenate((np.full(LONGEST, NEVER), best - evidence))
    ways = np.lib.stride_tricks.sliding_window_view(before, LONGEST)[: best.size] + lasting
    chosen = ways.argmax(axis=1)
    at = np.arange(best.size)
    return ways[at, chosen] + evidence, (at - LONGEST + chosen).astype(np.int32)


def _silent(best: Array, silence: Array, cost: float) -> tuple[Array, NDArray[np.int32]]:
    """Silence of any length, or none."""
    before, at = best - silence, np.arange(best.size)
    highest = np.maximum.accumulate(before)
    began = np.maximum.accumulate(np.where(before >= highest, at, 0))
    with_it = highest + silence - cost
    is_better = with_it > best
    return np.where(is_better, with_it, best), np.where(is_better, began, at).astype(np.int32)


def _walked(backs: list[Back], end: int, n_words: int) -> list[tuple[int, int]]:
    """First and last step of each word, from the last sound back to the first."""
    begins, ends = [0] * n_words, [0] * n_words
    for number, began in reversed(backs):
        begin = int(began[end])
        if number >= 0:
            begins[number] = begin
            ends[number] = max(ends[number], end)
        end = begin
    return list(zip(begins, ends, strict=True))
