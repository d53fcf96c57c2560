"""Utterances → sound, stage by stage, each freed in time where memory is short."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.audio.effects import interpolate_linear
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.runtime.flow import Course
from cosyvoice_lite.runtime.lm import Sentence
from cosyvoice_lite.runtime.memory import MemoryPlan
from cosyvoice_lite.runtime.reader import Reader
from cosyvoice_lite.runtime.request import NOISE, SOURCE, TOKENS, Utterance
from cosyvoice_lite.runtime.stages import Stages
from cosyvoice_lite.runtime.stream import ChunkSpeaker
from cosyvoice_lite.runtime.voice import Conditioning

Array = npt.NDArray[Any]

GROUPS_OF_SLOTS = 2
"""Utterances of a group for each decoding slot: when one ends, another takes its place."""


class Speaking(Stages):
    """The stages of one bundle in order; what `Synthesizer` asks of them."""

    def __init__(self, bundle: Bundle, threads: int | None, memory: MemoryPlan) -> None:
        super().__init__(bundle, threads, memory)
        self.reader = Reader(bundle, memory.max_positions)

    @property
    def sample_rate(self) -> int:
        """Hz of everything it speaks."""
        return self.bundle.manifest.model.sample_rate

    def utter_all(
        self,
        utterances: Iterable[Utterance],
        *,
        in_chunks: bool = False,
    ) -> Iterator[Audio]:
        """Utterances and the pauses around them, piece by piece.

        Whole utterances are decoded side by side, in groups; chunks come one utterance after the
        other, because who listens waits for the first.
        """
        if in_chunks and not self.memory.whole:
            for utterance in utterances:
                yield from with_pauses(utterance, self.utter_in_chunks(utterance))
            return
        yield from itertools.chain.from_iterable(self.utter_each(utterances))

    def utter_each(self, utterances: Iterable[Utterance]) -> Iterator[list[Audio]]:
        """Each utterance with the pauses around it; groups of them are decoded side by side."""
        for group in _groups(utterances, GROUPS_OF_SLOTS * self.memory.n_slots):
            for utterance, speech in zip(group, self.utter_group(group), strict=True):
                yield list(with_pauses(utterance, [speech]))

    def utter_group(self, group: Sequence[Utterance]) -> Iterator[Audio]:
        """Utterances stage by stage: text → speech tokens → mel → waveform."""
        if not self.memory.staged:
            self.load()
        self.finished("reader", "tokenizer")
        sentences = [self.sentence(utterance) for utterance in group]
        self.finished("lm", "text_encoder")
        self.lm.generate_all(sentences, self.memory.n_slots)
        self.finished("lm")
        courses = [self.course(u, s.tokens) for u, s in zip(group, sentences, strict=True)]
        self.finished("flow", "encoder")
        # Here and below, graphs are loaded before the lanes ask: two that both find one missing
        # would both load it.
        _ = self.flow.unet
        begun = zip(group, courses, strict=True)
        mels = list(self.part_lanes.map(lambda b: self.arrive(*b), begun))
        self.finished("flow")
        _ = self.vocoder.f0_predictor
        voiced = zip(group, mels, strict=True)
        sources = list(self.part_lanes.map(lambda m: self.excitation(*m), voiced))
        self.finished("vocoder", "f0_predictor")
        _ = self.vocoder.filter
        excited = zip(group, mels, sources, strict=True)
        yield from self.part_lanes.map(lambda e: self.filtered(*e), excited)
        self.finished("vocoder")

    def sentence(self, utterance: Utterance) -> Sentence:
        """Text → what the language model starts from."""
        c = utterance.conditioning
        return self.lm.sentence(
            utterance.segment.token_ids,
            c.lm_speaker,
            c.lm_prompt_text,
            c.lm_prompt_tokens.tolist(),
            utterance.sampling,
            utterance.rng(TOKENS),
        )

    def tokens(self, utterance: Utterance) -> Iterator[int]:
        """Text → speech tokens."""
        return self.lm.generate(self.sentence(utterance))

    def mel(
        self,
        utterance: Utterance,
        tokens: Sequence[int],
        before_step: Callable[[], None] = lambda: None,
    ) -> Array:
        """Speech tokens → mel, (M, T), at the speed asked for.

        What `before_step` raises, before any step of the flow, ends the work.
        """
        return self.arrive(utterance, self.course(utterance, tokens), before_step)

    def course(self, utterance: Utterance, tokens: Sequence[int]) -> Course | None:
        """The first half of `mel`; None where there are no tokens."""
        if not tokens:
            return None
        return self._course(tokens, utterance.conditioning, utterance.rng(NOISE))

    def arrive(
        self,
        utterance: Utterance,
        course: Course | None,
        before_step: Callable[[], None] = lambda: None,
    ) -> Array:
        """The second half of `mel`: (M, T)."""
        if course is None:
            return np.zeros((self.bundle.manifest.model.flow.n_mels, 0), np.float32)
        mel = self.flow.arrive(course, utterance.solver, before_step)
        if utterance.speed != 1.0:
            mel = interpolate_linear(mel, max(1, int(mel.shape[1] / utterance.speed)))
        return mel

    def voiced(
        self, utterance: Utterance, mel: Array, before_window: Callable[[], None] = lambda: None
    ) -> Audio:
        """Mel → waveform. What `before_window` raises, each window of it, ends the work."""
        return self.filtered(utterance, mel, self.excitation(utterance, mel), before_window)

    def excitation(self, utterance: Utterance, mel: Array) -> Array:
        """The first half of `voiced`: (M, T) → (T_wav,)."""
        if not mel.shape[1]:
            return np.zeros(0, np.float32)
        f0 = self.vocoder.f0(mel) * np.float32(utterance.pitch)
        return self.vocoder.source(f0, utterance.rng(SOURCE))

    def filtered(
        self,
        utterance: Utterance,
        mel: Array,
        source: Array,
        before_window: Callable[[], None] = lambda: None,
    ) -> Audio:
        """The second half of `voiced`."""
        if not mel.shape[1]:
            return Audio.silence(0.0, self.sample_rate)
        return self.audible(self.vocoder.filtered(mel, source, before_window), utterance)

    def utter(self, utterance: Utterance) -> Audio:
        """Text → speech tokens → mel → waveform, one segment."""
        (speech,) = self.utter_group([utterance])  # to its end, where the last stage is freed
        return speech

    def utter_in_chunks(self, utterance: Utterance) -> Iterator[Audio]:
        """The same, each chunk as soon as its tokens are there."""
        if utterance.speed != 1.0:
            yield self.utter(utterance)
            return
        for waveform in self.chunk_speaker(utterance).stream(self.tokens(utterance)):
            yield self.audible(waveform, utterance)

    def chunk_speaker(
        self, utterance: Utterance, before_step: Callable[[], None] = lambda: None
    ) -> ChunkSpeaker:
        """Speaks the tokens of an utterance, at the speed they have, as they come."""
        return ChunkSpeaker(
            utterance.conditioning,
            self.flow,
            self.vocoder,
            utterance.rng(NOISE),
            utterance.rng(SOURCE),
            utterance.solver,
            utterance.pitch,
            before_step,
        )

    def audible(self, waveform: Array, utterance: Utterance) -> Audio:
        """A waveform as loud as the utterance is to be."""
        if utterance.gain != 1.0:
            limit = self.bundle.manifest.model.vocoder.audio_limit
            waveform = np.clip(waveform * np.float32(utterance.gain), -limit, limit)
        return Audio(waveform, self.sample_rate)

    def _course(self, tokens: Sequence[int], c: Conditioning, rng: np.random.Generator) -> Course:
        noise = self.flow.noise(len(tokens), c.flow_prompt_mel, rng)
        prompt = c.flow_prompt_tokens, c.flow_prompt_mel
        return self.flow.course(tokens, c.flow_speaker, *prompt, noise)[0]


def with_pauses(utterance: Utterance, speech: Iterable[Audio]) -> Iterator[Audio]:
    """Speech between the silences its segment asks for."""
    segment, rate = utterance.segment, 0
    for part in speech:
        if segment.pause_before_s > 0 and not rate:
            yield Audio.silence(segment.pause_before_s, part.sample_rate)
        rate = part.sample_rate
        yield part
    if segment.pause_after_s > 0 and rate:
        yield Audio.silence(segment.pause_after_s, rate)


def _groups(utterances: Iterable[Utterance], size: int) -> Iterator[list[Utterance]]:
    remaining = iter(utterances)
    while group := list(itertools.islice(remaining, size)):
        yield group
