"""When the timer wakes, idle and where a turn must be waited for, in virtual time."""

import asyncio
import sys
from datetime import datetime, timedelta

import pytest

from bellwire.device.timer import Timer
from tests.conversation import moment
from tests.virtual_time import VirtualClock, virtually

SEVEN = moment("07:00:00")


def lateness(turn: float) -> timedelta:
    """How late it is at seven, where whoever wakes waits so many seconds for his turn."""

    async def day() -> timedelta:
        clock = VirtualClock()
        clock.takes_turns(turn)
        woke: asyncio.Future[datetime] = asyncio.get_running_loop().create_future()
        timer = Timer(clock, on_due=lambda: woke.set_result(clock.wall()), on_step=lambda _: None)
        timer.start()
        timer.set(SEVEN)
        at = await woke
        timer.close()
        return at - SEVEN

    return virtually(day())


@pytest.mark.parametrize("turn", [0.0, 0.0005, 0.0014, 0.005, 0.006, 0.0079])
def test_it_is_on_time_though_a_turn_must_be_waited_for(turn: float) -> None:
    """Another thread that computes gives the interpreter up when `sys.getswitchinterval()` is over."""
    assert timedelta() <= lateness(turn) < timedelta(milliseconds=0.1)


def test_who_waits_longer_is_late_by_no_more_than_that() -> None:
    assert timedelta() <= lateness(0.05) < timedelta(milliseconds=50)


def test_it_follows_the_switch_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "getswitchinterval", lambda: 0.02)
    assert timedelta() <= lateness(0.025) < timedelta(milliseconds=0.1)


class Counting(VirtualClock):
    paused = 0.0

    def pause(self, seconds: float) -> None:
        self.paused += max(0.0, seconds)
        super().pause(seconds)


def test_an_idle_machine_is_kept_busy_for_a_moment_only() -> None:
    async def day() -> float:
        clock, woke = Counting(), asyncio.Event()
        timer = Timer(clock, on_due=woke.set, on_step=lambda _: None)
        timer.start()
        timer.set(SEVEN)
        await woke.wait()
        timer.close()
        return clock.paused

    assert virtually(day()) < 0.0016
