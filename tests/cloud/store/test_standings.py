from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.reconcile import Patience, is_settled, reconcile
from bellwire.alerts.standing import Desired, Reported, Standing
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, add_device
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import MEMORY, open_now
from bellwire.cloud.store.standings import (
    add_standings,
    desire,
    load_standing_rows,
    load_standings,
    load_unsettled,
    save_report,
    silence,
    standing_of,
)
from bellwire.cloud.store.transaction import Transaction

NOW = from_ms(1_795_000_000_000)
TIMES = st.sampled_from([NOW, NOW + timedelta(hours=1)])
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


@pytest.fixture(scope="module")
def store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        connection.run(add_account, "a", "home", "UTC", NOW)
        connection.run(add_device, "a", Device("d", "kitchen", "p"), bytes(32), NOW)
        yield connection


def kept(standing: Standing) -> Transaction[tuple[list[Standing], list[Standing]]]:
    """The standing as it is read, and as it is read when only the unsettled are; it is gone afterwards."""
    yield from save_report("a", "d", standing)
    read = (yield from load_standings("a", "d")), (yield from load_unsettled("a", "d"))
    yield from save_report("a", "d", replace(standing, desired=None, reported=Reported(Life.ABSENT, NOW)))
    return read


@settings(max_examples=200, deadline=None)
@given(standing=standings)
def test_what_is_unsettled_is_the_same_in_sql_and_in_python(store: Connection, standing: Standing) -> None:
    everything, unsettled = store.run(kept, standing)

    if standing.desired is None and standing.reported.life is Life.ABSENT:
        assert everything == unsettled == []
    else:
        assert everything == [standing]
        assert unsettled == ([] if is_settled(standing) else [standing])


@given(standings)
def test_there_is_nothing_to_say_of_what_is_settled(standing: Standing) -> None:
    if is_settled(standing):
        assert reconcile([standing], {}, NOW, patience=Patience()).say == ()


def test_a_report_does_not_reach_a_row_of_another_account() -> None:
    alert = Alert("t", Kind.ALARM, "", Schedule(NOW.replace(tzinfo=None), "UTC"), NOW, 1, everywhere=True)
    with open_now(MEMORY) as store:
        for account in ("a", "b"):
            store.run(add_account, account, account, "UTC", NOW)
        store.run(add_device, "a", Device("d", "kitchen", "p"), bytes(32), NOW)
        store.run(add_standings, "a", alert, ["d"], NOW)

        store.run(save_report, "b", "d", Standing("t", Kind.ALARM, None, Reported(Life.RINGING, NOW)))
        store.run(desire, "b", "t", None)
        store.run(silence, "b", "t", NOW)

        row = store.read(load_standing_rows, "a", "d")["t"]
        assert standing_of(row) == Standing("t", Kind.ALARM, Desired(NOW, 1), Reported(Life.UNKNOWN, NOW))
        assert store.read(load_standing_rows, "b", "d") == {}
