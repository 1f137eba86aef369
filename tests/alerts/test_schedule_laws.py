"""What holds for every schedule: any rule, with an end, exceptions and workdays, in any of these zones."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.alerts.alert import Schedule
from bellwire.alerts.recurrence import EVERY, instant_of, next_occurrence, occurrences
from bellwire.alerts.rules import read_rule
from tests.alerts.test_recurrence import ZONES, aheads, clock_changes, local, utc, wall
from tests.alerts.test_rules import rules

lawful = settings(deadline=None, derandomize=True, max_examples=150)

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
YEARS = (utc("2024-01-01"), utc("2031-01-01"))
walls = st.builds(lambda minutes: wall("2019-01-01") + timedelta(minutes=minutes), st.integers(0, 11 * 525_600))
instants = st.builds(lambda seconds: utc("2018-12-01") + timedelta(seconds=seconds), st.integers(0, 12 * 31_536_000))


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any that there can be."""
    rule = draw(st.none() | st.sampled_from(list(EVERY.values())) | rules().map(lambda text: read_rule(text).text))
    zone, ahead = draw(st.sampled_from(ZONES)), draw(aheads)
    schedule = Schedule(draw(walls), zone, rule, floating=draw(st.booleans()), ahead=ahead)
    if rule is None:
        return schedule
    days = draw(st.lists(walls.map(datetime.date), max_size=3))
    return replace(
        schedule,
        until=draw(st.none() | walls),
        except_days=tuple(days),
        except_times=tuple(datetime.combine(day, schedule.start.time()) for day in days[:1]),
        country=draw(st.sampled_from([None, None, "KR", "JP", "DE"])),
    )


@lawful
@given(schedules(), instants)
def test_the_next_is_after_now(schedule: Schedule, now: datetime) -> None:
    series = [now, *islice(occurrences(schedule, now), 4)]
    assert all(earlier < later for earlier, later in pairwise(series))


@lawful
@given(schedules(), instants, st.integers(0, 400 * 24 * 60))
def test_the_series_is_the_same_whenever_one_asks(schedule: Schedule, now: datetime, minutes: int) -> None:
    series = list(islice(occurrences(schedule, now), 5))
    for occurrence, following in pairwise(series):
        assert next_occurrence(schedule, occurrence) == following
    later = now + timedelta(minutes=minutes)
    left = [occurrence for occurrence in series if occurrence > later]
    assert list(islice(occurrences(schedule, later), len(left))) == left


@lawful
@given(rules(), walls, st.integers(0, 3 * 365 * 24))
def test_in_utc_it_is_what_dateutil_gives(rule: str, start: datetime, hours: int) -> None:
    after = start + timedelta(hours=hours)
    found = next_occurrence(Schedule(start, "UTC", read_rule(rule).text), after.replace(tzinfo=UTC))
    # With an end: dateutil would look for what comes after it until the year 9999. What never comes it looks for in
    # vain for two years only.
    end = after + timedelta(days=731) if found is None else found.replace(tzinfo=None)
    assert next((each for each in by_dateutil(rule, start, end) if each > after), None) == (found and end)


def by_dateutil(rule: str, start: datetime, end: datetime) -> list[datetime]:
    """All that dateutil gives until an end."""
    try:
        return list(rrulestr(f"{rule};UNTIL={end:%Y%m%dT%H%M%S}", dtstart=start))
    except ValueError:  # an interval that never meets the hours of BYHOUR
        return []


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    return tuple(clock_changes(zone, *YEARS))


def test_the_zones_are_those_whose_clocks_change_and_those_whose_do_not() -> None:
    assert {zone: len(changes(zone)) for zone in ZONES} == {
        "Asia/Seoul": 0,
        "Asia/Tokyo": 0,
        "Asia/Shanghai": 0,
        "Europe/Berlin": 14,
        "America/New_York": 14,
        "Australia/Lord_Howe": 14,
        "UTC": 0,
    }


