"""What the reports of a device add to the history of its alerts.

It knows when there is something to keep, and of which occurrence; it must not know what follows for the alert.
What is kept is of occurrences that the account has, or had: a device can't make history of its own.
"""

from datetime import datetime

from bellwire.alerts.rings import SOON, End, Ring, begun, ended, set_since, started
from bellwire.alerts.standing import Standing
from bellwire.cloud.handlers.arrival import Arrival
from bellwire.cloud.store.devices import connected_since
from bellwire.cloud.store.rings import last_ring, load_ring, put_ring, put_start
from bellwire.cloud.store.transaction import Transaction


def note_start(arrival: Arrival, before: Standing, after: Standing) -> Transaction[None]:
    """Keep that an occurrence has begun to ring, when it has."""
    occurrence = started(before, after)
    if occurrence is None:
        return
    device, now = arrival.device, arrival.now
    set_at = set_since(before.reported, occurrence)
    is_present = after.desired is not None and after.desired.scheduled_time == occurrence
    if is_present and now - occurrence <= SOON:
        rings = Ring(device_id=device.device_id, scheduled_time=occurrence, set_at=set_at, started_at=now)
        yield from put_start(device.account_id, after.token, rings)
        return
    known = yield from load_ring(device.account_id, device.device_id, after.token, occurrence)
    if known is None and is_present:
        known = Ring(device_id=device.device_id, scheduled_time=occurrence, set_at=set_at)
    yield from _begin(arrival, after.token, known)


def note_late_start(arrival: Arrival, token: str) -> Transaction[None]:
    """Keep that the last occurrence rang: its start was reported when the device had the next one already."""
    known = yield from last_ring(arrival.device.account_id, arrival.device.device_id, token, arrival.now)
    yield from _begin(arrival, token, known)


def _begin(arrival: Arrival, token: str, known: Ring | None) -> Transaction[None]:
    if known is not None and known.started_at is None:
        account_id, device_id = arrival.device.account_id, arrival.device.device_id
        since = yield from connected_since(account_id, device_id)
        yield from put_ring(account_id, token, begun(known, arrival.now, since, rings=token in arrival.ringing))


def note_stop(account_id: str, token: str, occurrence: datetime | None, now: datetime, end: End) -> Transaction[None]:
    """Keep that an occurrence has ended on a device, and is over otherwise, or not yet. None: the last one."""
    device_id = end.device_id
    if device_id is None:
        return
    if occurrence is None:
        known = yield from last_ring(account_id, device_id, token, now)
    else:
        known = yield from load_ring(account_id, device_id, token, occurrence)
    if known is not None and known.stopped_at is None:
        yield from put_ring(account_id, token, ended(known, now, end))
