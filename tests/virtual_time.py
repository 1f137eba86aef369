"""An event loop whose time passes only when nobody has anything to do: days take milliseconds, to the exact second."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bellwire.device.timer import Clock
from tests.conversation import MIDNIGHT

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting for nothing to come, moves the time on to when the wait would be over."""

    def __init__(self, patience: float) -> None:
        super().__init__()
        self.now = 0.0
        self.late = 0.0
        """Seconds by which each wait is longer than it should be, as where another thread computes."""
        self._patience = patience

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0) or super().select(self._patience)
        if not events:
            if timeout is None:
                raise RuntimeError("everybody waits for something that will never happen")
            self.now += max(0.0, timeout) + (self.late if timeout else 0.0)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self, patience: float = 0.0) -> None:
        """`patience`: real seconds in which what comes over real sockets is there; nothing else takes real time."""
        self._jumping = _Jumping(patience)
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


class VirtualClock(Clock):
    """Begins at midnight; `set` sets the wall clock alone."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self._loop = loop
        self._midnight = MIDNIGHT
        self.is_kept = False
        self.booted = "this time"

    def wall(self) -> datetime:
        return self._midnight + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        return self._loop.time()

    def pause(self, seconds: float) -> None:
        self._loop._jumping.now += max(0.0, seconds)

    def is_kept_by_ntp(self) -> bool:
        return self.is_kept

    def boot(self) -> str:
        return self.booted

    def step(self, by: timedelta) -> None:
        self._midnight += by

    def takes_turns(self, seconds: float) -> None:
        """From now on whoever wakes waits for so long until it is his turn."""
        self._loop._jumping.late = seconds

    async def until(self, time: datetime) -> None:
        await asyncio.sleep((time - self.wall()).total_seconds())


def virtually(talk: Coroutine[Any, Any, T], patience: float = 0.0) -> T:
    """Run `talk` in virtual time."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(patience)) as runner:
        return runner.run(talk)
