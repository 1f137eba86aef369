"""The transport rules of each version of the protocol, at the wire (protocol facts 1)."""

import asyncio
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bellwire.alerts.reconcile import is_settled
from bellwire.cloud.store.devices import load_agent, remove_device
from bellwire.cloud.store.instants import to_ms
from bellwire.cloud.store.opening import open_now
from bellwire.cloud.store.schema import device_tokens
from bellwire.cloud.store.standings import load_standing_rows, standing_of
from bellwire.cloud.store.trace import messages_after
from bellwire.cloud.store.transaction import Statement, Transaction
from bellwire.protocol.codec import Codec
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    RequestSynchronizeAlert,
    SetAlert,
    SetAlertSucceeded,
    SynchronizeAlert,
)
from bellwire.protocol.messages.context import AlertsState
from bellwire.protocol.messages.envelope import Event
from bellwire.protocol.multipart import JSON_TYPE, boundary_of
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_KO_2022, Hello
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cloud.alone import NOW, Clock, asks, call_of, gateway_alone, opened, says
from tests.cloud.call import Call
from tests.cloud.h2_client import PATIENCE, Stream
from tests.cloud.running import CODECS, Cloud, Speaker, event_body, refusal_of, running

each_version = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
each_form = pytest.mark.parametrize("profile", [CIC_KO_2022, TVS_2020], ids=["cic", "tvs"])

AT = "2027-01-01T07:00:00+09:00"
REFUSED = {"cic": 401, "tvs": 403}
"""Who shows no good token is told so, by each family of versions."""


def refused_as(profile: Profile) -> int:
    return REFUSED[profile.name[:3]]


def event_of(profile: Profile, message: Message, *, context: bool = True) -> bytes:
    """The body of an event as the profile's device sends it."""
    nothing = AlertsState(all_alerts=(), active_alerts=())
    event = Event(message=message, message_id="m", alerts_state=nothing if context else None)
    return event_body(Codec(profile).encode_event(event))


def started(profile: Profile) -> bytes:
    return event_of(profile, AlertStarted(token="a", type="ALARM"))


def ends_cleanly(stream: Stream) -> bool:
    closing = b"\r\n--" + boundary_of(stream.headers["content-type"]) + b"--\r\n"
    return stream.ended and stream.body.endswith(closing)


# Parts


@each_version
def test_a_downchannel_is_framed_to_the_byte(cloud: Cloud, profile: Profile) -> None:
    home = cloud.account()
    speaker = home.speaker(profile=profile)
    speaker.headers["accept-encoding"] = "gzip, deflate, br, zstd"
    speaker.opens()
    greeted = len(speaker.downchannel.body)
    speaker.connection.pings()  # what was sent with the opening has come

    assert speaker.downchannel.headers["content-type"].startswith("multipart/related; boundary=----")
    assert "content-encoding" not in speaker.downchannel.headers
    delimiter = b"--" + boundary_of(speaker.downchannel.headers["content-type"]) + b"\r\n"
    assert speaker.downchannel.frames[0] == delimiter
    assert speaker.told == ([Hello()] if profile.greeting else [])
    assert profile.greeting or speaker.downchannel.body == delimiter

    speaker.posts(started(profile))
    home.adds(at=AT)
    speaker.hears(SetAlert)

    told = speaker.downchannel.body[greeted:]
    head = b'Content-Disposition: form-data; name="metadata"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n'
    for part in told.split(delimiter)[:-1]:
        assert part.startswith(head + b'{"directive":{')
        assert part.endswith(b"}\r\n")
        assert b"\n" not in part[len(head) : -2]
    assert told.endswith(b"}\r\n" + delimiter)
    assert speaker.downchannel.frames[-1].startswith(head), "the part and its next delimiter are one flush"
    assert speaker.downchannel.frames[-1].endswith(delimiter)


@each_form
def test_no_two_answers_have_the_same_boundary(cloud: Cloud, profile: Profile) -> None:
    home = cloud.account()

    boundaries = {
        boundary_of(home.speaker(profile=profile).opens().downchannel.headers["content-type"]) for _ in range(3)
    }

    assert len(boundaries) == 3
    assert all(re.fullmatch(rb"----[0-9a-f]{32}", boundary) for boundary in boundaries)


