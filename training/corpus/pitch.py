"""Pitch of a recording at the mel's frame rate, by WORLD's DIO and StoneMask."""

import numpy as np
import pyworld
from numpy.typing import NDArray

from training.corpus.store import SAMPLE_RATE, Store
from training.files import written
from training.speakers import SPEAKERS, Speaker

HOP = 256  # samples per mel frame
HALF_FRAME_MS = 500 * HOP / SAMPLE_RATE


def pitch(samples: NDArray[np.float32], speaker: Speaker) -> NDArray[np.float32]:
    """F0 in Hz of each whole mel frame, 0 where unvoiced; measured at the frame's centre."""
    wave = samples.astype(np.float64)
    rough, times = pyworld.dio(
        wave,
        SAMPLE_RATE,
        f0_floor=speaker.f0_floor,
        f0_ceil=speaker.f0_ceiling,
        frame_period=HALF_FRAME_MS,
    )
    centres = slice(1, 2 * (len(samples) // HOP), 2)  # DIO starts at time 0: odd points are centres
    return pyworld.stonemask(wave, rough, times, SAMPLE_RATE)[centres].astype(np.float32)


def pitches(store: Store) -> list[NDArray[np.float32]]:
    """The pitch of every utterance; measured once, then kept beside the audio."""
    path = store.index_path.with_name("pitch.npz")
    known = dict(np.load(path)) if path.exists() else {"values": np.zeros(0, np.float32)}
    values, lengths = [known["values"]], [u.length // HOP for u in store]
    done, have = 0, len(known["values"])
    while done < len(lengths) and sum(lengths[: done + 1]) <= have:
        done += 1
    values += [pitch(store.samples(u), SPEAKERS[u.voice]) for u in store.utterances[done:]]
    joined = np.concatenate([values[0][: sum(lengths[:done])], *values[1:]])
    if len(joined) != have:
        with written(path) as partial, partial.open("wb") as file:
            np.savez(file, values=joined)
    return np.split(joined, np.cumsum(lengths)[:-1])
