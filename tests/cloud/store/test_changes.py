"""What happens is noted in the transaction in which it happens: by triggers, so by whoever does it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace as struct_replace

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.standing import Standing
from bellwire.cloud.account_changes import Change as AccountChange
from bellwire.cloud.account_changes import change_account
from bellwire.cloud.store import changes
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.alerts import delete_alert, insert_alert, move_alert, update_alert
from bellwire.cloud.store.changes import (
    CONNECTED,
    Change,
    Kept,
    add_change,
    add_change_of_device,
    changes_after,
    kept_changes,
    purge_changes,
)
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.desires import add_standings
from bellwire.cloud.store.devices import Device, add_device, remove_device, rename_device, saw_device
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import MEMORY, open_now
from bellwire.cloud.store.reports import save_firmware, save_inactivity, save_volume
from bellwire.cloud.store.standings import ask_for_everything, load_standings, save_report

NOW = from_ms(1_795_000_000_000)
LATER = NOW + timedelta(hours=1)
TEA = Alert("t", Kind.ALARM, "tea", Schedule(NOW.replace(tzinfo=None), "UTC", "FREQ=DAILY"), LATER, 1, everywhere=True)


@pytest.fixture
def store() -> Iterator[Connection]:
    with open_now(MEMORY) as opened:
        opened.run(add_account, "a", "home", "UTC", NOW)
        opened.run(add_device, "a", Device("d", "kitchen", "cic-ko-2022"), None, NOW)
        opened.run(insert_alert, "a", TEA, NOW)
        opened.run(add_standings, "a", TEA, ["d"], NOW)
        yield opened


def since(store: Connection, seq: int = 2) -> list[Change]:
    """What was noted since the store was made."""
    return store.read(changes_after, seq)


def told(store: Connection) -> list[str]:
    return [change.what for change in since(store)]


def test_the_beginning_was_noted(store: Connection) -> None:
    device, alert = since(store, 0)

    assert device[:6] == (1, "a", "device.added", None, "d", None)
    assert alert[:6] == (2, "a", "alert.added", "t", None, LATER)
    assert abs(alert.at - datetime.now(alert.at.tzinfo)) < timedelta(hours=1)
    assert store.read(kept_changes) == Kept(0, 2)


def test_an_alert_is_changed_moves_on_and_is_deleted(store: Connection) -> None:
    store.run(update_alert, "a", replace(TEA, label="coffee", version=2), NOW)
    store.run(update_alert, "a", replace(TEA, label="water", version=2, scheduled_time=NOW), LATER)
    store.run(move_alert, "a", "t", LATER)
    store.run(delete_alert, "a", "t")

    assert told(store) == ["alert.changed", "alert.changed", "alert.moved", "alert.deleted"]
    assert [change.scheduled_time for change in since(store)] == [LATER, NOW, LATER, LATER]


def test_a_device_is_changed_when_what_is_shown_of_it_is(store: Connection) -> None:
    store.run(rename_device, "a", "d", "bath")
    store.run(rename_device, "a", "d", "bath")
    store.run(saw_device, "a", "d", NOW, is_here=False)
    store.run(ask_for_everything, "a", "d")
    store.run(save_inactivity, "a", "d", 5, NOW)
    store.run(save_volume, "a", "d", 40, NOW)
    store.run(save_volume, "a", "d", 40, LATER)
    store.run(save_firmware, "a", "d", "8701", NOW)
    store.run(saw_device, "a", "d", NOW, is_here=True, news=CONNECTED)

    assert told(store) == [*["device.changed"] * 3, "device.connected"]


def reports(store: Connection, life: Life, time: datetime | None) -> None:
    (standing,) = store.read(load_standings, "a", "d")
    reported = struct_replace(standing.reported, life=life, scheduled_time=time)
    after: Standing = struct_replace(standing, reported=reported)
    store.run(save_report, "a", "d", after)


def test_a_ring_starts_and_stops_once_whatever_is_reported_between(store: Connection) -> None:
    for life, time in (
        (Life.SET, LATER),
        (Life.RINGING, LATER),
        (Life.RINGING, LATER),
        (Life.STOPPED, LATER),
        (Life.SET, LATER),
    ):
        reports(store, life, time)

    assert [change[1:6] for change in since(store)] == [
        ("a", "ring.started", "t", "d", LATER),
        ("a", "ring.stopped", "t", "d", LATER),
    ]


def test_one_that_rings_at_once_again_has_stopped_before(store: Connection) -> None:
    reports(store, Life.RINGING, NOW)
    reports(store, Life.RINGING, LATER)

    assert [(change.what, change.scheduled_time) for change in since(store)] == [
        ("ring.started", NOW),
        ("ring.stopped", NOW),
        ("ring.started", LATER),
    ]


def test_what_rings_on_a_device_that_is_removed_has_stopped(store: Connection) -> None:
    reports(store, Life.RINGING, NOW)
    store.run(remove_device, "a", "d")

    assert sorted(told(store)) == ["device.removed", "ring.started", "ring.stopped"]


def test_what_is_undone_was_never_noted(store: Connection) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():
        store._perform(rename_device("a", "d", "bath"))
        raise ZeroDivisionError

    assert told(store) == []


def test_an_alert_that_moves_with_its_account_is_changed(store: Connection) -> None:
    floating = replace(TEA, schedule=replace(TEA.schedule, floating=True), version=2)
    store.run(update_alert, "a", floating, NOW)
    change = AccountChange(frozenset({"timezone"}), timezone="Asia/Seoul")
    store.run(change_account, "a", change, lambda *_: "", LATER)

    assert told(store) == ["alert.changed"] * 2


def test_nothing_happens_to_a_device_that_is_gone(store: Connection) -> None:
    store.run(add_change_of_device, "a", "nobody", CONNECTED, NOW)
    store.run(add_change_of_device, "other", "d", CONNECTED, NOW)

    assert told(store) == []


def test_the_oldest_go_in_portions_and_no_number_is_used_again(
    store: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "KEPT", 3)
    for _ in range(5):
        store.run(add_change, "cloud.started", NOW)

    assert store.run(purge_changes, NOW) == 4
    assert store.run(purge_changes, NOW) == 0
    assert store.read(kept_changes) == Kept(4, 7)
    assert [change.account_id for change in since(store, 0)] == [None] * 3
