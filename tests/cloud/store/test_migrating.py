import sqlite3
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from bellwire.alerts.alert import Conduct
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.store.accounts import Account, list_accounts
from bellwire.cloud.store.alerts import list_overdue, load_alert
from bellwire.cloud.store.changes import changes_after
from bellwire.cloud.store.clients import SPEAKER, find_client
from bellwire.cloud.store.conducts import conduct_of
from bellwire.cloud.store.devices import Device, device_by_token, list_devices, rename_device
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.migrating import _config
from bellwire.cloud.store.opening import connect, open_now
from bellwire.cloud.store.trace import Message, append_messages, messages_after


def made_at(path: Path, revision: str) -> sqlite3.Connection:
    """A file as the version with this revision made it."""
    engine = sa.create_engine(f"sqlite:///{path}")
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    return sqlite3.connect(path, isolation_level=None)


def test_devices_and_their_tokens_outlive_the_migration_to_authorization(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    before = made_at(path, "0001")
    before.execute("INSERT INTO accounts VALUES ('a1', 'home', 'UTC', 1)")
    before.execute(
        "INSERT INTO devices (account_id, device_id, name, profile, created_ms) "
        "VALUES ('a1', 'd1', 'kitchen', 'cic-ko-2022', 1)"
    )
    before.execute("INSERT INTO device_tokens VALUES (?, 'a1', 'd1', NULL, 1)", [bytes(32)])
    before.close()

    with open_now(path) as store:
        assert store.read(list_accounts) == [Account("a1", "home", "UTC")]
        assert store.read(list_devices, "a1") == [Device("d1", "kitchen", "cic-ko-2022")]
        assert store.read(device_by_token, bytes(32)) == DeviceIdentity("a1", "d1", "cic-ko-2022")
        assert store.read(find_client, SPEAKER) is not None
    after = connect(path)
    assert after.execute("PRAGMA foreign_key_check").fetchall() == []
    assert after.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    after.close()


def test_messages_outlive_the_migration_to_runs(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    before = made_at(path, "0005")
    before.execute("INSERT INTO accounts (account_id, name, timezone, created_ms) VALUES ('a1', 'home', 'UTC', 1)")
    before.execute(
        "INSERT INTO devices (account_id, device_id, name, profile, created_ms, trace_seq) "
        "VALUES ('a1', 'd1', 'kitchen', 'cic-ko-2022', 1, 2500)"
    )
    before.executemany(
        "INSERT INTO messages VALUES ('d1', ?, ?, 5, 'event', ?)",
        [(number % 1000, number, b"%d" % number) for number in range(1501, 2501)],
    )
    before.close()

    with open_now(path) as store:
        store.run(append_messages, [{"device_id": "d1", "at_ms": 6, "direction": "directive", "body": b"{}"}])
        messages = store.read(messages_after, "a1", "d1", 0, 2_000)
        assert messages[0] == Message(1502, from_ms(5), "event", b"1502")
        assert messages[-1] == Message(2501, from_ms(6), "directive", b"{}")
        assert [message.id for message in messages] == list(range(1502, 2502))


def test_alerts_outlive_the_migration_to_schedules(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    before = made_at(path, "0003")
    before.execute("INSERT INTO accounts (account_id, name, timezone, created_ms) VALUES ('a1', 'home', 'UTC', 1)")
    before.execute(
        "INSERT INTO alerts VALUES ('a1', 't', 'ALARM', 'Tea', "
        """'{"start":"2026-01-01T07:00:00","zone":"UTC","rule":"FREQ=DAILY"}', 5, 1, 1, NULL, 1, 1)"""
    )
    before.close()

    with open_now(path) as store:
        alert = store.read(load_alert, "a1", "t")
        assert alert is not None
        assert (alert.schedule.rule, alert.schedule.floating, alert.paused_on) == ("FREQ=DAILY", False, None)
        later = from_ms(10)
        assert [token for _, token, _ in store.read(list_overdue, later, later, 9)] == ["t"]


def test_alerts_outlive_the_migration_to_snoozes_and_timers(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    before = made_at(path, "0005")
    before.execute("INSERT INTO accounts (account_id, name, timezone, created_ms) VALUES ('a1', 'home', 'UTC', 1)")
    before.execute(
        "INSERT INTO alerts (account_id, token, kind, label, schedule, scheduled_ms, version, everywhere, created_ms, "
        "updated_ms, paused_on) VALUES ('a1', 't', 'TIMER', 'Tea', "
        """'{"start":"2026-01-01T07:00:00","zone":"UTC"}', 5, 1, 1, 1, 1, '["d1"]')"""
    )
    before.close()

    with open_now(path) as store:
        alert = store.read(load_alert, "a1", "t")
        assert alert is not None
        assert (alert.snoozes, alert.snoozed_from, alert.remaining, alert.actions) == (0, None, None, ())
        assert alert.paused_on == ("d1",)
        assert store.read(conduct_of, "a1", alert) == Conduct()


def test_what_happens_after_the_migration_to_the_account_api_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    before = made_at(path, "0005")
    before.execute("INSERT INTO accounts (account_id, name, timezone, created_ms) VALUES ('a1', 'home', 'UTC', 1)")
    before.execute(
        "INSERT INTO devices (account_id, device_id, name, profile, created_ms) "
        "VALUES ('a1', 'd1', 'kitchen', 'cic-ko-2022', 1)"
    )
    before.close()

    with open_now(path) as store:
        store.run(rename_device, "a1", "d1", "bath")
        assert [(change.what, change.device_id) for change in store.read(changes_after, 0)] == [
            ("device.changed", "d1")
        ]
