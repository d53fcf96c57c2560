"""The loaded model: a synthesizer, its engine with a thread, and a thread that reads texts.

Only the worker imports this.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from cosyvoice_lite.audio.codecs import read_wave
from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.engine.engine import Engine
from cosyvoice_lite.engine.request import Job
from cosyvoice_lite.engine.scheduler import Limits
from cosyvoice_lite.errors import UsageError, VoiceError
from cosyvoice_lite.runtime.clones import CloneCache
from cosyvoice_lite.runtime.memory import default_plan, lasting_plan, parse_bytes
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer, sizes_of
from cosyvoice_lite.runtime.voice import Voice, blend
from cosyvoice_lite.server.bridge import Bridge
from cosyvoice_lite.server.identity import Identity
from cosyvoice_lite.server.memory import budget, resident_bytes
from cosyvoice_lite.server.metrics import Deltas
from cosyvoice_lite.server.settings import Settings
from cosyvoice_lite.server.speech import Recording, Speech
from cosyvoice_lite.server.voices import VoiceRef, is_added, voice_file
from cosyvoice_lite.text.explain import Explanation

T = TypeVar("T")


class Model:
    """One bundle, ready to speak. Made and closed in a thread: both block.

    Raises:
        BundleError: the bundle can't be used.
    """

    def __init__(
        self, identity: Identity, settings: Settings, voices: Path, deltas: Deltas
    ) -> None:
        self.voices, self.deltas = voices, deltas
        bundle = Bundle.open(identity.path)
        self.limit = parse_bytes(settings.memory_budget) if settings.memory_budget else 0
        sizes = sizes_of(bundle)
        plan = lasting_plan(sizes, self.limit) if self.limit else default_plan(sizes, staged=False)
        plan = dataclasses.replace(plan, n_slots=min(plan.n_slots, settings.slots))
        self.synthesizer = Synthesizer(
            bundle,
            settings.threads or None,
            plan,
            CloneCache(None),  # what clients send is not written down unless they add a voice
        )
        self.synthesizer.load()
        limits = Limits(
            n_requests=settings.max_requests,
            work_s=settings.max_work,
            memory=self.limit or budget(settings.memory_limit),
            patience_s=settings.patience,
        )
        self.engine = Engine(
            self.synthesizer,
            limits,
            resident=resident_bytes,
            on_stage=lambda stage, s: deltas.observe("stage_duration_seconds", s, stage=stage),
            on_batch=lambda stage, n: deltas.observe("batch_size", n, stage=stage),
        )
        self.bridge = Bridge(self.engine, partial(deltas.observe, "cancel_latency_seconds"))
        self.reader = ThreadPoolExecutor(1, "reader")
        self.listener = ThreadPoolExecutor(1, "listener")
        self.encoders = ThreadPoolExecutor(2, "encoder")

    async def job(self, speech: Speech, deadline: float | None) -> tuple[Job, int]:
        """A job for the engine, and its seed; what is wrong with the request is found here."""
        request = self._request(speech, await self.voice(speech)).with_seed()
        plan = await self.read(lambda: self.synthesizer.plan(request))
        job = Job(
            plan, speech.owner, speech.priority, deadline,
            in_chunks=speech.in_chunks and not speech.finish,
        )  # fmt: skip
        return job, request.chosen_seed()

    async def explain(self, speech: Speech) -> Explanation:
        """What the frontend makes of a text."""
        request = self._request(speech, await self.voice(speech))
        return await self.read(lambda: self.synthesizer.reader.explain(request))

    async def estimate(self, speech: Speech) -> dict[str, float | int]:
        """What a request would take, and when it would be answered."""
        request = self._request(speech, await self.voice(speech))
        plan = await self.read(lambda: self.synthesizer.plan(request))
        estimator = self.engine.estimator
        work_s, waiting_s = sum(map(estimator.work_s, plan)), self.engine.work_s
        return {
            "segments": len(plan),
            "text_tokens": sum(len(u.segment.token_ids) for u in plan),
            "audio_seconds": round(sum(map(estimator.audio_s, plan)), 3),
            "work_seconds": round(work_s, 3),
            "eta_seconds": round(waiting_s + work_s, 3),
        }

    async def voice(self, speech: Speech) -> str | Voice | None:
        """The voice itself, made of what it is asked for by."""
        if speech.recording is not None:
            return await self.clone(speech.recording)
        if speech.voice is None:
            return None
        ref = speech.voice
        return await self.read(lambda: self._of_parts(ref))

    async def clone(self, recording: Recording) -> Voice:
        """A voice that takes after a recording."""
        return await _in(self.listener, lambda: self._clone(recording))

    async def keep(self, recording: Recording | None, ref: VoiceRef | None, path: Path) -> None:
        """Write the voice of a recording, or else a blend, into a file.

        Raises:
            OSError: the disk refuses. CosyError: there is no such voice to be made.
        """
        if recording is not None:
            voice = await self.clone(recording)
        else:
            part = None if ref is None else await self.read(lambda: self._of_parts(ref))
            voice = self.synthesizer.reader.voice(part)
        try:
            await self.read(lambda: voice.save(path))
        except VoiceError as error:
            raise OSError(str(error)) from error

    async def read(self, work: Callable[[], T]) -> T:
        """Run what reads texts or voices in the one thread that does."""
        return await _in(self.reader, work)

    def _clone(self, recording: Recording) -> Voice:
        if self.limit:
            raise UsageError(
                "the memory budget has no room for the encoders of recordings: "
                "add the voice with a service that has none"
            )
        known = self.synthesizer.clones.hits
        try:
            voice = self.synthesizer.clone(read_wave(recording.content), recording.transcript)
        finally:
            self.synthesizer.__dict__.pop("recordings", None)  # 500 MB that most never need
        how = "hit" if self.synthesizer.clones.hits > known else "miss"
        self.deltas.count("cache_requests_total", cache="voices", result=how)
        return voice

    def _of_parts(self, ref: VoiceRef) -> str | Voice:
        if len(ref.parts) == 1:
            return self._part(ref.parts[0][0])
        parts = [(self.synthesizer.reader.voice(self._part(n)), w) for n, w in ref.parts]
        return blend(parts)

    def _part(self, name: str) -> str | Voice:
        return Voice.load(voice_file(self.voices, name)) if is_added(name) else name

    def _request(self, speech: Speech, voice: str | Voice | None) -> Request:
        options: dict[str, Any] = {}
        if speech.sampling:
            base = self.synthesizer.bundle.manifest.model.sampling
            changes: dict[str, Any] = dict(speech.sampling)
            options["sampling"] = dataclasses.replace(base, **changes)
        return Request(
            speech.text,
            voice=voice,
            mode=speech.mode,
            instruct=speech.instruct,
            emotion=speech.emotion,
            speed=speech.speed,
            seed=speech.seed,
            language=speech.language,
            markup=speech.markup,
            ssml=speech.ssml,
            normalize=speech.normalize,
            volume=speech.volume,
            solver=speech.solver,
            **options,
        )


async def _in(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, work)
