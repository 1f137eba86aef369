"""Time zones of .ics files: which IANA zone is meant by a name or a definition there, and ours as definitions.

It knows VTIMEZONE (RFC 5545, 3.6.5); it must not know events or alerts.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import icalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from bellwire.alerts.recurrence import clock_change, zone_named
from bellwire.alerts.rules import read_rule, walls
from bellwire.cloud.calendars.content import Component
from bellwire.cloud.wishes import WishError

_MOST_DEFINED = 50
"""Time zones that one file defines; to look for one takes milliseconds."""
_MOST_CHANGES = 200
_LIKELY = (
    *("Europe/London", "Europe/Berlin", "Europe/Athens", "America/New_York", "America/Chicago", "America/Denver"),
    *("America/Los_Angeles", "Asia/Seoul", "Asia/Tokyo", "Asia/Shanghai", "Australia/Sydney"),
)
"""What is meant rather than smaller places with the same clocks."""
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)


class _Change(NamedTuple):
    """The clocks of a zone change."""

    at: datetime
    """In UTC."""
    to: timedelta
    """The offset from UTC from then on."""


class Zones:
    """The time zones that one file speaks of."""

    def __init__(self, components: Iterable[Component], home: str, now: datetime) -> None:
        """`home`: the zone that is meant rather than another one with the same clocks. Raises WishError."""
        self._home = home
        self._now = now
        self._found: dict[str, str] = {}
        self._defined = {tzid: each for each in components for tzid in each.values("TZID")}
        if len(self._defined) > _MOST_DEFINED:
            raise WishError(f"the file defines {len(self._defined)} time zones; {_MOST_DEFINED} are taken at most")

    def named(self, tzid: str) -> str:
        """The IANA name of the zone that the file calls so. Raises WishError."""
        if tzid not in self._found:
            found = _iana(tzid) or self._by_definition(tzid)
            if found is None:
                raise WishError(f"its time zone {tzid[:80]!r} is none that is known; give it an IANA zone")
            self._found[tzid] = found
        return self._found[tzid]

    def _by_definition(self, tzid: str) -> str | None:
        definition = self._defined.get(tzid)
        if definition is None:
            return None
        for location in definition.values("X-LIC-LOCATION"):
            if found := _iana(location):
                return found
        begin = datetime(self._now.year, 1, 1, tzinfo=UTC)
        moments = [begin + _WEEK * week for week in range(105)]
        clocks = _clocks(_changes_in(definition, begin.year - 2), moments)
        known = (self._home, *_LIKELY, *sorted(set(WINDOWS_TO_OLSON.values())))
        return next((name for name in known if _shown(zone_named(name), moments) == clocks), None)


def _iana(tzid: str) -> str | None:
    """The IANA zone that a name has in it: itself, behind a maker's prefix, or as Windows calls it."""
    parts = tzid.strip().strip("/").split("/")
    tails = ("/".join(parts[-length:]) for length in (len(parts), 3, 2) if length <= len(parts))
    for name in (*tails, WINDOWS_TO_OLSON.get(tzid.strip(), "")):
        try:
            return zone_named(name).key
        except ValueError:
            continue
    return None


def _shown(zone: ZoneInfo, moments: list[datetime]) -> list[timedelta | None]:
    return [moment.astimezone(zone).utcoffset() for moment in moments]


def _clocks(changes: list[_Change], moments: list[datetime]) -> list[timedelta | None]:
    """The offset at each moment by these changes, the earliest first; None: before the first."""
    offset: timedelta | None = None
    coming = iter(changes)
    following = next(coming, None)
    found = []
    for moment in moments:
        while following is not None and following.at <= moment:
            offset, following = following.to, next(coming, None)
        found.append(offset)
    return found


def _changes_in(definition: Component, year: int) -> list[_Change]:
    """The changes of a VTIMEZONE from this year on, and the last ones before."""
    try:
        component = icalendar.Component.from_ical(definition.text)
        found = [change for each in component.subcomponents for change in _changes_of(each, year)]
    except (ValueError, KeyError, AttributeError, TypeError, OverflowError):
        raise WishError(
            f"the time zone of line {definition.line} cannot be read; give its events an IANA zone"
        ) from None
    return sorted(found)


def _changes_of(observance: Any, year: int) -> Iterator[_Change]:
    before, after = observance["TZOFFSETFROM"].td, observance["TZOFFSETTO"].td
    start: datetime = observance["DTSTART"].dt.replace(tzinfo=None)
    onsets = [start]
    if "RRULE" in observance:
        rule = read_rule(observance["RRULE"].to_ical().decode())
        until = rule.until.replace(tzinfo=None) if rule.until else datetime(year + 5, 1, 1)  # noqa: DTZ001
        to_come = walls(rule.text, start, max(start, datetime(year, 1, 1)))  # noqa: DTZ001
        # Of a rule that has ended, its last; those of one that goes on are followed by others long before it matters.
        onsets += [min(until, datetime(year, 1, 1))]  # noqa: DTZ001
        onsets += islice(takewhile(lambda wall: wall <= until, to_come), _MOST_CHANGES)
    if "RDATE" in observance:
        dates = observance["RDATE"]
        for each in dates if isinstance(dates, list) else [dates]:
            onsets += [one.dt.replace(tzinfo=None) for one in each.dts]
    for onset in onsets:
        yield _Change(onset.replace(tzinfo=UTC) - before, after)


@lru_cache(maxsize=64)
def definition_of(name: str, first: int, last: int) -> icalendar.Timezone:
    """The zone of this IANA name as a VTIMEZONE, with its changes from the year `first` to the year `last`.

    Without rules: what governments decide follows none for long. Raises ValueError.
    """
    zone = zone_named(name)
    begin = datetime(first, 1, 1, tzinfo=UTC)
    definition = icalendar.Timezone()
    definition.add("tzid", name)
    at_first = begin.astimezone(zone)
    definition.add_component(_observance(at_first, at_first.utcoffset(), [date(first, 1, 1)]))
    alike: dict[tuple[Any, ...], tuple[datetime, timedelta | None, list[datetime]]] = {}
    for instant in _clock_changes(zone, begin, datetime(last + 1, 1, 1, tzinfo=UTC)):
        before, after = (instant - timedelta(seconds=1)).astimezone(zone), instant.astimezone(zone)
        key = (before.utcoffset(), after.utcoffset(), after.tzname())
        onset = instant.replace(tzinfo=None) + (before.utcoffset() or timedelta())
        alike.setdefault(key, (after, before.utcoffset(), []))[2].append(onset)
    for after, offset_before, onsets in alike.values():
        definition.add_component(_observance(after, offset_before, onsets))
    return definition


def _clock_changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    low = begin
    while low < end:
        high = low + _DAY
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            yield clock_change(low, high, zone)
        low = high


def _observance(after: datetime, before: timedelta | None, onsets: list[Any]) -> icalendar.Component:
    kind = icalendar.TimezoneDaylight if after.dst() else icalendar.TimezoneStandard
    observance = kind()
    first, *later = (each if isinstance(each, datetime) else datetime(each.year, 1, 1) for each in onsets)  # noqa: DTZ001
    observance.add("dtstart", first)
    observance.add("tzoffsetfrom", before)
    observance.add("tzoffsetto", after.utcoffset())
    observance.add("tzname", after.tzname())
    if later:
        observance.add("rdate", later)
    return observance
