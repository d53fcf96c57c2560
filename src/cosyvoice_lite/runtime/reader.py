"""A request → utterances: who speaks, what is said, and how, before any model runs."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from cosyvoice_lite.bundle import VOCABULARY, Bundle
from cosyvoice_lite.config import Sampling
from cosyvoice_lite.errors import BundleError, UsageError, VoiceError
from cosyvoice_lite.runtime.aliases import named
from cosyvoice_lite.runtime.memory import MAX_POSITIONS
from cosyvoice_lite.runtime.request import N_MARKERS, Request, Utterance, check_characters
from cosyvoice_lite.runtime.voice import (
    Conditioning,
    Voice,
    bundled_voices,
    check_voice,
    condition,
    natural_mode,
)
from cosyvoice_lite.text import frontend
from cosyvoice_lite.text.emotion import ended
from cosyvoice_lite.text.explain import Explanation, explain
from cosyvoice_lite.text.languages import language_at_a_glance
from cosyvoice_lite.text.lexicon import Lexicon
from cosyvoice_lite.text.official import normalize_official
from cosyvoice_lite.text.phonemes.tempo import shortest_s
from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer
from cosyvoice_lite.text.segment import Segment
from cosyvoice_lite.text.tokenizer import BpeTokenizer, Tokenizer

ENDING_TOKENS = 4
"""Text tokens that a cut sentence may gain: a full stop, marks."""


class Reader:
    """The voices and the tokenizer of one bundle.

    Args:
        max_positions: of one sentence in the language model; longer ones are cut in two.
    """

    def __init__(self, bundle: Bundle, max_positions: int = MAX_POSITIONS) -> None:
        self.bundle = bundle
        self.max_positions = max_positions
        self.voices: dict[str, Voice] = bundled_voices(bundle)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer that the model was trained with."""
        tokenizer = _open_tokenizer(self.bundle)
        if tokenizer.size > (rows := self.bundle.manifest.model.lm.text_vocabulary):
            raise BundleError(
                f"{self.bundle.path}: the vocabulary has {tokenizer.size} text tokens, "
                f"the model knows {rows}: convert again with the right --vocabulary"
            )
        return tokenizer

    def plan(self, request: Request) -> list[Utterance]:
        """Decide everything about each segment; what can be wrong is found here.

        Raises:
            TextError, VoiceError, UsageError: as `Synthesizer.speak`.
        """
        voice, seed = self.speaker(request), request.chosen_seed()
        segments = frontend.run(request.text, self._text_request(request, voice))
        utterances = [
            Utterance(
                segment=segment,
                conditioning=self._condition(segment, voice, request),
                sampling=self._sampling(segment, request),
                speed=request.speed * segment.prosody.rate,
                solver=request.chosen_solver(),
                seed=(seed, i),
                volume=request.volume,
            )
            for i, segment in enumerate(segments)
        ]
        if self.max_positions < MAX_POSITIONS:
            self._check_lengths(utterances)
        return utterances

    def _check_lengths(self, utterances: list[Utterance]) -> None:
        longest = max(utterance.n_positions for utterance in utterances)
        if longest > self.max_positions:
            raise UsageError(
                f"a sentence may take {longest} positions with its prompt, the memory budget "
                f"allows {self.max_positions}: shorten the text or the recording, or give more"
            )

    def explain(self, request: Request) -> Explanation:
        """What the frontend makes of the text, step by step; nothing is spoken."""
        return explain(request.text, self._text_request(request, self.speaker(request)))

    def speaker(self, request: Request) -> Voice:
        """The voice asked for; by default the first that speaks the text's language at home."""
        language = language_at_a_glance(request.text, request.language)
        if request.voice is not None or not self.voices or language is None:
            return self.voice(request.voice)
        at_home = (voice for voice in self.voices.values() if voice.language == language)
        return next(at_home, self.voice(None))

    def voice(self, voice: str | Voice | None) -> Voice:
        """The voice meant: itself, by one of its names, or the first there is."""
        if isinstance(voice, Voice):
            check_voice(voice, self.bundle.manifest.model)
            return voice
        known = ", ".join(self.voices) or "none: this model needs a recording to take after"
        if voice is None and self.voices:
            return next(iter(self.voices.values()))
        name = None if voice is None else named(voice, self.voices)
        if name is None:
            asked = "no voice given" if voice is None else f"unknown voice {voice!r}"
            raise VoiceError(f"{asked}; this bundle's voices are {known}")
        return self.voices[name]

    def prompt_ids(self, text: str) -> tuple[int, ...]:
        """A prompt's words as ids; not cut, and normalised as the authors do."""
        check_characters(text)
        return tuple(self.tokenizer.encode(normalize_official(text))) if text.strip() else ()

    def _text_request(self, request: Request, voice: Voice) -> frontend.Request:
        return frontend.Request(
            self.tokenizer,
            frontend=request.frontend,
            language=request.language,
            voice_language=voice.language,
            capabilities=frozenset(self.bundle.manifest.capabilities),
            instruct=request.instruct,
            emotion=request.emotion,
            lexicon=None if request.lexicon is None else Lexicon.open(Path(request.lexicon)),
            markup=request.markup,
            ssml=request.ssml,
            normalize=request.normalize,
            longest_tokens=self._longest_text(request, voice),
        )

    def _longest_text(self, request: Request, voice: Voice) -> int | None:
        """Text tokens of a sentence that can't outgrow the positions there are."""
        if self.max_positions >= MAX_POSITIONS:
            return None
        sampling = request.sampling or self.bundle.manifest.model.sampling
        prompt = len(voice.prompt_tokens) + len(voice.prompt_text)
        prompt += len(self.prompt_ids(ended(request.instruct or "")))
        room = int((self.max_positions - N_MARKERS - prompt) / (1 + sampling.max_token_text_ratio))
        return max(1, room - ENDING_TOKENS)

    def _sampling(self, segment: Segment, request: Request) -> Sampling:
        """As asked for, or as the model has it: then phonemes get the least time they take."""
        model = self.bundle.manifest.model
        chosen = request.sampling or model.sampling
        shortest, longest = chosen.min_token_text_ratio, chosen.max_token_text_ratio
        if not segment.reads_phonemes or shortest != model.sampling.min_token_text_ratio:
            return chosen
        ratio = shortest_s(segment.token_ids) * model.token_rate / len(segment.token_ids)
        return replace(chosen, min_token_text_ratio=min(max(shortest, ratio), longest))

    def _condition(self, segment: Segment, voice: Voice, request: Request) -> Conditioning:
        if segment.voice is not None:
            voice = self.voice(segment.voice)
        instruction = self.prompt_ids(segment.instruct or "")
        mode = request.mode or ("instruct" if instruction else natural_mode(voice))
        told = condition(voice, mode, instruction)
        # A voice of the caller's may be called as one of the bundle, whose moods are not its own.
        ours = voice is self.voices.get(voice.name)
        moody = self.voices.get(f"{voice.name}_{segment.emotion}") if ours else None
        return told if moody is None else replace(told, flow_speaker=moody.speaker_embedding)


def _open_tokenizer(bundle: Bundle) -> Tokenizer:
    kind = bundle.manifest.model.tokenizer
    if kind == "phonemes":
        return PhonemeTokenizer()
    if not bundle.has(VOCABULARY):
        raise BundleError(
            f"{bundle.path}: no vocabulary, so it can't read text: "
            "convert again with --vocabulary FILE"
        )
    return BpeTokenizer.open(bundle.file(VOCABULARY), kind)
