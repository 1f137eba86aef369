"""The trace: the last messages of each device, as bytes, for a person who wants to see what was said.

It must not know what a message means. Nobody waits for the trace, and it may lose rows under load, the oldest first.
"""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from threading import Lock
from typing import Any, Literal, TypeAlias

import msgspec
import sqlalchemy as sa

from bellwire.cloud.store.instants import from_ms, to_ms
from bellwire.cloud.store.schema import devices, messages
from bellwire.cloud.store.transaction import Args, Statement, Transaction

Direction: TypeAlias = Literal["event", "directive"]

KEPT = 1_000
"""So many messages of each device are kept, and up to `PRUNED_EVERY` more."""
PRUNED_EVERY = 100

_MOST_WAITING = 4_096
_MOST_BYTES_WAITING = 16 * 1024 * 1024


class Message(msgspec.Struct, frozen=True):
    """One message as it was on the wire; `id` grows with time over all devices, and is never used twice."""

    id: int
    at: datetime
    direction: Direction
    body: bytes


_INSERT = Statement(
    sa.insert(messages).values({name: sa.bindparam(name) for name in ("device_id", "at_ms", "direction", "body")}),
    "a message of a device",
)

_WHICH_EXIST = Statement(
    sa.select(devices.c.device_id).where(devices.c.device_id == sa.bindparam("device_id")),
    "a device, if it has not been removed",
)

_newest_too_many = (
    sa.select(messages.c.id)
    .where(messages.c.device_id == sa.bindparam("device_id"))
    .order_by(messages.c.id.desc())
    .limit(1)
    .offset(KEPT)
    .scalar_subquery()
)
_PRUNE = Statement(
    sa.delete(messages).where(messages.c.device_id == sa.bindparam("device_id"), messages.c.id <= _newest_too_many),
    "all but the last messages of a device go",
)

_AFTER = Statement(
    sa.select(messages.c.id, messages.c.at_ms, messages.c.direction, messages.c.body)
    .join(devices, devices.c.device_id == messages.c.device_id)
    .where(
        devices.c.account_id == sa.bindparam("account_id"),
        messages.c.device_id == sa.bindparam("device_id"),
        messages.c.id > sa.bindparam("after_id"),
    )
    .order_by(messages.c.id)
    .limit(sa.bindparam("limit")),
    "the messages of a device after one that is known, in their order",
)


def messages_after(account_id: str, device_id: str, after_id: int, limit: int) -> Transaction[list[Message]]:
    """Give up to `limit` messages that came after the one with that id; 0 is before all."""
    rows = yield (
        _AFTER,
        {"account_id": account_id, "device_id": device_id, "after_id": after_id, "limit": limit},
    )
    return [Message(row.id, from_ms(row.at_ms), row.direction, row.body) for row in rows]


def append_messages(rows: list[Args], crowded: Iterable[str]) -> Transaction[None]:
    """Append what `TraceBuffer.take` gave, and prune the devices that are due; NotFound when a device is gone.

    This and `append_existing` alone write without an account: the rows are of devices that were authenticated.
    """
    yield _INSERT, rows
    yield _PRUNE, [{"device_id": device_id} for device_id in crowded]


def append_existing(rows: list[Args]) -> Transaction[None]:
    """Append what can be appended when a device was removed while its last messages were on their way."""
    found = yield _WHICH_EXIST, [{"device_id": device_id} for device_id in {row["device_id"] for row in rows}]
    existing = {row.device_id for row in found}
    yield _INSERT, [row for row in rows if row["device_id"] in existing]


class TraceBuffer:
    """Messages on their way to the file: bounded, filled on one thread, taken on another."""

    def __init__(self) -> None:
        self.dropped = 0
        """So many messages were dropped since the start, because they came faster than they could be written."""
        self._lock = Lock()
        self._rows: deque[dict[str, Any]] = deque()
        self._bytes = 0
        self._since_pruning: dict[str, int] = {}

    def add(self, device_id: str, at: datetime, direction: Direction, body: bytes) -> None:
        """Keep a message until it is taken; the oldest ones go when there are too many."""
        row = {"device_id": device_id, "at_ms": to_ms(at), "direction": direction, "body": body}
        with self._lock:
            self._rows.append(row)
            self._bytes += len(body)
            while len(self._rows) > _MOST_WAITING or self._bytes > _MOST_BYTES_WAITING:
                self._bytes -= len(self._rows.popleft()["body"])
                self.dropped += 1

    def take(self) -> list[Args]:
        """Give what waits and forget it."""
        with self._lock:
            taken, self._rows, self._bytes = self._rows, deque(), 0
        return list(taken)

    def crowded(self, rows: list[Args]) -> list[str]:
        """Give the devices to prune after these rows: each at its first one, then every `PRUNED_EVERY` of them."""
        due = []
        for row in rows:
            device_id = row["device_id"]
            # The first one, because nobody knows how many rows were written before this process started.
            count = self._since_pruning.get(device_id, PRUNED_EVERY - 1) + 1
            if count >= PRUNED_EVERY:
                due.append(device_id)
                count = 0
            self._since_pruning[device_id] = count
        return due
