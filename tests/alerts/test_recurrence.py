from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.alerts.alert import Schedule
from bellwire.alerts.recurrence import (
    EVERY,
    MOST_EXCEPTIONS,
    counted,
    excepting,
    forgetting,
    instant_of,
    next_occurrence,
    occurrences,
    ruled,
    without,
    zone_named,
)

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
    "FREQ=YEARLY;BYWEEKNO=1,30;BYDAY=MO",
    "FREQ=MONTHLY;BYMONTHDAY=29,-1",
    "FREQ=HOURLY;INTERVAL=5",
    "FREQ=DAILY;count=9",
    "FREQ=DAILY;interval=2",
    "freq=weekly;interval=2",
]


def wall(text: str) -> datetime:
    """A wall time, without a zone."""
    return datetime.fromisoformat(text)


def recurring(start: datetime, zone: str, rule: str | None) -> Schedule:
    once = Schedule(start, zone)
    return once if rule is None else ruled(once, rule, start)


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
aheads = st.sampled_from([timedelta(minutes=minutes) for minutes in (0, 0, 15, 1440, 1500, 43_200, -540, -2000)])
schedules = st.builds(
    lambda schedule, ahead: replace(schedule, ahead=ahead),
    st.builds(recurring, starts, st.sampled_from(ZONES), st.sampled_from([None, *RULES])),
    aheads,
)


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
    found = next_occurrence(recurring(start, "UTC", rule), after)
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
    twice = recurring(wall("2026-01-01T07:00"), "Asia/Seoul", "FREQ=DAILY;COUNT=2")
    assert [str(local(each, "Asia/Seoul")) for each in occurrences(twice, utc("2020-01-01"))] == [
        "2026-01-01 07:00:00",
        "2026-01-02 07:00:00",
    ]
    assert next_occurrence(twice, utc("2026-01-01T22:00")) is None


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
        ("monthly", ["Thu 01", "Sun 01", "Sun 01", "Wed 01", "Fri 01"]),
        ("yearly", ["Thu 01", "Fri 01", "Sat 01", "Mon 01", "Tue 01"]),
    ],
)
def test_the_rules_that_have_a_name(name: str, days: list[str]) -> None:
    schedule = Schedule(wall("2026-01-01T07:00"), "Asia/Seoul", EVERY[name])
    series = [local(each, "Asia/Seoul") for each in islice(occurrences(schedule, utc("2025-12-31")), 5)]
    assert [each.strftime("%a %d") for each in series] == days
    assert {each.strftime("%H:%M:%S") for each in series} == {"07:00:00"}


def test_every_name_is_in_the_table() -> None:
    assert list(EVERY) == ["daily", "weekday", "weekend", "weekly", "monthly", "yearly"]


# Ends, exceptions, workdays

SUMMER = Schedule(wall("2026-06-01T07:00"), "Europe/Berlin", EVERY["daily"])


def days_of(schedule: Schedule, after: str, most: int = 99) -> list[str]:
    return [local(each, schedule.zone).strftime("%m-%d") for each in islice(occurrences(schedule, utc(after)), most)]


@lawful
@given(starts, st.sampled_from(ZONES), st.sampled_from(list(EVERY.values())), st.integers(1, 9))
def test_what_is_counted_comes_so_often(start: datetime, zone: str, rule: str, times: int) -> None:
    schedule = recurring(start, zone, f"{rule};COUNT={times}")
    assert len(list(occurrences(schedule, utc("2000-01-01")))) == times


def test_an_end_in_utc_is_one_on_the_clocks_of_the_zone() -> None:
    ended = ruled(replace(SUMMER, rule=None), "FREQ=DAILY;UNTIL=20260603T050000Z", SUMMER.start)
    assert ended.until == wall("2026-06-03T07:00")
    assert days_of(ended, "2026-01-01") == ["06-01", "06-02", "06-03"]
    earlier = ruled(replace(SUMMER, rule=None), "FREQ=DAILY;UNTIL=20260603T045959Z", SUMMER.start)
    assert days_of(earlier, "2026-01-01") == ["06-01", "06-02"]


@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/New_York", "UTC"])
def test_an_end_on_the_last_day_of_the_calendar_is_that_everywhere(zone: str) -> None:
    for_ever = ruled(Schedule(SUMMER.start, zone), "FREQ=DAILY;UNTIL=99991231T235959Z", SUMMER.start)
    assert for_ever.until == wall("9999-12-31T23:59:59")
    assert next_occurrence(for_ever, utc("2026-11-25")) is not None


def test_what_is_counted_counts_from_a_moment_on_and_what_is_excepted_too() -> None:
    excepted = excepting(SUMMER, (wall("2026-06-04").date(),), ())
    assert days_of(counted(excepted, 3, wall("2026-06-03T00:00")), "2026-06-02T12:00") == ["06-03", "06-05"]


@pytest.mark.parametrize("times", [0, -1, 3661])
def test_a_count_that_cannot_be_is_told(times: int) -> None:
    with pytest.raises(ValueError, match=f"{times} times cannot be; give 1 to 3660"):
        counted(SUMMER, times, SUMMER.start)


def test_a_count_that_takes_too_long_is_told() -> None:
    with pytest.raises(ValueError, match="more than 40 years to come 50 times"):
        ruled(Schedule(SUMMER.start, "UTC"), "FREQ=YEARLY;COUNT=50", SUMMER.start)


@lawful
@given(schedules, instants)
def test_what_is_skipped_does_not_come_and_all_else_does(schedule: Schedule, after: datetime) -> None:
    series = list(islice(occurrences(schedule, after), 4))
    for skipped in series[:2]:
        schedule = without(schedule, skipped, after)
    assert list(islice(occurrences(schedule, after), len(series[2:]))) == series[2:]


