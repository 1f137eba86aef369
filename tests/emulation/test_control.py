"""The control over HTTP: what it takes, what it refuses, and in which words."""

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from bellwire.testing.cloud import ControlError, EmulatedCloud


def asked(cloud: EmulatedCloud, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    return httpx.request(method, cloud.control + path, json=body, headers=headers, timeout=60)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/pair", {"profile": "x"}, 422, "there is no profile 'x'; there are: cic-en-2018"),
        ("POST", "/alerts", {"label": "Tea"}, 422, "say either how long from now"),
        ("POST", "/alerts", {"in": "soon"}, 422, "write it like 5s"),
        ("DELETE", "/alerts/x", None, 404, "alert"),
        ("DELETE", "/devices/x", None, 404, "device"),
        ("POST", "/faults", {"fault": "fire"}, 422, "fault: Invalid enum value 'fire', it is none of drop, delay"),
        ("POST", "/faults", {"fault": "delay", "seconds": 61}, 422, "seconds"),
        ("POST", "/faults", {"fault": "cut", "certificate": "name"}, 422, "a certificate means nothing for cut"),
        ("POST", "/faults", {"fault": "wrong-certificate", "certificate": "odd"}, 422, "authority, name, expired"),
        ("DELETE", "/faults/77", None, 404, "there is no fault 77"),
        ("POST", "/time", {"advance": "1h", "at": "2026-12-24T07:00:00Z"}, 422, "not both"),
        ("POST", "/time", {"at": "1980-12-24T07:00:00Z"}, 422, "between 2000 and 2100"),
        ("POST", "/time", {"advance": "99999999d"}, 422, "days"),
        ("POST", "/reset", {"timezone": "Moon/Crater"}, 422, "Moon/Crater"),
        ("GET", "/expect?name=Alerts.X&within=61", None, 422, "within"),
        ("GET", "/expect", None, 422, "name"),
        ("GET", "/expect?name=AlertStarted", None, 422, "is Alerts.AlertStarted meant?"),
        ("GET", "/expect?name=Alerts.AlertStartd&none=true", None, 422, "is Alerts.AlertStarted meant?"),
        ("POST", "/faults", {"fault": "drop", "name": "Alerts.SetAlrt"}, 422, "is Alerts.SetAlert meant?"),
        ("GET", "/nothing", None, 404, "there is nothing at /nothing"),
    ],
)
def test_a_refusal_says_what_is_wrong(
    bellwire_cloud: EmulatedCloud, *, method: str, path: str, body: Any, status: int, words: str
) -> None:
    answer = asked(bellwire_cloud, method, path, body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("headers", [{"host": "cloud.example:8480"}, {"origin": "https://page.example"}])
def test_a_page_from_elsewhere_gets_nothing(bellwire_cloud: EmulatedCloud, headers: dict[str, str]) -> None:
    answer = asked(bellwire_cloud, "POST", "/pair", {}, **headers)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


def test_every_route_is_described(bellwire_cloud: EmulatedCloud) -> None:
    described = asked(bellwire_cloud, "GET", "/schema/openapi.json").json()
    routes = {(method, path) for path, methods in described["paths"].items() for method in methods}
    assert routes >= {
        *(("post", path) for path in ("/reset", "/pair", "/alerts", "/faults", "/time")),
        *(("get", path) for path in ("/", "/faults", "/expect", "/conversation", "/messages")),
        *(("delete", path) for path in ("/faults", "/faults/{number}", "/alerts/{token}", "/devices/{device_id}")),
    }


def test_a_new_start_leaves_nothing(bellwire_cloud: EmulatedCloud) -> None:
    bellwire_cloud.alert("Tea", in_="1h")
    bellwire_cloud.pair()
    bellwire_cloud.drop(times=None)
    bellwire_cloud.stall()
    bellwire_cloud.stop_time()
    bellwire_cloud.reset("Asia/Seoul")
    assert bellwire_cloud.account.get("alerts").json()["alerts"] == []
    assert bellwire_cloud.account.get("devices").json()["devices"] == []
    assert bellwire_cloud.account.get("account").json()["timezone"] == "Asia/Seoul"
    state = asked(bellwire_cloud, "GET", "/").json()
    assert (state["faults"], state["trouble"], state["runs"]) == ([], None, True)
    assert bellwire_cloud.messages == []


def test_what_is_over_is_put_away_as_soon_as_the_clock_is_set(bellwire_cloud: EmulatedCloud) -> None:
    bellwire_cloud.pair()
    bellwire_cloud.alert("Tea", in_="1h")
    with bellwire_cloud.account.stream("GET", "changes", timeout=20) as changes:  # the sweep comes every 30 s
        bellwire_cloud.advance("2h")
        assert "event: alert.deleted" in changes.iter_lines()
    assert bellwire_cloud.account.get("alerts").json()["alerts"] == []


def test_a_series_goes_on_at_its_next_time(bellwire_cloud: EmulatedCloud) -> None:
    bellwire_cloud.set_time("2026-12-24T06:00:00+00:00", runs=False)
    token = bellwire_cloud.alert("Tea", at="07:00", every="daily", kind="ALARM")
    assert bellwire_cloud.account.get(f"alerts/{token}").json()["scheduled_time"] == "2026-12-24T07:00:00Z"
    assert bellwire_cloud.now.isoformat() == "2026-12-24T06:00:00+00:00"


def test_the_methods_say_the_same_words(bellwire_cloud: EmulatedCloud) -> None:
    with pytest.raises(ControlError, match="there is no profile 'x'"):
        bellwire_cloud.pair("x")


@pytest.mark.parametrize(
    ("certificate", "complaint"),
    [
        ("authority", "self-signed certificate in certificate chain"),
        ("name", "Hostname mismatch, certificate is not valid for 'localhost'"),
        ("expired", "certificate has expired"),
    ],
)
def test_who_takes_any_certificate_is_seen_to_do_so(
    bellwire_cloud: EmulatedCloud, certificate: str, complaint: str
) -> None:
    page = f"{bellwire_cloud.url}/schema/openapi.json"
    careful = ssl.create_default_context(cafile=str(bellwire_cloud.ca))
    assert httpx.get(page, verify=careful, timeout=60).status_code == 200
    bellwire_cloud.wrong_certificate(certificate=certificate)
    with pytest.raises(httpx.ConnectError, match=complaint):
        httpx.get(page, verify=careful, timeout=60)
    assert httpx.get(page, verify=False, timeout=60).status_code == 200
    assert f"fault: wrong-certificate ({certificate})" in bellwire_cloud.conversation


def test_date_says_what_the_clouds_clock_shows_once_it_was_set(bellwire_cloud: EmulatedCloud) -> None:
    careful = ssl.create_default_context(cafile=str(bellwire_cloud.ca))

    def date() -> datetime:
        [shown] = httpx.get(f"{bellwire_cloud.url}/schema/openapi.json", verify=careful, timeout=60).headers.get_list(
            "date"
        )
        return parsedate_to_datetime(shown)

    assert abs(date() - datetime.now(UTC)) < timedelta(minutes=1)
    bellwire_cloud.set_time("2027-03-28T00:59:50+00:00", runs=False)
    assert date().isoformat() == "2027-03-28T00:59:50+00:00"


def test_what_is_cut_off_or_stalled_comes_again(bellwire_cloud: EmulatedCloud) -> None:
    page = f"{bellwire_cloud.url}/schema/openapi.json"
    careful = ssl.create_default_context(cafile=str(bellwire_cloud.ca))
    bellwire_cloud.cut(seconds=60)
    with pytest.raises((httpx.ConnectError, httpx.ReadError)):
        httpx.get(page, verify=careful, timeout=60)
    bellwire_cloud.stall(seconds=0.5)
    assert httpx.get(page, verify=careful, timeout=60).status_code == 200
