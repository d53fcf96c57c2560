"""How far the times of words are off, beside a forced aligner: PocketSphinx, English and Mandarin.

    python -m benchmarks.word_times FOLDER … [--count 50] [--scoring ../shared/scoring]

Each FOLDER is named by a voice (en_male, zh_female) and has recordings NN.wav of the held-out
sentences (training/sentences), as training/listen.py and benchmarks/quality.py write them. For each
it prints the mean absolute error of word starts in ms (in Mandarin of syllables), the mean error,
and the 95th percentile: of times shared out by characters, found by letters (as for voices that
read text) and by phonemes (nano). The first word is left out: it begins where the sentence does.
Sentences that PocketSphinx can't align are skipped and counted. The last line is one JSON object.
PocketSphinx itself sees steps of 10 ms and is no judge of less.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from benchmarks.recognizers import SAMPLE_RATE, EnglishWords, MandarinSyllables
from numpy.typing import NDArray
from scipy.signal import resample_poly

from cosyvoice_lite.audio.subtitles import Cue, words
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.runtime.timing import sounding, with_words
from cosyvoice_lite.text import frontend
from cosyvoice_lite.text.phonemes.en import phonemes
from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer

SENTENCES = Path(__file__).parents[1] / "training" / "sentences"
FRAMES_PER_S = 100


class Aligner:
    """Where a recogniser that is told the words of a recording finds them."""

    def __init__(self, language: str, texts: list[str], scoring: Path) -> None:
        zh = scoring / "zh_pocketsphinx"
        judge = EnglishWords() if language == "en" else MandarinSyllables(zh, texts)
        self.decoder, self.wanted = judge.decoder, judge.wanted

    def starts(self, audio: Audio, text: str) -> list[float] | None:
        """Of each word, in seconds; None where it can't tell."""
        wanted = self.wanted(text)
        for word in wanted:
            if self.decoder.lookup_word(word) is None:
                phones = (s.removeprefix("en:").rstrip("012") for s in phonemes(word))
                self.decoder.add_word(word, " ".join(phones), True)
        self.decoder.set_align_text(" ".join(wanted))
        scale = np.gcd(SAMPLE_RATE, audio.sample_rate)
        lower = resample_poly(audio.samples, SAMPLE_RATE // scale, audio.sample_rate // scale)
        self.decoder.start_utt()
        self.decoder.process_raw(
            (np.clip(lower, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True
        )
        self.decoder.end_utt()
        try:
            found = [s for s in self.decoder.seg() or () if s.word[0] not in "<["]
        except RuntimeError:
            return None
        if [re.sub(r"\(\d\)", "", s.word) for s in found] != wanted:
            return None
        return [s.start_frame / FRAMES_PER_S for s in found]


def estimates(audio: Audio, text: str, language: str) -> dict[str, list[float]]:
    """Starts of its words, by each way of telling them."""
    (segment,) = frontend.prepare(text, PhonemeTokenizer(), language=language)
    cue = Cue(*(sounding(audio) or (0.0, audio.duration_s)), segment.text)
    spelled = replace(segment, reads_phonemes=False)
    ways = {
        "characters": cue,
        "letters": with_words(cue, spelled, audio),
        "phonemes": with_words(cue, segment, audio),
    }
    return {way: [word.start_s for word in words(found)] for way, found in ways.items()}


def measure(folder: Path, count: int, scoring: Path) -> dict[str, object]:
    language = folder.name.partition("_")[0]
    heldout = SENTENCES / f"heldout_{language}.txt"
    texts = [line for line in heldout.read_text("utf-8").splitlines() if line][:count]
    aligner = Aligner(language, texts, scoring)
    errors: dict[str, list[NDArray[np.float64]]] = {}
    n_skipped = 0
    for number, text in enumerate(texts):
        samples, rate = soundfile.read(folder / f"{number:02}.wav", dtype="float32")
        audio = Audio(samples, rate)
        truth = aligner.starts(audio, text)
        if truth is None:
            n_skipped += 1
            continue
        for way, starts in estimates(audio, text, language).items():
            errors.setdefault(way, []).append(np.subtract(starts, truth)[1:])
    return {
        "folder": "/".join(folder.parts[-2:]),
        "sentences": len(texts) - n_skipped,
        "skipped": n_skipped,
        **{way: _spread(np.concatenate(each)) for way, each in errors.items()},
    }


def _spread(errors: NDArray[np.float64]) -> dict[str, int]:
    off = np.abs(errors)
    figures = off.mean(), errors.mean(), np.quantile(off, 0.95)
    named = zip(("mean_absolute", "mean", "p95"), figures, strict=True)
    return {name: round(1000 * float(value)) for name, value in named}


def main() -> None:
    p = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    p.add_argument("folders", type=Path, nargs="+")
    p.add_argument("--count", type=int, default=50)
    p.add_argument("--scoring", type=Path, default=Path("../shared/scoring"))
    options = p.parse_args()
    found = []
    for folder in options.folders:
        row = measure(folder, options.count, options.scoring)
        found.append(row)
        print(", ".join(f"{name} {value}" for name, value in row.items()))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
