"""Statements and transactions on the commands that wait for a device.

It must not know what a command means, nor how long it is worth saying.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from bellwire.cloud.store.errors import NotFound
from bellwire.cloud.store.instants import to_ms
from bellwire.cloud.store.portions import portion
from bellwire.cloud.store.schema import commands, devices
from bellwire.cloud.store.transaction import Statement, Transaction

_OF_DEVICE = (commands.c.account_id == sa.bindparam("account_id")) & (commands.c.device_id == sa.bindparam("device_id"))


class Row(NamedTuple):
    """A command as it is kept."""

    message: str
    """Its name."""
    payload: str
    """JSON."""
    created: datetime
    expires: datetime


TAKE_SEQ = Statement(
    sa.update(devices)
    .where((devices.c.account_id == sa.bindparam("account_id")) & (devices.c.device_id == sa.bindparam("device_id")))
    .values(command_seq=devices.c.command_seq + 1)
    .returning(devices.c.command_seq),
    "the place of a new command of a device",
)
INSERT_COMMAND = Statement(
    sa.insert(commands).values({column.name: sa.bindparam(column.name) for column in commands.c}), "a new command"
)
REPLACE = Statement(
    sa.delete(commands).where(_OF_DEVICE & (commands.c.message == sa.bindparam("message"))),
    "commands of one kind that a newer one makes needless",
)

_others = commands.alias("others")
_FIRST_TOO_MANY = (
    sa.select(_others.c.seq)
    .where((_others.c.account_id == sa.bindparam("account_id")) & (_others.c.device_id == sa.bindparam("device_id")))
    .order_by(_others.c.seq.desc())
    .limit(1)
    .offset(sa.bindparam("most"))
    .scalar_subquery()
)
TRIM = Statement(
    sa.delete(commands).where(_OF_DEVICE & (commands.c.seq <= _FIRST_TOO_MANY)),
    "the oldest commands of a device that are more than may wait",
)
SELECT_WAITING = Statement(
    sa.select(commands.c.seq, commands.c.message, commands.c.payload)
    .where(_OF_DEVICE & (commands.c.seq > sa.bindparam("after_seq")) & (commands.c.expires_ms > sa.bindparam("now_ms")))
    .order_by(commands.c.seq),
    "what a device is to be told, the oldest first",
)
REMOVE = Statement(
    sa.delete(commands).where(_OF_DEVICE & (commands.c.seq <= sa.bindparam("last_seq"))),
    "commands that were said",
)
PURGE = portion(commands, commands.c.expires_ms <= sa.bindparam("now_ms"))


def add_command(
    account_id: str, device_id: str, row: Row, replaced: Iterable[str], most_waiting: int
) -> Transaction[None]:
    """Append a command, in the place of those `replaced`; the oldest go when too many wait. Raises NotFound."""
    of_device = {"account_id": account_id, "device_id": device_id}
    taken = yield TAKE_SEQ, of_device
    if not taken:
        raise NotFound(f"this account has no device {device_id}")
    yield REPLACE, [{**of_device, "message": name} for name in replaced]
    yield (
        INSERT_COMMAND,
        {
            **of_device,
            "seq": taken[0].command_seq,
            "message": row.message,
            "payload": row.payload,
            "created_ms": to_ms(row.created),
            "expires_ms": to_ms(row.expires),
        },
    )
    yield TRIM, {**of_device, "most": most_waiting}


def list_commands(account_id: str, device_id: str, after: int, now: datetime) -> Transaction[list[Any]]:
    """The commands of a device that came after the one of this place and have not expired, the oldest first."""
    of_device = {"account_id": account_id, "device_id": device_id}
    rows = yield SELECT_WAITING, {**of_device, "after_seq": after, "now_ms": to_ms(now)}
    return rows


def remove_commands(account_id: str, device_id: str, last: int) -> Transaction[None]:
    """Remove the commands up to the one of this place: they were said."""
    yield REMOVE, {"account_id": account_id, "device_id": device_id, "last_seq": last}


def purge_commands(now: datetime) -> Transaction[int]:
    """Remove a portion of the commands of all devices that were not said in time; give how many."""
    rows = yield PURGE, {"now_ms": to_ms(now)}
    return len(rows)
