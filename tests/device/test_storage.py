import shutil
import sqlite3
import stat
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from bellwire.alerts.alert import Asset, Kind, Occurrence
from bellwire.alerts.lifecycle import Life
from bellwire.device.clouds import Clouds
from bellwire.device.held import Held, Noted, Remembered
from bellwire.device.storage import Letter, Storage, StorageError, fact_of, volume_fact
from tests.conversation import moment

SEOUL = timezone(timedelta(hours=9))


def held(token: str, label: str = "", life: Life = Life.SET) -> Held:
    return Held(
        Occurrence(
            token=token,
            kind=Kind.REMINDER,
            scheduled_time=moment("07:00:00").astimezone(SEOUL),
            label=label,
            assets=(Asset("bell", "clova://alert/bell/reminder"), Asset("speech", "https://cloud.example/speech")),
            play_order=("bell", "speech"),
        ),
        life,
        hidden=True,
        ends_at=moment("08:00:00"),
    )


def letter(message_id: str) -> Letter:
    return Letter(message_id, moment("07:00:00.250"), b'{"event":"' + message_id.encode() + b'"}')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "speaker.db"


def after_power_cut(path: Path, name: str = "after.db") -> Storage:
    """What a boot finds when the power goes now: the file and its log as they are, without a goodbye."""
    for suffix in ("", "-wal"):
        source = path.with_name(path.name + suffix)
        if source.exists():
            shutil.copy(source, path.with_name(name + suffix))
    return Storage(path.with_name(name))


def test_alerts_come_back_as_they_were_saved(path: Path) -> None:
    storage = Storage(path)
    storage.keep(save=[held("a", "약 먹기 🔔"), held("b"), held("nul\0in it")])
    storage.keep(save=[held("b", life=Life.RINGING)], forget=["nul\0in it", "nobody"])
    found = after_power_cut(path)
    assert found.alerts() == (held("a", "약 먹기 🔔"), held("b", life=Life.RINGING))
    assert found.alerts()[0].occurrence.scheduled_time.utcoffset() == timedelta(hours=9)
    found.close()
    storage.close()


def test_letters_keep_their_order_until_they_arrive(path: Path) -> None:
    storage = Storage(path)
    storage.keep(letters=[letter("z"), letter("a")])
    storage.keep(letters=[letter("m")])
    storage.arrived(["a"])
    storage.arrived(["nobody"])
    found = after_power_cut(path)
    assert found.letters() == (letter("z"), letter("m"))
    found.keep(letters=[letter("new")], drop_letters=True)
    assert found.letters() == (letter("new"),)
    found.close()
    storage.close()


def test_a_clock_that_is_set_moves_what_waits(path: Path) -> None:
    storage = Storage(path)
    storage.keep(letters=[letter("z")])
    storage.moved_by(timedelta(days=-20_000))
    assert [each.happened_at for each in storage.letters()] == [letter("z").happened_at - timedelta(days=20_000)]
    storage.close()


def test_the_time_is_noted_and_a_commit_waits_for_the_disk_again(path: Path) -> None:
    storage = Storage(path)
    assert storage.noted() is None
    storage.note(Noted(moment("07:00:00"), "a boot"))
    assert storage._db.execute("PRAGMA synchronous").fetchone() == (2,)
    found = after_power_cut(path)
    assert found.noted() == Noted(moment("07:00:00"), "a boot")
    found.close()
    storage.keep(facts={"noted": '{"latest": "soon"}'})
    with pytest.raises(StorageError, match=r"speaker\.db is damaged"):
        storage.noted()
    storage.close()


def test_what_is_kept_together_is_kept_whole_or_not_at_all(path: Path) -> None:
    storage = Storage(path)
    storage.keep(save=[held("a")], letters=[letter("1")])
    with pytest.raises(StorageError, match="UNIQUE"):
        storage.keep(save=[held("b")], forget=["a"], letters=[letter("2"), letter("1")])
    assert (storage.alerts(), storage.letters()) == ((held("a"),), (letter("1"),))
    storage.keep(save=[held("b")])
    assert len(storage.alerts()) == 2
    storage.close()


def test_nobody_else_may_read_it(path: Path) -> None:
    storage = Storage(path)
    storage.keep(save=[held("a")])
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    storage.close()


def test_a_second_speaker_on_the_same_folder_is_refused(path: Path) -> None:
    storage = Storage(path)
    with pytest.raises(StorageError, match=r"speaker\.db .*another speaker"):
        Storage(path)
    storage.keep(save=[held("a")])
    storage.close()


