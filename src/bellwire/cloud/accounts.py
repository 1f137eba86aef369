"""What an account can do with its alerts, each as one transaction, and what follows for its devices.

It knows alerts, standings and limits; it must not know HTTP (`api`) nor what is said to devices (`delivery`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bellwire.alerts.alert import Alert, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.recurrence import next_occurrence, without
from bellwire.alerts.standing import Desired
from bellwire.cloud.languages import default_language
from bellwire.cloud.store.accounts import Account, find_account, set_country, set_language, set_timezone
from bellwire.cloud.store.alerts import (
    count_alerts,
    delete_alert,
    insert_alert,
    list_alerts,
    list_lives,
    load_alert,
    update_alert,
)
from bellwire.cloud.store.devices import list_devices, which_are_there
from bellwire.cloud.store.standings import add_standings, desire, lives_of, undesire
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.wishes import WishError, one_line

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
    """Also of devices on which it resumes, when it is paused."""


def _shown(alert: Alert, lives: dict[str, Life]) -> Shown:
    return Shown(alert, {**dict.fromkeys(alert.paused_on or (), Life.ABSENT), **lives})


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
    """The name of an account or device as it is kept: on one line, with 1 to `most` characters. Raises WishError."""
    name = one_line("name", text, most)
    if not name.strip():
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
class Edit:
    """What becomes different; None: stays."""

    label: str | None = None
    speech: str | None = None
    """Of the new label."""
    reschedule: Callable[[Schedule], tuple[Schedule, datetime]] | None = None
    """Gives the new schedule, made of the present one, and when it rings first."""


def edit_alert(account_id: str, token: str, edit: Edit, now: datetime) -> Transaction[Shown]:
    """Change an alert; all of its devices are brought to the new content.

    Raises UnknownAlertError, and what `reschedule` raises.
    """
    before = (yield from show_alert(account_id, token)).alert
    schedule, time = before.schedule, before.scheduled_time
    if edit.reschedule is not None:
        schedule, time = edit.reschedule(schedule)
    alert = replace(
        before,
        label=before.label if edit.label is None else edit.label,
        speech=before.speech if edit.label is None else edit.speech,
        schedule=schedule,
        scheduled_time=time,
        version=before.version + 1,
    )
    yield from update_alert(account_id, alert, now)
    if alert.paused_on is None:
        yield from desire(account_id, token, Desired(alert.scheduled_time, alert.version))
    return (yield from show_alert(account_id, token))


def skip_occurrence(account_id: str, token: str, now: datetime) -> Transaction[Shown]:
    """Leave out the next occurrence; the one after it is desired at once. One that rings already goes on ringing.

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
    is_to_come = alert.scheduled_time > now
    alert = replace(alert, schedule=schedule, scheduled_time=after if is_to_come else alert.scheduled_time)
    yield from update_alert(account_id, alert, now)
    if is_to_come:
        yield from desire(account_id, token, Desired(alert.scheduled_time, alert.version))
    return (yield from show_alert(account_id, token))


def _without(schedule: Schedule, occurrence: datetime, now: datetime) -> Schedule:
    try:
        return without(schedule, occurrence, now)
    except ValueError as error:
        raise WishError(f"{error}; edit the alert and give fewer") from None


def pause_alert(account_id: str, token: str, now: datetime) -> Transaction[Shown]:
    """Desire an alert on no device until it is resumed; one that rings is silenced so. Raises UnknownAlertError."""
    shown = yield from show_alert(account_id, token)
    if shown.alert.paused_on is not None:
        return shown
    alert = replace(shown.alert, paused_on=tuple(sorted(shown.lives)))
    yield from update_alert(account_id, alert, now)
    yield from undesire(account_id, token)
    return _shown(alert, shown.lives)


def resume_alert(account_id: str, token: str, now: datetime) -> Transaction[Shown]:
    """Desire a paused alert again, at its next occurrence. Raises UnknownAlertError, WishError."""
    before = (yield from show_alert(account_id, token)).alert
    if before.paused_on is None:
        return (yield from show_alert(account_id, token))
    following = next_occurrence(before.schedule, now)
    if following is None:
        raise WishError("its time went by while it was paused; give it another one (edit it), or delete it")
    # A new version: a device that was told to delete it, and has not said so yet, is told to set it all the same.
    alert = replace(before, paused_on=None, scheduled_time=following, version=before.version + 1)
    yield from update_alert(account_id, alert, now)
    there = yield from lives_of(account_id, token)
    if alert.everywhere:
        wanted = yield from _devices(account_id, None)
    else:
        wanted = sorted((yield from which_are_there(account_id, before.paused_on)))
    yield from desire(account_id, token, Desired(following, alert.version))
    yield from add_standings(account_id, alert, [device for device in wanted if device not in there], now)
    return (yield from show_alert(account_id, token))


