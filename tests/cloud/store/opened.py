"""An open store for tests, and a way to decide what is in one batch."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from bellwire.cloud.store.connection import Connection, Outcome
from bellwire.cloud.store.opening import open_now
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


@contextmanager
def another_writes(path: Path) -> Iterator[None]:
    """While inside, another process is writing: what is written meanwhile makes up the next batch."""
    with open_now(path) as other, other.transaction():
        yield


def attempt_all(connection: Connection, begin: Sequence[Callable[[], Transaction[Any]]]) -> list[Outcome[Any]]:
    """Perform a batch inside the transaction that is open, as the writer does: one that fails leaves the others."""
    results = connection.perform_all(begin)
    if results is not None:
        return [(result, None) for result in results]
    connection.begin()
    return [connection.attempt(begun()) for begun in begin]
