"""What must hold for a request of the account API to change anything: looked at in the transaction of its first write.

So nothing can come between the look and the change. It knows requests as contexts of tasks; it must not know what is
asked for (`etags`, `idempotency`), nor how anything is kept.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from bellwire.cloud.store.protocol import Store
from bellwire.cloud.store.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")

Condition = Callable[[], Transaction[None]]
"""Raises what the request is answered with, where it does not hold."""


class Conditions:
    """Those of one request."""

    def __init__(self) -> None:
        self._open: list[Condition] = []
        self.were_met = False
        """The request has changed something."""

    def add(self, condition: Condition) -> None:
        """Change nothing unless this holds."""
        self._open.append(condition)

    @property
    def open(self) -> tuple[Condition, ...]:
        """Those of the next write."""
        return tuple(self._open)

    def met(self) -> None:
        """The first write is done, and all that come after it are of the same request."""
        self.were_met = True
        self._open.clear()

    def answered(self) -> None:
        """What is written after the answer is not what was asked for."""
        self._open.clear()


_CURRENT: ContextVar[Conditions | None] = ContextVar("conditions of the request", default=None)


@contextmanager
def conditions() -> Iterator[Conditions]:
    """Those of the request that is served in a block."""
    current = Conditions()
    before = _CURRENT.set(current)
    try:
        yield current
    finally:
        _CURRENT.reset(before)


def current_conditions() -> Conditions:
    """Those of the request that is served now."""
    return _CURRENT.get() or Conditions()


class ConditionalStore:
    """The store, for those who serve requests of the account API."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def write(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Perform a transaction, with the conditions of the request that is served now before it.

        Raises as `Store.write`, and what a condition raises.
        """
        current = _CURRENT.get()
        if current is None or not current.open:
            return await self._store.write(function, *args, **kwargs)
        result = await self._store.write(_provided, current.open, function, args, kwargs)
        current.met()
        return result

    async def read(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Perform a transaction that only reads."""
        return await self._store.read(function, *args, **kwargs)


def _provided(
    needed: tuple[Condition, ...],
    function: Callable[..., Transaction[T]],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> Transaction[T]:
    for condition in needed:
        yield from condition()
    return (yield from function(*args, **kwargs))