def test_a_damaged_file_is_named(path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StorageError, match=r"speaker\.db is damaged.*move it away"):
        Storage(path)


def test_a_damaged_row_names_the_file(path: Path) -> None:
    Storage(path).close()
    with sqlite3.connect(path) as db:
        db.execute("""INSERT INTO alerts VALUES ('a', '{"occurrence": 1}')""")
    db.close()
    storage = Storage(path)
    with pytest.raises(StorageError, match=r"speaker\.db is damaged"):
        storage.alerts()
    storage.close()


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE contacts (name TEXT)")
    db.close()
    with pytest.raises(StorageError, match="another program's database"):
        Storage(path)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("contacts",)]
    db.close()


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    Storage(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 3")
    db.close()
    with pytest.raises(StorageError, match="newer version"):
        Storage(path)


VERSION_1 = """
CREATE TABLE alerts (token TEXT PRIMARY KEY, held TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    happened_at REAL NOT NULL,
    event BLOB NOT NULL
);
INSERT INTO alerts VALUES ('b', '{"occurrence":{"token":"b","kind":"REMINDER",'
 || '"scheduled_time":"2030-06-01T16:00:00+09:00","label":"약 먹기","assets":[{"asset_id":"bell","url":"clova://alert/bell/reminder"},'
 || '{"asset_id":"speech","url":"https://cloud.example/speech"}],"play_order":["bell","speech"]},"life":"ringing",'
 || '"hidden":true,"ends_at":"2030-06-01T08:00:00Z"}');
INSERT INTO events (message_id, happened_at, event) VALUES ('z', 1906527600.25, CAST('{"event":"z"}' AS BLOB));
PRAGMA journal_mode = WAL;
PRAGMA user_version = 1;
"""


def test_a_file_of_version_1_keeps_its_alerts_and_its_events(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.executescript(VERSION_1)
    db.close()
    for _ in range(2):
        storage = Storage(path)
        assert storage.alerts() == (held("b", "약 먹기", Life.RINGING),)
        assert storage.letters() == (letter("z"),)
        assert (storage.remembered(), storage.facts()) == (Remembered(), {})
        storage.close()


def test_a_power_cut_in_the_midst_of_a_migration_costs_nothing(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.executescript(VERSION_1)
        db.execute("CREATE TABLE facts (x)")  # stands in for a failure at the last step
    db.close()
    with pytest.raises(StorageError):
        Storage(path)
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE facts")
    db.close()
    storage = Storage(path)
    assert len(storage.alerts()) == 1
    storage.close()


def test_what_is_remembered_comes_back_as_it_was_kept(path: Path) -> None:
    storage = Storage(path)
    clouds = Clouds("https://a.example", ("https://b.example", "https://a.example"), '{"directive": "as it came"}')
    remembered = Remembered("device-1", clouds, "8701", "8702")
    storage.keep(facts=fact_of(Remembered("device-0")))
    storage.keep(facts=fact_of(remembered))
    found = after_power_cut(path)
    assert found.remembered() == remembered
    found.close()
    storage.close()


def test_a_damaged_fact_names_the_file(path: Path) -> None:
    storage = Storage(path)
    storage.keep(facts={"remembered": '{"owner": 1}'})
    with pytest.raises(StorageError, match=r"speaker\.db is damaged"):
        storage.remembered()
    storage.close()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"nowhere.*No such file"):
        Storage(tmp_path / "nowhere" / "speaker.db")


def test_a_full_disk_is_said_and_leaves_what_was_there(path: Path) -> None:
    storage = Storage(path)
    storage.keep(save=[held("a")])
    storage.close()
    storage = Storage(path)
    storage._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(StorageError, match="disk is full"):
        storage.keep(save=[held(f"b-{number}", "x" * 1000) for number in range(100)])
    assert storage.alerts() == (held("a"),)
    storage.keep(forget=["a"])
    storage.close()


def test_the_volume_is_kept_and_is_full_before(path: Path) -> None:
    storage = Storage(path)
    assert storage.volume() == 100
    storage.keep(facts=volume_fact(0))
    found = after_power_cut(path)
    assert found.volume() == 0
    found.close()
    storage.keep(facts={"volume": "loud"})
    with pytest.raises(StorageError, match=r"speaker\.db is damaged"):
        storage.volume()
    storage.close()


def test_loops_come_back_as_they_were_saved(path: Path) -> None:
    occurrence = replace(held("a").occurrence, behind_asset="speech", loops=3, loop_pause=timedelta(milliseconds=1250))
    storage = Storage(path)
    storage.keep(save=[Held(occurrence)])
    assert storage.alerts() == (Held(occurrence),)
    storage.close()
