"""Recognisers that know nothing of the voice's networks.

English uses PocketSphinx's own acoustic model, dictionary and trigrams. Mandarin uses the acoustic
model of CMU Sphinx (toneless) with a bigram model over the syllables of the sentences asked: it
knows which syllables follow each other in them, not which sentence is spoken. For Japanese, Korean
and Cantonese there is none to be had: a small network judges them, which was taught the phonemes of
other sentences from the teachers' own audio (`python -m training.train_recognizer`).
"""

import math
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Decoder
from scipy.signal import resample_poly

from cosyvoice_lite.text.phonemes import inventory
from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer

SAMPLE_RATE = 16_000
MODEL_RATE = 22_050
BIGRAM_DISCOUNT = 0.5


def edits(wanted: Sequence[str], heard: Sequence[str]) -> int:
    """Insertions, deletions and replacements between two sequences (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, a in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


class EnglishWords:
    """Words of a sentence, and those heard in a recording."""

    def __init__(self) -> None:
        self.decoder = Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")

    def wanted(self, text: str) -> list[str]:
        return re.findall(r"[a-z']+", text.lower())

    def heard(self, samples: NDArray[np.float32], sample_rate: int) -> list[str]:
        return self.wanted(re.sub(r"\(\d\)", "", recognized(self.decoder, samples, sample_rate)))


class MandarinSyllables:
    """Toneless pinyin of a sentence, and what is heard in a recording."""

    def __init__(self, model: Path, sentences: Sequence[str]) -> None:
        from pypinyin import lazy_pinyin

        self.spell = lazy_pinyin
        syllables = [self.wanted(sentence) for sentence in sentences]
        with tempfile.TemporaryDirectory() as folder:
            words = Path(folder) / "syllables.dict"
            bigrams = Path(folder) / "syllables.lm"
            words.write_text(self._pronunciations(model, syllables), encoding="utf-8")
            bigrams.write_text(arpa(syllables), encoding="utf-8")
            self.decoder = Decoder(
                hmm=str(model / "acoustic"),
                dict=str(words),
                lm=str(bigrams),
                samprate=SAMPLE_RATE,
                loglevel="FATAL",
            )

    def wanted(self, text: str) -> list[str]:
        return [s for s in self.spell(text) if s.isascii() and s.isalpha()]

    def heard(self, samples: NDArray[np.float32], sample_rate: int) -> list[str]:
        return re.sub(r"\(\d\)", "", recognized(self.decoder, samples, sample_rate)).split()

    def _pronunciations(self, model: Path, sentences: list[list[str]]) -> str:
        """One line per syllable, with the phones of a character that is read so."""
        needed = {syllable for sentence in sentences for syllable in sentence}
        phones: dict[str, str] = {}
        for line in (model / "mandarin_notone.zh_CN.dic").read_text("utf-8").splitlines():
            word, _, spoken = line.partition(" ")
            if len(word) == 1 and len(found := self.spell(word)) == 1:
                phones.setdefault(found[0], spoken)
        return "".join(f"{s} {phones[s]}\n" for s in sorted(needed) if s in phones)


class Phonemes:
    """Phonemes that a sentence asks for, and those heard: no tones, no accents, no boundaries."""

    def __init__(self, run: Path, language: str) -> None:
        import torch
        from training.loop import averaged
        from training.model.recognizer import Recognizer

        self.torch, self.tokenizer = torch, PhonemeTokenizer(language)
        self.network = averaged(run, Recognizer(inventory.SIZE)).cpu()

    def wanted(self, text: str) -> list[str]:
        return _segments(self.tokenizer.encode(text))

    def heard(self, samples: NDArray[np.float32], sample_rate: int) -> list[str]:
        from training.model.recognizer import best_symbols
        from training.spectral import mel_spectrogram

        if sample_rate != MODEL_RATE:
            raise ValueError(f"a recording has {sample_rate} Hz, must have {MODEL_RATE}")
        with self.torch.no_grad():
            wave = self.torch.from_numpy(samples)[None]
            logits = self.network(mel_spectrogram(wave))[0]
        return _segments(best_symbols(logits, inventory.IDS[inventory.PAD]))


def _segments(ids: Sequence[int]) -> list[str]:
    """Of symbols, those that are sounds: neither marks nor tones nor accents."""
    symbols = (inventory.SYMBOLS[number] for number in ids if number < len(inventory.SYMBOLS))
    sounds = (symbol for symbol in symbols if ":" in symbol)
    return [s for s in sounds if not re.fullmatch(r"\w+:[\d\[\]/]", s)]


def recognized(decoder: Decoder, samples: NDArray[np.float32], sample_rate: int) -> str:
    """The best hypothesis for one recording."""
    divisor = math.gcd(SAMPLE_RATE, sample_rate)
    wave = resample_poly(samples, SAMPLE_RATE // divisor, sample_rate // divisor)
    margin = np.zeros(SAMPLE_RATE // 5)
    wave = np.concatenate([margin, wave, margin])
    decoder.start_utt()
    decoder.process_raw(np.int16(np.clip(wave, -1, 1) * 32767).tobytes(), full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return found.hypstr if found else ""


def arpa(sentences: list[list[str]]) -> str:
    """A bigram model with absolute discounting in ARPA format."""
    marked = [["<s>", *sentence, "</s>"] for sentence in sentences]
    single = Counter(word for sentence in marked for word in sentence)
    double = Counter(pair for sentence in marked for pair in pairwise(sentence))
    after = Counter(first for first, _ in double)
    total = sum(single.values())
    lines = ["\\data\\", f"ngram 1={len(single)}", f"ngram 2={len(double)}", "", "\\1-grams:"]
    for word, count in sorted(single.items()):
        left = BIGRAM_DISCOUNT * after[word] / count if after[word] else 1.0
        lines.append(f"{math.log10(count / total):.4f}\t{word}\t{math.log10(left):.4f}")
    lines += ["", "\\2-grams:"]
    for (first, second), count in sorted(double.items()):
        chance = (count - BIGRAM_DISCOUNT) / single[first]
        lines.append(f"{math.log10(chance):.4f}\t{first} {second}")
    return "\n".join([*lines, "", "\\end\\", ""])
