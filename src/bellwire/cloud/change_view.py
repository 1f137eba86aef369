"""Changes as those who listen see them: server-sent events (HTML, 9.2), each with JSON.

It knows what is shown with each change; it must not know who listens, nor when anything is sent.
"""

from datetime import datetime

import msgspec

from bellwire.cloud.accounts import UnknownAlertError, show_alert
from bellwire.cloud.alert_forms import AlertView, view_of
from bellwire.cloud.store.changes import Change
from bellwire.cloud.store.devices import find_device
from bellwire.cloud.store.errors import NotFound
from bellwire.cloud.store.transaction import Transaction

GONE = frozenset({"alert.deleted", "device.removed"})
"""After these there is nothing to show."""


class DeviceName(msgspec.Struct, kw_only=True):
    """A device, by what people call it."""

    device_id: str
    name: str
    profile: str


class ChangeView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Something that happened. What does not belong to it is left out."""

    at: datetime
    token: str | None = None
    """Of the alert."""
    device_id: str | None = None
    scheduled_time: datetime | None = None
    """The occurrence that rings, rang or was missed; of an alert the next one."""
    alert: AlertView | None = None
    """The alert as it is now, unless it is gone."""
    device: DeviceName | None = None
    """The device as it is now, unless it is gone."""


def view_of_change(account_id: str, change: Change) -> Transaction[ChangeView]:
    """A change with what it is about, as that is now."""
    alert = device = None
    if change.token is not None and change.what not in GONE:
        alert = yield from _alert(account_id, change.token)
    if change.device_id is not None and change.what not in GONE:
        device = yield from _device(account_id, change.device_id)
    return ChangeView(
        at=change.at,
        token=change.token,
        device_id=change.device_id,
        scheduled_time=change.scheduled_time,
        alert=alert,
        device=device,
    )


def _alert(account_id: str, token: str) -> Transaction[AlertView | None]:
    try:
        return view_of((yield from show_alert(account_id, token)))
    except UnknownAlertError:
        return None


def _device(account_id: str, device_id: str) -> Transaction[DeviceName | None]:
    try:
        found = yield from find_device(account_id, device_id)
    except NotFound:
        return None
    return DeviceName(device_id=found.device_id, name=found.name, profile=found.profile)


def event(what: str, data: object, number: int) -> bytes:
    """One event."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, what.encode(), msgspec.json.encode(data))


def mark(number: int) -> bytes:
    """Nothing but where the stream is: who loses it goes on from there."""
    return b"id: %d\n\n" % number


ALIVE = b": alive\n\n"
"""What is sent while nothing happens: a comment."""


class Resync(msgspec.Struct, kw_only=True):
    """Changes were missed."""

    reason: str


RESYNC = "resync"
TOO_OLD = Resync(reason="what happened since Last-Event-ID is not kept any more: read alerts and devices anew")


def place_of(last_event_id: str, newest: int, before: int) -> int | None:
    """The number after which a listener is told; None: what it missed is not all there."""
    if not (last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 20):
        return None
    number = int(last_event_id)
    return number if before <= number <= newest else None
