"""Alerts as one .ics file, for any calendar program, and for `reading`, which finds them in it as they were.

It knows RFC 5545; it must not know whose alerts they are, nor read a clock.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import icalendar
from icalendar.prop import vInline

from bellwire import __version__
from bellwire.alerts.alert import Alert, Schedule
from bellwire.alerts.recurrence import instant_of, zone_named
from bellwire.alerts.rules import walls
from bellwire.alerts.workdays import is_workday
from bellwire.cloud.calendars.content import OWN
from bellwire.cloud.calendars.entries import OWN_UID, Written
from bellwire.cloud.calendars.zones import definition_of

SUBSCRIBED = timedelta(minutes=15)
"""How often a program may look at a calendar anew that it has subscribed to."""
_YEARS_AHEAD = 10
_HOLIDAYS_AHEAD = timedelta(days=400)
"""So far ahead other programs are told on which days a country does not work: a feed is read again long before."""
_MOST_TIMES = 1_000
"""Times that other programs are told do not ring."""
_UTC = "UTC"


def calendar_of(alerts: Sequence[Written], name: str, now: datetime, *, paused: bool = False) -> bytes:
    """The file with these alerts; with those that are `paused`, too, which ring nowhere.

    What is left of a timer that is paused has no time in a calendar.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//bellwire//bellwire {__version__}//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", SUBSCRIBED, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", icalendar.vDuration(SUBSCRIBED))
    shown = [each for each in alerts if each.alert.paused_on is None or (paused and each.alert.remaining is None)]
    for zone in sorted({each.alert.schedule.zone for each in shown} - {_UTC}):
        first = min(each.alert.schedule.start.year for each in shown if each.alert.schedule.zone == zone)
        calendar.add_component(definition_of(zone, max(1970, min(first, now.year)), now.year + _YEARS_AHEAD))
    for each in shown:
        calendar.add_component(_event(each, now))
    content: bytes = calendar.to_ical()
    return content


def _event(written: Written, now: datetime) -> icalendar.Event:
    alert, schedule = written.alert, written.alert.schedule
    event = icalendar.Event()
    event.add("uid", f"{alert.token}{OWN_UID}")
    event.add("dtstamp", written.changed.replace(microsecond=0))
    event.add("summary", alert.label)
    event.add("sequence", alert.version)
    event.add("transp", "TRANSPARENT")
    _add_times(event, "dtstart", schedule.zone, [schedule.start])
    event.add(f"{OWN}KIND", alert.kind.value)
    if alert.paused_on is not None:
        event.add(f"{OWN}PAUSED", "TRUE")
    if schedule.floating:
        event.add(f"{OWN}FLOATING", "TRUE")
    if schedule.rule is not None:
        _add_recurrence(event, schedule, now)
    event.add_component(_alarm(alert))
    return event


def _alarm(alert: Alert) -> icalendar.Alarm:
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY" if alert.paused_on is None else "NONE")
    alarm.add("description", alert.label)
    # The library would write P0D, which some programs do not read.
    alarm.add("trigger", -alert.schedule.ahead if alert.schedule.ahead else vInline("PT0S"))
    return alarm


def _add_recurrence(event: icalendar.Event, schedule: Schedule, now: datetime) -> None:
    rule = schedule.rule or ""
    if schedule.until is not None:
        rule = f"{rule};UNTIL={_end_of(schedule.until, schedule.zone):%Y%m%dT%H%M%SZ}"
    event.add("rrule", vInline(rule))
    if schedule.country is not None:
        event.add(f"{OWN}WORKDAYS-OF", schedule.country)
    if schedule.except_days:
        days = ",".join(f"{day:%Y%m%d}" for day in schedule.except_days)
        event.add(f"{OWN}EXCEPT-DAYS", vInline(days))
    if times := sorted(
        {*schedule.except_times, *_times_on(schedule, schedule.except_days), *_free_times(schedule, now)}
    ):
        _add_times(event, "exdate", schedule.zone, times)


def _end_of(until: datetime, zone: str) -> datetime:
    """The last moment in UTC; the last day of the calendar is that everywhere, as `ruled` reads it."""
    return until if until.date() == date.max else instant_of(until, zone_named(zone))


def _times_on(schedule: Schedule, days: Iterable[date]) -> Iterable[datetime]:
    """The times of the rule on these days: other programs know exceptions by their times only."""
    found: list[datetime] = []
    for day in sorted(days):
        for wall in walls(schedule.rule or "", schedule.start, datetime.combine(day, datetime.min.time())):
            if wall.date() != day or len(found) >= _MOST_TIMES:
                break
            found.append(wall)
    return found


def _free_times(schedule: Schedule, now: datetime) -> Iterable[datetime]:
    """The times of the rule on which its country does not work."""
    if schedule.country is None:
        return []
    today = now.date()
    first = max(schedule.start.date(), today - timedelta(days=31))
    days = [first + timedelta(days=day) for day in range((today + _HOLIDAYS_AHEAD - first).days)]
    return _times_on(schedule, [day for day in days if not is_workday(schedule.country, day)])


def _add_times(event: icalendar.Event, name: str, zone: str, times: list[datetime]) -> None:
    """Times on the clocks of a zone, under its own name."""
    if zone == _UTC:
        values, parameters = [each.replace(tzinfo=UTC) for each in times], {}
    else:
        values, parameters = times, {"TZID": zone}
    event.add(name, values if name == "exdate" else values[0], parameters=parameters)