def test_a_time_is_written_as_each_version_reads_it(cloud: Cloud) -> None:
    for profile, written in ((CIC_KO_2022, b'"2027-01-01T07:00:00+09:00"'), (TVS_2020, b'"2026-12-31T22:00:00+0000"')):
        home = cloud.account()
        speaker = home.speaker(profile=profile).opens()
        speaker.posts(started(profile))
        home.adds(at=AT)
        speaker.hears(SetAlert)
        assert b'"scheduledTime":' + written in speaker.downchannel.body


# Errors


@each_version
def test_every_refusal_is_in_the_form_of_its_version(cloud: Cloud, profile: Profile) -> None:
    """refusal_of checks type, framing, form and code."""
    speaker = cloud.account().speaker(profile=profile).opens()
    stranger = Speaker(cloud, "", "nobody's", profile=profile)
    connection = cloud.connects()
    malformed = speaker.posts(event_body(b"{}"))
    too_large = speaker.posts(event_body(b'{"more":"' + b"x" * 300_000 + b'"}'))
    unknown = [stranger.posts(started(profile)), stranger.connection.answer(stranger.asks_for_downchannel())]
    methods = [
        connection.answer(connection.asks("POST", profile.downchannel_path, None, b"")),
        connection.answer(connection.asks("GET", profile.events_path)),
    ]

    assert malformed.status == 400
    assert "event: is missing" in refusal_of(malformed, profile).description
    assert too_large.status == CODECS[profile.name].status_of(413)
    assert "262144" in refusal_of(too_large, profile).description
    for answer in unknown:
        assert answer.status == refused_as(profile)
        assert "not known here" in refusal_of(answer, profile).description
    for answer, allowed in zip(methods, ("GET", "POST"), strict=True):
        assert (answer.status, answer.headers["allow"]) == (405, allowed)
        assert f"for {allowed} only" in refusal_of(answer, profile).description


def test_codes_are_numbers_in_one_form_and_names_in_the_other(cloud: Cloud) -> None:
    numbers = cloud.account().speaker().posts(b"")
    names = cloud.account().speaker(profile=TVS_2020).posts(b"")

    assert refusal_of(numbers).code == 412
    assert (names.status, refusal_of(names, TVS_2020).code) == (400, "INVALID_REQUEST_EXCEPTION")
    assert names.body.startswith(b'{"header":{"namespace":"System","name":"Exception","messageId":"')


def test_a_head_has_no_body_and_disturbs_nothing(cloud: Cloud) -> None:
    connection = cloud.connects()

    answer = connection.answer(connection.asks("HEAD", "/v20160207/directives"))

    assert (answer.status, answer.body) == (405, b"")
    assert connection.answer(connection.asks("GET", "/ping")).status == 204


@pytest.mark.parametrize(
    ("own", "other"), [(CIC_KO_2022, TVS_2020), (TVS_2020, CIC_KO_2022)], ids=["cic on tvs", "tvs on cic"]
)
def test_a_token_of_another_version_is_404_in_the_form_of_the_path(cloud: Cloud, own: Profile, other: Profile) -> None:
    device_id, token = cloud.account().device(profile=own)
    speaker = Speaker(cloud, device_id, token, profile=other)

    for answer, path in (
        (speaker.connection.answer(speaker.asks_for_downchannel()), own.downchannel_path),
        (speaker.posts(started(other)), own.events_path),
    ):
        assert answer.status == 404
        assert f"speaks {own.name}: use {path}" in refusal_of(answer, other).description


def test_versions_that_share_a_path_are_told_apart_by_the_token(cloud: Cloud) -> None:
    """RequestDeleteAlert is of 2022 only."""
    body = event_body(
        b'{"event":{"header":{"namespace":"Alerts","name":"RequestDeleteAlert","messageId":"m"},'
        b'"payload":{"token":"a","type":"ALARM"}}}'
    )
    home = cloud.account()

    statuses = {
        name: home.speaker(profile=profile).opens().posts(body).status
        for name, profile in PROFILES.items()
        if profile.events_path == CIC_KO_2022.events_path
    }

    assert statuses == {"cic-ko-2022": 204, "cic-ja-2019": 400, "cic-en-2018": 400}


# Who is calling


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "TOKENTYPE Altz|{}", "tokentype altz|{}"])
def test_both_forms_of_authorization_are_taken_where_there_are_two(cloud: Cloud, form: str) -> None:
    speaker = cloud.account().speaker(profile=TVS_2020)
    speaker.headers = {"authorization": form.format(speaker.token)}

    assert speaker.opens().posts(started(TVS_2020)).status == 204


