"""Hear each stage by itself on the held-out sentences: writes WAV files for benchmarks/quality.py.

    teacher      what the voice's source makes of the sentence
    copy         the teacher's mel through the vocoder: what the vocoder loses
    resynthesis  the teacher's speech tokens through flow and vocoder: what the tokens lose

What the whole system makes of the text is the runtime's to say: `benchmarks/quality.py --speak`.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor

from training.corpus.build import speaking
from training.corpus.levels import Samples
from training.corpus.store import SAMPLE_RATE
from training.corpus.texts import heldout
from training.loop import averaged, device
from training.model.flow import Flow
from training.model.hift import HiFT
from training.model.speech_tokenizer import SpeechTokenizer, frame_count
from training.sizes import FLOW, HIFT, TOKENIZER
from training.speakers import SPEAKERS, embedding
from training.spectral import HOP, mel_spectrogram

Stage = Callable[[Tensor, str], Samples]


def vocoder(cache: Path) -> Callable[[Tensor], Samples]:
    """A function mel (1, 80, F) → samples."""
    network = averaged(cache / "vocoder", HiFT(HIFT))
    return torch.no_grad()(lambda mel: network(mel)[0][0].cpu().numpy())


def copier(cache: Path) -> Stage:
    """Mel of the recording → vocoder."""
    speak = vocoder(cache)
    return lambda mel, voice: speak(mel)


def resynthesizer(cache: Path) -> Stage:
    """Mel → speech tokens → flow → vocoder."""
    speak = vocoder(cache)
    tokenizer = averaged(cache / "tokenizer", SpeechTokenizer(TOKENIZER))
    flow = averaged(cache / "flow", Flow(FLOW))

    def resynthesize(mel: Tensor, voice: str) -> Samples:
        tokens = tokenizer.tokens(mel)
        person = torch.from_numpy(embedding(voice))[None].to(device())
        return speak(flow.generate(tokens, person, frame_count(tokens.shape[1])))

    return resynthesize


STAGES: dict[str, Callable[[Path], Stage]] = {"copy": copier, "resynthesis": resynthesizer}


def teach(voice: str, tars: Path, cache: Path, count: int) -> None:
    """The teacher's audio of the first `count` held-out sentences, unless it is there."""
    speaker, folder = SPEAKERS[voice], cache / "listen" / "teacher" / voice
    folder.mkdir(parents=True, exist_ok=True)
    missing = [n for n in range(count) if not (folder / f"{n:02}.wav").exists()]
    if missing:
        say, texts = speaking(speaker, tars, cache), heldout(speaker.language)
        for number in missing:
            samples = say(texts[number], 1.0, np.random.default_rng(number))
            soundfile.write(folder / f"{number:02}.wav", samples, SAMPLE_RATE)


def pass_through(name: str, voice: str, cache: Path, count: int) -> None:
    """The teacher's audio through one stage."""
    stage, folder = STAGES[name](cache), cache / "listen" / name / voice
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        samples, _ = soundfile.read(
            cache / "listen" / "teacher" / voice / f"{number:02}.wav", dtype="float32"
        )
        whole = torch.from_numpy(samples[: len(samples) // HOP * HOP])[None].to(device())
        made = stage(mel_spectrogram(whole), voice)
        soundfile.write(folder / f"{number:02}.wav", made, SAMPLE_RATE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="+", choices=["teacher", *STAGES])
    parser.add_argument("--voices", nargs="+", default=list(SPEAKERS))
    parser.add_argument("--sentences", type=int, default=50)
    parser.add_argument("--recordings", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    for voice in args.voices:
        teach(voice, args.recordings, args.cache, args.sentences)
        for stage in args.stages:
            if stage != "teacher":
                pass_through(stage, voice, args.cache, args.sentences)


if __name__ == "__main__":
    main()
