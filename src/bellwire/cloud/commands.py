"""Commands: what is said to a device once, because something happened, and not to bring it to a state.

It knows how long each is worth saying and what it makes needless; it must not know rows (`store.commands`), nor when
a device is connected (`gateway`). A command that its device does not hear in time is never said.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from bellwire.alerts.alert import Reserved
from bellwire.cloud.store import commands
from bellwire.cloud.store.commands import Row
from bellwire.cloud.store.devices import find_device
from bellwire.cloud.store.transaction import Transaction
from bellwire.protocol.messages import Message, key_of
from bellwire.protocol.messages.alerts import AdjustVolume, SetVolume
from bellwire.protocol.messages.envelope import PassedOn
from bellwire.protocol.messages.system import ReportSoftwareInfo, ResetUserInactivity
from bellwire.protocol.profiles import profile_named

MOST_WAITING = 100
"""Commands that wait for one device; beyond, the oldest is given up."""


class CannotBeToldError(ValueError):
    """The device's version of the protocol has no such directive."""


class Command(NamedTuple):
    """A command that waits."""

    seq: int
    """Its place among those of its device."""
    message: Message


class _Terms(NamedTuple):
    lasts: timedelta
    replaces: tuple[type[Message], ...]
    """What waits of these need not be said any more."""


_TERMS: Mapping[type[Message], _Terms] = {
    ResetUserInactivity: _Terms(timedelta(hours=1), (ResetUserInactivity,)),
    ReportSoftwareInfo: _Terms(timedelta(hours=24), (ReportSoftwareInfo,)),
    SetVolume: _Terms(timedelta(hours=1), (SetVolume, AdjustVolume)),
    # These do not add up: where the volume comes to an end of its range, two steps lead elsewhere than their sum.
    AdjustVolume: _Terms(timedelta(hours=1), ()),
}
ACTIONS_LAST = timedelta(minutes=30)
"""What an action timer does is worth doing for so long after its end: as long as a late alert still rings."""
_BY_NAME = {".".join(key_of(message)): message for message in _TERMS}


def order(account_id: str, device_id: str, message: Message, now: datetime) -> Transaction[datetime]:
    """Have a device told, at once or when it connects; gives the time after which it will not be told any more.

    Raises NotFound, and CannotBeToldError for a device whose version does not have the message.
    """
    device = yield from find_device(account_id, device_id)
    if not profile_named(device.profile).has(type(message)):
        raise CannotBeToldError(
            f"this device speaks {device.profile}, a version of the protocol without {type(message).__name__}"
        )
    return (yield from _queue(account_id, device_id, message, now))


def order_all(account_id: str, device_ids: Iterable[str], message: Message, now: datetime) -> Transaction[None]:
    """Have several devices told that all can be. Raises NotFound when one of them is not there any more."""
    for device_id in device_ids:
        yield from _queue(account_id, device_id, message, now)


def carry_out(
    account_id: str, device_ids: Iterable[str], actions: Iterable[Reserved], now: datetime
) -> Transaction[None]:
    """Have devices told what an action timer does. Raises NotFound when one of them is not there any more."""
    rows = [Row(f"{each.namespace}.{each.name}", each.payload, now, now + ACTIONS_LAST) for each in actions]
    for device_id in device_ids:
        for row in rows:
            yield from commands.add_command(account_id, device_id, row, (), MOST_WAITING)


def _queue(account_id: str, device_id: str, message: Message, now: datetime) -> Transaction[datetime]:
    terms = _TERMS[type(message)]
    row = Row(".".join(key_of(message)), msgspec.json.encode(message).decode(), now, now + terms.lasts)
    replaced = [".".join(key_of(each)) for each in terms.replaces]
    yield from commands.add_command(account_id, device_id, row, replaced, MOST_WAITING)
    return row.expires


def waiting_commands(account_id: str, device_id: str, after: int, now: datetime) -> Transaction[tuple[Command, ...]]:
    """What a device must be told now, the oldest first, of the commands that came after the one of this place."""
    rows = yield from commands.list_commands(account_id, device_id, after, now)
    return tuple(Command(row.seq, _message(row)) for row in rows)


def _message(row: Any) -> Message:
    kind = _BY_NAME.get(row.message)
    if kind is None:
        namespace, _, name = row.message.partition(".")
        return PassedOn(of_namespace=namespace, name=name, payload=msgspec.Raw(row.payload.encode()))
    message: Message = msgspec.json.decode(row.payload, type=kind)
    return message
