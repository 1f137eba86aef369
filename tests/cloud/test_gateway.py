"""Devices at the wire: a real cloud, real TLS, clients that behave and clients that do not."""

import asyncio
import json
import socket
import ssl
import time
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.cloud import accounts
from bellwire.cloud.gateway import Gateway
from bellwire.cloud.store.devices import remove_device
from bellwire.cloud.store.opening import open_now
from bellwire.cloud.store.trace import messages_after
from bellwire.protocol.messages.alerts import (
    DeleteAlert,
    RequestDeleteAlert,
    RequestSynchronizeAlert,
    SetAlert,
    SetAlertSucceeded,
    SynchronizeAlert,
)
from bellwire.protocol.multipart import boundary_of
from bellwire.protocol.profiles.clova import Hello
from tests.cloud.alone import call_of, gateway_alone, opened
from tests.cloud.call import Call
from tests.cloud.h2_client import PATIENCE
from tests.cloud.running import Account, Cloud, Speaker, event_body, parts_of, refusal_of

SYNC = b'{"event":{"header":{"namespace":"Alerts","name":"RequestSynchronizeAlert","messageId":"m"},"payload":{}}}'


def event(payload: str, name: str = "AlertStarted", namespace: str = "Alerts", context: str = "[]") -> bytes:
    """An event that no codec of ours would write."""
    header = f'{{"namespace":"{namespace}","name":"{name}","messageId":"m"}}'
    return f'{{"context":{context},"event":{{"header":{header},"payload":{payload}}}}}'.encode()


# The downchannel


def test_a_downchannel_opens_with_a_greeting_that_is_complete_at_once(cloud: Cloud) -> None:
    speaker = cloud.account().speaker().opens()

    boundary = boundary_of(speaker.downchannel.headers["content-type"])

    assert speaker.downchannel.headers["content-type"].startswith("multipart/related; boundary=----")
    assert speaker.told == [Hello()]
    assert speaker.downchannel.frames[0] == b"--" + boundary + b"\r\n"
    assert speaker.downchannel.frames[-1].endswith(b"\r\n--" + boundary + b"\r\n")


