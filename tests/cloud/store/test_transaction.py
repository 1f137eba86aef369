import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.dialects.sqlite import pysqlite

from bellwire.cloud.store.transaction import Compiler, Statement

bells = sa.Table(
    "bells",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("tone", sa.Text),
    sa.Column("rung", sa.Integer),
)
POSTGRES: sa.Dialect = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
FIND = Statement(sa.select(bells.c.tone, bells.c.rung).where(bells.c.id == sa.bindparam("id")), "a bell")


@pytest.fixture
def sqlite() -> Compiler:
    return Compiler(pysqlite.dialect(paramstyle="qmark"))


def test_a_statement_is_compiled_once_for_each_dialect(sqlite: Compiler) -> None:
    postgres = Compiler(POSTGRES)
    assert sqlite[FIND] is sqlite[FIND]
    assert "= ?" in sqlite[FIND].sql
    assert "= $1" in postgres[FIND].sql


def test_parameters_are_in_the_order_of_the_sql(sqlite: Compiler) -> None:
    update = Statement(
        sa.update(bells)
        .where(bells.c.id == sa.bindparam("id"))
        .values(tone=sa.bindparam("tone"), rung=bells.c.rung + 1),
        "a bell that rang",
    )
    compiled = sqlite[update]
    assert compiled.parameters({"id": 7, "tone": "low", "of no use": 0}) == ("low", 1, 7)
    assert compiled.row is None


@pytest.mark.parametrize(("where", "parameters"), [(sa.true(), ()), (bells.c.id == sa.bindparam("id"), (7,))])
def test_none_and_one_parameter_are_tuples_too(
    sqlite: Compiler, where: sa.ColumnElement[bool], parameters: tuple[object, ...]
) -> None:
    assert sqlite[Statement(sa.delete(bells).where(where), "bells that go")].parameters({"id": 7}) == parameters


def test_a_missing_argument_is_named(sqlite: Compiler) -> None:
    with pytest.raises(KeyError, match="id"):
        sqlite[FIND].parameters({"tone": "low"})


def test_rows_have_the_names_of_the_columns(sqlite: Compiler) -> None:
    count = Statement(sa.select(sa.func.count().label("number"), sa.func.max(bells.c.rung).label("most")), "how many")
    make = sqlite[count].row
    assert make is not None
    row = make((3, 9))
    assert (row.number, row.most) == (3, 9) == row


def test_returned_columns_are_rows(sqlite: Compiler) -> None:
    make = sqlite[Statement(sa.delete(bells).returning(bells.c.tone), "all bells")].row
    assert make is not None
    assert make(("low",)).tone == "low"


def test_a_list_in_the_sql_is_refused(sqlite: Compiler) -> None:
    some = Statement(sa.select(bells.c.id).where(bells.c.tone.in_(sa.bindparam("tones", expanding=True))), "some bells")
    with pytest.raises(ValueError, match=r"'some bells'.*list of args"):
        sqlite[some]


def test_one_upsert_means_the_same_on_both_engines(sqlite: Compiler) -> None:
    new = insert(bells).values(id=sa.bindparam("id"), tone=sa.bindparam("tone"))
    upsert = Statement(new.on_conflict_do_update(index_elements=["id"], set_={"tone": new.excluded.tone}), "a bell")
    for compiler in (sqlite, Compiler(POSTGRES)):
        assert compiler[upsert].sql.endswith("ON CONFLICT (id) DO UPDATE SET tone = excluded.tone")
        assert compiler[upsert].parameters({"id": 1, "tone": "low"}) == (1, "low")
