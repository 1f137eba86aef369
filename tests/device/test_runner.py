"""The runner with a real disk, in virtual time."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from bellwire.alerts.alert import Occurrence
from bellwire.alerts.lifecycle import Life
from bellwire.device import runner
from bellwire.device.connection import Answer
from bellwire.device.held import Held
from bellwire.device.inputs import DeletePressed, LoggedOut, OtherAudio, StopPressed, VolumePressed
from bellwire.device.observer import Observer
from bellwire.device.occurrences import occurrence_of
from bellwire.device.storage import Storage
from bellwire.protocol.messages.alerts import (
    AlertStopped,
    DeleteAlert,
    DeleteAlerts,
    DeleteAlertsFailed,
    SetVolume,
    StopAlert,
    VolumeChanged,
)
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.profiles.clova import Hello
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.conversation import alarm, moment
from tests.device.house import CODEC, House, Photograph, talk
from tests.virtual_time import virtually

SPEAKS = (
    b'{"directive": {"header": {"namespace": "Alerts", "name": "SetAlert", "messageId": "m"}, "payload": {'
    b'"token": "a", "type": "REMINDER", "scheduledTime": "2030-06-01T07:00:00Z", "label": "tea",'
    b'"assets": [{"assetId": "1", "url": "https://cloud.example/speech"}], "assetPlayOrder": ["1"]}}}'
)


def directive(message: Any) -> bytes:
    return CODEC.encode_directive(Directive(message=message, message_id="m"))


def kept(storage: Storage) -> dict[str, Life]:
    return {held.token: held.life for held in storage.alerts()}


# What comes and goes.


def test_an_alert_is_kept_reported_and_rings_at_its_time(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        assert kept(house.storage) == {"a": Life.SET}
        await house.quiet()
        assert house.cloud.names == ["SetAlertSucceeded"]
        await house.clock.until(moment("07:00:01"))
        ((time, token),) = house.bell.rang
        assert token == "a"
        assert timedelta() <= time - moment("07:00:00") < timedelta(milliseconds=1)
        assert house.cloud.names == ["SetAlertSucceeded", "AlertStarted"]
        house.told(StopAlert(token="a", type="ALARM"))
        assert house.bell.sounding is None
        await house.quiet()
        assert house.cloud.names[-1] == "AlertStopped"
        assert kept(house.storage) == {"a": Life.STOPPED}
        assert house.storage.letters() == ()

    talk(day, tmp_path)


def test_a_connection_begins_with_what_waited_then_asks_for_the_list(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("b", "07:00:00"))
        house.told(alarm("a", "08:00:00"))
        house.runner.connected()
        await house.quiet()
        assert [getattr(came.event.message, "token", None) for came in house.cloud.came] == ["b", "a", None]
        assert house.cloud.names[-1] == "RequestSynchronizeAlert"

    talk(day, tmp_path, connected=False)


def test_directives_in_an_answer_are_directives(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.cloud.script = [Answer(200, (directive(alarm("b", "08:00:00")), directive(alarm("c", "09:00:00"))))]
        house.told(alarm("a", "07:00:00"))
        await house.quiet()
        assert kept(house.storage).keys() == {"a", "b", "c"}
        assert house.cloud.names == ["SetAlertSucceeded"] * 3

    talk(day, tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"[" * 10_000,
        b'{"directive": {"header": {"namespace": "Alerts", "name": "Yodel", "messageId": "m"}, "payload": {}}}',
        b'{"directive": {"header": {"namespace": "Alerts", "name": "SetAlert", "messageId": "m"}, "payload": {}}}',
        directive(Hello()),
    ],
)
def test_what_is_not_understood_is_passed_over(tmp_path: Path, body: bytes) -> None:
    async def day(house: House) -> None:
        house.runner.directive(body)
        house.told(alarm("a", "07:00:00"))
        await house.quiet()
        assert house.cloud.names == ["SetAlertSucceeded"]

    talk(day, tmp_path)


def test_what_an_event_looks_like(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        house.told(alarm("b", "08:00:00"))
        await house.quiet()
        types = [came.content_type for came in house.cloud.came]
        assert all(content_type.startswith("multipart/form-data; boundary=----") for content_type in types)
        assert len(set(types)) == 2
        ids = [came.event.message_id for came in house.cloud.came]
        assert len(set(ids)) == 2
        assert all(len(message_id) == 36 for message_id in ids)

    talk(day, tmp_path)


def test_the_context_is_of_the_moment_of_sending(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        house.told(DeleteAlert(token="a", type="ALARM"))
        house.told(alarm("b", "08:00:00"))
        house.runner.connected()
        await house.quiet()
        assert house.cloud.names[:2] == ["SetAlertSucceeded", "DeleteAlertSucceeded"]
        for came in house.cloud.came:
            assert came.event.alerts_state is not None
            assert [shown.token for shown in came.event.alerts_state.all_alerts] == ["b"]

    talk(day, tmp_path, connected=False)


def test_assets_are_prepared_and_dropped(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        url = "https://cloud.example/speech"
        house.runner.directive(SPEAKS)
        assert house.bell.prepared == [url]
        house.runner.failed(url, "it is away")
        await house.clock.until(moment("00:05:01"))
        assert house.bell.prepared == [url, url]
        house.runner.fetched(url)
        house.told(DeleteAlert(token="a", type="REMINDER"))
        assert house.bell.prepared == []

    talk(day, tmp_path)


# Power cuts.


def test_wherever_the_power_goes_nothing_is_lost_and_nothing_rings_twice(tmp_path: Path) -> None:
    """A boot from the disk as it was at each moment at which something was heard or sent."""

    async def day() -> list[Photograph]:
        async with House(tmp_path) as house:
            house.photographs = []
            house.runner.connected()
            house.told(alarm("a", "07:00:00"))
            house.told(alarm("b", "07:00:00"))
            await house.clock.until(moment("07:00:10"))
            house.told(StopAlert(token="a", type="ALARM"))
            await house.clock.until(moment("07:00:20"))
            house.runner.happens(StopPressed())
            await house.clock.until(moment("07:00:22"))
            house.told(DeleteAlert(token="b", type="ALARM"))
            await house.quiet()
            return house.photographs

    async def boot(photograph: Photograph) -> tuple[list[str], list[str], list[str]]:
        """The messageIds that waited and that arrive, and what rings."""
        async with House(photograph.folder) as house:
            waited = [letter.message_id for letter in house.storage.letters()]
            house.clock.step(moment("07:00:30") - house.clock.wall())
            house.runner.connected()
            await house.clock.until(moment("09:30:00"))
            sent = [came.event.message_id for came in house.cloud.came]
            return waited, [message_id for message_id in sent if message_id in waited], [t for _, t in house.bell.rang]

    found = []
    for photograph in virtually(day()):
        waited, arrived, rang = virtually(boot(photograph))
        assert arrived == waited
        found.append((photograph.moment, " ".join(rang)))
    assert found == [
        ("sent SetAlertSucceeded", "a b"),
        ("sent SetAlertSucceeded", "a b"),
        ("sent RequestSynchronizeAlert", "a b"),
        ("rings a", "a b"),
        ("sent AlertStarted", "a b"),
        ("silent a", "b"),
        ("rings b", "b"),
        ("sent AlertStopped", "b"),
        ("sent AlertStarted", "b"),
        ("muted b", ""),
        ("sent RequestAlertStop", ""),
        ("silent b", ""),
        ("sent AlertStopped", ""),
        ("sent DeleteAlertSucceeded", ""),
    ]


def test_what_the_hour_brings_rings_before_the_system_is_asked_for_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each such question lets a thread in that computes, and keeps the interpreter for 5 ms."""
    told: list[str] = []

    def named() -> UUID:
        told.append("named")
        return uuid4()

    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        await house.clock.until(moment("06:59:59"))
        monkeypatch.setattr(runner, "uuid4", named)
        monkeypatch.setattr(house.clock, "is_kept_by_ntp", lambda: told.append("NTP"))
        monkeypatch.setattr(house.bell, "ring", lambda *_args, **_how: told.append("rings"))
        await house.clock.until(moment("07:00:00.100"))
        assert told[told.index("rings") :][:3] == ["rings", "named", "NTP"]

    talk(day, tmp_path)


