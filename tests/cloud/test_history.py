"""What became of an alert in the account API, over the wire, and in which words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bellwire.cloud.history_words import late_in_words
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    DeleteAlert,
    DeleteAlertSucceeded,
    RequestSynchronizeAlert,
    SetAlert,
    SetAlertSucceeded,
)
from bellwire.protocol.messages.context import AlertsState, AlertState
from tests.cloud.running import Account, Cloud, Speaker


@pytest.fixture
def home(cloud: Cloud) -> Account:
    return cloud.account()


def history(home: Account, token: str, query: str = "") -> dict[str, Any]:
    status, page = home.asks("GET", f"/alerts/{token}/history{query}")
    assert status == 200, page
    found: dict[str, Any] = page
    return found


def rings_and_stops(speaker: Speaker, token: str, due: datetime) -> None:
    speaker.hears(SetAlert)
    state = AlertState(token=token, type="ALARM", scheduled_time=due)
    speaker.says(SetAlertSucceeded(token=token, type="ALARM"), AlertsState(all_alerts=(state,), active_alerts=()))
    speaker.says(AlertStarted(token=token, type="ALARM"), AlertsState(all_alerts=(state,), active_alerts=(state,)))
    speaker.says(AlertStopped(token=token, type="ALARM"), AlertsState(all_alerts=(state,), active_alerts=()))


def test_an_alert_that_is_to_come(home: Account) -> None:
    speaker = home.speaker().opens().says(RequestSynchronizeAlert())
    away, _ = home.device("attic")
    token = home.adds(at="2027-01-01T07:00:00+09:00", label="Up")

    page = history(home, token)

    assert (page["deleted"], page["paused"], page["label"], page["next"]) == (False, False, "Up", None)
    assert page["scheduled_time"] == "2026-12-31T22:00:00Z"
    assert page["timezone"] == "Asia/Seoul"
    assert page["rings"] == []
    attic, kitchen = page["now"]
    assert (attic["device_id"], attic["device"], attic["state"]) == (away, "attic", "unknown")
    assert attic["offline_since"] is not None
    assert (kitchen["device_id"], kitchen["offline_since"]) == (speaker.device_id, None)
    assert kitchen["told"] == "not yet: it has not acknowledged Fri 2027-01-01 07:00:00"


def test_whether_it_rang_is_told_also_when_it_is_gone(home: Account) -> None:
    speaker = home.speaker().opens().says(RequestSynchronizeAlert())
    due = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    token = home.adds(at=due.isoformat())
    rings_and_stops(speaker, token, due)
    speaker.hears(DeleteAlert)
    speaker.says(DeleteAlertSucceeded(token=token, type="ALARM"))

    page = history(home, token)

    assert (page["deleted"], page["scheduled_time"], page["now"]) == (True, None, [])
    (ring,) = page["rings"]
    assert (ring["outcome"], ring["why"], ring["ending"]) == ("rang", None, "itself")
    assert (ring["device_id"], ring["ended_by"]) == (speaker.device_id, speaker.device_id)
    assert 120 <= ring["late_seconds"] < 600
    assert " min " in ring["told"]
    assert ring["told"].endswith("by itself: nobody stopped it")


def test_pages_of_history(home: Account) -> None:
    due = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    token = home.adds(at=due.isoformat())
    speakers = [home.speaker().opens().says(RequestSynchronizeAlert()) for _ in range(3)]
    rings_and_stops(speakers[0], token, due)

    first = history(home, token, "?limit=2")
    last = history(home, token, f"?limit=2&after={first['next']}")

    assert [len(first["rings"]), len(last["rings"]), last["next"]] == [2, 1, None]
    shown = [ring["device_id"] for page in (first, last) for ring in page["rings"]]
    assert shown == sorted(speaker.device_id for speaker in speakers)


@pytest.mark.parametrize("after", ["", "x", "eA==", "MTIz", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OSBk"])
def test_what_is_no_place_in_a_history_is_refused(home: Account, after: str) -> None:
    token = home.adds(at="07:00")
    status, problem = home.asks("GET", f"/alerts/{token}/history?after={after}")
    assert (status, "`next` of a page" in problem["detail"]) == (422, True)


def test_the_history_of_another_account_is_none(home: Account) -> None:
    token = home.adds(at="07:00")
    status, problem = home.cloud.account().asks("GET", f"/alerts/{token}/history")
    assert status == 404
    assert "had none that rang in the last 90 days" in problem["detail"]


def test_a_device_that_leaves_is_offline_from_then_on(home: Account) -> None:
    speaker = home.speaker().opens().says(RequestSynchronizeAlert())
    token = home.adds(at="2027-01-01T07:00:00+09:00")
    assert history(home, token)["now"][0]["offline_since"] is None

    speaker.takes_over()
    assert history(home, token)["now"][0]["offline_since"] is None

    home.asks("DELETE", f"/devices/{speaker.device_id}")
    assert history(home, token)["now"] == []


@pytest.mark.parametrize(
    ("late", "told"),
    [
        (timedelta(0), "on time"),
        (timedelta(microseconds=400), "on time"),
        (timedelta(milliseconds=12), "12 ms late"),
        (timedelta(milliseconds=1250), "1.2 s late"),
        (timedelta(seconds=61), "1 min 1 s late"),
        (timedelta(hours=2, minutes=5), "2 h 5 min late"),
        (timedelta(milliseconds=-300), "300 ms before its time by this cloud's clock"),
    ],
)
def test_how_late_it_was_in_words(late: timedelta, told: str) -> None:
    assert late_in_words(late) == told