def instant_on(clock: datetime, zone: str) -> datetime:
    """When a clock there first shows this time, or one that is later: read off its own face, minute by minute."""
    change = next((each for each in changes(zone) if abs(each - clock.replace(tzinfo=UTC)) < 2 * DAY), None)
    if change is None:
        offset = clock.replace(tzinfo=ZoneInfo(zone)).utcoffset()
        assert offset is not None
        return (clock - offset).replace(tzinfo=UTC)
    before = local(change - MINUTE, zone) + MINUTE
    after = local(change, zone)
    if clock < before:
        return change - (before - clock)
    return change + max(clock - after, timedelta())


@lawful
@given(st.sampled_from(ZONES), st.integers(0, 7 * 525_960))
def test_a_wall_time_is_the_instant_that_a_clock_shows(zone: str, minutes: int) -> None:
    clock = wall("2024-01-01") + minutes * MINUTE
    assert instant_of(clock, ZoneInfo(zone)) == instant_on(clock, zone)


OFTEN = [
    *list(EVERY.values())[:3],
    "FREQ=HOURLY",
    "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,15,30,45",
    "FREQ=MONTHLY;BYDAY=SU",
]


@st.composite
def around_changes(draw: st.DrawFn) -> tuple[Schedule, datetime]:
    """A schedule of some weeks before an instant of 2024 to 2030: near where its clocks change, if they do."""
    schedule = draw(schedules())
    if draw(st.booleans()):  # one that rings often, where much can go wrong
        zone, rule = draw(st.sampled_from(ZONES[3:6])), draw(st.sampled_from(OFTEN))
        schedule = replace(schedule, zone=zone, rule=rule, until=None)
    instant = draw(st.sampled_from(changes(schedule.zone)) if changes(schedule.zone) else st.just(YEARS[0]) | instants)
    day = local(instant, schedule.zone).date() - draw(st.integers(0, 40)) * DAY
    at_night = st.integers(0, 4 * 60).map(lambda minutes: wall("2024-01-01") + minutes * MINUTE)
    clock = draw(at_night | walls).time()
    return replace(schedule, start=datetime.combine(day, clock)), instant


@settings(lawful, max_examples=600)
@given(around_changes())
def test_every_schedule_keeps_its_wall_times(found: tuple[Schedule, datetime]) -> None:
    """In its zone it rings when it rings in UTC, by the clocks there, and what they skip or double once."""
    schedule, instant = found
    first, last = instant - 3 * DAY, instant + 3 * DAY
    days, rest = DAY * int(schedule.ahead / DAY), schedule.ahead - DAY * int(schedule.ahead / DAY)
    in_utc = replace(schedule, zone="UTC", ahead=timedelta())
    clocks = takewhile(lambda each: each < last + 40 * DAY, occurrences(in_utc, first - 40 * DAY))
    expected = {instant_on(each.replace(tzinfo=None) - days, schedule.zone) - rest for each in clocks}
    rung = list(takewhile(lambda each: each <= last, occurrences(schedule, first)))
    assert rung == sorted(each for each in expected if first < each <= last)


def around(change: datetime, schedule: Schedule) -> Iterator[datetime]:
    first = change - timedelta(days=3)
    return (each for each in islice(occurrences(schedule, first), 7) if each < change + timedelta(days=3))


@lawful
@given(st.sampled_from([zone for zone in ZONES if changes(zone)]), st.integers(0, 24 * 60 - 1))
def test_every_time_of_day_is_kept_across_every_clock_change_of_seven_years(zone: str, minute: int) -> None:
    start = wall("2023-12-20") + timedelta(minutes=minute)
    for change in changes(zone):
        rung = [local(each, zone) for each in around(change, Schedule(start, zone, EVERY["daily"]))]
        # A time that the clocks skip rings at the change; one that they show twice rings once.
        assert {each.time() for each in rung} <= {start.time(), local(change, zone).time()}
        assert sum(each.time() != start.time() for each in rung) <= 1
        assert len(rung) >= 5
        assert {later.date() - earlier.date() for earlier, later in pairwise(rung)} == {timedelta(days=1)}
