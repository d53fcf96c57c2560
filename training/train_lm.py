"""Train the language model: phonemes and a speaker → speech tokens.

Beside the cross-entropy, some heads are taught where to look: at the phonemes that sound during the
token to come (known from `extract`). A small model on little data else takes very long to find the
alignment that all of speech synthesis rests on. Three things keep it robust: some input tokens are
replaced at random, so that it recovers from its own mistakes; some examples are told another
speaker, so that any voice may speak any language and a language's second voice learns from its
first (tokens say what is spoken, not by whom); and moods are told either by the speaker's vector or
by a symbol in front of the text.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from cosyvoice_lite.text.phonemes import inventory
from training.data import Corpus, Sentences
from training.extract import digest, load
from training.loop import Losses, Run, device, half_precision
from training.model.lm import SpeechLM
from training.model.speech_tokenizer import start_alike
from training.sizes import LM
from training.speakers import SPEAKERS, embedding

LEARNING_RATE = 1.5e-3
GUIDED_LAYERS = (1, 2)
GUIDED_HEADS = 2  # the first ones of each guided layer
GUIDANCE = 0.3
REPLACED = 0.05  # of the input tokens
FOREIGN = 0.3  # of the examples, told a speaker of another language
LENT = 0.2  # of a language's first speaker, told its second
LENT_TO = {"en_male": "en_female", "ko_female": "ko_male"}
MOOD_BY_SYMBOL = 0.5  # of the examples with a mood
IGNORED = -100


class LMTraining:
    """One step at a time on whole utterances."""

    def __init__(
        self,
        folder: Path,
        corpus: Corpus,
        tokens: list[Tensor],
        spans: list[Tensor],
        made_of: str = "",
    ) -> None:
        self.corpus, self.tokens, self.spans = corpus, tokens, spans
        self.model = SpeechLM(LM).to(device())
        start_alike(self.model.speech_embedding.weight)
        start_alike(self.model.llm_decoder.weight)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), LEARNING_RATE, (0.9, 0.98), weight_decay=0.01
        )
        optimizers = {"optimizer": self.optimizer}
        self.run = Run(folder, self.model, optimizers, made_of=made_of)

    def step(self, step: int) -> Losses:
        losses = self._losses(self.corpus.batch(step), np.random.default_rng((2, step)))
        self.optimizer.zero_grad()
        (losses["tokens"] + GUIDANCE * losses["looking"]).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return {name: value.detach() for name, value in losses.items()}

    def check(self, number: int) -> Losses:
        """The losses of a batch that is never learnt from."""
        return self._losses(self.corpus.unseen_batch(number), np.random.default_rng((2, number)))

    def _losses(self, batch: Sentences, rng: np.random.Generator) -> Losses:
        told = [self._told(place, rng) for place in batch.places]
        texts = [torch.from_numpy(symbols) for symbols, _ in told]
        spoken = [self.tokens[place] for place in batch.places]
        text, speech = pad_sequence(texts, batch_first=True), pad_sequence(spoken, batch_first=True)
        lengths = torch.tensor([len(row) for row in spoken])
        speakers = torch.from_numpy(np.stack([speaker for _, speaker in told]))
        with half_precision():
            logits, attention = self.model(
                text.to(device()),
                torch.tensor([len(row) for row in texts]).to(device()),
                replaced(speech, rng).to(device()),
                speakers.to(device()),
            )
        logits = logits.float()
        target = with_end(spoken).to(device())
        shifts = [
            len(row) - len(self.corpus.symbols[p])
            for row, p in zip(texts, batch.places, strict=True)
        ]
        spans = pad_sequence(
            [self.spans[p] + shift for p, shift in zip(batch.places, shifts, strict=True)],
            batch_first=True,
        )
        right = (logits.argmax(-1) == target)[target != IGNORED].float().mean()
        return {
            "tokens": functional.cross_entropy(
                logits.transpose(1, 2), target, ignore_index=IGNORED
            ),
            "looking": looking_loss(attention, spans.to(device()), lengths.to(device())),
            "accuracy": right,
        }

    def _told(self, place: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The symbols and the speaker vector that the model is told for an utterance."""
        speaker, symbols = SPEAKERS[self.corpus.items[place][1].voice], self.corpus.symbols[place]
        name = speaker.name
        if speaker.mood != "neutral" and rng.random() < MOOD_BY_SYMBOL:
            symbols = np.concatenate([[inventory.IDS[f"<{speaker.mood}>"]], symbols])
            name = speaker.person
        draw = rng.random()
        if draw < FOREIGN:
            name = rng.choice([s.name for s in SPEAKERS.values() if s.language != speaker.language])
        elif draw < FOREIGN + LENT:
            name = LENT_TO.get(name, name)
        return symbols, embedding(name)


def replaced(speech: Tensor, rng: np.random.Generator) -> Tensor:
    """Some tokens exchanged for random ones."""
    random = torch.from_numpy(rng.integers(LM.speech_token_size, size=speech.shape))
    return torch.where(torch.from_numpy(rng.random(speech.shape) < REPLACED), random, speech)


def with_end(spoken: list[Tensor]) -> Tensor:
    """Targets (B, T + 1): the tokens, then the end; IGNORED behind it."""
    end = torch.tensor([LM.speech_token_size])
    rows = [torch.cat([row, end]) for row in spoken]
    return pad_sequence(rows, batch_first=True, padding_value=IGNORED)


def looking_loss(attention: list[Tensor], spans: Tensor, lengths: Tensor) -> Tensor:
    """How little of the guided heads' attention lies on the phonemes of the token to come.

    Attention (B, H, T + 1, L) per layer; spans (B, T, 2) of places in the text, both ends included.
    """
    heads = torch.cat([attention[layer][:, :GUIDED_HEADS, :-1] for layer in GUIDED_LAYERS], dim=1)
    place = torch.arange(heads.shape[-1], device=heads.device)
    near = (place >= spans[..., :1]) & (place <= spans[..., 1:])  # (B, T, L)
    mass = (heads * near[:, None]).sum(-1)  # (B, heads, T)
    real = (torch.arange(heads.shape[2], device=heads.device) < lengths[:, None])[:, None]
    return -((mass + 1e-4).log() * real).sum() / real.sum() / heads.shape[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--steps", type=int, default=30_000)
    parser.add_argument("--seconds-per-batch", type=float, default=30)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    corpus = Corpus(args.cache / "corpus", args.seconds_per_batch, seed=2)
    extracted = load(args.cache, corpus)
    tokens, spans = ([torch.from_numpy(row) for row in rows] for rows in extracted)
    training = LMTraining(args.cache / "lm", corpus, tokens, spans, digest(extracted[0]))
    training.run.train(training.step, args.steps, training.check if corpus.unseen else None)


if __name__ == "__main__":
    main()
