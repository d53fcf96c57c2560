"""The synthesisers that speak our sentences: flite (en), open_jtalk (ja), espeak-ng (ko).

All three are Debian packages, called as programs; nothing of them is linked or shipped.
"""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import soundfile

from training.corpus.levels import Samples, normalize, resample, trim
from training.speakers import Speaker

JTALK_DICTIONARY = "/var/lib/mecab/dic/open-jtalk/naist-jdic"


def flite(text: str, voice: str, speed: float, wav: Path, corpus: Path) -> None:
    """English; `voice` is rms (a man) or slt (a woman)."""
    stretch = f"duration_stretch={1 / speed:.3f}"
    _run(["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(wav)])


def open_jtalk(text: str, voice: str, speed: float, wav: Path, corpus: Path) -> None:
    """Japanese; `voice` is the mood of the tohoku-f01 speaker."""
    [model] = model_of("open_jtalk", voice, corpus)
    command = ["open_jtalk", "-x", JTALK_DICTIONARY, "-m", str(model)]
    _run([*command, "-r", f"{speed:.3f}", "-ow", str(wav)], text)


def espeak(text: str, voice: str, speed: float, wav: Path, corpus: Path) -> None:
    """Korean; `voice` is an espeak-ng voice with its variant."""
    words_per_minute = str(round(150 * speed))
    _run(["espeak-ng", "-v", voice, "-s", words_per_minute, "-w", str(wav), text])


TEACHERS: dict[str, Callable[[str, str, float, Path, Path], None]] = {
    "flite": flite,
    "open_jtalk": open_jtalk,
    "espeak-ng": espeak,
}


def speak(text: str, speaker: Speaker, speed: float, corpus: Path) -> Samples:
    """One sentence by the speaker's teacher: trimmed, at our rate and loudness."""
    program, voice = speaker.source.split(":")
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        TEACHERS[program](text, voice, speed, Path(wav.name), corpus)
        samples, sample_rate = soundfile.read(wav.name, dtype="float32")
    return normalize(trim(resample(samples, sample_rate)))


def model_of(program: str, voice: str, corpus: Path) -> list[Path]:
    """The files that a program needs for a voice, beside what its Debian package has."""
    return [corpus / f"tohoku-f01-{voice}.htsvoice"] if program == "open_jtalk" else []


def _run(command: list[str], text: str = "") -> None:
    subprocess.run(command, input=text, text=True, check=True, capture_output=True)
