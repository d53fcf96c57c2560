"""What fewer bits cost the ear: nano in int8 and int4 beside itself in float32.

    python -m benchmarks.heard CHECKPOINT [--sentences 20] [--scoring DIR] [--recognizer DIR]

It converts the checkpoint at each precision and speaks the same held-out sentences with the same
seeds, one voice a language. Measured are what a recogniser gets wrong, in percent of what was
asked, and DNSMOS (see benchmarks/quality.py), of each and as differences from float32; the bars for
int8 are 2 points and 0.05. Fewer bits draw other tokens now and then, so a sentence changes by
chance too: the standard error of the difference, sentence by sentence, stands beside it. Before
that it prints what benchmarks/fidelity.py does. The last line is one JSON object with all of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from benchmarks.dnsmos import Dnsmos
from benchmarks.fidelity import compared, row
from benchmarks.quality import heldout, open_recognizer
from benchmarks.recognizers import edits

from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.runtime.synthesizer import Synthesizer

PRECISIONS = ("fp32", "int8", "int4")
VOICES = ("zh_female", "yue_male", "en_male", "ja_female", "ko_female")
ERROR_BAR, DNSMOS_BAR = 2.0, 0.05


@dataclass(frozen=True)
class Heard:
    """One sentence: what was wrong of what was asked, and how it sounds."""

    wrong: int
    asked: int
    dnsmos: float


@dataclass(frozen=True)
class Loss:
    """Of a precision, over all sentences of all voices; differences are from float32."""

    precision: str
    error: float
    dnsmos: float
    error_more: float
    error_more_is_about: float
    """Standard error of the difference."""
    dnsmos_less: float
    dnsmos_less_is_about: float


def listen(
    bundle: Path, voices: Sequence[str], n: int, scoring: Path, recognizer: Path
) -> list[Heard]:
    """Every sentence, in the same order whatever the bundle."""
    s, dnsmos = Synthesizer.open(bundle), Dnsmos(scoring / "dnsmos_sig_bak_ovr.onnx")
    heard = []
    for voice in voices:
        language = voice.split("_")[0]
        judge = open_recognizer(language, scoring, recognizer)
        for seed, text in enumerate(heldout(language)[:n]):
            audio = s.speak(text, voice=voice, language=language, seed=seed)
            wanted = judge.wanted(text)
            wrong = edits(wanted, judge.heard(audio.samples, audio.sample_rate))
            overall = dnsmos(audio.samples, audio.sample_rate).overall
            heard.append(Heard(wrong, len(wanted), overall))
    return heard


def loss(precision: str, heard: Sequence[Heard], exact: Sequence[Heard]) -> Loss:
    asked = sum(h.asked for h in exact)
    more = np.array([a.wrong - b.wrong for a, b in zip(heard, exact, strict=True)])
    less = np.array([b.dnsmos - a.dnsmos for a, b in zip(heard, exact, strict=True)])
    return Loss(
        precision=precision,
        error=100 * sum(h.wrong for h in heard) / asked,
        dnsmos=float(np.mean([h.dnsmos for h in heard])),
        error_more=float(100 * more.sum() / asked),
        error_more_is_about=float(100 * more.std() * len(more) ** 0.5 / asked),
        dnsmos_less=float(less.mean()),
        dnsmos_less_is_about=float(less.std() / len(less) ** 0.5),
    )


def line(x: Loss) -> str:
    error = f"{x.error:5.1f} % ({x.error_more:+.1f} ± {x.error_more_is_about:.1f})"
    opinion = f"{x.dnsmos:.3f} ({-x.dnsmos_less:+.3f} ± {x.dnsmos_less_is_about:.3f})"
    return f"{x.precision:5} wrong {error}   DNSMOS {opinion}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--sentences", type=int, default=20, help="of each voice")
    parser.add_argument("--tokens", type=int, default=150, help="of each text of fidelity.py")
    parser.add_argument("--voices", nargs="+", default=VOICES)
    parser.add_argument("--scoring", type=Path, default=Path("../shared/scoring"))
    parser.add_argument("--recognizer", type=Path, default=Path(".cache/nano/recognizer"))
    o = parser.parse_args()
    costs, losses = [], []
    with tempfile.TemporaryDirectory() as folder:
        bundles = {precision: Path(folder) / precision for precision in PRECISIONS}
        for precision, bundle in bundles.items():
            convert(o.checkpoint, bundle, precision=precision)
        exact, *others = bundles.values()
        for c in compared(exact, others, o.tokens):
            costs.append(asdict(c))
            print(row(c), flush=True)
        reference = None
        for precision, bundle in bundles.items():
            heard = listen(bundle, o.voices, o.sentences, o.scoring, o.recognizer)
            reference = reference or heard
            losses.append(loss(precision, heard, reference))
            print(line(losses[-1]), flush=True)
    int8 = losses[1]
    met = int8.error_more <= ERROR_BAR and int8.dnsmos_less <= DNSMOS_BAR
    print("int8 is within its bars" if met else "int8 misses a bar")
    print(json.dumps({"costs": costs, "losses": [asdict(x) for x in losses], "met": met}))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
