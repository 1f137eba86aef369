"""What an account can do with its alerts, each as one transaction, and what follows for its devices.

It knows alerts, standings and limits; it must not know HTTP (`api`) nor what is said to devices (`delivery`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bellwire.alerts.alert import Alert, OwnConduct, Reserved, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.recurrence import next_occurrence, without
from bellwire.alerts.rings import End, Ending
from bellwire.alerts.standing import Desired
from bellwire.cloud.ringing import note_done
from bellwire.cloud.store.alerts import (
    count_alerts,
    delete_alert,
    insert_alert,
    list_alerts,
    list_lives,
    load_alert,
    update_alert,
)
from bellwire.cloud.store.desires import (
    Place,
    add_standings,
    desire,
    desire_instead,
    earliest_desired,
    remove_standings,
    renew,
    undesire,
    where_desired,
)
from bellwire.cloud.store.devices import list_devices, which_are_there
from bellwire.cloud.store.standings import lives_of
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.wishes import WishError, one_line, schedule_once, whole_second

_ANY_NUMBER = 1_000_000
"""More alerts than any account has."""


class UnknownAlertError(LookupError):
    """The account has no alert of this token."""


class UnknownDeviceError(LookupError):
    """The account has no device of this id."""


class TooManyAlertsError(ValueError):
    """The account has as many alerts as it may have."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert, and where it stands on each device."""

    alert: Alert
    lives: dict[str, Life]
    """Of a paused one, those on which it resumes."""
    left: frozenset[str] = frozenset()
    """Ids of devices that have something to be told because it shall not be there any more."""


def _shown(alert: Alert, lives: dict[str, Life]) -> Shown:
    if alert.paused_on is None:
        return Shown(alert, lives)
    return Shown(alert, {device_id: lives.get(device_id, Life.ABSENT) for device_id in alert.paused_on})


def add_alert(
    account_id: str, alert: Alert, wanted: Sequence[str] | None, most: int, now: datetime
) -> Transaction[Shown]:
    """Add an alert and desire it on the devices `wanted`; None: on all, also on those that join later.

    Raises TooManyAlertsError when the account has `most` already, UnknownDeviceError.
    """
    if (yield from count_alerts(account_id)) >= most:
        raise TooManyAlertsError(too_many(most))
    device_ids = yield from _devices(account_id, wanted)
    yield from insert_alert(account_id, alert, now)
    yield from add_standings(account_id, alert, device_ids, now)
    return Shown(alert, dict.fromkeys(device_ids, Life.UNKNOWN))


def too_many(most: int) -> str:
    """Why an account gets no more alerts."""
    return (
        f"this account has {most} alerts, as many as it may have; delete some first, or have whoever runs the cloud "
        f"raise it: bellwire cloud --limit alerts={2 * most}"
    )


def name_of(text: str, most: int) -> str:
    """The name of an account or device as it is kept: on one line, with 1 to `most` characters, and no blanks around.

    Raises WishError.
    """
    name = one_line("name", text, most).strip()
    if not name:
        raise WishError(f"the name is empty; give one of 1 to {most} characters")
    return name


def _devices(account_id: str, wanted: Sequence[str] | None) -> Transaction[list[str]]:
    if wanted is None:
        return [device.device_id for device in (yield from list_devices(account_id))]
    unknown = set(wanted) - (yield from which_are_there(account_id, wanted))
    if unknown:
        raise UnknownDeviceError(f"this account has no device {', '.join(sorted(unknown))}")
    return list(dict.fromkeys(wanted))


@dataclass(frozen=True, slots=True)
class Devices:
    """On which devices an alert rings."""

    ids: Sequence[str] | None
    """None: on all of the account, also on those that join later."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes different; None: stays."""

    label: str | None = None
    speech: str | None = None
    """Of the new label."""
    reschedule: Callable[[Schedule], tuple[Schedule, datetime]] | None = None
    """Gives the new schedule, made of the present one, and when it rings first."""
    conduct: Callable[[OwnConduct], OwnConduct] | None = None
    """Gives how it is snoozed and stopped from now on, made of what was said of that."""
    actions: tuple[Reserved, ...] | None = None
    """What its devices are told when it is over."""
    assets: tuple[str, ...] | None = None
    """Its own sounds."""
    where: Devices | None = None


