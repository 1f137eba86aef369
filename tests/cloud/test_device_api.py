"""One device and the account in the account API, over the wire: what is shown, and what devices are told at once."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from bellwire.protocol.messages.alerts import AdjustVolume, RequestSynchronizeAlert, SetAlert, SetVolume, VolumeChanged
from bellwire.protocol.messages.system import (
    Encountered,
    ExceptionEncountered,
    ReportSoftwareInfo,
    ResetUserInactivity,
    SetEndpoint,
    SoftwareInfo,
    SynchronizeState,
    UserInactivityReport,
)
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cloud.h2_client import PATIENCE
from tests.cloud.running import ELSEWHERE, Account, Cloud, Speaker, refusal_of

NEW_YEAR = "2027-01-01T07:00:00+09:00"
NEVER: dict[str, object] = {
    "software": None,
    "inactivity": None,
    "volume": None,
    "components": None,
    "headers": None,
    "exceptions": [],
    "last_seen_at": None,
}
"""Of a device that has not said anything."""


@pytest.fixture
def home(cloud: Cloud) -> Account:
    return cloud.account()


def listening(home: Account) -> Speaker:
    """A speaker that has synchronized."""
    return home.speaker(profile=TVS_2020).opens().says(SynchronizeState())


def shown(home: Account, speaker: Speaker) -> dict[str, Any]:
    status, detail = home.asks("GET", f"/devices/{speaker.device_id}")
    assert status == 200
    found: dict[str, Any] = detail
    return found


# What is known of a device


def test_a_device_that_never_said_anything(home: Account) -> None:
    device_id, _ = home.device("kitchen", profile=TVS_2020)

    status, detail = home.asks("GET", f"/devices/{device_id}")

    assert status == 200
    assert datetime.fromisoformat(detail.pop("added_at")) <= datetime.now(UTC)
    assert detail == {
        **NEVER,
        "device_id": device_id,
        "name": "kitchen",
        "profile": "tvs-2020",
        "model": None,
        "connected": False,
        "region": {"country": None, "endpoint": None, "movable": True},
        "drift": {"times": 0, "last_at": None},
    }


def test_all_that_a_device_tells_of_itself_is_shown(home: Account) -> None:
    speaker = home.speaker(profile=TVS_2020)
    speaker.headers["q-ua2"] = "QV=3&VE=GA"
    speaker.opens().says(SynchronizeState())
    speaker.says(SoftwareInfo(firmware_version="8701")).says(UserInactivityReport(inactive_time_in_seconds=7200))
    speaker.says(VolumeChanged(volume=40))
    error = Encountered(type="INTERNAL_ERROR", message="no")
    speaker.says(ExceptionEncountered(unparsed_directive="{}", error=error))

    detail = shown(home, speaker)

    assert detail["connected"] is True
    assert detail["software"]["version"] == "8701"
    assert detail["inactivity"]["seconds"] == 7200
    assert detail["volume"]["volume"] == 40
    assert [state["header"]["name"] for state in detail["components"]["states"]] == ["AlertsState"]
    assert detail["headers"]["agent"] == "QV=3&VE=GA"
    assert [(each["type"], each["message"], each["message_id"]) for each in detail["exceptions"]] == [
        ("INTERNAL_ERROR", "no", None)
    ]
    status, exceptions = home.asks("GET", f"/devices/{speaker.device_id}/exceptions")
    assert status == 200
    assert exceptions == {"exceptions": [{**detail["exceptions"][0], "directive": "{}"}], "next": None}


def test_software_info_is_answered_204_with_nothing_and_400_when_it_is_none(home: Account) -> None:
    speaker = listening(home)

    answer = speaker.connection.answer(speaker.reports(SoftwareInfo(firmware_version="8701")))
    assert (answer.status, answer.body) == (204, b"")

    refused = speaker.connection.answer(speaker.reports(SoftwareInfo(firmware_version="0")))
    assert refused.status == 400
    assert "event.payload.firmwareVersion" in refusal_of(refused, TVS_2020).description
    assert shown(home, speaker)["software"]["version"] == "8701"


def test_a_device_is_renamed(home: Account) -> None:
    device_id, _ = home.device("kitchen")

    status, detail = home.asks("PATCH", f"/devices/{device_id}", {"name": "bath\nroom"})

    assert (status, detail["name"]) == (200, "bath room")
    assert [device["name"] for device in home.asks("GET", "/devices")[1]["devices"]] == ["bath room"]
    for name in ("", "x" * 201, "\x1b", 5, None):
        assert home.asks("PATCH", f"/devices/{device_id}", {"name": name})[0] == 422
    assert home.asks("PATCH", f"/devices/{device_id}", {})[0] == 422


# What a device is told


def test_the_volume_is_set_at_once(home: Account) -> None:
    speaker = listening(home)

    assert home.asks("POST", f"/devices/{speaker.device_id}/volume", {"volume": 0})[0] == 202
    assert home.asks("POST", f"/devices/{speaker.device_id}/volume", {"change": -10})[0] == 202

    assert speaker.hears(SetVolume) == [SetVolume(volume=0)]
    assert speaker.hears(AdjustVolume) == [AdjustVolume(volume=-10)]


def test_the_volume_waits_for_a_device_that_is_not_connected(home: Account) -> None:
    device_id, token = home.device(profile=TVS_2020)

    status, ordered = home.asks("POST", f"/devices/{device_id}/volume", {"volume": 60})
    speaker = Speaker(home.cloud, device_id, token, profile=TVS_2020).opens()

    assert (status, ordered["connected"]) == (202, False)
    assert speaker.hears(SetVolume) == [SetVolume(volume=60)]


def test_a_device_is_asked_for_its_software(home: Account) -> None:
    speaker = listening(home)

    status, ordered = home.asks("POST", f"/devices/{speaker.device_id}/software")
    assert (status, ordered["connected"]) == (202, True)

    assert speaker.hears(ReportSoftwareInfo) == [ReportSoftwareInfo()]


def test_what_was_said_goes_from_the_rows(home: Account) -> None:
    speaker = listening(home)
    home.asks("POST", f"/devices/{speaker.device_id}/volume", {"volume": 1})
    speaker.hears(SetVolume)
    home.asks("POST", f"/devices/{speaker.device_id}/volume", {"volume": 2})
    speaker.hears(SetVolume, 2)

    again = Speaker(home.cloud, speaker.device_id, speaker.token, profile=TVS_2020)
    again.takes_over().says(SynchronizeState())
    home.adds(at=NEW_YEAR)
    again.hears(SetAlert)

    assert [message for message in again.told if isinstance(message, SetVolume)] == []


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"volume": 101}, "volume"),
        ({"volume": -1}, "volume"),
        ({"change": 101}, "change"),
        ({"change": -101}, "change"),
        ({"volume": "loud"}, "volume"),
        ({"volume": 6.5}, "volume"),
        ({"volume": 1, "change": 1}, "not both"),
        ({}, "not both"),
        ({"loud": 1}, "loud"),
    ],
)
def test_a_volume_that_cannot_be_is_422(home: Account, wish: dict[str, object], told: str) -> None:
    device_id, _ = home.device(profile=TVS_2020)

    status, problem = home.asks("POST", f"/devices/{device_id}/volume", wish)

    assert status == 422
    assert told in problem["detail"]


def test_a_version_that_has_no_such_directive_is_named(home: Account) -> None:
    device_id, _ = home.device(profile=CIC_KO_2022)

    for path, body, name in (("volume", {"volume": 1}, "SetVolume"), ("software", None, "ReportSoftwareInfo")):
        status, problem = home.asks("POST", f"/devices/{device_id}/{path}", body)
        assert status == 422
        assert f"speaks cic-ko-2022, a version of the protocol without {name}" in problem["detail"]


# What counts as activity of the user


def test_every_action_of_the_account_resets_the_inactivity_of_connected_devices(home: Account) -> None:
    speaker = listening(home)
    speaker.says(UserInactivityReport(inactive_time_in_seconds=3600))
    other, _ = home.device("hall", profile=TVS_2020)
    old = home.speaker(profile=CIC_KO_2022).opens()
    token = home.adds(at=NEW_YEAR)
    actions = [
        ("PATCH", f"/alerts/{token}", {"label": "tea"}),
        ("DELETE", f"/alerts/{token}", None),
        ("PATCH", f"/devices/{speaker.device_id}", {"name": "kitchen"}),
        ("POST", f"/devices/{speaker.device_id}/volume", {"volume": 60}),
        ("PATCH", "/account", {"country": "KR"}),
        ("POST", "/devices", {"name": "bath"}),
        ("DELETE", f"/devices/{other}", None),
    ]
    speaker.hears(ResetUserInactivity)
    assert shown(home, speaker)["inactivity"] is None
    for count, (method, path, body) in enumerate(actions, 2):
        assert home.asks(method, path, body)[0] < 300
        speaker.hears(ResetUserInactivity, count)
    assert old.told[0] == CIC_KO_2022.greeting
    assert all(not isinstance(message, ResetUserInactivity) for message in old.told)


def test_looking_failing_and_other_accounts_are_no_activity(home: Account) -> None:
    speaker, stranger = listening(home), home.cloud.account()

    home.asks("GET", "/devices")
    assert home.asks("PATCH", "/account", {"country": "XX"})[0] == 422
    assert home.asks("DELETE", "/alerts/none")[0] == 404
    assert home.asks("PATCH", "/account", {"country": "KR"}, token="wrong")[0] == 401
    assert stranger.asks("PATCH", "/account", {"country": "KR"})[0] == 200
    assert home.asks("POST", "/nothing")[0] in {404, 405}
    home.asks("POST", f"/devices/{speaker.device_id}/volume", {"volume": 1})
    speaker.hears(ResetUserInactivity)

    assert [message for message in speaker.told if isinstance(message, ResetUserInactivity)] == [ResetUserInactivity()]


# The account


def test_the_account_is_shown_and_moves(home: Account) -> None:
    status, account = home.asks("GET", "/account")
    assert status == 200
    assert account == {
        "account_id": home.account_id,
        "name": home.account_id,
        "timezone": "Asia/Seoul",
        "country": None,
        "endpoint": None,
        "language": None,
        "speaks": "ko",
        "conduct": {"snooze": "10m", "snoozes": 5, "stop_everywhere": True},
    }

    assert home.asks("PATCH", "/account", {"country": "jp"}) == (
        200,
        {**account, "country": "JP", "endpoint": ELSEWHERE, "speaks": "ja"},
    )
    assert home.asks("PATCH", "/account", {"country": None}) == (200, account)


@pytest.mark.parametrize("country", ["", "XX", "UK", "KOR", "x" * 65, 82, ["KR"]])
def test_what_is_no_country_is_422_and_changes_nothing(home: Account, country: object) -> None:
    home.asks("PATCH", "/account", {"country": "KR"})

    status, problem = home.asks("PATCH", "/account", {"country": country})

    assert status == 422
    assert "country" in problem["detail"]
    assert home.asks("GET", "/account")[1]["country"] == "KR"
    assert home.asks("PATCH", "/account", {})[0] == 422


def test_an_account_says_what_it_speaks(home: Account) -> None:
    _, account = home.asks("GET", "/account")
    for language, code in (("zh", "zh"), ("Japanese", "ja")):
        chosen = {**account, "language": code, "speaks": code}
        assert home.asks("PATCH", "/account", {"language": language}) == (200, chosen)
    assert home.asks("PATCH", "/account", {"language": None, "country": None}) == (200, account)


@pytest.mark.parametrize("language", ["", "fr", "x" * 65, 82, ["ko"]])
def test_what_is_no_language_is_422_and_changes_nothing(home: Account, language: object) -> None:
    home.asks("PATCH", "/account", {"language": "ja"})
    status, problem = home.asks("PATCH", "/account", {"language": language, "country": "JP"})
    assert status == 422
    assert "spoken in" in problem["detail"] or "language" in problem["detail"]
    account = home.asks("GET", "/account")[1]
    assert (account["language"], account["country"]) == ("ja", None)


def test_labels_are_spoken_anew_in_the_account_s_new_language(home: Account) -> None:
    speaker = home.speaker().opens().says(RequestSynchronizeAlert())
    home.adds(at=NEW_YEAR, kind="REMINDER", label="生日")
    home.adds(at=NEW_YEAR, kind="REMINDER", label="약")
    home.adds(at=NEW_YEAR, label="生日")
    before = {told.token: speech_of(told) for told in speaker.hears(SetAlert, 3)}

    home.asks("PATCH", "/account", {"language": "ja"})

    again = speaker.hears(SetAlert, 4)[3]
    assert again.label == "生日"
    assert speech_of(again) != before[again.token]
    heard = [sound(home, speech) for speech in (speech_of(again), before[again.token])]
    assert heard[0] is not None  # made when it is fetched
    assert heard[0] != heard[1]


def test_labels_are_spoken_anew_where_a_new_time_zone_speaks_another_language(home: Account) -> None:
    speaker = home.speaker().opens().says(RequestSynchronizeAlert())
    home.adds(at=NEW_YEAR, kind="REMINDER", label="生日")
    (before,) = speaker.hears(SetAlert)

    assert home.asks("PATCH", "/account", {"timezone": "Asia/Tokyo"})[1]["speaks"] == "ja"

    assert speech_of(speaker.hears(SetAlert, 2)[1]) != speech_of(before)


def speech_of(told: SetAlert) -> str:
    return next((asset.url for asset in told.assets or () if asset.asset_id == "speech"), "")


def sound(home: Account, url: str) -> bytes | None:
    connection = home.cloud.connects()
    answer = connection.answer(connection.asks("GET", "/assets/" + url.rpartition("/")[2], {}))
    return bytes(answer.body) if answer.status == 200 else None


def test_a_sound_that_was_removed_is_made_again_while_an_alert_uses_it(home: Account) -> None:
    speaker = home.speaker().opens().says(RequestSynchronizeAlert())
    token = home.adds(at=NEW_YEAR, kind="REMINDER", label="薬の時間")
    url = speech_of(speaker.hears(SetAlert)[0])
    path = home.cloud.data / "assets" / url.rpartition("/")[2]
    first = sound(home, url)
    path.unlink()
    assert first == sound(home, url) is not None
    path.unlink()
    assert home.asks("DELETE", f"/alerts/{token}")[0] == 204
    assert sound(home, url) is None


def test_a_device_is_told_at_once_when_its_account_moves(home: Account) -> None:
    speaker = listening(home)
    old = home.speaker(profile=CIC_KO_2022).opens()

    home.asks("PATCH", "/account", {"country": "JP"})

    assert speaker.hears(SetEndpoint) == [SetEndpoint(endpoint=ELSEWHERE)]
    assert shown(home, speaker)["region"] == {"country": "JP", "endpoint": ELSEWHERE, "movable": True}
    assert shown(home, old)["region"] == {"country": "JP", "endpoint": ELSEWHERE, "movable": False}
    assert len(old.told) == 1


def test_a_device_is_told_when_it_has_synchronized(home: Account) -> None:
    home.asks("PATCH", "/account", {"country": "JP"})
    speaker = home.speaker(profile=TVS_2020).opens()

    begun = time.monotonic()
    speaker.says(SynchronizeState())
    speaker.hears(SetEndpoint)

    assert time.monotonic() - begun < PATIENCE


# Who asks


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/account"),
        ("PATCH", "/account"),
        ("GET", "/devices/x"),
        ("PATCH", "/devices/x"),
        ("GET", "/devices/x/exceptions"),
        ("POST", "/devices/x/volume"),
        ("POST", "/devices/x/software"),
    ],
)
def test_without_a_good_token_there_is_nothing_but_401(home: Account, method: str, path: str) -> None:
    for token in ("", "wrong", home.device()[1]):
        assert home.asks(method, path, token=token)[0] == 401


def test_what_is_another_accounts_is_not_there_and_stays_untouched(home: Account) -> None:
    stranger, speaker = home.cloud.account(), listening(home)
    path = f"/devices/{speaker.device_id}"

    assert stranger.asks("GET", path)[0] == 404
    assert stranger.asks("PATCH", path, {"name": "mine"})[0] == 404
    assert stranger.asks("GET", f"{path}/exceptions")[0] == 404
    assert stranger.asks("POST", f"{path}/volume", {"volume": 100})[0] == 404
    assert stranger.asks("POST", f"{path}/software")[0] == 404

    assert shown(home, speaker)["name"] == "kitchen"
    assert speaker.told == []


def test_the_routes_are_in_the_openapi_document(home: Account) -> None:
    connection = home.cloud.connects()
    stream = connection.answer(connection.asks("GET", "/schema/openapi.json", {}))

    for path in ("/account", "/devices/{device_id}", "/devices/{device_id}/volume", "/devices/{device_id}/exceptions"):
        assert f'"/api/v1{path}"'.encode() in stream.body
