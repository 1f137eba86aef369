from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.standing import Desired, Reported, Standing
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.alerts import (
    count_alerts,
    delete_alert,
    insert_alert,
    list_alerts,
    list_overdue,
    load_alert,
    move_alert,
    update_alert,
)
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, add_device
from bellwire.cloud.store.errors import AlreadyExists, NotFound
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import MEMORY, open_now
from bellwire.cloud.store.standings import save_report

NOW = from_ms(1_795_000_000_000)
HOUR = timedelta(hours=1)
TEA = Alert(
    token="tea",
    kind=Kind.REMINDER,
    label="차 ☕",
    schedule=Schedule(datetime(2026, 11, 21, 7, 0), "Asia/Seoul", "FREQ=DAILY"),  # noqa: DTZ001
    scheduled_time=NOW + HOUR,
    version=3,
    everywhere=False,
    speech="name.wav",
)


def alert(token: str, due: datetime = NOW) -> Alert:
    schedule = Schedule(due.replace(tzinfo=None), "UTC")
    return Alert(token, Kind.ALARM, "", schedule, due, 1, everywhere=True)


@pytest.fixture
def store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        for account_id in ("home", "office"):
            connection.run(add_account, account_id, account_id, "UTC", NOW)
        yield connection


def test_an_alert_comes_back_as_it_was(store: Connection) -> None:
    store.run(insert_alert, "home", TEA, NOW)
    store.run(insert_alert, "home", alert("bare"), NOW)

    assert store.read(load_alert, "home", "tea") == TEA
    assert store.read(load_alert, "home", "bare") == alert("bare")
    assert store.read(load_alert, "home", "nothing") is None


def test_an_alert_is_replaced_moved_and_deleted(store: Connection) -> None:
    store.run(insert_alert, "home", TEA, NOW)
    edited = replace(TEA, kind=Kind.ALARM, label="", version=4, speech=None, everywhere=True, scheduled_time=NOW)

    store.run(update_alert, "home", edited, NOW + HOUR)
    assert store.read(load_alert, "home", "tea") == edited

    store.run(move_alert, "home", "tea", NOW + 2 * HOUR)
    assert store.read(load_alert, "home", "tea") == replace(edited, scheduled_time=NOW + 2 * HOUR)

    store.run(delete_alert, "home", "tea")
    assert store.read(load_alert, "home", "tea") is None


def test_no_account_reaches_what_is_anothers(store: Connection) -> None:
    store.run(insert_alert, "home", TEA, NOW)
    theirs = replace(TEA, label="theirs")
    store.run(insert_alert, "office", theirs, NOW)

    store.run(update_alert, "home", replace(TEA, label="ours", version=9), NOW)
    store.run(move_alert, "home", "tea", NOW + 9 * HOUR)
    store.run(delete_alert, "home", "tea")

    assert store.read(load_alert, "office", "tea") == theirs
    assert store.read(list_alerts, "home", None, 10) == []
    assert (store.read(count_alerts, "home"), store.read(count_alerts, "office")) == (0, 1)


def test_a_token_is_once_in_an_account_and_an_account_must_be_there(store: Connection) -> None:
    store.run(insert_alert, "home", TEA, NOW)

    with pytest.raises(AlreadyExists):
        store.run(insert_alert, "home", TEA, NOW)
    with pytest.raises(NotFound):
        store.run(insert_alert, "nobody", TEA, NOW)
    assert store.read(count_alerts, "home") == 1


@settings(deadline=None, derandomize=True, max_examples=20)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.text(min_size=1, max_size=2)), unique_by=lambda each: each[1]),
    st.integers(1, 4),
)
def test_pages_give_every_alert_once_in_the_order_of_time(wanted: list[tuple[int, str]], size: int) -> None:
    with open_now(MEMORY) as store:
        store.run(add_account, "home", "home", "UTC", NOW)
        for hour, token in wanted:
            store.run(insert_alert, "home", alert(token, NOW + hour * HOUR), NOW)

        seen: list[Alert] = []
        while page := store.read(
            list_alerts, "home", (seen[-1].scheduled_time, seen[-1].token) if seen else None, size
        ):
            assert len(page) <= size
            seen += page

    assert sorted(each.token for each in seen) == sorted(token for _, token in wanted)
    assert [each.scheduled_time for each in seen] == sorted(each.scheduled_time for each in seen)


# What is overdue


def overdue(store: Connection, *, limit: int = 10) -> list[str]:
    found = store.read(list_overdue, NOW, NOW - 2 * HOUR, limit)
    assert all(account_id == "home" for account_id, _, _ in found)
    assert [occurrence for _, _, occurrence in found] == sorted(occurrence for _, _, occurrence in found)
    return [token for _, token, _ in found]


def reported(store: Connection, device_id: str, token: str, life: Life) -> None:
    standing = Standing(token, Kind.ALARM, Desired(NOW, 1), Reported(life, NOW, NOW, 1))
    store.run(save_report, "home", device_id, standing)


def test_what_is_overdue_comes_with_the_earliest_first(store: Connection) -> None:
    for token, hours in (("b", 1), ("a", 2), ("c", 0), ("d", -1)):
        store.run(insert_alert, "home", alert(token, NOW - hours * HOUR), NOW)

    assert overdue(store) == ["a", "b"]
    assert overdue(store, limit=1) == ["a"]


def test_what_rings_somewhere_is_not_overdue_until_it_has_rung_for_too_long(store: Connection) -> None:
    for number, device_id in enumerate(("kitchen", "hall", "porch")):
        store.run(add_device, "home", Device(device_id, device_id, "p"), bytes([number]) * 32, NOW)
    store.run(insert_alert, "home", alert("long", NOW - 3 * HOUR), NOW)
    for token in ("rings", "waits", "missed"):
        store.run(insert_alert, "home", alert(token, NOW - HOUR), NOW)
    reported(store, "kitchen", "long", Life.RINGING)
    reported(store, "kitchen", "rings", Life.STOPPED)
    reported(store, "hall", "rings", Life.RINGING)
    reported(store, "hall", "waits", Life.SET)
    reported(store, "porch", "missed", Life.SET)

    assert overdue(store) == ["long", "missed"]


def test_another_accounts_alert_of_the_same_token_may_ring(store: Connection) -> None:
    store.run(add_device, "office", Device("desk", "desk", "p"), bytes(32), NOW)
    store.run(insert_alert, "home", alert("a", NOW - HOUR), NOW)
    standing = Standing("a", Kind.ALARM, None, Reported(Life.RINGING, NOW, NOW))
    store.run(save_report, "office", "desk", standing)

    assert overdue(store) == ["a"]
