from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.alerts.alert import Schedule
from bellwire.alerts.recurrence import EVERY, instant_of, next_occurrence, occurrences, zone_named

lawful = settings(deadline=None, derandomize=True, max_examples=100)

ZONES = [
    "Asia/Seoul",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "UTC",
]
RULES = [
    *EVERY.values(),
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=DAILY;BYHOUR=7,19",
    "FREQ=DAILY;COUNT=40",
    "FREQ=DAILY;UNTIL=20080101T000000",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU",
    "FREQ=WEEKLY;INTERVAL=3;WKST=SU;BYDAY=SU,MO",
    "FREQ=WEEKLY;COUNT=9",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=YEARLY",
    "FREQ=DAILY;count=9",
    "FREQ=DAILY;interval=2",
    "freq=weekly;interval=2",
]


def wall(text: str) -> datetime:
    """A wall time, without a zone."""
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(start: str, zone: str) -> Schedule:
    return Schedule(wall(start), zone, EVERY["daily"])


def local(instant: datetime, zone: str) -> datetime:
    """What the clocks of `zone` show."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def clock_changes(zone: str, first: datetime, last: datetime) -> Iterator[datetime]:
    """The instants, to the minute, at which the clocks of `zone` change, by looking at each of their days."""
    clocks = ZoneInfo(zone)

    def offset(instant: datetime) -> timedelta | None:
        return instant.astimezone(clocks).utcoffset()

    while first < last:
        tomorrow = first + timedelta(days=1)
        if offset(first) != offset(tomorrow):
            minutes = (first + timedelta(minutes=minute) for minute in range(1441))
            yield next(minute for minute in minutes if offset(minute) == offset(tomorrow))
        first = tomorrow


starts = st.builds(lambda minutes: wall("2004-01-01") + timedelta(minutes=minutes), st.integers(0, 3 * 366 * 24 * 60))
instants = st.builds(lambda minutes: utc("2003-12-01") + timedelta(minutes=minutes), st.integers(0, 25 * 366 * 24 * 60))
schedules = st.builds(Schedule, starts, st.sampled_from(ZONES), st.sampled_from([None, *RULES]))


# The series


@lawful
@given(schedules, instants)
def test_the_next_is_strictly_later(schedule: Schedule, after: datetime) -> None:
    series = [after, *islice(occurrences(schedule, after), 5)]
    assert all(earlier < later for earlier, later in pairwise(series))


@lawful
@given(schedules, instants, st.integers(0, 30 * 24 * 60))
def test_the_series_does_not_depend_on_when_one_asks(schedule: Schedule, after: datetime, minutes: int) -> None:
    series = list(islice(occurrences(schedule, after), 8))
    later = after + timedelta(minutes=minutes)
    expected = [occurrence for occurrence in series if occurrence > later]
    assert list(islice(occurrences(schedule, later), len(expected))) == expected
    for occurrence, following in pairwise(series):
        assert next_occurrence(schedule, occurrence) == following


@lawful
@given(starts, st.sampled_from(RULES), instants)
def test_where_clocks_never_change_it_is_the_rule_itself(start: datetime, rule: str, after: datetime) -> None:
    expected = rrulestr(rule, dtstart=start).after(after.replace(tzinfo=None))
    found = next_occurrence(Schedule(start, "UTC", rule), after)
    assert found == (expected and expected.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2030-05-31T22:00:00", "2030-05-31T22:00:01"),
        ("2030-05-31T22:00:00.999999", "2030-05-31T22:00:01"),
        ("2000-01-01T00:00:00", "2030-05-31T22:00:01"),
    ],
)
def test_a_one_shot_comes_once(after: str, expected: str) -> None:
    once = Schedule(wall("2030-06-01T07:00:01"), "Asia/Seoul")
    assert next_occurrence(once, utc(after)) == utc(expected)
    assert list(occurrences(once, utc(after))) == [utc(expected)]
    assert next_occurrence(once, utc(expected)) is None


def test_a_series_that_has_ended_gives_nothing() -> None:
    counted = Schedule(wall("2026-01-01T07:00"), "Asia/Seoul", "FREQ=DAILY;COUNT=2")
    assert [str(local(each, "Asia/Seoul")) for each in occurrences(counted, utc("2020-01-01"))] == [
        "2026-01-01 07:00:00",
        "2026-01-02 07:00:00",
    ]
    assert next_occurrence(counted, utc("2026-01-01T22:00")) is None


def test_a_rare_day_is_waited_for() -> None:
    leap_monday = Schedule(wall("2016-02-29T07:00"), "UTC", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO")
    assert list(islice(occurrences(leap_monday, utc("2016-01-01")), 2)) == [
        utc("2016-02-29T07:00"),
        utc("2044-02-29T07:00"),
    ]


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("daily", ["Thu 01", "Fri 02", "Sat 03", "Sun 04", "Mon 05"]),
        ("weekday", ["Thu 01", "Fri 02", "Mon 05", "Tue 06", "Wed 07"]),
        ("weekend", ["Sat 03", "Sun 04", "Sat 10", "Sun 11", "Sat 17"]),
        ("weekly", ["Thu 01", "Thu 08", "Thu 15", "Thu 22", "Thu 29"]),
    ],
)
def test_the_rules_that_have_a_name(name: str, days: list[str]) -> None:
    schedule = Schedule(wall("2026-01-01T07:00"), "Asia/Seoul", EVERY[name])
    series = [local(each, "Asia/Seoul") for each in islice(occurrences(schedule, utc("2025-12-31")), 5)]
    assert [each.strftime("%a %d") for each in series] == days
    assert {each.strftime("%H:%M:%S") for each in series} == {"07:00:00"}


def test_every_name_is_in_the_table() -> None:
    assert list(EVERY) == ["daily", "weekday", "weekend", "weekly"]


# Clock changes


@pytest.mark.parametrize("zone", ZONES)
def test_the_wall_time_is_kept_across_every_clock_change(zone: str) -> None:
    series = takewhile(
        lambda each: each < utc("2031-01-01"), occurrences(daily("2004-02-29T07:00", zone), utc("2024-01-01"))
    )
    walls = [local(instant, zone) for instant in series]
    assert {each.time().isoformat() for each in walls} == {"07:00:00"}
    assert {later - earlier for earlier, later in pairwise(walls)} == {timedelta(days=1)}


@pytest.mark.parametrize("zone", ZONES)
def test_an_instant_is_the_first_at_which_the_clocks_show_the_time_or_a_later_one(zone: str) -> None:
    for change in clock_changes(zone, utc("2024-01-01"), utc("2031-01-01")):
        for quarters in range(-12, 13):
            shown = local(change, zone) + timedelta(minutes=15 * quarters)
            instant = instant_of(shown, ZoneInfo(zone))
            assert local(instant, zone) >= shown
            for before in (timedelta(seconds=1), timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)):
                assert local(instant - before, zone) < shown


def test_the_zones_of_these_tests_change_their_clocks_twice_a_year_or_never() -> None:
    changes = {zone: len(list(clock_changes(zone, utc("2024-01-01"), utc("2025-01-01")))) for zone in ZONES}
    assert sorted(changes.values()) == [0, 0, 0, 0, 2, 2, 2]


@pytest.mark.parametrize(
    ("zone", "shown", "instant"),
    [
        ("Europe/Berlin", "2024-03-31T01:59:59", "2024-03-31T00:59:59"),
        ("Europe/Berlin", "2024-03-31T02:00:00", "2024-03-31T01:00:00"),
        ("Europe/Berlin", "2024-03-31T02:30:00", "2024-03-31T01:00:00"),
        ("Europe/Berlin", "2024-03-31T03:00:00", "2024-03-31T01:00:00"),
        ("Europe/Berlin", "2024-10-27T02:30:00", "2024-10-27T00:30:00"),
        ("Europe/Berlin", "2024-10-27T03:00:00", "2024-10-27T02:00:00"),
        ("America/New_York", "2024-03-10T02:30:00", "2024-03-10T07:00:00"),
        ("America/New_York", "2024-11-03T01:30:00", "2024-11-03T05:30:00"),
        ("Australia/Lord_Howe", "2024-10-06T02:15:00", "2024-10-05T15:30:00"),
        ("Australia/Lord_Howe", "2024-04-07T01:45:00", "2024-04-06T14:45:00"),
        ("Pacific/Apia", "2011-12-29T23:59:59", "2011-12-30T09:59:59"),
        ("Pacific/Apia", "2011-12-30T00:00:00", "2011-12-30T10:00:00"),
        ("Pacific/Apia", "2011-12-30T07:00:00", "2011-12-30T10:00:00"),
        ("Pacific/Apia", "2011-12-31T00:00:00", "2011-12-30T10:00:00"),
    ],
)
def test_a_skipped_time_is_the_instant_of_the_change_and_a_doubled_one_the_first(
    zone: str, shown: str, instant: str
) -> None:
    assert instant_of(wall(shown), ZoneInfo(zone)) == utc(instant)


@pytest.mark.parametrize(
    ("schedule", "after", "series"),
    [
        (
            daily("2024-01-01T07:00", "Europe/Berlin"),
            "2024-03-29T12:00",
            ["2024-03-30T06:00", "2024-03-31T05:00", "2024-04-01T05:00"],
        ),
        (
            daily("2024-01-01T07:00", "Europe/Berlin"),
            "2024-10-25T12:00",
            ["2024-10-26T05:00", "2024-10-27T06:00", "2024-10-28T06:00"],
        ),
        (
            daily("2024-01-01T02:30", "Europe/Berlin"),
            "2024-03-29T12:00",
            ["2024-03-30T01:30", "2024-03-31T01:00", "2024-04-01T00:30"],
        ),
        (
            daily("2024-01-01T02:30", "Europe/Berlin"),
            "2024-10-25T12:00",
            ["2024-10-26T00:30", "2024-10-27T00:30", "2024-10-28T01:30"],
        ),
        (
            daily("2011-01-01T07:00", "Pacific/Apia"),
            "2011-12-29T00:00",
            ["2011-12-29T17:00", "2011-12-30T10:00", "2011-12-30T17:00"],
        ),
        (
            Schedule(wall("2024-01-01T00:00"), "Europe/Berlin", "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,15,30,45"),
            "2024-03-30T01:45",
            ["2024-03-31T01:00", "2024-04-01T00:00", "2024-04-01T00:15"],
        ),
    ],
    ids=["march", "october", "skipped", "doubled", "a skipped day", "several skipped ring once"],
)
def test_days_around_a_clock_change(schedule: Schedule, after: str, series: list[str]) -> None:
    assert list(islice(occurrences(schedule, utc(after)), 3)) == [utc(each) for each in series]


def test_asking_in_the_doubled_hour_does_not_ring_the_doubled_time_again() -> None:
    schedule = daily("2024-01-01T02:30", "Europe/Berlin")
    for minute in range(31, 150):
        after = utc("2024-10-27T00:00") + timedelta(minutes=minute)
        assert next_occurrence(schedule, after) == utc("2024-10-28T01:30")


# Zones


def test_a_zone_is_found_by_its_name() -> None:
    assert zone_named("Asia/Seoul") == ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize(
    "name", ["", "Nowhere/City", "Europe", "../Europe/Berlin", "/etc/passwd", "Asia/Seoul\0", "zone.tab", "x" * 300]
)
def test_what_is_no_zone_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone; use a name such as Asia/Seoul"):
        zone_named(name)


@lawful
@given(st.text(max_size=12))
def test_any_text_is_a_zone_or_a_value_error(name: str) -> None:
    try:
        assert zone_named(name).key == name
    except ValueError as error:
        assert repr(name) in str(error)
