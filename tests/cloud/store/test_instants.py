from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.cloud.store.instants import from_ms, from_ms_or_none, to_ms, to_ms_or_none

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001 - zones are drawn


@given(INSTANTS)
def test_an_instant_survives_to_the_millisecond_below(instant: datetime) -> None:
    assert timedelta(0) <= instant - from_ms(to_ms(instant)) < timedelta(milliseconds=1)


@given(st.integers(-(10**12), 10**13))
def test_milliseconds_survive_and_are_utc(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms
    assert from_ms(ms).tzinfo is UTC


@given(INSTANTS, INSTANTS)
def test_order_survives(one: datetime, other: datetime) -> None:
    if one <= other:
        assert to_ms(one) <= to_ms(other)


def test_the_epoch_is_zero() -> None:
    assert to_ms(datetime(1970, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))) == 0


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        to_ms(datetime(2026, 11, 20, 7))  # noqa: DTZ001 - that is what is refused


def test_null_is_none() -> None:
    assert (to_ms_or_none(None), from_ms_or_none(None)) == (None, None)
    assert from_ms_or_none(to_ms_or_none(from_ms(1_500))) == from_ms(1_500)
