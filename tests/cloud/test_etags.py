"""Requests on conditions: what was not seen is not changed, and what was seen is not sent again."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from bellwire.alerts.lifecycle import Life
from bellwire.alerts.standing import Standing
from bellwire.cloud.etags import tag_of, tags_in
from bellwire.cloud.occurrences import end_occurrence
from bellwire.cloud.store.devices import Device, add_device
from bellwire.cloud.store.standings import load_standings, save_report
from tests.cloud.api_desk import START, ApiDesk, api_desk
from tests.cloud.call import Call

Scene = Callable[[ApiDesk], Awaitable[None]]


@pytest.fixture
def plays(tmp_path: Path) -> Callable[[Scene], None]:
    def play(scene: Scene) -> None:
        async def whole() -> None:
            async with api_desk(tmp_path) as desk:
                await scene(desk)

        asyncio.run(whole())

    return play


def refused(call: Call) -> str:
    assert call.status == 412, call.body
    assert call.headers["content-type"] == "application/problem+json"
    detail: str = call.json["detail"]
    return detail


def test_an_edit_of_what_was_read_is_made_and_of_what_was_changed_since_it_is_not(
    plays: Callable[[Scene], None],
) -> None:
    async def scene(desk: ApiDesk) -> None:
        token = await desk.adds(label="tea")
        seen = (await desk.asks("GET", f"/alerts/{token}")).headers["etag"]

        mine = await desk.asks("PATCH", f"/alerts/{token}", {"label": "coffee"}, if_match=seen)
        late = await desk.asks("PATCH", f"/alerts/{token}", {"label": "water"}, if_match=seen)

        assert mine.status == 200
        assert mine.headers["etag"] != seen
        assert "read it again" in refused(late)
        assert (await desk.asks("GET", f"/alerts/{token}")).json["label"] == "coffee"
        again = await desk.asks("PATCH", f"/alerts/{token}", {"label": "water"}, if_match=mine.headers["etag"])
        assert again.status == 200

    plays(scene)


def test_of_two_edits_at_once_one_is_made(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        token = await desk.adds()
        seen = (await desk.asks("GET", f"/alerts/{token}")).headers["etag"]

        calls = await asyncio.gather(
            *(desk.asks("PATCH", f"/alerts/{token}", {"label": str(each)}, if_match=seen) for each in range(9))
        )

        assert sorted(call.status for call in calls) == [200, *[412] * 8]

    plays(scene)


def test_every_step_of_an_alert_and_its_deletion_can_have_a_condition(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        token = await desk.adds(every="daily")
        old = (await desk.asks("GET", f"/alerts/{token}")).headers["etag"]
        skipped = await desk.asks("POST", f"/alerts/{token}/skip", if_match=old)

        for method, path in (("POST", "/skip"), ("POST", "/pause"), ("POST", "/resume"), ("DELETE", "")):
            refused(await desk.asks(method, f"/alerts/{token}{path}", if_match=old))
        assert (await desk.asks("GET", f"/alerts/{token}")).json["paused"] is False
        deleted = await desk.asks("DELETE", f"/alerts/{token}", if_match=skipped.headers["etag"])
        assert deleted.status == 204
        assert (await desk.asks("DELETE", f"/alerts/{token}", if_match="*")).status == 404

    plays(scene)


def test_what_a_speaker_says_of_an_alert_is_news_but_no_reason_to_refuse_an_edit(
    plays: Callable[[Scene], None],
) -> None:
    async def scene(desk: ApiDesk) -> None:
        await desk.store.write(add_device, "home", Device("d", "kitchen", "cic-ko-2022"), None, START)
        token = await desk.adds(every="daily")
        seen = (await desk.asks("GET", f"/alerts/{token}")).headers["etag"]
        (standing,) = await desk.store.read(load_standings, "home", "d")
        await desk.store.write(save_report, "home", "d", _ringing(standing))

        assert (await desk.asks("GET", f"/alerts/{token}", if_none_match=seen)).status == 200
        assert (await desk.asks("PATCH", f"/alerts/{token}", {"label": "x"}, if_match=seen)).status == 200

    plays(scene)


def _ringing(standing: Standing) -> Standing:
    return replace(standing, reported=replace(standing.reported, life=Life.RINGING))


def test_an_alert_that_went_on_to_its_next_occurrence_is_another_one(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        token = await desk.adds(every="daily")
        shown = await desk.asks("GET", f"/alerts/{token}")
        occurrence = START.fromisoformat(shown.json["scheduled_time"])
        await desk.store.write(end_occurrence, "home", token, occurrence, occurrence)

        refused(await desk.asks("POST", f"/alerts/{token}/skip", if_match=shown.headers["etag"]))

    plays(scene)


def test_a_device_and_the_account_are_edited_on_conditions_too(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        await desk.store.write(add_device, "home", Device("d", "kitchen", "cic-ko-2022"), None, START)
        for path, first, second in (
            ("/devices/d", {"name": "bath"}, {"name": "hall"}),
            ("/account", {"country": "KR"}, {"language": "ja"}),
        ):
            seen = (await desk.asks("GET", path)).headers["etag"]
            edited = await desk.asks("PATCH", path, first, if_match=seen)
            assert (edited.status, edited.headers["etag"] != seen) == (200, True)
            refused(await desk.asks("PATCH", path, second, if_match=seen))
            assert (await desk.asks("PATCH", path, second, if_match=edited.headers["etag"])).status == 200
        refused(await desk.asks("DELETE", "/devices/d", if_match='"other"'))
        assert (await desk.asks("DELETE", "/devices/d", if_match='"other", *')).status == 412
        assert (await desk.asks("DELETE", "/devices/d", if_match="*")).status == 204

    plays(scene)


@pytest.mark.parametrize("path", ["/alerts/{token}", "/alerts", "/devices", "/account", "/alerts/{token}/occurrences"])
def test_what_a_client_has_it_is_not_sent_again(plays: Callable[[Scene], None], path: str) -> None:
    async def scene(desk: ApiDesk) -> None:
        where = path.format(token=await desk.adds())
        first = await desk.asks("GET", where)
        tag = first.headers["etag"]

        for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await desk.asks("GET", where, if_none_match=given)
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
            assert "content-length" not in again.headers
        for given in ('"other"', "nonsense", ""):
            assert (await desk.asks("GET", where, if_none_match=given)).body == first.body

    plays(scene)


def test_a_new_alert_has_its_tag_and_its_address(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        made = await desk.asks("POST", "/alerts", {"at": "07:00"})
        shown = await desk.asks("GET", made.headers["location"].removeprefix("/api/v1"))

        assert (shown.json, shown.headers["etag"]) == (made.json, made.headers["etag"])
        device = await desk.asks("POST", "/devices", {})
        assert "etag" not in device.headers
        assert (await desk.asks("GET", device.headers["location"].removeprefix("/api/v1"))).status == 200

    plays(scene)


@pytest.mark.parametrize("given", ["", "nonsense", '"', 'W/"{tag}"', '"a" "b"'])
def test_a_condition_that_nothing_meets_changes_nothing(plays: Callable[[Scene], None], given: str) -> None:
    async def scene(desk: ApiDesk) -> None:
        token = await desk.adds(label="tea")
        tag = (await desk.asks("GET", f"/alerts/{token}")).headers["etag"].strip('"')

        refused(await desk.asks("PATCH", f"/alerts/{token}", {"label": "x"}, if_match=given.format(tag=tag)))
        assert (await desk.asks("GET", f"/alerts/{token}")).json["label"] == "tea"

    plays(scene)


def test_a_condition_where_there_is_nothing_to_edit_is_refused(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        many = {"alerts": [{"at": "07:00"}]}
        for path, body in (("", {"at": "07:00"}), ("/bulk", many), ("/preview", {"at": "07:00"})):
            assert "leave it out" in refused(await desk.asks("POST", f"/alerts{path}", body, if_match="*"))
        assert (await desk.asks("GET", "/alerts")).json["alerts"] == []

    plays(scene)


def test_what_is_another_accounts_meets_no_condition(plays: Callable[[Scene], None]) -> None:
    async def scene(desk: ApiDesk) -> None:
        token = await desk.adds()
        tag = (await desk.asks("GET", f"/alerts/{token}")).headers["etag"]

        assert (await desk.asks("DELETE", f"/alerts/{token}", if_match=tag, token="office")).status == 404

    plays(scene)


def test_tags_are_strong_or_weak_and_any_is_any() -> None:
    tags = tags_in('"a", W/"b"')

    assert (set(tags.strong), set(tags.weak), tags.any) == ({"a"}, {"b"}, False)
    assert [tags.has(f'"{tag}"') for tag in "abc"] == [True, True, False]
    assert tags_in(" * ").has('"x"')


def test_only_what_is_at_an_address_or_can_be_edited_has_a_tag() -> None:
    assert tag_of(b"[]", seen=False) is None
    assert tag_of(b"[]", seen=True) == tag_of(b"[]", seen=True) != tag_of(b"[1]", seen=True)
