"""Calendars over the wire: what an import does to the alerts of an account, and to its devices."""

import json
import re
from typing import Any

import pytest

from bellwire.protocol.messages.alerts import (
    DeleteAlert,
    RequestSynchronizeAlert,
    SetAlert,
    SetAlertSucceeded,
    SynchronizeAlert,
)
from tests.cloud.calendars.files import GOOGLE, OUTLOOK, calendar
from tests.cloud.running import LIMITS, Account, Cloud, Speaker

TEA = "UID:tea\nSUMMARY:Tea\nDTSTART:20351201T070000Z"
DINNER = "UID:dinner\nSUMMARY:Dinner\nDTSTART;TZID=Asia/Seoul:20351201T190000\nRRULE:FREQ=WEEKLY"


@pytest.fixture
def home(cloud: Cloud) -> Account:
    return cloud.account()


def listening(home: Account) -> Speaker:
    """A speaker that hears of every change at once."""
    speaker = home.speaker().opens().says(RequestSynchronizeAlert())
    speaker.hears(SynchronizeAlert)
    return speaker


def imports(home: Account, content: bytes, name: str = "office", query: str = "") -> dict[str, Any]:
    status, report = home.asks("POST", f"/calendars/{name}/import{query}", raw=content)
    assert status == 200, report
    assert report["calendar"] == name
    assert sum(report["counts"].values()) == len(report["entries"])
    found: dict[str, Any] = report
    return found


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {result: number for result, number in report["counts"].items() if number}


def calendars(home: Account) -> list[dict[str, Any]]:
    status, page = home.asks("GET", "/calendars")
    assert (status, page["next"]) == (200, None)
    found: list[dict[str, Any]] = page["calendars"]
    return found


def alerts(home: Account) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = home.asks("GET", "/alerts")[1]["alerts"]
    return found


def test_events_become_reminders_that_the_devices_are_told_of(home: Account) -> None:
    speaker = listening(home)
    report = imports(home, calendar(TEA, DINNER))

    told = speaker.hears(SetAlert, 2)
    assert counts(report) == {"added": 2}
    assert {(each.label, each.type) for each in told} == {("Tea", "REMINDER"), ("Dinner", "REMINDER")}
    assert {each.token for each in told} == {entry["token"] for entry in report["entries"]}
    assert [asset.asset_id for asset in told[0].assets] == ["bell", "speech"]
    assert calendars(home) == [{"name": "office", "alerts": 2}]


def test_the_same_again_tells_the_devices_nothing_and_an_edit_only_what_it_changes(home: Account) -> None:
    first = imports(home, calendar(TEA, DINNER))
    speaker = listening(home)

    assert counts(imports(home, calendar(TEA, DINNER))) == {"unchanged": 2}
    changed = imports(home, calendar(TEA.replace("0700", "0730"), DINNER))
    assert counts(changed) == {"changed": 1, "unchanged": 1}
    [told] = speaker.hears(SetAlert)
    assert (told.token, told.label) == (first["entries"][0]["token"], "Tea")
    assert told.scheduled_time.isoformat() == "2035-12-01T07:30:00+00:00"


def test_what_is_gone_from_the_calendar_goes_from_the_devices(home: Account) -> None:
    speaker = listening(home)
    imports(home, calendar(TEA, DINNER))
    for told in speaker.hears(SetAlert, 2):
        speaker.says(SetAlertSucceeded(token=told.token, type=told.type))

    assert counts(imports(home, calendar(TEA), query="?keep_missing=true")) == {"unchanged": 1}
    report = imports(home, calendar(TEA))
    assert counts(report) == {"unchanged": 1, "removed": 1}
    assert report["entries"][1]["reason"] == "the calendar has it no longer"
    assert [each.token for each in speaker.hears(DeleteAlert)] == [report["entries"][1]["token"]]
    assert [each["label"] for each in alerts(home)] == ["Tea"]


def test_calendars_are_listed_a_page_at_a_time(home: Account) -> None:
    for name in ("b", "a", "c"):
        imports(home, calendar(TEA), name)
    first = home.asks("GET", "/calendars?limit=2")[1]
    assert [each["name"] for each in first["calendars"]] == ["a", "b"]
    last = home.asks("GET", f"/calendars?limit=2&after={first['next']}")[1]
    assert ([each["name"] for each in last["calendars"]], last["next"]) == (["c"], None)
    assert home.asks("GET", "/calendars?after=nowhere")[0] == 422


