import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import InvalidMessage, MalformedJson, ProtocolError, UnknownMessage
from bellwire.protocol.messages import Message, alerts, key_of
from bellwire.protocol.messages.alerts import ALERT_TYPES, Asset, SetAlert, SynchronizeAlert
from bellwire.protocol.messages.context import AlertsState, AlertState, ContextHeader, ContextObject
from bellwire.protocol.messages.envelope import Directive, Event
from bellwire.protocol.messages.system import Exception as SystemException
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_KO_2022, Hello
from bellwire.protocol.profiles.profile import Field
from tests.protocol.wire_values import JSON, name_in, times

lawful = settings(deadline=None, derandomize=True, max_examples=60)

CODEC = Codec(CIC_KO_2022)
GOLDEN = Path(__file__).parent / "golden" / CIC_KO_2022.name
SEOUL = timezone(timedelta(hours=9))
ALARM_TOKEN = "876afa88-8ad5-427b-9878-2edb5b103117"
REMINDER = SetAlert(
    token="77179dbd-b65f-4341-a579-c1b2b97fc5b7",
    type="REMINDER",
    scheduled_time=datetime(2017, 9, 25, 9, 0, 50, tzinfo=SEOUL),
    assets=(
        Asset(asset_id="5141f693-5b39-46b7-80e4-3d71ed5508da", url="clova://alert/bell/reminder"),
        Asset(asset_id="b403ebe5-f911-4c5c-98b3-9f5320510235", url="https://abc.de.fe/tts2"),
    ),
    asset_play_order=("5141f693-5b39-46b7-80e4-3d71ed5508da", "b403ebe5-f911-4c5c-98b3-9f5320510235"),
)

EVENTS: list[Message] = [
    *(
        message(token=ALARM_TOKEN, type="ALARM")
        for message in (
            alerts.AlertStarted,
            alerts.AlertStopped,
            alerts.DeleteAlertFailed,
            alerts.DeleteAlertSucceeded,
            alerts.RequestAlertStop,
            alerts.RequestDeleteAlert,
            alerts.SetAlertFailed,
            alerts.SetAlertSucceeded,
        )
    ),
    alerts.RequestSynchronizeAlert(),
]
DIRECTIVES: list[Message] = [
    alerts.DeleteAlert(token=ALARM_TOKEN, type="ALARM"),
    alerts.StopAlert(token=ALARM_TOKEN, type="ALARM"),
    msgspec.structs.replace(REMINDER, label="입금하기"),
    SynchronizeAlert(
        all_alerts=(
            REMINDER,
            SetAlert(
                token="ee4da70c-8328-4456-ab6f-c28cec626ae6",
                type="ALARM",
                scheduled_time=datetime(2017, 9, 26, 11, 0, 50, tzinfo=SEOUL),
            ),
            SetAlert(
                token="1c4e9d2b-6b53-4c83-93a9-18b8a5d9a7b1",
                type="ACTIONTIMER",
                scheduled_time=datetime(2017, 9, 26, 11, 30, tzinfo=SEOUL),
                assets=(),
                label="불 끄기",
                asset_play_order=(),
            ),
        )
    ),
]
"""What each of the guide's examples says; its JSON is in the file of its name."""

STATE = AlertsState(
    all_alerts=(
        AlertState(token=ALARM_TOKEN, type="ALARM", scheduled_time=datetime(2017, 9, 26, 11, 0, 50, tzinfo=SEOUL)),
    ),
    active_alerts=(),
)


def name_of(message: Message | type[Message]) -> str:
    return key_of(message)[1]


def golden(message: Message | str) -> Any:
    name = message if isinstance(message, str) else name_of(message)
    return json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))


def event_json(payload: Any, name: str = "AlertStarted", **more: Any) -> bytes:
    header = {"namespace": "Alerts", "name": name, "messageId": "m"}
    return json.dumps({"event": {"header": header, "payload": payload}, **more}).encode()


def started(**more: Any) -> bytes:
    return event_json({"token": "t", "type": "ALARM"}, **more)


def set_alert(**payload: Any) -> SetAlert:
    header = {"namespace": "Alerts", "name": "SetAlert", "messageId": "m"}
    whole = {"token": "t", "type": "ALARM", "scheduledTime": "2030-01-01T00:00:00Z", **payload}
    message = CODEC.decode_directive(json.dumps({"directive": {"header": header, "payload": whole}}).encode()).message
    assert isinstance(message, SetAlert)
    return message


# The examples of the guide, both ways


