"""How events go to the cloud: their order, what each status leads to, and what is given up."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bellwire.device import outbox
from bellwire.device.inputs import StopPressed
from bellwire.device.storage import Letter, Storage
from bellwire.device.stream import Unreachable
from bellwire.protocol.messages.alerts import SetAlertSucceeded
from bellwire.protocol.messages.envelope import Event
from tests.conversation import alarm, moment
from tests.device.house import CODEC, House, talk
from tests.virtual_time import virtually

GONE = Unreachable("the connection broke")


def test_the_next_event_waits_for_the_status_of_the_one_before(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.cloud.seconds = 3
        for token in "abc":
            house.told(alarm(token, "07:00:00"))
        await house.clock.until(moment("00:00:20"))
        assert [came.event.message.token for came in house.cloud.came] == ["a", "b", "c"]  # type: ignore[attr-defined]
        assert house.cloud.most_at_once == 1

    talk(day, tmp_path)


def test_what_must_arrive_goes_before_what_may_be_lost(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "00:00:10"))
        await house.clock.until(moment("00:00:09"))
        house.cloud.seconds = 2
        await house.clock.until(moment("00:00:11"))
        house.runner.happens(StopPressed())
        house.told(alarm("b", "07:00:00"))
        await house.clock.until(moment("00:00:20"))
        assert house.cloud.names == [
            "SetAlertSucceeded",
            "AlertStarted",
            "SetAlertSucceeded",
            "RequestAlertStop",
            "AlertStopped",
        ]

    talk(day, tmp_path)


@pytest.mark.parametrize("trouble", [408, 429, 500, 503, GONE, RuntimeError("a bug")])
def test_trouble_is_met_with_patience(tmp_path: Path, trouble: Any) -> None:
    async def day(house: House) -> None:
        house.cloud.script = [trouble] * 9
        began = house.clock.wall()
        with capture_logs() as logs:
            house.told(alarm("a", "07:00:00"))
            await house.clock.until(moment("00:10:00"))
        assert len(logs) == 9
        waits = [round((came.at - began).total_seconds()) for came in house.cloud.came]
        assert waits == [0, 1, 3, 7, 15, 31, 63, 127, 191, 255]
        assert len({came.event.message_id for came in house.cloud.came}) == 1
        assert house.storage.letters() == ()

    talk(day, tmp_path)


def test_a_new_connection_tries_at_once(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.cloud.script = [GONE] * 5
        house.told(alarm("a", "07:00:00"))
        await house.clock.until(moment("00:00:20"))
        house.runner.disconnected("it broke")
        await house.clock.until(moment("01:00:00"))
        assert len(house.cloud.came) == 5
        house.runner.connected()
        await house.quiet()
        assert house.cloud.names[5:] == ["SetAlertSucceeded", "RequestSynchronizeAlert"]

    talk(day, tmp_path)


@pytest.mark.parametrize("status", [401, 412])
def test_what_only_a_new_connection_mends_waits_for_it(tmp_path: Path, status: int) -> None:
    async def day(house: House) -> None:
        house.cloud.script = [status]
        with capture_logs() as logs:
            house.told(alarm("a", "07:00:00"))
            await house.clock.until(moment("00:01:00"))
        assert house.cloud.names == ["SetAlertSucceeded"]
        assert [entry["status"] for entry in logs if entry["event"] == "event refused"] == [status]
        house.runner.disconnected("it broke")
        house.runner.connected()
        await house.quiet()
        assert house.cloud.names[1:] == ["SetAlertSucceeded", "RequestSynchronizeAlert"]

    talk(day, tmp_path)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 415, 499, 505])
def test_what_the_cloud_would_never_take_is_dropped(tmp_path: Path, status: int) -> None:
    async def day(house: House) -> None:
        house.cloud.script = [status]
        with capture_logs() as logs:
            house.told(alarm("a", "07:00:00"))
            house.told(alarm("b", "07:00:00"))
            await house.clock.until(moment("00:05:00"))
        assert [came.event.message.token for came in house.cloud.came] == ["a", "b"]  # type: ignore[attr-defined]
        dropped = [(entry["log_level"], entry["status"]) for entry in logs if entry["event"] == "event dropped"]
        assert dropped == [("error", status)]
        assert house.storage.letters() == ()

    talk(day, tmp_path)


def test_one_event_in_trouble_does_not_hold_up_what_may_be_lost(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "00:01:00"))
        await house.clock.until(moment("00:00:59"))
        house.cloud.script = [500] * 4
        await house.clock.until(moment("00:01:05"))
        house.cloud.script = []
        house.runner.happens(StopPressed())
        await house.quiet()
        assert house.cloud.names[-1] == "RequestAlertStop"

    talk(day, tmp_path)


def test_what_may_be_lost_is_lost_without_a_connection(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "00:01:00"))
        await house.clock.until(moment("00:01:00.500"))
        house.runner.happens(StopPressed())
        await house.clock.until(moment("00:02:00"))
        house.runner.connected()
        await house.quiet()
        assert house.cloud.names == [
            "SetAlertSucceeded",
            "AlertStarted",
            "AlertStopped",
            "RequestSynchronizeAlert",
        ]

    talk(day, tmp_path, connected=False)


def test_what_may_be_lost_is_lost_when_the_connection_breaks(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        house.cloud.seconds = 3
        house.runner.connected()
        await house.clock.until(moment("00:00:01"))
        house.runner.disconnected("it broke")
        house.runner.connected()
        await house.clock.until(moment("00:01:00"))
        assert house.cloud.names == ["SetAlertSucceeded", "RequestSynchronizeAlert"]

    talk(day, tmp_path, connected=False)


def test_a_request_that_nobody_could_take_is_not_made_later(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "00:01:00"))
        await house.clock.until(moment("00:01:01"))
        house.runner.happens(StopPressed())
        await house.clock.until(moment("00:01:03"))
        house.runner.connected()
        await house.quiet()
        assert house.cloud.names == ["SetAlertSucceeded", "AlertStarted", "RequestSynchronizeAlert"]

    talk(day, tmp_path, connected=False)


def test_patience_begins_anew_after_an_arrival(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.cloud.script = [500, 500, 204, 500]
        house.told(alarm("a", "07:00:00"))
        house.told(alarm("b", "07:00:00"))
        await house.clock.until(moment("00:01:00"))
        times = [round((came.at - house.cloud.came[0].at).total_seconds()) for came in house.cloud.came]
        assert times == [0, 1, 3, 3, 4]

    talk(day, tmp_path)


def test_a_request_to_stop_what_has_stopped_is_not_sent(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "00:01:00"))
        await house.clock.until(moment("00:00:59"))
        house.cloud.seconds = 8
        await house.clock.until(moment("00:01:01"))
        house.runner.happens(StopPressed())
        await house.clock.until(moment("00:02:00"))
        assert house.cloud.names == ["SetAlertSucceeded", "AlertStarted", "AlertStopped"]

    talk(day, tmp_path)


def test_what_may_be_lost_is_lost_after_half_a_minute(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.cloud.script = [503] * 20
        house.runner.connected()
        await house.clock.until(moment("01:00:00"))
        times = [round((came.at - moment("00:00:00")).total_seconds()) for came in house.cloud.came]
        assert house.cloud.names == ["RequestSynchronizeAlert"] * 5
        assert times == [0, 1, 3, 7, 15]

    talk(day, tmp_path, connected=False)


def test_what_has_waited_too_long_nobody_wants_to_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "KEPT_SECONDS", 8.25 * 3600.0)

    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        await house.clock.until(moment("08:30:00"))
        assert len(house.storage.letters()) == 3
        house.runner.connected()
        await house.quiet()
        assert house.cloud.names == ["AlertStarted", "AlertStopped", "RequestSynchronizeAlert"]
        assert house.storage.letters() == ()

    talk(day, tmp_path, connected=False)


def test_the_days_of_earlier_runs_count(tmp_path: Path) -> None:
    async def run(days: int, *, connected: bool) -> list[str]:
        house = House(tmp_path)
        house.clock.step(timedelta(days=days))
        async with house:
            if days == 0:
                house.told(alarm("a", "07:00:00"))
            await house.quiet()
            if connected:
                house.runner.connected()
                await house.quiet()
        return house.cloud.names

    for days in (0, 6, 8):
        assert virtually(run(days, connected=False)) == []
    assert "SetAlertSucceeded" not in virtually(run(8, connected=True))


def test_a_clock_that_was_years_behind_makes_nothing_old(tmp_path: Path) -> None:
    async def days() -> None:
        async with House(tmp_path) as house:
            house.told(alarm("a", "07:00:00"))
            house.clock.step(timedelta(days=20_000))
            house.runner.connected()
            house.cloud.script = [500]
            await house.quiet()
            assert house.cloud.names[0] == "SetAlertSucceeded"
        async with House(tmp_path) as again:
            again.clock.step(timedelta(days=20_000))
            again.runner.connected()
            await again.quiet()
            assert again.cloud.names[0] == "SetAlertSucceeded"

    virtually(days())


def test_too_many_events_lose_the_oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_WAITING", 3)

    async def day(house: House) -> None:
        for token in "abcde":
            house.told(alarm(token, "07:00:00"))
        house.runner.connected()
        await house.quiet()
        assert [came.event.message.token for came in house.cloud.came[:-1]] == ["c", "d", "e"]  # type: ignore[attr-defined]
        assert house.storage.letters() == ()

    talk(day, tmp_path, connected=False)


def test_what_must_arrive_survives_a_restart_with_its_message_id(tmp_path: Path) -> None:
    async def days() -> None:
        async with House(tmp_path) as house:
            house.runner.connected()
            house.cloud.script = [204, 500]
            await house.quiet()
            house.told(alarm("a", "07:00:00"))
            await house.quiet()
            first = house.cloud.came[-1].event
        async with House(tmp_path) as again:
            again.runner.connected()
            await again.quiet()
            assert again.cloud.names == ["SetAlertSucceeded", "RequestSynchronizeAlert"]
            assert again.cloud.came[0].event.message_id == first.message_id
            assert again.storage.letters() == ()

    virtually(days())


def test_a_kept_event_that_this_version_does_not_have_is_dropped(tmp_path: Path) -> None:
    yodel = CODEC.encode_event(Event(message=SetAlertSucceeded(token="a", type="ALARM"), message_id="1"))
    storage = Storage(tmp_path / "speaker.db")
    storage.keep(letters=[Letter("1", moment("00:00:00"), yodel.replace(b"SetAlertSucceeded", b"Yodelled"))])
    storage.close()

    async def day(house: House) -> None:
        assert house.cloud.names == []
        assert house.storage.letters() == ()

    talk(day, tmp_path)
