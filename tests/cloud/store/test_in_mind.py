import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import insert

from bellwire.alerts.alert import Alert, Kind, OwnConduct, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.standing import Desired, Reported, Standing
from bellwire.cloud.store import in_mind
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.alerts import delete_alert, insert_alert, load_alert, load_conducted, move_alert, update_alert
from bellwire.cloud.store.commands import Row, add_command
from bellwire.cloud.store.conducts import save_conduct
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.desires import add_standings, desire, remove_standings, silence, undesire
from bellwire.cloud.store.devices import Device, add_device, remove_device
from bellwire.cloud.store.errors import NotFound
from bellwire.cloud.store.in_mind import InMind, UnknownError
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import MEMORY, connect, open_now
from bellwire.cloud.store.schema import alerts, standings
from bellwire.cloud.store.standings import ask_for_everything, load_standing_rows, look, save_report
from bellwire.cloud.store.transaction import Statement, Transaction
from tests.cloud.store.opened import attempt_all

NOW = from_ms(1_795_000_000_000)
HOMES = [("home", "kitchen"), ("home", "hall"), ("office", "desk"), ("office", "kitchen")]
"""Devices by account; the last one is not that account's."""
TOKENS = ["a", "b"]
FAIL_ALL = Statement(
    sa.update(standings)
    .where(standings.c.account_id == sa.bindparam("account_id"))
    .values(failures=standings.c.failures + 1),
    "a change that tells of no device",
)
FAIL_SOME = Statement(
    sa.update(standings)
    .where(standings.c.token == sa.bindparam("of_token"))
    .values(failures=standings.c.failures + 1)
    .returning(standings.c.device_id),
    "a change that tells of devices, of any account",
)


class Undone(Exception):
    """What a transaction raises in these tests."""


def change(statement: Statement, **args: Any) -> Transaction[None]:
    yield statement, args


def then_fail(transaction: Callable[[], Transaction[Any]]) -> Transaction[None]:
    yield from transaction()
    raise Undone


def add(account_id: str, device_id: str) -> Transaction[None]:
    yield from add_device(account_id, Device(device_id, device_id, "p"), None, NOW)


def report(account_id: str, device_id: str, standing: Standing, *, again: bool) -> Transaction[None]:
    """As an event does it: it has seen whether there is a row."""
    rows = yield from load_standing_rows(account_id, device_id)
    if again == (standing.token in rows):
        yield from save_report(account_id, device_id, standing, has_row=again)


def alarm(token: str, label: str = "") -> Alert:
    return Alert(token, Kind.ALARM, label, Schedule(NOW.replace(tzinfo=None), "UTC"), NOW, 1, everywhere=False)


def put_alert(account_id: str, alert: Alert) -> Transaction[None]:
    if (yield from load_conducted(account_id, alert.token)) is None:
        yield from insert_alert(account_id, alert, NOW)
    else:
        yield from update_alert(account_id, alert, NOW)


instants = st.sampled_from([NOW, NOW + timedelta(hours=1)])
desires = st.none() | st.builds(Desired, instants, st.integers(1, 2))
reports = st.builds(
    Reported,
    st.sampled_from([Life.ABSENT, Life.SET, Life.RINGING, Life.STOPPED, Life.FAILED]),
    instants,
    st.none() | instants,
    st.none() | st.integers(1, 2),
    st.integers(0, 2),
)
tokens = st.sampled_from(TOKENS)
homes = st.sampled_from(HOMES[:3] * 5 + HOMES[3:])
accounts = st.sampled_from(["home", "office"])
changes = st.one_of(
    st.builds(
        lambda home, token, desired, reported, again: partial(
            report, home[0], home[1], Standing(token, Kind.ALARM, desired, reported), again=again
        ),
        homes,
        tokens,
        desires,
        reports,
        st.booleans(),
    ),
    st.builds(partial, st.just(desire), accounts, tokens, desires, st.none() | instants),
    st.builds(partial, st.just(undesire), accounts, tokens),
    st.builds(partial, st.just(silence), accounts, tokens, instants),
    st.builds(lambda how, home: partial(how, *home), st.sampled_from([remove_device, add]), homes),
    st.builds(lambda account_id: partial(change, FAIL_ALL, account_id=account_id), accounts),
    st.builds(lambda token: partial(change, FAIL_SOME, of_token=token), tokens),
    st.builds(lambda home, token: partial(add_standings, home[0], alarm(token), [home[1]], NOW), homes, tokens),
    st.builds(lambda home, token: partial(remove_standings, home[0], token, [home[1]]), homes, tokens),
    st.builds(partial, st.just(move_alert), accounts, tokens, instants),
    st.builds(lambda account, token, label: partial(put_alert, account, alarm(token, label)), accounts, tokens, tokens),
    st.builds(partial, st.just(delete_alert), accounts, tokens),
    st.builds(lambda account: partial(save_conduct, account, OwnConduct(stop_everywhere=False)), accounts),
    st.builds(lambda home: partial(ask_for_everything, *home), homes),
    st.builds(
        lambda home: partial(add_command, home[0], home[1], Row("Alerts.SetVolume", "{}", NOW, NOW), (), 10), homes
    ),
)
transactions = st.one_of(*[changes] * 7, changes.map(lambda begin: partial(then_fail, begin)))


