from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bellwire.alerts.alert import Kind
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.reconcile import Patience, is_settled, reconcile
from bellwire.alerts.standing import Desired, Reported, Standing
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.desires import add_standings
from bellwire.cloud.store.devices import remove_device
from bellwire.cloud.store.errors import NotFound
from bellwire.cloud.store.opening import MEMORY, open_now
from bellwire.cloud.store.standings import (
    ask_for_everything,
    is_as_shown,
    is_not_there,
    lives_of,
    load_standing_rows,
    load_standings,
    load_sync_seq,
    look,
    save_report,
)
from bellwire.cloud.store.transaction import Transaction
from tests.cloud.store.homes import HOME, HOUR, NOW, SET, alert, held, populate

GONE = Standing("a", Kind.ALARM, None, Reported(Life.ABSENT, NOW))
TIMES = st.sampled_from([NOW, NOW + HOUR])
CLOUD_LIVES = [Life.UNKNOWN, Life.ABSENT, Life.SET, Life.FAILED, Life.RINGING, Life.STOPPED]

standings = st.builds(
    Standing,
    token=st.just("t"),
    kind=st.sampled_from(Kind),
    desired=st.none() | st.builds(Desired, scheduled_time=TIMES, version=st.integers(1, 2)),
    reported=st.builds(
        Reported,
        life=st.sampled_from(CLOUD_LIVES),
        since=TIMES,
        scheduled_time=st.none() | TIMES,
        version=st.none() | st.integers(1, 2),
        failures=st.integers(0, 9),
    ),
    silenced=st.none() | TIMES,
)


@pytest.fixture
def store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        yield populate(connection)


@pytest.fixture(scope="module")
def one_store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        yield populate(connection)


def kept(standing: Standing) -> Transaction[tuple[list[Standing], list[Standing]]]:
    """The standing as it is read, and as it is read when only the unsettled are; it is gone afterwards."""
    yield from save_report(*HOME, standing)
    read = (yield from load_standings(*HOME)), (yield from look(*HOME))[1]
    yield from save_report(*HOME, replace(standing, desired=None, reported=Reported(Life.ABSENT, NOW)))
    return read


@settings(max_examples=200, deadline=None)
@given(standing=standings)
def test_what_is_unsettled_is_the_same_in_sql_and_in_python(one_store: Connection, standing: Standing) -> None:
    everything, unsettled = one_store.run(kept, standing)

    if standing.desired is None and standing.reported.life is Life.ABSENT:
        assert everything == unsettled == []
    else:
        assert everything == [standing]
        assert unsettled == ([] if is_settled(standing) else [standing])


@settings(deadline=None)
@given(standings)
def test_there_is_nothing_to_say_of_what_is_settled(standing: Standing) -> None:
    if is_settled(standing):
        assert reconcile([standing], {}, NOW, patience=Patience()).say == ()


def test_a_report_changes_what_is_reported_only(store: Connection) -> None:
    store.run(add_standings, "home", alert("a"), ["kitchen"], NOW)
    report = replace(SET, desired=Desired(NOW, 9), silenced=NOW, kind=Kind.ALARM)

    store.run(save_report, *HOME, report)

    assert held(store) == [Standing("a", Kind.TIMER, Desired(NOW + HOUR, 2), report.reported)]


def test_what_is_absent_both_ways_goes(store: Connection) -> None:
    store.run(save_report, *HOME, SET)
    store.run(save_report, "home", "hall", SET)

    store.run(save_report, *HOME, GONE)

    assert held(store) == []
    assert held(store, "home", "hall") == [SET]
    store.run(save_report, *HOME, GONE)
    assert held(store) == []


def test_what_is_absent_and_desired_stays(store: Connection) -> None:
    missing = replace(SET, reported=Reported(Life.ABSENT, NOW))

    store.run(save_report, *HOME, missing)

    assert held(store) == [missing]


def test_a_device_is_reached_through_its_own_account_only(store: Connection) -> None:
    store.run(save_report, *HOME, SET)

    with pytest.raises(NotFound):
        store.run(save_report, "office", "kitchen", replace(SET, token="b"))
    store.run(save_report, "office", "kitchen", GONE)
    store.run(save_report, "office", "kitchen", replace(SET, reported=Reported(Life.RINGING, NOW)))

    assert held(store) == [SET]
    assert held(store, "office", "kitchen") == []
    assert store.read(load_standing_rows, "office", "kitchen") == {}
    assert store.read(lives_of, "office", "a") == {}


def test_standings_go_with_their_device(store: Connection) -> None:
    store.run(save_report, *HOME, SET)
    store.run(remove_device, *HOME)

    assert held(store) == []
    with pytest.raises(NotFound):
        store.run(save_report, *HOME, SET)


@pytest.mark.parametrize(
    ("life", "shown", "expected"),
    [
        (Life.SET, (NOW + HOUR, False), True),
        (Life.STOPPED, (NOW + HOUR, False), True),
        (Life.RINGING, (NOW + HOUR, True), True),
        (Life.ABSENT, None, True),
        (Life.FAILED, None, True),
        (Life.SET, None, False),
        (Life.SET, (NOW + HOUR, True), False),
        (Life.SET, (NOW, False), False),
        (Life.RINGING, (NOW + HOUR, False), False),
        (Life.RINGING, None, False),
        (Life.UNKNOWN, None, False),
        (Life.UNKNOWN, (NOW + HOUR, False), False),
        (Life.ABSENT, (NOW + HOUR, False), False),
    ],
)
def test_a_context_tells_nothing_new_when_it_shows_what_is_believed(
    store: Connection, life: Life, shown: tuple[datetime, bool] | None, expected: bool
) -> None:
    store.run(save_report, *HOME, replace(SET, reported=replace(SET.reported, life=life)))

    row = store.read(load_standing_rows, *HOME)["a"]

    assert (is_as_shown(row, *shown) if shown else is_not_there(row)) is expected


def test_asking_for_everything_is_counted_for_each_device(store: Connection) -> None:
    store.run(ask_for_everything, *HOME)
    store.run(ask_for_everything, *HOME)
    store.run(ask_for_everything, "office", "kitchen")

    assert store.read(load_sync_seq, *HOME) == 2
    assert store.read(load_sync_seq, "home", "hall") == 0
    assert store.read(load_sync_seq, "home", "nothing") == 0
