import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import pytest

from bellwire.cloud.time_limit import TimeLimit
from tests.virtual_time import VirtualLoop

TEN = timedelta(seconds=10)


def run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main)


async def takes(limit: TimeLimit, seconds: float) -> float:
    """How long it took, or raises TimeoutError."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    with limit:
        await asyncio.sleep(seconds)
    return loop.time() - begin


def test_what_takes_too_long_is_ended_and_nothing_else_is() -> None:
    async def main() -> None:
        limit = TimeLimit(TEN)
        short, long, late = await asyncio.gather(
            takes(limit, 9.9), takes(limit, 60), _after(7, takes(limit, 9.9)), return_exceptions=True
        )
        assert [short, late] == pytest.approx([9.9, 9.9])
        assert isinstance(long, TimeoutError)

    run(main())


def test_it_is_ended_soon_after_its_time() -> None:
    async def main() -> None:
        limit, loop = TimeLimit(TEN), asyncio.get_running_loop()
        for begin in (0.0, 0.3, 100.0):
            await asyncio.sleep(begin)
            began = loop.time()
            with pytest.raises(TimeoutError):
                await takes(limit, 60)
            assert 10 <= loop.time() - began <= 10.6

    run(main())


def test_the_task_goes_on_afterwards_and_may_wait_again() -> None:
    async def main() -> None:
        limit = TimeLimit(TEN)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await takes(limit, 60)
            assert await takes(limit, 5) == pytest.approx(5)
            await asyncio.sleep(60)

    run(main())


def test_who_is_cancelled_is_cancelled() -> None:
    async def main() -> None:
        limit = TimeLimit(TEN)
        task = asyncio.create_task(takes(limit, 60))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())


def test_an_error_inside_is_raised_as_it_is() -> None:
    async def main() -> None:
        limit = TimeLimit(TEN)
        with pytest.raises(KeyError), limit:
            raise KeyError

    run(main())


async def _after(seconds: float, then: Coroutine[Any, Any, float]) -> float:
    await asyncio.sleep(seconds)
    return await then