def move_account(account_id: str, zone: str, now: datetime) -> Transaction[list[str]]:
    """The account is in another time zone: what floats rings at the same wall time there. Gives devices' ids.

    What rings, and what would be past by the move, stays as it is: nothing is lost. Raises NotFound.
    """
    yield from set_timezone(account_id, zone)
    woken: set[str] = set()
    for alert in (yield from list_alerts(account_id, None, _ANY_NUMBER)):
        if not alert.schedule.floating or alert.schedule.zone == zone:
            continue
        schedule = replace(alert.schedule, zone=zone)
        following = next_occurrence(schedule, now)
        if following is None:
            continue
        is_to_come = alert.scheduled_time > now and alert.paused_on is None
        moved = replace(alert, schedule=schedule, scheduled_time=following if is_to_come else alert.scheduled_time)
        yield from update_alert(account_id, moved, now)
        if is_to_come:
            woken |= set((yield from desire(account_id, alert.token, Desired(following, alert.version))))
    return sorted(woken)


def language_of_account(account: Account) -> str:
    """In which language an account's labels are spoken: as it was said, or that of its country or time zone."""
    return account.language or default_language(account.country, account.timezone)


@dataclass(frozen=True, slots=True)
class Change:
    """What of an account becomes different; a field that is not in `said` stays."""

    said: frozenset[str]
    """`country`, `language`, `timezone`."""
    country: str | None = None
    language: str | None = None
    timezone: str | None = None
    """Every account has one: None stays as it is, said or not."""


def change_account(
    account_id: str, change: Change, name_of_label: Callable[[str, str, str], str], now: datetime
) -> Transaction[list[str]]:
    """Change an account; when it speaks another language then, so do its alerts. Returns the ids of its devices.

    `name_of_label` gives the name of a sound: of an account, a label and what the account speaks. Raises NotFound.
    """
    spoke = language_of_account((yield from find_account(account_id)))
    stirred: list[str] = []
    if "country" in change.said:
        stirred += yield from set_country(account_id, change.country)
    if "language" in change.said:
        yield from set_language(account_id, change.language)
    if "timezone" in change.said and change.timezone is not None:
        stirred += yield from move_account(account_id, change.timezone, now)
    speaks = language_of_account((yield from find_account(account_id)))
    if speaks == spoke:
        return stirred
    for alert in (yield from list_alerts(account_id, None, _ANY_NUMBER)):
        speech = alert.speech and name_of_label(account_id, alert.label, speaks)
        if speech != alert.speech:
            again = replace(alert, speech=speech, version=alert.version + 1)
            yield from update_alert(account_id, again, now)
            if again.paused_on is None:
                stirred += yield from desire(account_id, alert.token, Desired(alert.scheduled_time, again.version))
    return list(dict.fromkeys(stirred))


def remove_alert(account_id: str, token: str) -> Transaction[list[str]]:
    """Delete an alert; it is desired on no device any more. Returns the devices' ids. Raises UnknownAlertError."""
    yield from show_alert(account_id, token)
    yield from delete_alert(account_id, token)
    return (yield from desire(account_id, token, None))


def show_alert(account_id: str, token: str) -> Transaction[Shown]:
    """One alert and where it stands. Raises UnknownAlertError."""
    alert = yield from load_alert(account_id, token)
    if alert is None:
        raise UnknownAlertError(f"this account has no alert {token}; list them to see those it has")
    return _shown(alert, (yield from lives_of(account_id, token)))


def show_alerts(account_id: str, after: tuple[datetime, str] | None, limit: int) -> Transaction[list[Shown]]:
    """A page of the account's alerts, the earliest first."""
    alerts = yield from list_alerts(account_id, after, limit)
    lives = (yield from list_lives(account_id, after, alerts[-1])) if alerts else {}
    return [_shown(alert, lives.get(alert.token, {})) for alert in alerts]