@pytest.mark.parametrize("message", EVENTS, ids=name_of)
def test_an_event_of_the_guide_is_read_and_written(message: Message) -> None:
    said = golden(message)
    event = CODEC.decode_event(json.dumps(said).encode())
    assert event == Event(
        message=message,
        message_id=said["event"]["header"]["messageId"],
        alerts_state=STATE,
        context=event.context,
    )
    [other] = event.context
    assert (other.header, bytes(other.payload)) == (ContextHeader("Device", "Display"), b'{"size": "none"}')
    assert json.loads(CODEC.encode_event(event)) == said


@pytest.mark.parametrize("message", DIRECTIVES, ids=name_of)
def test_a_directive_of_the_guide_is_read_and_written(message: Message) -> None:
    said = golden(message)
    header = said["directive"]["header"]
    directive = CODEC.decode_directive(json.dumps(said).encode())
    assert directive == Directive(
        message=message, message_id=header["messageId"], dialog_request_id=header.get("dialogRequestId")
    )
    assert json.loads(CODEC.encode_directive(directive)) == said


def test_the_greeting_and_an_exception() -> None:
    for message, payload in (
        (Hello(), {}),
        (SystemException(code=412, description="no downchannel"), {"code": 412, "description": "no downchannel"}),
        (SystemException(code=500, description=""), {"code": 500, "description": ""}),
    ):
        written = CODEC.encode_directive(Directive(message=message, message_id="m"))
        namespace, name = key_of(message)
        header = {"namespace": namespace, "name": name, "messageId": "m"}
        assert json.loads(written) == {"directive": {"header": header, "payload": payload}}
        assert CODEC.decode_directive(written).message == message


# Faults


def test_a_wrong_value_is_found_at_its_index() -> None:
    alarm = {"token": "t", "type": "ALARM", "scheduledTime": "2030-01-01T00:00:00Z"}
    state = {"allAlerts": [alarm, {**alarm, "type": "X"}], "activeAlerts": []}
    context = [{"header": {"namespace": "Alerts", "name": "AlertsState"}, "payload": state}]
    with pytest.raises(InvalidMessage) as caught:
        CODEC.decode_event(started(context=context))
    assert str(caught.value) == (
        "context[0].payload.allAlerts[1].type: 'X' is none of ACTIONTIMER, ALARM, REMINDER, TIMER"
    )


def test_texts_have_bounds() -> None:
    assert set_alert(token="t" * 1024).token == "t" * 1024
    for payload in (
        {"token": "t" * 1025},
        {"assets": [{"assetId": "a", "url": "u" * 4097}]},
        {"assets": [{"assetId": "a", "url": "u"}] * 257},
        {"assetPlayOrder": ["a"] * 1025},
    ):
        with pytest.raises(InvalidMessage):
            set_alert(**payload)


@pytest.mark.parametrize("field", ["namespace", "name", "messageId"])
def test_a_header_has_its_three_fields(field: str) -> None:
    said = json.loads(started())
    del said["event"]["header"][field]
    with pytest.raises(InvalidMessage, match=f"event.header.{field}: is missing"):
        CODEC.decode_event(json.dumps(said).encode())