def test_calendars_of_two_names_do_not_touch_one_another(home: Account) -> None:
    imports(home, calendar(TEA), "office")
    imports(home, calendar(TEA, DINNER), "family")

    assert counts(imports(home, calendar(), "office")) == {"removed": 1}
    assert calendars(home) == [{"name": "family", "alerts": 2}]
    assert counts(home.asks("DELETE", "/calendars/family")[1]) == {"removed": 2}
    assert (calendars(home), alerts(home)) == ([], [])


def test_what_was_done_to_an_alert_stays_until_the_calendar_says_otherwise(home: Account) -> None:
    token = imports(home, calendar(DINNER))["entries"][0]["token"]
    home.asks("PATCH", f"/alerts/{token}", {"label": "Supper"})

    assert counts(imports(home, calendar(DINNER))) == {"unchanged": 1}
    assert [each["label"] for each in alerts(home)] == ["Supper"]
    assert counts(imports(home, calendar(DINNER.replace("1900", "1930")))) == {"changed": 1}
    assert [each["label"] for each in alerts(home)] == ["Dinner"]


def test_an_alert_that_was_deleted_comes_again_with_the_calendar(home: Account) -> None:
    token = imports(home, calendar(TEA))["entries"][0]["token"]
    home.asks("DELETE", f"/alerts/{token}")

    assert calendars(home) == []
    assert counts(imports(home, calendar(TEA))) == {"added": 1}


def test_a_dry_run_changes_nothing(home: Account) -> None:
    report = imports(home, calendar(TEA), query="?dry_run=true")
    assert (counts(report), report["dry_run"], alerts(home)) == ({"added": 1}, True, [])


def test_new_alerts_ring_on_the_devices_that_are_named(home: Account) -> None:
    kitchen, _ = home.device("kitchen")
    home.device("bedroom")
    imports(home, calendar(TEA), query=f"?device={kitchen}")

    assert [each["devices"] for each in alerts(home)] == [{kitchen: "unknown"}]
    status, refused = home.asks("POST", "/calendars/office/import?device=nobody", raw=calendar(TEA))
    assert (status, refused["detail"]) == (422, "this account has no device nobody")


def test_the_limit_of_alerts_holds_and_the_rest_is_told(home: Account) -> None:
    events = [f"UID:{number}\nDTSTART:20351201T070000Z" for number in range(LIMITS.alerts + 1)]
    report = imports(home, calendar(*events))

    assert counts(report) == {"added": LIMITS.alerts, "refused": 1}
    assert report["entries"][-1]["reason"] == "this account has 20 alerts, as many as it may have; delete some first"


def test_what_google_and_outlook_write_is_imported(home: Account) -> None:
    assert counts(imports(home, GOOGLE.encode(), "family"))["added"] == 3
    assert counts(imports(home, OUTLOOK.encode(), "office"))["added"] == 2
    standup = next(each for each in alerts(home) if each["label"] == "Stand-up, short")
    assert (standup["every"], standup["ahead"], standup["timezone"]) == (
        "FREQ=WEEKLY;WKST=MO;BYDAY=FR,MO,TH,TU,WE",
        "10m",
        "Europe/Berlin",
    )


@pytest.mark.parametrize(
    ("query", "body", "status", "complaint"),
    [
        ("", b"<html>", 422, "that is no .ics file"),
        ("", calendar(TEA)[:-30], 422, "it was cut off"),
        ("?without_alarm=later", calendar(TEA), 422, "'later' is not a length of time"),
        ("?dry_run=perhaps", calendar(TEA), 422, "dry_run"),
    ],
)
def test_what_cannot_be_imported(home: Account, query: str, body: bytes, status: int, complaint: str) -> None:
    answer = home.asks("POST", f"/calendars/office/import{query}", raw=body)
    assert answer[0] == status
    assert complaint in answer[1]["detail"]


def test_a_file_may_be_larger_than_other_requests_and_not_endless(home: Account) -> None:
    large = calendar(f"{TEA}\nDESCRIPTION:{'x' * 200_000}")
    assert counts(imports(home, large)) == {"added": 1}
    status, answer = home.asks("POST", "/calendars/office/import", raw=b"x" * (LIMITS.calendar + 1))
    assert (status, answer["detail"]) == (413, "the body is too large")


