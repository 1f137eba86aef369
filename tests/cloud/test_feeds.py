"""Feeds as calendar programs ask for them, without a server; the clock is the test's."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.cloud.accounts import add_alert
from bellwire.cloud.assets import AssetStore
from bellwire.cloud.auth import hash_of
from bellwire.cloud.bus import InProcessBus
from bellwire.cloud.calendar_files import CalendarFiles
from bellwire.cloud.config import Limits
from bellwire.cloud.feeds import Feeds
from bellwire.cloud.rates import Rate
from bellwire.cloud.speech import Silent
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.calendars import set_feed
from bellwire.cloud.store.sqlite import SqliteStore
from tests.cloud.call import Call

START = datetime(2026, 11, 25, 9, tzinfo=UTC)
TEA = Alert("t", Kind.REMINDER, "Tea", Schedule(datetime.fromisoformat("2026-12-01T07:00"), "UTC"), START, 1, True)
PATH = "/feeds/secret.ics"


class Programs:
    """Calendar programs that have subscribed to the feed of `home`, whose address is PATH."""

    def __init__(self, store: SqliteStore, limits: Limits, folder: Path) -> None:
        self.store = store
        self.now = START
        assets = AssetStore(folder, b"secret", Silent())
        calendars = CalendarFiles(store, assets, InProcessBus(), limits, lambda: self.now)
        self._feeds = Feeds(store, calendars, limits, lambda: self.now)

    async def asks(self, path: str = PATH, method: str = "GET", *, peer: str = "192.0.2.1", tag: str = "") -> Call:
        call = Call(method, path, {"if-none-match": tag} if tag else {})
        call.scope["client"] = (peer, "50000")
        return await call.made(self._feeds)


@asynccontextmanager
async def programs(folder: Path, limits: Limits) -> AsyncIterator[Programs]:
    store = SqliteStore(folder / "store.db")
    await store.open()
    try:
        await store.write(add_account, "home", "home", "UTC", START)
        await store.write(set_feed, "home", hash_of("secret"), START)
        await store.write(add_alert, "home", TEA, None, 9, START)
        yield Programs(store, limits, folder)
    finally:
        await store.close()


Scene = Callable[[Programs], Awaitable[None]]


def played(folder: Path, scene: Scene, limits: Limits | None = None) -> None:
    async def play() -> None:
        async with programs(folder, limits or Limits()) as there:
            await scene(there)

    asyncio.run(play())


def test_a_feed_is_a_calendar_that_a_program_asks_for_again(tmp_path: Path) -> None:
    async def scene(there: Programs) -> None:
        feed = await there.asks()
        assert feed.status == 200
        assert feed.headers["content-type"] == "text/calendar; charset=utf-8"
        assert feed.headers["cache-control"] == "private, no-cache"
        assert feed.headers["content-length"] == str(len(feed.body))
        assert b"SUMMARY:Tea" in feed.body

    played(tmp_path, scene)


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_who_has_this_version_gets_nothing(tmp_path: Path, form: str) -> None:
    async def scene(there: Programs) -> None:
        tag = (await there.asks()).headers["etag"]
        again = await there.asks(tag=form.format(tag))
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert (await there.asks(tag='"other"')).status == 200

    played(tmp_path, scene)


def test_a_new_alert_is_a_new_version(tmp_path: Path) -> None:
    async def scene(there: Programs) -> None:
        tag = (await there.asks()).headers["etag"]
        dinner = Alert("u", Kind.REMINDER, "Dinner", TEA.schedule, START, 1, everywhere=True)
        await there.store.write(add_alert, "home", dinner, None, 9, START)
        assert b"SUMMARY:Dinner" in (await there.asks(tag=tag)).body

    played(tmp_path, scene)


def test_a_look_at_the_head(tmp_path: Path) -> None:
    async def scene(there: Programs) -> None:
        head, feed = await there.asks(method="HEAD"), await there.asks()
        assert (head.status, head.body) == (200, b"")
        assert head.headers == feed.headers

    played(tmp_path, scene)


@pytest.mark.parametrize("path", ["/feeds/guess.ics", "/feeds/.ics", "/feeds/", f"/feeds/{'x' * 5000}.ics"])
def test_an_address_that_is_nobody_s(tmp_path: Path, path: str) -> None:
    async def scene(there: Programs) -> None:
        assert (await there.asks(path)).status == 404

    played(tmp_path, scene)


def test_a_feed_is_only_read(tmp_path: Path) -> None:
    async def scene(there: Programs) -> None:
        answer = await there.asks(method="PUT")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")

    played(tmp_path, scene)


def test_who_guesses_is_held_up_and_holds_up_nobody_else(tmp_path: Path) -> None:
    async def scene(there: Programs) -> None:
        guesses = [(await there.asks(f"/feeds/{number}.ics")).status for number in range(3)]
        assert guesses == [404, 404, 429]
        assert (await there.asks("/feeds/guess.ics", peer="192.0.2.2")).status == 404
        assert (await there.asks()).status == 200
        there.now += timedelta(minutes=1)
        assert (await there.asks("/feeds/guess.ics")).status == 404

    played(tmp_path, scene, Limits(feeds=Rate(2, timedelta(minutes=1))))


def test_a_program_that_asks_without_end_is_told_when_to_come_again(tmp_path: Path) -> None:
    async def scene(there: Programs) -> None:
        answers = [await there.asks() for _ in range(3)]
        assert [each.status for each in answers] == [200, 200, 429]
        assert answers[2].headers["retry-after"] == "30"

    played(tmp_path, scene, Limits(feeds=Rate(2, timedelta(minutes=1))))


def test_a_store_that_cannot_be_read_is_no_reason_to_show_the_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scene(there: Programs) -> None:
        await there.store.close()
        assert (await there.asks()).status == 503

    played(tmp_path, scene)
    assert "secret" not in "".join(capsys.readouterr())
