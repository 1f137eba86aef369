import sqlite3
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.errors import AlreadyExists, NotFound, Refused, StoreBusy, StoreFailed
from bellwire.cloud.store.transaction import Statement, Transaction
from tests.cloud.store.opened import attempt_all

_metadata = sa.MetaData()
bells = sa.Table(
    "bells",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("tone", sa.Text, sa.CheckConstraint("tone <> ''"), nullable=False),
)
strokes = sa.Table("strokes", _metadata, sa.Column("bell", sa.ForeignKey("bells.id"), nullable=False))

INSERT = Statement(sa.insert(bells), "a new bell")
STRIKE = Statement(sa.insert(strokes), "a stroke on a bell")
SELECT = Statement(sa.select(bells).order_by(bells.c.id), "all bells")
FIND = Statement(sa.select(bells.c.tone).where(bells.c.id == sa.bindparam("id")), "the tone of a bell")


class Cracked(Exception):
    """What a transaction raises in these tests."""


def memory() -> Connection:
    raw = sqlite3.connect(":memory:", isolation_level=None)
    raw.execute("PRAGMA foreign_keys = ON")
    for table in _metadata.sorted_tables:
        raw.execute(str(sa.schema.CreateTable(table)))
    return Connection(raw)


@pytest.fixture
def store() -> Iterator[Connection]:
    connection = memory()
    yield connection
    connection.close()


def cast(*tones: str, crack: bool = False) -> Transaction[int]:
    """Add bells, numbered on; with `crack`, raise in the end."""
    rows = yield SELECT, {}
    for number, tone in enumerate(tones, len(rows)):
        yield INSERT, {"id": number, "tone": tone}
    if crack:
        raise Cracked
    return len(rows)


def tones() -> Transaction[list[str]]:
    rows = yield SELECT, {}
    return [row.tone for row in rows]


def test_a_transaction_gives_its_result_and_is_kept(store: Connection) -> None:
    assert store.run(cast, "low", "high") == 0
    assert store.run(cast, "middle") == 2
    assert store.read(tones) == ["low", "high", "middle"]


def test_an_error_undoes_the_transaction_and_is_raised(store: Connection) -> None:
    with pytest.raises(Cracked):
        store.run(cast, "low", crack=True)
    assert store.read(tones) == []
    assert store.run(cast, "high") == 0


def test_a_list_of_args_runs_the_statement_for_each(store: Connection) -> None:
    def many() -> Transaction[list[str]]:
        none = yield INSERT, [{"id": number, "tone": f"t{number}"} for number in range(3)]
        assert none == []
        rows = yield FIND, [{"id": 2}, {"id": 7}, {"id": 0}]
        return [row.tone for row in rows]

    assert store.run(many) == ["t2", "t0"]


@pytest.mark.parametrize(
    ("statement", "args", "refusal"),
    [
        (INSERT, {"id": 0, "tone": "again"}, AlreadyExists),
        (INSERT, {"id": 1, "tone": ""}, Refused),
        (STRIKE, {"bell": 1}, NotFound),
    ],
)
def test_what_breaks_a_rule_is_refused_at_its_yield(
    store: Connection, statement: Statement, args: dict[str, Any], refusal: type[Refused]
) -> None:
    def refused() -> Transaction[None]:
        try:
            yield statement, args
        except Refused as error:
            assert type(error) is refusal
            assert error.__notes__ == [f"the statement: {statement.description}"]
            raise Cracked from error

    store.run(cast, "low")
    with pytest.raises(Cracked):
        store.run(refused)
    assert store.read(tones) == ["low"]


def test_reading_must_not_write(store: Connection) -> None:
    with pytest.raises(StoreFailed, match=r"cast.* writes"):
        store.read(cast, "low")
    assert store.read(tones) == []


def test_one_that_cannot_write_in_time_is_told_that_others_do(tmp_path: Any) -> None:
    path = tmp_path / "bells.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    mine = Connection(sqlite3.connect(path, isolation_level=None, timeout=0))
    with pytest.raises(StoreBusy, match="another process"):
        mine.run(tones)
    other.close()
    mine.close()


Batch = list[tuple[list[str], bool]]


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(st.sampled_from(["low", "high", ""]), max_size=3), st.booleans()), max_size=6))
def test_a_batch_is_the_same_as_each_alone(batch: Batch) -> None:
    together, alone = memory(), memory()
    with together.transaction():
        outcomes = attempt_all(together, [partial(cast, *names, crack=crack) for names, crack in batch])
    results = [result if error is None else type(error) for result, error in outcomes]
    expected: list[Any] = []
    for names, crack in batch:
        try:
            expected.append(alone.run(cast, *names, crack=crack))
        except (Cracked, Refused) as error:
            expected.append(type(error))
    assert results == expected
    assert together.read(tones) == alone.read(tones)
    together.close()
    alone.close()


def test_a_transaction_can_be_run_again_from_its_start(store: Connection) -> None:
    with pytest.raises(Cracked), store.transaction():
        assert store.attempt(cast("low", "high")) == (0, None)
        raise Cracked
    assert store.run(cast, "low", "high") == 0
    assert store.read(tones) == ["low", "high"]


def test_when_sqlite_gives_up_all_that_is_open_nothing_is_kept(store: Connection) -> None:
    store.execute("PRAGMA max_page_count = 100")
    with pytest.raises(StoreFailed, match=r"whole batch.*the disk is full; make room on it"), store.transaction():
        assert store.attempt(cast("low")) == (0, None)
        store.attempt(cast("x" * 4_000_000))
    assert store.read(tones) == []
    assert store.run(cast, "high") == 0
