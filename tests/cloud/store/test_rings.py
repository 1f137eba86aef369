"""The rows of what became of occurrences."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.rings import NOBODY_SAID, End, Ending, Ring
from bellwire.alerts.standing import Desired, Reported, Standing
from bellwire.cloud.ringing import note_done
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.desires import Place, add_standings
from bellwire.cloud.store.devices import Device, add_device, device_came, remove_device, saw_device
from bellwire.cloud.store.errors import NotFound
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import MEMORY, open_now
from bellwire.cloud.store.rings import (
    KEPT_FOR,
    MOST_KEPT,
    close_rings,
    forget_rings,
    last_ring,
    list_rings,
    load_ring,
    mark_rings,
    purge_rings,
    put_ring,
    put_start,
    trim_rings,
)
from bellwire.cloud.store.standings import save_report
from tests.alerts.test_rings import DUE, after
from tests.alerts.test_rings import rings as any_ring

KITCHEN = Ring(device_id="kitchen", scheduled_time=DUE)
SOUNDS = replace(KITCHEN, set_at=after(hours=-9), started_at=DUE)
ALARM = Alert("a", Kind.ALARM, "", Schedule(DUE.replace(tzinfo=None), "UTC"), DUE, 1, everywhere=True)
ADDED = after(days=-1)
AT_DUE = Place(DUE, DUE)
ITSELF = End(Ending.ITSELF, "kitchen", has_stopped=True)


def populated(store: Connection) -> Connection:
    """Two accounts; the devices kitchen and bedroom of the one should ring `a`, which is set on them."""
    store.run(add_account, "home", "home", "UTC", ADDED)
    store.run(add_account, "office", "office", "UTC", ADDED)
    for account_id, device_id in (("home", "kitchen"), ("home", "bedroom"), ("office", "desk")):
        store.run(add_device, account_id, Device(device_id, device_id, "p"), None, ADDED)
    store.run(add_standings, "home", ALARM, ["kitchen", "bedroom"], ADDED)
    set_ = Standing("a", Kind.ALARM, Desired(DUE, 1), Reported(Life.SET, after(hours=-9), DUE, 1))
    for device_id in ("kitchen", "bedroom"):
        store.run(save_report, "home", device_id, set_)
    return store


@pytest.fixture
def store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        yield populated(connection)


@pytest.fixture(scope="module")
def one_store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        yield populated(connection)


def found(store: Connection, device_id: str = "kitchen") -> Ring:
    ring = store.read(load_ring, "home", device_id, "a", DUE)
    assert ring is not None
    return ring


@settings(deadline=None, max_examples=50)
@given(any_ring)
def test_all_that_is_known_is_read_as_it_was_kept(one_store: Connection, ring: Ring) -> None:
    one_store.run(put_ring, "home", "a", ring)
    assert found(one_store) == ring
    assert one_store.read(last_ring, "home", "kitchen", "a", DUE) == ring


def test_a_start_that_is_told_twice_changes_nothing(store: Connection) -> None:
    store.run(put_start, "home", "a", SOUNDS)
    store.run(put_start, "home", "a", replace(SOUNDS, started_at=after(seconds=9), set_at=DUE))
    assert found(store) == SOUNDS


def test_where_it_was_stopped_it_has_stopped_and_elsewhere_it_is_over(store: Connection) -> None:
    for device_id in ("kitchen", "bedroom"):
        store.run(device_came, "home", device_id, "{}", after(hours=-10))
    store.run(put_start, "home", "a", SOUNDS)

    store.run(close_rings, "home", "a", AT_DUE, after(minutes=3), ITSELF)

    over = replace(KITCHEN, set_at=after(hours=-9), over_at=after(minutes=3), reported=Life.SET, ended_by="kitchen")
    assert found(store) == replace(over, started_at=DUE, stopped_at=after(minutes=3), ending=Ending.ITSELF)
    assert found(store, "bedroom") == replace(over, device_id="bedroom", ending=Ending.ELSEWHERE)


def test_a_button_that_was_pressed_is_the_cause(store: Connection) -> None:
    store.run(put_start, "home", "a", SOUNDS)
    store.run(mark_rings, "home", "a", DUE, End(Ending.BUTTON, "bedroom"))
    store.run(mark_rings, "home", "a", DUE, End(Ending.BUTTON, "kitchen"))

    store.run(close_rings, "home", "a", AT_DUE, after(minutes=3), ITSELF)

    assert (found(store).ending, found(store).ended_by) == (Ending.BUTTON, "bedroom")
    assert (found(store, "bedroom").ending, found(store, "bedroom").ended_by) == (Ending.ELSEWHERE, "kitchen")


def test_since_when_a_device_was_away(store: Connection) -> None:
    store.run(device_came, "home", "kitchen", "{}", after(hours=-10))
    store.run(saw_device, "home", "kitchen", after(hours=-8), is_here=False)

    store.run(close_rings, "home", "a", AT_DUE, after(minutes=31), NOBODY_SAID)

    assert found(store).offline_since == after(hours=-8)
    assert found(store, "bedroom").offline_since == ADDED


def test_a_device_that_came_back_after_the_time_was_away_at_the_time(store: Connection) -> None:
    store.run(saw_device, "home", "kitchen", after(hours=-8), is_here=False)
    store.run(device_came, "home", "kitchen", "{}", after(minutes=1))
    store.run(device_came, "home", "bedroom", "{}", DUE)

    store.run(close_rings, "home", "a", AT_DUE, after(minutes=31), NOBODY_SAID)

    assert found(store).offline_since is not None
    assert found(store, "bedroom").offline_since is None


def test_what_is_not_due_yet_leaves_no_trace(store: Connection) -> None:
    store.run(note_done, "home", ALARM, after(seconds=-1), End(Ending.DELETED))
    assert store.read(list_rings, "home", "a", ["kitchen", "bedroom"], None, 9) == []
    store.run(note_done, "home", ALARM, DUE, End(Ending.DELETED))
    assert len(store.read(list_rings, "home", "a", ["kitchen", "bedroom"], None, 9)) == 2


def test_where_devices_go_apart_it_is_over_on_one(store: Connection) -> None:
    here = Place(after(hours=-1), after(hours=1), "kitchen")
    store.run(close_rings, "home", "a", here, after(minutes=3), ITSELF)
    assert found(store).over_at == after(minutes=3)
    assert store.read(load_ring, "home", "bedroom", "a", DUE) is None


def test_pages_are_the_newest_first(store: Connection) -> None:
    days = [DUE + timedelta(days=day) for day in range(5)]
    for day in days:
        for device_id in ("kitchen", "bedroom"):
            store.run(put_start, "home", "a", Ring(device_id=device_id, scheduled_time=day, started_at=day))
    expected = [(day, device_id) for day in reversed(days) for device_id in ("bedroom", "kitchen")]

    place, pages = None, []
    while page := store.read(list_rings, "home", "a", ["kitchen", "bedroom"], place, 3):
        pages += [(ring.scheduled_time, ring.device_id) for ring in page]
        place = pages[-1]

    assert pages == expected
    assert store.read(list_rings, "office", "a", ["kitchen", "bedroom", "desk"], None, 9) == []
    assert store.read(list_rings, "home", "a", [], None, 9) == []


def test_no_account_makes_history_of_another(store: Connection) -> None:
    store.run(put_start, "home", "a", SOUNDS)
    store.run(close_rings, "office", "a", AT_DUE, DUE, NOBODY_SAID)
    store.run(mark_rings, "office", "a", DUE, End(Ending.BUTTON, "kitchen"))
    for put in (put_start, put_ring):
        with pytest.raises(NotFound):
            store.run(put, "office", "b", SOUNDS)
        store.run(put, "office", "a", replace(SOUNDS, set_at=None))
    assert found(store) == SOUNDS


def test_history_goes_with_its_device(store: Connection) -> None:
    store.run(put_start, "home", "a", SOUNDS)
    assert store.run(forget_rings, "office", "kitchen") == 0
    assert store.run(forget_rings, "home", "kitchen") == 1
    store.run(put_start, "home", "a", SOUNDS)
    store.run(remove_device, "home", "kitchen")
    assert store.read(load_ring, "home", "kitchen", "a", DUE) is None


def test_what_comes_often_has_a_bounded_history(store: Connection) -> None:
    for number in range(MOST_KEPT + 3):
        store.run(put_start, "home", "a", replace(SOUNDS, scheduled_time=after(minutes=15 * number)))
    store.run(trim_rings, "home", "a", ["kitchen", "bedroom"])

    kept = store.read(list_rings, "home", "a", ["kitchen"], None, 9999)
    assert len(kept) == MOST_KEPT
    assert kept[0].scheduled_time == after(minutes=15 * (MOST_KEPT + 2))


def test_history_is_forgotten_after_a_time(store: Connection) -> None:
    store.run(put_start, "home", "a", SOUNDS)
    assert store.run(purge_rings, DUE + KEPT_FOR) == 0
    assert store.run(purge_rings, DUE + KEPT_FOR + timedelta(milliseconds=1)) == 1
    assert store.read(load_ring, "home", "kitchen", "a", DUE) is None


def test_instants_are_kept_to_the_millisecond(store: Connection) -> None:
    store.run(put_start, "home", "a", replace(SOUNDS, started_at=from_ms(1_795_000_000_123)))
    assert found(store).started_at == from_ms(1_795_000_000_123)
