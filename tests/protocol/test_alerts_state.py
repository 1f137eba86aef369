from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.protocol import alerts_state
from bellwire.protocol.alerts_state import AlertsStateReader
from bellwire.protocol.errors import ProtocolError
from bellwire.protocol.messages import key_of
from bellwire.protocol.messages.context import AlertsState
from bellwire.protocol.payload import PayloadCodec
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Profile

GOOD = [b'{"token":"%c","type":"ALARM","scheduledTime":"2026-11-26T07:00:00+09:00"}' % letter for letter in b"abc"]
ODD = [
    b' { "type" : "TIMER" , "scheduledTime" : "2026-11-26T07:00:00Z" , "token" : "a" } ',
    b'{"token":"a","type":"ALARM","scheduledTime":"2026-11-26T07:00:00+09:00","label":{"not":["known"]}}',
    b'{"token":"a","type":"SIREN","scheduledTime":"2026-11-26T07:00:00Z"}',
    b'{"token":"a","type":"ALARM","scheduledTime":"1969-11-26T07:00:00Z"}',
    b'{"token":"a","type":"ALARM","scheduledTime":"2026-11-26T07:00:00"}',
    b'{"token":"","type":"ALARM","scheduledTime":"2026-11-26T07:00:00Z"}',
    b'{"type":"ALARM","scheduledTime":"2026-11-26T07:00:00Z"}',
    b'{"token":5,"type":"ALARM","scheduledTime":"2026-11-26T07:00:00Z"}',
    b'{"token":"\xff","type":"ALARM","scheduledTime":"2026-11-26T07:00:00Z"}',
    b"null",
    b"[]",
    b'"a"',
    b"{",
]
STATES = [
    b'{"allAlerts":[%b],"activeAlerts":[%b]}',
    b'{"activeAlerts":[%b],"allAlerts":[%b],"more":1}',
    b'{"allAlerts":[%b]}%b',
    b'{"allAlerts":{"0":%b},"activeAlerts":[%b]}',
    b'{"allAlerts":null,"activeAlerts":[%b]}%b',
]
alerts = st.lists(st.sampled_from(GOOD) | st.sampled_from(GOOD + ODD), max_size=4).map(b",".join)
states = st.builds(lambda form, one, other: form % (one, other), st.sampled_from(STATES), alerts, alerts)
every_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)


def wording(profile: Profile) -> PayloadCodec:
    return PayloadCodec(profile.context[key_of(AlertsState)], profile)


def outcome(decode: Callable[[msgspec.Raw, str], Any], payload: bytes) -> Any:
    try:
        return decode(msgspec.Raw(payload), "context[0].payload")
    except ProtocolError as error:
        return type(error), str(error)


@every_profile
@settings(deadline=None, derandomize=True)
@given(payloads=st.lists(states, max_size=5))
def test_what_is_remembered_is_read_as_what_is_not(profile: Profile, payloads: list[bytes]) -> None:
    plain, reader = wording(profile), AlertsStateReader(wording(profile))
    for payload in [*payloads, *payloads]:
        assert outcome(reader.decode, payload) == outcome(plain.decode, payload)


@every_profile
def test_the_same_alert_in_the_same_bytes_is_the_same_object(profile: Profile) -> None:
    reader = AlertsStateReader(wording(profile))
    first = reader.decode(msgspec.Raw(STATES[0] % (b",".join(GOOD), GOOD[1])), "")
    again = reader.decode(msgspec.Raw(STATES[0] % (GOOD[1], b"")), "")
    assert first.all_alerts[1] is first.active_alerts[0] is again.all_alerts[0]


def test_no_more_is_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts_state, "_MOST", 3)
    reader = AlertsStateReader(wording(next(iter(PROFILES.values()))))
    for number in range(20):
        alert = b'{"token":"%d","type":"ALARM","scheduledTime":"2026-11-26T07:00:00Z"}' % number
        assert reader.decode(msgspec.Raw(STATES[0] % (alert, b"")), "").all_alerts[0].token == str(number)
        assert len(reader._known) <= 3

    long = b'{"token":"%b","type":"ALARM","scheduledTime":"2026-11-26T07:00:00Z"}' % (b"x" * 600)
    before = dict(reader._known)
    assert reader.decode(msgspec.Raw(STATES[0] % (long, b"")), "").all_alerts[0].token == "x" * 600
    assert reader._known == before
