"""Each message of namespace System, as the cloud hears or says it; and those about how loud alerts ring."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.cloud.commands import CannotBeToldError
from bellwire.cloud.handlers import HANDLERS, remark
from bellwire.cloud.handlers.arrival import Arrival
from bellwire.cloud.handlers.component_states import MOST_BYTES as STATES_BYTES
from bellwire.cloud.handlers.component_states import MOST_COMPONENTS, states_of
from bellwire.cloud.handlers.system import MOST_BYTES, MOST_WORDS, named_in
from bellwire.cloud.store.reports import KEPT, DeviceException, list_exceptions
from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import InvalidMessage
from bellwire.protocol.messages.alerts import AdjustVolume, SetVolume, VolumeChanged
from bellwire.protocol.messages.context import ContextHeader, ContextObject
from bellwire.protocol.messages.envelope import Event
from bellwire.protocol.messages.system import (
    Encountered,
    ExceptionEncountered,
    ReportSoftwareInfo,
    RequestSynchronizeState,
    ResetUserInactivity,
    SetEndpoint,
    SoftwareInfo,
    SynchronizeState,
    UserInactivityReport,
)
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_EN_2018, CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cloud.conversation import ACCOUNT, ELSEWHERE, START, Line, Talk, alarm, at

HOUR = 3600


def speaker(talk: Talk, name: str = "kitchen") -> Line:
    """A device that has synchronized."""
    line = talk.connects(name, profile=TVS_2020)
    line.shows() >> SynchronizeState()
    return line << ()


def exceptions(talk: Talk, line: Line) -> list[DeviceException]:
    return talk.reads(list_exceptions, ACCOUNT, line.device.device_id)


def failed(directive: str, message: str = "cannot", kind: str = "INTERNAL_ERROR") -> ExceptionEncountered:
    return ExceptionEncountered(unparsed_directive=directive, error=Encountered(type=kind, message=message))


# RequestSynchronizeState, SynchronizeState


@pytest.mark.parametrize("profile", [CIC_KO_2022, CIC_EN_2018])
def test_request_synchronize_state(talk: Talk, profile: Profile) -> None:
    line = talk.connects("kitchen", profile=profile)
    talk.sets("a", at("07:00"))

    line.shows() >> RequestSynchronizeState()

    line << SynchronizeState(all_alerts=(alarm("a", at("07:00")),))
    line << ()


def test_synchronize_state_as_an_event(talk: Talk) -> None:
    line = talk.connects("kitchen", profile=TVS_2020)
    line.shows(alarm("a", at("07:00"))).shows_components(VolumeState=b'{"volume":40,"muted":false}')
    assert talk.known(line).components is None

    line >> SynchronizeState()

    kept = talk.known(line).components
    assert kept is not None
    assert kept.reported_at == START
    assert kept.left_out == 0
    volume, alerts = kept.states
    assert volume == {
        "header": {"namespace": "Speaker", "name": "VolumeState"},
        "payload": {"volume": 40, "muted": False},
    }
    assert alerts["header"] == {"namespace": "Alerts", "name": "AlertsState"}
    assert [state["token"] for state in alerts["payload"]["allAlerts"]] == ["a"]


def test_synchronize_state_replaces_all_states_and_no_other_event_does(talk: Talk) -> None:
    line = talk.connects("kitchen", profile=TVS_2020)
    line.shows_components(VolumeState=b"{}", PlaybackState=b"{}") >> SynchronizeState()

    line.shows_components(Recognizer=b"{}") >> VolumeChanged(volume=1)
    assert names(talk, line) == ["VolumeState", "PlaybackState"]

    line >> SynchronizeState()
    assert names(talk, line) == ["Recognizer"]


def names(talk: Talk, line: Line) -> list[str]:
    kept = talk.known(line).components
    return [state["header"]["name"] for state in kept.states] if kept else []


def test_component_states_are_bounded_and_a_line_of_the_log_says_what_was_cut(talk: Talk) -> None:
    line = speaker(talk)
    many = {f"S{number:02}": b"{}" for number in range(MOST_COMPONENTS + 3)}
    line.shows_components(**many) >> SynchronizeState()
    assert names(talk, line) == list(many)[:MOST_COMPONENTS]
    kept = talk.known(line).components
    assert kept is not None
    assert kept.left_out == 4  # AlertsState too

    large = b'"' + b"x" * STATES_BYTES + b'"'
    line.shows_components(Small=b"1", Large=large, Last=b"2") >> SynchronizeState()
    assert names(talk, line) == ["Small", "Last", "AlertsState"]
    assert said_in_the_log(line, SynchronizeState(), Large=large) == (
        "1 states of its components are not kept: too many, too large, or no JSON that can be read"
    )
    assert said_in_the_log(line, SynchronizeState(), Small=b"1") is None


def said_in_the_log(line: Line, message: Any, **states: bytes) -> str | None:
    context = tuple(ContextObject(ContextHeader("X", name), msgspec.Raw(state)) for name, state in states.items())
    event = Event(message=message, message_id="", context=context)
    return remark(Arrival(line.device, TVS_2020, event, START))


@given(st.lists(st.text(max_size=40_000) | st.text(max_size=5), max_size=70))
def test_what_is_kept_of_states_is_json_within_the_bounds(texts: list[str]) -> None:
    context = tuple(
        ContextObject(ContextHeader("X", f"{number}"), msgspec.Raw(msgspec.json.encode(text)))
        for number, text in enumerate(texts)
    )
    kept = states_of(Event(message=SynchronizeState(), message_id="", context=context))
    assert len(kept.json.encode()) <= STATES_BYTES
    states = json.loads(kept.json)
    assert len(states) <= MOST_COMPONENTS
    assert len(states) + kept.left_out == len(texts)


# UserInactivityReport, ResetUserInactivity


def test_user_inactivity_report(talk: Talk) -> None:
    line = speaker(talk)
    assert talk.known(line).inactivity is None
    talk.passes(hours=4)

    line >> UserInactivityReport(inactive_time_in_seconds=4 * HOUR)

    told = talk.known(line).inactivity
    assert told is not None
    assert (told.seconds, told.since, told.reported_at) == (4 * HOUR, START, talk.now)


def test_a_report_of_more_seconds_than_there_are_dates_harms_nothing(talk: Talk) -> None:
    line = speaker(talk)
    longest = (2**63 - 1) // HOUR * HOUR

    line >> UserInactivityReport(inactive_time_in_seconds=longest)

    told = talk.known(line).inactivity
    assert told is not None
    assert told.seconds == longest


def test_reset_user_inactivity(talk: Talk) -> None:
    line = speaker(talk)
    line >> UserInactivityReport(inactive_time_in_seconds=HOUR)

    talk.user_acts(line)

    line << ResetUserInactivity()
    line << ()
    assert talk.known(line).inactivity is None


def test_only_one_reset_user_inactivity_waits_and_only_for_an_hour(talk: Talk) -> None:
    kitchen = speaker(talk)
    talk.user_acts(kitchen)
    talk.passes(minutes=30)
    talk.user_acts(kitchen)
    talk.passes(minutes=59)

    again = talk.connects(kitchen.device)
    again << ResetUserInactivity()

    talk.user_acts(kitchen)
    talk.passes(hours=1)
    talk.connects(kitchen.device) << ()


# SetEndpoint


def test_set_endpoint_on_connecting_after_the_first_word_of_the_device(talk: Talk) -> None:
    talk.lives_in("JP")
    line = talk.connects("kitchen", profile=TVS_2020, quietly=True)
    line << ()

    line.shows() >> SynchronizeState()

    line << SetEndpoint(endpoint=ELSEWHERE)
    line << ()


def test_set_endpoint_at_once_when_the_country_changes(talk: Talk) -> None:
    line = speaker(talk)

    talk.lives_in("KR")
    line << ()
    talk.lives_in("JP")

    line << SetEndpoint(endpoint=ELSEWHERE)


def test_set_endpoint_again_after_five_minutes_if_the_device_is_still_here(talk: Talk) -> None:
    line = speaker(talk)
    talk.lives_in("JP")
    line << SetEndpoint(endpoint=ELSEWHERE)

    talk.passes(minutes=4, seconds=59)
    line << ()
    talk.passes(seconds=1)
    line << SetEndpoint(endpoint=ELSEWHERE)


def test_set_endpoint_comes_not_faster_to_a_device_that_comes_back_again_and_again(talk: Talk) -> None:
    line = speaker(talk)
    talk.lives_in("JP")
    line << SetEndpoint(endpoint=ELSEWHERE)
    for _ in range(9):
        talk.passes(seconds=30)
        line = talk.connects(line.device)
        line.shows() >> SynchronizeState()
        line << ()

    talk.passes(seconds=30)

    line << SetEndpoint(endpoint=ELSEWHERE)


def test_set_endpoint_comes_at_once_after_the_account_was_here_meanwhile(talk: Talk) -> None:
    line = speaker(talk)
    talk.lives_in("JP")
    line << SetEndpoint(endpoint=ELSEWHERE)
    talk.lives_in(None)
    line << ()

    talk.lives_in("JP")

    line << SetEndpoint(endpoint=ELSEWHERE)


def test_a_device_that_says_nothing_is_told_to_go_all_the_same(talk: Talk) -> None:
    talk.lives_in("JP")
    line = talk.connects("kitchen", profile=TVS_2020, quietly=True)
    line << ()

    talk.passes(seconds=3)

    line << SetEndpoint(endpoint=ELSEWHERE)


def test_a_version_without_set_endpoint_is_served_here(talk: Talk) -> None:
    talk.lives_in("JP")
    line = talk.connects("kitchen", profile=CIC_KO_2022)
    talk.sets("a", at("07:00"))

    line << alarm("a", at("07:00"))

    assert talk.known(line).region.movable is False


def test_a_device_that_was_told_to_go_is_served_as_long_as_it_is_here(talk: Talk) -> None:
    line = speaker(talk)
    talk.lives_in("JP")
    talk.sets("a", at("07:00"))

    told = line.hears()

    assert [type(message).__name__ for message in told] == ["SetAlert", "SetEndpoint"]


# SoftwareInfo, ReportSoftwareInfo


def test_software_info(talk: Talk) -> None:
    line = speaker(talk)
    assert talk.known(line).software is None

    line >> SoftwareInfo(firmware_version="8701")
    talk.passes(days=1)
    line >> SoftwareInfo(firmware_version="8702")

    told = talk.known(line).software
    assert told is not None
    assert (told.version, told.reported_at) == ("8702", talk.now)


def test_report_software_info(talk: Talk) -> None:
    line = speaker(talk)

    talk.orders(line, ReportSoftwareInfo())
    talk.orders(line, ReportSoftwareInfo())

    line << ReportSoftwareInfo()
    line << ()


def test_report_software_info_waits_for_a_day(talk: Talk) -> None:
    line = speaker(talk)
    talk.orders(line, ReportSoftwareInfo())
    talk.passes(hours=23, minutes=59)
    talk.connects(line.device) << ReportSoftwareInfo()

    talk.orders(line, ReportSoftwareInfo())
    talk.passes(hours=24)

    talk.connects(line.device) << ()


# ExceptionEncountered


RETURNED = '{"directive":{"header":{"namespace":"System","name":"SetEndpoint","messageId":"m-1"},"payload":{}}}'


def test_exception_encountered(talk: Talk) -> None:
    line = speaker(talk)

    line >> failed(RETURNED, "no such host")

    assert exceptions(talk, line) == [
        DeviceException(START, "INTERNAL_ERROR", "no such host", RETURNED, "System.SetEndpoint", "m-1", 1)
    ]
    (shown,) = talk.known(line).exceptions
    assert (shown.directive_name, shown.message_id, shown.message) == ("System.SetEndpoint", "m-1", "no such host")
    assert said_in_the_log(line, failed(RETURNED)) == "it could not carry out System.SetEndpoint: INTERNAL_ERROR"


def test_the_last_hundred_exceptions_of_each_device_are_kept(talk: Talk) -> None:
    kitchen, hall = speaker(talk), speaker(talk, "hall")
    hall >> failed("", "of the hall")
    for number in range(KEPT + 5):
        kitchen >> failed("", f"{number}")

    kept = [each.message for each in exceptions(talk, kitchen)]

    assert kept == [f"{number}" for number in reversed(range(5, KEPT + 5))]
    assert [each.message for each in exceptions(talk, hall)] == ["of the hall"]


def test_what_is_returned_is_kept_within_bounds(talk: Talk) -> None:
    line = speaker(talk)

    line >> failed("\N{HANGUL SYLLABLE GA}" * MOST_BYTES, "x" * 2 * MOST_WORDS)

    (kept,) = exceptions(talk, line)
    assert len(kept.directive.encode()) <= MOST_BYTES
    assert set(kept.directive) == {"\N{HANGUL SYLLABLE GA}"}
    assert len(kept.message) == MOST_WORDS
    assert (kept.directive_name, kept.message_id) == (None, None)


@pytest.mark.parametrize(
    ("directive", "found"),
    [
        (RETURNED, ("System.SetEndpoint", "m-1")),
        ('{"header":{"namespace":"A","name":"B","messageId":"m"}}', ("A.B", "m")),
        ('{"directive":{"header":{"namespace":"A","name":"B","messageId":""}}}', ("A.B", None)),
        ('{"directive":{"header":{"namespace":"A","name":"B"}}}', ("A.B", None)),
        ('{"directive":{"header":{"namespace":"A","name":5}}}', (None, None)),
        ('{"directive":null}', (None, None)),
        ("[]", (None, None)),
        ("", (None, None)),
        ("{" * 100_000, (None, None)),
        ('{"directive":' * 100_000, (None, None)),
        (RETURNED[:-20], (None, None)),
    ],
)
def test_the_directive_is_named_where_it_can_be_read(directive: str, found: tuple[str | None, str | None]) -> None:
    assert named_in(directive) == found


@given(st.text())
def test_nothing_that_is_returned_breaks_the_reading(directive: str) -> None:
    assert isinstance(named_in(directive), tuple)


# SetVolume, AdjustVolume, VolumeChanged


def test_volume_changed(talk: Talk) -> None:
    line = speaker(talk)
    assert talk.known(line).volume is None

    line >> VolumeChanged(volume=60)

    told = talk.known(line).volume
    assert told is not None
    assert (told.volume, told.reported_at) == (60, START)


def test_set_volume_makes_what_waited_of_volume_needless(talk: Talk) -> None:
    line = speaker(talk)
    talk.orders(line, SetVolume(volume=10))
    talk.orders(line, AdjustVolume(volume=5))
    talk.orders(line, ReportSoftwareInfo())

    talk.orders(line, SetVolume(volume=60))

    line << (ReportSoftwareInfo(), SetVolume(volume=60))


def test_adjust_volume_does_not_add_up(talk: Talk) -> None:
    line = speaker(talk)
    talk.orders(line, AdjustVolume(volume=80))
    talk.orders(line, AdjustVolume(volume=-80))

    line << (AdjustVolume(volume=80), AdjustVolume(volume=-80))
    line << ()


def test_a_version_without_the_message_is_not_told(talk: Talk) -> None:
    line = talk.connects("kitchen", profile=CIC_KO_2022)

    for message in (SetVolume(volume=1), AdjustVolume(volume=1), ReportSoftwareInfo(), ResetUserInactivity()):
        with pytest.raises(CannotBeToldError, match=f"cic-ko-2022, .* without {type(message).__name__}"):
            talk.orders(line, message)

    line << ()


# What is refused


@pytest.mark.parametrize(
    ("name", "payload", "path"),
    [
        ("System.UserInactivityReport", {"inactiveTimeInSeconds": 3601}, "inactiveTimeInSeconds"),
        ("System.UserInactivityReport", {"inactiveTimeInSeconds": 0}, "inactiveTimeInSeconds"),
        ("System.UserInactivityReport", {"inactiveTimeInSeconds": -3600}, "inactiveTimeInSeconds"),
        ("System.UserInactivityReport", {"inactiveTimeInSeconds": 3600.5}, "inactiveTimeInSeconds"),
        ("System.UserInactivityReport", {"inactiveTimeInSeconds": "3600"}, "inactiveTimeInSeconds"),
        ("System.UserInactivityReport", {"inactiveTimeInSeconds": 3600 * 2**60}, "inactiveTimeInSeconds"),
        ("System.UserInactivityReport", {}, "inactiveTimeInSeconds"),
        ("System.SoftwareInfo", {"firmwareVersion": "0"}, "firmwareVersion"),
        ("System.SoftwareInfo", {"firmwareVersion": "50.3"}, "firmwareVersion"),
        ("System.SoftwareInfo", {"firmwareVersion": "tvs-123.4x"}, "firmwareVersion"),
        ("System.SoftwareInfo", {"firmwareVersion": "tsk.201-(1.23.4-test)"}, "firmwareVersion"),
        ("System.SoftwareInfo", {"firmwareVersion": "4294967296"}, "firmwareVersion"),
        ("System.SoftwareInfo", {"firmwareVersion": ""}, "firmwareVersion"),
        ("System.SoftwareInfo", {"firmwareVersion": "\uff11"}, "firmwareVersion"),
        ("System.SoftwareInfo", {"firmwareVersion": 8701}, "firmwareVersion"),
        ("System.SoftwareInfo", {}, "firmwareVersion"),
        ("System.ExceptionEncountered", {"error": {"type": "INTERNAL_ERROR", "message": ""}}, "unparsedDirective"),
        ("System.ExceptionEncountered", {"unparsedDirective": ""}, "error"),
        ("System.ExceptionEncountered", {"unparsedDirective": {}, "error": {}}, "unparsedDirective"),
        ("System.ExceptionEncountered", {"unparsedDirective": "", "error": {"message": ""}}, "error.type"),
        ("System.ExceptionEncountered", {"unparsedDirective": "", "error": {"type": "X"}}, "error.message"),
        ("Alerts.VolumeChanged", {"volume": 101}, "volume"),
        ("Alerts.VolumeChanged", {"volume": -1}, "volume"),
        ("Alerts.VolumeChanged", {"volume": "loud"}, "volume"),
        ("Alerts.VolumeChanged", {}, "volume"),
    ],
)
def test_a_bad_value_is_refused_with_400_and_its_path(name: str, payload: dict[str, object], path: str) -> None:
    namespace, _, name = name.partition(".")
    header = {"namespace": namespace, "name": name, "messageId": "m"}
    event = json.dumps({"context": [], "event": {"header": header, "payload": payload}}).encode()

    with pytest.raises(InvalidMessage) as refused:
        Codec(TVS_2020).decode_event(event)

    assert refused.value.status == 400
    assert refused.value.path == f"event.payload.{path}"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_event_of_every_version_is_handled(profile: Profile) -> None:
    assert {form.message for form in profile.events.values()} <= HANDLERS.keys()
