"""The trace: the last messages of each device, as bytes, for a person who wants to see what was said.

It must not know what a message means. Nobody waits for the trace, and it may lose rows under load, the oldest first.
"""

from collections import Counter, deque
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bellwire.cloud.store.instants import from_ms, to_ms
from bellwire.cloud.store.schema import devices, messages
from bellwire.cloud.store.transaction import Args, Statement, Transaction

Direction: TypeAlias = Literal["event", "directive"]

KEPT = 1_000
"""So many messages of each device are kept."""

_MOST_WAITING = 4_096
_MOST_BYTES_WAITING = 16 * 1024 * 1024


class Message(msgspec.Struct, frozen=True):
    """One message as it was on the wire; `id` counts the messages of its device, from 1."""

    id: int
    at: datetime
    direction: Direction
    body: bytes


_TAKE_IDS = Statement(
    sa.update(devices)
    .where(devices.c.device_id == sa.bindparam("device_id"))
    .values(trace_seq=devices.c.trace_seq + sa.bindparam("count"))
    .returning(devices.c.device_id, devices.c.trace_seq),
    "the ids of some new messages of a device, up to the one returned; nothing for a device that was removed",
)

_message = insert(messages).values({column.name: sa.bindparam(column.name) for column in messages.c})
_PUT = Statement(
    _message.on_conflict_do_update(
        index_elements=[messages.c.device_id, messages.c.slot],
        set_={name: _message.excluded[name] for name in ("id", "at_ms", "direction", "body")},
    ),
    "a new message, in the place of the oldest one when there are enough",
)

_NEWEST = Statement(
    sa.select(devices.c.trace_seq).where(
        devices.c.account_id == sa.bindparam("account_id"), devices.c.device_id == sa.bindparam("device_id")
    ),
    "the id of the device's newest message",
)

_MESSAGE = Statement(
    sa.select(messages.c.id, messages.c.at_ms, messages.c.direction, messages.c.body).where(
        messages.c.device_id == sa.bindparam("device_id"), messages.c.slot == sa.bindparam("slot")
    ),
    "one message of a device",
)


def messages_after(account_id: str, device_id: str, after_id: int, limit: int) -> Transaction[list[Message]]:
    """Give the first `limit` messages of those that are kept and came after the one with that id; 0: from the first."""
    found = yield _NEWEST, {"account_id": account_id, "device_id": device_id}
    newest = found[0].trace_seq if found else 0
    first = max(after_id, newest - KEPT) + 1
    ids = range(first, min(newest, first + limit - 1) + 1)
    rows = yield _MESSAGE, [{"device_id": device_id, "slot": _slot(number)} for number in ids]
    return [Message(row.id, from_ms(row.at_ms), row.direction, row.body) for row in rows]


def append_messages(rows: list[Args]) -> Transaction[None]:
    """Append what `TraceBuffer.take` gave; those of a device that was removed meanwhile are left out.

    It alone writes without an account: the messages are from connections whose device was authenticated.
    """
    counts = Counter(row["device_id"] for row in rows)
    taken = yield _TAKE_IDS, [{"device_id": device_id, "count": count} for device_id, count in counts.items()]
    last_id = {row.device_id: row.trace_seq - counts[row.device_id] for row in taken}
    placed = []
    for row in rows:
        device_id = row["device_id"]
        if device_id in last_id:
            last_id[device_id] += 1
            placed.append({**row, "id": last_id[device_id], "slot": _slot(last_id[device_id])})
    yield _PUT, placed


def _slot(message_id: int) -> int:
    return message_id % KEPT


class TraceBuffer:
    """Messages on their way to the file: bounded."""

    def __init__(self) -> None:
        self.dropped = 0
        """So many messages were dropped since the start, because they came faster than they could be written."""
        self._rows: deque[Args] = deque()
        self._bytes = 0

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._rows)

    def add(self, device_id: str, at: datetime, direction: Direction, body: bytes) -> None:
        """Keep a message until it is taken; the oldest ones go when there are too many."""
        self._rows.append({"device_id": device_id, "at_ms": to_ms(at), "direction": direction, "body": body})
        self._bytes += len(body)
        while len(self._rows) > _MOST_WAITING or self._bytes > _MOST_BYTES_WAITING:
            self._bytes -= len(self._rows.popleft()["body"])
            self.dropped += 1

    def take(self) -> list[Args]:
        """Give what waits and forget it."""
        taken, self._rows, self._bytes = self._rows, deque(), 0
        return list(taken)
