from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from bellwire.alerts.alert import Kind
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.standing import Desired, Reported, Standing
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.desires import add_standings, desire, silence
from bellwire.cloud.store.opening import MEMORY, open_now
from bellwire.cloud.store.standings import lives_of, save_report
from tests.cloud.store.homes import HOME, HOUR, NOW, SET, alert, held, populate


@pytest.fixture
def store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        yield populate(connection)


def test_an_alert_that_is_added_is_desired_and_nothing_is_known_of_it(store: Connection) -> None:
    store.run(add_standings, "home", alert("a"), ["kitchen", "hall"], NOW)

    expected = [Standing("a", Kind.TIMER, Desired(NOW + HOUR, 2), Reported(Life.UNKNOWN, NOW))]
    assert held(store) == held(store, "home", "hall") == expected
    assert store.read(lives_of, "home", "a") == {"kitchen": Life.UNKNOWN, "hall": Life.UNKNOWN}


def test_what_is_desired_changes_on_all_devices_of_the_account_and_no_other(store: Connection) -> None:
    for device_id in ("kitchen", "hall"):
        store.run(save_report, "home", device_id, SET)
    store.run(save_report, "office", "desk", SET)

    told = store.run(desire, "home", "a", Desired(NOW + 2 * HOUR, 2))

    assert sorted(told) == ["hall", "kitchen"]
    moved = replace(SET, desired=Desired(NOW + 2 * HOUR, 2))
    assert held(store) == held(store, "home", "hall") == [moved]
    assert held(store, "office", "desk") == [SET]
    assert store.run(desire, "home", "nothing", None) == []


def test_a_wish_may_end_an_occurrence_and_else_leaves_what_is_ended(store: Connection) -> None:
    store.run(save_report, *HOME, SET)

    store.run(desire, "home", "a", Desired(NOW, 2), NOW + HOUR)
    assert held(store) == [replace(SET, desired=Desired(NOW, 2), silenced=NOW + HOUR)]

    store.run(desire, "home", "a", None)
    assert held(store) == [replace(SET, desired=None, silenced=NOW + HOUR)]


def test_what_is_desired_on_a_device_no_longer_is_not_so_by_another_time(store: Connection) -> None:
    store.run(save_report, *HOME, SET)
    store.run(desire, "home", "a", None)

    assert store.run(desire, "home", "a", Desired(NOW, 2)) == []

    assert held(store) == [replace(SET, desired=None)]


def test_an_occurrence_is_silenced_on_all_devices_of_the_account(store: Connection) -> None:
    for device_id in ("kitchen", "hall"):
        store.run(save_report, "home", device_id, SET)
    store.run(save_report, "office", "desk", SET)

    assert sorted(store.run(silence, "home", "a", NOW)) == ["hall", "kitchen"]

    assert held(store) == held(store, "home", "hall") == [replace(SET, silenced=NOW)]
    assert held(store, "office", "desk") == [SET]
