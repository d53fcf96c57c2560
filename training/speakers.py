"""Who speaks in the training data: one row per voice, and the vector that stands for each.

The official system measures a speaker with a 192-dimensional x-vector. Nano has a closed set of
voices, so each gets a fixed vector instead: a random direction per voice, and for the Japanese
emotions a shared person plus a direction per mood, so that mood is a control of its own.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EMBEDDING_SIZE = 192
MOOD_WEIGHT = 0.5


@dataclass(frozen=True)
class Speaker:
    """One voice: its language, where its audio comes from, and the range of its pitch in Hz."""

    name: str
    language: str
    source: str
    f0_floor: float
    f0_ceiling: float
    mood: str = "neutral"

    @property
    def person(self) -> str:
        """The voice without its mood."""
        return self.name.removesuffix(f"_{self.mood}")


SPEAKERS = {
    speaker.name: speaker
    for speaker in (
        Speaker("zh_female", "zh", "zh_words.tar", 120, 420),
        Speaker("yue_male", "yue", "yue_syllables.tar", 60, 260),
        Speaker("en_male", "en", "flite:rms", 60, 220),
        Speaker("en_female", "en", "flite:slt", 100, 350),
        Speaker("ja_female", "ja", "open_jtalk:neutral", 110, 480),
        Speaker("ja_female_happy", "ja", "open_jtalk:happy", 110, 600, "happy"),
        Speaker("ja_female_sad", "ja", "open_jtalk:sad", 110, 480, "sad"),
        Speaker("ja_female_angry", "ja", "open_jtalk:angry", 110, 600, "angry"),
        Speaker("ko_female", "ko", "espeak-ng:ko+f2", 100, 420),
        Speaker("ko_male", "ko", "espeak-ng:ko+pablo", 50, 260),
    )
}


def embedding(name: str) -> NDArray[np.float32]:
    """The voice's vector (EMBEDDING_SIZE,), unit length; the same on every machine."""
    speaker = SPEAKERS[name]
    vector = _direction(f"person {speaker.person}")
    if speaker.mood != "neutral":
        vector = vector + MOOD_WEIGHT * _direction(f"mood {speaker.mood}")
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _direction(label: str) -> NDArray[np.float64]:
    seed = list(hashlib.sha256(label.encode()).digest())
    return np.random.default_rng(seed).standard_normal(EMBEDDING_SIZE)
