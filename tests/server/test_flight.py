"""Speech that several readers share, and crowds that pass in order."""

from __future__ import annotations

import asyncio
import sys

import msgspec
import pytest

from cosyvoice_lite.server import schemas
from cosyvoice_lite.server.flight import MAX_AHEAD, Flight, Head
from cosyvoice_lite.server.turnstile import PER_TURN, Turnstile


def test_all_readers_get_all_bytes_and_the_maker_waits_for_the_fastest() -> None:
    async def run() -> None:
        flight, made = Flight(), []

        async def make() -> None:
            flight.head = Head("audio/wav", 22050, 1)
            for n in range(3 * MAX_AHEAD):
                made.append(n)
                await flight.send(bytes([n]))

        flight.start(make(), lambda: None)
        slow, fast = flight.board(), flight.board()
        await asyncio.sleep(0.01)
        assert len(made) == MAX_AHEAD + 1
        everything = bytes(range(3 * MAX_AHEAD))
        assert await fast.rest() == everything
        late = flight.board()
        assert await late.rest() == await slow.rest() == everything

    asyncio.run(run())


def test_the_work_ends_with_the_last_reader() -> None:
    async def run() -> None:
        flight = Flight()
        flight.start(asyncio.sleep(60), lambda: None)
        one, two = flight.board(), flight.board()
        one.close()
        one.close()  # twice is once
        await asyncio.sleep(0)
        assert flight.task is not None
        assert not flight.task.cancelling() if sys.version_info >= (3, 11) else True
        assert not flight.is_abandoned
        two.close()
        assert flight.is_abandoned
        await asyncio.gather(flight.task, return_exceptions=True)
        assert flight.task.cancelled()

    asyncio.run(run())


def test_a_crowd_passes_in_order_over_many_turns_of_the_loop() -> None:
    async def run() -> None:
        turnstile, passed, turns = Turnstile(), list[int](), list[int]()

        async def one(n: int) -> None:
            await turnstile.wait()
            passed.append(n)

        crowd = [asyncio.create_task(one(n)) for n in range(10 * PER_TURN + 3)]
        while len(passed) < len(crowd):
            before = len(passed)
            await asyncio.sleep(0)
            turns.append(len(passed) - before)
        assert max(turns) == PER_TURN
        assert passed == list(range(len(crowd)))
        await asyncio.wait_for(turnstile.wait(), 1)  # who comes later is not kept out

    asyncio.run(run())


def test_types_of_bodies_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    schemas.prepare(schemas.SpeechBody)

    def again(_: object) -> None:
        raise AssertionError("reading the types takes 3 ms, which is for the start")

    monkeypatch.setattr(msgspec.structs, "fields", again)
    content = b'{"model": "tts-1", "input": "Hi.", "voice": "alloy", "seed": null}'
    body, _ = schemas.parse(content, schemas.SpeechBody)
    assert body.seed is None
