"""Who is told of which changes, without a wire: two accounts, a store, and listeners that take what they are given."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bellwire.cloud import change_feed
from bellwire.cloud.auth import hash_of
from bellwire.cloud.change_feed import Listener
from bellwire.cloud.change_view import ChangeView, event, mark, place_of
from bellwire.cloud.refusal import Refusal
from bellwire.cloud.store.accounts import add_account_token
from bellwire.cloud.store.changes import PORTION, add_change
from bellwire.cloud.store.devices import Device, add_device, remove_device
from bellwire.cloud.store.transaction import Transaction
from tests.cloud.api_desk import START, ApiDesk, api_desk


async def heard(listener: Listener, count: int) -> list[tuple[str, str | None]]:
    """What a listener is told, when there is so much."""
    told: list[tuple[str, str | None]] = []
    while len(told) < count:
        await listener.stirred.wait()
        listener.stirred.clear()
        told += [(change.what, change.device_id) for change in listener.heard()]
    return told


async def add(desk: ApiDesk, account_id: str, *device_ids: str) -> None:
    for device_id in device_ids:
        await desk.store.write(add_device, account_id, Device(device_id, "x", "cic-ko-2022"), None, START)


def test_each_listener_is_told_of_its_own_account_and_of_what_concerns_all(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk, desk.changes.listening("home") as home:
            await add(desk, "home", "before")
            async with desk.changes.listening("office") as office:
                await add(desk, "home", "h")
                await add(desk, "office", "o")
                await desk.store.write(add_change, "cloud.started", START)

                assert await heard(home, 3) == [
                    ("device.added", "before"),
                    ("device.added", "h"),
                    ("cloud.started", None),
                ]
                assert (await heard(office, 2))[-2:] == [("device.added", "o"), ("cloud.started", None)]

    asyncio.run(scene())


def test_nobody_looks_while_nobody_listens(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            before = len(asyncio.all_tasks())
            async with desk.changes.listening("home"):
                assert len(asyncio.all_tasks()) == before + 1
            await asyncio.sleep(0)
            assert len(asyncio.all_tasks()) == before

    asyncio.run(scene())


def test_what_was_missed_is_told_in_portions(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            last = (await desk.changes.kept()).newest
            await desk.store.write(_start_again, PORTION + 5)
            await add(desk, "office", "o")
            await add(desk, "home", "h")
            until = (await desk.changes.kept()).newest

            missed = [change.what async for change in desk.changes.between("home", last, until)]

            assert missed == [*["cloud.started"] * (PORTION + 5), "device.added"]
            assert [change async for change in desk.changes.between("home", until, until)] == []

    asyncio.run(scene())


def _start_again(often: int) -> Transaction[None]:
    for _ in range(often):
        yield from add_change("cloud.started", START)


def test_one_that_takes_nothing_is_given_up_and_holds_no_more_than_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_feed, "MOST_WAITING", 3)

    async def scene() -> None:
        async with api_desk(tmp_path) as desk, desk.changes.listening("home") as listener:
            await add(desk, "home", *"abcdefgh")
            while not listener.is_behind:
                await listener.stirred.wait()
                await asyncio.sleep(0)
            assert len(listener.heard()) == 4

    asyncio.run(scene())


def test_so_many_listen_and_no_more_until_one_leaves(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path, listeners=1) as desk:
            async with desk.changes.listening("home"):
                with pytest.raises(Refusal, match=r"1 listen to this account already.*--limit listeners=2"):
                    async with desk.changes.listening("home"):
                        pytest.fail("there were two")
                async with desk.changes.listening("office"):
                    pass
            async with desk.changes.listening("home"):
                pass

    asyncio.run(scene())


def test_at_the_end_all_are_told_and_nobody_comes_any_more(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:

            async def listen() -> None:
                async with desk.changes.listening("home") as listener:
                    await listener.stirred.wait()
                    assert listener.ending

            listening = asyncio.create_task(listen())
            await asyncio.sleep(0)
            await desk.changes.close()
            await listening
            with pytest.raises(Refusal, match="shutting down"):
                async with desk.changes.listening("home"):
                    pytest.fail("it listens")

    asyncio.run(scene())


def test_a_stream_ends_with_the_right_to_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path, sign_of_life=timedelta(milliseconds=5)) as desk:
            expires = START + timedelta(hours=1)
            await desk.store.write(add_account_token, "home", hash_of("short"), expires, START)
            call = desk.call("GET", "/changes", token="short")
            made = asyncio.create_task(call.made(desk.app))
            await call.has_body.wait()
            desk.waits(3601)
            await made

            assert (call.status, call.sent[-1].get("more_body", False)) == (200, False)

    asyncio.run(scene())


def test_what_is_gone_by_now_is_told_without_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            await add(desk, "home", "h")
            await desk.store.write(remove_device, "home", "h")
            call = desk.call("GET", "/changes", last_event_id="0")
            made = asyncio.create_task(call.made(desk.app))
            while b"removed" not in call.body:
                call.has_body.clear()
                await call.has_body.wait()
            call.left.set()
            await made

            assert b'"device":' not in call.body
            assert call.body.count(b'"device_id":"h"') == 2

    asyncio.run(scene())


def test_the_form_of_events() -> None:
    view = ChangeView(at=START, token="t")

    assert event("alert.deleted", view, 7) == (
        b'id: 7\nevent: alert.deleted\ndata: {"at":"2026-11-20T06:00:00Z","token":"t"}\n\n'
    )
    assert mark(7) == b"id: 7\n\n"


def test_a_place_is_good_as_long_as_all_after_it_is_kept() -> None:
    assert [place_of(text, newest=9, before=5) for text in ("4", "5", "7", "9", "10")] == [None, 5, 7, 9, None]
    assert [place_of(text, newest=9, before=0) for text in ("", "x", "-1", "٣", "9" * 30)] == [None] * 5


def test_a_look_that_fails_is_not_the_last(tmp_path: Path) -> None:
    def writes(sql: str) -> None:
        with sqlite3.connect(tmp_path / "store.db") as raw:
            raw.execute(sql)
        raw.close()

    async def scene() -> list[tuple[str, str | None]]:
        async with asyncio.timeout(20), api_desk(tmp_path) as desk, desk.changes.listening("home") as home:
            writes(f"INSERT INTO changes (what, at_ms) VALUES ('cloud.started', {10**16})")  # of no year that there is
            while not log:  # noqa: ASYNC110 - nobody sets an event when a line is logged
                await asyncio.sleep(0.01)
            writes(f"DELETE FROM changes WHERE at_ms = {10**16}")
            await add(desk, "home", "h")
            return await heard(home, 1)

    with capture_logs() as log:
        assert asyncio.run(scene()) == [("device.added", "h")]
    assert log[0]["event"] == "changes could not be looked up"
