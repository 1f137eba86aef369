"""What every store can do, whatever engine is behind it. It must not know any."""

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from bellwire.cloud.store.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")


class Store(Protocol):
    """Durable writes, and reads of what was written."""

    async def write(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Perform a transaction and give its result when it is on the disk. Raises as `SqliteStore.write`."""

    async def read(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Perform a transaction that only reads, on what is committed."""
