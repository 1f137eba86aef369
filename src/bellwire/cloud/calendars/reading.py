"""What the events and to-dos of an .ics file mean as alerts.

It knows RFC 5545, and how Google, Apple and Outlook write it; it must not know which alerts there are already, nor
read a clock.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeAlias

from bellwire.alerts.alert import Schedule
from bellwire.alerts.recurrence import ruled
from bellwire.alerts.rules import walls
from bellwire.alerts.workdays import has_calendar, is_workday
from bellwire.cloud.calendars.content import components_of
from bellwire.cloud.calendars.entries import Entry, Terms
from bellwire.cloud.calendars.events import Event, Reader, in_zone, wall_of
from bellwire.cloud.calendars.onwards import Change, change_by, changed, changes_in, until_before
from bellwire.cloud.calendars.zones import Zones
from bellwire.cloud.wishes import WishError

MOST_EVENTS = 10_000
"""Events, to-dos and time zones of one file."""
_LONGEST_AHEAD = timedelta(days=366)

_Gone: TypeAlias = set[date | datetime]
"""Days, and times on the clocks of their event, at which it does not come."""


def read_calendar(content: bytes, terms: Terms) -> list[Entry]:
    """All that a file asks for, in its order. Raises CalendarError when it is no .ics file, or too much."""
    components = components_of(content, MOST_EVENTS)
    defined = (each for each in components if each.name == "VTIMEZONE")
    reader = Reader(Zones(defined, terms.zone, terms.now), terms)
    read = [reader.event(each) for each in components if each.name != "VTIMEZONE"]
    events = [each for each in read if isinstance(each, Event)]
    # On the clocks of the series, an occurrence is known whatever zone its own time is in.
    zones = {each.uid: each.zone for each in events if each.recurrence is None}
    moved: dict[str, _Gone] = {}
    for each in events:
        if each.recurrence is not None and not each.onwards:
            moved.setdefault(each.uid, set()).add(in_zone(each.recurrence, zones.get(each.uid, each.zone)))
    file = _File(terms, moved, changes_in(events, terms.patience))
    found: list[Entry] = []
    for one in read:
        if isinstance(one, Entry):
            found.append(one)
        elif one.recurrence is None:
            found += _entries(one, "", file)
        else:
            found += _entries(one, in_zone(one.recurrence, zones.get(one.uid, one.zone)).isoformat(), file)
    return found


class _File(NamedTuple):
    """What else is in the file, beside one of its events."""

    terms: Terms
    moved: Mapping[str, _Gone]
    """The occurrences of each series, by its UID, in whose place others stand."""
    changes: Mapping[str, Sequence[Change]]
    """What changes all that are to come of each series, the earliest first."""

    def gone(self, event: Event) -> _Gone:
        """The occurrences of an event that do not come."""
        moved = self.moved.get(event.uid, ()) if event.recurrence is None else ()
        left_out = (in_zone(each, event.zone) for each in event.left_out)
        return {*moved, *event.days_left_out, *left_out}


def _entries(event: Event, recurrence: str, file: _File) -> list[Entry]:
    """The alerts that an event asks for. `recurrence`: the occurrence in whose place it stands; else empty."""
    terms = file.terms
    terms.patience()
    entry = Entry(event.line, event.uid, event.label, recurrence, kind=event.kind, paused=event.paused)
    aheads = event.alarms or (() if terms.unalarmed is None else (terms.unalarmed - event.waits,))
    if event.over or not aheads:
        return [replace(entry, why=event.over or "it has no alarm")]
    found = []
    try:
        for which, schedule in _schedules(event, recurrence, file):
            for number, ringing in enumerate(_ringing(schedule, aheads, with_instants=which == recurrence)):
                found.append(replace(entry, recurrence=which, alarm=number, schedule=ringing))
    except (WishError, ValueError, OverflowError) as error:
        return [replace(entry, why=str(error), refused=True)]
    return found or [replace(entry, why="it is left out")]


def _schedules(event: Event, recurrence: str, file: _File) -> Iterator[tuple[str, Schedule]]:
    """When an event begins, whatever its alarms: itself, then each date of RDATE that does not come anyway."""
    if event.onwards:
        change = change_by(event, file.changes)
        yield recurrence, changed(_placed(change.series, file.gone(change.series), file.terms), change)
        return
    gone = file.gone(event)
    itself = _placed(event, gone, file.terms)
    if event.recurrence is None:
        itself = until_before(itself, next((each.begins for each in file.changes.get(event.uid, ())), None))
    if itself.rule is not None or not _is_gone(itself.start, gone):
        yield recurrence, itself
    for moment in dict.fromkeys(event.added):
        file.terms.patience()
        wall = wall_of(in_zone(moment, event.zone))
        if not _is_gone(wall, gone) and not _comes(itself, wall):
            yield wall.isoformat(), Schedule(wall, itself.zone, floating=itself.floating)


def _placed(event: Event, gone: _Gone, terms: Terms) -> Schedule:
    """When an event itself begins, on the account's clocks where it moves along."""
    itself = _itself(event, gone)
    return replace(itself, zone=terms.zone, floating=True) if event.moves_along else itself


def _itself(event: Event, gone: _Gone) -> Schedule:
    once = Schedule(wall_of(event.start.at), event.zone)
    if event.rule is None:
        return once
    schedule = ruled(once, event.rule, once.start)
    days = {each for each in gone if not isinstance(each, datetime)}
    times = {each for each in gone if isinstance(each, datetime) and each.date() not in days}
    country = event.workdays_of
    if country is not None:
        if not has_calendar(country):
            raise WishError(f"the public holidays of {country[:20]} are not known here")
        # Other programs are told of them one by one, since they do not know the holidays.
        times = {each for each in times if is_workday(country, each.date())}
    return replace(schedule, except_days=tuple(sorted(days)), except_times=tuple(sorted(times)), country=country)


def _is_gone(wall: datetime, gone: _Gone) -> bool:
    return wall in gone or wall.date() in gone


def _comes(schedule: Schedule, wall: datetime) -> bool:
    if schedule.rule is None or (schedule.until is not None and wall > schedule.until):
        return wall == schedule.start
    return next(walls(schedule.rule, schedule.start, wall), None) == wall


def _ringing(schedule: Schedule, aheads: Iterable[timedelta | datetime], *, with_instants: bool) -> list[Schedule]:
    """The schedules of an event's alarms, the earliest first; two that ring at the same time are one."""
    found = set()
    for ahead in aheads:
        if isinstance(ahead, datetime):
            if with_instants:
                found.add(Schedule(ahead.replace(tzinfo=None), "UTC"))
        elif abs(schedule.ahead + ahead) > _LONGEST_AHEAD:
            raise WishError("its alarm is more than a year away from it")
        else:
            found.add(replace(schedule, ahead=schedule.ahead + ahead))
    return sorted(found, key=lambda each: (-each.ahead, each.start))
