"""Namespace System as it passes between a speaker and its cloud: with a real disk and real JSON, in virtual time."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from bellwire.device.connection import Answer
from bellwire.device.held import Setup
from bellwire.device.inputs import LoggedOut
from bellwire.device.observer import Observer
from bellwire.device.stream import Unreachable
from bellwire.protocol.codec import Codec
from bellwire.protocol.messages.alerts import DeleteAlert
from bellwire.protocol.messages.system import ExceptionEncountered, SetEndpoint
from bellwire.protocol.profiles.clova import CIC_EN_2018, CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.conversation import alarm, moment
from tests.device.house import House, talk
from tests.virtual_time import virtually

SEOUL = "https://seoul.example"
BROKEN = Unreachable("the connection broke")


class Listening(Observer):
    def __init__(self) -> None:
        self.sent: list[Any] = []

    def message_sent(self, json: str) -> None:
        self.sent.append(msgspec.json.decode(json))


def first_words(folder: Path, profile: Profile) -> Any:
    """The event with which a device that has an alert begins a connection."""

    async def day() -> Any:
        observer = Listening()
        async with House(folder, observer, profile) as house:
            house.runner.connected()
            house.told(alarm("a", "07:00:00"))
            await house.quiet()
        return observer.sent[-1]

    return virtually(day())


def test_request_synchronize_state_has_an_empty_context(tmp_path: Path) -> None:
    said = first_words(tmp_path, CIC_EN_2018)
    assert said["event"]["header"]["name"] == "RequestSynchronizeState"
    assert (said["context"], said["event"]["payload"]) == ([], {})


def test_request_synchronize_alert_has_the_alerts_in_its_context(tmp_path: Path) -> None:
    said = first_words(tmp_path, CIC_KO_2022)
    assert said["event"]["header"]["name"] == "RequestSynchronizeAlert"
    [alerts] = said["context"]
    assert [shown["token"] for shown in alerts["payload"]["allAlerts"]] == ["a"]


def test_synchronize_state_has_all_states_in_its_context(tmp_path: Path) -> None:
    said = first_words(tmp_path, TVS_2020)
    assert said["event"]["header"]["name"] == "SynchronizeState"
    assert said["event"]["payload"] == {}
    alerts, volume = said["context"]
    assert [shown["token"] for shown in alerts["payload"]["allAlerts"]] == ["a"]
    assert volume == {
        "header": {"namespace": "Speaker", "name": "VolumeState"},
        "payload": {"volume": 100, "muted": False},
    }


def complaints(house: House) -> list[ExceptionEncountered]:
    return [came.event.message for came in house.cloud.came if isinstance(came.event.message, ExceptionEncountered)]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"not JSON", "is not JSON"),
        (b'{"directive": {"header": {"namespace": "A", "name": "B", "messageId": ""}, "payload": {}}}', "A.B is not"),
        (
            b'{"directive": {"header": {"namespace": "Alerts", "name": "SetAlert", "messageId": "m"}, "payload": {}}}',
            "directive.payload.token: is missing",
        ),
        (
            b'{"directive": {"header": {"namespace": "Alerts", "name": "SetVolume", "messageId": "m"}, "payload": {}}}',
            "directive.payload.volume: is missing",
        ),
        (
            b'{"directive":{"header":{"namespace":"System","name":"SetEndpoint","messageId":"m"},"payload":{"endpoint":7}}}',
            "directive.payload.endpoint: Expected `str`",
        ),
        (b'{"directive": \xff}', ""),
    ],
)
def test_exception_encountered_has_the_directive_as_it_came(tmp_path: Path, body: bytes, problem: str) -> None:
    async def day(house: House) -> None:
        house.runner.directive(body)
        await house.quiet()
        [said] = complaints(house)
        assert said.unparsed_directive == body.decode("utf-8", "replace")
        assert said.error.type == "UNEXPECTED_INFORMATION_RECEIVED"
        assert problem in said.error.message

    talk(day, tmp_path, profile=TVS_2020)


def test_exception_encountered_when_the_disk_is_full(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "07:00:00"))
        house.storage._db.execute("PRAGMA query_only = 1")
        house.told(DeleteAlert(token="a"))
        house.told(SetEndpoint(endpoint=SEOUL))
        await house.quiet()
        assert [said.error.type for said in complaints(house)] == ["INTERNAL_ERROR"] * 2
        assert '"token":"a"' in complaints(house)[0].unparsed_directive
        assert SEOUL in complaints(house)[1].unparsed_directive
        assert house.runner.clouds.current == house.setup.cloud
        assert house.reconnects == []

    talk(day, tmp_path, profile=TVS_2020)


def test_the_longest_directive_is_given_back_in_an_event_that_the_cloud_takes(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        for body in (b"\0" * 2**23, '{"약": "🔔"}'.encode() * 300_000):
            house.runner.directive(body)
        await house.quiet()
        sizes = [len(msgspec.json.encode(said)) for said in complaints(house)]
        assert len(sizes) == 2
        assert max(sizes) < 100_000

    talk(day, tmp_path, profile=TVS_2020)


def test_versions_that_ignore_what_they_do_not_know_say_nothing(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.runner.directive(b"not JSON")
        await house.quiet()
        assert house.cloud.came == []

    talk(day, tmp_path)


class Watching(Observer):
    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.clouds: list[str] = []

    def moved(self, cloud: str) -> None:
        self.clouds.append(cloud)

    def disconnected(self, reason: str) -> None:
        self.reasons.append(reason)


@pytest.mark.parametrize("profile", [CIC_KO_2022, TVS_2020], ids=lambda profile: profile.name)
def test_a_refusal_is_told_in_the_clouds_own_words(tmp_path: Path, profile: Profile) -> None:
    async def day() -> None:
        observer = Watching()
        async with House(tmp_path, observer, profile) as house:
            body = house.codec.encode_refusal(401, "this token has expired", "m")
            house.runner.refused(house.codec.meaning_of(house.codec.status_of(401)), body)
            house.runner.refused(500, b"not JSON")
        assert observer.reasons[0].startswith("401: the cloud does not take this speaker's access token")
        assert "this token has expired" in observer.reasons[0]
        assert observer.reasons[1].startswith("500")

    virtually(day())


@pytest.mark.parametrize("profile", [CIC_KO_2022, TVS_2020], ids=lambda profile: profile.name)
def test_a_refused_event_is_explained_and_is_no_directive(tmp_path: Path, profile: Profile) -> None:
    async def day(house: House) -> None:
        house.cloud.script = [Answer(400, (house.codec.encode_refusal(400, "the label is too long", "m"),))]
        with capture_logs() as logs:
            house.told(alarm("a", "07:00:00"))
            await house.quiet()
        assert "the label is too long" in [entry.get("description") for entry in logs]
        assert house.cloud.names == ["SetAlertSucceeded"]

    talk(day, tmp_path, profile=profile)


@pytest.mark.parametrize(("said", "meant"), [(403, 401), (400, 400), (429, 429), (500, 500), (204, 204)])
def test_a_status_that_stands_for_another_one(said: int, meant: int) -> None:
    assert Codec(TVS_2020).meaning_of(said) == meant
    assert Codec(CIC_KO_2022).meaning_of(said) == said


def telling(folder: Path, *script: Any, firmware: str = "8701") -> list[tuple[str, str]]:
    """What a speaker says of its software on a connection that stands ten minutes, with the time of day."""

    async def day() -> list[tuple[str, str]]:
        house = House(folder, profile=TVS_2020)
        house.setup = replace(house.setup, firmware=firmware)
        async with house:
            house.cloud.script = [204, *script]
            house.runner.connected()
            await house.clock.until(moment("00:10:00"))
            return [(f"{came.at:%H:%M:%S}", came.name) for came in house.cloud.came if came.name != "SynchronizeState"]

    return virtually(day())


def test_software_info_is_remembered_once_the_cloud_has_taken_it(tmp_path: Path) -> None:
    assert telling(tmp_path, 204) == [("00:00:00", "SoftwareInfo")]
    assert telling(tmp_path) == []
    assert telling(tmp_path, firmware="8702") == [("00:00:00", "SoftwareInfo")]


@pytest.mark.parametrize("trouble", [500, 503, BROKEN])
def test_software_info_that_was_not_taken_is_tried_four_times_more_and_at_the_next_start(
    tmp_path: Path, trouble: Any
) -> None:
    times = ["00:00:00", "00:00:01", "00:00:06", "00:00:31", "00:02:36"]
    for _ in range(2):
        assert [time for time, _ in telling(tmp_path, *[trouble] * 9)] == times
    assert len(telling(tmp_path, 500, 204)) == 2
    assert telling(tmp_path) == []


def test_software_info_that_is_none_is_said_once_and_the_log_says_how_to_mend_it(tmp_path: Path) -> None:
    with capture_logs() as logs:
        assert len(telling(tmp_path, 400)) == 1
    assert any("--firmware-version" in entry.get("what", "") for entry in logs)
    assert telling(tmp_path) == []


def test_software_info_that_waited_too_long_is_said_again(tmp_path: Path) -> None:
    async def day() -> None:
        house = House(tmp_path, profile=TVS_2020)
        house.setup = replace(house.setup, firmware="8701")
        async with house:
            house.cloud.seconds = 40.0
            house.runner.connected()
            await house.clock.until(moment("00:03:00"))
            assert "SoftwareInfo" in house.cloud.names

    virtually(day())


def test_set_endpoint_survives_a_restart_and_takes_what_waits_along(tmp_path: Path) -> None:
    observer = Watching()

    async def evening() -> None:
        async with House(tmp_path, observer, TVS_2020) as house:
            house.runner.connected()
            await house.quiet()
            house.cloud.script = [BROKEN] * 3
            house.told(alarm("a", "07:00:00"))
            house.told(SetEndpoint(endpoint="seoul.example"))
            assert house.reconnects == [SEOUL]
            house.runner.disconnected("it left")

    async def morning() -> None:
        async with House(tmp_path, observer, TVS_2020) as house:
            assert house.runner.clouds.current == SEOUL
            house.runner.connected()
            await house.quiet()
            assert house.cloud.names == ["SetAlertSucceeded", "SynchronizeState"]
            await house.clock.until(moment("07:30:00"))
            assert [token for _, token in house.bell.rang] == ["a"]

    virtually(evening())
    virtually(morning())
    assert observer.clouds == [SEOUL, SEOUL]


def test_another_owner_finds_nothing_on_the_disk(tmp_path: Path) -> None:
    async def run(owner: str) -> tuple[int, int, str]:
        house = House(tmp_path)
        house.setup = Setup(cloud="https://cloud.example", owner=owner)
        async with house:
            found = len(house.storage.alerts()), len(house.storage.letters()), house.storage.remembered().owner
            house.told(alarm("a", "07:00:00"))
            await asyncio.sleep(1)
            return found

    assert virtually(run("one")) == (0, 0, "one")
    assert virtually(run("one")) == (1, 1, "one")
    assert virtually(run("two")) == (0, 0, "two")


def test_what_is_dropped_is_not_sent_but_what_comes_after_it_is(tmp_path: Path) -> None:
    async def day(house: House) -> None:
        house.told(alarm("a", "00:00:10"))
        await house.clock.until(moment("00:00:11"))
        house.cloud.came.clear()
        house.cloud.seconds = 1
        house.told(alarm("b", "07:00:00"))
        house.runner.happens(LoggedOut())
        assert house.storage.letters() == ()
        house.told(alarm("c", "07:00:00"))
        await house.clock.until(moment("00:01:00"))
        tokens = [getattr(came.event.message, "token", "") for came in house.cloud.came]
        assert tokens[-1] == "c"
        assert "b" not in tokens[1:]

    talk(day, tmp_path)
