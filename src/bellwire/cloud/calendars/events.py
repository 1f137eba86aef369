"""The events and to-dos of an .ics file as they are written: when they begin, come again and give alarm.

It knows properties, and what icalendar makes of them; it must not know what rings.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import icalendar

from bellwire.alerts.alert import Kind
from bellwire.alerts.recurrence import instant_of, zone_named
from bellwire.cloud.calendars.content import OWN, ZONE, Component
from bellwire.cloud.calendars.entries import Entry, Terms
from bellwire.cloud.calendars.zones import Zones
from bellwire.cloud.wishes import WishError, one_line

DAY_BEGINS = timedelta(hours=9)
"""When an event of a whole day rings that has no alarm: nobody means midnight."""
_LONGEST_UID = 255
_MOST_DATES = 2_000
"""EXDATEs of one event, over or to come."""
_MOST_ADDED = 366
"""RDATEs of one event: each is an alert."""
_MOST_ALARMS = 20
_EARLIEST, _LATEST = 1000, 9000
"""Years."""
_SILENT = frozenset({"EMAIL", "NONE"})
"""Actions of alarms that do not ring."""
_NOTHING = timedelta()


class Moment(NamedTuple):
    """A day, or a time on the clocks of a zone."""

    at: date | datetime
    """Without a zone."""
    zone: str | None
    """None: of wherever one is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event or a to-do as it was read."""

    line: int
    uid: str
    label: str
    kind: Kind
    over: str
    """Why it does not ring, if so."""
    start: Moment
    length: timedelta
    """To its end, or to when it is due."""
    zone: str
    """On whose clocks it begins."""
    rule: str | None
    added: tuple[Moment, ...]
    left_out: tuple[Moment, ...]
    recurrence: Moment | None
    """The occurrence in whose place it stands."""
    onwards: bool
    """It stands in the place of all that come after it, too."""
    alarms: tuple[timedelta | datetime, ...]
    """So long before it begins, or at an instant."""
    waits: timedelta
    """So long after it begins it rings if it has no alarm: a to-do when it is due, a whole day when people are up."""
    workdays_of: str | None
    days_left_out: tuple[date, ...]
    moves_along: bool
    paused: bool


class Reader:
    """Reads the components of one file."""

    def __init__(self, zones: Zones, terms: Terms) -> None:
        self._zones = zones
        self._terms = terms

    def event(self, component: Component) -> "Event | Entry":
        """An event; or the entry that says why it cannot be taken."""
        self._terms.patience()
        uid = next(iter(component.values("UID")), "").strip()
        label, recurrence = "", None
        try:
            if component.fault is not None:
                raise WishError(component.fault)
            parsed = icalendar.Component.from_ical(component.text)
            recurrence = self._moment(parsed, "RECURRENCE-ID")
            label = one_line("label", str(_one(parsed, "SUMMARY") or "").strip(), self._terms.most_label)
            if not 0 < len(uid) <= _LONGEST_UID:
                raise WishError(f"its UID has {len(uid)} characters; it needs 1 to {_LONGEST_UID}, to be known again")
            _check(parsed)
            return self._read(component, parsed, uid, label, recurrence)
        except WishError as error:
            why = str(error)
        except (ValueError, LookupError, OverflowError, AttributeError, TypeError) as error:
            why = f"it cannot be read ({' '.join(str(error).split())[:200]})"
        which = "" if recurrence is None else recurrence.at.isoformat()
        return Entry(component.line, uid[:_LONGEST_UID], label, which, why=why, refused=True)

    def _read(self, component: Component, parsed: Any, uid: str, label: str, recurrence: Moment | None) -> Event:
        end = self._moment(parsed, "DUE" if component.name == "VTODO" else "DTEND")
        start = self._moment(parsed, "DTSTART") or end
        if start is None:
            raise WishError("it has no time: neither DTSTART nor DUE")
        zone = start.zone or self._terms.zone
        length = _length(parsed, start, end, zone)
        is_due = component.name == "VTODO" and end is not None
        paused = _own(parsed, "PAUSED") == "TRUE"
        rules = component.values("RRULE")
        if len(rules) > 1:
            raise WishError("it has several RRULEs; one is taken (RFC 5545, 3.8.5.3)")
        return Event(
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
            onwards=recurrence is not None and "RANGE" in parsed["RECURRENCE-ID"].params,
            alarms=tuple(self._alarms(parsed, length, frozenset() if paused else _SILENT)),
            waits=(length if is_due else _NOTHING) + (_NOTHING if isinstance(start.at, datetime) else DAY_BEGINS),
            workdays_of=_own(parsed, "WORKDAYS-OF"),
            days_left_out=tuple(map(_day, filter(None, (_own(parsed, "EXCEPT-DAYS") or "").split(",")))),
            moves_along=start.zone is None or _own(parsed, "FLOATING") == "TRUE",
            paused=paused,
        )

    def _moment(self, parsed: Any, name: str) -> Moment | None:
        value = _one(parsed, name)
        # What cannot be read is none; _check says so.
        return self._moment_of(value.dt, value.params.get(ZONE)) if hasattr(value, "dt") else None

    def _moment_of(self, at: Any, tzid: str | None) -> Moment:
        if isinstance(at, tuple):  # a period; only when it begins matters
            at = at[0]
        if not isinstance(at, date) or not _EARLIEST <= at.year <= _LATEST:
            raise WishError(f"{at} is no day or time of the years {_EARLIEST} to {_LATEST}")
        if not isinstance(at, datetime):
            return Moment(at, None)
        if at.tzinfo is not None:
            return Moment(at.astimezone(UTC).replace(tzinfo=None), "UTC")
        return Moment(at, None if tzid is None else self._zones.named(tzid))

    def _moments(self, parsed: Any, name: str, most: int) -> list[Moment]:
        lists = parsed.get(name, [])
        found = [
            self._moment_of(each.dt, dates.params.get(ZONE))
            for dates in (lists if isinstance(lists, list) else [lists])
            for each in dates.dts
        ]
        if len(found) > most:
            raise WishError(f"it has {len(found)} dates in {name}; {most} are taken at most")
        return found

    def _alarms(self, parsed: Any, length: timedelta, silent: Collection[str]) -> Iterator[timedelta | datetime]:
        alarms = [each for each in parsed.subcomponents if each.name == "VALARM"]
        if len(alarms) > _MOST_ALARMS:
            raise WishError(f"it has {len(alarms)} alarms; {_MOST_ALARMS} are taken at most")
        for alarm in alarms:
            trigger = _one(alarm, "TRIGGER")
            if str(_one(alarm, "ACTION") or "").upper() in silent or trigger is None:
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


def wall_of(at: date | datetime) -> datetime:
    """A time on the clocks; of a day its midnight."""
    return at if isinstance(at, datetime) else datetime.combine(at, time())


def in_zone(moment: Moment, zone: str) -> date | datetime:
    """A moment on the clocks of a zone; a day stays one."""
    if not isinstance(moment.at, datetime) or moment.zone in {None, zone}:
        return moment.at
    return _instant(moment, zone).astimezone(zone_named(zone)).replace(tzinfo=None)


def _instant(moment: Moment, zone: str) -> datetime:
    return instant_of(wall_of(moment.at), zone_named(moment.zone or zone))


def _length(parsed: Any, start: Moment, end: Moment | None, zone: str) -> timedelta:
    if end is not None:
        return wall_of(in_zone(end, zone)) - wall_of(start.at)
    duration = _one(parsed, "DURATION")
    if duration is not None and isinstance(duration.dt, timedelta):
        return duration.dt
    return _NOTHING if isinstance(start.at, datetime) else timedelta(days=1)
