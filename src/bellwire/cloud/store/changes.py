"""Statements and transactions on the changes of accounts: what happened to alerts and devices, and what rang, in order.

Triggers write most of them (migration 0008); here are those that no row tells of. It must not know who listens.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from bellwire.cloud.store.instants import from_ms, from_ms_or_none, to_ms
from bellwire.cloud.store.portions import portion
from bellwire.cloud.store.schema import changes, devices
from bellwire.cloud.store.transaction import Statement, Transaction

KEPT = 100_000
"""So many changes, of all accounts together, are kept at least: some 10 MB."""
PORTION = 500
"""Changes of one look: about a millisecond."""

CONNECTED = "device.connected"
DISCONNECTED = "device.disconnected"
STARTED = "cloud.started"
MISSED = "ring.missed"


class Change(NamedTuple):
    """One thing that happened."""

    seq: int
    account_id: str | None
    """None: it concerns all."""
    what: str
    """alert.added, changed, moved (on to the next occurrence), deleted; device.added, changed, removed, connected,
    disconnected; ring.started, stopped, missed; cloud.started."""
    token: str | None
    device_id: str | None
    scheduled_time: datetime | None
    """The occurrence: that which rings, or of an alert the next one."""
    at: datetime


class Kept(NamedTuple):
    """Which changes are still there: those after `before`, up to `newest`."""

    before: int
    newest: int


_VALUES = ("account_id", "what", "token", "device_id", "scheduled_ms", "at_ms")
_ADD = Statement(sa.insert(changes).values({name: sa.bindparam(name) for name in _VALUES}), "something that happened")
_ADD_OF_DEVICE = Statement(
    sa.insert(changes).from_select(
        ["account_id", "what", "device_id", "at_ms"],
        sa.select(
            devices.c.account_id,
            sa.bindparam("what", type_=sa.Text),
            devices.c.device_id,
            sa.bindparam("at_ms", type_=sa.BigInteger),
        ).where(devices.c.account_id == sa.bindparam("account_id"), devices.c.device_id == sa.bindparam("device_id")),
    ),
    "something that happened to a device, unless it is not there any more",
)
_AFTER = Statement(
    sa.select(changes)
    .where(changes.c.seq > sa.bindparam("after"))
    .order_by(changes.c.seq)
    .limit(sa.bindparam("limit")),
    "what happened since",
)
_ANY = sa.select(changes.c.seq).where(changes.c.seq > 0).limit(1)
_OLDEST = Statement(_ANY.order_by(changes.c.seq), "the number of the oldest change")
_NEWEST = Statement(_ANY.order_by(changes.c.seq.desc()), "the number of the newest change")
_PURGE = portion(changes, changes.c.seq <= sa.bindparam("last"))


def add_change(what: str, at: datetime) -> Transaction[None]:
    """Keep that something happened that concerns all accounts."""
    nothing = dict.fromkeys(_VALUES)
    yield _ADD, {**nothing, "what": what, "at_ms": to_ms(at)}


def add_change_of_device(account_id: str, device_id: str, what: str, at: datetime) -> Transaction[None]:
    """Keep that something happened to a device; nothing for one that is not there any more."""
    yield _ADD_OF_DEVICE, {"account_id": account_id, "device_id": device_id, "what": what, "at_ms": to_ms(at)}


def add_missed(
    account_id: str, token: str, device_ids: Iterable[str], occurrence: datetime, at: datetime
) -> Transaction[None]:
    """Keep that an occurrence did not ring on these devices, as far as they said."""
    missed = {"account_id": account_id, "what": MISSED, "token": token, "scheduled_ms": to_ms(occurrence)}
    yield _ADD, [{**missed, "device_id": device_id, "at_ms": to_ms(at)} for device_id in device_ids]


def changes_after(seq: int, limit: int = PORTION) -> Transaction[list[Change]]:
    """What happened after the change of this number, in order. Of all accounts: whoever asks parts them."""
    rows = yield _AFTER, {"after": seq, "limit": limit}
    return [_change(row) for row in rows]


def kept_changes() -> Transaction[Kept]:
    """Which changes there are."""
    oldest = yield _OLDEST, {}
    newest = yield _NEWEST, {}
    return Kept(oldest[0].seq - 1, newest[0].seq) if newest else Kept(0, 0)


def purge_changes(_now: datetime) -> Transaction[int]:
    """Remove a portion of those that are too many; give how many went."""
    kept = yield from kept_changes()
    rows = yield _PURGE, {"last": kept.newest - KEPT}
    return len(rows)


def _change(row: Any) -> Change:
    scheduled_time = from_ms_or_none(row.scheduled_ms)
    return Change(row.seq, row.account_id, row.what, row.token, row.device_id, scheduled_time, from_ms(row.at_ms))
