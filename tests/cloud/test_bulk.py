"""Many alerts at once: each by itself or all or none, and never so many in one transaction that others wait."""

import asyncio
from pathlib import Path
from typing import Any

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.cloud.bulk import MOST_IN_ONE_PIECE, PORTION, Wanted, portions, rows_of
from bellwire.cloud.store.devices import Device, add_device
from bellwire.cloud.store.errors import StoreBusy
from tests.cloud.api_desk import START, ApiDesk, api_desk
from tests.cloud.call import Call

ALERT = Alert("t", Kind.REMINDER, "tea", Schedule(START.replace(tzinfo=None), "UTC"), START, 1, everywhere=False)


async def bulk(desk: ApiDesk, *wishes: dict[str, Any], **how: Any) -> Call:
    return await desk.asks("POST", "/alerts/bulk", {"alerts": list(wishes), **how})


async def rooms(desk: ApiDesk, count: int) -> list[str]:
    names = [f"d{number}" for number in range(count)]
    for name in names:
        await desk.store.write(add_device, "home", Device(name, name, "cic-ko-2022"), None, START)
    return names


def test_one_reminder_for_every_room_each_with_its_own_label_and_time(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            devices = await rooms(desk, 300)

            call = await bulk(
                desk,
                *(
                    {"label": f"Breakfast in {device}", "at": f"07:{number % 60:02}", "devices": [device]}
                    for number, device in enumerate(devices)
                ),
            )

            assert call.status == 200
            assert (call.json["added"], call.json["refused"]) == (300, 0)
            shown = (await desk.asks("GET", f"/alerts/{call.json['results'][65]['token']}")).json
            assert (shown["label"], shown["devices"]) == ("Breakfast in d65", {"d65": "unknown"})
            assert shown["scheduled_time"] == call.json["results"][65]["scheduled_time"] == "2026-11-20T22:05:00Z"

    asyncio.run(scene())


def test_a_kind_that_there_is_not_is_told_which_there_are(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            call = await bulk(desk, {"at": "07:00"}, {"at": "07:00", "kind": "alarm"})
            assert call.status == 422
            assert "alerts[1].kind: Invalid enum value 'alarm', it is none of ALARM, TIMER" in call.json["detail"]

    asyncio.run(scene())


def test_each_is_added_or_refused_by_itself(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path, alerts=3) as desk:
            await rooms(desk, 2)

            call = await bulk(
                desk,
                {"at": "07:00"},
                {"at": "noon"},
                {"at": "07:00", "devices": ["nobody", "d0"]},
                {"in": "1h", "devices": ["d0", "d0"]},
                {"at": "07:00", "label": "x" * 1025},
                {"at": "07:00", "every": "daily", "devices": ["d1"]},
                {"at": "07:00"},
            )

            results = call.json["results"]
            assert [result["status"] for result in results] == [201, 422, 422, 201, 422, 201, 422]
            assert (call.json["added"], call.json["refused"]) == (3, 4)
            assert "is not a time" in results[1]["detail"]
            assert results[2]["detail"] == "this account has no device nobody"
            assert "1025 characters" in results[4]["detail"]
            assert "bellwire cloud --limit alerts=6" in results[6]["detail"]
            alerts = {alert["token"]: alert for alert in (await desk.asks("GET", "/alerts")).json["alerts"]}
            assert alerts.keys() == {result["token"] for result in results if result["status"] == 201}
            assert alerts[results[0]["token"]]["devices"] == {"d0": "unknown", "d1": "unknown"}
            assert alerts[results[3]["token"]]["devices"] == {"d0": "unknown"}

    asyncio.run(scene())


def test_all_or_none(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path, alerts=3) as desk:
            good, bad, lost = {"at": "07:00"}, {"at": "noon"}, {"at": "07:00", "devices": ["nobody"]}
            for wishes, told in (
                ([good, bad], "alerts[1]: 'noon' is not a time"),
                ([lost, good], "alerts[0]: this account has no device nobody"),
                ([good] * 4, "alerts[3]: this account has 3 alerts"),
                ([bad] * 5, "and 2 more"),
            ):
                call = await bulk(desk, *wishes, all_or_nothing=True)
                assert call.status == 422
                assert call.json["detail"].startswith("nothing was added")
                assert told in call.json["detail"]
            assert (await desk.asks("GET", "/alerts")).json["alerts"] == []

            assert (await bulk(desk, good, good, good, all_or_nothing=True)).json["added"] == 3

    asyncio.run(scene())


def test_what_would_hold_others_up_is_not_written_in_one_piece(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            await rooms(desk, 10)
            wishes = [{"at": "07:00"}] * (MOST_IN_ONE_PIECE // 10)

            call = await bulk(desk, *wishes, all_or_nothing=True)

            assert call.status == 422
            assert "leave all_or_nothing out" in call.json["detail"]
            assert (await bulk(desk, *wishes)).json["added"] == len(wishes)

    asyncio.run(scene())


def test_when_too_much_waits_the_rest_is_told_so(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            write, written = desk.services.store.write, []

            async def sometimes(function: Any, *args: Any, **kwargs: Any) -> Any:
                written.append(function)
                if len(written) == 2:
                    raise StoreBusy("4096 transactions are waiting already")
                return await write(function, *args, **kwargs)

            desk.services.store.write = sometimes  # type: ignore[method-assign]
            call = await bulk(desk, *[{"at": "07:00"}] * (PORTION * 3))

            statuses = [result["status"] for result in call.json["results"]]
            assert statuses == [201] * PORTION + [503] * PORTION + [201] * PORTION
            assert "send this one again" in call.json["results"][PORTION]["detail"]

    asyncio.run(scene())


def test_many_come_with_a_key_too(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            wishes = {"alerts": [{"at": "07:00"}] * (PORTION + 1)}
            first = await desk.asks("POST", "/alerts/bulk", wishes, idempotency_key="k")
            again = await desk.asks("POST", "/alerts/bulk", wishes, idempotency_key="k")

            assert (first.json["added"], again.json) == (PORTION + 1, first.json)
            assert again.headers["idempotent-replayed"] == "true"

    asyncio.run(scene())


def test_a_request_of_none_or_too_many_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            for wishes in ([], [{"at": "07:00"}] * 1001, [{"at": 7}], [{"at": "07:00", "colour": "red"}]):
                assert (await bulk(desk, *wishes)).status == 422
            assert (await bulk(desk, {"label": "x" * 2_100_000, "at": "07:00"})).status == 413
            assert (await bulk(desk, {"label": "x" * 500_000, "at": "07:00"})).json["refused"] == 1

    asyncio.run(scene())


def test_portions_are_in_order_and_short() -> None:
    wanted = [Wanted(number, ALERT, ["d"] * (number % 40)) for number in range(500)]

    parts = list(portions(wanted, everywhere=0))

    assert [each for part in parts for each in part] == wanted
    assert all(sum(rows_of(each, 0) for each in part) <= PORTION for part in parts)
    assert list(portions([Wanted(0, ALERT, None)] * 2, everywhere=PORTION)) == [[Wanted(0, ALERT, None)]] * 2
    assert rows_of(Wanted(0, ALERT, None), everywhere=7) == 8


def test_alerts_that_follow_their_account_do_so_some_at_a_time(tmp_path: Path) -> None:
    async def scene() -> None:
        async with api_desk(tmp_path) as desk:
            await rooms(desk, 20)
            await bulk(desk, *({"kind": "ALARM", "at": f"07:{minute:02}", "every": "daily"} for minute in range(9)))
            written = transactions_of(desk)

            moved = await desk.asks("PATCH", "/account", {"timezone": "Asia/Kolkata"})

            assert moved.json["timezone"] == "Asia/Kolkata"
            assert len(written) == 6  # the account, and two alerts at a time
            shown = (await desk.asks("GET", "/alerts")).json["alerts"]
            assert {each["timezone"] for each in shown} == {"Asia/Kolkata"}
            assert [each["scheduled_time"][11:16] for each in shown] == [f"01:{30 + minute}" for minute in range(9)]

            written.clear()
            assert (await desk.asks("PATCH", "/account", {"timezone": "UTC"}, if_match='"another"')).status == 412
            assert (await desk.asks("GET", "/account")).json["timezone"] == "Asia/Kolkata"

    asyncio.run(scene())


def transactions_of(desk: ApiDesk) -> list[str]:
    """Those that are performed from now on, by their names."""
    written: list[str] = []
    write = desk.store.write

    async def noted(function: Any, *args: Any, **kwargs: Any) -> Any:
        written.append(function.__name__)
        return await write(function, *args, **kwargs)

    desk.store.write = noted  # type: ignore[method-assign]
    return written