@lawful
@given(schedules, instants, aheads)
def test_what_rings_ahead_rings_as_often_and_each_so_long_before(
    schedule: Schedule, after: datetime, ahead: timedelta
) -> None:
    in_utc = replace(schedule, zone="UTC", ahead=ahead)
    rings = list(islice(occurrences(in_utc, after), 5))
    assert rings == [each - ahead for each in islice(occurrences(replace(in_utc, ahead=timedelta()), after + ahead), 5)]


@pytest.mark.parametrize(
    ("ahead", "rings"),
    [
        # At 07:00 on the day before, and 24 hours before: the clocks went forward in between.
        (timedelta(days=1), "2026-03-28T06:00"),
        (timedelta(hours=23, minutes=59), "2026-03-28T05:01"),
        (-timedelta(hours=9), "2026-03-29T14:00"),
    ],
)
def test_days_ahead_are_days_and_hours_ahead_go_by(ahead: timedelta, rings: str) -> None:
    summer_begins = Schedule(wall("2026-03-29T07:00"), "Europe/Berlin", ahead=ahead)
    assert next_occurrence(summer_begins, utc("2026-01-01T00:00")) == utc(rings)


def test_what_is_forgotten_is_over_when_it_would_ring() -> None:
    late = replace(daily("2026-01-01T07:00", "UTC"), ahead=timedelta(days=-10))
    kept = excepting(late, (), tuple(wall(f"2026-02-{day:02}T07:00") for day in (1, 10, 20)))
    assert [each.day for each in forgetting(kept, utc("2026-02-20T12:00")).except_times] == [10, 20]


def test_a_skipped_time_that_the_clocks_skip_is_skipped_whole() -> None:
    quarters = recurring(wall("2024-01-01T00:00"), "Europe/Berlin", "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,15,30,45")
    skipped = without(quarters, utc("2024-03-31T01:00"), utc("2024-03-30T01:45"))
    assert next_occurrence(skipped, utc("2024-03-30T01:45")) == utc("2024-04-01T00:00")


def test_skipping_goes_on_for_ever() -> None:
    schedule, now = SUMMER, utc("2026-06-01T00:00")
    for _ in range(2 * MOST_EXCEPTIONS):
        following = next_occurrence(schedule, now)
        assert following is not None
        schedule, now = without(schedule, following, now), following
    assert len(schedule.except_times) <= 8


def test_too_many_exceptions_are_told() -> None:
    days = tuple(SUMMER.start.date() + timedelta(days=day) for day in range(MOST_EXCEPTIONS + 1))
    with pytest.raises(ValueError, match="367 exceptions are too many; 366"):
        excepting(SUMMER, days, ())
    assert days_of(excepting(SUMMER, days[:-1], ()), "2026-01-01", 1) == ["06-02"]


@pytest.mark.parametrize(
    ("country", "after", "days"),
    [
        # Christmas on a Friday; New Year's Day.
        ("KR", "2026-12-23T12:00", ["12-24", "12-28", "12-29", "12-30", "12-31", "01-04"]),
        ("US", "2026-12-23T12:00", ["12-24", "12-28", "12-29", "12-30", "12-31", "01-04"]),
        ("JP", "2026-04-28T00:00", ["04-28", "04-30", "05-01", "05-07", "05-08", "05-11"]),
        # A Saturday that stands for a day of the New Year week.
        ("CN", "2025-02-06T00:00", ["02-06", "02-07", "02-08", "02-10", "02-11", "02-12"]),
        # The week of Israel begins on Sunday.
        ("IL", "2026-11-18T00:00", ["11-18", "11-19", "11-22", "11-23", "11-24", "11-25"]),
    ],
)
def test_workdays_are_those_of_the_country(country: str, after: str, days: list[str]) -> None:
    workdays = Schedule(wall("2025-01-01T07:00"), "UTC", EVERY["daily"], country=country)
    assert days_of(workdays, after, 6) == days


# Clock changes


@pytest.mark.parametrize("zone", ZONES)
def test_the_wall_time_is_kept_across_every_clock_change(zone: str) -> None:
    series = takewhile(
        lambda each: each < utc("2031-01-01"), occurrences(daily("2004-02-29T07:00", zone), utc("2024-01-01"))
    )
    walls = [local(instant, zone) for instant in series]
    assert {each.time().isoformat() for each in walls} == {"07:00:00"}
    assert {later - earlier for earlier, later in pairwise(walls)} == {timedelta(days=1)}


@pytest.mark.parametrize(
    "rule", ["FREQ=MONTHLY;BYDAY=SU", "FREQ=DAILY;INTERVAL=1;BYHOUR=2;BYMINUTE=10", *EVERY.values()]
)
@pytest.mark.parametrize("zone", ZONES)
def test_any_rule_keeps_its_wall_time_rings_at_the_change_where_it_is_skipped_and_once_where_it_is_doubled(
    zone: str, rule: str
) -> None:
    schedule = recurring(wall("2024-01-07T02:10"), zone, rule)
    series = list(takewhile(lambda each: each < utc("2031-01-01"), occurrences(schedule, utc("2024-01-01"))))
    changes = {local(each, zone) for each in clock_changes(zone, utc("2024-01-01"), utc("2031-01-01"))}
    walls = [local(each, zone) for each in series]
    assert all(each.strftime("%H:%M") == "02:10" or each in changes for each in walls)
    assert len({each.date() for each in walls}) == len(walls)


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
    "name",
    [
        *("", "Nowhere/City", "Europe", "../Europe/Berlin", "/etc/passwd", "Asia/Seoul\0", "zone.tab", "x" * 300),
        *("localtime", "posixrules", "posix/Asia/Seoul", "right/Asia/Seoul"),
    ],
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
