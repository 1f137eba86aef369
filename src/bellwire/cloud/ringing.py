"""What reports and deeds add to the history of alerts, each as a part of a transaction.

It knows when there is something to keep, and of which occurrence; it must not know what follows for the alert.
What is kept is of occurrences that the account has, or had: a device can't make history of its own.
"""

from datetime import datetime

from bellwire.alerts.alert import Alert
from bellwire.alerts.rings import SOON, End, Ring, begun, ended, set_since, started, was_in_reach
from bellwire.alerts.standing import Standing
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.store.desires import Place
from bellwire.cloud.store.devices import connected_since
from bellwire.cloud.store.rings import close_rings, last_ring, load_ring, put_ring, put_start
from bellwire.cloud.store.transaction import Transaction


def note_start(
    device: DeviceIdentity, before: Standing, after: Standing, now: datetime, *, rings: bool
) -> Transaction[None]:
    """Keep that an occurrence has begun to ring on a device, when it has; `rings`: its context shows that it does."""
    occurrence = started(before, after)
    if occurrence is None:
        return
    set_at = set_since(before.reported, occurrence)
    is_present = after.desired is not None and after.desired.scheduled_time == occurrence
    if is_present and now - occurrence <= SOON:
        ring = Ring(device_id=device.device_id, scheduled_time=occurrence, set_at=set_at, started_at=now)
        yield from put_start(device.account_id, after.token, ring)
        return
    known = yield from load_ring(device.account_id, device.device_id, after.token, occurrence)
    if known is None and is_present:
        known = Ring(device_id=device.device_id, scheduled_time=occurrence, set_at=set_at)
    yield from _begin(device, after.token, known, now, rings=rings)


def note_late_start(device: DeviceIdentity, token: str, now: datetime, *, rings: bool) -> Transaction[None]:
    """Keep that the last occurrence rang: its start was reported when the device had the next one already."""
    known = yield from last_ring(device.account_id, device.device_id, token, now)
    yield from _begin(device, token, known, now, rings=rings)


def _begin(device: DeviceIdentity, token: str, known: Ring | None, now: datetime, *, rings: bool) -> Transaction[None]:
    if known is not None and known.started_at is None:
        since = yield from connected_since(device.account_id, device.device_id)
        yield from put_ring(device.account_id, token, begun(known, now, since, rings=rings))


def note_stop(account_id: str, token: str, occurrence: datetime | None, now: datetime, end: End) -> Transaction[None]:
    """Keep that a device has stopped an occurrence that is over already, or not yet. None: the last one."""
    if end.device_id is None or not end.has_stopped:
        return
    if occurrence is None:
        known = yield from last_ring(account_id, end.device_id, token, now)
    else:
        known = yield from load_ring(account_id, end.device_id, token, occurrence)
    if known is not None and known.stopped_at is None:
        yield from put_ring(account_id, token, ended(known, now, end))


def was_heard(
    device: DeviceIdentity, token: str, occurrence: datetime | None, now: datetime, *, connected_since: datetime
) -> Transaction[bool]:
    """Whether a button of the device, connected since then, was within hearing while this rang. None: the last one."""
    if occurrence is None:
        known = yield from last_ring(device.account_id, device.device_id, token, now)
    elif occurrence >= connected_since:
        return True
    else:
        known = yield from load_ring(device.account_id, device.device_id, token, occurrence)
    return known is not None and was_in_reach(known, connected_since)


def note_over(account_id: str, token: str, place: Place, now: datetime, end: End) -> Transaction[None]:
    """Keep that what is due at this place is over; to be done before anything else is desired there.

    What is still to come and that no device has stopped leaves no trace: it never was.
    """
    if end.has_stopped or place.first <= now:
        yield from close_rings(account_id, token, place, now, end)


def note_done(
    account_id: str, alert: Alert, now: datetime, end: End, device_id: str | None = None
) -> Transaction[None]:
    """Keep that what somebody does to an alert ends what is due of it, on one device or on all."""
    if alert.paused_on is None:
        yield from note_over(
            account_id, alert.token, Place(alert.scheduled_time, max(alert.scheduled_time, now), device_id), now, end
        )
