"""What can be read of directives that are not as their version has them."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.protocol import codec as codec_module
from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import InvalidMessage, ProtocolError
from bellwire.protocol.messages.alerts import (
    DeleteAlert,
    DeleteAlerts,
    SetAlert,
    StopAlert,
    SynchronizeAlert,
)
from bellwire.protocol.messages.envelope import Unread
from bellwire.protocol.messages.system import SynchronizeState
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.protocol.wire_values import JSON

KO, TVS = Codec(CIC_KO_2022), Codec(TVS_2020)
GOOD = {"token": "a", "type": "ALARM", "scheduledTime": "2030-06-01T07:00:00+09:00"}


def said(name: str, payload: Any, namespace: str = "Alerts") -> bytes:
    header = {"namespace": namespace, "name": name, "messageId": "m"}
    return json.dumps({"directive": {"header": header, "payload": payload}}).encode()


def left(codec: Codec, body: bytes) -> Unread | None:
    with pytest.raises(ProtocolError):
        codec.decode_directive(body)
    return codec.left_of(body, "why")


@pytest.mark.parametrize("changes", [{"scheduledTime": "tomorrow"}, {"scheduledTime": None}, {"assets": 7}])
def test_a_token_and_a_type_are_read_whatever_is_beside_them(changes: dict[str, Any]) -> None:
    assert left(KO, said("SetAlert", GOOD | changes)) == Unread(SetAlert, ("a",), "ALARM", "why")


@pytest.mark.parametrize("kind", ["GONG", "alarm", "", 7, None, ["ALARM"], {}])
def test_a_type_that_the_version_does_not_have_is_none(kind: Any) -> None:
    assert left(KO, said("SetAlert", GOOD | {"type": kind})) == Unread(SetAlert, ("a",), None, "why")


def test_a_type_that_is_not_there_is_none() -> None:
    assert left(KO, said("DeleteAlert", {"token": "a"})) == Unread(DeleteAlert, ("a",), None, "why")


def test_a_type_counts_as_it_does_in_a_message_that_can_be_read() -> None:
    gong = GOOD | {"type": "GONG", "scheduledTime": "tomorrow"}
    assert left(TVS, said("SetAlert", gong)) == Unread(SetAlert, ("a",), "ALARM", "why")
    assert left(TVS, said("SetAlert", gong | {"type": 7})) == Unread(SetAlert, ("a",), None, "why")


@pytest.mark.parametrize("token", ["", "x" * 1025, 7, None, ["a"], {"token": "a"}])
def test_a_token_that_is_none_is_none(token: Any) -> None:
    assert left(KO, said("SetAlert", GOOD | {"token": token})) == Unread(SetAlert, (), "ALARM", "why")


def test_of_several_tokens_those_that_can_be_read() -> None:
    assert left(TVS, said("DeleteAlerts", {"tokens": ["a", 7, "", "b"]})) == Unread(
        DeleteAlerts, ("a", "b"), None, "why"
    )


@pytest.mark.parametrize("tokens", [None, "a", 7, {}])
def test_tokens_that_are_no_list_are_none(tokens: Any) -> None:
    assert left(TVS, said("DeleteAlerts", {"tokens": tokens})) == Unread(DeleteAlerts, (), None, "why")


def test_of_more_tokens_than_a_message_has_the_first() -> None:
    names = [f"{number}" for number in range(1001)]
    unread = left(TVS, said("DeleteAlerts", {"tokens": names}))
    assert unread is not None
    assert unread.tokens == tuple(names[:1000])


def test_a_header_that_says_enough() -> None:
    body = json.dumps({"directive": {"header": {"namespace": "Alerts", "name": "SetAlert"}, "payload": GOOD}})
    assert left(KO, body.encode()) == Unread(SetAlert, ("a",), "ALARM", "why")


def test_bytes_beside_the_token_that_are_no_text() -> None:
    body = said("SetAlert", GOOD | {"label": "LABEL"}).replace(b"LABEL", b"\xff")
    assert left(KO, body) == Unread(SetAlert, ("a",), "ALARM", "why")


@pytest.mark.parametrize("payload", [None, 7, [], "a"])
def test_of_a_payload_that_is_no_object_the_name_is_left(payload: Any) -> None:
    assert left(KO, said("StopAlert", payload)) == Unread(StopAlert, (), None, "why")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"[]",
        b"[" * 100_000,
        b'{"directive": {"header": {"namespace": "Alerts", "name": "SetAlert"}, "payload": ' + b"[" * 100_000,
        b'{"directive": {"payload": {"token": "a"}}}',
        said("SetAlert", GOOD, namespace="Yodel"),
        said("DeleteAlerts", {"tokens": ["a"]}),
    ],
)
def test_what_is_no_directive_of_this_version_leaves_nothing(body: bytes) -> None:
    assert left(KO, body) is None


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@settings(deadline=None, derandomize=True, max_examples=200)
@given(data=st.data(), payload=JSON, token=JSON, kind=JSON)
def test_nothing_that_comes_breaks_it(profile: Any, data: st.DataObject, payload: Any, token: Any, kind: Any) -> None:
    codec = Codec(profile)
    namespace, name = data.draw(st.sampled_from(sorted(profile.directives)))
    for what in (payload, {"token": token, "type": kind, "tokens": token}, {"allAlerts": payload}):
        body = said(name, what, namespace)
        try:
            codec.decode_directive(body)
        except ProtocolError:
            unread = codec.left_of(body, "why")
            assert unread is not None
            assert all(0 < len(each) <= 1024 for each in unread.tokens)


# Lists


LISTS = pytest.mark.parametrize(
    ("namespace", "name", "message"),
    [("Alerts", "SynchronizeAlert", SynchronizeAlert), ("System", "SynchronizeState", SynchronizeState)],
)


@LISTS
def test_of_a_list_those_are_read_that_can_be(namespace: str, name: str, message: Any) -> None:
    entries = [GOOD | {"token": "b", "type": "GONG"}, GOOD, GOOD | {"token": 7}, 7, GOOD | {"token": "c"}]
    directive = KO.decode_directive(said(name, {"allAlerts": entries}, namespace))

    first, last = (KO.decode_directive(said("SetAlert", GOOD | {"token": token})).message for token in ("a", "c"))
    assert directive.message == message(all_alerts=(first, last))
    assert [(entry.message, entry.tokens, entry.kind) for entry in directive.unread] == [
        (SetAlert, ("b",), None),
        (SetAlert, (), "ALARM"),
        (SetAlert, (), None),
    ]
    assert directive.unread[0].problem.startswith("directive.payload.allAlerts[0].type: 'GONG' is none of")
    assert directive.unread[1].problem.startswith("directive.payload.allAlerts[2].token: ")


def test_a_list_that_is_as_it_should_be_leaves_nothing_unread() -> None:
    assert KO.decode_directive(said("SynchronizeAlert", {"allAlerts": [GOOD]})).unread == ()


@LISTS
@pytest.mark.parametrize("payload", [{}, {"allAlerts": None}, {"allAlerts": {}}, {"allAlerts": "a"}, 7])
def test_what_is_no_list_is_refused(namespace: str, name: str, message: Any, payload: Any) -> None:
    with pytest.raises(InvalidMessage):
        KO.decode_directive(said(name, payload, namespace))
    unread = KO.left_of(said(name, payload, namespace), "why")
    assert unread == Unread(message, (), None, "why")


def test_a_list_of_rubbish_is_refused_as_a_whole() -> None:
    most = codec_module.MOST_UNREAD
    assert len(KO.decode_directive(said("SynchronizeAlert", {"allAlerts": [GOOD] + [7] * most})).unread) == most
    with pytest.raises(InvalidMessage):
        KO.decode_directive(said("SynchronizeAlert", {"allAlerts": [GOOD] + [7] * (most + 1)}))


def test_a_list_that_is_very_long_is_not_read_one_by_one() -> None:
    """It would cost a hundred times its bytes."""
    good = [GOOD | {"token": str(number), "label": "x" * 1000} for number in range(1100)]
    assert KO.decode_directive(said("SynchronizeAlert", {"allAlerts": good})).unread == ()
    assert len(KO.decode_directive(said("SynchronizeAlert", {"allAlerts": [*good[:900], 7]})).unread) == 1
    with pytest.raises(InvalidMessage):
        KO.decode_directive(said("SynchronizeAlert", {"allAlerts": [*good, 7]}))
    unread = left(TVS, said("DeleteAlerts", {"tokens": ["x" * 1000] * 1100 + [7]}))
    assert unread == Unread(DeleteAlerts, (), None, "why")


def test_bytes_in_one_entry_that_are_no_text_leave_the_others() -> None:
    body = said("SynchronizeAlert", {"allAlerts": [GOOD | {"label": "LABEL"}, GOOD | {"token": "b"}]})
    directive = KO.decode_directive(body.replace(b"LABEL", b"\xff"))
    assert [alert.token for alert in directive.message.all_alerts] == ["b"]  # type: ignore[attr-defined]
    assert [entry.tokens for entry in directive.unread] == [("a",)]
