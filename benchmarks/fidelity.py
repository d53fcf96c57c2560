"""What fewer bits and fewer steps cost: bundles of one checkpoint against the exact one.

    python -m benchmarks.fidelity REFERENCE [BUNDLE …] [--tokens 150]

REFERENCE is an fp32 bundle, spoken with the exact solver. It writes the speech tokens, draws the
noise and makes the mel that every other is then given, so each stage is compared by itself:

    KL        mean divergence of the language model's log-probabilities, forced along those tokens
    agree     share of steps at which both think the same token likeliest
    mel       mean absolute error of the flow's log mel, and its signal-to-noise ratio
    F0        mean difference on the reference's mel, in cents: it makes phases drift, which nobody
              hears and which would drown all else in a waveform
    waveform  signal-to-noise ratio of the vocoder on the reference's mel and source

The solvers of the reference are compared likewise. The last line is one JSON object with all of it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.runtime.cfm import SOLVERS
from cosyvoice_lite.runtime.request import NOISE, SOURCE, Request, Utterance
from cosyvoice_lite.runtime.sampling import log_softmax
from cosyvoice_lite.runtime.synthesizer import Synthesizer

Array = npt.NDArray[Any]

TEXTS = (
    "今天天气很好，我们一起去公园散步吧。",
    "The train leaves at nine, so we should be at the station early.",
    "明日は雨が降るそうです。",
)


@dataclass(frozen=True, eq=False)
class Sample:
    """One text as the reference speaks it."""

    utterance: Utterance
    tokens: list[int]
    log_probs: Array
    """Before each token, (T, V + 1)."""
    noise: Array
    mel: Array
    f0: Array
    source: Array
    waveform: Array


@dataclass(frozen=True)
class Cost:
    """What differs from the reference, over all texts; None where it was not compared."""

    name: str
    megabytes: float
    kl: float | None
    agreement: float | None
    mel_error: float
    mel_snr_db: float
    f0_cents: float | None
    waveform_snr_db: float | None


def spoken(s: Synthesizer, text: str, n_tokens: int) -> Sample:
    """The reference's own tokens, mel, F0 and waveform."""
    utterance = s.plan(Request(text, seed=1))[0]
    sentence = s.sentence(utterance)
    sentence.shortest, sentence.longest = min(n_tokens, sentence.longest), n_tokens
    tokens = list(s.lm.generate(sentence))
    c = utterance.conditioning
    noise = s.flow.noise(len(tokens), c.flow_prompt_mel, utterance.rng(NOISE))
    mel = flow(s, utterance, tokens, noise, "exact")
    f0 = s.vocoder.f0(mel)
    source = s.vocoder.source(f0, utterance.rng(SOURCE))
    log_probs, waveform = forced(s, utterance, tokens), s.vocoder.filtered(mel, source)
    return Sample(utterance, tokens, log_probs, noise, mel, f0, source, waveform)


def forced(s: Synthesizer, utterance: Utterance, tokens: list[int]) -> Array:
    """Log-probabilities before each of `tokens`: (T, V + 1)."""
    prefix = s.sentence(utterance).prefix
    decoder = s.lm.decoder(1, len(prefix) + len(tokens))
    rows = [decoder.admit(0, prefix), *(decoder.step([token])[0] for token in tokens[:-1])]
    return np.array([log_softmax(row) for row in rows])


def flow(s: Synthesizer, u: Utterance, tokens: list[int], noise: Array, solver: str) -> Array:
    c = u.conditioning
    prompt = c.flow_prompt_tokens, c.flow_prompt_mel
    return s.flow.arrive(s.flow.course(tokens, c.flow_speaker, *prompt, noise)[0], SOLVERS[solver])


def cents(pairs: list[tuple[Array, Array]], least: float) -> float:
    """Mean difference of two F0 contours where both are voiced, above `least` Hz."""
    a, b = (np.concatenate(each) for each in zip(*pairs, strict=True))
    both = (a > least) & (b > least)
    return float(np.abs(1200 * np.log2(a[both] / b[both])).mean())


def cost(s: Synthesizer, samples: list[Sample]) -> Cost:
    """Another bundle, stage by stage on the reference's input."""
    pairs = [(x.log_probs, forced(s, x.utterance, x.tokens)) for x in samples]
    kl = np.concatenate([(np.exp(a) * (a - b)).sum(1) for a, b in pairs])
    agree = np.concatenate([a.argmax(1) == b.argmax(1) for a, b in pairs])
    mels = [(x.mel, flow(s, x.utterance, x.tokens, x.noise, "exact")) for x in samples]
    contours = [(x.f0, s.vocoder.f0(x.mel)) for x in samples]
    waveforms = [(x.waveform, s.vocoder.filtered(x.mel, x.source)) for x in samples]
    return Cost(
        name=s.bundle.manifest.precision,
        megabytes=s.bundle.size / 1e6,
        kl=float(kl.mean()),
        agreement=float(agree.mean()),
        mel_error=error(mels),
        mel_snr_db=snr(mels),
        f0_cents=cents(contours, s.vocoder.config.voiced_threshold_hz),
        waveform_snr_db=snr(waveforms),
    )


def solver_costs(s: Synthesizer, samples: list[Sample]) -> Iterator[Cost]:
    """The reference itself with each solver."""
    for name in SOLVERS:
        mels = [(x.mel, flow(s, x.utterance, x.tokens, x.noise, name)) for x in samples]
        yield Cost(name, s.bundle.size / 1e6, None, None, error(mels), snr(mels), None, None)


def compared(reference: Path, bundles: Iterable[Path], n_tokens: int) -> Iterator[Cost]:
    """Every solver of the fp32 reference, then every other bundle."""
    exact = Synthesizer(Bundle.open(reference))
    samples = [spoken(exact, text, n_tokens) for text in TEXTS]
    yield from solver_costs(exact, samples)
    exact.unload()
    for path in bundles:
        yield cost(Synthesizer(Bundle.open(path)), samples)


def error(pairs: list[tuple[Array, Array]]) -> float:
    return float(np.mean(np.concatenate([np.abs(a - b).ravel() for a, b in pairs])))


def snr(pairs: list[tuple[Array, Array]]) -> float:
    """Of the second against the first, in dB, mean removed: a log mel's offset is no signal."""
    signal = sum(float(np.square(a - a.mean()).sum()) for a, _ in pairs)
    noise = sum(float(np.square(a - b).sum()) for a, b in pairs)
    return float(10 * np.log10(signal / max(noise, 1e-20)))


def row(c: Cost) -> str:
    lm = "" if c.kl is None else f"KL {c.kl:8.5f}  agree {c.agreement:6.1%}  "
    f0 = "" if c.f0_cents is None else f"  F0 {c.f0_cents:5.2f} cents"
    wav = "" if c.waveform_snr_db is None else f"  waveform {c.waveform_snr_db:5.1f} dB"
    mel = f"mel {c.mel_error:.4f}, {c.mel_snr_db:5.1f} dB"
    return f"{c.name:9} {c.megabytes:7.1f} MB  {lm}{mel}{f0}{wav}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("reference", type=Path)
    parser.add_argument("bundles", type=Path, nargs="*")
    parser.add_argument("--tokens", type=int, default=150)
    options = parser.parse_args()
    if Bundle.open(options.reference).manifest.precision != "fp32":
        parser.error(f"{options.reference}: is not fp32")
    costs = []
    for c in compared(options.reference, options.bundles, options.tokens):
        costs.append(c)
        print(row(c), flush=True)
    print(json.dumps({"reference": options.reference.name, "costs": [asdict(c) for c in costs]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
