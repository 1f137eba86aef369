"""Sounds of an alert's own: what its devices are told to play, how many there may be, and which are none."""

from typing import Any

import pytest

from bellwire.cloud.sound_forms import sounds_of
from bellwire.cloud.wishes import WishError
from bellwire.protocol.messages.alerts import Asset, RequestSynchronizeAlert, SetAlert, SynchronizeAlert
from bellwire.protocol.messages.system import SynchronizeState
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cloud.running import LIMITS, Account, Cloud, Speaker

RAIN, BIRDS = "https://sounds.example/rain.mp3", "http://192.168.1.5:8000/birds.ogg"


@pytest.fixture
def home(cloud: Cloud) -> Account:
    return cloud.account()


def listening(home: Account) -> Speaker:
    speaker = home.speaker().opens().says(RequestSynchronizeAlert())
    speaker.hears(SynchronizeAlert)
    return speaker


def test_they_are_played_in_their_order_in_the_place_of_the_bell_and_before_the_label(home: Account) -> None:
    speaker = listening(home)
    token = home.adds(label="tea", kind="REMINDER", **{"in": "1h"}, assets=[RAIN, BIRDS])

    (told,) = speaker.hears(SetAlert)

    assert told.assets is not None
    assert told.assets[:2] == (Asset(asset_id="asset-1", url=RAIN), Asset(asset_id="asset-2", url=BIRDS))
    assert [each.asset_id for each in told.assets[2:]] in (["speech"], [])  # without a voice there is none
    assert told.asset_play_order == tuple(each.asset_id for each in told.assets)
    assert home.asks("GET", f"/alerts/{token}")[1]["assets"] == [RAIN, BIRDS]


def test_an_edit_of_them_is_told(home: Account) -> None:
    token = home.adds(kind="TIMER", **{"in": "1h"}, assets=[RAIN])
    speaker = listening(home)
    changed = home.asks("PATCH", f"/alerts/{token}", {"assets": [BIRDS]})[1]
    (told,) = speaker.hears(SetAlert)
    assert [each.url for each in told.assets or ()] == changed["assets"] == [BIRDS]

    home.asks("PATCH", f"/alerts/{token}", {"assets": []})
    told = speaker.hears(SetAlert, 2)[-1]
    assert [each.url for each in told.assets or ()] == ["clova://alert/bell/timer"]
    home.asks("PATCH", f"/alerts/{token}", {"label": "eggs"})
    assert home.asks("GET", f"/alerts/{token}")[1]["assets"] == []


def test_there_may_be_so_many(home: Account) -> None:
    wish: dict[str, Any] = {"in": "1h", "assets": [RAIN] * LIMITS.assets}
    assert home.asks("POST", "/alerts", wish)[0] == 201
    for method, path in (("POST", "/alerts"), ("PATCH", f"/alerts/{home.adds(**wish)}")):
        status, problem = home.asks(method, path, {**wish, "assets": [RAIN] * (LIMITS.assets + 1)})
        assert status == 422
        assert "33 sounds; 32 are taken at most" in problem["detail"]
        assert "bellwire cloud --limit assets=64" in problem["detail"]


@pytest.mark.parametrize(
    "url",
    [
        "", "rain.mp3", "file:///etc/passwd", "ftp://sounds.example/rain", "clova://alert/bell/timer", "https://",
        "https:///rain.mp3", "https://sounds.example/rain drops.mp3", "https://sounds.example/\nrain", "http://[::1",
        "https://sounds.example:x/rain", "https://user:secret@sounds.example/rain", f"https://e/{'x' * 1024}",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_sound_is_told(url: str) -> None:
    with pytest.raises(WishError, match="is not the address of a sound; write one like https://"):
        sounds_of([RAIN, url], 32)
    assert sounds_of([RAIN, BIRDS, RAIN], 32) == (RAIN, BIRDS, RAIN)


def test_in_a_version_without_sounds_for_an_alarm_it_rings_with_the_bell(home: Account) -> None:
    clova = listening(home)
    tvs = home.speaker(profile=TVS_2020).opens().says(SynchronizeState())
    home.adds(kind="ALARM", **{"in": "1h"}, assets=[RAIN])

    (told,) = clova.hears(SetAlert)
    assert told.assets is None
    (other,) = tvs.hears(SetAlert)
    assert [each.url for each in other.assets or ()] == [RAIN]
