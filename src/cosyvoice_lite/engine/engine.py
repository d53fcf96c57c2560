"""The engine: utterances of many requests, decoded side by side, spoken lane by lane.

A step is the least that can be done without looking up: one token for each utterance in a slot, or
the flow and the vocoder of an utterance that has its tokens, or of its next chunk. Where a machine
has lanes, those run in a lane each while the next tokens are decoded, unless there is but one
utterance, which has all lanes for itself. What is finished goes first, because someone waits for
it; a free slot is filled at once, because four tokens cost little more than one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cosyvoice_lite.engine.chunks import Chunks
from cosyvoice_lite.engine.estimate import Estimator
from cosyvoice_lite.engine.request import Job, Said, State, Work
from cosyvoice_lite.engine.scheduler import BATCH, Limits, Scheduler
from cosyvoice_lite.engine.speech import Speakers, Spoken
from cosyvoice_lite.errors import CancelledError, CosyError, DeadlineError
from cosyvoice_lite.runtime.lm import Slots
from cosyvoice_lite.runtime.synthesizer import Synthesizer

Clock = Callable[[], float]

SMALLEST_CAPACITY = 1024
TRUSTED_OBSERVATIONS = 3
"""Utterances spoken before a prediction is good enough to refuse a request for."""


def _ignore(_name: str, _value: float) -> None: ...


@dataclass
class Engine:
    """Speaks the jobs added to it. `add` may be called from any thread, `step` from one only."""

    synthesizer: Synthesizer
    limits: Limits = field(default_factory=Limits)
    clock: Clock = time.monotonic
    resident: Callable[[], int] = lambda: 0
    """Bytes that the process holds."""
    on_stage: Callable[[str, float], None] = _ignore
    """Told the seconds that a stage took."""
    on_batch: Callable[[str, float], None] = _ignore
    """Told how many utterances a step of a stage served."""

    def __post_init__(self) -> None:
        self.estimator = Estimator(self.synthesizer.bundle.manifest.model.token_rate)
        self.scheduler = Scheduler(self.limits, self.resident)
        self.jobs: list[Job] = []
        self.ready: list[Work] = []
        """Decoded and next in their jobs, in the order they became so."""
        self.speakers = Speakers(self.synthesizer, self.clock)
        self.decoding: dict[int, Work] = {}
        """By the identity of the sentence."""
        self.slots: Slots | None = None
        self.lock = threading.Lock()

    # --- from any thread ------------------------------------------------------------------------

    def add(self, job: Job) -> None:
        """Take on a request.

        Raises:
            OverloadError: there is no room for it.
        """
        demand, now = self.estimator.demand(job.utterances), self.clock()
        known = self.estimator.n_observed >= TRUSTED_OBSERVATIONS
        with self.lock:
            job.ticket = self.scheduler.enter(
                job.owner, job.priority, demand, now, job.deadline if known else None
            )
            self.jobs.append(job)

    @property
    def work_s(self) -> float:
        """Predicted seconds until everything taken on is done."""
        with self.lock:
            return self.scheduler.work_s

    @property
    def n_bytes(self) -> int:
        """Memory promised to what was taken on."""
        with self.lock:
            return self.scheduler.n_bytes

    def depth(self) -> dict[str, int]:
        """Requests here, by priority."""
        with self.lock:
            counts = {"interactive": 0, "batch": 0}
            for job in self.jobs:
                counts[job.priority] += 1
            return counts

    # --- from the engine's thread ---------------------------------------------------------------

    def step(self) -> bool:
        """Do the next piece of work; False if there is none."""
        self._sweep()
        for work, spoken in self.speakers.done():
            if not work.job.is_over:
                self._hand_out(work, spoken)
        if self.ready and self.speakers.n_free:
            self._speak(self._take_ready())
            return True
        self._fill_slots()
        if self.slots is not None and self.slots.running:
            self._decode(self.slots)
            return True
        if self.speakers.busy:
            self.speakers.wait()
            return True
        return bool(self.ready)  # an utterance without a single token is ready at once

    def stop(self, error: CosyError) -> None:
        """Fail everything that is not done."""
        for job in tuple(self.jobs):
            self._end(job, State.FAILED, error)

    def _sweep(self) -> None:
        """Forget those that were cancelled, and those whose time is up."""
        now = self.clock()
        with self.lock:
            jobs = tuple(self.jobs)
        for job in jobs:
            if job.asked_to_stop:
                self._end(job, State.CANCELLED)
            elif job.deadline is not None and now > job.deadline:
                self._end(job, State.FAILED, DeadlineError("its time is up"))

    def _take_ready(self) -> Work:
        work = min(self.ready, key=lambda w: w.job.priority == BATCH)
        self.ready.remove(work)
        return work

    def _make_ready(self, work: Work) -> None:
        if work not in self.ready and work not in self.speakers.busy.values():
            self.ready.append(work)

    def _fill_slots(self) -> None:
        while self.slots is None or self.slots.n_free:
            with self.lock:
                waiting = {job.ticket: job for job in self.jobs if job.ticket and job.can_begin}
                ticket = self.scheduler.next(waiting, self.clock())
            if ticket is None:
                return
            if not self._begin(waiting[ticket]):
                return

    def _begin(self, job: Job) -> bool:
        """Begin the next utterance of a job; False if its sentence must wait for longer slots."""
        started = self.clock()
        try:
            work = job.prepared or self._next_work(job)
            slots = self._slots_for(work.sentence.capacity)
            if slots is None:
                job.prepared = work
                return False
            job.prepared = None
            running = slots.admit(work.sentence)
        except Exception as error:
            self._fail(job, error)
            return True
        now = self.clock()
        if job.state is State.WAITING:
            job.state = State.RUNNING
            job.spend("queue", started - (job.ticket.arrived if job.ticket else started))
        job.n_begun += 1
        work.spent_s += now - started
        job.spend("text", now - started)
        self.on_stage("text", now - started)
        if job.ticket is not None:
            with self.lock:
                self.scheduler.begun(job.ticket, work.predicted_s)
        if running:
            self.decoding[id(work.sentence)] = work
        else:
            self._decoded(work)
        return True

    def _next_work(self, job: Job) -> Work:
        utterance = job.utterances[job.n_begun]
        sentence = self.synthesizer.sentence(utterance)
        chunks = None
        if job.in_chunks and utterance.speed == 1.0 and not self.synthesizer.memory.whole:
            chunks = Chunks(self.synthesizer.chunk_speaker(utterance, job.check))
        return Work(job, job.n_begun, sentence, self.estimator.work_s(utterance), chunks)

    def _slots_for(self, capacity: int) -> Slots | None:
        """Slots long enough; longer ones are made only when nobody is in the old."""
        if self.slots is not None and self.slots.capacity >= capacity:
            return self.slots
        if self.slots is not None and self.slots.running:
            return None
        room = SMALLEST_CAPACITY
        while room < capacity:
            room *= 2
        self.slots = None  # before its successor is made
        self.slots = Slots(self.synthesizer.lm, self.synthesizer.memory.n_slots, room)
        return self.slots

    def _decode(self, slots: Slots) -> None:
        started, n_running = self.clock(), len(slots.running)
        before = tuple(slots.running)
        try:
            ended = slots.step()
        except Exception as error:
            self.slots = None
            for job in {self.decoding[id(s)].job for s in before}:
                self._fail(job, error)
            return
        spent_s = self.clock() - started
        self.on_stage("llm", spent_s)
        self.on_batch("llm", n_running)
        for sentence in before:
            work = self.decoding[id(sentence)]
            work.spent_s += spent_s / n_running
            work.job.spend("llm", spent_s / n_running)
        for sentence in ended:
            self._decoded(self.decoding.pop(id(sentence)))
        for work in self.decoding.values():
            if work.is_due and work.index == work.job.n_spoken:
                self._make_ready(work)

    def _decoded(self, work: Work) -> None:
        job, work.is_decoded = work.job, True
        if work.index == job.n_spoken:
            self._make_ready(work)
        else:
            job.decoded[work.index] = work

    def _speak(self, work: Work) -> None:
        """Tokens → mel → waveform of an utterance or a chunk: in a lane, or here and now."""
        others = (*self.ready, *self.speakers.busy.values(), *self.decoding.values())
        if self.speakers.n_lanes > 1 and any(other.job is not work.job for other in others):
            self.speakers.start(work)
        else:
            self._hand_out(work, self.speakers.speak(work))

    def _hand_out(self, work: Work, spoken: Spoken) -> None:
        """Give a job what was spoken of it."""
        job, piece = work.job, spoken.piece
        for stage, seconds in spoken.spent:
            work.spent_s += spoken.share * seconds
            job.spend(stage, spoken.share * seconds)
            self.on_stage(stage, seconds)
        if isinstance(piece, CancelledError):
            self._end(job, State.CANCELLED)
        elif isinstance(piece, Exception):
            self._fail(job, piece)
        else:
            job.hand_out(piece)
            if piece.said is not None:
                self._spoken(work, piece.said)
            elif work.is_due:
                self._make_ready(work)

    def _spoken(self, work: Work, said: Said) -> None:
        """All of an utterance was handed out."""
        job = work.job
        self.estimator.observe(work.utterance, said.duration_s, work.spent_s)
        if job.ticket is not None:
            with self.lock:
                self.scheduler.done(job.ticket, work.predicted_s)
        if work.index + 1 == len(job.utterances):
            self._end(job, State.FINISHED)
        elif following := job.decoded.pop(job.n_spoken, None):
            self._make_ready(following)

    def _fail(self, job: Job, error: Exception) -> None:
        """One request fails of its own error; a fault of ours fails it too, and is told as such."""
        if isinstance(error, CosyError):
            known = error
        else:
            known = CosyError(f"internal error: {type(error).__name__}")
            known.__cause__ = error
        self._end(job, State.FAILED, known)

    def _end(self, job: Job, state: State, error: CosyError | None = None) -> None:
        """Forget a job, and everything that was begun for it."""
        self.ready = [work for work in self.ready if work.job is not job]
        for key, work in tuple(self.decoding.items()):
            if work.job is job:
                del self.decoding[key]
                if self.slots is not None:
                    self.slots.drop(work.sentence)
        with self.lock:
            if job in self.jobs:
                self.jobs.remove(job)
                if job.ticket is not None:
                    self.scheduler.leave(job.ticket)
        job.end(state, error)