# Clocks.


def test_a_clock_that_is_set_forward_rings_within_a_second(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        await house.clock.until(moment("06:00:00.300"))
        house.clock.step(timedelta(hours=1))
        began = house.clock.monotonic()
        await house.clock.until(moment("07:00:02"))
        ((time, _),) = house.bell.rang
        assert time - moment("07:00:00.300") <= timedelta(seconds=1)
        assert house.clock.monotonic() - began < 2

    talk(day, tmp_path)


def test_a_clock_that_is_set_back_rings_later_and_an_hour_stays_an_hour(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        await house.clock.until(moment("06:59:50"))
        house.clock.step(timedelta(hours=-1))
        await house.clock.until(moment("07:00:10"))
        assert [time for time, _ in house.bell.rang] == [moment("07:00:00")]
        house.clock.step(timedelta(hours=-5))
        await house.clock.until(moment("02:59:59"))
        assert house.bell.sounding == "a"
        await house.clock.until(moment("03:00:01"))
        assert house.bell.sounding is None

    talk(day, tmp_path)


def test_a_step_is_noticed_before_anything_is_done_at_the_new_time(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        house.clock.step(timedelta(hours=7, minutes=5))
        house.runner.connected()
        assert house.bell.sounding == "a"
        await house.clock.until(moment("08:05:01"))
        assert house.bell.sounding is None

    talk(day, tmp_path)


def test_a_slewed_clock_is_followed(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "00:10:00"))
        for _ in range(600):
            await house.clock.until(house.clock.wall() + timedelta(seconds=1))
            house.clock.step(timedelta(milliseconds=-3))
        await house.clock.until(moment("00:11:00"))
        ((time, _),) = house.bell.rang
        assert moment("00:10:00") <= time < moment("00:10:00.010")

    talk(day, tmp_path)


# When things go wrong.


def fill_up(storage: Storage) -> None:
    storage._db.execute("PRAGMA max_page_count = 1")


def test_what_a_full_disk_can_not_keep_is_reported_failed(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        fill_up(house.storage)
        house.told(alarm("a" * 1000, "07:00:00", label="x" * 1000))
        for number in range(20):
            house.told(alarm(f"{number}" * 500, "07:00:00", label="x" * 1000))
        await house.quiet()
        assert house.cloud.names[-1] == "SetAlertFailed"
        kept_tokens = kept(house.storage).keys()
        context = house.cloud.came[-1].event.alerts_state
        assert context is not None
        assert {shown.token for shown in context.all_alerts} == kept_tokens

    talk(day, tmp_path)


def broken(storage: Storage, *, is_broken: bool = True) -> None:
    storage._db.execute(f"PRAGMA query_only = {int(is_broken)}")


def test_what_a_failing_disk_did_not_keep_is_kept_with_the_next(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        house.told(alarm("gone", "07:00:00"))
        await house.quiet()
        broken(house.storage)
        house.runner.happens(VolumePressed(40))
        house.runner.happens(DeletePressed("a"))
        await house.clock.until(moment("07:00:01"))
        house.runner.happens(StopPressed())
        assert kept(house.storage) == {"a": Life.SET, "gone": Life.SET}
        broken(house.storage, is_broken=False)
        house.told(alarm("b", "08:00:00"))
        assert house.storage.alerts() == tuple(held for _, held in sorted(house.runner._state.alerts.items()))
        assert house.storage.volume() == 40

    talk(day, tmp_path)


def test_a_logout_that_could_not_be_kept_is_kept_with_the_next(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        assert len(house.storage.letters()) == 1
        broken(house.storage)
        house.runner.happens(LoggedOut())
        assert kept(house.storage) == {"a": Life.SET}
        broken(house.storage, is_broken=False)
        house.told(alarm("b", "08:00:00"))
        assert kept(house.storage) == {"b": Life.SET}
        [letter] = house.storage.letters()
        assert b'"b"' in letter.event
        house.told(alarm("c", "08:00:00"))
        assert len(house.storage.letters()) == 2, "only what was before the logout goes"

    talk(day, tmp_path, connected=False)


def test_events_that_a_failing_disk_did_not_keep_are_kept_with_the_next(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        broken(house.storage)
        await house.clock.until(moment("07:00:01"))
        house.runner.happens(StopPressed())
        house.runner.disconnected("the network is gone")
        assert names_of(house.storage) == ["SetAlertSucceeded"]
        broken(house.storage, is_broken=False)
        house.told(alarm("b", "08:00:00"))
        assert names_of(house.storage) == ["SetAlertSucceeded", "AlertStarted", "AlertStopped", "SetAlertSucceeded"]
        house.told(alarm("c", "08:00:00"))
        assert len(house.storage.letters()) == 5, "each is kept once"

    talk(day, tmp_path, connected=False)


def test_events_that_arrived_while_the_disk_failed_are_not_kept_afterwards(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.cloud.script = [503]  # tried again a second later
        house.told(alarm("a", "07:00:00"))
        broken(house.storage)
        await house.clock.until(moment("07:00:01"))
        await house.quiet()
        assert house.cloud.names == ["SetAlertSucceeded", "SetAlertSucceeded", "AlertStarted"]
        assert names_of(house.storage) == ["SetAlertSucceeded"], "the disk could not forget it"
        broken(house.storage, is_broken=False)
        house.told(alarm("b", "08:00:00"))
        await house.quiet()
        assert names_of(house.storage) == []

    talk(day, tmp_path)


def test_a_logout_drops_events_that_a_failing_disk_did_not_keep(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        broken(house.storage)
        await house.clock.until(moment("07:00:01"))
        house.runner.happens(LoggedOut())
        broken(house.storage, is_broken=False)
        house.told(alarm("b", "08:00:00"))
        assert names_of(house.storage) == ["SetAlertSucceeded"]

    talk(day, tmp_path, connected=False)


def names_of(storage: Storage) -> list[str]:
    """Of the events on the disk."""
    return [json.loads(letter.event)["event"]["header"]["name"] for letter in storage.letters()]


def test_another_owner_that_could_not_be_kept_is_kept_with_the_first_alert(tmp_path: Path) -> None:
    async def day() -> None:
        house = House(tmp_path)
        house.setup = replace(house.setup, owner="one")
        async with house:
            house.told(alarm("of-one", "06:00:00"))
        house.setup = replace(house.setup, owner="two")
        house.disk_is_broken = True
        async with house:
            assert kept(house.storage) == {"of-one": Life.SET}
            broken(house.storage, is_broken=False)
            house.told(alarm("of-two", "07:00:00"))
            assert kept(house.storage) == {"of-two": Life.SET}
        house.disk_is_broken = False
        async with house:
            assert kept(house.storage) == {"of-two": Life.SET}, "it is the present owner's"

    virtually(day())


def test_an_alarm_rings_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00", label="x" * 1000))
        house.storage._db.execute("PRAGMA query_only = 1")
        await house.clock.until(moment("07:00:01"))
        assert house.bell.sounding == "a"
        house.told(DeleteAlert(token="a", type="ALARM"))
        await house.quiet()
        assert house.cloud.names == ["SetAlertSucceeded", "AlertStarted", "DeleteAlertFailed"]
        assert house.bell.sounding == "a"

    talk(day, tmp_path)


def test_a_bug_in_one_thing_does_not_silence_another(tmp_path: Path) -> None:
    class Clumsy(Observer):
        def alert_set(self, occurrence: Occurrence) -> None:
            raise RuntimeError("a bug")

    async def day() -> None:
        async with House(tmp_path, Clumsy()) as house:
            with capture_logs() as logs:
                house.told(alarm("a", "07:00:00"))
            assert [entry["happened"] for entry in logs if "exc_info" in entry] == ["Told"]
            await house.clock.until(moment("07:00:01"))
            assert house.bell.sounding == "a"

    virtually(day())


def test_a_bell_that_fails_is_tried_again_a_second_later_and_not_for_ever_at_once(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        tries: list[datetime] = []

        def broken(*args: Any, **more: Any) -> Any:
            tries.append(house.clock.wall())
            raise RuntimeError("a bug")

        await house.clock.until(moment("06:59:59"))
        house.bell.ring = broken  # type: ignore[method-assign]
        with capture_logs() as logs:
            await house.clock.until(moment("07:00:02.500"))
        assert ["exc_info" in entry for entry in logs] == [True] * 3
        assert tries == [moment("07:00:00"), moment("07:00:01"), moment("07:00:02")]
        assert kept(house.storage) == {"a": Life.SET}
        del house.bell.ring
        await house.clock.until(moment("07:00:03.500"))
        assert house.bell.sounding == "a"
        assert house.cloud.names == ["SetAlertSucceeded", "AlertStarted"]

    talk(day, tmp_path)


@pytest.mark.parametrize("what", ["prepare", "forget"])
def test_assets_in_trouble_cost_neither_an_event_nor_an_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def broken(_urls: Any) -> None:
        raise OSError("read-only")

    async def day(house: House) -> None:
        monkeypatch.setattr(house.bell, what, broken)
        with capture_logs() as logs:
            house.runner.directive(SPEAKS)
            await house.clock.until(moment("07:00:01"))
            assert house.bell.sounding == "a"
            house.told(alarm("b", "08:00:00"))
            house.told(DeleteAlert(token="a", type="REMINDER"))
            await house.clock.until(moment("08:00:01"))
        assert any("exc_info" in entry for entry in logs)
        assert house.bell.sounding == "b"
        assert house.cloud.names == [
            *("SetAlertSucceeded", "AlertStarted", "SetAlertSucceeded"),
            *("AlertStopped", "DeleteAlertSucceeded", "AlertStarted"),
        ]

    talk(day, tmp_path)


def test_a_refusal_is_told_with_how_to_mend_it(tmp_path: Path) -> None:
    class Watching(Observer):
        reasons: list[str] = []  # noqa: RUF012

        def disconnected(self, reason: str) -> None:
            self.reasons.append(reason)

    async def day() -> None:
        async with House(tmp_path, Watching()) as house:
            house.runner.refused(401, b"")
            house.runner.refused(503, b"{}")

    virtually(day())
    assert "access token" in Watching.reasons[0]
    assert Watching.reasons[1].startswith("503")


def test_a_logout_leaves_nothing_to_send(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        house.runner.happens(LoggedOut())
        assert (house.storage.alerts(), house.storage.letters()) == ((), ())
        house.runner.connected()
        await house.quiet()
        assert house.cloud.names == ["RequestSynchronizeAlert"]

    talk(day, tmp_path, connected=False)


# What only some versions have.


def test_several_that_a_full_disk_can_not_forget_are_all_there(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        for token in ("a", "b"):
            house.told(alarm(token, "07:00:00"))
        await house.clock.until(moment("07:00:01"))
        house.storage._db.execute("PRAGMA query_only = 1")
        house.told(DeleteAlerts(tokens=("a", "b")))
        await house.quiet()
        assert house.bell.sounding == "a"
        assert kept(house.storage).keys() == {"a", "b"}
        failed = next(came.event for came in house.cloud.came if came.name == "DeleteAlertsFailed")
        assert failed.message == DeleteAlertsFailed(tokens=("a", "b"))
        assert failed.alerts_state is not None
        assert [shown.token for shown in failed.alerts_state.all_alerts] == ["a", "b"]
        assert not {"AlertStopped", "DeleteAlertsSucceeded"} & {*house.cloud.names}

    talk(day, tmp_path, profile=TVS_2020)


def test_what_was_stopped_is_forgotten_by_the_disk(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        await house.clock.until(moment("07:00:01"))
        house.runner.happens(StopPressed())
        await house.quiet()
        assert kept(house.storage) == {}
        last = house.cloud.came[-1].event
        assert last.message == AlertStopped(token="a")
        assert last.alerts_state is not None
        assert last.alerts_state.all_alerts == ()
        said = [name for name in house.cloud.names if name.startswith("Alert")]
        assert said == ["AlertStarted", "AlertEnteredForeground", "AlertStopped"]

    talk(day, tmp_path, profile=TVS_2020)


def test_where_it_rings_reaches_bell_and_cloud(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        await house.clock.until(moment("07:00:01"))
        house.cloud.came.clear()
        for in_front in (True, True, False):
            house.runner.happens(OtherAudio(in_front))
            assert house.bell.behind is in_front
        await house.quiet()
        assert house.cloud.names == ["AlertEnteredBackground", "AlertEnteredForeground"]

    talk(day, tmp_path, profile=TVS_2020)


def test_the_volume_reaches_bell_disk_and_cloud_and_is_there_at_the_next_start(tmp_path: Path) -> None:
    async def first(house: House) -> None:
        house.told(SetVolume(volume=30))
        assert house.bell.volume == 0.3
        await house.quiet()
        assert house.cloud.came[-1].event.message == VolumeChanged(volume=30)
        house.runner.happens(VolumePressed(20))
        assert house.runner.volume == 20

    async def second(house: House) -> None:
        assert (house.bell.volume, house.runner.volume) == (0.2, 20)

    talk(first, tmp_path, profile=TVS_2020)
    talk(second, tmp_path, profile=TVS_2020)


def test_a_volume_that_can_not_be_kept_counts_for_now(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.storage._db.execute("PRAGMA query_only = 1")
        house.runner.happens(VolumePressed(20))
        assert house.bell.volume == 0.2
        house.told(SetVolume(volume=50))
        assert house.bell.volume == 0.2

    talk(day, tmp_path, profile=TVS_2020)


# Who watches.


class Diary(Observer):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def connected(self) -> None:
        self.lines.append("connected")

    def disconnected(self, reason: str) -> None:
        self.lines.append(f"disconnected: {reason}")

    def alert_set(self, occurrence: Occurrence) -> None:
        self.lines.append(f"set {occurrence.token} {occurrence.scheduled_time:%H:%M}")

    def alert_ringing(self, occurrence: Occurrence, late: timedelta) -> None:
        self.lines.append(f"rings {occurrence.token} {late / timedelta(milliseconds=1):.0f} ms late")

    def alert_stopped(self, occurrence: Occurrence) -> None:
        self.lines.append(f"stopped {occurrence.token}")

    def alert_removed(self, occurrence: Occurrence) -> None:
        self.lines.append(f"removed {occurrence.token}")

    def message_sent(self, json: str) -> None:
        self.lines.append(f"sent {CODEC.decode_event(json.encode()).message.__class__.__name__}")

    def message_received(self, json: str) -> None:
        self.lines.append(f"received {CODEC.decode_directive(json.encode()).message.__class__.__name__}")


def test_everything_can_be_watched(tmp_path: Path) -> None:
    over = Held(replace(occurrence_of(alarm("over", "00:00:00"))), Life.STOPPED)
    storage = Storage(tmp_path / "speaker.db")
    storage.keep(save=[over, Held(occurrence_of(alarm("gone", "09:00:00")))])
    storage.close()
    diary = Diary()

    async def day() -> None:
        async with House(tmp_path, diary) as house:
            house.runner.connected()
            await house.quiet()
            house.told(alarm("a", "07:00:00"))
            await house.clock.until(moment("07:00:00.020"))
            house.runner.sounding("a", house.clock.monotonic() - 0.007)
            house.runner.sounding("nobody", house.clock.monotonic())
            house.told(alarm("a", "07:05:00"))
            house.runner.happens(DeletePressed("gone"))
            await house.quiet()
            house.told(DeleteAlert(token="gone", type="ALARM"))
            house.runner.disconnected("it broke")
            await house.clock.until(moment("07:05:00"))
            house.told(DeleteAlert(token="a", type="ALARM"))

    virtually(day())
    assert diary.lines == [
        *("set over 00:00", "stopped over", "set gone 09:00"),
        *("connected", "sent RequestSynchronizeAlert"),
        *("received SetAlert", "set a 07:00", "sent SetAlertSucceeded"),
        *("sent AlertStarted", "rings a 13 ms late"),
        *("received SetAlert", "stopped a", "set a 07:05", "removed gone"),
        *("sent AlertStopped", "sent SetAlertSucceeded", "sent RequestDeleteAlert"),
        *("received DeleteAlert", "disconnected: it broke"),
        *("received DeleteAlert", "stopped a", "removed a"),
    ]
