"""What holds for every schedule: any rule, with an end, exceptions and workdays, in any of these zones."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import islice, pairwise

from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.alerts.alert import Schedule
from bellwire.alerts.recurrence import EVERY, next_occurrence, occurrences
from bellwire.alerts.rules import read_rule
from tests.alerts.test_recurrence import ZONES, clock_changes, local, utc, wall
from tests.alerts.test_rules import rules

lawful = settings(deadline=None, derandomize=True, max_examples=150)

YEARS = (utc("2024-01-01"), utc("2031-01-01"))
walls = st.builds(lambda minutes: wall("2019-01-01") + timedelta(minutes=minutes), st.integers(0, 11 * 525_600))
instants = st.builds(lambda seconds: utc("2018-12-01") + timedelta(seconds=seconds), st.integers(0, 12 * 31_536_000))


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any that there can be."""
    rule = draw(st.none() | st.sampled_from(list(EVERY.values())) | rules().map(lambda text: read_rule(text).text))
    schedule = Schedule(draw(walls), draw(st.sampled_from(ZONES)), rule, floating=draw(st.booleans()))
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
    found = next_occurrence(Schedule(start, "UTC", read_rule(rule).text), after.replace(tzinfo=YEARS[0].tzinfo))
    if found is not None:
        # With an end: dateutil would look for what comes after it until the year 9999.
        series = rrulestr(f"{rule};UNTIL={found:%Y%m%dT%H%M%S}", dtstart=start)
        assert next(each for each in series if each > after) == found.replace(tzinfo=None)


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    return tuple(clock_changes(zone, *YEARS))


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