@pytest.fixture(scope="module")
def template() -> Iterator[sqlite3.Connection]:
    """A store with the devices, and each token on each; to copy it costs less than to make another."""
    with closing(connect(MEMORY)) as raw:
        connection = Connection(raw)
        for account_id in ("home", "office"):
            connection.run(add_account, account_id, account_id, "UTC", NOW)
        for account_id, device_id in HOMES[:3]:
            connection.run(add, account_id, device_id)
            for token in TOKENS:
                connection.run(save_report, account_id, device_id, standing(token, Life.SET))
        for account_id, token in (("home", "a"), ("office", "b")):
            connection.run(insert_alert, account_id, alarm(token), NOW)
        yield raw


def copied(template: sqlite3.Connection, in_mind: InMind | None) -> Connection:
    raw = sqlite3.connect(MEMORY, isolation_level=None)
    template.backup(raw)
    raw.execute("PRAGMA foreign_keys = ON")
    return Connection(raw, in_mind)


def everything() -> Transaction[list[Any]]:
    found: list[Any] = []
    for home in HOMES:
        rows = yield from load_standing_rows(*home)
        found.append({token: tuple(row) for token, row in rows.items()})
    for account_id in ("home", "office"):
        for token in TOKENS:
            conducted = yield from load_conducted(account_id, token)
            found.append(conducted)
    return found


def what_to_say(account_id: str, device_id: str) -> Transaction[list[Any]]:
    """What a look of a device finds, with the alerts."""
    marks, unsettled = yield from look(account_id, device_id)
    found: list[Any] = [marks, unsettled]
    for standing in unsettled:
        alert = yield from load_alert(account_id, standing.token)
        found.append(alert)
    return found


@settings(deadline=None, max_examples=120)
@given(st.lists(st.lists(transactions, max_size=4), max_size=5))
def test_what_is_in_mind_is_what_the_rows_are(
    template: sqlite3.Connection, batches: list[list[Callable[[], Transaction[Any]]]]
) -> None:
    with closing(copied(template, InMind())) as mindful, closing(copied(template, None)) as forgetful:
        for batch in [[], *batches]:
            results = []
            for connection in (mindful, forgetful):
                with connection.transaction():
                    outcomes = attempt_all(connection, batch)
                    seen, _ = connection.attempt(everything())
                results.append(([(result, type(error)) for result, error in outcomes], seen))
            assert results[0] == results[1]


@settings(deadline=None, max_examples=120)
@given(st.lists(st.tuples(st.lists(transactions, max_size=4), st.booleans()), max_size=6))
def test_whoever_only_reads_is_told_what_was_committed_and_nothing_else(
    template: sqlite3.Connection, batches: list[tuple[list[Callable[[], Transaction[Any]]], bool]]
) -> None:
    mind = InMind()
    with closing(copied(template, mind)) as writer:
        reader = Connection(writer._raw, overheard=mind.note_read_of)

        def tells(home: tuple[str, str], what: list[Any]) -> None:
            with suppress(UnknownError):
                assert mind.committed.perform(what_to_say(*home)) == what

        for batch, fails in [([everything], False), *batches]:
            before = [reader.read(what_to_say, *home) for home in HOMES[:3]]
            with suppress(Undone), writer.transaction():
                attempt_all(writer, batch)
                for home, what in zip(HOMES[:3], before, strict=True):
                    tells(home, what)
                if fails:
                    raise Undone
            if not fails:
                mind.commit()
            for home in HOMES[:3]:
                tells(home, reader.read(what_to_say, *home))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with open_now(tmp_path / "store.db") as store:
        store.run(add_account, "home", "home", "UTC", NOW)
        store.run(add_device, "home", Device("kitchen", "kitchen", "p"), None, NOW)
        store.run(save_report, *HOMES[0], standing("a", Life.SET))
    return tmp_path / "store.db"


