"""A transaction as a generator of statements, and how a statement becomes SQL, parameters and rows.

It must not know a driver, a file, a thread or a clock.

A transaction is a generator function that yields `(statement, args)` and is sent back the list of rows; its return
value is the caller's. To run a statement once for each of many args, it yields `(statement, [args, ...])`. It may be
run again from its start, so it has no side effect inside; an exception out of it undoes what it wrote, and nothing
else. A statement that breaks a rule of the schema raises `Refused` at its yield: catch it only to raise something
clearer, because some engines do nothing more in a transaction that had an error.

    FIND = Statement(sa.select(t.c.name).where(t.c.id == sa.bindparam("id")), "a name by its id")

    def name_of(id: str) -> Transaction[str | None]:
        rows = yield FIND, {"id": id}
        return rows[0].name if rows else None

An "insert or update" that means the same on both engines is built with `sqlalchemy.dialects.postgresql.insert`.
"""

from collections import namedtuple
from collections.abc import Callable, Generator
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql.selectable import ReturnsRows

T = TypeVar("T")
Args: TypeAlias = dict[str, Any]
Parameters: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = list[Any]


class Statement:
    """One statement of the store, with a description that says in a few words what it is for."""

    __slots__ = ("clause", "description")

    def __init__(self, clause: ReturnsRows, description: str) -> None:
        self.clause = clause
        self.description = description

    def __repr__(self) -> str:
        return f"<Statement {self.description!r}>"


Step: TypeAlias = tuple[Statement, Args | list[Args]]
Transaction: TypeAlias = Generator[Step, Rows, T]


class Compiled(NamedTuple):
    """A statement for one dialect, with everything worked out that does not depend on its arguments."""

    sql: str
    parameters: Callable[[Args], Parameters]
    """Puts arguments into the order of the SQL; KeyError when one is missing."""
    row: Callable[[Parameters], Any] | None
    """Makes a named tuple of what the driver gives; None for a statement without rows."""


class Compiler(dict[Statement, Compiled]):
    """The statements of one dialect: `compiler[statement]` compiles at the first use and remembers."""

    def __init__(self, dialect: sa.Dialect) -> None:
        super().__init__()
        self._dialect = dialect

    def __missing__(self, statement: Statement) -> Compiled:
        compiled = self[statement] = _compile(statement, self._dialect)
        return compiled


def _compile(statement: Statement, dialect: sa.Dialect) -> Compiled:
    clause = statement.clause
    compiled = clause.compile(dialect=dialect)
    if compiled.post_compile_params:
        raise ValueError(f"{statement} has an IN with a list, so its SQL is not fixed; yield it with a list of args")
    names = compiled.positiontup or []
    constants = {name: compiled.binds[name].value for name in names if not compiled.binds[name].required}
    columns = clause.exported_columns.keys()
    return Compiled(compiled.string, _ordered(names, constants), _row(columns) if columns else None)


def _ordered(names: list[str], constants: Args) -> Callable[[Args], Parameters]:
    if constants:
        ordered = _ordered(names, {})
        return lambda args: ordered({**constants, **args})
    if not names:
        return lambda _args: ()
    if len(names) == 1:
        (name,) = names
        return lambda args: (args[name],)
    return itemgetter(*names)


def _row(columns: list[str]) -> Callable[[Parameters], Any]:
    # A third cheaper than namedtuple's own _make, which is a Python function: this is called for every row read.
    return partial(tuple.__new__, namedtuple("Row", columns))  # noqa: PYI024
