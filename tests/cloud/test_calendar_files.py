"""Imports on a store of their own: at the same time, on many devices, and without end."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwire.cloud.accounts import show_alerts
from bellwire.cloud.assets import AssetStore
from bellwire.cloud.bus import InProcessBus
from bellwire.cloud.calendar_changes import Into, apply
from bellwire.cloud.calendar_files import CalendarFiles, Wish
from bellwire.cloud.calendars.content import CalendarError
from bellwire.cloud.calendars.importing import Result, Step, plan
from bellwire.cloud.config import Limits
from bellwire.cloud.refusal import Refusal
from bellwire.cloud.speech import Silent
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.alerts import delete_alert
from bellwire.cloud.store.calendars import list_known
from bellwire.cloud.store.devices import Device, add_device
from bellwire.cloud.store.sqlite import SqliteStore
from tests.cloud.calendars.files import NOW, calendar, entries
from tests.cloud.calendars.test_importing import DINNER, TEA, present

START = datetime(2026, 11, 25, 9, tzinfo=UTC)
WORK = Wish(name="work")
MANY = calendar(*(f"UID:{number}\nSUMMARY:x\nDTSTART:20351201T070000Z" for number in range(120)))


Scene = Callable[[SqliteStore, CalendarFiles], Awaitable[None]]


def played(folder: Path, scene: Scene, limits: Limits | None = None) -> None:
    async def play() -> None:
        store = SqliteStore(folder / "store.db")
        await store.open()
        try:
            await store.write(add_account, "home", "home", "UTC", START)
            assets = AssetStore(folder, b"secret", Silent())
            await scene(store, CalendarFiles(store, assets, InProcessBus(), limits or Limits(), lambda: START))
        finally:
            await store.close()

    asyncio.run(play())


def counts(steps: list[Step]) -> dict[str, int]:
    return dict(Counter(step.result.value for step in steps))


def test_two_imports_at_once_are_one_after_the_other(tmp_path: Path) -> None:
    async def scene(_store: SqliteStore, calendars: CalendarFiles) -> None:
        first, second = await asyncio.gather(*(calendars.imported("home", MANY, WORK) for _ in range(2)))
        assert (counts(first), counts(second)) == ({"added": 120}, {"unchanged": 120})

    played(tmp_path, scene)


def test_an_import_in_many_portions_is_whole(tmp_path: Path) -> None:
    async def scene(store: SqliteStore, calendars: CalendarFiles) -> None:
        for number in range(40):
            device = Device(f"d{number}", "speaker", "cic-ko-2022")
            await store.write(add_device, "home", device, None, START)
        steps = await calendars.imported("home", MANY, WORK)
        assert [step.line for step in steps] == sorted(step.line or 0 for step in steps)
        shown = await store.read(show_alerts, "home", None, 1000)
        assert {len(each.lives) for each in shown} == {40}
        assert {each.alert.token for each in shown} == {step.token for step in steps}
        assert counts(await calendars.removed("home", "work")) == {"removed": 120}

    played(tmp_path, scene)


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    async def scene(store: SqliteStore, calendars: CalendarFiles) -> None:
        with pytest.raises(CalendarError, match="takes more than 0 s to read; import fewer events"):
            await calendars.imported("home", MANY, WORK)
        assert await store.read(show_alerts, "home", None, 1000) == []

    played(tmp_path, scene, Limits(calendar_reading=timedelta()))


def test_who_imports_without_end_is_told_to_wait(tmp_path: Path) -> None:
    async def scene(_store: SqliteStore, calendars: CalendarFiles) -> None:
        most = Limits().imports.most
        for _ in range(most):
            await calendars.imported("home", calendar(), WORK)
        with pytest.raises(Refusal, match="try again in 10 seconds"):
            await calendars.imported("home", calendar(), WORK)

    played(tmp_path, scene)


def test_what_changes_while_an_import_is_under_way(tmp_path: Path) -> None:
    """An alert is deleted between the look and the change, and another account's worth of alerts is added."""
    into = Into(account_id="home", calendar="work", devices=None, most=1)

    async def scene(store: SqliteStore, _: CalendarFiles) -> None:
        first = plan(entries(TEA), present(), NOW)
        await store.write(apply, first, into, NOW)
        changed = plan(entries(TEA.replace("Tea", "Coffee")), present(first), NOW)
        removed = plan([], present(first), NOW)
        await store.write(delete_alert, "home", first[0].token or "")

        assert counts((await store.write(apply, changed, into, NOW)).steps) == {"added": 1}
        one_more = (await store.write(apply, plan(entries(DINNER), present(), NOW), into, NOW)).steps
        assert counts(one_more) == {"refused": 1}
        assert one_more[0].why.startswith("this account has 1 alerts")
        await store.write(delete_alert, "home", changed[0].token or "")
        assert (await store.write(apply, removed, into, NOW)).steps[0].result is Result.REMOVED
        assert await store.read(list_known, "home", "work") == {}

    played(tmp_path, scene)


def test_a_cloud_that_imports_nothing_does_not_load_what_reads_calendars() -> None:
    look = "import sys, bellwire.cloud.app; sys.exit('icalendar' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], timeout=30, check=False).returncode == 0