def test_an_account_does_not_import_without_end(home: Account) -> None:
    status, imports_made = 200, 0
    while status == 200 and imports_made < 10 * LIMITS.imports.most:
        status, _ = home.asks("POST", "/calendars/office/import", raw=calendar())
        imports_made += 1
    assert status == 429
    assert imports_made > LIMITS.imports.most


def test_an_alert_that_rings_before_its_events_is_edited_like_any_other(home: Account) -> None:
    alarm = "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM"
    [entry] = imports(home, calendar(f"{DINNER}\n{alarm}"))["entries"]
    assert entry["scheduled_time"] == "2035-12-01T09:45:00Z"

    _, skipped = home.asks("POST", f"/alerts/{entry['token']}/skip")
    assert (skipped["scheduled_time"], skipped["except"]) == ("2035-12-08T09:45:00Z", ["2035-12-01T19:00:00"])
    _, edited = home.asks("PATCH", f"/alerts/{entry['token']}", {"at": "18:00"})
    assert (edited["scheduled_time"], edited["ahead"]) == ("2035-12-08T09:00:00Z", None)  # what was skipped stays so


def raw(home: Account, path: str) -> tuple[dict[str, str], bytes]:
    connection = home.cloud.connects()
    stream = connection.answer(connection.asks("GET", path, {"authorization": f"Bearer {home.token}"}))
    assert stream.status == 200
    return stream.headers, stream.body


def test_the_alerts_are_exported_and_known_when_they_come_back(home: Account) -> None:
    home.adds(at="07:00", every="weekday", label="Up")
    headers, content = raw(home, "/api/v1/calendar.ics")

    assert headers["content-type"] == "text/calendar; charset=utf-8"
    assert b"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\r\n" in content
    assert b"BEGIN:VTIMEZONE\r\nTZID:Asia/Seoul\r\n" in content
    assert counts(imports(home, content)) == {"unchanged": 1}
    elsewhere = home.cloud.account()
    assert counts(imports(elsewhere, content)) == {"added": 1}
    [there], [here] = alerts(elsewhere), alerts(home)
    same = ("kind", "label", "every", "timezone", "floating", "scheduled_time", "until", "except", "ahead")
    assert {name: there[name] for name in same} == {name: here[name] for name in same}


def test_what_is_paused_comes_along_and_stays_so(home: Account) -> None:
    token = home.adds(at="07:00", every="daily", label="Up")
    home.asks("POST", f"/alerts/{token}/pause")
    _, content = raw(home, "/api/v1/calendar.ics")
    assert counts(imports(home, content)) == {"unchanged": 1}
    elsewhere = home.cloud.account()
    speaker = listening(elsewhere)

    assert counts(imports(elsewhere, content)) == {"added": 1}

    [there] = alerts(elsewhere)
    assert (there["paused"], there["scheduled_time"], there["every"]) == (True, None, "daily")
    assert counts(imports(elsewhere, content)) == {"unchanged": 1}
    assert elsewhere.asks("POST", f"/alerts/{there['token']}/resume")[1]["paused"] is False
    (told,) = speaker.hears(SetAlert)
    assert told.token == there["token"]


def test_the_feed_is_read_at_its_address_alone(home: Account) -> None:
    assert home.asks("GET", "/calendar-feed") == (200, {"since": None})
    home.adds(at="07:00", label="Up")
    status, made = home.asks("POST", "/calendar-feed")
    assert status == 201
    path = re.fullmatch(r"https://[^/]+(/feeds/[\w-]{43}\.ics)", made["url"])
    assert path
    since = home.asks("GET", "/calendar-feed")[1]["since"]
    assert since

    connection = home.cloud.connects()
    feed = connection.answer(connection.asks("GET", path[1]))
    assert feed.status == 200
    assert b"SUMMARY:Up" in feed.body
    assert home.asks("DELETE", "/calendar-feed")[0] == 204
    assert connection.answer(connection.asks("GET", path[1])).status == 404
    assert path[1] not in home.cloud.log


def test_the_document_says_what_an_import_takes(cloud: Cloud) -> None:
    connection = cloud.connects()
    schema = json.loads(connection.answer(connection.asks("GET", "/schema/openapi.json")).body)
    route = schema["paths"]["/api/v1/calendars/{name}/import"]["post"]
    assert list(route["requestBody"]["content"]) == ["text/calendar"]
    assert {"device", "without_alarm", "keep_missing", "dry_run", "name"} == {
        each["name"] for each in route["parameters"] if "name" in each
    }
