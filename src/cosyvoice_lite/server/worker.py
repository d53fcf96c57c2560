"""The worker: a process with the model in it, so that the service has neither its memory nor its
fate. What it takes is given back when it ends, to the last byte; and should a weight vanish from
under it, the service lives on.

Run as a module it reads commands from standard input and writes news to standard output.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any, BinaryIO

from cosyvoice_lite.errors import CosyError
from cosyvoice_lite.server.identity import Identity
from cosyvoice_lite.server.logs import log
from cosyvoice_lite.server.memory import resident_bytes
from cosyvoice_lite.server.metrics import Deltas
from cosyvoice_lite.server.model import Model
from cosyvoice_lite.server.recorder import Recorder
from cosyvoice_lite.server.wire import (
    Cancel,
    Done,
    Estimate,
    Explain,
    FromWorker,
    Keep,
    More,
    Open,
    Opened,
    Part,
    Result,
    Speak,
    Stats,
    ToWorker,
    failed,
    pack,
    read_command,
)

LOG = logging.getLogger("cosyvoice_lite.worker")
MAX_AHEAD = 8
"""Parts of one answer sent and not yet taken."""
STATS_S = 0.25


class Worker:
    """Serves one service until it closes the pipe."""

    def __init__(self, model: Model, deltas: Deltas, out: BinaryIO) -> None:
        self.model, self.deltas, self.out = model, deltas, out
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.room: dict[int, asyncio.Semaphore] = {}

    def handle(self, command: ToWorker) -> None:
        """Begin what a command says."""
        match command:
            case Speak():
                self.room[command.id] = asyncio.Semaphore(MAX_AHEAD)
                self._start(command.id, self._speak(command))
            case More() if command.id in self.room:
                self.room[command.id].release()
            case Cancel() if command.id in self.tasks:
                self.tasks[command.id].cancel()
            case Explain():
                self._start(command.id, self._explain(command))
            case Estimate():
                self._start(command.id, self._estimate(command))
            case Keep():
                self._start(command.id, self._keep(command))

    def send(self, message: FromWorker) -> None:
        self.out.write(pack(message))
        self.out.flush()

    def _start(self, number: int, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(self._guarded(number, work))
        self.tasks[number] = task
        task.add_done_callback(lambda _: self._ended(number))

    def _ended(self, number: int) -> None:
        self.tasks.pop(number, None)
        self.room.pop(number, None)

    async def _guarded(self, number: int, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except CosyError as error:
            if type(error) is CosyError:
                LOG.error("request failed", exc_info=error.__cause__ or error)
            self.send(failed(number, error))
        except Exception as error:
            LOG.exception("request failed")
            self.send(failed(number, CosyError(f"internal error: {type(error).__name__}")))

    async def _speak(self, command: Speak) -> None:
        deadline = None if command.seconds is None else time.monotonic() + command.seconds
        job, seed = await self.model.job(command.speech, deadline)
        recorder, loop = Recorder(command.speech, seed), asyncio.get_running_loop()

        async def send(content: bytes, *, is_last: bool = False) -> None:
            if content or is_last:  # a format may have no bytes for no sound: so be it
                await self.room[command.id].acquire()
                self.send(
                    Part(
                        command.id, recorder.media_type, recorder.sample_rate, seed,
                        job.seconds, content,
                    )
                )  # fmt: skip

        try:
            async with aclosing(self.model.bridge.pieces(job)) as pieces:
                async for piece in pieces:
                    encoders = self.model.encoders
                    await send(await loop.run_in_executor(encoders, recorder.write, piece))
            rest = await loop.run_in_executor(self.model.encoders, recorder.close)
            await send(rest, is_last=True)
        except asyncio.CancelledError:
            self.deltas.count("cancelled_total", stage=job.state.value)
            raise
        self.send(Done(command.id, recorder.facts(), job.seconds))

    async def _explain(self, command: Explain) -> None:
        explanation = await self.model.explain(command.speech)
        tree = json.loads(await self.model.read(explanation.to_json))
        self.send(Result(command.id, tree))

    async def _estimate(self, command: Estimate) -> None:
        self.send(Result(command.id, await self.model.estimate(command.speech)))

    async def _keep(self, command: Keep) -> None:
        refused: str | None = None
        try:
            await self.model.keep(command.recording, command.blend, Path(command.path))
        except OSError as error:
            refused = str(error)
        self.send(Result(command.id, refused))

    async def report(self) -> None:
        """Tell how it is, while there is something to tell."""
        told: Stats | None = None
        while True:
            engine = self.model.engine
            counts, observations = self.deltas.take()
            stats = Stats(
                resident_bytes() >> 20 << 20, engine.n_bytes, round(engine.work_s, 2),
                engine.depth(), self.model.bridge.is_stuck, counts, observations,
            )  # fmt: skip
            if stats != told:
                self.send(stats)
            told = stats
            await asyncio.sleep(STATS_S)


async def _serve(source: BinaryIO, out: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    first = await asyncio.to_thread(read_command, source)
    if not isinstance(first, Open):
        return
    log(first.settings.log_level)
    deltas = Deltas()
    try:
        identity = Identity.read(Path(first.path))
        voices = Path(first.voices)
        model = await asyncio.to_thread(Model, identity, first.settings, voices, deltas)
    except Exception as error:
        known = error if isinstance(error, CosyError) else CosyError(repr(error))
        out.write(pack(failed(0, known)))
        out.flush()
        return
    worker = Worker(model, deltas, out)
    worker.send(Opened())
    threading.Thread(target=_read, args=(source, loop, worker), daemon=True).start()
    await worker.report()


def _read(source: BinaryIO, loop: asyncio.AbstractEventLoop, worker: Worker) -> None:
    code = 1
    try:
        while (command := read_command(source)) is not None:
            loop.call_soon_threadsafe(worker.handle, command)
        code = 0
    except Exception:
        LOG.exception("a command can't be read")
    logging.shutdown()
    os._exit(code)  # the service is gone or wants us gone: nothing here outlives it


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # the service decides when to end
        signal.signal(number, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anybody prints is no news
    asyncio.run(_serve(sys.stdin.buffer, out))


if __name__ == "__main__":
    main()
