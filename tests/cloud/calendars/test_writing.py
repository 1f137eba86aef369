"""What is written is read again as it was, also by icalendar."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.alerts.recurrence import EVERY, instant_of, next_occurrence
from bellwire.cloud.calendars.entries import Terms, Written
from bellwire.cloud.calendars.reading import read_calendar
from bellwire.cloud.calendars.writing import calendar_of
from tests.cloud.calendars.files import NOW, SEOUL, wall

ZONES = ("UTC", SEOUL, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Etc/UTC", "Asia/Kathmandu")
RULES = (*EVERY.values(), "BYDAY=MO,FR;FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=DAILY;BYHOUR=7,19")
LABELS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=80).map(str.strip)
SECONDS = timedelta(seconds=1)


def alert(schedule: Schedule, label: str = "Tea", kind: Kind = Kind.REMINDER) -> Alert:
    return Alert("t", kind, label, schedule, NOW, 1, everywhere=True)


def written(*alerts: Alert) -> bytes:
    return calendar_of([Written(each, NOW) for each in alerts], "home", NOW)


def event_in(content: bytes) -> Any:
    """The only event of a file, as other programs read it."""
    [event] = icalendar.Calendar.from_ical(content).walk("VEVENT")
    return event


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    zone = draw(st.sampled_from(ZONES))
    start = draw(st.datetimes(wall(2020, 1, 1), wall(2035, 1, 1))).replace(microsecond=0)
    ahead = draw(st.timedeltas(-timedelta(days=30), timedelta(days=300)))
    once = Schedule(start, zone, ahead=timedelta(seconds=ahead // SECONDS))
    # What floats comes back on the clocks of the account that imports it.
    if zone == SEOUL and draw(st.booleans()):
        once = replace(once, floating=True)
    if draw(st.booleans()):
        return once
    days = draw(st.frozensets(st.dates(date(2026, 1, 1), date(2028, 1, 1)), max_size=3))
    moments = st.datetimes(wall(2026, 1, 1), wall(2028, 1, 1)).map(lambda each: each.replace(microsecond=0))
    times = draw(st.frozensets(moments.filter(lambda each: exists(each, zone) and each.date() not in days), max_size=3))
    until = draw(st.none() | moments.filter(lambda each: exists(each, zone)))
    rule = draw(st.sampled_from(RULES))
    return replace(once, rule=rule, until=until, except_days=tuple(sorted(days)), except_times=tuple(sorted(times)))


def exists(moment: datetime, zone: str) -> bool:
    """Whether the clocks of a zone ever show that time: an instant cannot say another one."""
    return instant_of(moment, ZoneInfo(zone)).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment


@settings(deadline=None, max_examples=150)
@given(schedules(), LABELS, st.sampled_from([Kind.ALARM, Kind.TIMER, Kind.REMINDER]))
def test_what_is_exported_is_imported_as_it_was(schedule: Schedule, label: str, kind: Kind) -> None:
    [entry] = read_calendar(written(alert(schedule, label, kind)), Terms(zone=SEOUL, now=NOW))

    assert (entry.schedule, entry.label, entry.kind) == (schedule, label, kind), entry.why


@pytest.mark.parametrize("zone", [SEOUL, "America/New_York", "UTC"])
def test_what_reaches_to_the_end_of_the_calendar_is_exported(zone: str) -> None:
    once = Schedule(wall(2026, 12, 1, 7), zone, "FREQ=MONTHLY;BYDAY=-1FR")
    for_ever = replace(once, until=wall(9999, 12, 31, 23, 59, 59))
    [entry] = read_calendar(written(alert(for_ever)), Terms(zone=SEOUL, now=NOW))

    assert entry.schedule == for_ever, entry.why
    excepted = replace(for_ever, except_days=(date(9999, 12, 31),))
    assert event_in(written(alert(excepted)))["X-BELLWIRE-EXCEPT-DAYS"] == "99991231"


def test_other_programs_are_told_of_free_days_one_by_one() -> None:
    workdays = Schedule(wall(2026, 11, 30, 7), SEOUL, "FREQ=DAILY", country="KR", except_days=(date(2026, 12, 2),))
    content = written(alert(workdays))
    event = event_in(content)

    gone = [each.dt.date() for each in event["EXDATE"].dts]
    assert gone[:4] == [date(2026, 12, day) for day in (2, 5, 6, 12)]
    assert date(2026, 12, 25) in gone
    [entry] = read_calendar(content, Terms(zone=SEOUL, now=NOW))
    assert entry.schedule == workdays


def test_other_programs_ring_when_we_do() -> None:
    schedule = Schedule(wall(2026, 12, 1, 7), "Europe/Berlin", ahead=timedelta(days=1, minutes=15))
    event = event_in(written(alert(schedule)))
    [alarm] = event.walk("VALARM")

    assert event["DTSTART"].dt + alarm["TRIGGER"].dt == next_occurrence(schedule, NOW)


def test_each_zone_is_defined_once() -> None:
    zones = [SEOUL, "Europe/Berlin", "UTC", SEOUL]
    content = written(*(alert(Schedule(wall(2026, 12, 1, 7), zone)) for zone in zones))
    assert content.count(b"BEGIN:VTIMEZONE") == 2


def test_what_is_paused_is_in_a_copy_and_rings_nowhere() -> None:
    schedule = Schedule(wall(2026, 12, 1, 7), SEOUL, "FREQ=DAILY", ahead=timedelta(minutes=15))
    paused = replace(alert(schedule), paused_on=("kitchen",))
    content = calendar_of([Written(paused, NOW)], "home", NOW, paused=True)

    [alarm] = event_in(content).walk("VALARM")
    assert alarm["ACTION"] == "NONE"
    [entry] = read_calendar(content, Terms(zone=SEOUL, now=NOW))
    assert (entry.schedule, entry.paused) == (schedule, True)


def test_what_is_paused_is_not_in_a_feed() -> None:
    paused = replace(alert(Schedule(wall(2026, 12, 1, 7), "UTC")), paused_on=("kitchen",))
    assert read_calendar(written(paused), Terms(zone=SEOUL, now=NOW)) == []


def test_what_is_left_of_a_timer_has_no_time_in_a_calendar() -> None:
    once = Schedule(wall(2026, 12, 1, 7), "UTC")
    paused = replace(alert(once, kind=Kind.TIMER), paused_on=(), remaining=timedelta(minutes=4))
    assert b"VEVENT" not in calendar_of([Written(paused, NOW)], "home", NOW, paused=True)
