"""The clock of an emulated cloud."""

from datetime import UTC, datetime, timedelta

import pytest

from bellwire.emulation.clock import Clock, TimeOutOfReachError

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Real:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


def test_it_goes_with_the_real_one_until_it_is_set_and_on_from_there() -> None:
    real = Real()
    clock = Clock(real)
    assert clock() == NOON
    clock.set(NOON + timedelta(days=30), runs=True)
    real.now += timedelta(seconds=5)
    assert clock() == NOON + timedelta(days=30, seconds=5)
    clock.goes_with_the_real_one()
    assert clock() == real.now


def test_it_stands_still_until_it_is_advanced() -> None:
    real = Real()
    clock = Clock(real)
    clock.set(NOON, runs=False)
    real.now += timedelta(hours=1)
    clock.advance(timedelta(minutes=1))
    assert (clock(), clock.runs) == (NOON + timedelta(minutes=1), False)


@pytest.mark.parametrize(
    "at", [datetime(1999, 12, 31, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), NOON.replace(tzinfo=None)]
)
def test_it_cannot_show_what_nothing_can_hold(at: datetime) -> None:
    with pytest.raises(TimeOutOfReachError, match="write it with its offset"):
        Clock(Real()).set(at, runs=True)


def test_it_cannot_be_advanced_beyond_the_calendar() -> None:
    with pytest.raises(TimeOutOfReachError, match="advance less"):
        Clock(Real()).advance(timedelta.max)
