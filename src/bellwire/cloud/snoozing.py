"""Snooze and stop, by the account and by a speaker's button, each as one transaction.

It knows who asks, how often that may be, and what is wrong with it otherwise; it must not know HTTP, nor what is said
to devices.
"""

from datetime import datetime, timedelta

from bellwire.alerts.alert import Alert
from bellwire.alerts.recurrence import zone_named
from bellwire.alerts.rings import End, Ending
from bellwire.cloud.accounts import Shown, show_alert
from bellwire.cloud.occurrences import (
    NOBODY,
    Woken,
    end_everywhere,
    end_occurrence,
    put_off,
    snooze_occurrence,
)
from bellwire.cloud.store.alerts import load_conducted
from bellwire.cloud.store.conducts import conduct_of
from bellwire.cloud.store.desires import Place, silence
from bellwire.cloud.store.rings import mark_rings
from bellwire.cloud.store.standings import rings_anywhere
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.wishes import WishError, length_of, whole_second

LONGEST_SNOOZE = timedelta(hours=24)


def snooze_length(text: str) -> timedelta:
    """A length of time as people write it. Raises WishError."""
    length = length_of(text)
    if not timedelta(0) < length <= LONGEST_SNOOZE:
        raise WishError(f"{text!r} cannot be the length of a snooze; give 1s to 24h, such as 10m")
    return length


def snooze_alert(account_id: str, token: str, length: timedelta | None, now: datetime) -> Transaction[Shown]:
    """Have what rings be silent and ring again after `length`, or as long as is usual for it.

    Raises UnknownAlertError; WishError for an alert that does not ring, or that was snoozed too often.
    """
    shown = yield from show_alert(account_id, token)
    alert, conduct = shown.alert, (yield from conduct_of(account_id, shown.alert))
    yield from _check_rings(account_id, alert, now)
    if alert.snoozes >= conduct.most_snoozes:
        often = (
            f"was snoozed as often as it may be ({conduct.most_snoozes})" if conduct.most_snoozes else "is not snoozed"
        )
        raise WishError(
            f"it {often}; stop it, or allow it once more: bellwire alert edit {token} --snoozes {alert.snoozes + 1}"
        )
    place = Place(alert.scheduled_time, max(alert.scheduled_time, now))
    yield from snooze_occurrence(account_id, alert, place, length or conduct.snooze, now)
    return (yield from show_alert(account_id, token))


def stop_alert(account_id: str, token: str, now: datetime) -> Transaction[Woken]:
    """Have what rings or is snoozed ring no longer, on any device; one that does not come again is deleted.

    Returns the devices' ids. Raises UnknownAlertError; WishError for an alert that neither rings nor is snoozed.
    """
    alert = (yield from show_alert(account_id, token)).alert
    if alert.snoozed_from is None or alert.paused_on is not None:
        yield from _check_rings(account_id, alert, now)
        if alert.actions and (yield from rings_anywhere(account_id, token, alert.scheduled_time)):
            # Its devices say when it is over, and are told then what it does.
            yield from mark_rings(account_id, token, alert.scheduled_time, End(Ending.ACCOUNT))
            return frozenset((yield from silence(account_id, token, alert.scheduled_time)))
    return (yield from end_everywhere(account_id, alert, now, End(Ending.ACCOUNT)))


def _check_rings(account_id: str, alert: Alert, now: datetime) -> Transaction[None]:
    """An alert rings when it is due and nobody has said that it is over; a device's clock may be ahead of ours."""
    if alert.paused_on is not None:
        raise WishError("it is paused, so it does not ring; resume it first")
    if alert.scheduled_time <= now or (yield from rings_anywhere(account_id, alert.token, alert.scheduled_time)):
        return
    when = f"{alert.scheduled_time.astimezone(zone_named(alert.schedule.zone)):%Y-%m-%d %H:%M:%S %Z}"
    if alert.snoozed_from is not None:
        raise WishError(f"it is snoozed already, and rings again at {when}; stop it to end that")
    raise WishError(f"it does not ring now; it rings at {when}")


def snooze_by_button(
    account_id: str, device_id: str, token: str, occurrence: datetime, now: datetime
) -> Transaction[Woken]:
    """Somebody pressed snooze while this occurrence rang. Once more than it may be snoozed, it rings on."""
    found = yield from load_conducted(account_id, token)
    if found is None or found[0].paused_on is not None:
        return NOBODY
    alert, conduct = found
    if conduct.stop_everywhere and alert.scheduled_time != occurrence:
        return NOBODY
    place = Place(occurrence, occurrence, device_id)
    if alert.snoozes < conduct.most_snoozes:
        return (yield from snooze_occurrence(account_id, alert, place, conduct.snooze, now))
    return (yield from put_off(account_id, alert, place, whole_second(now), now))


def end_snooze_by_button(
    account_id: str, device_id: str, token: str, again: datetime, now: datetime
) -> Transaction[Woken]:
    """Somebody pressed stop on a device on which this alert is snoozed until `again`: its occurrence is over."""
    found = yield from load_conducted(account_id, token)
    if found is None or found[0].snoozed_from is None or found[0].paused_on is not None:
        return NOBODY
    alert, conduct = found
    end = End(Ending.BUTTON, device_id)
    if conduct.stop_everywhere and alert.scheduled_time == again:
        return (yield from end_everywhere(account_id, alert, now, end))
    return (yield from end_occurrence(account_id, token, again, now, end))
