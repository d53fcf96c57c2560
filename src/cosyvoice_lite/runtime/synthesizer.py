"""Text → speech, straight down the figure of the paper: the place to start reading.

text ──prepare──► segments ──lm──► speech tokens ──flow──► mel ──vocoder──► waveform
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.audio.effects import interpolate_linear
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.bundle import VOCABULARY, Bundle
from cosyvoice_lite.config import Sampling
from cosyvoice_lite.errors import BundleError, UsageError, VoiceError
from cosyvoice_lite.runtime.flow import N_STEPS, Flow
from cosyvoice_lite.runtime.lm import Sentence, SpeechLM
from cosyvoice_lite.runtime.recording import RecordingEncoder
from cosyvoice_lite.runtime.request import (
    NOISE,
    SOURCE,
    TOKENS,
    Request,
    Utterance,
    check_characters,
)
from cosyvoice_lite.runtime.session import available_threads
from cosyvoice_lite.runtime.stream import ChunkSpeaker
from cosyvoice_lite.runtime.vocoder import Vocoder
from cosyvoice_lite.runtime.voice import (
    Conditioning,
    Voice,
    bundled_voices,
    condition,
    natural_mode,
)
from cosyvoice_lite.text.frontend import prepare
from cosyvoice_lite.text.official import normalize_official
from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer
from cosyvoice_lite.text.segment import Segment
from cosyvoice_lite.text.tokenizer import BpeTokenizer, Tokenizer

Array = npt.NDArray[Any]


def open_tokenizer(bundle: Bundle) -> Tokenizer:
    """The tokenizer that the model was trained with.

    Raises:
        BundleError: it needs a vocabulary that the bundle lacks.
    """
    kind = bundle.manifest.model.tokenizer
    if kind == "phonemes":
        return PhonemeTokenizer()
    if not bundle.has(VOCABULARY):
        raise BundleError(
            f"{bundle.path}: no vocabulary, so it can't read text: "
            "convert again with --vocabulary FILE"
        )
    return BpeTokenizer.open(bundle.file(VOCABULARY), kind)


class Synthesizer:
    """An opened bundle that speaks. Stages load when first used; use it from one thread."""

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise UsageError(f"threads is {threads}, must be at least 1")
        self.bundle = bundle
        self.threads = min(threads or available_threads(), available_threads())
        self.voices: dict[str, Voice] = bundled_voices(bundle)

    @classmethod
    def open(cls, path: Path | str, threads: int | None = None) -> Synthesizer:
        """Open the bundle at `path`.

        Args:
            threads: cores to use; by default, and at most, those this process may use.

        Raises:
            BundleError: no bundle, or a changed one.
        """
        return cls(Bundle.open(path), threads)

    @property
    def sample_rate(self) -> int:
        """Hz of everything it speaks."""
        return self.bundle.manifest.model.sample_rate

    def speak(
        self,
        text: str,
        *,
        voice: str | Voice | None = None,
        mode: str | None = None,
        instruct: str | None = None,
        speed: float = 1.0,
        seed: int | None = None,
        language: str | None = None,
        frontend: str = "lite",
        sampling: Sampling | None = None,
        n_steps: int = N_STEPS,
    ) -> Audio:
        """Speak `text`.

        Args:
            text: in any mixture of the languages the model speaks.
            voice: a name in `voices`, or a `Voice`; by default the first of the bundle.
            mode: "sft", "zero_shot", "cross_lingual" or "instruct"; by default what the arguments
                ask for: instruct with an instruction, else sft for a voice without a recording,
                zero_shot for one whose words are known, cross_lingual for any other.
            instruct: how to speak, in words, for an Instruct checkpoint.
            speed: 2.0 is twice as fast; 0.25 to 4.
            seed: the same text, voice, seed and settings give the same samples; random by default.
            language: of the text, where it can't be seen.
            frontend: "lite", or "official" to read numbers and such as the authors' code does.
            sampling: how tokens are drawn; by default as the checkpoint says.
            n_steps: Euler steps of the flow; fewer are faster and rougher.

        Returns:
            The speech, float32 at `sample_rate`.

        Raises:
            TextError: nothing to speak. VoiceError: no such voice, or not in that mode.
            UsageError: a setting out of range.
        """
        request = Request(
            text, voice, mode, instruct, speed, seed, language, frontend, sampling, n_steps
        )
        return Audio.concat(self.utter_all(self.plan(request)))

    def stream(
        self,
        text: str,
        *,
        voice: str | Voice | None = None,
        mode: str | None = None,
        instruct: str | None = None,
        speed: float = 1.0,
        seed: int | None = None,
        language: str | None = None,
        frontend: str = "lite",
        sampling: Sampling | None = None,
        n_steps: int = N_STEPS,
    ) -> Iterator[Audio]:
        """Speak `text` chunk by chunk, while the language model still writes.

        Arguments and errors as `speak`; errors are raised here, not at the first chunk. A changed
        speed needs the whole mel, so then a chunk is a segment.
        """
        request = Request(
            text, voice, mode, instruct, speed, seed, language, frontend, sampling, n_steps
        )
        return self.utter_all(self.plan(request), in_chunks=True)

    def convert_voice(self, source: Audio, voice: Voice, *, seed: int | None = None) -> Audio:
        """Say what `source` says, as it says it, with the sound of `voice`.

        Raises:
            AudioError: the recording can't be used. VoiceError: the bundle can't read recordings.
        """
        number = Request("", seed=seed).chosen_seed()
        tokens = [int(t) for t in self.recordings.speech_tokens(source)]
        conditioning = condition(voice, "cross_lingual" if voice.has_prompt else "sft", ())
        noise, draws = (np.random.default_rng((number, 0, purpose)) for purpose in (NOISE, SOURCE))
        mel = self._mel(tokens, conditioning, noise, N_STEPS)
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
            prompt_text=self._prompt_ids(transcript or ""),
            prompt_tokens=encoder.speech_tokens(recording),
            prompt_mel=encoder.mel(recording),
        )

    def plan(self, request: Request) -> list[Utterance]:
        """Decide everything about each segment; what can be wrong is found here.

        Raises:
            TextError, VoiceError, UsageError: as `speak`.
        """
        voice, seed = self.voice(request.voice), request.chosen_seed()
        segments = prepare(
            request.text, self.tokenizer, frontend=request.frontend, language=request.language
        )
        return [
            Utterance(
                segment=segment,
                conditioning=self._condition(segment, voice, request),
                sampling=request.sampling or self.bundle.manifest.model.sampling,
                speed=request.speed * segment.prosody.rate,
                n_steps=request.n_steps,
                seed=(seed, i),
            )
            for i, segment in enumerate(segments)
        ]

    def voice(self, voice: str | Voice | None) -> Voice:
        """The voice meant: itself, by name, or the first there is."""
        if isinstance(voice, Voice):
            return voice
        known = ", ".join(self.voices) or "none: this model needs a recording to take after"
        if voice is None and self.voices:
            return next(iter(self.voices.values()))
        if voice not in self.voices:
            asked = "no voice given" if voice is None else f"unknown voice {voice!r}"
            raise VoiceError(f"{asked}; this bundle's voices are {known}")
        return self.voices[voice]

    def utter_all(
        self, utterances: Iterable[Utterance], *, in_chunks: bool = False
    ) -> Iterator[Audio]:
        """Utterances and the pauses around them, piece by piece."""
        for utterance in utterances:
            segment = utterance.segment
            if segment.pause_before_s > 0:
                yield Audio.silence(segment.pause_before_s, self.sample_rate)
            if in_chunks:
                yield from self.utter_in_chunks(utterance)
            else:
                yield self.utter(utterance)
            if segment.pause_after_s > 0:
                yield Audio.silence(segment.pause_after_s, self.sample_rate)

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

    def utter(self, utterance: Utterance) -> Audio:
        """Text → speech tokens → mel → waveform, one segment."""
        tokens = list(self.tokens(utterance))
        if not tokens:
            return Audio.silence(0.0, self.sample_rate)
        mel = self._mel(tokens, utterance.conditioning, utterance.rng(NOISE), utterance.n_steps)
        if utterance.speed != 1.0:
            mel = interpolate_linear(mel, max(1, int(mel.shape[1] / utterance.speed)))
        waveform, _ = self.vocoder.waveform(mel, utterance.rng(SOURCE), pitch=utterance.pitch)
        return self._audible(waveform, utterance)

    def utter_in_chunks(self, utterance: Utterance) -> Iterator[Audio]:
        """The same, each chunk as soon as its tokens are there."""
        if utterance.speed != 1.0:
            yield self.utter(utterance)
            return
        speaker = ChunkSpeaker(
            utterance.conditioning,
            self.flow,
            self.vocoder,
            utterance.rng(NOISE),
            utterance.n_steps,
            utterance.pitch,
        )
        for waveform in speaker.stream(self.tokens(utterance)):
            yield self._audible(waveform, utterance)

    @cached_property
    def lm(self) -> SpeechLM:
        return SpeechLM(self.bundle, self.threads)

    @cached_property
    def flow(self) -> Flow:
        return Flow(self.bundle, self.threads)

    @cached_property
    def vocoder(self) -> Vocoder:
        return Vocoder(self.bundle, self.threads)

    @cached_property
    def recordings(self) -> RecordingEncoder:
        return RecordingEncoder(self.bundle, self.threads)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        tokenizer = open_tokenizer(self.bundle)
        if tokenizer.size > (rows := self.bundle.manifest.model.lm.text_vocabulary):
            raise BundleError(
                f"{self.bundle.path}: the vocabulary has {tokenizer.size} text tokens, "
                f"the model knows {rows}: convert again with the right --vocabulary"
            )
        return tokenizer

    def _mel(
        self, tokens: Sequence[int], c: Conditioning, rng: np.random.Generator, n_steps: int
    ) -> Array:
        return self.flow.mel(
            tokens,
            c.flow_speaker,
            c.flow_prompt_tokens,
            c.flow_prompt_mel,
            self.flow.noise(len(tokens), c.flow_prompt_mel, rng),
            n_steps=n_steps,
        )[0]

    def _audible(self, waveform: Array, utterance: Utterance) -> Audio:
        if utterance.gain != 1.0:
            limit = self.bundle.manifest.model.vocoder.audio_limit
            waveform = np.clip(waveform * np.float32(utterance.gain), -limit, limit)
        return Audio(waveform, self.sample_rate)

    def _condition(self, segment: Segment, voice: Voice, request: Request) -> Conditioning:
        if segment.voice is not None:
            voice = self.voice(segment.voice)
        instruction = self._prompt_ids(segment.instruct or request.instruct or "")
        mode = request.mode or ("instruct" if instruction else natural_mode(voice))
        return condition(voice, mode, instruction)

    def _prompt_ids(self, text: str) -> tuple[int, ...]:
        """A prompt's words as ids; not cut, and normalised as the authors do."""
        check_characters(text)
        return tuple(self.tokenizer.encode(normalize_official(text))) if text.strip() else ()
