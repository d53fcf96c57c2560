"""Waiting for so long: what is cancelled meanwhile ends, whatever else happens in that turn."""

import asyncio

import pytest

from cosyvoice_lite.server.patience import within


@pytest.mark.parametrize("turns", range(6))
def test_a_cancellation_that_comes_with_the_result_is_not_lost(turns: int) -> None:
    async def scene() -> None:
        event = asyncio.Event()
        task = asyncio.ensure_future(within(10, event.wait()))
        for _ in range(3):
            await asyncio.sleep(0)
        event.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        if task.cancel():  # else it was there before
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(scene())


def test_the_result_the_error_and_the_end_of_patience() -> None:
    async def scene() -> None:
        async def fails() -> None:
            raise ValueError("so")

        assert await within(None, asyncio.sleep(0, "there")) == "there"
        with pytest.raises(ValueError, match="so"):
            await within(1, fails())
        with pytest.raises(asyncio.TimeoutError):
            await within(0.01, asyncio.sleep(60))

    asyncio.run(scene())
