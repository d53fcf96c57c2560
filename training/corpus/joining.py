"""Sentences from recorded words (Mandarin) and syllables (Cantonese).

The sentence's phonemes choose the recordings, so what is heard is what the tokenizer says: longest
recorded word first, then single syllables, then (Mandarin only) the same syllable in another tone,
bent to the tone it should have. Isolated words are slow and all start high and end in a fall; here
they are shortened, the more the further from the end of the phrase, and laid on a falling line that
starts anew after a pause.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.corpus.levels import normalize
from training.corpus.pitch import pitches
from training.corpus.store import SAMPLE_RATE, Store
from training.corpus.syllables import Syllable, read, syllables
from training.corpus.warping import repitch, stretch

FADE = int(0.012 * SAMPLE_RATE)
PAUSES_S = {",": 0.22, ";": 0.25, ".": 0.35, "?": 0.35, "!": 0.35, "…": 0.35}
FALL = 0.14  # of the pitch, from the first to the last syllable of a phrase
PHRASE_END_STRETCH = 1.25
SYLLABLE_S = {"zh": 0.225, "yue": 0.225}  # aimed at inside a phrase
SHORTEST = 0.25  # of a recording's length
NEUTRAL_STRETCH = 0.75
BEND_LIMITS = (0.6, 1.6)
# Pitch of Mandarin tones around the speaker's mean, at start, middle and end of the syllable.
TONES = {"1": (1.2, 1.2, 1.2), "2": (0.85, 0.95, 1.15), "3": (0.85, 0.75, 0.85)}
TONES |= {"4": (1.25, 1.05, 0.75), "5": (0.95, 0.88, 0.82)}

Samples = NDArray[np.float32]


class MissingRecordingError(LookupError):
    """A syllable that nobody recorded."""


@dataclass(frozen=True)
class Piece:
    """One recording in the sentence: which, how many syllables, and the tone to bend it to."""

    recording: int
    count: int
    tone: str = ""


class Joiner:
    """Speaks sentences with the recordings of one store."""

    def __init__(self, recordings: Store, language: str) -> None:
        self.recordings, self.language = recordings, language
        self.pitches = pitches(recordings)
        voiced = np.concatenate(self.pitches)
        self.mean_hz = float(np.median(voiced[voiced > 0]))
        self.index: dict[tuple[Syllable, ...], list[int]] = {}
        for number, recording in enumerate(recordings):
            self.index.setdefault(_label_syllables(recording.text, language), []).append(number)
        self.longest = max(len(key) for key in self.index)

    def speak(self, text: str, speed: float, rng: np.random.Generator) -> Samples:
        """The sentence at one loudness, trimmed.

        Raises:
            MissingRecordingError: a syllable of it was never recorded.
        """
        phrases = self._phrases(read(text, self.language), rng)
        parts: list[Samples] = [np.zeros(int(0.05 * SAMPLE_RATE), np.float32)]
        for pieces, mark in phrases:
            parts += self._phrase(pieces, mark, speed, rng)
        return normalize(_joined(parts))

    def _phrases(
        self, items: list[Syllable | str], rng: np.random.Generator
    ) -> list[tuple[list[Piece], str]]:
        """Pieces between pauses, each phrase with the mark that ends it."""
        phrases: list[tuple[list[Piece], str]] = []
        run: list[Syllable] = []
        for item in [*items, "."]:
            if isinstance(item, tuple):
                run.append(item)
            elif item in PAUSES_S and run:
                phrases.append((self._cover(run, rng), item))
                run = []
        return phrases

    def _cover(self, run: list[Syllable], rng: np.random.Generator) -> list[Piece]:
        pieces: list[Piece] = []
        while run:
            piece = self._first(run, rng)
            pieces.append(piece)
            run = run[piece.count :]
        return pieces

    def _first(self, run: list[Syllable], rng: np.random.Generator) -> Piece:
        for count in range(min(self.longest, len(run)), 0, -1):
            found = self.index.get(tuple(run[:count]))
            if found:
                return Piece(int(rng.choice(found)), count)
        sound, tone = run[0][:-1], run[0][-1][-1]
        for other in TONES if self.language == "zh" else ():
            found = self.index.get(((*sound, f"zh:{other}"),))
            if found:
                return Piece(int(rng.choice(found)), 1, tone)
        raise MissingRecordingError(" ".join(run[0]))

    def _phrase(
        self, pieces: list[Piece], mark: str, speed: float, rng: np.random.Generator
    ) -> list[Samples]:
        total = sum(piece.count for piece in pieces)
        parts, done = [], 0
        for piece in pieces:
            done += piece.count
            height = 1 + FALL * (0.5 - done / total) + rng.normal(0, 0.015)
            if mark == "?" and done == total:
                height *= 1.12
            tempo = PHRASE_END_STRETCH if done == total else rng.normal(1, 0.04)
            parts.append(self._piece(piece, height, tempo / speed))
        parts.append(np.zeros(int(PAUSES_S[mark] / speed * SAMPLE_RATE), np.float32))
        return parts

    def _piece(self, piece: Piece, height: float, tempo: float) -> Samples:
        """One recording at `height` times its pitch, brought to the length it should have."""
        recording = self.recordings.utterances[piece.recording]
        ratios = self._bend(piece) if piece.tone else np.ones(2)
        samples = repitch(self.recordings.samples(recording), ratios * height)
        if piece.tone == "5":
            tempo *= NEUTRAL_STRETCH
        wanted = SYLLABLE_S[self.language] * piece.count * tempo * SAMPLE_RATE
        return stretch(samples, int(np.clip(wanted, SHORTEST * len(samples), len(samples))))

    def _bend(self, piece: Piece) -> NDArray[np.float64]:
        """The curve of ratios that turns a recorded tone into the piece's tone."""
        f0 = self.pitches[piece.recording]
        voiced = np.flatnonzero(f0 > 0)
        if len(voiced) < 2:
            return np.ones(2)
        place = np.linspace(0, 1, len(voiced))
        target = self.mean_hz * np.interp(place, (0, 0.5, 1), TONES[piece.tone])
        ratios = np.clip(target / f0[voiced], *BEND_LIMITS)
        return np.interp(np.arange(len(f0)), voiced, ratios)


def _label_syllables(label: str, language: str) -> tuple[Syllable, ...]:
    """What a recording says: Mandarin labels are characters, Cantonese ones jyutping."""
    if language == "zh":
        items = read(label, "zh")
    else:
        from cosyvoice_lite.errors import TextError
        from cosyvoice_lite.text.phonemes.yue import jyutping_phonemes

        try:
            items = syllables(jyutping_phonemes(label))
        except TextError:  # hm and hng: sounds, not syllables
            items = []
    return tuple(item for item in items if isinstance(item, tuple))


def _joined(parts: list[Samples]) -> Samples:
    """Parts end to end, each faded over FADE samples into the next."""
    ramp = np.linspace(0, 1, FADE, dtype=np.float32)
    out = parts[0]
    for part in parts[1:]:
        if min(len(part), len(out)) <= FADE:
            continue
        seam = out[-FADE:] * (1 - ramp) + part[:FADE] * ramp
        out = np.concatenate([out[:-FADE], seam, part[FADE:]])
    return out
