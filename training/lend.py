"""Teach a voice to speak with another's tokens, and touch nothing else of the language model.

The codes keep less of some voices than of others (`en_female`: what her own tokens make in her
voice is misheard in every third word). What the LM hears of such a voice is sought anew, a vector
that makes the other's tokens likely, said in `--pace` of their time where the voice speaks faster.
It is written into the layer that reads speakers as an update of rank one, which leaves every other
voice what it was.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence
from tqdm import tqdm

from training.data import Corpus
from training.extract import load, open_corpus
from training.loop import averaged, device, half_precision
from training.model.lm import SpeechLM
from training.sizes import LM
from training.speakers import SPEAKERS, embedding
from training.train_lm import IGNORED, with_end

RATE = 1e-2
SECONDS_PER_BATCH = 24.0
PACE_SPREAD = 0.04


class Told(nn.Module):
    """What the LM hears of a voice: one vector (D,), whoever is named."""

    def __init__(self, start: Tensor) -> None:
        super().__init__()
        self.vector = nn.Parameter(start.clone())

    def forward(self, speakers: Tensor) -> Tensor:  # (B, 192) → (B, D)
        return self.vector.expand(len(speakers), -1)


def sought(cache: Path, model: nn.Module, lender: str, pace: float, steps: int) -> Tensor:
    """The vector (D,) that makes the lender's tokens likely; starts at the lender's own."""
    others = [name for name in SPEAKERS if name != lender]
    corpus = Corpus(cache / "corpus", SECONDS_PER_BATCH, seed=5, unread=others)
    tokens = [torch.from_numpy(row) for row in load(cache, open_corpus(cache))[0]]
    told = Told(heard(model, lender))
    model.spk_embed_affine_layer = told
    optimizer = torch.optim.Adam(told.parameters(), RATE)
    for step in tqdm(range(steps), desc=lender, mininterval=10):
        optimizer.param_groups[0]["lr"] = RATE * (1 - step / steps)
        rng, places = np.random.default_rng((5, step)), corpus.batch(step).places
        paces = pace * rng.uniform(1 - PACE_SPREAD, 1 + PACE_SPREAD, len(places))
        rows = [tokens[p][paced(len(tokens[p]), x)] for p, x in zip(places, paces, strict=True)]
        texts = [torch.from_numpy(corpus.symbols[place]) for place in places]
        with half_precision():
            logits, _ = model(*(x.to(device()) for x in padded(texts, rows)))
        target = with_end(rows).to(device())
        loss = functional.cross_entropy(
            logits.float().transpose(1, 2), target, ignore_index=IGNORED
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return told.vector.detach()


def padded(texts: list[Tensor], rows: list[Tensor]) -> tuple[Tensor, ...]:
    """Texts, their lengths, tokens, their lengths, and no speakers worth the name."""
    lengths = (torch.tensor([len(x) for x in kind]) for kind in (texts, rows))
    text, speech = (pad_sequence(kind, batch_first=True) for kind in (texts, rows))
    of_text, of_speech = lengths
    return text, of_text, speech, of_speech, torch.ones(len(rows), LM.spk_embed_dim)


def paced(count: int, pace: float) -> Tensor:
    """Which of `count` tokens are left where they are said in `pace` of their time."""
    return torch.linspace(0, count - 1, max(1, round(count * pace))).round().long()


def heard(model: nn.Module, voice: str) -> Tensor:
    """What the LM hears of a voice, (D,)."""
    speaker = torch.from_numpy(embedding(voice)).to(device())
    return model.spk_embed_affine_layer(functional.normalize(speaker[None], dim=1))[0].detach()


def rewritten(weight: Tensor, voice: str, change: Tensor) -> Tensor:
    """The layer's weight (D, 192) that adds `change` (D,) to what is heard of one voice alone."""
    vectors = torch.stack([torch.from_numpy(embedding(name)) for name in SPEAKERS]).double()
    dual = torch.linalg.pinv(vectors)[:, list(SPEAKERS).index(voice)].to(weight.device)
    return (weight.double() + torch.outer(change.double(), dual)).to(weight.dtype)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--lender", default="en_male", choices=SPEAKERS)
    parser.add_argument("--voice", default="en_female", choices=SPEAKERS)
    parser.add_argument("--pace", type=float, default=0.75)
    parser.add_argument("--steps", type=int, default=220)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    model = averaged(args.cache / "lm", SpeechLM(LM)).requires_grad_(False)
    before = heard(model, args.voice)
    change = sought(args.cache, model, args.lender, args.pace, args.steps) - before
    path = args.cache / "lm" / "checkpoint.pt"
    state = torch.load(path, map_location=device(), weights_only=True)
    for name in ("model", "average"):
        weights = state["modules"][name]
        key = "spk_embed_affine_layer.weight"
        weights[key] = rewritten(weights[key], args.voice, change)
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


if __name__ == "__main__":
    main()