@pytest.fixture
def mindful(path: Path) -> Iterator[Connection]:
    with closing(Connection(connect(path), InMind())) as connection:
        yield connection


def standing(token: str, life: Life) -> Standing:
    return Standing(token, Kind.ALARM, None, Reported(life, NOW, NOW))


def lives(connection: Connection) -> dict[str, str]:
    return {token: row.reported for token, row in connection.run(load_standing_rows, *HOMES[0]).items()}


def test_what_another_process_wrote_is_seen(path: Path, mindful: Connection) -> None:
    assert lives(mindful) == {"a": "set"}
    with open_now(path) as other:
        other.run(save_report, *HOMES[0], standing("a", Life.RINGING))
    assert mindful.read(load_standing_rows, *HOMES[0])["a"].reported == "ringing"
    assert lives(mindful) == {"a": "ringing"}


def test_what_was_undone_is_not_believed(mindful: Connection) -> None:
    with suppress(Undone), mindful.transaction():
        mindful.attempt(save_report(*HOMES[0], standing("a", Life.RINGING)))
        assert mindful.attempt(load_standing_rows(*HOMES[0]))[0]["a"].reported == "ringing"  # type: ignore[index]
        raise Undone
    assert lives(mindful) == {"a": "set"}


def test_a_statement_that_is_refused_changes_nothing(mindful: Connection) -> None:
    assert lives(mindful) == {"a": "set"}
    with pytest.raises(NotFound):
        mindful.run(save_report, "office", "kitchen", standing("b", Life.SET))
    assert lives(mindful) == {"a": "set"}


def test_rows_that_a_transaction_holds_do_not_change_under_it(mindful: Connection) -> None:
    def holding() -> Transaction[tuple[str, list[str]]]:
        rows = yield from load_standing_rows(*HOMES[0])
        for token in ("a", "b"):
            yield from save_report(*HOMES[0], standing(token, Life.RINGING))
        return rows["a"].reported, list(rows)

    assert mindful.run(holding) == ("set", ["a"])
    assert lives(mindful) == {"a": "ringing", "b": "ringing"}


def test_the_same_rows_are_not_read_twice(mindful: Connection) -> None:
    read: list[str] = []
    lives(mindful)
    mindful._raw.set_trace_callback(read.append)
    assert lives(mindful) == {"a": "set"}
    mindful.run(save_report, *HOMES[0], standing("a", Life.RINGING))
    assert lives(mindful) == {"a": "ringing"}
    assert [sql for sql in read if "SELECT" in sql] == []


def test_there_is_an_end_to_what_is_kept_in_mind(monkeypatch: pytest.MonkeyPatch, mindful: Connection) -> None:
    monkeypatch.setattr(in_mind, "_MOST", 2)
    for token in "bcd":
        mindful.run(save_report, *HOMES[0], standing(token, Life.SET))
        assert lives(mindful) == {each: "set" for each in "abcd" if each <= token}


def test_what_is_to_be_said_after_a_change_is_not_read_from_the_file(path: Path) -> None:
    mind = InMind()
    with closing(Connection(connect(path), mind)) as writer, closing(connect(path)) as raw:
        reader = Connection(raw, overheard=mind.note_read_of)
        with pytest.raises(UnknownError):
            mind.committed.perform(look(*HOMES[0]))
        writer.run(load_standing_rows, *HOMES[0])
        mind.commit()
        marks, standings = reader.read(look, *HOMES[0])
        assert mind.committed.perform(look(*HOMES[0])) == (marks, standings)
        writer.run(ask_for_everything, *HOMES[0])
        mind.commit()
        with pytest.raises(UnknownError):
            mind.committed.perform(look(*HOMES[0]))


def test_what_is_new_is_not_in_mind_and_what_may_be_changed_is_forgotten() -> None:
    new = insert(alerts).values(account_id=sa.bindparam("account_id"), token=sa.bindparam("token"), label="new")
    changed = new.on_conflict_do_update(index_elements=["account_id", "token"], set_={"label": "new"})
    mind = InMind()
    assert mind.note_of(Statement(new, "a new alert")) is None
    assert mind.note_of(Statement(changed, "an alert, new or not")) == mind.forget_alert
