"""Clients of the wild: each test is named after what one of them does (protocol facts 1, 5 and 6)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwire.alerts.lifecycle import Life
from bellwire.cloud.store.trace import messages_after
from bellwire.protocol.messages.alerts import AlertStarted, AlertStopped, SetAlert, SetAlertSucceeded
from bellwire.protocol.messages.context import AlertsState, AlertState
from bellwire.protocol.messages.envelope import Event, NotServed
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cloud.alone import asks, gateway_alone, opened
from tests.cloud.conversation import CODECS, Talk, alarm, at
from tests.cloud.running import Account, Cloud, Speaker

each_form = pytest.mark.parametrize("profile", [CIC_KO_2022, TVS_2020], ids=["cic", "tvs"])
each_version = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)

AT = "2027-01-01T07:00:00+09:00"
TYPE = b"Content-Type: application/json; charset=UTF-8\r\n\r\n"
METADATA = b'Content-Disposition: form-data; name="metadata"\r\n' + TYPE
AUDIO = b'Content-Disposition: form-data; name="audio"\r\nContent-Type: application/octet-stream\r\n\r\n\0\xff--b\n\r'


class Client(Speaker):
    """A device that says of an alert that it was set, in its own way: whether that was understood can be seen."""

    def __init__(self, home: Account, profile: Profile) -> None:
        super().__init__(home.cloud, *home.device(profile=profile), profile=profile)
        self.home = home
        self.alert = home.adds(at=AT)
        self.opens()

    @property
    def report(self) -> bytes:
        """The JSON of its report, with neither context nor blanks."""
        payload = {"token": self.alert, "type": "ALARM"}
        header = {"namespace": "Alerts", "name": "SetAlertSucceeded", "messageId": "m"}
        return json.dumps({"event": {"header": header, "payload": payload}}, separators=(",", ":")).encode()

    def is_understood(self, body: bytes, content_type: str = "multipart/form-data; boundary=b") -> bool:
        """Whether it is answered 204, and the alert is shown as set on it by then."""
        answer = self.posts(body, content_type)
        assert (answer.status, answer.body) == (204, b""), answer.body
        return self.stands_at(self.alert) == "set"

    def stands_at(self, alert: str) -> str:
        status, shown = self.home.asks("GET", f"/alerts/{alert}")
        assert status == 200, shown
        return str(shown["devices"][self.device_id])


@pytest.fixture(params=["cic", "tvs"])
def client(cloud: Cloud, request: pytest.FixtureRequest) -> Client:
    return Client(cloud.account(), {"cic": CIC_KO_2022, "tvs": TVS_2020}[request.param])


# How it frames


def test_a_body_that_begins_with_crlf(client: Client) -> None:
    assert client.is_understood(b"\r\n--b\r\n" + METADATA + client.report + b"\r\n--b--\r\n")


def test_a_body_without_final_crlf(client: Client) -> None:
    assert client.is_understood(b"--b\r\n" + METADATA + client.report + b"\r\n--b--")


@pytest.mark.parametrize(
    "boundary", ["WhooHooZeerOoonie=", "----=_Part_0_1.2", "'b'", "(b)+_,-./:?", "b" * 70, "----WebKitFormBoundary7MA4"]
)
@pytest.mark.parametrize("quote", ["", '"'], ids=["bare", "quoted"])
def test_an_odd_boundary(client: Client, boundary: str, quote: str) -> None:
    raw = boundary.encode()
    body = b"--" + raw + b"\r\n" + METADATA + client.report + b"\r\n--" + raw + b"--\r\n"

    assert client.is_understood(body, f"multipart/form-data; boundary={quote}{boundary}{quote}")


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=b; charset=utf-8",
        "multipart/form-data;charset=UTF-8;boundary=b",
        "MULTIPART/FORM-DATA; BOUNDARY=b",
        'multipart/form-data; x="a=b"; boundary="b"',
        "multipart/form-data; boundary=b;",
        "multipart/form-data ;  boundary=b ",
        "multipart/form-data; boundary = b",
        "multipart/related; type=application/json; boundary=b",
        "multipart/mixed; boundary=b",
    ],
)
def test_a_content_type_with_odd_parameters(client: Client, content_type: str) -> None:
    assert client.is_understood(b"--b\r\n" + METADATA + client.report + b"\r\n--b--\r\n", content_type)


@pytest.mark.parametrize(
    "headers",
    [
        b'Content-Disposition: form-data; name="metadata"; filename="metadata"\r\n' + TYPE,
        b'content-disposition: form-data; name="metadata"\r\ncontent-type: application/json\r\n\r\n',
        b'CONTENT-DISPOSITION: FORM-DATA; NAME="metadata"\r\nCONTENT-TYPE: APPLICATION/JSON\r\n\r\n',
        b'Content-Disposition:form-data;name=metadata\r\nContent-Type:application/json;charset="utf-8"\r\n\r\n',
        b'Content-Disposition: form-data; name="metadata"\r\n\r\n',
        b'Content-Transfer-Encoding: 8bit\r\nX-Other: 1\r\nContent-Type: application/json;charset=utf-8\r\n\r\n',
    ],
    ids=["filename", "lower case", "upper case", "no blanks", "no Content-Type", "other headers"],
)  # fmt: skip
def test_the_headers_of_its_part(client: Client, headers: bytes) -> None:
    assert client.is_understood(b"--b\r\n" + headers + client.report + b"\r\n--b--\r\n")


def test_audio_before_the_json(client: Client) -> None:
    body = b"--b\r\n" + AUDIO + b"\r\n--b\r\n" + METADATA + client.report + b"\r\n--b--\r\n"
    assert client.is_understood(body)


def test_audio_after_the_json(client: Client) -> None:
    body = b"--b\r\n" + METADATA + client.report + b"\r\n--b\r\n" + AUDIO + b"\r\n--b--\r\n"
    assert client.is_understood(body)


# What it writes


def framed(said: bytes) -> bytes:
    return b"--b\r\n" + METADATA + said + b"\r\n--b--\r\n"


@pytest.mark.parametrize(
    "context", [b"", b'"context":[],', b'"context":null,'], ids=["no context", "empty context", "context null"]
)
def test_a_context_that_is_none(client: Client, context: bytes) -> None:
    assert client.is_understood(framed(client.report.replace(b'{"event"', b"{" + context + b'"event"')))


@pytest.mark.parametrize("message_id", [b"", b"{STRING}", b"{{STRING}}", b"x" * 5_000], ids=["", "1", "2", "long"])
def test_a_message_id_that_is_none(client: Client, message_id: bytes) -> None:
    report = client.report.replace(b'"messageId":"m"', b'"messageId":"' + message_id + b'"')
    assert client.is_understood(framed(report))


def test_diaglogRequestId(client: Client) -> None:  # noqa: N802
    report = client.report.replace(b'"messageId":"m"', b'"messageId":"m","diaglogRequestId":"d"')
    assert client.is_understood(framed(report))


def test_json_on_many_lines_with_fields_of_its_own(client: Client) -> None:
    said = json.loads(client.report)
    said["event"]["payload"]["vendor"] = {"x": [1, None]}
    said["vendor"] = "\0"
    assert client.is_understood(framed(json.dumps(said, indent="\t").replace("\n", "\r\n").encode()))


def test_one_message_id_for_all_of_its_events(client: Client) -> None:
    """Literally {STRING}, twice, with different content: both are carried out."""
    other = client.home.adds(at=AT)
    report = client.report.replace(b'"m"', b'"{STRING}"')

    assert client.is_understood(framed(report))
    assert client.is_understood(framed(report.replace(client.alert.encode(), other.encode())))

    assert client.stands_at(other) == "set"


def test_the_same_event_twice(client: Client) -> None:
    """A retry whose first answer got lost: a daily alarm goes on by one day, not by two."""
    due = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    status, shown = client.home.asks(
        "POST", "/alerts", {"kind": "ALARM", "at": f"{due:%H:%M}", "every": "daily", "timezone": "UTC"}
    )
    assert status == 201, shown
    token, first = shown["token"], datetime.fromisoformat(shown["scheduled_time"])
    times = []

    for message in (AlertStarted, AlertStarted, AlertStopped, AlertStopped):
        client.says(message(token=token, type="ALARM"), shows(token, first, ringing=message is AlertStarted))
        times.append(client.home.asks("GET", f"/alerts/{token}")[1]["scheduled_time"])

    assert times[0] == times[1]
    assert times[2] == times[3]
    assert datetime.fromisoformat(times[2]) - datetime.fromisoformat(times[0]) <= timedelta(days=1)


def shows(token: str, time: datetime, *, ringing: bool = False) -> AlertsState:
    state = AlertState(token=token, type="ALARM", scheduled_time=time)
    return AlertsState(all_alerts=(state,), active_alerts=(state,) if ringing else ())


# What it does


def test_no_user_agent_at_all(client: Client) -> None:
    assert "user-agent" not in client.headers
    assert client.is_understood(framed(client.report))


@each_form
def test_events_before_the_answer_to_the_last(cloud: Cloud, profile: Profile) -> None:
    """It does not serialize its events: each is answered all the same."""
    speaker = cloud.account().speaker(profile=profile).opens()

    streams = [speaker.reports(AlertStarted(token=f"{number}", type="ALARM")) for number in range(20)]

    assert [speaker.connection.answer(stream).status for stream in streams] == [204] * 20


@each_form
def test_one_that_never_reads_the_downchannel(cloud: Cloud, profile: Profile) -> None:
    """Its events go on to be answered, what waits for it is bounded, and others are told at once."""
    home = cloud.account()
    deaf = home.speaker(window=200, profile=profile)
    deaf.downchannel = deaf.asks_for_downchannel()
    deaf.connection.until(lambda: deaf.downchannel.status is not None, "the headers")
    other = home.speaker(profile=profile).opens().says(AlertStarted(token="x", type="ALARM"))

    tokens = {home.adds(at=AT) for _ in range(10)}
    deaf.says(AlertStarted(token="x", type="ALARM"))

    assert {alert.token for alert in other.hears(SetAlert, 10)} == tokens
    assert len(deaf.downchannel.body) <= 200


@each_version
def test_one_that_loses_its_AlertStopped(talk: Talk, profile: Profile) -> None:  # noqa: N802
    """The next context repairs it: the occurrence is over, and the series goes on."""
    talk.sets("a", at("07:00"), rule="FREQ=DAILY")
    kitchen = talk.connects("kitchen", profile=profile)
    kitchen.hears()
    ring = alarm("a", at("07:00"))
    kitchen.shows(ring) >> SetAlertSucceeded(token="a", type="ALARM")
    talk.passes(hours=1)
    kitchen.shows(ring, ringing=("a",)) >> AlertStarted(token="a", type="ALARM")
    assert talk.life(kitchen, "a") is Life.RINGING

    talk.passes(minutes=5)
    kitchen.shows(ring) >> AlertStarted(token="other", type="ALARM")

    assert talk.alerts() == {"a": at("07:00", day=21)}
    (again,) = (message for message in kitchen.hears() if isinstance(message, SetAlert))
    assert (again.token, again.scheduled_time) == ("a", at("07:00", day=21))


@each_version
def test_one_whose_next_event_is_of_a_namespace_that_is_not_served(talk: Talk, profile: Profile) -> None:
    """Its context counts all the same."""
    talk.sets("a", at("07:00"))
    kitchen = talk.connects("kitchen", profile=profile)
    kitchen.hears()
    kitchen.shows(alarm("a", at("07:00"))) >> SetAlertSucceeded(token="a", type="ALARM")
    talk.passes(seconds=6)

    kitchen.brings(CODECS[profile.name].decode_context(_speech_started({"allAlerts": [], "activeAlerts": []})))

    assert [type(message) for message in kitchen.hears()] == [SetAlert]


@each_version
def test_one_whose_context_can_not_be_read_beside_what_is_not_served(profile: Profile) -> None:
    event = CODECS[profile.name].decode_context(_speech_started({"allAlerts": "none"}))

    assert event == Event(message=NotServed(), message_id="m")


def _speech_started(alerts_state: object) -> bytes:
    header = {"namespace": "SpeechSynthesizer", "name": "SpeechStarted", "messageId": "m"}
    state = {"header": {"namespace": "Alerts", "name": "AlertsState"}, "payload": alerts_state}
    return json.dumps({"context": [state], "event": {"header": header, "payload": {"token": "t"}}}).encode()


@each_version
def test_one_that_keeps_AlertsState_and_acknowledges_nothing(talk: Talk, profile: Profile) -> None:  # noqa: N802
    """What its context shows is believed: it is not told the same for ever."""
    talk.sets("a", at("07:00"))
    kitchen = talk.connects("kitchen", profile=profile)
    assert [type(message) for message in kitchen.hears()] == [SetAlert]

    talk.passes(seconds=6)
    kitchen.shows(alarm("a", at("07:00"))) >> AlertStarted(token="other", type="ALARM")

    assert talk.life(kitchen, "a") is Life.SET
    talk.passes(minutes=10)
    assert not [message for message in kitchen.hears() if isinstance(message, SetAlert)]


@each_form
def test_one_that_leaves_and_comes_back_is_told_again_what_it_lost(cloud: Cloud, profile: Profile) -> None:
    home = cloud.account()
    speaker = home.speaker(profile=profile).opens().says(AlertStarted(token="x", type="ALARM"))
    token = home.adds(at=AT)
    speaker.hears(SetAlert)
    speaker.connection.close()

    again = Speaker(cloud, speaker.device_id, speaker.token, profile=profile).takes_over()
    again.says(AlertStarted(token="x", type="ALARM"))

    assert {alert.token for alert in again.hears(SetAlert)} == {token}


@each_form
def test_one_that_opens_and_drops_in_a_tight_loop_costs_its_account_nothing(tmp_path: Path, profile: Profile) -> None:
    """What it is told besides sixty downchannels is one short refusal, which no row remembers."""

    async def scene() -> tuple[list[int], int, int]:
        async with gateway_alone(tmp_path) as (gateway, store):
            statuses = []
            for _ in range(2_000):
                call = asks(profile)
                call.left.set()
                statuses.append((await call.made(gateway)).status)
            async with opened(gateway, asks(TVS_2020 if profile is CIC_KO_2022 else CIC_KO_2022)) as other:
                pass
            traced = await store.read(messages_after, "home", profile.name, 0, 2_000)
            return statuses, other.status, len(traced)

    statuses, other, traced = asyncio.run(scene())

    assert (statuses.count(200), other) == (60, 200)
    assert traced <= 60
