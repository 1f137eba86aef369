"""Directives about alerts that can't be read: what failed is said, and nothing else is lost over it."""

import json
from pathlib import Path
from typing import Any

import pytest

from bellwire.device.inputs import Connected, Disconnected
from bellwire.device.observer import Observer
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import (
    DeleteAlertFailed,
    DeleteAlertsFailed,
    OneAlert,
    SetAlertFailed,
    SetAlertSucceeded,
)
from bellwire.protocol.messages.system import ExceptionEncountered
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.conversation import alarm
from tests.device.house import House, talk
from tests.virtual_time import virtually

GOOD = {"token": "good", "type": "ALARM", "scheduledTime": "2030-06-01T07:00:00+00:00"}
BAD = GOOD | {"token": "bad", "scheduledTime": "tomorrow"}

each_version = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
LISTS = [
    pytest.param(profile, (namespace, name), id=f"{profile.name}-{name}")
    for profile in PROFILES.values()
    for namespace, name in profile.directives
    if name.startswith("Synchronize")
]
each_list = pytest.mark.parametrize(("profile", "which"), LISTS)
Name = tuple[str, str]


def said(name: str, payload: Any, namespace: str = "Alerts") -> bytes:
    header = {"namespace": namespace, "name": name, "messageId": "m"}
    return json.dumps({"directive": {"header": header, "payload": payload}}).encode()


def listed(which: Name, *entries: Any) -> bytes:
    namespace, name = which
    return said(name, {"allAlerts": entries}, namespace)


def answers(folder: Path, profile: Profile, *bodies: bytes) -> list[Message]:
    """What a speaker says to these, one after the other."""
    messages: list[Message] = []

    async def day(house: House) -> None:
        for body in bodies:
            house.runner.directive(body)
            await house.quiet()
        messages.extend(came.event.message for came in house.cloud.came)

    talk(day, folder, profile=profile)
    return messages


def failed(profile: Profile, message: type[OneAlert], token: str = "bad") -> Message:
    return message(token=token, type=None if profile is TVS_2020 else "ALARM")


def complained(messages: list[Message], profile: Profile) -> list[Message]:
    """Those that are not complaints; of these there is one where the version has them."""
    complaints = [message for message in messages if isinstance(message, ExceptionEncountered)]
    assert len(complaints) == profile.has(ExceptionEncountered)
    return [message for message in messages if message not in complaints]


@each_version
def test_an_alert_that_can_not_be_read_is_reported_failed(tmp_path: Path, profile: Profile) -> None:
    messages = answers(tmp_path, profile, said("SetAlert", BAD))
    assert complained(messages, profile) == [failed(profile, SetAlertFailed)]


@pytest.mark.parametrize("profile", [profile for profile in PROFILES.values() if profile is not TVS_2020])
def test_a_deletion_that_can_not_be_read_is_reported_failed(tmp_path: Path, profile: Profile) -> None:
    deletion = b'{"directive":{"header":{"namespace":"Alerts","name":"DeleteAlert"},"payload":%s}}'
    messages = answers(tmp_path, profile, deletion % b'{"token":"bad","type":"ALARM"}')
    assert messages == [failed(profile, DeleteAlertFailed)]


def test_a_deletion_of_several_that_can_not_be_read_deletes_none(tmp_path: Path) -> None:
    bodies = said("SetAlert", GOOD), said("DeleteAlerts", {"tokens": ["good", 7]})

    async def day(house: House) -> None:
        for body in bodies:
            house.runner.directive(body)
            await house.quiet()
        messages = complained([came.event.message for came in house.cloud.came], TVS_2020)
        assert messages == [SetAlertSucceeded(token="good"), DeleteAlertsFailed(tokens=("good",))]
        assert [held.token for held in house.storage.alerts()] == ["good"]

    talk(day, tmp_path, profile=TVS_2020)


