"""What an alert is: values that cloud and device share.

It knows the words of the domain; it must not know how they are written on a wire or kept on a disk.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """The four kinds of alerts of the documents."""

    ALARM = "ALARM"
    """Rings at a date and time."""
    TIMER = "TIMER"
    """Rings after a time has gone by."""
    REMINDER = "REMINDER"
    """Rings at a date and time, and shows or says what about."""
    ACTIONTIMER = "ACTIONTIMER"
    """Does something after a time has gone by."""


COUNTED_DOWN = frozenset({Kind.TIMER, Kind.ACTIONTIMER})
"""Kinds of which a length of time is meant: when one is paused, what is left of it stays."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """A directive that is said to a device when an alert is over, as it was given (ACTIONTIMER)."""

    namespace: str
    name: str
    payload: str
    """JSON, an object."""


@dataclass(frozen=True, slots=True)
class Asset:
    """Something to play: `url` is http(s), or names one of the speaker's own bells."""

    asset_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One due time of an alert, with all that a speaker needs to ring it."""

    token: str
    kind: Kind
    scheduled_time: datetime
    """An instant, to the second."""
    label: str = ""
    assets: tuple[Asset, ...] = ()
    play_order: tuple[str, ...] = ()
    """Asset ids; empty: the kind's bell alone."""
    behind_asset: str = ""
    """The id of the asset that is heard instead while something else is in front; empty: the same, but softer."""
    loops: int | None = None
    """How often all of it is played; None: as the kind has it."""
    loop_pause: timedelta = timedelta()
    """Silence between two times."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When an alert rings: a wall time somewhere, once or again and again."""

    start: datetime
    """The first wall time, without a zone."""
    zone: str
    """The IANA name of the zone whose clocks show that wall time."""
    rule: str | None = None
    """The recurrence as RFC 5545 has it, without DTSTART, COUNT and UNTIL; None: once."""
    until: datetime | None = None
    """The last wall time at which it may ring; None: for ever."""
    except_days: tuple[date, ...] = ()
    """Days on which it does not ring."""
    except_times: tuple[datetime, ...] = ()
    """Wall times at which it does not ring."""
    country: str | None = None
    """It rings only on days on which this country works, ISO 3166-1 alpha-2; None: on all."""
    floating: bool = False
    """It was made without a zone of its own: where its account moves to another zone, it moves along."""
    ahead: timedelta = timedelta()
    """So long before each of its wall times it rings; less than nothing: so long after. Whole days of it are days on
    the clocks of the zone, the rest is time that goes by (RFC 5545, 3.3.6)."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """What people can do with an alert that rings."""

    snooze: timedelta = timedelta(minutes=10)
    """For how long, where nobody says it."""
    most_snoozes: int = 5
    """Of one occurrence."""
    stop_everywhere: bool = True
    """Stopped or snoozed on one device, it is so on all; else each device is stopped by itself."""


@dataclass(frozen=True, slots=True)
class OwnConduct:
    """What of it is said of one alert, or of all alerts of an account; None: nothing is."""

    snooze: timedelta | None = None
    most_snoozes: int | None = None
    stop_everywhere: bool | None = None

    def over(self, conduct: Conduct) -> Conduct:
        """What holds where this is said over something more general."""
        return Conduct(
            conduct.snooze if self.snooze is None else self.snooze,
            conduct.most_snoozes if self.most_snoozes is None else self.most_snoozes,
            conduct.stop_everywhere if self.stop_everywhere is None else self.stop_everywhere,
        )


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as its account has it."""

    token: str
    kind: Kind
    label: str
    schedule: Schedule
    scheduled_time: datetime
    """The occurrence that the devices hold now."""
    version: int
    """Goes up with every edit: tells a device's content from the present one."""
    everywhere: bool
    """Rings on every device of the account, also on those that join later."""
    speech: str | None = None
    """The name of the asset that speaks the label."""
    paused_on: tuple[str, ...] | None = None
    """It is paused, and resumes on these devices (with `everywhere` on all); None: it is not paused."""
    conduct: OwnConduct = OwnConduct()
    snoozed_from: datetime | None = None
    """The occurrence of the schedule in whose place `scheduled_time` is; None: it is not snoozed."""
    snoozes: int = 0
    """How often that occurrence has been snoozed."""
    remaining: timedelta | None = None
    """What is left of one that is counted down and paused; None: it resumes by its schedule, or is not paused."""
    actions: tuple[Reserved, ...] = ()
    """What its devices are told when it is over, before they are told to delete it (ACTIONTIMER)."""
    assets: tuple[str, ...] = ()
    """Addresses of sounds that are played in the place of its kind's bell, in this order; none: the bell."""

    @property
    def is_counted_down(self) -> bool:
        """Whether it rings once, after a length of time."""
        return self.kind in COUNTED_DOWN and self.schedule.rule is None
