from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.device.http_date import parse_http_date


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_http_writes_is_read(time: datetime) -> None:
    second = time.replace(microsecond=0)
    assert parse_http_date(f"{second:%a, %d %b %Y %H:%M:%S} GMT") == second


def test_a_leap_second_is_the_one_before_it() -> None:
    assert parse_http_date(" Sat, 31 Dec 2016 23:59:60 GMT") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "tomorrow",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 -0000",
        "Fri, 01 Jan 0001 00:00:00 +0100",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
    ],
)
def test_another_form_is_no_time(text: str) -> None:
    assert parse_http_date(text) is None


def test_zones_in_numbers_are_read_though_no_server_should_write_them() -> None:
    assert parse_http_date("Sat, 01 Jun 2030 16:00:00 +0900") == datetime(2030, 6, 1, 7, tzinfo=UTC)
    assert parse_http_date("Sat, 01 Jun 2030 02:30:00 -0430") == datetime(2030, 6, 1, 7, tzinfo=UTC)


@given(st.text())
def test_any_text_is_a_time_or_none(text: str) -> None:
    assert parse_http_date(text) is None or len(text.strip()) in {29, 31}
