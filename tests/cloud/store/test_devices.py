from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.alerts import insert_alert
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import (
    Device,
    add_device,
    add_device_token,
    device_by_token,
    device_came,
    list_devices,
    load_agent,
    remove_device,
    saw_device,
)
from bellwire.cloud.store.errors import AlreadyExists, NotFound
from bellwire.cloud.store.instants import from_ms, to_ms
from bellwire.cloud.store.opening import MEMORY, open_now
from bellwire.cloud.store.schema import device_tokens, devices, standings
from bellwire.cloud.store.transaction import Statement, Transaction

NOW = from_ms(1_795_000_000_000)
TOKEN = bytes(range(32))
KITCHEN, HALL = Device("d1", "kitchen", "cic-ko-2022"), Device("d2", "hall", "tvs-2020")
STANDINGS = Statement(
    sa.select(
        standings.c.account_id,
        standings.c.device_id,
        standings.c.token,
        standings.c.kind,
        standings.c.desired_ms,
        standings.c.desired_version,
        standings.c.reported,
    ),
    "all standings",
)


@pytest.fixture
def store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        connection.run(add_account, "a1", "home", "UTC", NOW)
        connection.run(add_account, "a2", "office", "UTC", NOW)
        connection.run(add_device, "a1", KITCHEN, TOKEN, NOW)
        yield connection


def everywhere(token: str, *, yes: bool = True) -> Alert:
    return Alert(token, Kind.ALARM, "", Schedule(NOW.replace(tzinfo=None), "UTC"), NOW, 3, yes)


def test_devices_are_listed_by_name(store: Connection) -> None:
    store.run(add_device, "a1", HALL, bytes(32), NOW)
    assert store.read(list_devices, "a1") == [HALL, KITCHEN]
    assert store.read(list_devices, "a2") == []


def test_a_new_device_gets_what_is_for_every_device_of_its_account(store: Connection) -> None:
    store.run(insert_alert, "a1", everywhere("t1"), NOW)
    store.run(insert_alert, "a1", everywhere("t2", yes=False), NOW)
    store.run(insert_alert, "a2", everywhere("t3"), NOW)
    store.run(add_device, "a1", HALL, bytes(32), NOW)
    assert store.read(_rows, STANDINGS) == [("a1", "d2", "t1", "ALARM", 1_795_000_000_000, 3, Life.UNKNOWN.value)]


@pytest.mark.parametrize("account_id", ["a1", "a2"])
def test_a_device_is_of_one_account(store: Connection, account_id: str) -> None:
    with pytest.raises(AlreadyExists, match="a device 'd1' already; remove it first"):
        store.run(add_device, account_id, KITCHEN, bytes(32), NOW)


def test_a_device_needs_an_account(store: Connection) -> None:
    with pytest.raises(NotFound, match="no account 'a3'"):
        store.run(add_device, "a3", HALL, bytes(32), NOW)


def test_a_token_tells_the_device_its_account_and_its_profile(store: Connection) -> None:
    expires = NOW + timedelta(days=1)
    store.run(add_device_token, "a1", "d1", bytes(32), expires, NOW)
    assert store.read(device_by_token, TOKEN) == DeviceIdentity("a1", "d1", "cic-ko-2022")
    assert store.read(device_by_token, bytes(32)) == DeviceIdentity("a1", "d1", "cic-ko-2022", expires)
    assert store.read(device_by_token, TOKEN[::-1]) is None


def test_a_removed_device_leaves_nothing(store: Connection) -> None:
    store.run(insert_alert, "a1", everywhere("t1"), NOW)
    store.run(add_device, "a1", HALL, bytes(32), NOW)
    store.run(remove_device, "a1", "d2")
    assert store.read(device_by_token, bytes(32)) is None
    assert store.read(list_devices, "a1") == [KITCHEN]
    for table in (standings, device_tokens):
        count = Statement(sa.select(sa.func.count().label("rows")).where(table.c.device_id == "d2"), "what is left")
        assert store.read(_rows, count) == [(0,)]


def test_what_a_device_says_of_itself_is_kept_until_it_says_another_thing(store: Connection) -> None:
    assert store.read(load_agent, "a1", "d1") is None
    for json in ('{"agent":"x"}', '{"agent":"y"}'):
        store.run(device_came, "a1", "d1", json, NOW)
        assert store.read(load_agent, "a1", "d1") == json
    assert store.read(load_agent, "a2", "d1") is None
    with pytest.raises(NotFound, match="no device d1"):
        store.run(device_came, "a2", "d1", "{}", NOW)


def test_a_device_was_last_seen_when_it_was_last_here(store: Connection) -> None:
    seen = Statement(sa.select(devices.c.device_id, devices.c.last_seen_ms), "when devices were seen")
    store.run(add_device, "a1", HALL, bytes(32), NOW)
    store.run(saw_device, "a1", "d1", NOW, is_here=False)
    store.run(saw_device, "a2", "d2", NOW, is_here=True)
    assert sorted(store.read(_rows, seen)) == [("d1", to_ms(NOW)), ("d2", None)]


def test_another_account_cannot_remove_it(store: Connection) -> None:
    with pytest.raises(NotFound, match="no device d1"):
        store.run(remove_device, "a2", "d1")
    assert store.read(list_devices, "a1") == [KITCHEN]


@pytest.mark.parametrize("table", [standings, device_tokens])
def test_a_row_that_mixes_two_accounts_is_refused(store: Connection, table: sa.Table) -> None:
    of_table: dict[str, dict[str, object]] = {
        "standings": {
            "token": "t1",
            "kind": "ALARM",
            "reported": "unknown",
            "reported_at_ms": 1,
            "failures": 0,
            **dict.fromkeys(("desired_ms", "desired_version", "silenced_ms", "reported_ms", "reported_version")),
        },
        "device_tokens": {"token_hash": bytes(32), "grant_id": None, "created_ms": 1, "expires_ms": None},
    }
    values = of_table[table.name]

    def insert(account_id: str) -> Transaction[None]:
        yield Statement(sa.insert(table), "a row"), {"account_id": account_id, "device_id": "d1", **values}

    with pytest.raises(NotFound):
        store.run(insert, "a2")
    store.run(insert, "a1")


def _rows(statement: Statement) -> Transaction[list[tuple[object, ...]]]:
    rows: list[tuple[object, ...]] = yield statement, {}
    return rows