@each_version
@pytest.mark.parametrize("changes", [{"token": ""}, {"token": 7}, {"token": "x" * 1025}])
def test_without_a_token_there_is_nothing_to_report(tmp_path: Path, profile: Profile, changes: Any) -> None:
    assert not complained(answers(tmp_path, profile, said("SetAlert", BAD | changes)), profile)


@each_version
def test_a_type_that_there_is_not_is_reported_only_where_the_report_has_none(tmp_path: Path, profile: Profile) -> None:
    sent: list[str] = []

    class Watching(Observer):
        def message_sent(self, json: str) -> None:
            sent.append(json)

    async def day() -> None:
        async with House(tmp_path, Watching(), profile) as house:
            house.runner.connected()
            house.runner.directive(said("SetAlert", BAD | {"type": "GONG"}))
            await house.quiet()

    virtually(day())
    assert len([json for json in sent if "SetAlertFailed" in json]) == (profile is TVS_2020)


@each_version
def test_a_change_that_can_not_be_read_leaves_the_alert_as_it_was(tmp_path: Path, profile: Profile) -> None:
    async def day(house: House) -> None:
        house.told(alarm("bad", "07:00:00"))
        house.runner.directive(said("SetAlert", BAD))
        await house.quiet()
        assert "SetAlertFailed" in house.cloud.names
        assert [held.occurrence.scheduled_time.hour for held in house.storage.alerts()] == [7]

    talk(day, tmp_path, profile=profile)


def test_the_report_must_arrive(tmp_path: Path) -> None:
    """It waits for a connection."""

    async def day(house: House) -> None:
        house.runner.happens(Disconnected())
        house.runner.directive(said("SetAlert", BAD))
        await house.quiet()
        assert house.cloud.names == []
        assert [b"SetAlertFailed" in letter.event for letter in house.storage.letters()] == [True]
        house.runner.connected()
        house.runner.happens(Connected())
        await house.quiet()
        assert house.cloud.names[0] == "SetAlertFailed"

    talk(day, tmp_path, connected=False)


@each_list
def test_one_bad_entry_does_not_lose_the_list(tmp_path: Path, profile: Profile, which: Name) -> None:
    messages = answers(tmp_path, profile, listed(which, BAD, GOOD))
    assert messages == [SetAlertSucceeded(token="good", type="ALARM"), failed(profile, SetAlertFailed)]


@each_list
@pytest.mark.parametrize(
    ("entry", "left"),
    [
        pytest.param(BAD, {"bad": 8, "good": 7}, id="its token can be read: that alert stays as it was"),
        pytest.param(BAD | {"type": "GONG"}, {"bad": 8, "good": 7}, id="also where nothing is reported"),
        pytest.param(BAD | {"token": 7}, {"bad": 8, "good": 7, "other": 9}, id="it may be any: none is deleted"),
        pytest.param(7, {"bad": 8, "good": 7, "other": 9}, id="it is no alert at all"),
    ],
)
def test_a_bad_entry_deletes_nothing(
    tmp_path: Path, profile: Profile, which: Name, entry: Any, left: dict[str, int]
) -> None:
    async def day(house: House) -> None:
        house.told(alarm("bad", "08:00:00"))
        house.told(alarm("other", "09:00:00"))
        house.runner.directive(listed(which, GOOD, entry))
        await house.quiet()
        assert {held.token: held.occurrence.scheduled_time.hour for held in house.storage.alerts()} == left

    talk(day, tmp_path, profile=profile)


@each_list
def test_the_entries_of_one_list_spare_nothing_in_the_next(tmp_path: Path, profile: Profile, which: Name) -> None:
    async def day(house: House) -> None:
        house.told(alarm("bad", "08:00:00"))
        house.runner.directive(listed(which, BAD))
        house.runner.directive(listed(which))
        await house.quiet()
        assert house.storage.alerts() == ()

    talk(day, tmp_path, profile=profile)
