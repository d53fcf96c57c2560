"""Models that are loaded once, freed when unused, and loaded again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cosyvoice_lite.errors import BundleError, OverloadError
from cosyvoice_lite.server.pool import Pool
from server.clock import Clock


class Fake:
    def __init__(self) -> None:
        self.intact, self.closed = True, False

    def is_intact(self) -> bool:
        return self.intact

    async def close(self) -> None:
        self.closed = True


class Loader:
    def __init__(self, failures: int = 0) -> None:
        self.n, self.failures = 0, failures

    async def __call__(self) -> Fake:
        self.n += 1
        await asyncio.sleep(0.01)
        if self.n <= self.failures:
            raise BundleError("broken")
        return Fake()


def test_twenty_at_once_load_once() -> None:
    async def run() -> int:
        pool = Pool(loader := Loader())

        async def use() -> Fake:
            async with pool.lease() as model:
                return model

        models = await asyncio.gather(*(use() for _ in range(20)))
        assert len({id(model) for model in models}) == 1
        return loader.n

    assert asyncio.run(run()) == 1


def test_an_unused_model_is_freed_and_loaded_again() -> None:
    async def run() -> None:
        pool = Pool(loader := Loader(), idle_s=0.05)
        async with pool.lease() as first:
            await asyncio.sleep(0.15)
            assert not first.closed
        await asyncio.sleep(0.15)
        assert first.closed
        assert pool.state == "unloaded"
        async with pool.lease() as second:
            assert second is not first
        assert loader.n == 2

    asyncio.run(run())


def test_a_failed_load_is_told_to_all_and_not_tried_at_once() -> None:
    async def run() -> None:
        clock = Clock()
        pool = Pool(loader := Loader(failures=2), cooldown_s=5.0, clock=clock)

        async def use() -> Any:
            async with pool.lease() as model:
                return model

        failed = await asyncio.gather(*(use() for _ in range(5)), return_exceptions=True)
        assert {type(error) for error in failed} == {OverloadError}
        with pytest.raises(OverloadError) as caught:
            await use()
        assert caught.value.retry_after_s == pytest.approx(5.0)
        assert (loader.n, pool.state) == (1, "failed")
        clock.now += 5.1
        with pytest.raises(OverloadError) as caught:
            await use()
        assert caught.value.retry_after_s == pytest.approx(10.0)  # doubled
        clock.now += 10.1
        assert isinstance(await use(), Fake)
        assert pool.state == "ready"

    asyncio.run(run())


def test_a_model_whose_files_changed_is_not_used() -> None:
    async def run() -> None:
        pool = Pool(Loader())
        async with pool.lease() as first:
            pass
        first.intact = False
        async with pool.lease() as second:
            assert second is not first
        await pool.close()
        assert first.closed
        assert second.closed

    asyncio.run(run())
