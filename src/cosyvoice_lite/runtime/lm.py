"""The autoregressive stage: text tokens and a voice → speech tokens.

Letters: S rows of the prefix, V speech tokens and the end token, d width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.config import LmConfig, Sampling
from cosyvoice_lite.runtime.positions import PositionTable, columns
from cosyvoice_lite.runtime.sampling import sample
from cosyvoice_lite.runtime.session import Binding, Session
from cosyvoice_lite.runtime.tables import Table

Array = npt.NDArray[Any]

MAX_POSITIONS = 5000
"""The authors' sinusoids end here; a sequence can't be longer."""
PREFILL_ROWS = 256
"""Rows of a prefix taken at once: bounds the memory of a long prompt's attention scores."""
START, TURN = 0, 1
"""Rows of the marker table: before the speaker, and between text and speech."""


class SpeechLM:
    """The text encoder and the language model of one bundle."""

    def __init__(self, bundle: Bundle, threads: int) -> None:
        self.config: LmConfig = bundle.manifest.model.lm
        self.text_encoder = Session(bundle.file("text_encoder.onnx"), threads)
        self.lm = Session(bundle.file("lm.onnx"), threads)
        self.text_embedding = Table(bundle.tables, "text_embedding")
        self.speech_rows = Table(bundle.tables, "speech_rows")
        self.markers = Table(bundle.tables, "marker_rows")
        weights = Table(bundle.tables, "position_weights")
        self.positions = PositionTable(weights, self.config.decoder, MAX_POSITIONS)

    def encode_text(self, text_ids: Sequence[int], speaker: Array | None) -> tuple[Array, Array]:
        """Run the text encoder.

        Args:
            text_ids: prompt text and text, T_text ids.
            speaker: (d_speaker,), or None where the mode hides the speaker from this stage.

        Returns:
            The encoder's output (T_text, d_lm_input), and rows for the language model: the
            speaker's, if there is one, then the text's.
        """
        rows = self.text_embedding[np.asarray(text_ids, np.int64)]
        known = speaker if speaker is not None else np.zeros(self.config.d_speaker, np.float32)
        encoded, rows = self.text_encoder(text=rows[None], speaker=known[None])
        return encoded[0], rows[0] if speaker is not None else rows[0, 1:]

    def prefix(
        self, text_ids: Sequence[int], speaker: Array | None, prompt_tokens: Sequence[int]
    ) -> Array:
        """[start] [speaker] [text …] [turn] [prompt speech …] as rows: (S, d)."""
        _, text = self.encode_text(text_ids, speaker)
        prompt = self.speech_rows[np.asarray(prompt_tokens, np.int64)]
        return np.concatenate([self.markers[[START]], text, self.markers[[TURN]], prompt])

    def generate(
        self,
        text_ids: Sequence[int],
        speaker: Array | None,
        prompt_text: Sequence[int],
        prompt_tokens: Sequence[int],
        sampling: Sampling,
        rng: np.random.Generator,
    ) -> Iterator[int]:
        """Yield speech tokens until the model ends or the text allows no more."""
        shortest = int(len(text_ids) * sampling.min_token_text_ratio)
        longest = int(len(text_ids) * sampling.max_token_text_ratio)
        prefix = self.prefix([*prompt_text, *text_ids], speaker, prompt_tokens)
        longest = min(longest, MAX_POSITIONS - len(prefix))
        decoding = Decoding(self, len(prefix) + longest)
        logits = decoding.prefill(prefix)
        history: list[int] = []
        for n in range(longest):
            if n < shortest:
                logits[self.config.eos] = -np.inf
            token = sample(logits, history, sampling, rng)
            if token == self.config.eos:
                return
            yield token
            history.append(token)
            logits = decoding.step(token)


class Decoding:
    """One sequence being decoded: its KV cache, written in place, and where it stands."""

    def __init__(self, model: SpeechLM, max_positions: int) -> None:
        c = model.config.decoder
        self.model = model
        self.length = 0
        self.binding = Binding(model.lm)
        self.logits = np.empty((1, model.config.speech_vocabulary + 1), np.float32)
        self.binding.output("logits", self.logits)
        for i in range(c.n_blocks):
            for kind in ("k", "v"):  # zeros: the system gives pages only as they are written
                cache = np.zeros((1, c.n_heads, max(max_positions, 1), c.d_head), np.float32)
                self.binding.in_place(f"past_{kind}.{i}", f"present_{kind}.{i}", cache)
        self.n_blocks_bound = 0

    def prefill(self, rows: Array) -> Array:
        """Take in a prefix (S, d); logits for what follows it: (V + 1,)."""
        for start in range(0, len(rows), PREFILL_ROWS):
            self._run(rows[start : start + PREFILL_ROWS])
        return self.logits[0].copy()

    def step(self, token: int) -> Array:
        """Take in one speech token; logits for the next: (V + 1,)."""
        self._run(self.model.speech_rows[[token]])
        return self.logits[0].copy()

    def _run(self, rows: Array) -> None:
        past, self.length = self.length, self.length + len(rows)
        blocks = self.model.positions.covering(self.length)
        if len(blocks[0]) != self.n_blocks_bound:
            self.n_blocks_bound = len(blocks[0])
            for i, block in enumerate(blocks):
                self.binding.input(f"positions.{i}", block)
        self.binding.input("rows", np.array(rows[None], np.float32))
        self.binding.input("gather", columns(past, len(rows), self.length)[None, None])
        self.binding.input("lengths", np.array([self.length - 1], np.int32))
        self.binding.input("total", np.array(self.length, np.int32))
        self.binding.run()
