"""The two recorded corpora: Mandarin words and Cantonese syllables, read from their tar files."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import soundfile

from training.corpus.levels import Samples, denoise, normalize, resample, speech_bounds
from training.corpus.store import SAMPLE_RATE

GUARD_S = 0.03  # kept on both sides of what sounds like speech


def recordings(tar: Path, skip: int = 0) -> Iterator[tuple[str, Samples]]:
    """(label, samples) of all but the first `skip`: denoised, one loudness, cut to the speech.

    The label is the file's name: the word in characters, or the syllable in jyutping.
    """
    with tarfile.open(tar) as archive:
        sounds = [member for member in archive if member.name.endswith(".opus")]
        for member in sounds[skip:]:
            with archive.extractfile(member) as file:  # type: ignore[union-attr]  # it is a file
                samples, sample_rate = soundfile.read(io.BytesIO(file.read()), dtype="float32")
            yield Path(member.name).stem, clean(resample(samples, sample_rate))


def clean(samples: Samples) -> Samples:
    """Denoised, at one loudness, with GUARD_S of silence around the speech."""
    samples = normalize(denoise(samples))
    start, end = speech_bounds(samples)
    guard = int(GUARD_S * SAMPLE_RATE)
    return samples[max(0, start - guard) : end + guard]