@pytest.mark.parametrize(
    ("said", "path"),
    [
        (b"{}", "event"),
        (b"[]", "the message"),
        (b"null", "the message"),
        (b'{"event": []}', "event"),
        (b'{"event": {"payload": {}}}', "event.header"),
        (b'{"event": {"header": {"namespace": "Alerts", "name": "AlertStarted", "messageId": ""}}}', "event.payload"),
        (started(context={}), "context"),
        (started(context=[{}]), "context[0].header"),
        (started(context=[{"header": {"namespace": "Alerts", "name": "AlertsState"}}]), "context[0].payload"),
    ],
)
def test_an_envelope_with_a_hole_is_refused_by_its_path(said: bytes, path: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        CODEC.decode_event(said)
    assert caught.value.path == path


# What real clients do


@pytest.mark.parametrize("more", [{}, {"context": None}, {"context": []}])
def test_a_context_may_be_missing_null_or_empty(more: Any) -> None:
    event = CODEC.decode_event(started(**more))
    assert (event.alerts_state, event.context) == (None, ())


@pytest.mark.parametrize("message_id", ["", "{STRING}", "not-a-uuid", "같은"])
def test_a_message_id_is_opaque(message_id: str) -> None:
    said = json.loads(started())
    said["event"]["header"]["messageId"] = message_id
    assert CODEC.decode_event(json.dumps(said).encode()).message_id == message_id


@pytest.mark.parametrize("spelling", ["dialogRequestId", "diaglogRequestId"])
def test_the_dialogue_is_read_in_both_spellings_and_written_in_one(spelling: str) -> None:
    said = json.loads(started())
    said["event"]["header"][spelling] = "d"
    event = CODEC.decode_event(json.dumps(said).encode())
    assert event.dialog_request_id == "d"
    header = json.loads(CODEC.encode_event(event))["event"]["header"]
    assert header == {"namespace": "Alerts", "name": "AlertStarted", "messageId": "m", "dialogRequestId": "d"}


def test_a_directive_that_answers_no_dialogue_carries_no_id_of_one() -> None:
    written = json.loads(CODEC.encode_directive(Directive(message=Hello(), message_id="m")))
    assert "dialogRequestId" not in written["directive"]["header"]


def test_optional_fields_may_be_null() -> None:
    alert = set_alert(label=None, assets=None, assetPlayOrder=None)
    assert (alert.label, alert.assets, alert.asset_play_order) == (None, None, None)


@pytest.mark.parametrize(
    ("namespace", "name", "known_namespace"),
    [("Alerts", "AlertExploded", True), ("alerts", "AlertStarted", False), ("AudioPlayer", "PlayStarted", False)],
)
def test_an_unknown_message_is_named(namespace: str, name: str, known_namespace: bool) -> None:
    said = {"event": {"header": {"namespace": namespace, "name": name, "messageId": "m"}, "payload": {}}}
    with pytest.raises(UnknownMessage, match=f"^{namespace}.{name} is not a message of this version") as caught:
        CODEC.decode_event(json.dumps(said).encode())
    assert caught.value.known_namespace is known_namespace


def test_a_directive_is_no_event_and_an_event_no_directive() -> None:
    with pytest.raises(UnknownMessage):
        CODEC.decode_event(event_json({"token": "t", "type": "ALARM"}, name="StopAlert"))
    with pytest.raises(InvalidMessage, match="directive: is missing"):
        CODEC.decode_directive(started())


def test_a_message_that_the_profile_does_not_have_is_not_written() -> None:
    directive = Directive(message=alerts.AlertStarted(token="t"), message_id="m")
    with pytest.raises(KeyError):
        CODEC.encode_directive(directive)


# Times


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2017-09-25T00:00:50Z", datetime(2017, 9, 25, 0, 0, 50, tzinfo=UTC)),
        ("2017-09-25T09:00:50+09:00", datetime(2017, 9, 25, 0, 0, 50, tzinfo=UTC)),
        ("2017-09-25T09:00:50+0900", datetime(2017, 9, 25, 0, 0, 50, tzinfo=UTC)),
        ("2017-09-25T00:00:50+0000", datetime(2017, 9, 25, 0, 0, 50, tzinfo=UTC)),
        ("2017-09-24T20:30:50-03:30", datetime(2017, 9, 25, 0, 0, 50, tzinfo=UTC)),
        ("2017-09-25T09:00:50.5+09:00", datetime(2017, 9, 25, 0, 0, 50, 500_000, tzinfo=UTC)),
        ("2017-09-25T00:00:50.123456789Z", datetime(2017, 9, 25, 0, 0, 50, 123_457, tzinfo=UTC)),
        ("1970-01-01T00:00:00+14:00", datetime(1969, 12, 31, 10, tzinfo=UTC)),
        ("9998-12-31T23:59:59-12:00", datetime(9999, 1, 1, 11, 59, 59, tzinfo=UTC)),
    ],
)
def test_times_are_instants(written: str, instant: datetime) -> None:
    assert set_alert(scheduledTime=written).scheduled_time == instant


