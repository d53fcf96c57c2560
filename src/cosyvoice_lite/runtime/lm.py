"""The autoregressive stage: text tokens and a voice → speech tokens.

Letters: S rows of the prefix, V speech tokens and the end token, d width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.config import LmConfig, Sampling
from cosyvoice_lite.runtime.decoding import Decoder
from cosyvoice_lite.runtime.memory import MAX_POSITIONS as MAX_POSITIONS
from cosyvoice_lite.runtime.memory import speech_bounds
from cosyvoice_lite.runtime.positions import PositionTable
from cosyvoice_lite.runtime.sampling import sample
from cosyvoice_lite.runtime.session import Session, load_graph
from cosyvoice_lite.runtime.tables import Table

Array = npt.NDArray[Any]

START, TURN = 0, 1
"""Rows of the marker table: before the speaker, and between text and speech."""


@dataclass(eq=False)
class Sentence:
    """One sentence on its way through the language model."""

    prefix: Array
    """[start] [speaker] [text …] [turn] [prompt speech …] as rows: (S, d)."""
    shortest: int
    longest: int
    sampling: Sampling
    rng: np.random.Generator
    tokens: list[int] = field(default_factory=list)

    @property
    def capacity(self) -> int:
        """Positions it can come to occupy."""
        return len(self.prefix) + self.longest

    def draw(self, logits: Array, eos: int) -> int | None:
        """Sample the next token; None when the sentence is over. `logits` (V + 1,) are used up."""
        if len(self.tokens) >= self.longest:
            return None
        if len(self.tokens) < self.shortest:
            logits[eos] = -np.inf
        token = sample(logits, self.tokens, self.sampling, self.rng)
        if token == eos:
            return None
        self.tokens.append(token)
        return token


class SpeechLM:
    """The text encoder and the language model of one bundle; each loads when first used."""

    def __init__(self, bundle: Bundle, threads: int) -> None:
        self.bundle = bundle
        self.threads = threads
        self.config: LmConfig = bundle.manifest.model.lm
        self.text_embedding = Table(bundle.tables, "text_embedding")
        self.speech_rows = Table(bundle.tables, "speech_rows")
        self.markers = Table(bundle.tables, "marker_rows")
        weights = Table(bundle.tables, "position_weights")
        self.positions = PositionTable(weights, self.config.decoder, MAX_POSITIONS)

    @cached_property
    def text_encoder(self) -> Session:
        return load_graph(self.bundle, "text_encoder", self.threads)

    @cached_property
    def lm(self) -> Session:
        return load_graph(self.bundle, "lm", self.threads)

    def encode_text(self, text_ids: Sequence[int], speaker: Array | None) -> tuple[Array, Array]:
        """Run the text encoder.

        Args:
            text_ids: prompt text and text, T_text ids.
            speaker: (d_speaker,), or None where the mode hides the speaker from this stage.

        Returns:
            The encoder's output (T_text, d_lm_input), and rows for the language model: the
            speaker's, if there is one, then the text's.
        """
        text = self.text_embedding[np.asarray(text_ids, np.int64)]
        self.text_embedding.forget()
        known = speaker if speaker is not None else np.zeros(self.config.d_speaker, np.float32)
        encoded, rows = self.text_encoder(text=text[None], speaker=known[None])
        return encoded[0], rows[0] if speaker is not None else rows[0, 1:]

    def prefix(
        self, text_ids: Sequence[int], speaker: Array | None, prompt_tokens: Sequence[int]
    ) -> Array:
        """[start] [speaker] [text …] [turn] [prompt speech …] as rows: (S, d)."""
        _, text = self.encode_text(text_ids, speaker)
        prompt = self.speech_rows[np.asarray(prompt_tokens, np.int64)]
        return np.concatenate([self.markers[[START]], text, self.markers[[TURN]], prompt])

    def sentence(
        self,
        text_ids: Sequence[int],
        speaker: Array | None,
        prompt_text: Sequence[int],
        prompt_tokens: Sequence[int],
        sampling: Sampling,
        rng: np.random.Generator,
    ) -> Sentence:
        """Run the text encoder and settle how long the speech may become."""
        prefix = self.prefix([*prompt_text, *text_ids], speaker, prompt_tokens)
        shortest, longest = speech_bounds(len(text_ids), sampling)
        return Sentence(
            prefix=prefix,
            shortest=shortest,
            longest=max(0, min(longest, MAX_POSITIONS - len(prefix))),
            sampling=sampling,
            rng=rng,
        )

    def decoder(self, n_slots: int, capacity: int) -> Decoder:
        """Room for sequences of this model."""
        return Decoder(self.lm, self.config, self.positions, self.speech_rows, n_slots, capacity)

    def generate(self, sentence: Sentence) -> Iterator[int]:
        """Yield speech tokens until the model ends or the text allows no more."""
        decoder = self.decoder(1, sentence.capacity)
        logits = decoder.admit(0, sentence.prefix)
        while (token := sentence.draw(logits, self.config.eos)) is not None:
            yield token
            logits = decoder.step([token])[0]

    def generate_all(self, sentences: Sequence[Sentence], n_slots: int) -> None:
        """Complete all sentences, up to `n_slots` at a time; the next starts when one ends.

        Each draws from its own random stream, so who its neighbours are changes nothing but
        rounding.
        """
        waiting = list(reversed(sentences))
        n_slots = min(n_slots, len(waiting))
        slots = Slots(self, n_slots, max((s.capacity for s in waiting), default=0))
        while waiting or slots.running:
            while waiting and slots.n_free:
                slots.admit(waiting.pop())
            slots.step()


class Slots:
    """Sentences decoded side by side, step by step: any may end, come or go between two steps.

    Args:
        capacity: positions of the longest sentence that will come.
    """

    def __init__(self, lm: SpeechLM, n_slots: int, capacity: int) -> None:
        self.eos = lm.config.eos
        self.n_slots = n_slots
        self.capacity = capacity
        self.decoder = lm.decoder(n_slots, capacity)
        self.running: list[Sentence] = []
        """Those in the first slots, in this order."""
        self.tokens: list[int] = []
        """The token that each was given last, which the decoder has not seen yet."""

    @property
    def n_free(self) -> int:
        return self.n_slots - len(self.running)

    def admit(self, sentence: Sentence) -> bool:
        """Begin a sentence in a free slot; False if it was over before it began."""
        logits = self.decoder.admit(len(self.running), sentence.prefix)
        token = sentence.draw(logits, self.eos)
        if token is None:
            return False
        self.running.append(sentence)
        self.tokens.append(token)
        return True

    def step(self) -> list[Sentence]:
        """Draw a token for each; those that have ended."""
        if not self.running:
            return []
        ended = []
        for sentence, logits in zip(
            tuple(self.running), self.decoder.step(self.tokens), strict=True
        ):
            token = sentence.draw(logits, self.eos)
            if token is None:
                ended.append(sentence)
            else:
                self.tokens[self.running.index(sentence)] = token
        for sentence in ended:
            self.drop(sentence)
        return ended

    def drop(self, sentence: Sentence) -> None:
        """Free the slot of a sentence; the last one moves into the gap."""
        gap, last = self.running.index(sentence), len(self.running) - 1
        if gap != last:
            self.decoder.move(last, gap)
            self.running[gap], self.tokens[gap] = self.running[last], self.tokens[last]
        self.running.pop()
        self.tokens.pop()
