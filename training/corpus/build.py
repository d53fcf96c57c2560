"""Build the corpus: `python -m training.corpus.build --recordings ../shared/corpus`.

First the recordings are cleaned and stored, then every voice speaks sentences until it has its
minutes. Both go on where they were stopped, to the same corpus: a voice's sentences and their tempo
depend on the seed alone, and what it has said is passed over.
"""

import argparse
import shutil
import sys
from collections.abc import Callable
from multiprocessing import Pool
from pathlib import Path
from subprocess import CalledProcessError
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from training.corpus.joining import Joiner, MissingRecordingError
from training.corpus.levels import Samples
from training.corpus.pitch import pitches
from training.corpus.recordings import recordings
from training.corpus.store import SAMPLE_RATE, Store
from training.corpus.teachers import model_of, speak
from training.corpus.texts import frequent_words, phrases, sentences
from training.files import claim, end_workers_with_me
from training.speakers import SPEAKERS, Speaker

SEED = 2026
SECONDS = (0.8, 11.0)  # shorter and longer sentences are left out
PHRASES = 0.04  # of the minutes more, of one or two words
PHRASE_SECONDS = (0.2, 2.5)
MOST_REFUSED = 200  # texts in a row that a voice can't say: then it can say none
TEMPO = (0.88, 1.14)
MINUTES = {
    "zh_female": 270,
    "yue_male": 270,
    "en_male": 225,
    "en_female": 225,
    "ja_female": 120,
    "ja_female_happy": 30,
    "ja_female_sad": 30,
    "ja_female_angry": 30,
    "ko_female": 120,
    "ko_male": 60,
}


class Order(NamedTuple):
    """What one worker is to build."""

    voice: str
    minutes: float
    tars: Path
    cache: Path


def is_recorded(speaker: Speaker) -> bool:
    """Whether the voice is a corpus of recordings rather than a synthesiser."""
    return speaker.source.endswith(".tar")


def store_recordings(speaker: Speaker, tars: Path, cache: Path) -> Store:
    """The cleaned recordings of a corpus; complete after the first call."""
    store = Store(cache / "recordings" / speaker.name)
    for label, samples in recordings(tars / speaker.source, skip=len(store)):
        store.append(label, speaker.language, speaker.name, samples)
    return store


def speaking(speaker: Speaker, tars: Path, cache: Path) -> Callable[..., Samples]:
    """A function (text, tempo, rng) → samples that speaks with this voice."""
    if is_recorded(speaker):
        return Joiner(store_recordings(speaker, tars, cache), speaker.language).speak
    return lambda text, tempo, rng: speak(text, speaker, tempo, tars)


def build_voice(order: Order) -> None:
    """Speak sentences until the voice has its minutes, then phrases; then measure their pitch."""
    speaker = SPEAKERS[order.voice]
    say = speaking(speaker, order.tars, order.cache)
    store = Store(order.cache / "corpus" / speaker.name)
    claim(store.index_path.parent)
    words = _words(speaker, order.cache)
    total = order.minutes * (1 + PHRASES)
    done = min(total, store.seconds / 60)
    bar = tqdm(total=total, initial=done, desc=speaker.name, unit="min", mininterval=10)
    said = {utterance.text for utterance in store}
    refused = 0
    attempt = len(store)  # at least; others could not be said, or were too long
    while store.seconds < 60 * total:
        rng = np.random.default_rng((SEED, attempt, *speaker.name.encode()))
        attempt += 1
        brief = store.seconds >= 60 * order.minutes
        text = next((phrases if brief else sentences)(speaker.language, words, rng))
        if text in said:
            continue
        try:
            samples = say(text, rng.uniform(*TEMPO), rng)
        except (MissingRecordingError, CalledProcessError):
            refused += 1
            if refused > MOST_REFUSED:
                raise
            continue
        refused = 0
        least, most = PHRASE_SECONDS if brief else SECONDS
        if least <= len(samples) / SAMPLE_RATE <= most:
            store.append(text, speaker.language, speaker.name, samples)
            said.add(text)
            bar.update(min(total, store.seconds / 60) - bar.n)
    pitches(store)


def missing_sources(orders: list[Order]) -> list[str]:
    """Recordings, models and programs that the voices need and this machine lacks."""
    missing = []
    for speaker, tars in ((SPEAKERS[order.voice], order.tars) for order in orders):
        program, _, voice = speaker.source.partition(":")
        files = [tars / program] if is_recorded(speaker) else model_of(program, voice, tars)
        missing += [str(file) for file in files if not file.exists()]
        if not is_recorded(speaker) and shutil.which(program) is None:
            missing.append(program)
    return sorted(set(missing))


def _words(speaker: Speaker, cache: Path) -> list[str]:
    if speaker.language == "zh":  # the words she recorded
        return sorted({u.text for u in Store(cache / "recordings" / speaker.name)})
    return frequent_words(speaker.language)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--voices", nargs="*", default=list(MINUTES))
    parser.add_argument("--scale", type=float, default=1.0, help="of the minutes per voice")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    orders = [Order(v, MINUTES[v] * args.scale, args.recordings, args.cache) for v in args.voices]
    if missing := missing_sources(orders):
        sys.exit(f"training/README.md says where these are from: {', '.join(missing)}")
    with Pool(args.processes) as pool:
        end_workers_with_me()
        for _ in pool.imap_unordered(build_voice, orders):
            pass


if __name__ == "__main__":
    main()
