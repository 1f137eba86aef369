"""An open store for tests, and a way to decide what is in one batch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.cloud.store.transaction import Transaction


@asynccontextmanager
async def opened(path: Path, queue_limit: int = 1_000) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, queue_limit=queue_limit)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def hold(started: Event, go: Event) -> Transaction[None]:
    """Keep the writer busy until `go`."""
    started.set()
    assert go.wait(10)
    yield from ()


@asynccontextmanager
async def busy_writer(store: SqliteStore) -> AsyncIterator[None]:
    """While inside, the writer is busy with one transaction: what is written meanwhile makes up the next batch."""
    started, go = Event(), Event()
    held = asyncio.create_task(store.write(hold, started, go))
    assert await asyncio.to_thread(started.wait, 10)
    try:
        yield
    finally:
        go.set()
        await held
