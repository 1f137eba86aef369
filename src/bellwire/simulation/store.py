"""A cloud's store in memory, made in an instant: of many runs each has its own.

It knows how a database is copied, and what reads and writes it; it must not know what is in it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import ParamSpec, TypeVar

from bellwire.cloud.store.connection import Connection, Outcome
from bellwire.cloud.store.in_mind import InMind, UnknownError
from bellwire.cloud.store.opening import MEMORY, connect
from bellwire.cloud.store.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")


@cache
def _empty() -> bytes:
    raw = connect(MEMORY)
    image: bytes = raw.serialize()
    raw.close()
    return image


class WrongInMindError(AssertionError):
    """What a cloud has in mind of its rows is not what they are."""


class SimulatedStore:
    """A store that holds nothing yet, with what its writer has in mind of it, as in `SqliteStore`."""

    def __init__(self) -> None:
        raw = sqlite3.connect(MEMORY, isolation_level=None, cached_statements=512)
        raw.deserialize(_empty())
        raw.execute("PRAGMA foreign_keys = ON")
        self._in_mind = InMind()
        self._writer = Connection(raw, self._in_mind)
        self._reader = Connection(raw, overheard=self._in_mind.note_read_of)

    def restarts(self) -> None:
        """What was committed is there; what was in mind of it is not."""
        self._in_mind.forget()

    def run(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Perform a transaction, durably; what it raises."""
        result = self._writer.run(function, *args, **kwargs)
        self._in_mind.commit()
        return result

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end what is attempted inside, or undo it when there is an error."""
        with self._writer.transaction():
            yield
        self._in_mind.commit()

    def attempt(self, transaction: Transaction[T]) -> Outcome[T]:
        """Perform one inside the transaction that is open: give its result, or its error after undoing it."""
        return self._writer.attempt(transaction)

    def read(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Perform a transaction that only reads."""
        return self._reader.read(function, *args, **kwargs)

    def read_own(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same, once from what is in mind and once from the rows. Raises WrongInMindError."""
        found = self._reader.read(function, *args, **kwargs)
        try:
            in_mind = self._in_mind.committed.perform(function(*args, **kwargs))
        except UnknownError:
            return found
        if in_mind != found:
            raise WrongInMindError(f"{function}: {in_mind} is in mind, the rows have {found}")
        return in_mind
