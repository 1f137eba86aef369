import shutil
import sqlite3
import stat
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from bellwire.alerts.alert import Asset, Kind, Occurrence
from bellwire.alerts.lifecycle import Life
from bellwire.device.held import Held
from bellwire.device.storage import Letter, Storage, StorageError
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
    storage.arrived("a")
    storage.arrived("nobody")
    found = after_power_cut(path)
    assert found.letters() == (letter("z"), letter("m"))
    found.keep(letters=[letter("new")], drop_letters=True)
    assert found.letters() == (letter("new"),)
    found.close()
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


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    Storage(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(StorageError, match="newer version"):
        Storage(path)


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
