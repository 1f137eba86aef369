"""What the events and to-dos of an .ics file mean as alerts.

It knows RFC 5545, and how Google, Apple and Outlook write it; it must not know which alerts there are already, nor
read a clock.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import icalendar

from bellwire.alerts.alert import Kind, Schedule
from bellwire.alerts.recurrence import instant_of, ruled, zone_named
from bellwire.alerts.rules import walls
from bellwire.alerts.workdays import has_calendar, is_workday
from bellwire.cloud.calendars.content import OWN, ZONE, Component, components_of
from bellwire.cloud.calendars.entries import Entry
from bellwire.cloud.calendars.zones import Zones
from bellwire.cloud.wishes import WishError, one_line

MOST_EVENTS = 10_000
"""Events, to-dos and time zones of one file."""
_LONGEST_UID = 255
_LONGEST_AHEAD = timedelta(days=366)
_MOST_DATES = 2_000
"""EXDATEs of one event, over or to come."""
_MOST_ADDED = 366
"""RDATEs of one event: each is an alert."""
_MOST_ALARMS = 20
_EARLIEST, _LATEST = 1000, 9000
"""Years."""
DAY_BEGINS = timedelta(hours=9)
"""When an event of a whole day rings that has no alarm: nobody means midnight."""
_SILENT = frozenset({"EMAIL", "NONE"})
"""Actions of alarms that do not ring."""
_NOTHING = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a file is read."""

    zone: str
    """The account's time zone: what floating times and whole days mean."""
    now: datetime
    """By whose years the clocks of a zone are compared that the file defines itself."""
    unalarmed: timedelta | None = _NOTHING
    """So long before they begin events ring that have no alarm; None: they do not ring."""
    most_label: int = 1024
    """Characters."""
    patience: Callable[[], None] = lambda: None
    """Asked before each event; raises when it has taken too long."""


def read_calendar(content: bytes, terms: Terms) -> list[Entry]:
    """All that a file asks for, in its order. Raises CalendarError when it is no .ics file, or too much."""
    components = components_of(content, MOST_EVENTS)
    defined = (each for each in components if each.name == "VTIMEZONE")
    reader = _Reader(Zones(defined, terms.zone, terms.now), terms)
    events = [reader.event(each) for each in components if each.name != "VTIMEZONE"]
    moved: dict[str, set[date | datetime]] = {}
    zones = {each.uid: each.zone for each in events if isinstance(each, _Event) and each.recurrence is None}
    for each in events:
        if isinstance(each, _Event) and each.recurrence is not None:
            wall = _in_zone(each.recurrence, zones.get(each.uid, each.zone))
            moved.setdefault(each.uid, set()).add(wall)
    found: list[Entry] = []
    for each in events:
        terms.patience()
        found += [each] if isinstance(each, Entry) else _entries(each, moved.get(each.uid, set()), zones, terms)
    return found


