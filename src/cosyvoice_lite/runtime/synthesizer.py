"""Text → speech, straight down the figure of the paper: the place to start reading.

text ──prepare──► segments ──lm──► speech tokens ──flow──► mel ──vocoder──► waveform
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import Unpack

from cosyvoice_lite.audio.effects import interpolate_linear
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.bundle import GRAPHS, Bundle
from cosyvoice_lite.models import find_model
from cosyvoice_lite.runtime.cfm import SOLVERS
from cosyvoice_lite.runtime.flow import Course
from cosyvoice_lite.runtime.lm import Sentence
from cosyvoice_lite.runtime.memory import MemoryPlan, Sizes, plan_memory
from cosyvoice_lite.runtime.pages import resident_bytes
from cosyvoice_lite.runtime.reader import Reader
from cosyvoice_lite.runtime.request import NOISE, SOURCE, TOKENS, Options, Request, Utterance
from cosyvoice_lite.runtime.stages import Stages
from cosyvoice_lite.runtime.stream import ChunkSpeaker
from cosyvoice_lite.runtime.voice import Conditioning, Voice, condition
from cosyvoice_lite.text.explain import Explanation

Array = npt.NDArray[Any]

GROUPS_OF_SLOTS = 2
"""Utterances of a group for each decoding slot: when one ends, another takes its place."""


class Synthesizer(Stages):
    """An opened bundle that speaks. Stages load when first used; use it from one thread."""

    def __init__(
        self, bundle: Bundle, threads: int | None = None, memory: MemoryPlan | None = None
    ) -> None:
        super().__init__(bundle, threads, memory or MemoryPlan())
        self.reader = Reader(bundle, self.memory.max_positions)

    @classmethod
    def open(
        cls,
        model: Path | str | None = None,
        threads: int | None = None,
        *,
        staged: bool = False,
        memory_budget: int | None = None,
    ) -> Synthesizer:
        """Open a model.

        Args:
            model: a bundle's folder, or the name of an installed model; by default the only one
                installed, or the one that comes with the package.
            threads: cores to use; by default, and at most, those this process may use.
            staged: free each stage before the next is loaded: half the memory, and every call
                pays for loading.
            memory_budget: bytes that the process may come to hold: stages, sentences at once,
                their length and windows are chosen to keep within it.

        Raises:
            BundleError: no bundle, or a changed one. UsageError: the budget is too small.
        """
        bundle = Bundle.open(find_model(model))
        if memory_budget is None:
            return cls(bundle, threads, MemoryPlan(staged=staged))
        return cls(bundle, threads, plan_memory(sizes_of(bundle), memory_budget))

    @property
    def sample_rate(self) -> int:
        """Hz of everything it speaks."""
        return self.bundle.manifest.model.sample_rate

    @property
    def voices(self) -> dict[str, Voice]:
        """The bundle's own voices by name."""
        return self.reader.voices

    def speak(self, text: str, **options: Unpack[Options]) -> Audio:
        """Speak `text`, in any mixture of the languages the model speaks.

        Args:
            voice: a name in `voices`, or a `Voice`; by default the first of the bundle.
            mode: "sft", "zero_shot", "cross_lingual" or "instruct"; by default what the arguments
                ask for: instruct with an instruction, else sft for a voice without a recording,
                zero_shot for one whose words are known, cross_lingual for any other.
            instruct: how to speak, in words, for an Instruct checkpoint.
            emotion: a named one ("happy", "sad", …), where the model can.
            speed: 2.0 is twice as fast; 0.25 to 4.
            seed: the same text, voice, seed and settings give the same samples; random by default.
            language: of the text, where it can't be seen.
            lexicon: path of a file with readings of your own.
            markup: whether marks and SSML in the text are understood (docs/markup.md).
            ssml: whether the text is SSML; by default it is if it begins with "<speak".
            normalize: whether numbers and symbols are read as words.
            volume: factor on the samples, 0 to 4; what gets too loud is cut off.
            frontend: "lite", or "official" to read numbers and such as the authors' code does.
            sampling: how tokens are drawn; by default as the checkpoint says.
            solver: of the flow: "exact" as the authors' code, "balanced" or "fast".
            n_steps: Euler steps, where not those of the solver; fewer are faster and rougher.

        Returns:
            The speech, float32 at `sample_rate`.

        Raises:
            TextError: nothing to speak. VoiceError: no such voice, or not in that mode.
            UsageError: a setting out of range.
        """
        return Audio.concat(self.utter_all(self.plan(Request(text, **options))))

    def speak_many(self, requests: Iterable[Request]) -> Iterator[Audio]:
        """Speak several texts, each as `speak` would; sentences of all are decoded side by side.

        Raises:
            As `speak`, for any of them, before the first is spoken.
        """
        plans = [self.plan(request) for request in requests]
        each = self.utter_each(itertools.chain(*plans))
        return (Audio.concat(itertools.chain(*itertools.islice(each, len(p)))) for p in plans)

    def stream(self, text: str, **options: Unpack[Options]) -> Iterator[Audio]:
        """Speak `text` chunk by chunk, while the language model still writes.

        Arguments and errors as `speak`; errors are raised here, not at the first chunk. A changed
        speed needs the whole mel, so then a chunk is a segment.
        """
        return self.utter_all(self.plan(Request(text, **options)), in_chunks=True)

    def explain(self, text: str, **options: Unpack[Options]) -> Explanation:
        """What `speak` would make of `text`: languages, rules, segments, phonemes, durations."""
        return self.reader.explain(Request(text, **options))

    def convert_voice(self, source: Audio, voice: Voice, *, seed: int | None = None) -> Audio:
        """Say what `source` says, as it says it, with the sound of `voice`.

        Raises:
            AudioError: the recording can't be used. VoiceError: the bundle can't read recordings.
        """
        number = Request("", seed=seed).chosen_seed()
        voice = self.reader.voice(voice)
        tokens = [int(t) for t in self.recordings.speech_tokens(source)]
        conditioning = condition(voice, "cross_lingual" if voice.has_prompt else "sft", ())
        noise, draws = (np.random.default_rng((number, 0, purpose)) for purpose in (NOISE, SOURCE))
        mel = self.flow.arrive(self._course(tokens, conditioning, noise), SOLVERS["exact"])
        return Audio(self.vocoder.waveform(mel, draws)[0], self.sample_rate)

    def clone(self, recording: Audio, transcript: str | None = None, name: str = "clone") -> Voice:
        """A voice that takes after a recording of 0.5 to 30 s.

        Args:
            transcript: what the recording says; with it the voice can speak zero_shot.

        Raises:
            AudioError: the recording can't be used. VoiceError: the bundle can't read recordings.
        """
        encoder = self.recordings
        return Voice(
            name=name,
            speaker_embedding=encoder.speaker_embedding(recording),
            prompt_text=self.reader.prompt_ids(transcript or ""),
            prompt_tokens=encoder.speech_tokens(recording),
            prompt_mel=encoder.mel(recording),
        )

    def plan(self, request: Request) -> list[Utterance]:
        """Decide everything about each segment; what can be wrong is found here."""
        return self.reader.plan(request)

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
        self.finished("reader", "tokenizer")
        sentences = [self.sentence(utterance) for utterance in group]
        self.finished("lm", "text_encoder")
        self.lm.generate_all(sentences, self.memory.n_slots)
        self.finished("lm")
        courses = [self.course(u, s.tokens) for u, s in zip(group, sentences, strict=True)]
        self.finished("flow", "encoder")
        mels = [self.arrive(u, course) for u, course in zip(group, courses, strict=True)]
        self.finished("flow")
        sources = [self.excitation(u, mel) for u, mel in zip(group, mels, strict=True)]
        self.finished("vocoder", "f0_predictor")
        for utterance, mel, source in zip(group, mels, sources, strict=True):
            yield self.filtered(utterance, mel, source)
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
        """Mel → waveform. What `before_window` raises, each 3 s of it, ends the work."""
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
        return next(self.utter_group([utterance]))

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


def sizes_of(bundle: Bundle) -> Sizes:
    """What a memory plan for `bundle`, in this process, starts from."""
    files = bundle.manifest.files
    weights = {g: files[name].size for g in GRAPHS if (name := f"{g}.weights") in files}
    return Sizes(bundle.manifest.model, bundle.manifest.precision, weights, resident_bytes())


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
