"""One SQLite connection that performs transactions, and what its errors mean.

It knows `sqlite3`; it must not know threads, the event loop, or where the file is.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeAlias, TypeVar

from sqlalchemy.dialects.sqlite import pysqlite

from bellwire.cloud.store.errors import AlreadyExists, NotFound, Refused, StoreBusy, StoreError, StoreFailed
from bellwire.cloud.store.in_mind import Find, InMind, Note
from bellwire.cloud.store.transaction import Args, Compiled, Compiler, Rows, Statement, Transaction

P = ParamSpec("P")
T = TypeVar("T")

Outcome: TypeAlias = tuple[T, None] | tuple[None, BaseException]
"""Of a transaction: its result, or the error for which it was undone."""

_compiler = Compiler(pysqlite.dialect(paramstyle="qmark"))


def _nobody(_: Statement) -> None:
    """Nobody knows it, and nobody is told."""


class Connection:
    """Performs transactions one after the other; used by one thread at a time.

    >>> connection.run(add_account, "a1", "home", "Asia/Seoul", now)
    """

    def __init__(
        self,
        raw: sqlite3.Connection,
        in_mind: InMind | None = None,
        *,
        overheard: Callable[[Statement], Note | None] = _nobody,
    ) -> None:
        """`in_mind`: what it need not read again, for the one that writes all the time.

        `overheard`: who is told what another one reads.
        """
        self._raw = raw
        self._cursor = raw.cursor()
        self._in_mind = in_mind
        self._prepared = _Prepared(in_mind.find_of, in_mind.note_of) if in_mind else _Prepared(_nobody, overheard)
        self._patience_ms: int | None = None
        """So long `begin` waits; None: as long as SQLite does, which was never told not to."""

    def run(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Perform a transaction, durably; what it raises, after its writes are undone; StoreBusy, StoreFailed."""
        with self.transaction():
            return self._perform(function(*args, **kwargs))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end what is written inside, or undo it when there is an error; StoreBusy, StoreFailed."""
        self.begin()
        try:
            yield
            self.commit()
        except BaseException:
            self.roll_back()
            raise

    def begin(self) -> None:
        """Open a transaction that writes, when no other process does any more; StoreBusy, StoreFailed."""
        if self._patience_ms is None:
            self._begin()
            return
        self.execute(f"PRAGMA busy_timeout = {self._patience_ms}")
        try:
            self._begin()
        finally:
            self.execute("PRAGMA busy_timeout = 0")

    def begin_at_once(self) -> bool:
        """The same, without waiting: whether no other process is writing. StoreFailed."""
        if self._patience_ms is None:
            self._patience_ms = self._raw.execute("PRAGMA busy_timeout").fetchone()[0]
            self.execute("PRAGMA busy_timeout = 0")
        try:
            self._begin()
        except StoreBusy:
            return False
        return True

    def _begin(self) -> None:
        # IMMEDIATE: one that reads first and writes later is refused at once when another process wrote in between.
        self.execute("BEGIN IMMEDIATE")
        if self._in_mind is not None:
            self._in_mind.believe(self._raw.execute("PRAGMA data_version").fetchone()[0])

    def commit(self) -> None:
        """Make what is open durable; StoreBusy, StoreFailed."""
        self.execute("COMMIT")

    def roll_back(self) -> None:
        """Undo what is open, if anything is; StoreFailed."""
        self._forget()
        if self._raw.in_transaction:  # SQLite itself rolls back on some errors
            self.execute("ROLLBACK")

    def read(self, function: Callable[P, Transaction[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Perform a transaction that only reads, on one state of the data, without waiting for a writer.

        StoreFailed when it writes all the same; that is undone.
        """
        self._forget()  # it is believed only while others are held off
        before = self._raw.total_changes
        self.execute("BEGIN")
        try:
            result = self._perform(function(*args, **kwargs))
            # Not with "PRAGMA query_only", which would make SQLite prepare every statement again.
            if self._raw.total_changes != before:
                raise StoreFailed(f"{function} writes, so it must not be given to read()")
        finally:
            self.roll_back()
        return result

    def perform_all(self, begin: Iterable[Callable[[], Transaction[Any]]]) -> list[Any] | None:
        """Perform several inside the transaction that is open, each begun when it is its turn: give their results.

        None: one of them failed, and all that was open is undone. That is rare, and a savepoint for each, or one for
        all, has SQLite copy every page that they change.
        """
        perform = self._perform
        try:
            return [perform(begun()) for begun in begin]
        except Exception:  # noqa: BLE001 - whoever performs them again, one by one, is told which it was and why
            self.roll_back()
            return None

    def attempt(self, transaction: Transaction[T]) -> Outcome[T]:
        """Perform one inside the transaction that is open: give its result, or its error after undoing it.

        StoreFailed when SQLite gave up all that is open, as it does on a full disk.
        """
        self.execute("SAVEPOINT attempt")
        try:
            result = self._perform(transaction)
        except BaseException as error:
            self._forget()
            if not self._raw.in_transaction:
                raise StoreFailed(f"SQLite gave up the whole batch: {error}") from error
            self.execute("ROLLBACK TO attempt")
            self.execute("RELEASE attempt")
            return None, error
        self.execute("RELEASE attempt")
        return result, None

    def execute(self, command: str) -> None:
        """Execute one of SQLite's own commands; StoreBusy, StoreFailed."""
        try:
            self._cursor.execute(command)
        except sqlite3.Error as error:
            raise meaning(error) from error

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def _forget(self) -> None:
        if self._in_mind is not None:
            self._in_mind.forget()

    def _perform(self, transaction: Transaction[T]) -> T:
        try:
            step = next(transaction)
            while True:
                try:
                    rows = self._answer(*step)
                except sqlite3.Error as error:
                    refusal = meaning(error)
                    refusal.add_note(f"the statement: {step[0].description}")
                    step = transaction.throw(refusal)
                else:
                    step = transaction.send(rows)
        except StopIteration as end:
            result: T = end.value
            return result

    def _answer(self, statement: Statement, args: Args | list[Args]) -> Rows:
        (sql, parameters, row), find, note = self._prepared[statement]
        if isinstance(args, list):
            return self._answer_each(statement, args)
        if find is not None and (known := find(args)) is not None:
            return known
        cursor = self._cursor
        cursor.execute(sql, parameters(args))
        rows = [] if row is None else list(map(row, cursor.fetchall()))
        if note is not None:
            note(args, rows)
        return rows

    def _answer_each(self, statement: Statement, args: list[Args]) -> Rows:
        sql, parameters, row = _compiler[statement]
        cursor = self._cursor
        rows: Rows = []
        if row is None:
            cursor.executemany(sql, map(parameters, args))
        else:
            for one in args:
                cursor.execute(sql, parameters(one))
                rows += map(row, cursor.fetchall())
        if self._in_mind is not None:
            self._in_mind.note_each(statement, args)
        return rows


