"""What becomes of the present occurrence of an alert: it is over, or it is put off.

It knows alerts and what is desired of them; it must not know who says so, nor what is said to devices in return. Every
function is a transaction, and re-runnable.

An alert has one present occurrence, on all of its devices. Where each device is stopped by itself they go apart: then
the alert's is the earliest that any of them has, and the alert is over when the last one is.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bellwire.alerts.alert import Alert, Conduct, Kind
from bellwire.alerts.recurrence import next_occurrence
from bellwire.alerts.rings import NOBODY_SAID, End, Ending
from bellwire.alerts.standing import Desired
from bellwire.cloud.commands import carry_out
from bellwire.cloud.ringing import note_over, note_stop
from bellwire.cloud.store.alerts import delete_alert, load_conducted, move_alert
from bellwire.cloud.store.conducts import conduct_of
from bellwire.cloud.store.desires import Place, desire, desire_instead, earliest_desired, silence, where_desired
from bellwire.cloud.store.rings import OFTEN, mark_rings, trim_rings
from bellwire.cloud.store.transaction import Transaction
from bellwire.cloud.wishes import whole_second

Woken = frozenset[str]
"""Ids of devices that may have to be told something now."""
NOBODY: Woken = frozenset()


def end_occurrence(
    account_id: str, token: str, occurrence: datetime, now: datetime, end: End = NOBODY_SAID
) -> Transaction[Woken]:
    """An occurrence of an alert is over, and the next one is desired: on all of its devices, whichever says so.

    Where each device is stopped by itself, it is over on the device of its end alone; without one, on all that still
    have it. Once per occurrence: an alert that has moved on already, or was edited, snoozed or paused meanwhile, stays
    as it is.
    """
    found = yield from load_conducted(account_id, token)
    if found is not None and found[0].paused_on is None:
        alert, conduct = found
        if _goes_apart(alert, conduct):
            return (yield from _end_apart(account_id, alert, conduct, occurrence, now, end=end))
        if alert.scheduled_time == occurrence:
            return (yield from end_everywhere(account_id, alert, now, end))
    yield from note_stop(account_id, token, occurrence, now, end)
    return NOBODY


def _end_apart(
    account_id: str, alert: Alert, conduct: Conduct, occurrence: datetime, now: datetime, *, end: End
) -> Transaction[Woken]:
    place = Place(occurrence, occurrence, end.device_id)
    yield from note_over(account_id, alert.token, place, now, end)
    following = next_occurrence(alert.schedule, max(occurrence, now))
    instead = None if following is None else Desired(following, alert.version)
    woken = yield from desire_instead(account_id, alert.token, place, instead, over=occurrence)
    if not woken:
        yield from note_stop(account_id, alert.token, occurrence, now, end)
    yield from _follow(account_id, alert, following)
    if end.device_id is None or not woken:
        return frozenset(woken)
    yield from carry_out(account_id, woken, alert.actions, now)
    silenced = (yield from silence(account_id, alert.token, occurrence)) if conduct.stop_everywhere else ()
    return frozenset((*woken, *silenced))


def goes_apart(account_id: str, token: str) -> Transaction[bool]:
    """Whether an alert is over on each device by itself."""
    found = yield from load_conducted(account_id, token)
    return found is not None and _goes_apart(*found)


def _goes_apart(alert: Alert, conduct: Conduct) -> bool:
    """An action timer is over on each device by itself, stopped everywhere or not: each does then what it is to do."""
    return alert.kind is Kind.ACTIONTIMER or not conduct.stop_everywhere


def silence_occurrence(account_id: str, token: str, occurrence: datetime, device_id: str) -> Transaction[Woken]:
    """Somebody stops an occurrence on a device: it is silent there, or on all, and over when they say so."""
    found = yield from load_conducted(account_id, token)
    where = None if found is None or found[1].stop_everywhere else device_id
    yield from mark_rings(account_id, token, occurrence, End(Ending.BUTTON, device_id), where)
    return frozenset((yield from silence(account_id, token, occurrence, where)))


def end_everywhere(account_id: str, alert: Alert, now: datetime, end: End) -> Transaction[Woken]:
    """The present occurrence of an alert is over on all of its devices, and the next one is desired."""
    occurrence = alert.scheduled_time
    yield from note_over(account_id, alert.token, Place(occurrence, occurrence), now, end)
    following = next_occurrence(alert.schedule, max(occurrence, now))
    if alert.actions:
        yield from carry_out(
            account_id, sorted((yield from where_desired(account_id, alert.token))), alert.actions, now
        )
    if following is None:
        yield from delete_alert(account_id, alert.token)
        return frozenset((yield from desire(account_id, alert.token, None, over=occurrence)))
    yield from move_alert(account_id, alert.token, following)
    devices = yield from desire(account_id, alert.token, Desired(following, alert.version), over=occurrence)
    if following - occurrence < OFTEN:
        yield from trim_rings(account_id, alert.token, devices)
    return frozenset(devices)


def snooze_occurrence(
    account_id: str, alert: Alert, place: Place, length: timedelta, now: datetime
) -> Transaction[Woken]:
    """Have an occurrence that rings do so again after `length`: on all devices or, where they go apart, at this place.

    The schedule goes on as if nothing had been: when it rings by itself before that, its next occurrence takes the
    place of the snooze.
    """
    again = whole_second(now) + length
    following = next_occurrence(alert.schedule, max(place.first, now))
    if following is not None and following <= again:
        end = End(Ending.SNOOZED, place.device_id)
        return (yield from end_occurrence(account_id, alert.token, place.first, now, end))
    snoozed_from = alert.snoozed_from or alert.scheduled_time
    snoozed = replace(alert, snoozed_from=snoozed_from, snoozes=alert.snoozes + 1)
    return (yield from put_off(account_id, snoozed, place, again, now))


def put_off(account_id: str, alert: Alert, place: Place, again: datetime, now: datetime) -> Transaction[Woken]:
    """Desire `again` instead of the present occurrence; where devices go apart, at this place.

    The alert is as it shall be from now on, but for its time.
    """
    desired, end = Desired(again, alert.version), End(Ending.SNOOZED, place.device_id)
    conduct = yield from conduct_of(account_id, alert)
    if conduct.stop_everywhere:
        place = place._replace(device_id=None)
    yield from note_over(account_id, alert.token, place, now, end)
    if not _goes_apart(alert, conduct):
        yield from _move(account_id, alert, again)
        return frozenset((yield from desire(account_id, alert.token, desired)))
    woken = yield from desire_instead(account_id, alert.token, place, desired)
    if woken:
        yield from _follow(account_id, alert, next_occurrence(alert.schedule, max(again, place.last)))
    return frozenset(woken)


def _follow(account_id: str, alert: Alert, following: datetime | None) -> Transaction[None]:
    """Have the alert be at the earliest time that a device has of it, with `following` as its schedule's next one."""
    earliest = (yield from earliest_desired(account_id, alert.token)) or following
    if earliest is None:
        yield from delete_alert(account_id, alert.token)
    elif following is not None and earliest >= following:
        yield from move_alert(account_id, alert.token, earliest)
    else:
        yield from _move(account_id, alert, earliest)


def _move(account_id: str, alert: Alert, time: datetime) -> Transaction[None]:
    yield from move_alert(account_id, alert.token, time, snoozed_from=alert.snoozed_from, snoozes=alert.snoozes)