def edit_alert(account_id: str, token: str, edit: Edit, now: datetime) -> Transaction[Shown]:
    """Change an alert; all of its devices are brought to the new content.

    Raises UnknownAlertError, UnknownDeviceError, and what `reschedule` raises.
    """
    before = (yield from show_alert(account_id, token)).alert
    schedule, time = before.schedule, before.scheduled_time
    if edit.reschedule is not None:
        schedule, time = edit.reschedule(schedule)
        before = _awake(before)
    is_anew = any(said is not None for said in (edit.label, edit.reschedule, edit.assets))
    alert = replace(
        before,
        label=before.label if edit.label is None else edit.label,
        speech=before.speech if edit.label is None else edit.speech,
        schedule=schedule,
        scheduled_time=time,
        version=before.version + is_anew,
        conduct=before.conduct if edit.conduct is None else edit.conduct(before.conduct),
        actions=before.actions if edit.actions is None else edit.actions,
        assets=before.assets if edit.assets is None else edit.assets,
    )
    if alert.scheduled_time != before.scheduled_time:
        yield from note_done(account_id, before, now, End(Ending.EDITED))
    if edit.reschedule is not None and alert.paused_on is not None and alert.is_counted_down:
        alert = replace(alert, remaining=max(time, now) - now)
    devices_before = yield from lives_of(account_id, token)
    if edit.where is not None:
        alert = yield from _elsewhere(account_id, alert, edit.where, now)
        if edit.reschedule is None:
            # Where each device is stopped by itself, the one that left may have been the earliest.
            earliest = yield from earliest_desired(account_id, token)
            alert = replace(alert, scheduled_time=earliest or alert.scheduled_time)
    yield from update_alert(account_id, alert, now)
    if is_anew and alert.paused_on is None:
        if edit.reschedule is None:
            yield from renew(account_id, token, alert.version)
        else:
            yield from desire(account_id, token, Desired(alert.scheduled_time, alert.version))
    shown = yield from show_alert(account_id, token)
    return replace(shown, left=frozenset(devices_before) - shown.lives.keys())


def _elsewhere(account_id: str, alert: Alert, where: Devices, now: datetime) -> Transaction[Alert]:
    """Have an alert ring on other devices; one that rings now does so there at once."""
    wanted = set((yield from _devices(account_id, where.ids)))
    alert = replace(alert, everywhere=where.ids is None)
    if alert.paused_on is not None:
        return replace(alert, paused_on=tuple(sorted(wanted)))
    there = yield from where_desired(account_id, alert.token)
    for device_id in there - wanted:
        yield from note_done(account_id, alert, now, End(Ending.EDITED), device_id)
    yield from remove_standings(account_id, alert.token, sorted(there - wanted))
    yield from add_standings(account_id, alert, sorted(wanted - there), now)
    return alert


def _awake(alert: Alert) -> Alert:
    """The alert without its snooze."""
    return replace(alert, snoozed_from=None, snoozes=0)


def skip_occurrence(account_id: str, token: str, now: datetime) -> Transaction[Shown]:
    """Leave out the next occurrence; the one after it is desired at once. One that rings or is snoozed stays so.

    Raises UnknownAlertError, WishError.
    """
    alert = (yield from show_alert(account_id, token)).alert
    if alert.paused_on is not None:
        raise WishError("the alert is paused, so there is nothing to skip; resume it first")
    following = next_occurrence(alert.schedule, now)
    if alert.schedule.rule is None or following is None:
        raise WishError("it does not come again, so there is nothing to skip; delete it instead")
    schedule = _without(alert.schedule, following, now)
    after = next_occurrence(schedule, now)
    if after is None:
        raise WishError("that is the last time that it rings; delete it instead")
    is_present = alert.scheduled_time == following
    alert = replace(alert, schedule=schedule, scheduled_time=after if is_present else alert.scheduled_time)
    yield from update_alert(account_id, alert, now)
    yield from desire_instead(account_id, token, Place(following, following), Desired(after, alert.version))
    return (yield from show_alert(account_id, token))


