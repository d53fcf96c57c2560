"""How good nano's voices are, beside the audio they were taught with, on held-out sentences.

For every voice the script compares folders of WAV files named by the number of the sentence:
`teacher`, `speech`, which `--speak BUNDLE` makes with the package itself, and, as far as they are
there, `copy` and `resynthesis` (see training/listen.py). It measures the sentences that all have

    error     words (en), syllables (zh) or phonemes (yue, ja, ko) that a recogniser gets wrong, in
              percent; for the last three, one trained by training/train_recognizer.py
    dnsmos    predicted overall opinion, 1 to 5
    length    duration relative to the teacher's, mean, and how many sentences are off by over 25 %
    level     RMS in dBFS, and how many sentences clip
    dead      how many sentences have a silence of over a second

and prints a table for people and one line of JSON. It exits with 1 when `speech` misses a bar:
error at most 15 points above the teacher's, DNSMOS at most 0.3 below, lengths within 25 %.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from benchmarks.dnsmos import Dnsmos
from benchmarks.recognizers import EnglishWords, MandarinSyllables, Phonemes, edits
from numpy.typing import NDArray

from cosyvoice_lite.runtime.synthesizer import Synthesizer

VOICES = ("zh_female", "yue_male", "en_male", "en_female", "ja_female", "ko_female", "ko_male")
SYSTEMS = ("teacher", "copy", "resynthesis", "speech")
SENTENCES = Path(__file__).parents[1] / "training" / "sentences"
ERROR_MARGIN = 15.0
DNSMOS_MARGIN = 0.3
LENGTH_MARGIN = 0.25
CLIPPED = 0.985
SILENT = 0.003  # of full scale, in blocks of SILENCE_BLOCK_S
SILENCE_BLOCK_S, LONGEST_SILENCE_S = 0.02, 1.0


@dataclass(frozen=True)
class Row:
    """One voice of one system."""

    voice: str
    system: str
    sentences: int
    error: float
    dnsmos: float
    length: float
    off_length: int
    level_db: float
    clipped: int
    dead: int


Recognizer = EnglishWords | MandarinSyllables | Phonemes


@cache
def open_recognizer(language: str, scoring: Path, run: Path) -> Recognizer:
    """The judge of a language."""
    if language == "en":
        return EnglishWords()
    if language == "zh":
        return MandarinSyllables(scoring / "zh_pocketsphinx", heldout("zh"))
    return Phonemes(run, language)


def check_judges(languages: set[str], scoring: Path, run: Path) -> None:
    """Look for what the recognisers need before anything is spoken.

    Raises:
        SystemExit: a file is missing; says which, and where it comes from.
    """
    needed = {scoring / "dnsmos_sig_bak_ovr.onnx": "--scoring"}
    if "zh" in languages:
        needed[scoring / "zh_pocketsphinx" / "acoustic"] = "--scoring"
    if languages - {"en", "zh"}:
        needed[run / "checkpoint.pt"] = "--recognizer, the folder of training.train_recognizer"
    for path, option in needed.items():
        if not path.exists():
            sys.exit(f"{path}: not there ({option})")


def heldout(language: str) -> list[str]:
    """The sentences that no training text equals."""
    return (SENTENCES / f"heldout_{language}.txt").read_text(encoding="utf-8").splitlines()


def there(root: Path, voice: str) -> tuple[list[str], list[int]]:
    """Which systems have spoken for a voice, and the sentences that all of them have said.

    Raises:
        SystemExit: the teacher or `speech` has not.
    """
    said = {
        system: {int(path.stem) for path in (root / system / voice).glob("*.wav")}
        for system in SYSTEMS
    }
    systems = [system for system in SYSTEMS if said[system]]
    numbers = sorted(set.intersection(*(said[system] for system in systems or SYSTEMS)))
    for system in ("teacher", "speech"):
        if system not in systems or not numbers:
            sys.exit(f"{root / system / voice}: no sentences to compare")
    return systems, numbers


def measure(
    root: Path,
    voice: str,
    system: str,
    numbers: Sequence[int],
    recognizer: Recognizer,
    dnsmos: Dnsmos,
) -> Row:
    """All measures of the files of these sentences in root/system/voice."""
    texts = heldout(voice.split("_")[0])
    wrong, asked = 0, 0
    opinions, lengths, levels, clipped, dead = [], [], [], 0, 0
    for number in numbers:
        name = f"{voice}/{number:02}.wav"
        samples, rate = soundfile.read(root / system / name, dtype="float32")
        wanted = recognizer.wanted(texts[number])
        wrong += edits(wanted, recognizer.heard(samples, rate))
        asked += len(wanted)
        taught = soundfile.info(root / "teacher" / name)
        opinions.append(dnsmos(samples, rate).overall)
        lengths.append(len(samples) / rate / taught.duration)
        levels.append(10 * np.log10(np.mean(samples**2) + 1e-12))
        clipped += bool(np.abs(samples).max() > CLIPPED)
        dead += longest_silence(samples, rate) > LONGEST_SILENCE_S
    off = sum(abs(length - 1) > LENGTH_MARGIN for length in lengths)
    error = 100 * wrong / max(asked, 1)
    means = (float(np.mean(values)) for values in (opinions, lengths, levels))
    opinion, length, level = means
    return Row(voice, system, len(numbers), error, opinion, length, off, level, clipped, dead)


def longest_silence(samples: NDArray[np.float32], sample_rate: int) -> float:
    """Seconds of the longest stretch in which no block is louder than SILENT."""
    block = int(SILENCE_BLOCK_S * sample_rate)
    loud = np.abs(samples[: len(samples) // block * block].reshape(-1, block)).max(axis=1) > SILENT
    edges = np.flatnonzero(np.concatenate([[True], loud, [True]]))
    return float((np.diff(edges).max() - 1) * SILENCE_BLOCK_S)


def speak(bundle: Path, voice: str, folder: Path, count: int) -> None:
    """The first `count` held-out sentences by the package, with fixed seeds."""
    synthesizer = Synthesizer.open(bundle)
    language = voice.split("_")[0]
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.wav"):
        old.unlink()
    for number, text in enumerate(heldout(language)[:count]):
        audio = synthesizer.speak(text, voice=voice, language=language, seed=number)
        soundfile.write(folder / f"{number:02}.wav", audio.samples, audio.sample_rate)


def shortfalls(rows: list[Row]) -> list[str]:
    """Every bar that `speech` misses, in words."""
    teachers = {row.voice: row for row in rows if row.system == "teacher"}
    missed = []
    for row in rows:
        if row.system != "speech":
            continue
        teacher = teachers[row.voice]
        if not row.error <= teacher.error + ERROR_MARGIN:
            missed.append(f"{row.voice}: error {row.error:.1f} %, teacher {teacher.error:.1f} %")
        if not row.dnsmos >= teacher.dnsmos - DNSMOS_MARGIN:
            missed.append(f"{row.voice}: DNSMOS {row.dnsmos:.2f}, teacher {teacher.dnsmos:.2f}")
        if row.off_length:
            missed.append(f"{row.voice}: {row.off_length} sentences are off in length")
        if row.clipped:
            missed.append(f"{row.voice}: {row.clipped} sentences clip")
        if row.dead:
            missed.append(f"{row.voice}: {row.dead} sentences fall silent")
    return missed


def table(rows: list[Row]) -> str:
    """The rows for people."""
    head = "voice            system        n  error  dnsmos  length  off  level  clipped  dead"
    return "\n".join([head, *(_line(row) for row in rows)])


def _line(r: Row) -> str:
    measured = f"{r.error:5.1f}  {r.dnsmos:6.2f}  {r.length:6.2f}  {r.off_length:3}"
    faults = f"{r.level_db:5.1f}  {r.clipped:7}  {r.dead:4}"
    return f"{r.voice:16} {r.system:11} {r.sentences:3}  {measured}  {faults}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--audio", type=Path, default=Path(".cache/nano/listen"))
    parser.add_argument("--scoring", type=Path, default=Path("../shared/scoring"))
    parser.add_argument("--recognizer", type=Path, default=Path(".cache/nano/recognizer"))
    parser.add_argument("--voices", nargs="+", default=VOICES)
    parser.add_argument("--speak", type=Path, metavar="BUNDLE")
    parser.add_argument("--sentences", type=int, default=50, help="to speak")
    args = parser.parse_args()
    check_judges({v.split("_")[0] for v in args.voices}, args.scoring, args.recognizer)
    dnsmos = Dnsmos(args.scoring / "dnsmos_sig_bak_ovr.onnx")
    rows = []
    for voice in args.voices:
        if args.speak:
            speak(args.speak, voice, args.audio / "speech" / voice, args.sentences)
        recognizer = open_recognizer(voice.split("_")[0], args.scoring, args.recognizer)
        systems, numbers = there(args.audio, voice)
        rows += [measure(args.audio, voice, s, numbers, recognizer, dnsmos) for s in systems]
    missed = shortfalls(rows)
    print(table(rows))
    print("\n".join(missed or ["every bar is met"]))
    print(json.dumps({"rows": [asdict(row) for row in rows], "missed": missed}, allow_nan=False))
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
