"""When an alert rings next, on the wall clocks of its time zone.

It knows rules, zones and their clock changes; it must not know what time it is now, nor of any alert.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bellwire.alerts.alert import Schedule
from bellwire.alerts.rules import HORIZON, YEARS, read_rule, walls
from bellwire.alerts.workdays import is_workday

EVERY: dict[str, str] = {
    "daily": "FREQ=DAILY",
    "weekday": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "weekend": "FREQ=WEEKLY;BYDAY=SA,SU",
    "weekly": "FREQ=WEEKLY",
    "monthly": "FREQ=MONTHLY",
    "yearly": "FREQ=YEARLY",
}
"""The rules that have a name."""
MOST_EXCEPTIONS = 366
"""Of a schedule, still to come: each is looked at when the next occurrence is sought."""
MOST_COUNTED = 3660
"""Occurrences that a count is taken for: ten years, day by day."""

_OF_A_MACHINE = re.compile("localtime$|posixrules$|posix/|right/")
"""Beside the zones, systems have their own one by these names, and all once more, some with leap seconds."""
_WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BY_DAY = "FREQ=WEEKLY;BYDAY="
_DAY = timedelta(days=1)


def zone_named(name: str) -> ZoneInfo:
    """The time zone of this IANA name. Raises ValueError."""
    try:
        if _OF_A_MACHINE.match(name):
            raise ZoneInfoNotFoundError
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
    return clock_change(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), first, zone)


def clock_change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after `low`, to the second, with the offset of `high`: one change is between them."""
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
    last = after
    for _, instant in _rings(schedule, after):
        # Two walls can be one instant where the clocks skip both: it rings once.
        if instant > last:
            last = instant
            yield instant


def _rings(schedule: Schedule, after: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The wall times from `after` on, each with its instant; some may not be later than `after`."""
    zone = zone_named(schedule.zone)
    days, time = days_and_time(schedule.ahead)
    # No earlier wall time can be a later instant: one that the clocks skip gives the instant at which they do.
    for wall in _walls(schedule, (after + time).astimezone(zone).replace(tzinfo=None) + days):
        yield wall, instant_of(wall - days, zone) - time


def days_and_time(length: timedelta) -> tuple[timedelta, timedelta]:
    """Whole days and the rest of a length of time, both with its sign."""
    if not length:
        return length, length
    days = _DAY * int(length / _DAY)
    return days, length - days


def _walls(schedule: Schedule, earliest: datetime) -> Iterator[datetime]:
    """The schedule's wall times from `earliest` on, the earliest first."""
    found = _ruled(schedule, earliest)
    until, country = schedule.until, schedule.country
    if until is not None:
        found = takewhile(lambda wall: wall <= until, found)
    if schedule.except_days or schedule.except_times:
        days, times = frozenset(schedule.except_days), frozenset(schedule.except_times)
        found = (wall for wall in found if wall.date() not in days and wall not in times)
    return found if country is None else (wall for wall in found if is_workday(country, wall.date()))


def _ruled(schedule: Schedule, earliest: datetime) -> Iterator[datetime]:
    """The wall times of the rule alone."""
    if schedule.rule is None:
        return iter((schedule.start,))
    weekdays = weekdays_of(schedule.rule)
    if weekdays is None:
        return walls(schedule.rule, schedule.start, earliest)
    return _on_weekdays(weekdays or frozenset({schedule.start.weekday()}), schedule.start, earliest)


@lru_cache(maxsize=1024)
def weekdays_of(rule: str) -> frozenset[int] | None:
    """The weekdays, Monday being 0, of a rule that is nothing else; none: that of the start. None: it is more."""
    if rule == EVERY["daily"]:
        return frozenset(range(7))
    if rule == EVERY["weekly"]:
        return frozenset()
    days = rule.removeprefix(_BY_DAY).split(",") if rule.startswith(_BY_DAY) else []
    return frozenset(map(_WEEK.index, days)) if days and set(days) <= set(_WEEK) else None


def rule_on(weekdays: frozenset[int]) -> str:
    """The rule of these weekdays, Monday being 0."""
    return _BY_DAY + ",".join(_WEEK[day] for day in sorted(weekdays))


def _on_weekdays(weekdays: frozenset[int], start: datetime, earliest: datetime) -> Iterator[datetime]:
    """What the rules of weekdays give, without reading a rule: they are most of all alerts."""
    wall = max(start, datetime.combine(earliest.date(), start.time()))
    last = max(start, earliest) + HORIZON
    if wall < earliest:
        wall += _DAY
    while wall < last:
        if wall.weekday() in weekdays:
            yield wall
        wall += _DAY


def ruled(once: Schedule, rule: str, earliest: datetime) -> Schedule:
    """What comes once, again and again by a rule of RFC 5545. Raises ValueError with a sentence.

    A COUNT becomes the time of the last one, counted from the wall time `earliest` on.
    """
    read = read_rule(rule)
    until = read.until
    if until is not None and until.tzinfo is not None:
        until = _on_clocks(until, zone_named(once.zone))
    schedule = replace(once, rule=read.text, until=until)
    return schedule if read.times is None else counted(schedule, read.times, earliest)


def _on_clocks(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of `zone` show; the first and last day of the calendar, for ever, are those days everywhere."""
    if instant.date() in {date.min, date.max}:
        return instant.replace(tzinfo=None)
    return instant.astimezone(zone).replace(tzinfo=None)


def counted(schedule: Schedule, times: int, earliest: datetime) -> Schedule:
    """The schedule until it has come so often, exceptions too, from the wall time `earliest` on. Raises ValueError."""
    if not 1 <= times <= MOST_COUNTED:
        raise ValueError(f"{times} times cannot be; give 1 to {MOST_COUNTED}")
    everything = replace(schedule, until=None, except_days=(), except_times=())
    last = next(islice(_walls(everything, earliest), times - 1, None), None)
    if last is None:
        raise ValueError(f"it would take more than {YEARS} years to come {times} times; give less")
    return replace(schedule, until=last)


def without(schedule: Schedule, occurrence: datetime, now: datetime) -> Schedule:
    """The schedule with this occurrence as an exception. Raises ValueError when it has too many."""
    just_before = occurrence - timedelta(microseconds=1)
    rings = takewhile(lambda ring: ring[1] <= occurrence, _rings(schedule, just_before))
    skipped = tuple(wall for wall, instant in rings if instant == occurrence)
    # Or there would be no room for more in the end.
    schedule = forgetting(schedule, now)
    return excepting(schedule, schedule.except_days, (*schedule.except_times, *skipped))


def forgetting(schedule: Schedule, now: datetime) -> Schedule:
    """The schedule without the exceptions that are over: they need not be remembered."""
    lately = (now + schedule.ahead).astimezone(zone_named(schedule.zone)).replace(tzinfo=None) - 2 * _DAY
    return replace(
        schedule,
        except_days=tuple(day for day in schedule.except_days if day >= lately.date()),
        except_times=tuple(wall for wall in schedule.except_times if wall >= lately),
    )


def excepting(schedule: Schedule, days: tuple[date, ...], times: tuple[datetime, ...]) -> Schedule:
    """The schedule with these exceptions instead of those it has. Raises ValueError when they are too many."""
    days, times = tuple(sorted(set(days))), tuple(sorted(set(times)))
    if len(days) + len(times) > MOST_EXCEPTIONS:
        raise ValueError(f"{len(days) + len(times)} exceptions are too many; {MOST_EXCEPTIONS} are taken at most")
    return replace(schedule, except_days=days, except_times=times)
