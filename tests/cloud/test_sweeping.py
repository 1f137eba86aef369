"""What nobody reported over, ended beside everything else that the store does."""

import asyncio
import sqlite3
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from structlog.testing import capture_logs

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.cloud import accounts
from bellwire.cloud.authority import Authority
from bellwire.cloud.bus import InProcessBus
from bellwire.cloud.config import Limits
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.devices import Device, add_device
from bellwire.cloud.store.instants import to_ms
from bellwire.cloud.store.opening import open_now
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.cloud.sweeping import end_overdue, sweep
from tests.cloud.conversation import START, at

PAST_DUE = timedelta(minutes=30)


def missed(path: Path, *tokens: str) -> None:
    """An account whose speaker should have rung these at 07:00."""
    with open_now(path) as rows:
        rows.run(add_account, "home", "home", "UTC", START)
        rows.run(add_device, "home", Device("kitchen", "kitchen", "cic-ko-2022"), None, START)
        for token in tokens:
            schedule = Schedule(at("07:00").replace(tzinfo=None), "UTC", "FREQ=DAILY")
            alert = Alert(token, Kind.ALARM, "", schedule, at("07:00"), 1, everywhere=True)
            rows.run(accounts.add_alert, "home", alert, None, 100, START)


def sweeps(path: Path) -> tuple[list[int], list[str]]:
    """How many are ended, look by look, and which devices are to be told something."""

    async def swept() -> tuple[list[int], list[str]]:
        store, bus = SqliteStore(path), InProcessBus()
        told: list[str] = []
        bus.listen(told.append)
        await store.open()
        try:
            return [await end_overdue(store, bus, PAST_DUE, lambda: at("08:00")) for _ in range(2)], told
        finally:
            await store.close()

    return asyncio.run(swept())


def test_what_is_overdue_is_ended_and_its_devices_are_told(tmp_path: Path) -> None:
    missed(tmp_path / "store.db", "a", "b", "c")
    assert sweeps(tmp_path / "store.db") == ([3, 0], ["kitchen"] * 3)


def test_one_that_cannot_be_ended_holds_up_no_other(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    missed(path, "a", "b", "c")
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alerts SET schedule = '{}' WHERE token = 'b'")
    raw.close()

    with capture_logs() as logged:
        assert sweeps(path) == ([2, 0], ["kitchen"] * 2)

    assert {line["token"] for line in logged} == {"b"}


def test_a_sweep_that_fails_is_not_the_last(tmp_path: Path) -> None:
    path, paused = tmp_path / "store.db", 0

    def puts(milliseconds: int) -> None:
        with sqlite3.connect(path) as raw:
            raw.execute("UPDATE alerts SET scheduled_ms = ?", [milliseconds])
        raw.close()

    async def pause() -> None:
        nonlocal paused
        paused += 1
        if paused == 1:
            puts(to_ms(at("07:00")))
        else:
            raise asyncio.CancelledError

    async def main() -> list[str]:
        store, bus = SqliteStore(path), InProcessBus()
        told: list[str] = []
        bus.listen(told.append)
        await store.open()
        authority = Authority(
            store=store,
            hang_up=told.append,
            terms=None,
            access_lasts=timedelta(days=1),
            limits=Limits(),
            by_address=True,
            clock=lambda: at("08:00"),
        )
        try:
            with suppress(asyncio.CancelledError):
                await sweep(store, bus, authority, PAST_DUE, lambda: at("08:00"), pause=pause)
        finally:
            await store.close()
        return told

    missed(path, "a")
    puts(-(10**16))  # a time of no year that there is
    with capture_logs() as log:
        assert asyncio.run(main()) == ["kitchen"]
    assert [line["event"] for line in log] == ["what is over could not be put away"]
