"""Do not disturb: when alerts are seen and not heard, and which are heard all the same.

It knows a person's wish and what a clock makes of it; it must not know a clock, nor how an alert is silenced.

Hours switch it on when they begin and off when they end, and a person may switch it in between: what was switched last
counts. So who is awake early switches it off for the rest of this night, and the next night has it again.
"""

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from bellwire.alerts.alert import Kind

HEARD = (Kind.ALARM, Kind.TIMER)
"""Who sets an alarm or a timer wants to hear it, as on any telephone; a reminder can be read."""


@dataclass(frozen=True, slots=True)
class Hours:
    """From when until when, each day, by the clocks of a zone. Raises ValueError for hours that can't be."""

    begin: time
    end: time
    zone: str
    """IANA."""

    def __post_init__(self) -> None:
        if self.begin == self.end:
            raise ValueError(f"hours from {self.begin:%H:%M} to {self.end:%H:%M} are none: give another end")
        if self.begin.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("the hours are of the zone's clocks: give times without an offset")
        try:
            zoneinfo.ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError) as error:  # OSError: a folder of zones
            raise ValueError(f"there is no time zone {self.zone!r}: give one such as Asia/Seoul") from error

    def contain(self, now: datetime) -> bool:
        """Whether it is between begin and end, at this instant."""
        local = now.astimezone(zoneinfo.ZoneInfo(self.zone)).time()
        if self.begin < self.end:
            return self.begin <= local < self.end
        return local >= self.begin or local < self.end

    def next_switch(self, now: datetime) -> datetime:
        """The first instant after this one at which they begin or end (UTC)."""
        return min(instant for instant in self._around(now) if instant > now)

    def _around(self, now: datetime) -> Iterator[datetime]:
        zone = zoneinfo.ZoneInfo(self.zone)
        today = now.astimezone(zone).date()
        for days in (-1, 0, 1, 2):
            for wall in (self.begin, self.end):
                yield datetime.combine(today + timedelta(days), wall, zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class DoNotDisturb:
    """What a person has set, and how it stands now."""

    is_on: bool = False
    hours: Hours | None = None
    """Each day; None: only as it is switched by hand."""
    exceptions: tuple[Kind, ...] = HEARD
    """Kinds of alerts that are heard all the same."""
    switches_at: datetime | None = None
    """When the hours next begin or end; None: there are none."""

    def silences(self, kind: Kind) -> bool:
        """Whether an alert of this kind is not to be heard now."""
        return self.is_on and kind not in self.exceptions


def set_to(wish: DoNotDisturb, now: datetime) -> DoNotDisturb:
    """What a person has set: with hours, it is on if they say so now."""
    hours = wish.hours
    return replace(
        wish,
        is_on=hours.contain(now) if hours else wish.is_on,
        switches_at=hours.next_switch(now) if hours else None,
    )


def at(wish: DoNotDisturb, now: datetime) -> DoNotDisturb:
    """How it stands at this instant: hours that began or ended meanwhile, also without power, have switched it."""
    if wish.switches_at is None or now < wish.switches_at:
        return wish
    return set_to(wish, now)


def clock_set(wish: DoNotDisturb, by: timedelta, now: datetime) -> DoNotDisturb:
    """The clock was set, `by` so much to `now`: what was switched by hand counts on, unless the hours say otherwise."""
    if wish.hours is None:
        return wish
    is_same = wish.hours.contain(now - by) is wish.hours.contain(now)
    return replace(set_to(wish, now), is_on=wish.is_on) if is_same else set_to(wish, now)