@pytest.mark.parametrize(
    "written",
    [
        "2017-09-25T09:00:50",
        "2017-09-25T09:00Z",
        "2017-02-30T09:00:50Z",
        "2017-09-25T24:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "1969-12-31T23:59:59Z",
        "9999-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "10000-01-01T00:00:00Z",
    ],
)
def test_what_is_no_instant_or_out_of_all_reason_is_refused(written: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        set_alert(scheduledTime=written)
    assert caught.value.path == "directive.payload.scheduledTime"
    state = {"allAlerts": [], "activeAlerts": [{"token": "t", "type": "ALARM", "scheduledTime": written}]}
    with pytest.raises(InvalidMessage) as caught:
        CODEC.decode_event(
            started(context=[{"header": {"namespace": "Alerts", "name": "AlertsState"}, "payload": state}])
        )
    assert caught.value.path == "context[0].payload.activeAlerts[0].scheduledTime"


@lawful
@given(times(), st.integers(0, 999_999))
def test_a_time_is_written_to_the_second_with_its_offset_and_read_again(time: datetime, microsecond: int) -> None:
    alert = SetAlert(token="t", type="ALARM", scheduled_time=time.replace(microsecond=microsecond))
    written = CODEC.encode_directive(Directive(message=alert, message_id="m"))
    text = json.loads(written)["directive"]["payload"]["scheduledTime"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", text)
    assert CODEC.decode_directive(written).message == msgspec.structs.replace(alert, scheduled_time=time)


# What a type of alert does not have is left out


CONDITIONAL = [row for row in CIC_KO_2022.directives["Alerts", "SetAlert"].fields if row.with_types]


@pytest.mark.parametrize("alert_type", ALERT_TYPES)
@pytest.mark.parametrize("field", CONDITIONAL, ids=lambda field: field.path)
def test_a_conditional_field_is_written_only_with_its_types(field: Field, alert_type: str) -> None:
    alert = msgspec.structs.replace(REMINDER, type=alert_type, label="about")
    for message in (alert, SynchronizeAlert(all_alerts=(alert,))):
        payload = json.loads(CODEC.encode_directive(Directive(message=message, message_id="m")))["directive"]["payload"]
        [payload] = payload.get("allAlerts", [payload])
        assert (name_in(field) in payload) == (alert_type in field.with_types)


# Laws of any bytes; those of the tables are in test_codec_laws


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value inside a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def put(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


SAID = [golden(message) for message in (*EVENTS, *DIRECTIVES)]
EXAMPLES = {
    name: [json.loads(file.read_text("utf-8")) for file in sorted((GOLDEN.parent / name).iterdir())]
    for name in PROFILES
}
CODECS = {name: Codec(profile) for name, profile in PROFILES.items()}


@pytest.mark.parametrize("profile", PROFILES)
@settings(lawful, max_examples=200)
@given(data=st.data(), new=JSON)
def test_any_json_anywhere_is_a_message_or_a_protocol_error(profile: str, data: st.DataObject, new: Any) -> None:
    example = data.draw(st.sampled_from(EXAMPLES[profile]))
    said = json.dumps(put(example, data.draw(st.sampled_from(list(places(example)))), new)).encode()
    codec = CODECS[profile]
    for read_and_write in (
        lambda: codec.encode_event(codec.decode_event(said)),
        lambda: codec.encode_directive(codec.decode_directive(said)),
        lambda: codec.decode_refusal(said),
    ):
        try:
            assert read_and_write()
        except ProtocolError as error:
            assert str(error)


@lawful
@given(st.binary() | st.text().map(str.encode) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_message_or_a_protocol_error(said: bytes) -> None:
    for decode_any in (CODEC.decode_event, CODEC.decode_directive):
        with pytest.raises(ProtocolError):
            decode_any(said)


@lawful
@given(at=st.integers(0, 10_000), flip=st.integers(1, 255), said=st.sampled_from(SAID))
def test_a_flipped_or_cut_byte_is_a_message_or_a_protocol_error(at: int, flip: int, said: Any) -> None:
    whole = json.dumps(said, ensure_ascii=False).encode()
    at %= len(whole)
    for broken in (whole[:at], whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :]):
        for decode_any in (CODEC.decode_event, CODEC.decode_directive):
            try:
                decode_any(broken)
            except ProtocolError as error:
                assert str(error)


# What would break a careless reader


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("place", ["context", "payload", "unknown field", "everything"])
def test_deep_nesting_is_malformed(opening: bytes, place: str) -> None:
    deep = opening * 100_000
    said = {
        "context": started(context=[{"header": {"namespace": "X", "name": "Y"}, "payload": "@"}]),
        "payload": event_json("@"),
        "unknown field": event_json({"token": "t", "type": "ALARM", "more": "@"}),
        "everything": b'"@"',
    }[place]
    with pytest.raises(ProtocolError):
        CODEC.decode_event(said.replace(b'"@"', deep))


@pytest.mark.parametrize("number", [b"1" * 5000, b"-" + b"9" * 400, b"1e999999999", b"0." + b"1" * 5000])
def test_huge_numbers_are_read_over_or_malformed(number: bytes) -> None:
    unknown = event_json({"token": "t", "type": "ALARM", "more": "@"}).replace(b'"@"', number)
    assert CODEC.decode_event(unknown).message == alerts.AlertStarted(token="t", type="ALARM")
    with pytest.raises(ProtocolError):
        CODEC.decode_event(event_json({"token": "@", "type": "ALARM"}).replace(b'"@"', number))


@pytest.mark.parametrize("text", [rb'"\ud800"', b'"\xff"', b'"\xed\xa0\x80"', b'"\n"', b'"', rb'"\x"'])
def test_what_is_no_text_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedJson):
        CODEC.decode_event(event_json({"token": "@", "type": "ALARM"}).replace(b'"@"', text))


def test_a_context_object_travels_as_it_came() -> None:
    entry = ContextObject(ContextHeader("Speaker", "VolumeState"), msgspec.Raw(b'{"volume": 1e2, "muted": false}'))
    event = Event(message=alerts.RequestSynchronizeAlert(), message_id="m", context=(entry,))
    written = CODEC.encode_event(event)
    assert b'{"volume": 1e2, "muted": false}' in written
    [read] = CODEC.decode_event(written).context
    assert (read.header, bytes(read.payload)) == (entry.header, bytes(entry.payload))
