"""The account API over the wire. `Account.asks` also checks that every error is a problem with a sentence."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.cloud.api import account_api
from bellwire.cloud.assets import AssetStore
from bellwire.cloud.auth import Tokens, hash_of, new_token
from bellwire.cloud.authority import Authority
from bellwire.cloud.bus import InProcessBus
from bellwire.cloud.calendar_files import CalendarFiles
from bellwire.cloud.change_feed import ChangeFeed
from bellwire.cloud.conditions import ConditionalStore
from bellwire.cloud.config import Limits
from bellwire.cloud.gateway import Gateway
from bellwire.cloud.services import Services
from bellwire.cloud.speech import Silent
from bellwire.cloud.store.accounts import account_by_token, add_account, add_account_token
from bellwire.cloud.store.devices import device_by_token
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.protocol.messages.alerts import (
    AlertStopped,
    DeleteAlert,
    DeleteAlertSucceeded,
    RequestSynchronizeAlert,
    SetAlert,
    SetAlertSucceeded,
    SynchronizeAlert,
)
from tests.cloud.call import Call
from tests.cloud.running import LIMITS, Account, Cloud, Speaker, parts_of

NEW_YEAR = "2027-01-01T07:00:00+09:00"
NEW_YEAR_UTC = "2026-12-31T22:00:00Z"


@pytest.fixture
def home(cloud: Cloud) -> Account:
    return cloud.account()


def listening(home: Account) -> Speaker:
    """A speaker that hears of every change at once."""
    speaker = home.speaker().opens().says(RequestSynchronizeAlert())
    speaker.hears(SynchronizeAlert)
    return speaker


# Alerts


def test_an_alert_is_shown_as_it_was_added(home: Account) -> None:
    device_id, _ = home.device()

    status, added = home.asks("POST", "/alerts", {"kind": "ALARM", "label": "tea", "at": NEW_YEAR})

    assert status == 201
    assert added == {
        "token": added["token"],
        "kind": "ALARM",
        "label": "tea",
        "scheduled_time": NEW_YEAR_UTC,
        "paused": False,
        "remaining": None,
        "snoozed_from": None,
        "snoozes": 0,
        "every": None,
        "until": None,
        "except": [],
        "ahead": None,
        "timezone": "Asia/Seoul",
        "floating": False,
        "everywhere": True,
        "conduct": {"snooze": None, "snoozes": None, "stop_everywhere": None},
        "actions": [],
        "assets": [],
        "devices": {device_id: "unknown"},
    }
    assert home.asks("GET", f"/alerts/{added['token']}") == (200, added)
    assert home.asks("GET", "/alerts") == (200, {"alerts": [added], "next": None})


def test_a_repeated_alert_is_on_the_clocks_of_its_account_unless_another_zone_is_named(home: Account) -> None:
    own = home.asks("POST", "/alerts", {"kind": "ALARM", "at": "07:00", "every": "daily"})[1]
    other = home.asks("POST", "/alerts", {"kind": "ALARM", "at": "07:00", "every": "daily", "timezone": "UTC"})[1]

    assert (own["timezone"], own["every"]) == ("Asia/Seoul", "daily")
    assert own["scheduled_time"].endswith("T22:00:00Z")
    assert (other["timezone"], other["every"]) == ("UTC", "daily")
    assert other["scheduled_time"].endswith("T07:00:00Z")


def test_an_alert_for_some_devices_is_on_these_only(home: Account) -> None:
    kitchen, _ = home.device("kitchen")
    home.device("bedroom")

    added = home.asks("POST", "/alerts", {"kind": "ALARM", "at": NEW_YEAR, "devices": [kitchen, kitchen]})[1]
    home.device("hall")

    assert added["everywhere"] is False
    assert home.asks("GET", f"/alerts/{added['token']}")[1]["devices"] == {kitchen: "unknown"}


def test_an_alert_for_all_devices_is_also_on_those_that_join_later(home: Account) -> None:
    token = home.adds(at=NEW_YEAR)

    hall = home.asks("POST", "/devices", {"name": "hall"})[1]

    assert home.asks("GET", f"/alerts/{token}")[1]["devices"] == {hall["device_id"]: "unknown"}


def test_pages_give_every_alert_once_the_earliest_first(home: Account) -> None:
    tokens = {home.adds(at=f"2027-01-0{day}T07:00:00+09:00") for day in (3, 1, 2, 1, 1)}

    pages: list[dict[str, Any]] = [home.asks("GET", "/alerts?limit=2")[1]]
    while after := pages[-1]["next"]:
        pages.append(home.asks("GET", f"/alerts?limit=2&after={after}")[1])

    shown = [alert for page in pages for alert in page["alerts"]]
    assert [len(page["alerts"]) for page in pages] == [2, 2, 1]
    assert {alert["token"] for alert in shown} == tokens
    assert [alert["scheduled_time"] for alert in shown] == sorted(alert["scheduled_time"] for alert in shown)


def test_a_last_page_that_is_full_has_no_next(home: Account) -> None:
    home.adds(at=NEW_YEAR)

    assert home.asks("GET", "/alerts?limit=1")[1]["next"] is None


def test_an_edit_changes_what_it_names_and_reaches_the_device(home: Account) -> None:
    speaker = listening(home)
    token = home.adds(at=NEW_YEAR, kind="ACTIONTIMER", label="\u2026")
    speaker.hears(SetAlert)

    renamed = home.asks("PATCH", f"/alerts/{token}", {"label": "\u2022"})
    (_, told) = speaker.hears(SetAlert, 2)

    assert renamed[0] == 200
    assert (renamed[1]["label"], renamed[1]["scheduled_time"]) == ("\u2022", NEW_YEAR_UTC)
    assert (told.token, told.label) == (token, "\u2022")

    moved = home.asks("PATCH", f"/alerts/{token}", {"at": "08:00", "every": "weekend"})
    (*_, told) = speaker.hears(SetAlert, 3)

    assert (moved[1]["label"], moved[1]["every"], moved[1]["timezone"]) == ("\u2022", "weekend", "Asia/Seoul")
    assert told.scheduled_time == datetime.fromisoformat(moved[1]["scheduled_time"])


def test_what_an_edit_of_the_schedule_does_not_name_stays(home: Account) -> None:
    wish = {"at": "07:00", "every": "mon,wed,fri", "until": "2099-12-31", "except": ["2098-12-25"], "label": "x"}
    token = home.adds(**{**wish, "until": "2030-12-31"})

    later = home.asks("PATCH", f"/alerts/{token}", {"at": "08:00"})[1]

    assert (later["every"], later["until"], later["except"]) == ("mon,wed,fri", "2030-12-31T23:59:59", ["2098-12-25"])
    assert (later["floating"], later["scheduled_time"][10:]) == (True, "T23:00:00Z")
    endless = home.asks("PATCH", f"/alerts/{token}", {"until": "never", "except": [], "every": "monthly"})[1]
    assert (endless["every"], endless["until"], endless["except"]) == ("monthly", None, [])
    assert home.asks("PATCH", f"/alerts/{token}", {"timezone": "UTC"})[1]["floating"] is False
    assert home.asks("PATCH", f"/alerts/{token}", {"every": "once"})[1]["every"] is None


def test_an_alert_is_skipped_paused_and_resumed_and_its_device_hears_of_it(home: Account) -> None:
    speaker = listening(home)
    token = home.adds(at="07:00", every="daily")
    (first,) = speaker.hears(SetAlert)

    skipped = home.asks("POST", f"/alerts/{token}/skip")[1]
    (*_, second) = speaker.hears(SetAlert, 2)
    paused = home.asks("POST", f"/alerts/{token}/pause")[1]
    speaker.hears(DeleteAlert)

    assert second.scheduled_time - first.scheduled_time == timedelta(days=1)
    assert len(skipped["except"]) == 1
    assert (paused["paused"], paused["scheduled_time"]) == (True, None)
    assert home.asks("GET", "/alerts")[1]["alerts"] == [paused]
    assert home.asks("GET", f"/alerts/{token}/occurrences")[1]["occurrences"] == []
    assert home.asks("POST", f"/alerts/{token}/skip")[0] == 422
    resumed = home.asks("POST", f"/alerts/{token}/resume")[1]
    assert (resumed["paused"], resumed["scheduled_time"]) == (False, skipped["scheduled_time"])
    for step in ("skip", "pause", "resume"):
        assert home.asks("POST", f"/alerts/unknown/{step}")[0] == 404


def test_what_rings_is_snoozed_with_a_length_or_without_and_stopped(home: Account) -> None:
    speaker = listening(home)
    lately = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    token = home.asks("POST", "/alerts", {"kind": "ALARM", "at": lately})[1]["token"]
    (before,) = speaker.hears(SetAlert)
    status, snoozed = home.asks("POST", f"/alerts/{token}/snooze")
    assert (status, snoozed["snoozes"]) == (200, 1)
    after = speaker.hears(SetAlert, 2)[-1]
    assert after.scheduled_time - before.scheduled_time > timedelta(minutes=10)
    status, refused = home.asks("POST", f"/alerts/{token}/snooze", {"for": "5m"})
    assert (status, "snoozed already" in refused["detail"]) == (422, True)
    assert home.asks("POST", f"/alerts/{token}/stop")[0] == 204
    assert [told.token for told in speaker.hears(DeleteAlert)] == [token]
    assert home.asks("POST", f"/alerts/{token}/stop")[0] == 404


def test_an_alert_rings_on_other_devices_when_it_is_told_so(home: Account) -> None:
    kitchen, _ = home.device("kitchen")
    bedroom, _ = home.device("bedroom")
    token = home.asks("POST", "/alerts", {"kind": "ALARM", "at": NEW_YEAR, "devices": [kitchen]})[1]["token"]

    status, moved = home.asks("PATCH", f"/alerts/{token}", {"devices": [bedroom]})
    assert (status, moved["everywhere"], [*moved["devices"]]) == (200, False, [bedroom])
    status, moved = home.asks("PATCH", f"/alerts/{token}", {"devices": None})
    assert (status, moved["everywhere"], {*moved["devices"]}) == (200, True, {kitchen, bedroom})
    status, problem = home.asks("PATCH", f"/alerts/{token}", {"devices": ["attic"]})
    assert (status, "no device attic" in problem["detail"]) == (422, True)
    assert home.asks("PATCH", f"/alerts/{token}", {"devices": []})[0] == 422
    assert home.asks("GET", f"/alerts/{token}")[1] == moved


def test_how_alerts_are_snoozed_and_stopped_is_said_of_one_or_of_all(home: Account) -> None:
    usual = {"snooze": "10m", "snoozes": 5, "stop_everywhere": True}
    assert home.asks("GET", "/account")[1]["conduct"] == usual
    changed = home.asks("PATCH", "/account", {"conduct": {"snooze": "5m", "stop_everywhere": False}})[1]
    assert changed["conduct"] == {"snooze": "5m", "snoozes": 5, "stop_everywhere": False}

    wish = {"at": NEW_YEAR, "conduct": {"snoozes": 0, "snooze": "1h30m"}}
    added = home.asks("POST", "/alerts", wish)[1]
    assert added["conduct"] == {"snooze": "1h30m", "snoozes": 0, "stop_everywhere": None}
    edited = home.asks("PATCH", f"/alerts/{added['token']}", {"conduct": {"snoozes": None, "stop_everywhere": True}})[1]
    assert edited["conduct"] == {"snooze": "1h30m", "snoozes": None, "stop_everywhere": True}
    for refused in ({"snooze": "25h"}, {"snoozes": 101}, {"snoozes": -1}, {"snooze": ""}, {"volume": 1}):
        assert home.asks("PATCH", "/account", {"conduct": refused})[0] == 422
        assert home.asks("PATCH", f"/alerts/{added['token']}", {"conduct": refused})[0] == 422

    asked = {"conduct": dict.fromkeys(usual)}
    assert home.asks("PATCH", "/account", asked)[1]["conduct"] == usual


def test_an_action_timer_keeps_what_it_does_and_does_it(home: Account) -> None:
    speaker = listening(home)
    action = {"header": {"namespace": "AudioPlayer", "name": "Play"}, "payload": {"url": "https://home/rain.mp3"}}
    lately = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()
    wish = {"kind": "ACTIONTIMER", "label": "Rain", "at": lately, "actions": [action, action]}
    status, added = home.asks("POST", "/alerts", wish)
    assert (status, added["actions"]) == (201, [action, action])
    path = f"/alerts/{added['token']}"
    assert home.asks("PATCH", path, {"actions": [action]})[1]["actions"] == [action]
    speaker.hears(SetAlert)
    speaker.says(SetAlertSucceeded(token=added["token"], type="ACTIONTIMER"))
    speaker.says(AlertStopped(token=added["token"], type="ACTIONTIMER"))

    def names() -> list[str]:
        directives = [json.loads(part.body)["directive"] for part in parts_of(speaker.downchannel)]
        return [f"{each['header']['namespace']}.{each['header']['name']}" for each in directives]

    speaker.connection.until(lambda: "Alerts.DeleteAlert" in names(), "the end")
    assert names()[-2:] == ["AudioPlayer.Play", "Alerts.DeleteAlert"]
    assert home.asks("GET", path)[0] == 404


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"kind": "TIMER", "actions": [{"header": {"namespace": "A", "name": "B"}, "payload": {}}]}, "only an ACTION"),
        ({"actions": [{"header": {"namespace": "Alerts", "name": "SetAlert"}, "payload": {}}]}, "of namespace Alerts"),
        ({"actions": [{"header": {"namespace": "A", "name": "B"}, "payload": []}]}, "actions[0].payload"),
        ({"actions": [{"header": {"namespace": "A.B", "name": "B"}, "payload": {}}]}, "actions[0].header.namespace"),
        ({"actions": [{"header": {"namespace": "A", "name": ""}, "payload": {}}]}, "actions[0].header.name"),
        ({"actions": [{"header": {"namespace": "A"}, "payload": {}}]}, "actions[0].header"),
        ({"actions": [{"payload": {}}]}, "header"),
        ({"actions": [{"header": {"namespace": "A", "name": "B"}, "payload": {"x": "y" * 17_000}}]}, "16384"),
        ({"actions": [{"header": {"namespace": "A", "name": "B"}, "payload": {}}] * 11}, "length <= 10"),
    ],
)
def test_what_an_action_timer_cannot_do(home: Account, wish: dict[str, object], told: str) -> None:
    status, problem = home.asks("POST", "/alerts", {"kind": "ACTIONTIMER", "in": "1h", **wish})
    assert status == 422
    assert told in problem["detail"]


def test_a_timer_is_paused_with_what_is_left_extended_and_resumed(home: Account) -> None:
    token = home.asks("POST", "/alerts", {"kind": "TIMER", "label": "Eggs", "in": "10m"})[1]["token"]
    status, paused = home.asks("POST", f"/alerts/{token}/pause")
    assert (status, paused["scheduled_time"], paused["paused"]) == (200, None, True)
    assert paused["remaining"] in {"10m", *(f"9m{seconds}s" for seconds in range(60))}
    status, extended = home.asks("POST", f"/alerts/{token}/extend", {"by": "1h"})
    assert (status, extended["remaining"]) == (200, f"1h{paused['remaining']}")
    status, resumed = home.asks("POST", f"/alerts/{token}/resume")
    assert (status, resumed["remaining"], resumed["paused"]) == (200, None, False)
    for refused in ({"by": "soon"}, {"by": "0s"}, {}, {"by": 5}):
        assert home.asks("POST", f"/alerts/{token}/extend", refused)[0] == 422
    alarm = home.adds(at=NEW_YEAR)
    assert home.asks("POST", f"/alerts/{alarm}/extend", {"by": "5m"})[0] == 422


def test_what_would_ring_is_seen_before_it_is_added_and_after(home: Account) -> None:
    wish = {"at": "07:00", "every": "FREQ=MONTHLY;BYDAY=-1FR", "times": 3}

    status, preview = home.asks("POST", "/alerts/preview", wish)
    token = home.adds(**wish)

    assert status == 200
    assert (len(preview["occurrences"]), preview["every"]) == (3, "FREQ=MONTHLY;BYDAY=-1FR")
    assert home.asks("GET", f"/alerts/{token}/occurrences")[1] == preview
    assert home.asks("GET", f"/alerts/{token}/occurrences?limit=1")[1]["occurrences"] == preview["occurrences"][:1]
    assert home.asks("GET", "/alerts/unknown/occurrences")[0] == 404
    assert len(home.asks("POST", "/alerts/preview", {"in": "1h"})[1]["occurrences"]) == 1
    for bad in ({}, {**wish, "limit": 101}, {**wish, "every": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}):
        assert home.asks("POST", "/alerts/preview", bad)[0] == 422


def test_what_rings_is_seen_a_page_at_a_time(home: Account) -> None:
    wish = {"at": NEW_YEAR, "every": "daily", "times": 5}
    token = home.adds(**wish)
    path = f"/alerts/{token}/occurrences"
    everything = home.asks("GET", path)[1]
    assert (len(everything["occurrences"]), everything["next"]) == (5, None)

    seen, after = [], ""
    for expected in (2, 2, 1):
        page = home.asks("GET", f"{path}?limit=2{after}")[1]
        preview = home.asks("POST", "/alerts/preview", {**wish, "limit": 2, "after": after[7:] or None})[1]
        assert preview == page
        assert len(page["occurrences"]) == expected
        seen += page["occurrences"]
        after = f"&after={page['next']}"
    assert (seen, page["next"]) == (everything["occurrences"], None)
    for year, left in (("0001", 5), ("9999", 0)):
        forged = base64.urlsafe_b64encode(f'["{year}-12-31T23:59:59Z"]'.encode()).decode()
        assert len(home.asks("GET", f"{path}?after={forged}")[1]["occurrences"]) == left
        assert len(home.asks("POST", "/alerts/preview", {**wish, "after": forged})[1]["occurrences"]) == left
    for bad in ("x", "WyJub3ciXQ==", "W10="):
        assert home.asks("GET", f"{path}?after={bad}")[0] == 422
        assert home.asks("POST", "/alerts/preview", {**wish, "after": bad})[0] == 422


def test_workdays_are_those_of_the_country_of_the_account(home: Account) -> None:
    status, problem = home.asks("POST", "/alerts", {"at": "07:00", "every": "workday"})
    assert status == 422
    assert "bellwire account country" in problem["detail"]

    home.asks("PATCH", "/account", {"country": "KR"})

    token = home.adds(at="07:00", every="workday")
    assert home.asks("GET", f"/alerts/{token}")[1]["every"] == "workday"
    home.asks("PATCH", "/account", {"country": None})
    assert home.asks("GET", f"/alerts/{token}/occurrences")[0] == 200


def test_an_account_moves_to_another_time_zone_and_its_alerts_with_it(home: Account) -> None:
    speaker = listening(home)
    token = home.adds(at="07:00", every="daily")
    fixed = home.adds(at="07:00", every="daily", timezone="Asia/Seoul")
    speaker.hears(SetAlert, 2)

    assert home.asks("PATCH", "/account", {"timezone": "Asia/Kolkata"})[1]["timezone"] == "Asia/Kolkata"

    (*_, moved) = speaker.hears(SetAlert, 3)
    assert (moved.token, moved.scheduled_time.utcoffset()) == (token, timedelta(hours=5, minutes=30))
    assert home.asks("GET", f"/alerts/{token}")[1]["scheduled_time"].endswith("T01:30:00Z")
    assert home.asks("GET", f"/alerts/{fixed}")[1]["scheduled_time"].endswith("T22:00:00Z")
    for bad in ({"timezone": "Mars/Base"}, {"timezone": None}, {}):
        assert home.asks("PATCH", "/account", bad)[0] == 422


def test_a_deleted_alert_is_gone_here_and_on_the_device(home: Account) -> None:
    speaker = listening(home)
    token = home.adds(at=NEW_YEAR)
    speaker.hears(SetAlert)

    assert home.asks("DELETE", f"/alerts/{token}") == (204, None)

    assert speaker.hears(DeleteAlert) == [DeleteAlert(token=token, type="ALARM")]
    speaker.says(DeleteAlertSucceeded(token=token, type="ALARM"))
    assert home.asks("GET", "/alerts")[1]["alerts"] == []
    for method, body in (("GET", None), ("PATCH", {"label": "x"}), ("DELETE", None)):
        assert home.asks(method, f"/alerts/{token}", body)[0] == 404


# Devices


def test_a_device_that_was_added_can_connect_with_its_token_and_is_then_shown_so(home: Account) -> None:
    status, added = home.asks("POST", "/devices", {"name": "kitchen"})
    shown = home.asks("GET", "/devices")[1]["devices"]
    Speaker(home.cloud, added["device_id"], added["access_token"]).opens()

    assert status == 201
    [kitchen] = shown
    assert kitchen == {
        "device_id": added["device_id"],
        "name": "kitchen",
        "profile": "cic-ko-2022",
        "model": None,
        "connected": False,
    }
    assert home.asks("GET", "/devices")[1]["devices"] == [{**shown[0], "connected": True}]


def test_a_device_has_a_name_of_its_own_accord_and_none_that_disturbs(home: Account) -> None:
    assert home.asks("POST", "/devices", {})[0] == 201
    for name in ("", " ", "x" * 201, "a\x1b[31m", 5, None):
        assert home.asks("POST", "/devices", {"name": name})[0] == 422
    status, problem = home.asks("POST", "/devices", {"profile": "klingon"})

    assert status == 422
    assert "cic-ko-2022" in problem["detail"]
    assert [device["name"] for device in home.asks("GET", "/devices")[1]["devices"]] == ["speaker"]


# Who asks


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/alerts"),
        ("POST", "/alerts"),
        ("GET", "/alerts/x"),
        ("PATCH", "/alerts/x"),
        ("DELETE", "/alerts/x"),
        ("GET", "/devices"),
        ("POST", "/devices"),
        ("DELETE", "/devices/x"),
    ],
)
def test_without_a_good_token_there_is_nothing_but_401(home: Account, method: str, path: str) -> None:
    expired, device_token = new_token(), home.device()[1]
    past = datetime.now(UTC) - timedelta(seconds=1)
    home.cloud.rows.run(add_account_token, home.account_id, hash_of(expired), past, datetime.now(UTC))

    for token in ("", "wrong", device_token, expired):
        status, problem = home.asks(method, path, token=token)
        assert status == 401
        assert ("expired" in problem["detail"]) == (token == expired)


def test_what_is_another_accounts_is_not_there_and_stays_untouched(home: Account) -> None:
    stranger = home.cloud.account()
    speaker = home.speaker().opens()
    token = home.adds(at=NEW_YEAR)
    before = home.asks("GET", f"/alerts/{token}")

    assert stranger.asks("GET", f"/alerts/{token}")[0] == 404
    assert stranger.asks("PATCH", f"/alerts/{token}", {"label": "mine", "in": "1h"})[0] == 404
    assert stranger.asks("DELETE", f"/alerts/{token}")[0] == 404
    assert stranger.asks("DELETE", f"/devices/{speaker.device_id}")[0] == 404
    assert stranger.asks("POST", "/alerts", {"in": "1h", "devices": [speaker.device_id]})[0] == 422

    assert stranger.asks("GET", "/alerts")[1]["alerts"] == []
    assert stranger.asks("GET", "/devices")[1]["devices"] == []
    assert home.asks("GET", f"/alerts/{token}") == before
    assert home.asks("GET", "/devices")[1]["devices"][0]["connected"]


# What is refused


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"label": "x" * 10_000}, "10000 characters"),
        ({"label": "가" * 1025}, "1025 characters"),
        ({"label": "a\0b"}, "U+0000"),
        ({"label": "\x1b[31mred"}, "U+001B"),
        ({"label": "\x85\x9b"}, "U+009B"),
        ({"at": "2027-01-01T07:00:00"}, "no time zone"),
        ({"at": "2020-01-01T07:00:00Z"}, "past by more than 30 minutes"),
        ({"at": "2047-01-01T07:00:00Z"}, "ten years"),
        ({"at": "2047-01-01T07:00:00Z", "every": "daily"}, "ten years"),
        ({"at": "9998-12-31T23:59:59Z", "every": "weekly"}, "ten years"),
        ({"at": "9999-12-31T23:59:59-14:00"}, "out of all bounds"),
        ({"at": "25:00"}, "is not a time"),
        ({"at": "noon"}, "is not a time"),
        ({"at": ""}, "is not a time"),
        ({"at": "1" * 100}, "length <= 64"),
        ({"at": "07:00", "every": "hourly"}, "daily, weekday, weekend, weekly"),
        ({"at": "07:00", "kind": "alarm"}, "it is none of ALARM, TIMER, REMINDER, ACTIONTIMER"),
        ({"at": "07:00", "timezone": "Mars/Base"}, "not a time zone"),
        ({"at": "07:00", "timezone": "../../etc/passwd"}, "not a time zone"),
        ({"at": "07:00", "timezone": ""}, "not a time zone"),
        ({"at": NEW_YEAR, "timezone": "Mars/Base"}, "not a time zone"),
        ({"at": "07:00", "devices": ["nobody"]}, "no device nobody"),
        ({"at": "07:00", "devices": []}, "devices"),
        ({"at": "07:00", "in": "1h"}, "not both"),
        ({"at": None}, "not both"),
        ({"at": None, "in": "soon"}, "length of time"),
        ({"at": None, "in": "9" * 30 + "d"}, "length of time"),
        ({"at": None, "in": "999999999d"}, "out of all bounds"),
        ({"at": None, "in": "100000d"}, "ten years"),
        ({"at": None, "in": "-5m"}, "length of time"),
        ({"at": None, "in": "1h", "every": "daily"}, "needs a time"),
        ({"at": "07:00", "colour": "red"}, "colour"),
        ({"at": 7}, "at: Expected `str"),
        ({"at": "07:00", "devices": "kitchen"}, "devices: Expected `array"),
        ({"at": "07:00", "label": None}, "label: Expected `str`"),
        ({"at": "07:00", "kind": {"a": []}}, "kind"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wish_that_cannot_be_is_422_and_told_why(home: Account, wish: dict[str, object], told: str) -> None:
    status, problem = home.asks("POST", "/alerts", {"kind": "ALARM", "at": NEW_YEAR, **wish})

    assert status == 422
    assert told in problem["detail"]
    assert len(problem["detail"]) < 300
    assert home.asks("GET", "/alerts")[1]["alerts"] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"label": "x" * 1025}, "1025 characters"),
        ({"label": "a\0b"}, "U+0000"),
        ({"at": "2020-01-01T07:00:00Z"}, "past"),
        ({"at": "2047-01-01T07:00:00Z"}, "ten years"),
        ({"at": "07:00", "in": "1h"}, "not both"),
        ({"in": "1h", "every": "daily"}, "needs a time"),
        ({"until": "2030-01-01"}, "what rings once has no end"),
        ({"timezone": "Mars/Base"}, "not a time zone"),
        ({"at": "07:00", "every": "hourly"}, "daily"),
        ({"at": "07:00", "timezone": "Mars/Base"}, "not a time zone"),
        ({"kind": "TIMER"}, "kind"),
        ({"devices": []}, "devices"),
        ({"label": 5}, "label"),
    ],
)
def test_an_edit_that_cannot_be_is_422_and_changes_nothing(home: Account, change: dict[str, object], told: str) -> None:
    token = home.adds(at=NEW_YEAR)
    before = home.asks("GET", f"/alerts/{token}")

    status, problem = home.asks("PATCH", f"/alerts/{token}", change)

    assert status == 422
    assert told in problem["detail"]
    assert home.asks("GET", f"/alerts/{token}") == before


@pytest.mark.parametrize(
    ("raw", "status", "told"),
    [
        (b"", 422, "JSON object"),
        (b"null", 422, "object"),
        (b"[]", 422, "object"),
        (b'"07:00"', 422, "object"),
        (b"{", 400, "not JSON"),
        (b"at=07:00", 400, "not JSON"),
        (b'{"at":NaN}', 400, "not JSON"),
        (b'{"at":Infinity}', 400, "not JSON"),
        (b'{"at":"07:00","label":"\\ud800"}', 400, "not JSON"),
        (b'{"at":"07:00","label":"\xff"}', 400, "UTF-8"),
        (b'{"at":' + b"[" * 30_000 + b"]" * 30_000 + b"}", 400, "nested too deeply"),
        (b'{"colour":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}", 400, "nested too deeply"),
        (b'{"at":"07:00","label":"' + b"x" * 70_000 + b'"}', 413, "too large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_body_that_is_no_wish_is_refused(home: Account, raw: bytes, status: int, told: str) -> None:
    for method, path in (("POST", "/alerts"), ("PATCH", f"/alerts/{home.adds(at=NEW_YEAR)}"), ("POST", "/devices")):
        answer = home.asks(method, path, raw=raw)
        assert answer[0] == status
        assert told in answer[1]["detail"]
    assert len(home.asks("GET", "/alerts")[1]["alerts"]) == 1


def test_a_body_that_does_not_come_in_time_is_408(home: Account) -> None:
    connection = home.cloud.connects()
    stream = connection.begins("POST", "/api/v1/alerts", {"authorization": f"Bearer {home.token}"})
    connection.sends(stream, b"{")

    connection.answer(stream)

    assert (stream.status, stream.headers["content-type"]) == (408, "application/problem+json")
    assert "in time" in json.loads(stream.body)["detail"]


def test_of_a_key_that_comes_twice_the_last_one_counts(home: Account) -> None:
    added = home.asks("POST", "/alerts", raw=b'{"kind":"ALARM","at":"07:00","at":"2027-01-01T07:00:00+09:00"}')[1]

    assert added["scheduled_time"] == NEW_YEAR_UTC


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ("😀" * 1024, "😀" * 1024),
        ("👩‍🚀 \u202eabc", "👩‍🚀 \u202eabc"),
        ("milk\r\nand\teggs\n", "milk and eggs "),
        (" ", " "),
        ("\\ \" ' <b>&amp;", "\\ \" ' <b>&amp;"),
    ],
)
def test_a_label_is_kept_as_it_is_on_one_line(home: Account, label: str, kept: str) -> None:
    token = home.adds(at=NEW_YEAR, label=label)

    assert home.asks("GET", f"/alerts/{token}")[1]["label"] == kept
    assert home.asks("PATCH", f"/alerts/{token}", {"label": label})[1]["label"] == kept


def test_an_account_has_no_more_alerts_than_it_may(home: Account) -> None:
    tokens = [home.adds(at=NEW_YEAR) for _ in range(LIMITS.alerts)]

    status, problem = home.asks("POST", "/alerts", {"kind": "ALARM", "at": NEW_YEAR})

    assert status == 409
    assert "delete some first" in problem["detail"]
    assert len(home.asks("GET", "/alerts")[1]["alerts"]) == LIMITS.alerts
    home.asks("DELETE", f"/alerts/{tokens[0]}")
    home.adds(at=NEW_YEAR)


def test_an_account_has_no_more_devices_than_it_may(home: Account) -> None:
    for _ in range(LIMITS.devices):
        assert home.asks("POST", "/devices", {})[0] == 201

    assert home.asks("POST", "/devices", {})[0] == 409
    assert len(home.asks("GET", "/devices")[1]["devices"]) == LIMITS.devices


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/alerts?limit=0", 422),
        ("/alerts?limit=101", 422),
        ("/alerts?limit=x", 422),
        ("/alerts?after=x", 422),
        ("/alerts?after=%ff", 422),
        ("/alerts?after=MjAyNy0wMS0wMQ==", 422),
        ("/alerts/nothing", 404),
        ("/alerts/%00", 404),
        ("/alerts/%ff", 404),
        ("/alerts/a/b", 404),
        ("/nothing", 404),
        ("", 404),
    ],
)
def test_an_address_that_leads_nowhere_is_told(home: Account, path: str, status: int) -> None:
    assert home.asks("GET", path)[0] == status


def test_another_method_is_405_and_told_which_there_are(home: Account) -> None:
    connection = home.cloud.connects()

    stream = connection.answer(connection.asks("PUT", "/api/v1/alerts"))

    assert (stream.status, stream.headers["content-type"]) == (405, "application/problem+json")
    assert "GET" in stream.headers["allow"]


words = st.one_of(
    st.text(max_size=70),
    st.sampled_from(
        [NEW_YEAR, "07:00", "5m", "daily", "Asia/Seoul", "2027-03-28T02:30:00+01:00", "9998-01-01T00:00:00Z"]
    ),
    st.from_regex(r"[0-9]{1,4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})", fullmatch=True),
    st.from_regex(r"([0-9]{1,12}[dhms]){1,4}", fullmatch=True),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
wishes = st.fixed_dictionaries(
    {"kind": st.sampled_from(["ALARM", "ALARM", "ALARM", "GONG", None])},
    optional=dict.fromkeys(("label", "in", "at", "every", "timezone", "devices"), words | anything),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(wishes)
def test_nothing_that_can_be_asked_for_fails_here(one_cloud: Cloud, wish: dict[str, object]) -> None:
    home = one_cloud.account()

    status, answer = home.asks("POST", "/alerts", raw=json.dumps(wish).encode("utf-8", "surrogatepass"))

    assert status in {201, 400, 422}, answer
    if status == 201:
        assert home.asks("GET", f"/alerts/{answer['token']}")[0] == 200
    one_cloud.is_left()


# The document


def document(cloud: Cloud) -> dict[str, Any]:
    connection = cloud.connects()
    stream = connection.answer(connection.asks("GET", "/schema"))
    assert stream.status == 200
    found: dict[str, Any] = json.loads(stream.body)
    return found


def test_the_document_lists_every_route_with_its_answers(cloud: Cloud) -> None:
    paths = document(cloud)["paths"]

    always = {400, 401, 429, 500, 503}
    looks = always | {304}
    with_body = {408, 413, 422}
    of_one = {412}
    made = {409, 422}
    """Of requests that may come with an Idempotency-Key."""
    assert {
        f"{method.upper()} {path}": set(map(int, route["responses"]))
        for path, routes in paths.items()
        for method, route in routes.items()
    } == {
        "GET /api/v1/alerts": {200, 422} | looks,
        "POST /api/v1/alerts": {201, 409} | always | with_body,
        "POST /api/v1/alerts/bulk": {200} | always | with_body | made,
        "GET /api/v1/alerts/{token}": {200, 404} | looks,
        "PATCH /api/v1/alerts/{token}": {200, 404} | always | with_body | of_one,
        "DELETE /api/v1/alerts/{token}": {204, 404} | always | of_one,
        "POST /api/v1/alerts/preview": {200} | always | with_body | made,
        "GET /api/v1/alerts/{token}/occurrences": {200, 404, 422} | looks,
        "GET /api/v1/alerts/{token}/history": {200, 404, 422} | looks,
        "POST /api/v1/alerts/{token}/skip": {200, 404} | always | of_one | made,
        "POST /api/v1/alerts/{token}/pause": {200, 404} | always | of_one | made,
        "POST /api/v1/alerts/{token}/extend": {200, 404} | always | with_body | of_one | made,
        "POST /api/v1/alerts/{token}/resume": {200, 404} | always | of_one | made,
        "POST /api/v1/alerts/{token}/snooze": {200, 404} | always | with_body | of_one | made,
        "POST /api/v1/alerts/{token}/stop": {204, 404} | always | of_one | made,
        "GET /api/v1/devices": {200, 422} | looks,
        "POST /api/v1/devices": {201, 409, 423, 451} | always | with_body,
        "DELETE /api/v1/devices/{device_id}": {204, 404} | always | of_one,
        "GET /api/v1/devices/{device_id}": {200, 404} | looks,
        "PATCH /api/v1/devices/{device_id}": {200, 404} | always | with_body | of_one,
        "GET /api/v1/devices/{device_id}/exceptions": {200, 404, 422} | looks,
        "POST /api/v1/devices/{device_id}/volume": {202, 404} | always | with_body | of_one | made,
        "POST /api/v1/devices/{device_id}/software": {202, 404} | always | of_one | made,
        "POST /api/v1/devices/{device_id}/revocation": {204, 404} | always | of_one | made,
        "GET /api/v1/changes": {200, 422} | always,
        "POST /api/v1/authorizations": {201, 423, 451} | always | with_body | made,
        "POST /api/v1/device-approvals": {201, 404, 409, 423, 451} | always | with_body,
        "POST /api/v1/device-refusals": {204, 404} | always | with_body | made,
        "POST /api/v1/agreement": {201} | always | made,
        "GET /api/v1/account": {200} | looks,
        "PATCH /api/v1/account": {200} | always | with_body | of_one,
        "GET /api/v1/calendars": {200, 422} | looks,
        "POST /api/v1/calendars/{name}/import": {200} | always | with_body | made,
        "DELETE /api/v1/calendars/{name}": {200, 422} | always,
        "GET /api/v1/calendar.ics": {200} | looks,
        "GET /api/v1/calendar-feed": {200} | looks,
        "POST /api/v1/calendar-feed": {201} | always | made,
        "DELETE /api/v1/calendar-feed": {204} | always,
    }


def test_the_document_names_the_headers_of_requests_and_answers(cloud: Cloud) -> None:
    found = document(cloud)
    add, show, edit = (
        found["paths"]["/api/v1/alerts"]["post"],
        found["paths"]["/api/v1/alerts/{token}"]["get"],
        found["paths"]["/api/v1/alerts/{token}"]["patch"],
    )

    assert {"$ref": "#/components/parameters/IdempotencyKey"} in add["parameters"]
    assert {"$ref": "#/components/parameters/IfNoneMatch"} in show["parameters"]
    assert {"$ref": "#/components/parameters/IfMatch"} in edit["parameters"]
    assert add["responses"]["201"]["headers"].keys() == {"ETag", "Location", "Idempotent-Replayed"}
    assert add["responses"]["429"]["headers"].keys() == {"Retry-After"}
    assert add["responses"]["401"]["headers"].keys() == {"WWW-Authenticate"}
    assert show["responses"]["304"]["headers"].keys() == {"ETag"}
    assert add["responses"]["201"]["links"]["ApiV1AlertsTokenEdit"]["parameters"] == {"token": "$response.body#/token"}


def test_the_document_is_as_strict_as_the_cloud(cloud: Cloud) -> None:
    wish = document(cloud)["components"]["schemas"]["NewAlert"]

    assert wish["additionalProperties"] is False
    assert wish["properties"]["except"]["anyOf"][0]["items"] == {"type": "string", "maxLength": 64}
    assert wish["examples"] == [{"label": "Take your medicine", "at": "07:00", "every": "weekday"}]


def test_every_error_in_the_document_is_a_problem(cloud: Cloud) -> None:
    found = document(cloud)
    problem = found["components"]["schemas"]["Problem"]

    assert problem["required"] == ["status", "title", "detail"]
    for routes in found["paths"].values():
        for route in routes.values():
            for status, response in route["responses"].items():
                if int(status) >= 400:
                    assert response["description"].endswith(".")
                    assert response["content"] == {
                        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                    }


def test_the_document_holds_together(cloud: Cloud) -> None:
    found = document(cloud)
    routes = [route for routes in found["paths"].values() for route in routes.values()]

    assert found["openapi"].startswith("3.1")
    assert {"title", "version"} <= found["info"].keys()
    assert found["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert found["security"] == [{"bearer": []}]
    assert len({route["operationId"] for route in routes}) == len(routes)
    assert all(route["summary"] for route in routes)
    for path, by_method in found["paths"].items():
        for route in by_method.values():
            named = {each["name"] for each in route.get("parameters") or () if each.get("in") == "path"}
            assert {f"{{{name}}}" for name in named} == {part for part in path.split("/") if part.startswith("{")}
    for reference in references(found):
        kind, name = reference.removeprefix("#/components/").split("/")
        assert name in found["components"][kind]


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return [*own, *(found for value in node.values() for found in references(value))]
    if isinstance(node, list):
        return [found for value in node for found in references(value)]
    return []


# When the cloud itself is in trouble


async def call_on(store: SqliteStore, folder: Path, call: Call) -> Call:
    bus, limits = InProcessBus(), Limits()

    def clock() -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC)

    gateway = Gateway(
        store=store,
        tokens=Tokens(store, device_by_token, clock),
        codecs={},
        bus=bus,
        limits=limits,
        clock=clock,
        strict=False,
    )
    assets = AssetStore(folder, b"secret", Silent())
    services = Services(
        store=ConditionalStore(store),
        tokens=Tokens(store, account_by_token, clock),
        assets=assets,
        calendars=CalendarFiles(ConditionalStore(store), assets, bus, limits, clock),
        bus=bus,
        gateway=gateway,
        authority=Authority(
            store=store,
            hang_up=gateway.hang_up,
            terms=None,
            access_lasts=timedelta(days=1),
            limits=limits,
            by_address=True,
            clock=clock,
        ),
        changes=ChangeFeed(store, limits.listeners),
        limits=limits,
        clock=clock,
    )
    return await call.made(account_api(services))  # type: ignore[arg-type]


def test_a_failure_of_ours_is_500_and_tells_nothing_but_that(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scene() -> Call:
        store = SqliteStore(tmp_path / "never opened.db")
        return await call_on(store, tmp_path, Call("GET", "/api/v1/alerts", {"authorization": "Bearer token"}))

    call = asyncio.run(scene())

    assert (call.status, call.headers["content-type"]) == (500, "application/problem+json")
    assert json.loads(call.body).keys() == {"status", "title", "detail"}
    assert b"Traceback" not in call.body
    assert b"StoreClosed" not in call.body
    assert "account API failed" in capsys.readouterr().out


def test_while_too_many_wait_it_is_503(tmp_path: Path) -> None:
    async def scene() -> Call:
        now = datetime(2026, 11, 20, tzinfo=UTC)
        store = SqliteStore(tmp_path / "store.db")
        await store.open()
        await store.write(add_account, "home", "home", "UTC", now)
        await store.write(add_account_token, "home", hash_of("token"), None, now)
        await store.close()
        store = SqliteStore(tmp_path / "store.db", queue_limit=0)
        await store.open()
        headers = {"authorization": "Bearer token", "content-type": "application/json"}
        call = await call_on(store, tmp_path, Call("POST", "/api/v1/alerts", headers, b'{"in":"1h"}'))
        await store.close()
        return call

    call = asyncio.run(scene())

    assert call.status == 503
    assert "in a moment" in json.loads(call.body)["detail"]
