"""Text → speech, straight down the figure of the paper: the place to start reading.

text ──prepare──► segments ──lm──► speech tokens ──flow──► mel ──vocoder──► waveform
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from typing_extensions import Unpack

from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.bundle import GRAPHS, Bundle
from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.models import find_model
from cosyvoice_lite.runtime.cfm import SOLVERS
from cosyvoice_lite.runtime.clones import CloneCache, clone_key
from cosyvoice_lite.runtime.memory import MemoryPlan, Sizes, default_plan, plan_memory
from cosyvoice_lite.runtime.pages import resident_bytes
from cosyvoice_lite.runtime.request import NOISE, SOURCE, Options, Request, Utterance
from cosyvoice_lite.runtime.speaking import Speaking
from cosyvoice_lite.runtime.voice import Voice, condition
from cosyvoice_lite.text.explain import Explanation


class Synthesizer(Speaking):
    """An opened bundle that speaks. Stages load when first used; use it from one thread, and in
    the process that opened it."""

    def __init__(
        self,
        bundle: Bundle,
        threads: int | None = None,
        memory: MemoryPlan | None = None,
        clones: CloneCache | None = None,
    ) -> None:
        super().__init__(bundle, threads, memory or default_plan(sizes_of(bundle), staged=False))
        self.clones = CloneCache.default() if clones is None else clones
        self._process = os.getpid()

    @classmethod
    def open(
        cls,
        model: Path | str | None = None,
        threads: int | None = None,
        *,
        staged: bool = False,
        memory_budget: int | None = None,
        clones: CloneCache | None = None,
    ) -> Synthesizer:
        """Open a model.

        Args:
            model: a bundle's folder, or the name of an installed model; by default the only one
                installed, or the one that comes with the package.
            threads: cores to use; by default, and at most, those this process may use.
            staged: free each stage before the next is loaded: half the memory, and every call
                pays for loading.
            memory_budget: bytes that the process may come to hold: stages, sentences at once,
                their length and windows are chosen to keep within it, and `staged` with them.
            clones: where voices made of recordings are kept; by default a folder that all
                processes of this user share.

        Raises:
            BundleError: no bundle, or a changed one. UsageError: the budget is too small.
        """
        bundle = Bundle.open(find_model(model))
        if memory_budget is None:
            return cls(bundle, threads, default_plan(sizes_of(bundle), staged=staged), clones)
        return cls(bundle, threads, plan_memory(sizes_of(bundle), memory_budget), clones)

    @property
    def voices(self) -> dict[str, Voice]:
        """The bundle's own voices by name."""
        return self.reader.voices

    def speak(self, text: str, **options: Unpack[Options]) -> Audio:
        """Speak `text`, in any mixture of the languages the model speaks.

        Args:
            voice: a name in `voices`, or a `Voice`; by default the first that speaks the text's
                language at home, else the first of the bundle.
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

        Numbers are rounded otherwise beside others, and rarely another token is drawn for it: what
        must repeat to the last sample is spoken alone.

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
        """A voice that takes after a recording of 0.5 to 30 s; computed once (`clones`).

        Args:
            transcript: what the recording says; with it the voice can speak zero_shot.

        Raises:
            AudioError: the recording can't be used. VoiceError: the bundle can't read recordings.
        """
        voice = self.clones.voice(
            clone_key(recording, transcript, self.bundle),
            lambda: self._clone(recording, transcript),
        )
        return replace(voice, name=name)

    def _clone(self, recording: Audio, transcript: str | None) -> Voice:
        encoder = self.recordings
        return Voice(
            name="clone",
            speaker_embedding=encoder.speaker_embedding(recording),
            prompt_text=self.reader.prompt_ids(transcript or ""),
            prompt_tokens=encoder.speech_tokens(recording),
            prompt_mel=encoder.mel(recording),
        )

    def plan(self, request: Request) -> list[Utterance]:
        """Decide everything about each segment; what can be wrong is found here.

        Raises:
            As `speak`. UsageError: also in a fork of the process that opened it, where the threads
            of the networks are not.
        """
        if os.getpid() != self._process:
            raise UsageError("this synthesizer is another process's: open one in each")
        return self.reader.plan(request)


def sizes_of(bundle: Bundle) -> Sizes:
    """What a memory plan for `bundle`, in this process, starts from."""
    files = bundle.manifest.files
    weights = {g: files[name].size for g in GRAPHS if (name := f"{g}.weights") in files}
    return Sizes(bundle.manifest.model, bundle.manifest.precision, weights, resident_bytes())
