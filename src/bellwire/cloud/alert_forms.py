"""What people write of alerts in the account API, what they get to see, and the way from one to the other.

It knows the fields of the bodies; it must not know routes, nor how alerts are kept.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice, takewhile
from typing import Annotated, Any, ClassVar, NamedTuple

import msgspec

from bellwire.alerts.alert import Alert, Kind, OwnConduct, Schedule
from bellwire.alerts.recurrence import MOST_COUNTED, MOST_EXCEPTIONS, occurrences
from bellwire.alerts.rules import HORIZON, LONGEST_RULE
from bellwire.cloud.accounts import Shown
from bellwire.cloud.action_forms import Action, Actions, actions_of, reserved_by
from bellwire.cloud.conduct_forms import ConductView, ConductWish, conduct_by, conduct_view
from bellwire.cloud.config import Limits
from bellwire.cloud.pages import AfterInBody, page
from bellwire.cloud.sound_forms import Sounds, sounds_of
from bellwire.cloud.store.accounts import Account
from bellwire.cloud.wishes import (
    ONCE,
    Change,
    WishError,
    ahead_of,
    changed_schedule,
    every_of,
    exceptions_of,
    first_occurrence,
    label_of,
    length_text,
    schedule_at,
    schedule_in,
    until_of,
    zone_of,
)

MOST_PREVIEWED = 100
"""Occurrences that are shown at a time."""


Word = Annotated[str, msgspec.Meta(max_length=64)]
"""What has a form of its own; none is longer."""
Recurrence = Annotated[str, msgspec.Meta(max_length=LONGEST_RULE + 100)]
"""A name, days or a rule with its end."""
Times = Annotated[int, msgspec.Meta(ge=1, le=MOST_COUNTED)]
Exceptions = Annotated[list[Word], msgspec.Meta(max_length=MOST_EXCEPTIONS)]


DeviceIds = Annotated[list[Word], msgspec.Meta(min_length=1, max_length=1000)]


_RENAMED = {"in_": "in", "exceptions": "except"}


class Wish(msgspec.Struct, kw_only=True, rename=_RENAMED, forbid_unknown_fields=True):
    """When something shall ring. Exactly one of `in` and `at` is given."""

    in_: Word | None = None
    """So long from now: 5s, 10m, 1h30m."""
    at: Word | None = None
    """A time of day in `timezone` (07:00), or an instant with its offset."""
    every: Recurrence | None = None
    """With `at`: daily, weekday, weekend, weekly, monthly, yearly, workday (without the public holidays of the
    account's country), days such as mon,wed,fri, or a rule of RFC 5545 such as FREQ=MONTHLY;BYDAY=-1FR."""
    until: Word | None = None
    """With `every`: the last day (2026-12-31), or the last moment; not with `times`."""
    times: Times | None = None
    """With `every`: so often."""
    exceptions: Exceptions | None = None
    """With `every`: days (2026-12-25) or times (2026-12-25T07:00) at which it does not ring."""
    timezone: Word | None = None
    """IANA name; the account's where none is given, and then it moves with the account."""


class NewAlert(Wish, kw_only=True, rename=_RENAMED, forbid_unknown_fields=True):
    """An alert to add."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"label": "Take your medicine", "at": "07:00", "every": "weekday"}

    label: str = ""
    kind: Kind = Kind.REMINDER
    devices: DeviceIds | None = None
    """Ids; every device of the account where none is given, also those that join later."""
    conduct: ConductWish = ConductWish()
    """How it is snoozed and stopped; as its account has it where it is not given."""
    actions: Actions = []
    """Of an ACTIONTIMER: what its devices are told when it is over."""
    assets: Sounds = []
    """Addresses of sounds (http, https) that are played in the place of the bell, in this order, before the label."""


class ChangedAlert(Wish, kw_only=True, rename=_RENAMED, forbid_unknown_fields=True):
    """What of an alert becomes different; the rest stays. `every` may be once, `until` may be never."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"at": "07:30", "every": "daily"}

    label: str | None = None
    devices: DeviceIds | msgspec.UnsetType | None = msgspec.UNSET
    """Ids of those on which it rings from now on; null: every device of the account, also those that join later."""
    conduct: ConductWish | None = None
    """How it is snoozed and stopped."""
    actions: Actions | None = None
    """Of an ACTIONTIMER: what its devices are told when it is over, in the place of what was said of that."""
    assets: Sounds | None = None
    """Addresses of its sounds, in the place of those that it had; none: the bell again."""


class PreviewWish(Wish, kw_only=True, rename=_RENAMED, forbid_unknown_fields=True):
    """A wish, to see when it would ring."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"at": "07:00", "every": "FREQ=MONTHLY;BYDAY=-1FR", "limit": 3}

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_PREVIEWED)] = 10
    after: AfterInBody = None
    """`next` of what was seen before; none: from the first on."""


class SnoozeWish(msgspec.Struct, kw_only=True, rename={"for_": "for"}, forbid_unknown_fields=True):
    """For how long what rings shall be silent."""

    for_: Word | None = None
    """Such as 10m; as is usual for the alert where it is not given."""


class ExtendWish(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How much more time a timer gets."""

    by: Word
    """Such as 5m."""


class OccurrencePlace(NamedTuple):
    """Where an occurrence stands among those of its alert."""

    time: Annotated[datetime, msgspec.Meta(tz=True)]


class Preview(msgspec.Struct, kw_only=True, rename=_RENAMED):
    """When something rings."""

    occurrences: list[datetime]
    """The next ones, the earliest first; none while it is paused."""
    every: str | None
    until: str | None
    exceptions: list[str]
    timezone: str
    next: str | None
    """Give it as `after` to get those that come then; null: there are none."""


class AlertView(msgspec.Struct, kw_only=True, rename=_RENAMED):
    """An alert, and where it stands."""

    token: str
    kind: Kind
    label: str
    scheduled_time: datetime | None
    """The next occurrence; null: it is paused."""
    paused: bool
    remaining: str | None
    """What is left of a timer that is paused, such as 4m30s; null: it is none, or runs until `scheduled_time`."""
    snoozed_from: datetime | None
    """The occurrence that was snoozed until `scheduled_time`, or that rings again; null: it is not snoozed."""
    snoozes: int
    """How often that occurrence was snoozed."""
    every: str | None
    """As it is given; null: once."""
    until: str | None
    """The last moment on the clocks of `timezone`; null: for ever."""
    exceptions: list[str]
    """Days, and times on the clocks of `timezone`, at which it does not ring."""
    ahead: str | None
    """It rings so long before the times that `every` gives (15m, 1d9h), or after them (-9h); null: at them."""
    timezone: str
    floating: bool
    """It moves along when the account moves to another time zone."""
    everywhere: bool
    conduct: ConductView
    """How it is snoozed and stopped, where it says so itself; null: as its account has it."""
    actions: list[Action]
    """Of an ACTIONTIMER: what its devices are told when it is over."""
    assets: list[str]
    """Addresses of its own sounds; none: the bell."""
    devices: dict[str, str]
    """By device id: unknown, set, failed, ringing, stopped or absent, as the device last said."""


class AlertPage(msgspec.Struct, kw_only=True):
    """Some of the alerts, the earliest first."""

    alerts: list[AlertView]
    next: str | None
    """Give it as `after` to get the next page; null: this was the last."""


def alert_of(data: NewAlert, account: Account, limits: Limits, now: datetime) -> Alert:
    """A new alert as it was asked for, with no speech yet. WishError: it can't be."""
    schedule = schedule_of(data, account, now)
    return Alert(
        token=str(uuid.uuid4()),
        kind=data.kind,
        label=label_of(data.label, limits.label),
        schedule=schedule,
        scheduled_time=first_occurrence(schedule, now, limits.past_due),
        version=1,
        everywhere=data.devices is None,
        conduct=conduct_by(OwnConduct(), data.conduct),
        actions=reserved_by(data.actions, data.kind),
        assets=sounds_of(data.assets, limits.assets),
    )


def schedule_of(data: Wish, account: Account, now: datetime) -> Schedule:
    """When the alert of this wish rings. WishError: it can't be."""
    zone = account.timezone if data.timezone is None else data.timezone
    zone_of(zone)
    if (data.in_ is None) == (data.at is None):
        raise WishError(_WHEN)
    change = _change(data, account)
    if data.in_ is not None:
        return _schedule_in(data.in_, change, zone, now)
    return schedule_at(data.at or "", data.every, zone, now, change, floating=data.timezone is None)


def changed_by(present: Schedule, data: Wish, account: Account, now: datetime) -> Schedule:
    """The schedule with what the wish says; the rest stays. WishError: it can't be."""
    change = _change(data, account)
    if data.in_ is None:
        return changed_schedule(present, change, now)
    if data.at is not None:
        raise WishError(_WHEN)
    if present.rule is not None and data.every is None:
        raise WishError(
            "it comes again, and a length of time (in) is for what rings once; give a time (at), or end that too "
            "(every: once)"
        )
    return _schedule_in(data.in_, change, data.timezone or account.timezone, now)


def _schedule_in(length: str, change: Change, zone: str, now: datetime) -> Schedule:
    once = replace(change, every=None) if change.every == ONCE else change
    if once.is_said:
        raise WishError("what comes again needs a time (at), not a length of time (in)")
    return schedule_in(length, zone, now)


_WHEN = "say either how long from now (in) or at what time (at), and not both"


def says_when(data: Wish) -> bool:
    """Whether the wish says anything of times."""
    return any(getattr(data, name) is not None for name in Wish.__struct_fields__)


def _change(data: Wish, account: Account) -> Change:
    return Change(
        at=data.at,
        zone=data.timezone,
        account_zone=account.timezone,
        every=data.every,
        until=data.until,
        times=data.times,
        exceptions=data.exceptions,
        country=account.country,
    )


def preview_of(schedule: Schedule, now: datetime, limit: int, place: OccurrencePlace | None) -> Preview:
    """The next occurrences from `now` or from a later place on, `limit` at most; 0: it is paused."""
    after, last = max(now, place.time) if place else now, now + HORIZON
    found: list[datetime] = []
    if limit and after < last:
        coming = takewhile(lambda occurrence: occurrence <= last, occurrences(schedule, after))
        found = list(islice(coming, limit + 1))
    shown, following = page(found, limit, OccurrencePlace)
    return Preview(
        occurrences=list(shown),
        next=following,
        every=every_of(schedule),
        until=until_of(schedule),
        exceptions=exceptions_of(schedule),
        timezone=schedule.zone,
    )


def view_of(shown: Shown) -> AlertView:
    """An alert as people see it."""
    alert = shown.alert
    return AlertView(
        token=alert.token,
        kind=alert.kind,
        label=alert.label,
        scheduled_time=None if alert.paused_on is not None else alert.scheduled_time,
        paused=alert.paused_on is not None,
        remaining=None if alert.remaining is None else length_text(alert.remaining),
        snoozed_from=alert.snoozed_from,
        snoozes=alert.snoozes,
        every=every_of(alert.schedule),
        until=until_of(alert.schedule),
        exceptions=exceptions_of(alert.schedule),
        ahead=ahead_of(alert.schedule),
        timezone=alert.schedule.zone,
        floating=alert.schedule.floating,
        everywhere=alert.everywhere,
        conduct=conduct_view(alert.conduct),
        actions=actions_of(alert.actions),
        assets=list(alert.assets),
        devices={device_id: life.value for device_id, life in shown.lives.items()},
    )


class AlertPlace(NamedTuple):
    """Where an alert stands in the list of all."""

    time: Annotated[datetime, msgspec.Meta(tz=True)]
    token: str
