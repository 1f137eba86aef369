"""When an alert rings next, on the wall clocks of its time zone.

It knows rules, zones and their clock changes; it must not know what time it is now, nor of any alert.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr

from bellwire.alerts.alert import Schedule

EVERY: dict[str, str] = {
    "daily": "FREQ=DAILY",
    "weekday": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "weekend": "FREQ=WEEKLY;BYDAY=SA,SU",
    "weekly": "FREQ=WEEKLY",
}
"""The rules that have a name."""

_WEEKDAYS: dict[str, frozenset[int]] = {
    EVERY["daily"]: frozenset(range(7)),
    EVERY["weekday"]: frozenset(range(5)),
    EVERY["weekend"]: frozenset({5, 6}),
    EVERY["weekly"]: frozenset(),
}
"""The weekdays of these rules, Monday being 0; none: that of the start."""
_DAY = timedelta(days=1)
_HORIZON = timedelta(days=366 * 40)
"""A rule that gives nothing for so long is over: even 29 February on a chosen weekday comes every 40 years."""
_INTERVAL = re.compile(r"\bINTERVAL=(\d+)")


def zone_named(name: str) -> ZoneInfo:
    """The time zone of this IANA name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; use a name such as Asia/Seoul or Europe/Berlin") from None


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the clocks of `zone` show `wall`.

    A time that the clocks skip gives the instant of the change; one that they show twice gives the first.
    """
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    return _clock_change(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), first, zone)


def _clock_change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after `low`, to the second, with the offset that holds at `high`."""
    offset = high.astimezone(zone).utcoffset()
    first, last = 0, int((high - low).total_seconds())
    while first < last:
        middle = (first + last) // 2
        if (low + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            last = middle
        else:
            first = middle + 1
    return low + timedelta(seconds=first)


def next_occurrence(schedule: Schedule, after: datetime) -> datetime | None:
    """The first instant (UTC) of the schedule that is later than `after`; None when there is none any more."""
    return next(occurrences(schedule, after), None)


def occurrences(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """All instants (UTC) of the schedule that are later than `after`, the earliest first."""
    zone = zone_named(schedule.zone)
    last = after
    # No earlier wall time can be a later instant: one that the clocks skip gives the instant at which they do.
    for wall in _walls(schedule, after.astimezone(zone).replace(tzinfo=None)):
        instant = instant_of(wall, zone)
        # Two walls can be one instant where the clocks skip both: it rings once.
        if instant > last:
            last = instant
            yield instant


def _walls(schedule: Schedule, earliest: datetime) -> Iterator[datetime]:
    """The schedule's wall times from `earliest` on, the earliest first."""
    if schedule.rule is None:
        return iter((schedule.start,))
    weekdays = _WEEKDAYS.get(schedule.rule)
    if weekdays is not None:
        return _on_weekdays(weekdays or frozenset({schedule.start.weekday()}), schedule.start, earliest)
    start = _brought_forward(schedule.start, schedule.rule, earliest)
    walls = rrulestr(schedule.rule, dtstart=start).xafter(earliest, inc=True)
    return takewhile(lambda wall: wall < max(earliest, start) + _HORIZON, walls)


def _on_weekdays(weekdays: frozenset[int], start: datetime, earliest: datetime) -> Iterator[datetime]:
    """What the rules that have a name give, without reading a rule: they are most of all alerts."""
    wall = max(start, datetime.combine(earliest.date(), start.time()))
    if wall < earliest:
        wall += _DAY
    while True:
        if wall.weekday() in weekdays:
            yield wall
        wall += _DAY


def _brought_forward(start: datetime, rule: str, to: datetime) -> datetime:
    """An equivalent start near `to`, so that years gone by cost nothing.

    Daily and weekly rules without a COUNT look the same from any start that is whole periods later.
    """
    rule = rule.upper()  # RFC 5545, 2: names are read in any case
    if "COUNT=" in rule or not ("FREQ=DAILY" in rule or "FREQ=WEEKLY" in rule) or to <= start:
        return start
    found = _INTERVAL.search(rule)
    period = timedelta(days=7 * (int(found[1]) if found else 1))
    return start + period * max((to - start) // period - 1, 0)