@pytest.mark.parametrize("form", ["TOKENTYPE Other|{}", "TOKENTYPE {}", "Altz|{}", "{}"])
def test_another_form_is_403(cloud: Cloud, form: str) -> None:
    speaker = cloud.account().speaker(profile=TVS_2020)
    speaker.headers = {"authorization": form.format(speaker.token)}

    answer = speaker.posts(started(TVS_2020))

    assert answer.status == 403
    assert "'Bearer TOKEN'" in refusal_of(answer, TVS_2020).description


def test_the_second_form_is_of_that_version_only(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = home.speaker()
    speaker.headers = {"authorization": f"TOKENTYPE Altz|{speaker.token}"}
    connection = cloud.connects()

    api = connection.asks("GET", "/api/v1/devices", {"authorization": f"TOKENTYPE Altz|{home.token}"})

    assert speaker.connection.answer(speaker.asks_for_downchannel()).status == 401
    assert connection.answer(api).status == 401


# The downchannel


@each_form
def test_a_second_downchannel_at_once_is_429_and_a_later_one_takes_over(cloud: Cloud, profile: Profile) -> None:
    speaker = cloud.account().speaker(profile=profile).opens()
    refused = speaker.connection.answer(speaker.asks_for_downchannel())
    elsewhere = Speaker(cloud, speaker.device_id, speaker.token, profile=profile)

    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert "a moment ago" in refusal_of(refused, profile).description
    assert not speaker.downchannel.is_over

    elsewhere.takes_over()

    assert ends_cleanly(speaker.connection.answer(speaker.downchannel))
    assert elsewhere.posts(started(profile)).status == 204


@each_version
def test_a_version_takes_events_without_a_downchannel_or_it_does_not(cloud: Cloud, profile: Profile) -> None:
    speaker = cloud.account().speaker(profile=profile)
    alone = speaker.posts(started(profile))
    speaker.opens()
    elsewhere = Speaker(cloud, speaker.device_id, speaker.token, profile=profile)
    beside = elsewhere.posts(started(profile))

    if profile is TVS_2020:
        assert (alone.status, beside.status) == (204, 204)
        return
    assert (alone.status, beside.status) == (412, 412)
    assert "open the downchannel first" in refusal_of(alone, profile).description
    assert "over the connection of the downchannel" in refusal_of(beside, profile).description


def test_what_is_reported_without_a_downchannel_is_kept(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = home.speaker(profile=TVS_2020)
    token = home.adds(at=AT)

    speaker.posts(event_of(TVS_2020, SetAlertSucceeded(token=token), context=False))

    assert home.asks("GET", f"/alerts/{token}")[1]["devices"] == {speaker.device_id: "set"}


def test_an_acknowledgement_over_another_connection_answers_the_downchannel(cloud: Cloud) -> None:
    home = cloud.account()
    speaker = home.speaker(profile=TVS_2020).opens()
    speaker.posts(started(TVS_2020))
    token = home.adds(at=AT)
    speaker.hears(SetAlert)
    elsewhere = Speaker(cloud, speaker.device_id, speaker.token, profile=TVS_2020)

    elsewhere.posts(event_of(TVS_2020, SetAlertSucceeded(token=token), context=False))

    standing = standing_of(cloud.rows.read(load_standing_rows, home.account_id, speaker.device_id)[token])
    assert is_settled(standing), "of an acknowledgement that answers nothing the content would be unknown"


def beside_a_downchannel(folder: Path, *, behind_proxy: bool) -> Call:
    """An event that comes over another connection than the downchannel's."""

    async def scene() -> Call:
        async with (
            gateway_alone(folder, behind_proxy=behind_proxy) as (gateway, _),
            opened(gateway, asks(CIC_KO_2022)),
        ):
            call = says(CIC_KO_2022, started(CIC_KO_2022))
            call.scope["client"] = ("127.0.0.1", "50001")
            return await call.made(gateway)

    return asyncio.run(scene())


def test_another_connection_is_412_unless_a_proxy_mixes_them(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert beside_a_downchannel(tmp_path / "a", behind_proxy=False).status == 412
    assert beside_a_downchannel(tmp_path / "b", behind_proxy=True).status == 204


def test_a_cloud_that_runs_behind_a_proxy_takes_events_over_any_connection(tmp_path: Path) -> None:
    with running(tmp_path / "cloud", behind_proxy=True) as cloud:
        home = cloud.account()
        speaker = home.speaker().opens()
        elsewhere = Speaker(cloud, speaker.device_id, speaker.token)
        token = home.adds(at=AT)

        elsewhere.says(RequestSynchronizeAlert())

        (everything,) = speaker.hears(SynchronizeAlert)
        assert [alert.token for alert in everything.all_alerts] == [token]


def test_behind_a_proxy_a_downchannel_is_wanted_all_the_same(tmp_path: Path) -> None:
    async def scene() -> Call:
        async with gateway_alone(tmp_path, behind_proxy=True) as (gateway, _):
            return await says(CIC_KO_2022, started(CIC_KO_2022)).made(gateway)

    assert asyncio.run(scene()).status == 412


# Its end


@each_form
def test_a_downchannel_ends_with_its_token(cloud: Cloud, profile: Profile) -> None:
    home = cloud.account()
    expires = datetime.now(UTC) + timedelta(seconds=1.5)
    speaker = Speaker(cloud, *home.device(expires=expires, profile=profile), profile=profile).opens()

    assert ends_cleanly(speaker.connection.answer(speaker.downchannel))

    assert datetime.now(UTC) >= expires
    assert speaker.connection.answer(speaker.asks_for_downchannel()).status == refused_as(profile)


@each_form
def test_a_removed_device_is_hung_up_on(cloud: Cloud, profile: Profile) -> None:
    home = cloud.account()
    speaker = home.speaker(profile=profile).opens()

    assert home.asks("DELETE", f"/devices/{speaker.device_id}") == (204, None)

    assert ends_cleanly(speaker.connection.answer(speaker.downchannel))
    assert speaker.posts(started(profile)).status == refused_as(profile)


async def is_over(call: Call) -> bool:
    await asyncio.wait_for(call.over.wait(), PATIENCE)
    return call.body.endswith(b"--\r\n")


def test_what_was_revoked_beside_the_cloud_is_noticed(tmp_path: Path) -> None:
    async def scene() -> tuple[bool, bool]:
        clock = Clock()
        async with (
            gateway_alone(tmp_path, clock=clock) as (gateway, _),
            opened(gateway, asks(CIC_KO_2022)) as revoked,
            opened(gateway, asks(TVS_2020)) as other,
        ):
            with open_now(tmp_path / "store.db") as beside:
                beside.run(remove_device, "home", CIC_KO_2022.name)
            clock.now += timedelta(seconds=15)
            await gateway.hang_up_on_revoked()
            return await is_over(revoked), other.over.is_set()

    assert asyncio.run(scene()) == (True, False)


EXPIRE = Statement(
    sa.update(device_tokens)
    .where(device_tokens.c.device_id == sa.bindparam("device"))
    .values(expires_ms=sa.bindparam("at_ms")),
    "the tokens of a device expire then",
)


def expire(device_id: str, at: datetime) -> Transaction[None]:
    yield EXPIRE, {"device": device_id, "at_ms": to_ms(at)}


def test_a_token_that_expires_sooner_than_it_was_to_ends_its_downchannel_then(tmp_path: Path) -> None:
    """As the token does that was replaced by a refreshed one."""

    async def scene() -> tuple[bool, bool]:
        clock = Clock()
        async with (
            gateway_alone(tmp_path, clock=clock) as (gateway, store),
            opened(gateway, asks(CIC_KO_2022)) as call,
        ):
            await store.write(expire, CIC_KO_2022.name, clock.now + timedelta(seconds=60))
            clock.now += timedelta(seconds=15)
            await gateway.hang_up_on_revoked()
            stands = not call.over.is_set()
            clock.now += timedelta(seconds=45)
            gateway.wake(CIC_KO_2022.name)
            return stands, await is_over(call)

    assert asyncio.run(scene()) == (True, True)


# What a device says that it is


@pytest.mark.parametrize(
    ("profile", "headers", "kept"),
    [
        (
            CIC_KO_2022,
            {"user-agent": "Acme/Clock/2.1.2 (RTOS;x1;k=v)", "x-clova-device-tags": "lab,beta"},
            {
                "agent": "Acme/Clock/2.1.2 (RTOS;x1;k=v)",
                "details": {
                    "k": "v", "maker": "Acme", "product": "Clock", "version": "2.1.2", "os": "RTOS", "hardware": "x1",
                },
                "tags": ["lab", "beta"],
                "warnings": [],
            },
        ),
        (
            TVS_2020,
            {"q-ua": "PR=OLD", "q-ua2": "QV=3&PR=CLOCK", "tvssettings": "x"},
            {
                "agent": "QV=3&PR=CLOCK",
                "details": {"QV": "3", "PR": "CLOCK", "TvsSettings": "x"},
                "tags": [],
                "warnings": [],
            },
        ),
    ],
    ids=["cic", "tvs"],
)  # fmt: skip
def test_what_a_device_says_that_it_is_is_kept(
    cloud: Cloud, profile: Profile, headers: dict[str, str], kept: dict[str, object]
) -> None:
    home = cloud.account()
    speaker = home.speaker(profile=profile)
    speaker.headers.update(headers)

    speaker.opens()

    said = cloud.rows.read(load_agent, home.account_id, speaker.device_id)
    assert said is not None
    assert json.loads(said) == kept


@each_form
def test_a_device_without_user_agent_is_served_and_warned_about_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], profile: Profile
) -> None:
    async def scene() -> str | None:
        clock = Clock()
        async with gateway_alone(tmp_path, clock=clock) as (gateway, store):
            for _ in range(3):
                clock.now += timedelta(seconds=5)
                async with opened(gateway, asks(profile)):
                    pass
            return await store.read(load_agent, "home", profile.name)

    warnings = json.loads(asyncio.run(scene()) or "{}")["warnings"]

    assert [warning for warning in warnings if "cannot be told what the device is" in warning] == warnings
    assert capsys.readouterr().out.count("header not as documented") == 1


def test_what_it_says_next_takes_the_place_of_that(tmp_path: Path) -> None:
    async def scene() -> list[str]:
        clock = Clock()
        async with gateway_alone(tmp_path, clock=clock) as (gateway, store):
            agents = []
            for version in ("1.0.0", "1.0.1"):
                clock.now += timedelta(seconds=5)
                async with opened(gateway, asks(CIC_KO_2022, {"user-agent": f"A/B/{version} (O;H)"})):
                    said = await store.read(load_agent, "home", CIC_KO_2022.name)
                    agents.append(json.loads(said or "{}")["agent"])
            return agents

    assert asyncio.run(scene()) == ["A/B/1.0.0 (O;H)", "A/B/1.0.1 (O;H)"]


def test_a_header_that_comes_in_several_lines_is_one(tmp_path: Path) -> None:
    async def scene() -> list[str]:
        call = asks(CIC_KO_2022)
        call.scope["headers"] += [
            (b"x-clova-device-tags", "부엌".encode()),
            (b"x-clova-device-tags", b"lab"),
            (b"user-agent", b"\xff\xfe"),
        ]
        async with gateway_alone(tmp_path) as (gateway, store), opened(gateway, call):
            text = await store.read(load_agent, "home", CIC_KO_2022.name)
            said = json.loads(text or "{}")
            return [*said["tags"], said["agent"]]

    assert asyncio.run(scene()) == ["부엌", "lab", "\ufffd\ufffd"]


# The other rules


@each_version
def test_both_ways_to_see_whether_it_lives(cloud: Cloud, profile: Profile) -> None:
    speaker = cloud.account().speaker(profile=profile).opens()

    answer = speaker.connection.answer(speaker.connection.asks("GET", profile.ping_path, speaker.headers))

    assert (answer.status, answer.body) == (204, b"")
    speaker.connection.pings()
    assert not speaker.downchannel.is_over


UNSERVED = event_body(
    b'{"event":{"header":{"namespace":"SpeechSynthesizer","name":"SpeechStarted","messageId":"m"},"payload":{}}}'
)


@each_version
@pytest.mark.parametrize(("strict", "status"), [(False, 204), (True, 400)])
def test_a_namespace_that_is_not_served_is_counted_or_when_strict_refused(
    tmp_path: Path, profile: Profile, strict: bool, status: int
) -> None:
    async def scene() -> tuple[Call, int]:
        async with gateway_alone(tmp_path, strict=strict) as (gateway, _), opened(gateway, asks(profile)):
            return await says(profile, UNSERVED).made(gateway), gateway.events_not_served

    call, counted = asyncio.run(scene())

    assert (call.status, counted) == (status, 0 if strict else 1)
    if strict:
        assert b"SpeechSynthesizer.SpeechStarted is not a message" in call.body


@pytest.mark.parametrize(("profile", "status"), [(CIC_KO_2022, 503), (TVS_2020, 500)], ids=["cic", "tvs"])
def test_an_event_while_too_many_wait_may_be_sent_again(tmp_path: Path, profile: Profile, status: int) -> None:
    """SoftwareInfo: what is not processed is answered 500, with the exception."""

    async def scene() -> Call:
        async with gateway_alone(tmp_path, queue_limit=0) as (gateway, _), opened(gateway, asks(profile)):
            return await says(profile, UNSERVED).made(gateway)

    call = asyncio.run(scene())

    assert call.status == status
    assert b"in a moment" in call.body


# Who comes too often


@each_form
def test_a_tight_loop_of_reconnections_is_refused_and_the_others_are_unharmed(cloud: Cloud, profile: Profile) -> None:
    looping = cloud.account().speaker(profile=profile)
    home = cloud.account()
    other = home.speaker(profile=profile).opens()
    other.posts(started(profile))
    statuses: Counter[int | None] = Counter()
    tokens = []

    for _ in range(10):
        streams = []
        for _ in range(100):
            stream = looping.asks_for_downchannel()
            looping.connection.until(lambda stream=stream: stream.status is not None, "an answer")  # type: ignore[misc]
            if stream.status == 200:
                looping.connection.resets(stream)
            streams.append(stream)
        statuses.update(stream.status for stream in streams)
        tokens.append(home.adds(at=AT))
        assert other.posts(started(profile)).status == 204
        assert {alert.token for alert in other.hears(SetAlert, len(tokens), within=5)} == set(tokens)

    refused = [stream for stream in streams if stream.status == 429]
    assert set(statuses) == {200, 429}
    assert statuses[429] > 900
    assert "too often" in refusal_of(looping.connection.answer(refused[-1]), profile).description
    assert refused[-1].headers["retry-after"] == "1"
    assert cloud.log.count(f"device={looping.device_id}") < 4 * statuses[200] + 10


@each_form
def test_one_that_goes_on_with_a_bad_token_is_refused_without_a_look_and_its_neighbours_are_not(
    tmp_path: Path, profile: Profile
) -> None:
    async def scene() -> tuple[list[Call], int, int]:
        async with gateway_alone(tmp_path) as (gateway, _):
            loop = [await call_of("GET", profile.downchannel_path, token="revoked").made(gateway) for _ in range(20)]
            async with opened(gateway, asks(profile)) as neighbour:
                event = await says(profile, started(profile)).made(gateway)
            return loop, neighbour.status, event.status

    loop, neighbour, event = asyncio.run(scene())

    assert [call.status for call in loop] == [refused_as(profile)] * 10 + [429] * 10
    assert loop[-1].headers["retry-after"] == "6"
    assert loop[-1].headers["content-type"].startswith(JSON_TYPE if profile is TVS_2020 else "multipart/related")
    assert (neighbour, event) == (200, 204)


def test_a_loop_does_not_push_the_rest_out_of_the_trace(tmp_path: Path) -> None:
    async def scene() -> None:
        async with gateway_alone(tmp_path) as (gateway, _):
            for _ in range(1_100):
                call = asks(TVS_2020)
                call.left.set()
                await call.made(gateway)

    asyncio.run(scene())

    with open_now(tmp_path / "store.db") as store:
        assert len(store.read(messages_after, "home", TVS_2020.name, 0, 2_000)) < 100


def test_a_device_that_has_shown_a_good_token_is_let_in_whatever_its_neighbours_do(tmp_path: Path) -> None:
    async def scene() -> tuple[int, int, int]:
        async with gateway_alone(tmp_path) as (gateway, _):
            async with opened(gateway, asks(TVS_2020)):
                pass
            for number in range(6_000):
                gateway._doorkeeper.was_wrong(("127.0.0.1", "50000"), f"guess {number}", NOW)
            guess = await call_of("POST", "/v1/events", token="guess").made(gateway)
            newcomer = await says(CIC_KO_2022, b"").made(gateway)
            gateway.hang_up("somebody")
            met = await says(TVS_2020, started(TVS_2020)).made(gateway)
            return guess.status, newcomer.status, met.status

    assert asyncio.run(scene()) == (429, 429, 204)
