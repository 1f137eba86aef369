from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.cloud.accounts import Shown, add_alert, show_alert, show_alerts
from bellwire.cloud.granting import add_device
from bellwire.cloud.refusal import Refusal
from bellwire.cloud.store import devices
from bellwire.cloud.store.accounts import add_account, lock_account
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, list_devices
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import MEMORY, open_now
from bellwire.cloud.store.transaction import Step, Transaction

NOW = from_ms(1_795_000_000_000)
KITCHEN, HALL = Device("d1", "kitchen", "cic-ko-2022"), Device("d2", "hall", "cic-ko-2022")


@pytest.fixture
def store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        for account_id in ("home", "office"):
            connection.run(add_account, account_id, account_id, "UTC", NOW)
        yield connection


def adds(store: Connection, token: str, hours: int, account_id: str = "home", wanted: list[str] | None = None) -> None:
    due = NOW + timedelta(hours=hours)
    alert = Alert(token, Kind.ALARM, "", Schedule(due.replace(tzinfo=None), "UTC"), due, 1, everywhere=wanted is None)
    store.run(add_alert, account_id, alert, wanted, 100, NOW)


def test_an_account_has_so_many_devices_at_most(store: Connection) -> None:
    add = partial(add_device, terms=None, most=1, now=NOW)
    store.run(add, "home", KITCHEN, b"1" * 32)
    with pytest.raises(Refusal, match="has 1 devices, as many as it may have"):
        store.run(add, "home", HALL, b"2" * 32)
    store.run(add, "office", HALL, b"2" * 32)
    assert store.read(list_devices, "home") == [KITCHEN]


def test_an_account_that_is_locked_or_has_not_agreed_gets_no_device(store: Connection) -> None:
    add = partial(add_device, "home", KITCHEN, b"1" * 32, most=1, now=NOW)
    with pytest.raises(Refusal, match="not agreed to the terms at https://terms"):
        store.run(add, terms="https://terms")
    store.run(lock_account, "home", NOW)
    with pytest.raises(Refusal, match="locked"):
        store.run(add, terms=None)
    assert store.read(list_devices, "home") == []


def test_a_page_shows_each_alert_as_it_is_shown_alone(store: Connection) -> None:
    for number, device in enumerate((KITCHEN, HALL)):
        store.run(devices.add_device, "home", device, b"%d" % number * 32, NOW)
    store.run(devices.add_device, "office", Device("d3", "desk", "cic-ko-2022"), b"3" * 32, NOW)
    adds(store, "a", 3)
    adds(store, "b", 1, wanted=["d2"])
    adds(store, "c", 2, wanted=[])
    adds(store, "a", 1, account_id="office")

    pages: list[list[Shown]] = [store.read(show_alerts, "home", None, 2)]
    last = pages[0][-1].alert
    pages.append(store.read(show_alerts, "home", (last.scheduled_time, last.token), 2))

    assert [[shown.alert.token for shown in page] for page in pages] == [["b", "c"], ["a"]]
    assert [shown.lives for page in pages for shown in page] == [
        {"d2": Life.UNKNOWN},
        {},
        {"d1": Life.UNKNOWN, "d2": Life.UNKNOWN},
    ]
    assert [shown for page in pages for shown in page] == [store.read(show_alert, "home", token) for token in "bca"]


def test_a_page_takes_two_statements_however_long_it_is(store: Connection) -> None:
    for hours in range(50):
        adds(store, f"{hours:02}", hours)
    taken: list[Step] = []

    def watched() -> Transaction[list[Shown]]:
        page = show_alerts("home", None, 50)
        rows = None
        while True:
            try:
                step = next(page) if rows is None else page.send(rows)
            except StopIteration as end:
                shown: list[Shown] = end.value
                return shown
            taken.append(step)
            rows = yield step

    assert len(store.read(watched)) == 50
    assert [type(args) for _, args in taken] == [dict, dict]
