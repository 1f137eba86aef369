"""The device's truth: one SQLite file with its alerts, the events that must arrive, and single facts beside them.

It knows tables and transactions; it must not know what an alert does, nor what an event says.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import msgspec

from bellwire.device.do_not_disturb import DoNotDisturb
from bellwire.device.held import LOUDEST, Held, Noted, Remembered

_SCHEMA = (
    """
CREATE TABLE alerts (token TEXT PRIMARY KEY, held TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    happened_at REAL NOT NULL,
    event BLOB NOT NULL
);
""",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;",
)
"""What leads from each version of the file's form to the next one; what was kept in the older one stays."""

_VERSION = len(_SCHEMA)

_encode = msgspec.json.Encoder().encode
_decode_held = msgspec.json.Decoder(Held).decode
_decode_remembered = msgspec.json.Decoder(Remembered).decode
_decode_do_not_disturb = msgspec.json.Decoder(DoNotDisturb).decode
_decode_noted = msgspec.json.Decoder(Noted).decode
_REMEMBERED = "remembered"
_VOLUME = "volume"
_NOTED = "noted"
_DO_NOT_DISTURB = "do not disturb"


def volume_fact(volume: int) -> dict[str, str]:
    """The form in which the alert volume is kept."""
    return {_VOLUME: str(volume)}


def fact_of(remembered: Remembered) -> dict[str, str]:
    """The form in which it is kept."""
    return {_REMEMBERED: _encode(remembered).decode()}


def do_not_disturb_fact(wish: DoNotDisturb) -> dict[str, str]:
    """The form in which it is kept."""
    return {_DO_NOT_DISTURB: _encode(wish).decode()}


def noted_fact(noted: Noted) -> dict[str, str]:
    """The form in which it is kept."""
    return {_NOTED: _encode(noted).decode()}


class StorageError(Exception):
    """The file can't be read or written; says which one, why, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that must arrive, as it is kept: its JSON without a context."""

    message_id: str
    happened_at: datetime
    event: bytes


class Storage:
    """Open as long as the speaker runs. Every method raises StorageError; what it has written survives a power cut."""

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes it: readable by its owner only, for it says when somebody sleeps."""
        self._path = path
        with self._errors_named():
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=0)
        try:
            with self._errors_named():
                # Two speakers on one file would both ring.
                self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                self._migrate()
        except StorageError:
            self._db.close()
            raise

    def close(self) -> None:
        """Nothing may be called after it."""
        self._db.close()

    def alerts(self) -> tuple[Held, ...]:
        """All that are kept."""
        with self._errors_named():
            return tuple(_decode_held(held) for (held,) in self._db.execute("SELECT held FROM alerts ORDER BY token"))

    def facts(self) -> dict[str, str]:
        """What is kept beside, by name."""
        with self._errors_named():
            return dict(self._db.execute("SELECT name, value FROM facts"))

    def remembered(self) -> Remembered:
        """The fact that `fact_of` makes."""
        with self._errors_named():
            kept = self.facts().get(_REMEMBERED)
            return _decode_remembered(kept) if kept else Remembered()

    def volume(self) -> int:
        """The alert volume; as loud as can be, where nobody has set it yet."""
        with self._errors_named():
            kept = self.facts().get(_VOLUME)
            return msgspec.json.decode(kept, type=int) if kept else LOUDEST

    def do_not_disturb(self) -> DoNotDisturb:
        """What a person has set; off, where nobody has set anything yet."""
        with self._errors_named():
            kept = self.facts().get(_DO_NOT_DISTURB)
            return _decode_do_not_disturb(kept) if kept else DoNotDisturb()

    def noted(self) -> Noted | None:
        """What the clock last showed, as far as that was written; None: nobody has noted it yet."""
        with self._errors_named():
            kept = self.facts().get(_NOTED)
            return _decode_noted(kept) if kept else None

    def letters(self) -> tuple[Letter, ...]:
        """The events that have not arrived, the oldest first."""
        with self._errors_named():
            rows = self._db.execute("SELECT message_id, happened_at, event FROM events ORDER BY position")
            return tuple(
                Letter(message_id, datetime.fromtimestamp(seconds, UTC), event) for message_id, seconds, event in rows
            )

    def keep(
        self,
        *,
        save: Iterable[Held] = (),
        forget: Iterable[str] = (),
        letters: Iterable[Letter] = (),
        drop_letters: bool = False,
        facts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """All of this, or nothing: `drop_letters` drops those that were kept before."""
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO alerts VALUES (?, ?) ON CONFLICT (token) DO UPDATE SET held = excluded.held",
                [(held.token, _encode(held).decode()) for held in save],
            )
            db.executemany("DELETE FROM alerts WHERE token = ?", [(token,) for token in forget])
            if drop_letters:
                db.execute("DELETE FROM events")
            db.executemany(
                "INSERT INTO events (message_id, happened_at, event) VALUES (?, ?, ?)",
                [(letter.message_id, letter.happened_at.timestamp(), letter.event) for letter in letters],
            )
            db.executemany(
                "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", facts.items()
            )

    def note(self, noted: Noted) -> None:
        """Keeps it without waiting for the disk: a power cut may bring the one before back."""
        with self._errors_named():
            self._db.execute("PRAGMA synchronous = NORMAL")
        try:
            self.keep(facts=noted_fact(noted))
        finally:
            self._db.execute("PRAGMA synchronous = FULL")

    def moved_by(self, by: timedelta) -> None:
        """The clock was set: what happened before it happened so much later by the new one."""
        with self._transaction() as db:
            db.execute("UPDATE events SET happened_at = happened_at + ?", (by.total_seconds(),))

    def arrived(self, message_ids: Iterable[str]) -> None:
        """The cloud has these events, or will never take them: they are kept no longer."""
        with self._transaction() as db:
            db.executemany("DELETE FROM events WHERE message_id = ?", [(message_id,) for message_id in message_ids])

    def _migrate(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise StorageError(
                f"{self._path} was written by a newer version of this program (its form is {version}, here it is "
                f"{_VERSION}): use that version, or another data folder"
            )
        if version == 0 and self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            raise StorageError(f"{self._path} is another program's database: use another data folder")
        if version < _VERSION:
            changes = "".join(_SCHEMA[version:])
            self._db.executescript(f"BEGIN IMMEDIATE; {changes} PRAGMA user_version = {_VERSION}; COMMIT")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors_named():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                # After some errors SQLite has rolled back by itself.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise StorageError(f"{self._path} can't be used: {_REASONS.get(str(error), str(error))}") from error
        except (sqlite3.DatabaseError, msgspec.MsgspecError) as error:
            raise StorageError(
                f"{self._path} is damaged ({error}): move it away and start again, the cloud will send the alerts anew"
            ) from error


_REASONS = {
    "database is locked": "another speaker runs on this data folder; close it, or give this one a folder of its own",
    "database or disk is full": "the disk is full; make room on it",
    "attempt to write a readonly database": "it may only be read; give its owner the right to write it",
}
