from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

import pytest
from sqlalchemy.dialects.sqlite import pysqlite

from bellwire.cloud import store
from bellwire.cloud.store import standings
from bellwire.cloud.store.opening import MEMORY, connect
from bellwire.cloud.store.schema import metadata
from bellwire.cloud.store.transaction import Compiler, Statement

SELDOM = {"all accounts by name", "all clients by name", "no device is connected to a cloud that has just started"}
SQLITE = Compiler(pysqlite.dialect(paramstyle="qmark"))


def statements() -> Iterator[Statement]:
    """Those of all modules of the store: none is forgotten."""
    for found in iter_modules(store.__path__, f"{store.__name__}."):
        if not found.ispkg:
            for value in vars(import_module(found.name)).values():
                listed = value if isinstance(value, list) else [value]
                yield from (each for each in listed if isinstance(each, Statement))


@pytest.mark.parametrize("statement", list(dict.fromkeys(statements())), ids=lambda statement: statement.description)
def test_no_statement_reads_a_whole_table(statement: Statement) -> None:
    raw = connect(MEMORY)
    sql = SQLITE[statement].sql
    plan = [step for *_, step in raw.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))]
    raw.close()
    assert statement.description in SELDOM or not any(step.startswith("SCAN") for step in plan), plan


def test_the_standings_of_a_device_are_found_by_the_device() -> None:
    """And not by its account, which may be that of a whole fleet."""
    raw = connect(MEMORY)
    sql = SQLITE[standings.SELECT_STANDINGS].sql
    plan = [step for *_, step in raw.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))]
    raw.close()
    assert plan == ["SEARCH standings USING PRIMARY KEY (device_id=?)"]


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_every_table_checks_the_types_of_its_columns(table: object) -> None:
    raw = connect(MEMORY)
    assert raw.execute("SELECT strict FROM pragma_table_list WHERE name = ?", [str(table)]).fetchone() == (1,)
    raw.close()
