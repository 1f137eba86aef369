"""The store on SQLite, for a cloud that is one process: durable writes in groups, reads at once.

It must not know what is written.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.errors import StoreClosed
from bellwire.cloud.store.group_commit import GroupCommit
from bellwire.cloud.store.in_mind import InMind, UnknownError
from bellwire.cloud.store.opening import connect
from bellwire.cloud.store.trace import Direction
from bellwire.cloud.store.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")

_CLOSED = "the store is not open; nothing was read or written"


class SqliteStore:
    """The store in one file; its methods are called on the thread of the event loop that opened it.

    >>> store = SqliteStore(path)
    >>> await store.open()
    >>> await store.write(add_account, "a1", "home", "Asia/Seoul", now)
    >>> await store.close()
    """

    def __init__(self, path: Path, *, queue_limit: int = 4_096) -> None:
        self._path = path
        self._queue_limit = queue_limit
        self._in_mind = InMind()
        self._reader: Connection | None = None
        self._writer: GroupCommit | None = None

    async def open(self) -> None:
        """Make or open the file, migrate it, and start the writer; StoreUnusable."""
        to_write = Connection(await asyncio.to_thread(connect, self._path), self._in_mind)
        self._reader = Connection(connect(self._path), overheard=self._in_mind.note_read_of)
        self._writer = GroupCommit(to_write, self._queue_limit, self._in_mind.commit)

    async def close(self) -> None:
        """Write what is queued, answer its callers, and close the file."""
        reader, self._reader = self._reader, None
        writer, self._writer = self._writer, None
        if reader is not None:
            reader.close()
        if writer is not None:
            await writer.close()

    async def write(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Perform a transaction and give its result when it is on the disk.

        Raises what the transaction raises, when nothing of it was written; StoreBusy when too many are waiting;
        StoreFailed. A caller that is cancelled while it waits does not stop its transaction.
        """
        if self._writer is None:
            raise StoreClosed(_CLOSED)
        return await self._writer.submit(function, *args, **kwargs)

    async def read(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Perform a transaction that only reads, at once, on what is committed; for queries well below 1 ms."""
        if self._reader is None:
            raise StoreClosed(_CLOSED)
        return self._reader.read(function, *args, **kwargs)

    async def read_own(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read`, but without the file where all that is asked for is in mind.

        That is what this process has committed. What another one wrote it shows when this one has written as well.
        """
        if self._reader is None:
            raise StoreClosed(_CLOSED)
        try:
            return self._in_mind.committed.perform(function(*args, **kwargs))
        except UnknownError:
            return await self.read(function, *args, **kwargs)

    def record(self, device_id: str, at: datetime, direction: Direction, body: bytes) -> None:
        """Append a message to the device's trace within about 0.1 s; nobody waits, and under load it may be lost."""
        if self._writer is None:
            raise StoreClosed(_CLOSED)
        self._writer.record(device_id, at, direction, body)