class _Prepared(dict[Statement, tuple[Compiled, Find | None, Note | None]]):
    """By statement all that does not depend on its arguments: compiled, who may know its rows, and who is told."""

    def __init__(
        self, find_of: Callable[[Statement], Find | None], note_of: Callable[[Statement], Note | None]
    ) -> None:
        super().__init__()
        self._find_of = find_of
        self._note_of = note_of

    def __missing__(self, statement: Statement) -> tuple[Compiled, Find | None, Note | None]:
        prepared = self[statement] = _compiler[statement], self._find_of(statement), self._note_of(statement)
        return prepared


def meaning(error: sqlite3.Error) -> StoreError:
    """Give the store's own error for one of SQLite's."""
    code = getattr(error, "sqlite_errorcode", None)  # absent where the Python driver itself complains
    if code in {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}:
        return AlreadyExists(f"the row exists already: {error}")
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return NotFound("what the row belongs to does not exist, or not in this account")
    if isinstance(error, sqlite3.IntegrityError):
        return Refused(f"the row breaks a rule of the schema: {error}")
    if code is not None and code & 0xFF == sqlite3.SQLITE_BUSY:
        return StoreBusy("another process has been writing to the store for too long; try again in a moment")
    if code == sqlite3.SQLITE_FULL:
        return StoreFailed("the disk is full; make room on it")
    return StoreFailed(f"SQLite refused: {error}")
