import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import sqlalchemy as sa

from bellwire.cloud.store import migrating, opening
from bellwire.cloud.store.accounts import add_account, list_accounts
from bellwire.cloud.store.errors import StoreUnusable
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import MEMORY, connect, open_now
from bellwire.cloud.store.schema import REVISION, metadata

NOW = from_ms(1_795_000_000_000)


def statements(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """In one line each: a column that was added later is not on a line of its own."""
    return {name: " ".join(sql.split()) for name, sql in rows if name != "alembic_version" and sql is not None}


def test_the_migrated_schema_is_that_of_the_tables() -> None:
    every = "SELECT name, sql FROM sqlite_master WHERE type <> 'trigger'"
    engine = sa.create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as made:
        expected = statements((name, sql) for name, sql in made.exec_driver_sql(every))
    raw = connect(MEMORY)
    assert statements(raw.execute(every)) == expected
    assert len(expected) > len(metadata.tables)
    raw.close()


def test_the_newest_revision_is_known_without_alembic() -> None:
    assert migrating.revisions()[0] == REVISION


def test_the_file_and_its_folder_are_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "store.db"
    with open_now(path) as store:
        store.run(add_account, "a1", "home", "UTC", NOW)
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_was_written_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with open_now(tmp_path / "store.db") as store:
        store.run(add_account, "a1", "home", "UTC", NOW)
    with open_now(tmp_path / "store.db") as store:
        assert [account.name for account in store.read(list_accounts)] == ["home"]


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)]
)
def test_commits_are_durable_and_rules_hold(tmp_path: Path, pragma: str, value: object) -> None:
    raw = connect(tmp_path / "store.db")
    assert raw.execute(f"PRAGMA {pragma}").fetchone() == (value,)
    raw.close()


def test_a_file_that_is_up_to_date_needs_no_alembic(tmp_path: Path) -> None:
    connect(tmp_path / "store.db").close()
    look = (
        "import sys; from bellwire.cloud.store.opening import connect;"
        f"connect({str(tmp_path / 'store.db')!r}).close(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", look], timeout=30, check=False).returncode == 0


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("a shopping list, and long enough to be looked at" * 30)
    with pytest.raises(StoreUnusable, match=r"store\.db is not a SQLite database; restore it"):
        connect(path)


def test_a_file_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    connect(path).close()
    with path.open("r+b") as file:
        file.truncate(20_000)
    with pytest.raises(StoreUnusable, match=r"store\.db is damaged .*; bring it back from a copy"):
        connect(path)


def test_a_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE contacts (name TEXT)")
    other.close()
    with pytest.raises(StoreUnusable, match="another program's database"):
        connect(path)


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    newer = connect(path)
    newer.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnusable, match="newer version of bellwire"):
        connect(path)
    assert newer.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    newer.close()


@pytest.mark.parametrize("path", ["file/store.db", "folder"])
def test_a_path_that_cannot_be_a_file(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreUnusable, match="must be writable"):
        connect(tmp_path / path)


def test_a_store_that_is_locked_for_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_PATIENCE_S", 0.05)
    path = tmp_path / "store.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnusable, match="locked"):
        connect(path)
    other.close()


def test_processes_that_make_the_same_file_at_once_all_succeed(tmp_path: Path) -> None:
    add = (
        "import sys; from datetime import UTC, datetime\n"
        "from bellwire.cloud.store.accounts import add_account\n"
        "from bellwire.cloud.store.opening import open_now\n"
        "sys.stdin.readline()\n"
        f"with open_now({str(tmp_path / 'store.db')!r}) as store:\n"
        "    store.run(add_account, sys.argv[1], sys.argv[1], 'UTC', datetime.now(UTC))\n"
    )
    names = ["one", "three", "two"]
    processes = [subprocess.Popen([sys.executable, "-c", add, name], stdin=subprocess.PIPE) for name in names]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.close()
    assert [process.wait(30) for process in processes] == [0, 0, 0]
    with open_now(tmp_path / "store.db") as store:
        assert [account.name for account in store.read(list_accounts)] == names
