"""Rates, as laws."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.cloud.rates import Rate, charged, neighbours, wait_for

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

rates = st.builds(Rate, st.integers(1, 20), st.integers(1, 100).map(lambda seconds: seconds * SECOND))


@settings(deadline=None)
@given(rates, st.lists(st.integers(0, 30), max_size=200))
def test_no_more_come_in_than_the_rate_has(rate: Rate, pauses: list[int]) -> None:
    """In any stretch of time: as many as may come at once, and one for each that would have come since."""
    due, now, admitted = None, NOW, []
    for pause in pauses:
        now += pause * SECOND
        if wait_for(due, rate, now) <= timedelta(0):
            due = charged(due, rate, now)
            admitted.append(now)
    for number, first in enumerate(admitted):
        for count, last in enumerate(admitted[number:], 1):
            assert count <= rate.most + (last - first) / rate.interval + 1e-3


@given(rates, st.integers(0, 50))
def test_who_waits_as_long_as_is_said_comes_in(rate: Rate, tries: int) -> None:
    due = None
    for _ in range(tries):
        due = charged(due, rate, NOW)
    wait = wait_for(due, rate, NOW)

    assert wait <= rate.per
    assert wait_for(due, rate, NOW + wait) <= timedelta(0)


def test_a_clock_that_was_set_back_makes_nobody_wait() -> None:
    rate = Rate(1, SECOND * 10)
    due = charged(None, rate, NOW)

    assert wait_for(due, rate, NOW) == SECOND * 10
    assert wait_for(due, rate, NOW - timedelta(days=1)) == timedelta(0)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_whose_attempts_count_together(address: str, counted: str) -> None:
    assert neighbours(address) == counted