def test_an_alert_that_the_account_adds_is_pushed_at_once(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = home.speaker().opens().says(RequestSynchronizeAlert())
    speaker.hears(SynchronizeAlert)

    token = home.adds(at="2027-01-01T07:00:00+09:00")

    (told,) = speaker.hears(SetAlert, within=2)
    assert (told.token, told.type, told.scheduled_time) == (token, "ALARM", datetime(2026, 12, 31, 22, tzinfo=UTC))
    assert home.asks("GET", f"/alerts/{token}")[1]["devices"] == {speaker.device_id: "unknown"}

    speaker.says(SetAlertSucceeded(token=token, type="ALARM"))

    assert home.asks("GET", f"/alerts/{token}")[1]["devices"] == {speaker.device_id: "set"}


def test_a_long_list_comes_whole(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = home.speaker().opens()
    long_labels(home, 20)

    speaker.says(RequestSynchronizeAlert())

    (everything,) = speaker.hears(SynchronizeAlert)
    assert [len(alert.label) for alert in everything.all_alerts] == [1024] * 20
    assert len(speaker.downchannel.body) > 60_000


def test_of_two_downchannels_asked_for_at_once_one_is_refused(cloud: Cloud) -> None:
    speaker = cloud.account().speaker()

    streams = [speaker.asks_for_downchannel(), speaker.asks_for_downchannel()]
    speaker.connection.until(lambda: all(stream.status for stream in streams), "two answers")

    opened, refused = sorted(streams, key=lambda stream: stream.status or 0)
    assert (opened.status, refused.status) == (200, 429)
    assert "a moment ago" in refusal_of(speaker.connection.answer(refused)).description
    assert not opened.is_over


def test_a_later_downchannel_takes_over_and_the_older_one_ends_cleanly(cloud: Cloud) -> None:
    speaker = cloud.account().speaker().opens()
    elsewhere = Speaker(cloud, speaker.device_id, speaker.token)

    elsewhere.takes_over()

    speaker.connection.answer(speaker.downchannel)
    assert ends_cleanly(speaker)
    assert speaker.posts(event_body(SYNC)).status == 412
    assert elsewhere.posts(event_body(SYNC)).status == 204


def test_a_device_that_dropped_its_downchannel_may_open_one_at_once(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = home.speaker().opens()
    speaker.connection.resets(speaker.downchannel)
    until_connected(home, speaker, expected=False)

    speaker.opens()


def test_a_removed_device_is_hung_up_on_and_is_unknown_from_then_on(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = home.speaker().opens()

    assert home.asks("DELETE", f"/devices/{speaker.device_id}") == (204, None)

    speaker.connection.answer(speaker.downchannel)
    assert ends_cleanly(speaker)
    assert speaker.connection.answer(speaker.asks_for_downchannel()).status == 401
    assert speaker.posts(event_body(SYNC)).status == 401


def test_a_device_that_was_removed_beside_the_cloud_is_refused_at_its_next_report(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = home.speaker().opens()
    cloud.rows.run(remove_device, home.account_id, speaker.device_id)

    answer = speaker.posts(event_body(event(A)))

    assert answer.status == 401
    assert "removed" in refusal_of(answer).description


def ends_cleanly(speaker: Speaker) -> bool:
    stream = speaker.downchannel
    closing = b"\r\n--" + boundary_of(stream.headers["content-type"]) + b"--\r\n"
    return stream.ended and stream.body.endswith(closing)


def until_connected(home: Account, speaker: Speaker, *, expected: bool) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        (shown,) = home.asks("GET", "/devices")[1]["devices"]
        if shown["connected"] is expected:
            return
        assert time.monotonic() < deadline, f"{speaker.device_id} is still shown as connected={not expected}"


def long_labels(home: Account, count: int) -> None:
    """Reminders with labels of 3 KB, written into the rows so that nobody has to speak them."""
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    schedule = Schedule(due.replace(tzinfo=None), "UTC")
    for number in range(count):
        alert = Alert(f"long-{number:02}", Kind.REMINDER, "가" * 1024, schedule, due, 1, everywhere=True)
        home.cloud.rows.run(accounts.add_alert, home.account_id, alert, None, 1000, datetime.now(UTC))


# Events


def test_an_event_is_answered_204_and_kept_in_the_trace(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = home.speaker().opens()

    speaker.says(RequestSynchronizeAlert())
    speaker.hears(SynchronizeAlert)

    deadline = time.monotonic() + PATIENCE
    while len(trace := cloud.rows.read(messages_after, home.account_id, speaker.device_id, 0, 10)) < 3:
        assert time.monotonic() < deadline, trace
    assert [message.direction for message in trace] == ["directive", "event", "directive"]
    assert b"RequestSynchronizeAlert" in trace[1].body


def test_an_event_without_downchannel_is_412(cloud: Cloud) -> None:
    answer = cloud.account().speaker().posts(event_body(SYNC))

    assert answer.status == 412
    assert "downchannel" in refusal_of(answer).description


def test_an_event_over_another_connection_than_the_downchannels_is_412(cloud: Cloud) -> None:
    speaker = cloud.account().speaker().opens()
    elsewhere = Speaker(cloud, speaker.device_id, speaker.token)

    assert elsewhere.posts(event_body(SYNC)).status == 412
    assert speaker.posts(event_body(SYNC)).status == 204


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic Zm9vOmJhcg==", "Bearer \u00ff\u00fe"])
def test_who_shows_no_good_token_is_401(cloud: Cloud, header: str) -> None:
    speaker = cloud.account().speaker()
    speaker.headers = {"authorization": header} if header else {}

    event_refused = speaker.posts(event_body(SYNC))
    downchannel_refused = speaker.connection.answer(speaker.asks_for_downchannel())

    assert (event_refused.status, downchannel_refused.status) == (401, 401)
    assert "token" in refusal_of(event_refused).description.lower()


def test_an_expired_token_is_401(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = Speaker(cloud, *home.device(expires=datetime.now(UTC) - timedelta(seconds=1)))

    answer = speaker.connection.answer(speaker.asks_for_downchannel())

    assert answer.status == 401
    assert "expired" in refusal_of(answer).description


def test_an_accounts_token_opens_no_downchannel(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = Speaker(cloud, "", home.token)

    assert speaker.connection.answer(speaker.asks_for_downchannel()).status == 401


AUDIO = b'--b\r\nContent-Disposition: form-data; name="audio"\r\nContent-Type: audio/l16\r\n\r\n\0\r\n--b--\r\n'
STATE = '[{"header":{"namespace":"Alerts","name":"AlertsState"},"payload":%s}]'
A = '{"token":"a","type":"ALARM"}'


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (event_body(b'{"event":'), "not JSON"),
        (event_body(b'{"event":NaN}'), "not JSON"),
        (event_body(event('{"token":"\\ud800","type":"ALARM"}')), "not JSON"),
        (event_body(event('{"token":"*"}').replace(b"*", b"\xff")), "not JSON"),
        (event_body(b""), "not JSON"),
        (event_body(event('{"token":' + "[" * 100_000 + "]" * 100_000 + "}")), "nested too deeply"),
        (event_body(b"[]"), "object"),
        (event_body(b"{}"), "event: is missing"),
        (event_body(event("{}")), "event.payload.token: is missing"),
        (event_body(event('{"token":"a"}')), "event.payload.type: is missing"),
        (event_body(event('{"token":5,"type":"ALARM"}')), "event.payload.token"),
        (event_body(event('{"token":"","type":"ALARM"}')), "event.payload.token"),
        (event_body(event('{"token":"a","type":"GONG"}')), "event.payload.type"),
        (event_body(event("null")), "event.payload"),
        (event_body(event(A, context='{"a":1}')), "context"),
        (event_body(event(A, context=STATE % "{}")), "context[0].payload"),
        (
            event_body(event(A, context=STATE % '{"allAlerts":[{}],"activeAlerts":[]}')),
            "context[0].payload.allAlerts[0]",
        ),
        (event_body(event(A, name="AlertExploded")), "Alerts.AlertExploded"),
        (event_body(event(A, name="SetAlert")), "Alerts.SetAlert"),
        (b"", "delimiter"),
        (SYNC, "delimiter"),
        (event_body(SYNC)[:-20], "delimiter"),
        (AUDIO.replace(b"--b", b"------speaker"), "application/json"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_malformed_event_is_400_and_told_where(cloud: Cloud, body: bytes, told: str) -> None:
    speaker = cloud.account().speaker().opens()

    answer = speaker.posts(body)

    assert answer.status == 400
    assert told in refusal_of(answer).description
    assert speaker.posts(event_body(SYNC)).status == 204


@pytest.mark.parametrize(
    "content_type", ["application/json", "", "multipart/form-data", "multipart/form-data; boundary="]
)
def test_an_event_that_is_not_multipart_is_400(cloud: Cloud, content_type: str) -> None:
    answer = cloud.account().speaker().opens().posts(event_body(SYNC), content_type)

    assert answer.status == 400
    assert "Content-Type" in refusal_of(answer).description


def test_an_event_of_a_namespace_that_is_not_served_is_204(cloud: Cloud) -> None:
    speaker = cloud.account().speaker().opens()

    answer = speaker.posts(event_body(event("{}", "SpeechStarted", "SpeechSynthesizer")))

    assert (answer.status, answer.body) == (204, b"")


METADATA = (
    b'Content-Disposition: form-data; name="metadata"; filename="metadata"\r\nContent-Type: application/json\r\n\r\n'
)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=b", b"\r\n--b\r\n" + METADATA + SYNC + b"\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n" + METADATA + SYNC + b"\r\n--b--"),
        (
            "multipart/form-data; boundary=WhooHooZeerOoonie=",
            b"--WhooHooZeerOoonie=\r\n" + METADATA + SYNC + b"\r\n--WhooHooZeerOoonie=--\r\n",
        ),
        ('multipart/form-data; boundary="b"', b"--b\r\n" + METADATA + SYNC + b"\r\n--b--\r\n"),
        ("Multipart/Form-Data;boundary=b", b"--b\r\n" + METADATA + SYNC + b"\r\n--b--\r\n"),
        (
            "multipart/form-data; boundary=b",
            AUDIO[: -len(b"--b--\r\n")] + b"--b\r\n" + METADATA + SYNC + b"\r\n--b--\r\n",
        ),
    ],
    ids=["leading CRLF", "no last CRLF", "WhooHooZeerOoonie=", "quoted", "capitals", "audio first"],
)
def test_framing_that_real_clients_send_is_taken(cloud: Cloud, content_type: str, body: bytes) -> None:
    speaker = cloud.account().speaker().opens()

    assert speaker.posts(body, content_type).status == 204
    speaker.hears(SynchronizeAlert)


@pytest.mark.parametrize(
    "json_text",
    [
        SYNC,
        SYNC.replace(b'{"event"', b'{"context":[],"event"'),
        SYNC.replace(b'{"event"', b'{"context":null,"event"'),
        SYNC.replace(b'"messageId":"m"', b'"messageId":""'),
        SYNC.replace(b'"messageId":"m"', b'"messageId":"m","diaglogRequestId":"d"'),
        SYNC.replace(b'"payload":{}', b'"payload":{"unknown":[1,2]},"unknown":"\\u0000"'),
        SYNC.replace(b'{"event"', b'{"context":[{"header":{"namespace":"X","name":"Y"},"payload":7}],"event"'),
    ],
)
def test_json_that_real_clients_send_is_taken(cloud: Cloud, json_text: bytes) -> None:
    speaker = cloud.account().speaker().opens()

    assert speaker.posts(event_body(json_text)).status == 204
    speaker.hears(SynchronizeAlert)


@pytest.mark.parametrize("token", ["a\0b", "\u202e\r\n", "😀" * 1024])
def test_a_token_is_opaque(cloud: Cloud, token: str) -> None:
    speaker = cloud.account().speaker().opens().says(RequestSynchronizeAlert())

    speaker.says(RequestDeleteAlert(token=token, type="TIMER"))

    assert speaker.hears(DeleteAlert) == [DeleteAlert(token=token, type="TIMER")]


def test_a_message_id_that_comes_twice_is_two_events(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = home.speaker().opens()
    tokens = [home.adds(at="2027-01-01T07:00:00+09:00") for _ in range(2)]

    for token in tokens:
        report = event(json.dumps({"token": token, "type": "ALARM"}), "SetAlertSucceeded")
        assert speaker.posts(event_body(report.replace(b'"m"', b'"{STRING}"'))).status == 204

    shown = [home.asks("GET", f"/alerts/{token}")[1]["devices"] for token in tokens]
    assert shown == [{speaker.device_id: "set"}] * 2


# Hostile ones


def test_too_much_json_is_413(cloud: Cloud) -> None:
    speaker = cloud.account().speaker().opens()

    answer = speaker.posts(event_body(SYNC[:-1] + b',"more":"' + b"x" * 300_000 + b'"}'))

    assert answer.status == 413
    assert "262144" in refusal_of(answer).description
    assert speaker.posts(event_body(SYNC)).status == 204


def test_a_body_without_end_is_413_and_read_no_further(cloud: Cloud) -> None:
    other = cloud.account().speaker().opens()
    speaker = cloud.account().speaker().opens()
    stream = speaker.begins_event()

    taken = 0
    while not stream.is_over:
        taken += speaker.connection.sends(stream, b"x" * 65_536)

    assert taken < 2 * 1024 * 1024
    assert stream.status == 413
    assert "1048576" in refusal_of(stream).description
    assert speaker.posts(event_body(SYNC)).status == 204
    assert other.posts(event_body(SYNC)).status == 204


def test_a_body_that_does_not_come_in_time_is_408(cloud: Cloud) -> None:
    speaker = cloud.account().speaker().opens()
    stalling = speaker.begins_event()
    speaker.connection.sends(stalling, b"--")
    dripping = speaker.begins_event()
    speaker.headers["content-length"] = "100000000000"
    promising = speaker.begins_event()

    deadline = time.monotonic() + PATIENCE
    while not dripping.is_over and time.monotonic() < deadline:
        speaker.connection.sends(dripping, b"-")
        speaker.connection.takes_what_comes(within=0.02)

    for stream in (stalling, promising, dripping):
        speaker.connection.answer(stream)
        assert stream.status == 408
        assert "in time" in refusal_of(stream).description
    assert speaker.connection.answer(speaker.connection.asks("GET", "/ping")).status == 204


def test_an_event_that_is_taken_back_disturbs_nothing(cloud: Cloud) -> None:
    speaker = cloud.account().speaker().opens()
    stream = speaker.begins_event()
    speaker.connection.sends(stream, b"--")

    speaker.connection.resets(stream)

    assert speaker.posts(event_body(SYNC)).status == 204
    speaker.hears(SynchronizeAlert)


def test_headers_without_end_are_refused_and_disturb_nobody(cloud: Cloud) -> None:
    other = cloud.account().speaker().opens()
    rude = cloud.connects()

    stream = rude.asks("GET", "/ping", {"x-long": "x" * 60_000})
    rude.until(lambda: stream.is_over or bool(rude.lost), "a refusal")

    assert rude.lost or stream.status == 431
    assert other.posts(event_body(SYNC)).status == 204


def test_a_reader_that_takes_nothing_is_bounded_and_cut_off_while_others_are_served(cloud: Cloud) -> None:
    home = cloud.account()
    slow = home.speaker(window=1_000).opens()
    other = cloud.account()
    quick = other.speaker().opens().says(RequestSynchronizeAlert())
    long_labels(home, 20)

    for _ in range(20):
        slow.says(RequestSynchronizeAlert())
    other.adds(at="07:00")
    quick.hears(SetAlert, within=2)
    with pytest.raises(AssertionError, match=r"closed|broke"):
        slow.connection.until(lambda: slow.downchannel.is_over, "the cut")

    assert len(slow.downchannel.body) == 1_000
    said = cloud.rows.read(messages_after, home.account_id, slow.device_id, 0, 100)
    assert sum(len(message.body) for message in said if message.direction == "directive") < 256 * 1024
    assert not quick.downchannel.is_over
    Speaker(cloud, slow.device_id, slow.token).opens()


def test_http_1_is_505(cloud: Cloud) -> None:
    trusted = ssl.create_default_context(cafile=cloud.data / "ca.pem")
    trusted.set_alpn_protocols(["http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", cloud.port), PATIENCE) as tcp,
        trusted.wrap_socket(tcp, server_hostname="localhost") as wire,
    ):
        wire.sendall(b"GET /v1/directives HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while more := wire.recv(65_536):
            answer += more

    assert answer.startswith(b"HTTP/1.1 505 ")
    assert b"HTTP/2" in answer


# The other paths


def test_ping_is_204_for_anybody(cloud: Cloud) -> None:
    connection = cloud.connects()

    stream = connection.answer(connection.asks("GET", "/ping"))

    assert (stream.status, stream.body) == (204, b"")
    connection.pings()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("POST", "/v1/directives", "GET"), ("GET", "/v1/events", "POST"), ("DELETE", "/ping", "GET")],
)
def test_another_method_is_405(cloud: Cloud, method: str, path: str, allowed: str) -> None:
    connection = cloud.connects()

    stream = connection.answer(connection.asks(method, path))

    assert (stream.status, stream.headers["allow"]) == (405, allowed)


def test_every_refusal_is_multipart_with_one_exception(cloud: Cloud) -> None:
    answer = cloud.account().speaker().posts(event_body(SYNC))

    assert answer.headers["content-type"].startswith("multipart/related; boundary=----")
    assert len(parts_of(answer)) == 1
    assert answer.ended


# What is hard to bring about over the wire: the gateway alone, as the server would call it


def open_downchannel(gateway: Gateway) -> AbstractAsyncContextManager[Call]:
    return opened(gateway, call_of("GET", "/v1/directives"))


def test_the_path_of_another_profile_is_404_and_told_which_to_use(tmp_path: Path) -> None:
    async def scene() -> list[Call]:
        async with gateway_alone(tmp_path) as (gateway, _):
            calls = (call_of("GET", "/v2/directives"), call_of("POST", "/v2/events"))
            return [await call.made(gateway) for call in calls]

    directives, events = asyncio.run(scene())

    assert (directives.status, events.status) == (404, 404)
    assert b"use /v1/directives" in directives.body
    assert b"use /v1/events" in events.body


@pytest.mark.parametrize(("strict", "status"), [(False, 204), (True, 400)])
def test_an_event_that_is_not_served_is_counted_or_when_strict_refused(
    tmp_path: Path, strict: bool, status: int
) -> None:
    async def scene() -> tuple[Call, int]:
        async with gateway_alone(tmp_path, strict=strict) as (gateway, _), open_downchannel(gateway):
            call = call_of("POST", "/v1/events", event_body(event("{}", "SpeechStarted", "SpeechSynthesizer")))
            return await call.made(gateway), gateway.events_not_served

    call, counted = asyncio.run(scene())

    assert call.status == status
    assert counted == (0 if strict else 1)


def test_an_event_while_too_many_wait_is_503(tmp_path: Path) -> None:
    async def scene() -> Call:
        async with gateway_alone(tmp_path, queue_limit=0) as (gateway, _), open_downchannel(gateway):
            return await call_of("POST", "/v1/events", event_body(SYNC)).made(gateway)

    call = asyncio.run(scene())

    assert call.status == 503
    assert b"in a moment" in call.body


def test_a_downchannel_whose_store_fails_is_broken_off_and_not_answered_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scene() -> Call:
        async with gateway_alone(tmp_path) as (gateway, store), open_downchannel(gateway) as call:
            await store.close()
            gateway.wake("kitchen")
            await asyncio.wait_for(call.over.wait(), PATIENCE)
        return call

    call = asyncio.run(scene())

    assert call.status == 200
    assert call.sent[-1]["more_body"]
    assert "downchannel failed" in capsys.readouterr().out


def test_what_comes_while_the_cloud_shuts_down_is_503(tmp_path: Path) -> None:
    async def scene() -> tuple[Call, list[Call]]:
        async with gateway_alone(tmp_path) as (gateway, _), open_downchannel(gateway) as downchannel:
            await gateway.drain()
            calls = (call_of("GET", "/v1/directives"), call_of("POST", "/v1/events"), call_of("GET", "/ping"))
            return downchannel, [await call.made(gateway) for call in calls]

    downchannel, calls = asyncio.run(scene())

    assert downchannel.body.endswith(b"--\r\n")
    assert [call.status for call in calls] == [503, 503, 503]


def test_the_trace_shows_what_was_refused_and_why(tmp_path: Path) -> None:
    async def scene() -> None:
        async with gateway_alone(tmp_path) as (gateway, _), open_downchannel(gateway):
            await call_of("POST", "/v1/events", event_body(event("{}", "Foo", "Alerts"))).made(gateway)

    asyncio.run(scene())
    with open_now(tmp_path / "store.db") as store:
        *_, asked, refused = store.read(messages_after, "home", "kitchen", 0, 100)

    assert (asked.direction, refused.direction) == ("event", "directive")
    assert b'"code":400' in refused.body
    assert b"Alerts.Foo is not a message" in refused.body