class _Moment(NamedTuple):
    """A day, or a time on the clocks of a zone."""

    at: date | datetime
    """Without a zone."""
    zone: str | None
    """None: of wherever one is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """An event or a to-do as it was read."""

    line: int
    uid: str
    label: str
    kind: Kind
    over: str
    """Why it does not ring, if so."""
    start: _Moment
    length: timedelta
    """To its end, or to when it is due."""
    zone: str
    """On whose clocks it begins."""
    rule: str | None
    added: tuple[_Moment, ...]
    left_out: tuple[_Moment, ...]
    recurrence: _Moment | None
    """The occurrence in whose place it stands."""
    alarms: tuple[timedelta | datetime, ...]
    """So long before it begins, or at an instant."""
    unalarmed: timedelta
    """What stands for the alarm that it does not have: from its beginning."""
    workdays_of: str | None
    days_left_out: tuple[date, ...]
    moves_along: bool


class _Reader:
    """Reads the components of one file."""

    def __init__(self, zones: Zones, terms: Terms) -> None:
        self._zones = zones
        self._terms = terms

    def event(self, component: Component) -> "_Event | Entry":
        """An event; or the entry that says why it cannot be taken."""
        self._terms.patience()
        uid = next(iter(component.values("UID")), "").strip()
        label = ""
        try:
            if component.fault is not None:
                raise WishError(component.fault)
            parsed = icalendar.Component.from_ical(component.text)
            label = one_line("label", str(_one(parsed, "SUMMARY") or "").strip(), self._terms.most_label)
            if not 0 < len(uid) <= _LONGEST_UID:
                raise WishError(f"its UID has {len(uid)} characters; it needs 1 to {_LONGEST_UID}, to be known again")
            return self._read(component, parsed, uid, label)
        except WishError as error:
            why = str(error)
        except (ValueError, LookupError, OverflowError, AttributeError, TypeError) as error:
            why = f"it cannot be read ({' '.join(str(error).split())[:200]})"
        recurrence = next(iter(component.values("RECURRENCE-ID")), "")
        return Entry(component.line, uid[:_LONGEST_UID], label, recurrence, why=why, refused=True)

    def _read(self, component: Component, parsed: Any, uid: str, label: str) -> _Event:
        _check(parsed)
        recurrence = self._moment(parsed, "RECURRENCE-ID")
        if recurrence is not None and "RANGE" in parsed["RECURRENCE-ID"].params:
            raise WishError("it changes all occurrences to come (RANGE=THISANDFUTURE), which is not taken")
        begins, due = self._moment(parsed, "DTSTART"), self._moment(parsed, "DTEND") or self._moment(parsed, "DUE")
        start = begins or due
        if start is None:
            raise WishError("it has no time: neither DTSTART nor DUE")
        zone = start.zone or self._terms.zone
        length = _length(parsed, start, due, zone)
        whole_day = not isinstance(start.at, datetime)
        rules = component.values("RRULE")
        if len(rules) > 1:
            raise WishError("it has several RRULEs; one is taken (RFC 5545, 3.8.5.3)")
        return _Event(
            line=component.line,
            uid=uid,
            label=label,
            kind=_kind(_own(parsed, "KIND")),
            over=_over(parsed),
            start=start,
            length=length,
            zone=zone,
            rule=rules[0] if rules else None,
            added=tuple(self._moments(parsed, "RDATE", _MOST_ADDED)),
            left_out=tuple(self._moments(parsed, "EXDATE", _MOST_DATES)),
            recurrence=recurrence,
            alarms=tuple(self._alarms(parsed, length)),
            unalarmed=-DAY_BEGINS if whole_day else -length if component.name == "VTODO" else _NOTHING,
            workdays_of=_own(parsed, "WORKDAYS-OF"),
            days_left_out=tuple(map(_day, filter(None, (_own(parsed, "EXCEPT-DAYS") or "").split(",")))),
            moves_along=start.zone is None or _own(parsed, "FLOATING") == "TRUE",
        )

    def _moment(self, parsed: Any, name: str) -> _Moment | None:
        value = _one(parsed, name)
        return None if value is None else self._moment_of(value.dt, value.params.get(ZONE))

    def _moment_of(self, at: Any, tzid: str | None) -> _Moment:
        if isinstance(at, tuple):  # a period; only when it begins matters
            at = at[0]
        if not isinstance(at, date) or not _EARLIEST <= at.year <= _LATEST:
            raise WishError(f"{at} is no day or time of the years {_EARLIEST} to {_LATEST}")
        if not isinstance(at, datetime):
            return _Moment(at, None)
        if at.tzinfo is not None:
            return _Moment(at.astimezone(UTC).replace(tzinfo=None), "UTC")
        return _Moment(at, None if tzid is None else self._zones.named(tzid))

    def _moments(self, parsed: Any, name: str, most: int) -> list[_Moment]:
        lists = parsed.get(name, [])
        found = [
            self._moment_of(each.dt, dates.params.get(ZONE))
            for dates in (lists if isinstance(lists, list) else [lists])
            for each in dates.dts
        ]
        if len(found) > most:
            raise WishError(f"it has {len(found)} dates in {name}; {most} are taken at most")
        return found

    def _alarms(self, parsed: Any, length: timedelta) -> Iterator[timedelta | datetime]:
        alarms = [each for each in parsed.subcomponents if each.name == "VALARM"]
        if len(alarms) > _MOST_ALARMS:
            raise WishError(f"it has {len(alarms)} alarms; {_MOST_ALARMS} are taken at most")
        for alarm in alarms:
            trigger = _one(alarm, "TRIGGER")
            if str(_one(alarm, "ACTION") or "").upper() in _SILENT or trigger is None:
                continue
            if isinstance(trigger.dt, timedelta):
                after_end = trigger.params.get("RELATED", "START").upper() == "END"
                yield -(trigger.dt + length if after_end else trigger.dt)
                continue
            moment = self._moment_of(trigger.dt, trigger.params.get(ZONE))
            yield _instant(moment, self._terms.zone)


def _check(parsed: Any) -> None:
    """Raise WishError for a line that icalendar could not read; rules are read by ourselves."""
    for component in (parsed, *parsed.subcomponents):
        for name, what in component.errors:
            if name != "RRULE":
                raise WishError(f"its {name or 'text'} cannot be read ({' '.join(str(what).split())[:200]})")


def _one(parsed: Any, name: str) -> Any:
    value = parsed.get(name)
    if isinstance(value, list):
        raise WishError(f"it has several {name}")
    return value


def _own(parsed: Any, name: str) -> str | None:
    value = _one(parsed, f"{OWN}{name}")
    return None if value is None else str(value)


def _kind(text: str | None) -> Kind:
    kinds = {kind.value: kind for kind in (Kind.ALARM, Kind.TIMER, Kind.REMINDER)}
    if text not in {None, *kinds}:
        raise WishError(f"its {OWN}KIND is {text}; an alert can be imported as {', '.join(kinds)}")
    return kinds[text or Kind.REMINDER]


def _over(parsed: Any) -> str:
    status = str(_one(parsed, "STATUS") or "").upper()
    if status == "CANCELLED":
        return "it is cancelled"
    return "it is done" if status == "COMPLETED" or "COMPLETED" in parsed else ""


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day is of no zone
    except ValueError:
        raise WishError(f"{text[:20]!r} is no day; write it like 20261225") from None


def _wall(at: date | datetime) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time())


def _in_zone(moment: _Moment, zone: str) -> date | datetime:
    """A moment on the clocks of a zone; a day stays one."""
    if not isinstance(moment.at, datetime) or moment.zone in {None, zone}:
        return moment.at
    return _instant(moment, zone).astimezone(zone_named(zone)).replace(tzinfo=None)


def _instant(moment: _Moment, zone: str) -> datetime:
    return instant_of(_wall(moment.at), zone_named(moment.zone or zone))


def _length(parsed: Any, start: _Moment, due: _Moment | None, zone: str) -> timedelta:
    if due is not None:
        return _wall(_in_zone(due, zone)) - _wall(start.at)
    duration = _one(parsed, "DURATION")
    if duration is not None and isinstance(duration.dt, timedelta):
        return duration.dt
    return _NOTHING if isinstance(start.at, datetime) else timedelta(days=1)


def _entries(event: _Event, moved: set[date | datetime], zones: dict[str, str], terms: Terms) -> list[Entry]:
    """The alerts that an event asks for."""
    recurrence = ""
    if event.recurrence is not None:
        recurrence = _in_zone(event.recurrence, zones.get(event.uid, event.zone)).isoformat()
        moved = set()
    entry = Entry(event.line, event.uid, event.label, recurrence, kind=event.kind)
    aheads = event.alarms or (() if terms.unalarmed is None else (event.unalarmed + terms.unalarmed,))
    if event.over or not aheads:
        return [replace(entry, why=event.over or "it has no alarm")]
    try:
        schedule = _schedule(event, moved)
        if event.moves_along:
            schedule = replace(schedule, zone=terms.zone, floating=True)
        dates = [schedule, *_added(event, schedule, terms)]
        found = []
        for one in dates:
            which = recurrence if one is schedule else one.start.isoformat()
            for number, ringing in enumerate(_ringing(one, aheads, with_instants=one is schedule)):
                found.append(replace(entry, recurrence=which, alarm=number, schedule=ringing))
    except (WishError, ValueError, OverflowError) as error:
        return [replace(entry, why=str(error), refused=True)]
    return found


def _schedule(event: _Event, moved: Iterable[date | datetime]) -> Schedule:
    """When an event begins, whatever its alarms."""
    once = Schedule(_wall(event.start.at), event.zone)
    if event.rule is None:
        return once
    schedule = ruled(once, event.rule, once.start)
    gone = {*moved, *(_in_zone(each, event.zone) for each in event.left_out)}
    days = {each for each in gone if not isinstance(each, datetime)} | set(event.days_left_out)
    times = {each for each in gone if isinstance(each, datetime) and each.date() not in days}
    country = event.workdays_of
    if country is not None:
        if not has_calendar(country):
            raise WishError(f"the public holidays of {country[:20]} are not known here")
        # Other programs are told of them one by one, since they do not know the holidays.
        times = {each for each in times if is_workday(country, each.date())}
    return replace(schedule, except_days=tuple(sorted(days)), except_times=tuple(sorted(times)), country=country)


def _added(event: _Event, schedule: Schedule, terms: Terms) -> Iterator[Schedule]:
    """The dates of RDATE, each once; not those that come anyway, or that something else stands for."""
    gone = {*schedule.except_days, *schedule.except_times, *(_in_zone(each, event.zone) for each in event.left_out)}
    for moment in dict.fromkeys(event.added):
        terms.patience()
        wall = _wall(_in_zone(moment, event.zone))
        if wall in gone or wall.date() in gone or wall == schedule.start:
            continue
        comes = schedule.rule and next(walls(schedule.rule, schedule.start, wall), None) == wall
        if not comes or (schedule.until is not None and wall > schedule.until):
            yield Schedule(wall, schedule.zone, floating=schedule.floating)


def _ringing(schedule: Schedule, aheads: Iterable[timedelta | datetime], *, with_instants: bool) -> list[Schedule]:
    """The schedules of an event's alarms, the earliest first; two that ring at the same time are one."""
    found = set()
    for ahead in aheads:
        if isinstance(ahead, datetime):
            if with_instants:
                found.add(Schedule(ahead.replace(tzinfo=None), "UTC"))
        elif abs(ahead) > _LONGEST_AHEAD:
            raise WishError("its alarm is more than a year away from it")
        else:
            found.add(replace(schedule, ahead=ahead))
    return sorted(found, key=lambda each: (-each.ahead, each.start))
