"""The trace: the last messages of each device, as bytes, for a person who wants to see what was said.

It must not know what a message means. Nobody waits for the trace, and it may lose rows under load, the oldest first.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Literal, TypeAlias

import msgspec
import sqlalchemy as sa

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

_PUT = Statement(
    sa.insert(messages).values({column.name: sa.bindparam(column.name) for column in messages.c}),
    "some new messages of a device, the newest of this id",
)
_TRIM = Statement(
    sa.delete(messages).where(
        messages.c.device_id == sa.bindparam("device_id"), messages.c.last_id <= sa.bindparam("over_id")
    ),
    "messages of a device that are not kept any more",
)

_NEWEST = Statement(
    sa.select(devices.c.trace_seq).where(
        devices.c.account_id == sa.bindparam("account_id"), devices.c.device_id == sa.bindparam("device_id")
    ),
    "the id of the device's newest message",
)
_RUNS = Statement(
    sa.select(messages.c.last_id, messages.c.run)
    .where(messages.c.device_id == sa.bindparam("device_id"), messages.c.last_id > sa.bindparam("after_id"))
    .order_by(messages.c.last_id)
    .limit(sa.bindparam("limit")),
    "the messages of a device after one of them, a run of them in each row",
)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[int, Direction, bytes]]).decode


def messages_after(account_id: str, device_id: str, after_id: int, limit: int) -> Transaction[list[Message]]:
    """Give the first `limit` messages of those that are kept and came after the one with that id; 0: from the first."""
    found = yield _NEWEST, {"account_id": account_id, "device_id": device_id}
    if not found:
        return []
    after = max(after_id, found[0].trace_seq - KEPT)
    rows = yield _RUNS, {"device_id": device_id, "after_id": after, "limit": limit}
    return list(islice((message for row in rows for message in _messages(row) if message.id > after), limit))


def _messages(row: Any) -> Iterator[Message]:
    run = _decode(row.run)
    for number, (at_ms, direction, body) in enumerate(run, row.last_id - len(run) + 1):
        yield Message(number, from_ms(at_ms), direction, body)


def append_messages(rows: list[Args]) -> Transaction[None]:
    """Append what `TraceBuffer.take` gave; those of a device that was removed meanwhile are left out.

    It alone writes without an account: the messages are from connections whose device was authenticated.
    """
    runs: dict[str, list[tuple[int, str, bytes]]] = {}
    for row in rows:
        runs.setdefault(row["device_id"], []).append((row["at_ms"], row["direction"], row["body"]))
    taken = yield _TAKE_IDS, [{"device_id": device_id, "count": len(run)} for device_id, run in runs.items()]
    there = {row.device_id: row.trace_seq for row in taken}
    yield (
        _PUT,
        [
            {"device_id": device_id, "last_id": last_id, "run": _encode(runs[device_id][-KEPT:])}
            for device_id, last_id in there.items()
        ],
    )
    yield _TRIM, [{"device_id": device_id, "over_id": last_id - KEPT} for device_id, last_id in there.items()]


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