def _without(schedule: Schedule, occurrence: datetime, now: datetime) -> Schedule:
    try:
        return without(schedule, occurrence, now)
    except ValueError as error:
        raise WishError(f"{error}; edit the alert and give fewer") from None


def pause_alert(account_id: str, token: str, now: datetime) -> Transaction[Shown]:
    """Desire an alert on no device until it is resumed; one that rings is silenced so. Of a timer the rest is kept.

    Raises UnknownAlertError; WishError for a timer that is over.
    """
    shown = yield from show_alert(account_id, token)
    if shown.alert.paused_on is not None:
        return shown
    remaining = None
    if shown.alert.is_counted_down:
        remaining = shown.alert.scheduled_time - now
        if shown.alert.scheduled_time <= now:
            raise WishError("it is over and rings, so there is nothing left to pause; stop, snooze or extend it")
    alert = replace(_awake(shown.alert), paused_on=tuple(sorted(shown.lives)), remaining=remaining)
    yield from note_done(account_id, shown.alert, now, End(Ending.PAUSED))
    yield from update_alert(account_id, alert, now)
    yield from undesire(account_id, token)
    return _shown(alert, shown.lives)


def resume_alert(account_id: str, token: str, now: datetime) -> Transaction[Shown]:
    """Desire a paused alert again, at its next occurrence. Raises UnknownAlertError, WishError."""
    before = (yield from show_alert(account_id, token)).alert
    if before.paused_on is None:
        return (yield from show_alert(account_id, token))
    schedule = before.schedule
    if before.remaining is not None:
        schedule = schedule_once(whole_second(now + before.remaining), schedule.zone)
    following = next_occurrence(schedule, now)
    if following is None:
        raise WishError("its time went by while it was paused; give it another one (edit it), or delete it")
    # A new version: a device that was told to delete it, and has not said so yet, is told to set it all the same.
    alert = replace(
        before,
        paused_on=None,
        remaining=None,
        schedule=schedule,
        scheduled_time=following,
        version=before.version + 1,
    )
    yield from update_alert(account_id, alert, now)
    if alert.everywhere:
        wanted = yield from _devices(account_id, None)
    else:
        wanted = sorted((yield from which_are_there(account_id, before.paused_on)))
    yield from add_standings(account_id, alert, wanted, now)
    return (yield from show_alert(account_id, token))


def remove_alert(account_id: str, token: str, now: datetime) -> Transaction[list[str]]:
    """Delete an alert; it is desired on no device any more. Returns the devices' ids. Raises UnknownAlertError."""
    alert = (yield from show_alert(account_id, token)).alert
    yield from note_done(account_id, alert, now, End(Ending.DELETED))
    yield from delete_alert(account_id, token)
    return (yield from desire(account_id, token, None))


def show_alert(account_id: str, token: str) -> Transaction[Shown]:
    """One alert and where it stands. Raises UnknownAlertError."""
    alert = yield from load_alert(account_id, token)
    if alert is None:
        raise UnknownAlertError(f"this account has no alert {token}; list them to see those it has")
    lives = yield from lives_of(account_id, token)
    there = lives if alert.paused_on is not None else (yield from where_desired(account_id, token))
    return _shown(alert, {device_id: life for device_id, life in lives.items() if device_id in there})


def show_alerts(account_id: str, after: tuple[datetime, str] | None, limit: int) -> Transaction[list[Shown]]:
    """A page of the account's alerts, the earliest first."""
    alerts = yield from list_alerts(account_id, after, limit)
    lives = (yield from list_lives(account_id, after, alerts[-1])) if alerts else {}
    return [_shown(alert, lives.get(alert.token, {})) for alert in alerts]
