"""An open store for tests, and a way to decide what is in one batch."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from bellwire.cloud.store.opening import open_now
from bellwire.cloud.store.sqlite import SqliteStore


@asynccontextmanager
async def opened(path: Path, queue_limit: int = 1_000) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, queue_limit=queue_limit)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@contextmanager
def another_writes(path: Path) -> Iterator[None]:
    """While inside, another process is writing: what is written meanwhile makes up the next batch."""
    with open_now(path) as other, other.transaction():
        yield
