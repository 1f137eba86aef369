"""Opening the store's file: made if it is missing, private, set up, and brought to this version's schema.

It must not know what is read and written afterwards.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.errors import StoreUnusable
from bellwire.cloud.store.schema import REVISION

MEMORY = ":memory:"
"""The path of a store that lives in this process only, and is gone when it is closed."""

_PATIENCE_S = 5.0
_CACHE_KB = 16_384
"""Pages held in memory at most, by each connection. What is written at once must find room: the trace of a busy tenth
of a second is 3 MB, and with SQLite's own 2 MB it is written twice."""
_LOG_PAGES = 8_000
"""Of SQLite's write-ahead log, some 32 MB, before what is in it is written to where it belongs: pages that change with
every event go there the more seldom, and fewer commits wait for that."""
_OLDEST_SQLITE = (3, 37)  # STRICT tables


@contextmanager
def open_now(path: Path | str) -> Iterator[Connection]:
    """Open the store on this thread, also while a cloud has it open; StoreUnusable.

    >>> with open_now(path) as store:
    ...     store.run(add_account, "a1", "home", "Asia/Seoul", now)
    """
    with closing(Connection(connect(path))) as connection:
        yield connection


def connect(path: Path | str) -> sqlite3.Connection:
    """Open the file, made and migrated where needed; the caller may use the connection on any one thread.

    StoreUnusable when it cannot be reached or written, is not a store, or belongs to a newer version.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        needed = ".".join(map(str, _OLDEST_SQLITE))
        raise StoreUnusable(f"SQLite {sqlite3.sqlite_version} is too old; use a Python with {needed} or newer")
    with _explained(path), ExitStack() as undo:
        if str(path) != MEMORY:
            _make_private(Path(path))
        raw = undo.enter_context(closing(_connect(path)))
        _turn_to_wal(raw)
        _bring_up_to_date(raw, path)
        # Only now: a migration that rebuilds a table must not cascade its deletion.
        raw.execute("PRAGMA foreign_keys = ON")
        undo.pop_all()
    return raw


@contextmanager
def _explained(path: Path | str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        if code == sqlite3.SQLITE_NOTADB:
            raise StoreUnusable(f"{path} is not a SQLite database; restore it, or use another folder") from error
        if code == sqlite3.SQLITE_CORRUPT:
            raise StoreUnusable(
                f"{path} is damaged ({error}); bring it back from a copy, or use another folder"
            ) from error
        raise StoreUnusable(
            f"the store {path} cannot be opened: {error}; its folder must be writable, and its disk not full"
        ) from error


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # O_EXCL, because closing a file that is a database would drop the locks this process holds on it.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _connect(path: Path | str) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=_PATIENCE_S, isolation_level=None, cached_statements=512, check_same_thread=False
    )


def _turn_to_wal(raw: sqlite3.Connection) -> None:
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("PRAGMA temp_store = MEMORY")
    raw.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
    raw.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
    give_up_at = time.monotonic() + _PATIENCE_S
    while True:
        try:
            raw.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # Two processes that make the same file: SQLite does not wait here, whatever its timeout.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
            time.sleep(0.01)
        else:
            return


def _bring_up_to_date(raw: sqlite3.Connection, path: Path | str) -> None:
    revision = _revision(raw, path)
    if revision == REVISION:
        return
    from bellwire.cloud.store.migrating import migrate, revisions  # noqa: PLC0415 - Alembic costs 0.15 s

    if revision is not None and revision not in revisions():
        raise StoreUnusable(f"{path} is of a newer version of bellwire; install that one, or use another folder")
    migrate(raw)


def _revision(raw: sqlite3.Connection, path: Path | str) -> str | None:
    """Give the newest migration that the file has; None for an empty file."""
    tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alembic_version" in tables:
        (revision,) = raw.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(revision)
    if tables:
        raise StoreUnusable(f"{path} is another program's database; use another folder")
    return None
