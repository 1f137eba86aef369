"""Namespace System on the device, told as conversations, clause by clause (TVS System 2020, CIC System 2018)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from bellwire.alerts.lifecycle import Life
from bellwire.device import complaints, system
from bellwire.device.clouds import TRIES
from bellwire.device.engine import is_moot
from bellwire.device.held import LOUDEST, Remembered, Setup
from bellwire.device.inputs import (
    Answered,
    ClockStepped,
    Connected,
    DeletePressed,
    Disconnected,
    LoggedOut,
    NotKept,
    NotUnderstood,
    StopPressed,
    UserActive,
    VolumePressed,
)
from bellwire.device.outputs import DropAssets, DropEvents, Send
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    DeleteAlert,
    RequestSynchronizeAlert,
    SetAlertFailed,
    SetAlertSucceeded,
    SynchronizeAlert,
)
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.messages.system import (
    INTERNAL,
    UNEXPECTED,
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
from bellwire.protocol.profiles.profile import Offline, Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.conversation import Device, Loose, Reconnects, Warns, alarm, fetches, gives_up, raw, rings, silent

HOME, SEOUL = "https://home.example", "https://seoul.example"
SETUP = Setup(cloud=HOME)
SYNCHRONIZES = {
    "cic-ko-2022": RequestSynchronizeAlert(),
    "cic-ja-2019": RequestSynchronizeAlert(),
    "cic-en-2018": RequestSynchronizeState(),
    "tvs-2020": SynchronizeState(),
}
ALL = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
DELETING = pytest.mark.parametrize(
    "profile", [profile for profile in PROFILES.values() if profile.offline is Offline.DELETE], ids=lambda p: p.name
)


@pytest.fixture
def device() -> Iterator[Device]:
    """One that speaks of all this, and is connected."""
    device = Device(TVS_2020, setup=SETUP).powered()
    yield connected(device)
    device.over()


def connected(device: Device) -> Device:
    return (device << Connected()) >> Loose(device.profile.sync_request())


def silently_set(device: Device, token: str = "a", time: str = "07:00:00") -> Device:
    return (device << alarm(token, time)).silently()


def inactive(hours: int) -> Loose:
    return Loose(UserInactivityReport(inactive_time_in_seconds=hours * 3600))


def complaint(unparsed: str, kind: str, message: str) -> Loose:
    error = Encountered(type=kind, message=message)
    return Loose(ExceptionEncountered(unparsed_directive=unparsed, error=error))


def version(number: str) -> Loose:
    return Loose(SoftwareInfo(firmware_version=number))


# SynchronizeState (event), RequestSynchronizeState, RequestSynchronizeAlert: the four situations of the documents.


@ALL
def test_synchronize_state_when_a_device_is_added(profile: Profile) -> None:
    device = Device(profile, setup=replace(SETUP, owner="device-1")).powered()
    device << Connected() >> Loose(SYNCHRONIZES[profile.name])
    assert device.remembered.owner == "device-1"
    device.over()


@ALL
def test_synchronize_state_when_it_is_reconnected(profile: Profile) -> None:
    device = connected(Device(profile, setup=SETUP).powered())
    device << Disconnected()
    device << Disconnected()
    device << Connected() >> Loose(SYNCHRONIZES[profile.name])
    device.over()


@ALL
def test_synchronize_state_when_the_account_has_changed(profile: Profile) -> None:
    device = connected(Device(profile, setup=replace(SETUP, owner="device-1")).powered())
    silently_set(device)
    device.setup = replace(SETUP, owner="device-2")
    device.powered()
    assert not device.disk
    device << Connected() >> Loose(SYNCHRONIZES[profile.name])
    device.over()


@ALL
def test_synchronize_state_when_it_was_reset_after_unpairing(profile: Profile) -> None:
    device = connected(Device(profile, setup=SETUP).powered())
    silently_set(device)
    device << LoggedOut()
    device << Disconnected()
    device.setup = replace(SETUP, owner="device-2")
    device.powered()
    device << Connected() >> Loose(SYNCHRONIZES[profile.name])
    device.over()


def test_synchronize_state_goes_with_the_states_of_all_components(device: Device) -> None:
    device << VolumePressed(40)
    device.silently()
    [volume] = system.components(device.state, TVS_2020)
    assert (volume.header.namespace, volume.header.name) == ("Speaker", "VolumeState")
    assert msgspec.json.decode(volume.payload) == {"volume": 40, "muted": False}
    assert system.components(device.state, CIC_KO_2022) == ()


# SynchronizeState, SynchronizeAlert (directives).


@pytest.mark.parametrize("kind", [SynchronizeState, SynchronizeAlert])
@DELETING
def test_synchronize_state_and_synchronize_alert_are_carried_out_whichever_comes(
    profile: Profile, kind: type[SynchronizeState | SynchronizeAlert]
) -> None:
    device = Device(profile, setup=SETUP).powered()
    silently_set(device, "gone")
    listed = (alarm("a", "07:00:00"), alarm("b", "08:00:00"))
    device << kind(all_alerts=listed)
    device.silently()
    assert device.disk.keys() == {"a", "b"}
    device << kind(all_alerts=listed)
    device.over()


# UserInactivityReport, ResetUserInactivity.


def test_user_inactivity_report_after_an_hour_and_each_hour_more(device: Device) -> None:
    device.at("00:59:59")
    device.at("01:00:00") >> inactive(1)
    device.at("02:00:00") >> inactive(2)
    device.at("04:59:59") >> inactive(3) >> inactive(4)


@pytest.mark.parametrize(
    "activity", [StopPressed(), DeletePressed("nobody"), VolumePressed(50), UserActive(), ResetUserInactivity()]
)
def test_reset_user_inactivity_and_whatever_people_do_begin_the_hour_anew(device: Device, activity: object) -> None:
    device.at("00:40:00")
    device << activity  # type: ignore[operator]
    device.silently()
    device.at("01:39:59")
    device.at("01:40:00") >> inactive(1)


def test_what_the_cloud_says_and_an_alarm_are_no_activity(device: Device) -> None:
    silently_set(device, "a", "00:30:00")
    device.at("00:59:59").silently()
    device.at("01:00:00") >> inactive(1)
    device.silently()


def test_reports_are_not_saved_up_without_a_network(device: Device) -> None:
    device.at("00:10:00") << Disconnected()
    device.at("05:40:00") << Connected() >> Loose(SynchronizeState()) >> inactive(5)
    device.at("06:00:00") >> inactive(6)


def heard(hours: int, status: int | None) -> Answered:
    return Answered(UserInactivityReport(inactive_time_in_seconds=hours * 3600), status)


@pytest.mark.parametrize("status", [None, 401, 503])
def test_a_report_that_was_lost_is_said_at_the_next_connection(device: Device, status: int | None) -> None:
    device.at("01:00:00") >> inactive(1)
    assert [output.once for output in device.outputs if isinstance(output, Send)] == [True]
    device << heard(1, status)
    device << Disconnected()
    device.at("01:30:00") << Connected() >> Loose(SynchronizeState()) >> inactive(1)
    device << heard(1, 204)
    device << Disconnected()
    device.at("01:40:00") << Connected() >> Loose(SynchronizeState())
    device.at("02:00:00") >> inactive(2)


def test_a_report_that_was_heard_late_tells_nothing_of_the_hour_after_it(device: Device) -> None:
    device.at("01:00:00") >> inactive(1)
    device << UserActive()
    device << heard(1, 204)
    device.at("02:00:00") >> inactive(1)
    device << Disconnected()
    device << Connected() >> Loose(SynchronizeState()) >> inactive(1)


def test_an_hour_is_an_hour_whatever_is_done_to_the_clock(device: Device) -> None:
    device.at("00:30:00").clock_set("05:30:00")
    device.at("05:59:59")
    device.at("06:00:00") >> inactive(1)
    device.clock_set("03:00:00")
    device.at("03:59:59")
    device.at("04:00:00") >> inactive(2)


def test_a_restart_begins_the_hour_anew(device: Device) -> None:
    connected(device.asleep_until("00:50:00").powered())
    device.at("01:49:59")
    device.at("01:50:00") >> inactive(1)


def test_a_report_that_waits_is_not_sent_after_somebody_was_active(device: Device) -> None:
    report = UserInactivityReport(inactive_time_in_seconds=3600)
    device.at("01:00:00") >> inactive(1)
    assert not is_moot(report, device.state)
    device << UserActive()
    assert is_moot(report, device.state)


@DELETING
def test_versions_without_the_report_are_silent(profile: Profile) -> None:
    device = connected(Device(profile, setup=SETUP).powered())
    device.at("09:00:00")
    device.over()


# SetEndpoint.


def test_set_endpoint_moves_it_there_for_good(device: Device) -> None:
    silently_set(device)
    device << SetEndpoint(endpoint=SEOUL) >> Reconnects()
    device << Disconnected()
    assert device.state.system.remembered.clouds.current == SEOUL
    device << Connected() >> Loose(SynchronizeState())
    device.powered()
    assert device.state.system.remembered.clouds.current == SEOUL
    assert device.disk.keys() == {"a"}


def test_set_endpoint_to_where_it_is_changes_nothing(device: Device) -> None:
    device << SetEndpoint(endpoint="home.example:443")
    assert device.state.system.remembered.clouds.current == HOME


@pytest.mark.parametrize(
    ("endpoint", "problem"),
    [
        ("http://seoul.example", "'http://seoul.example' can't be used: only https is spoken"),
        ("https://localhost:1", "localhost is this machine or its link, and the cloud that was set is not"),
        ("x/v1", "'x/v1' is not an address: expected https://HOST or https://HOST:PORT, and nothing after it"),
    ],
)
def test_set_endpoint_to_a_bad_address_is_refused(device: Device, endpoint: str, problem: str) -> None:
    said = SetEndpoint(endpoint=endpoint)
    device << said >> complaint(raw(said), UNEXPECTED, f"directive.payload.endpoint: {problem}")
    assert device.state.system.remembered.clouds.current == HOME


def test_set_endpoint_to_a_dead_cloud_is_taken_back_and_reported(device: Device) -> None:
    said = SetEndpoint(endpoint=SEOUL)
    device << said >> Reconnects()
    device << Disconnected()
    for _ in range(TRIES):
        assert device.state.system.remembered.clouds.current == SEOUL
        device << Disconnected()
    assert device.state.system.remembered.clouds.current == HOME
    problem = f"{SEOUL} could not be reached in {TRIES} tries"
    device << Connected() >> Loose(SynchronizeState()) >> complaint(raw(said), INTERNAL, problem)
    device << Disconnected()
    device << Connected() >> Loose(SynchronizeState())


def test_set_endpoint_over_a_restart_before_it_was_reached(device: Device) -> None:
    said = SetEndpoint(endpoint=SEOUL)
    device << said >> Reconnects()
    device.powered()
    for _ in range(TRIES):
        assert device.state.system.remembered.clouds.current == SEOUL
        device << Disconnected()
    problem = f"{SEOUL} could not be reached in {TRIES} tries"
    device << Connected() >> Loose(SynchronizeState()) >> complaint(raw(said), INTERNAL, problem)


def test_set_endpoint_loses_no_event_and_rings_nothing_twice(device: Device) -> None:
    silently_set(device, "a", "07:00:00")
    device.at("07:00:00").silently()
    device << SetEndpoint(endpoint=SEOUL) >> Reconnects()
    device << Disconnected()
    device << StopPressed() >> AlertStopped(token="a", type="ALARM") >> silent("a")
    device << Connected() >> Loose(SynchronizeState())
    device.at("07:29:00")
    stopped = [message for message in device.outbox if isinstance(message, AlertStopped)]
    assert len(stopped) == 1


def test_a_connection_that_ends_at_once_is_a_failed_one() -> None:
    device = connected(Device(TVS_2020, setup=SETUP).powered())
    device << SetEndpoint(endpoint=SEOUL) >> Reconnects()
    device << Disconnected()
    for _ in range(TRIES):
        connected(device) << Disconnected()
    assert device.state.system.remembered.clouds.current == HOME
    problem = f"{SEOUL} could not be reached in {TRIES} tries"
    connected(device) >> complaint(raw(SetEndpoint(endpoint=SEOUL)), INTERNAL, problem)
    device.at("00:02:00") << Disconnected()
    assert device.state.system.remembered.clouds.failures == 0
    device.over()


def test_a_cloud_that_was_good_for_a_minute_was_reached(device: Device) -> None:
    device << SetEndpoint(endpoint=SEOUL) >> Reconnects()
    device << Disconnected()
    connected(device).at("00:01:00")
    device.powered()
    connected(device) << Disconnected()
    device.at("00:05:00")
    connected(device).at("00:06:00") << Disconnected()
    for _ in range(TRIES):
        device << Disconnected()
    assert device.state.system.remembered.clouds.current == HOME
    connected(device)


def test_a_dead_cloud_is_reported_however_long_the_one_before_it_was_good(device: Device) -> None:
    said = SetEndpoint(endpoint=SEOUL)
    device.at("00:30:00") << said >> Reconnects()
    device << Disconnected()
    for _ in range(TRIES):
        device << Disconnected()
    problem = f"{SEOUL} could not be reached in {TRIES} tries"
    device << Connected() >> Loose(SynchronizeState()) >> complaint(raw(said), INTERNAL, problem)


# SoftwareInfo, ReportSoftwareInfo.


def with_firmware(number: str, kept: Remembered | None = None) -> Device:
    device = Device(TVS_2020, setup=replace(SETUP, firmware=number))
    device.remembered = kept or Remembered()
    return device.powered()


def taken(number: str, status: int | None = 204) -> Answered:
    return Answered(SoftwareInfo(firmware_version=number), status)


def test_software_info_at_the_first_boot_and_with_a_new_version() -> None:
    device = with_firmware("8701")
    connected(device) >> version("8701")
    device << taken("8701")
    device << Disconnected()
    connected(device)
    again = with_firmware("8701", device.remembered)
    connected(again)
    newer = with_firmware("8702", device.remembered)
    connected(newer) >> version("8702")
    for each in (device, again, newer):
        each.over()


def test_software_info_without_a_storage_at_each_start() -> None:
    for _ in range(2):
        device = with_firmware("8701")
        connected(device) >> version("8701")
        device << taken("8701")
        device.over()


def test_software_info_on_report_software_info() -> None:
    device = with_firmware("8701", Remembered(firmware_taken="8701"))
    connected(device)
    device << ReportSoftwareInfo() >> version("8701")
    device.over()


@pytest.mark.parametrize("status", [500, 503, 429, None])
def test_software_info_is_tried_again_after_1_5_25_and_125_seconds(status: int | None) -> None:
    device = with_firmware("8701")
    connected(device) >> version("8701")
    for before, at in [
        ("00:00:00.999", "00:00:01"),
        ("00:00:05.999", "00:00:06"),
        ("00:00:30.999", "00:00:31"),
        ("00:02:35.999", "00:02:36"),
    ]:
        device << taken("8701", status)
        device.at(before)
        device.at(at) >> version("8701")
    device << taken("8701", status)
    device.at("00:50:00")
    device << Disconnected()
    connected(device) >> version("8701")
    device.over()


def test_software_info_that_is_refused_is_never_said_again_for_this_version() -> None:
    device = with_firmware("8701")
    connected(device) >> version("8701")
    (
        device
        << taken("8701", 400)
        >> Warns("the cloud takes '8701' for no firmware version: start with another --firmware-version")
    )
    device << Disconnected()
    connected(device)
    device << Disconnected()
    again = with_firmware("8701", device.remembered)
    connected(again)
    again << ReportSoftwareInfo() >> version("8701")
    newer = with_firmware("8702", device.remembered)
    connected(newer) >> version("8702")
    for each in (device, again, newer):
        each.over()


def test_software_info_that_was_asked_for_and_lost_is_said_on_the_next_connection() -> None:
    device = with_firmware("8701", Remembered(firmware_taken="8701"))
    connected(device)
    device << ReportSoftwareInfo() >> version("8701")
    device << Disconnected()
    device << taken("8701", None)
    device.at("00:10:00")
    connected(device) >> version("8701")
    device.over()


@DELETING
def test_versions_without_software_info_say_nothing_of_it(profile: Profile) -> None:
    device = Device(profile, setup=replace(SETUP, firmware="8701")).powered()
    connected(device).over()


# ExceptionEncountered.


def test_exception_encountered_for_what_is_malformed_or_unknown(device: Device) -> None:
    device << NotUnderstood("not JSON", "why") >> complaint("not JSON", "UNEXPECTED_INFORMATION_RECEIVED", "why")


def test_exception_encountered_for_what_can_not_be_saved(device: Device) -> None:
    said = Directive(message=DeleteAlert(token="a"), message_id="m")
    device << NotKept(said, "as it came")
    device.silently()
    last = device.outputs[-2]
    (
        device
        << NotKept(Directive(message=SetEndpoint(endpoint=SEOUL), message_id="m"), "as it came")
        >> complaint("as it came", "INTERNAL_ERROR", "what it changes can't be saved")
    )
    assert last.message.unparsed_directive == "as it came"  # type: ignore[union-attr]


@DELETING
def test_versions_without_exception_encountered_pass_over(profile: Profile) -> None:
    device = Device(profile, setup=SETUP).powered()
    device << NotUnderstood("not JSON", "why")
    device << NotKept(Directive(message=alarm("a", "07:00:00"), message_id="m"), "x")
    device >> Loose(SetAlertFailed(token="a", type="ALARM"))
    device.over()


@pytest.mark.parametrize("unit", ["x", "é", '"', "\0", "약", "🔔"])
def test_exception_encountered_with_a_directive_that_is_too_long(unit: str) -> None:
    long = unit * 300_000
    cut = complaints.bounded(long)
    assert cut.endswith("… (cut: it has 300000 characters)")
    assert long.startswith(cut.partition("…")[0])
    assert complaints.MAX_RAW // 2 < len(msgspec.json.encode(cut)) < complaints.MAX_RAW + 100
    assert complaints.bounded("short") == "short"


def test_a_cloud_that_makes_mistake_after_mistake_is_told_of_twenty_a_minute(device: Device) -> None:
    for _ in range(20):
        device << NotUnderstood("x", "why") >> complaint("x", UNEXPECTED, "why")
    device.at("00:00:59") << NotUnderstood("x", "why")
    device.at("00:01:00") << NotUnderstood("x", "why") >> complaint("x", UNEXPECTED, "why")


# The account's data.


def test_a_logout_leaves_nothing_of_the_account() -> None:
    device = connected(Device(TVS_2020, setup=replace(SETUP, owner="device-1")).powered())
    device << SetEndpoint(endpoint=SEOUL) >> Reconnects()
    silently_set(device, "a", "00:00:10")
    silently_set(device, "b", "07:00:00")
    device.at("00:00:11").silently()
    assert device.remembered.owner == "device-1"
    device << LoggedOut() >> Reconnects() >> silent("a")
    assert (device.disk, device.outbox) == ({}, [])
    assert {DropEvents(), DropAssets()} <= set(device.outputs)
    assert device.remembered == Remembered(clouds=device.remembered.clouds)
    assert device.remembered.clouds.places == (HOME,)
    device.over()


@ALL
def test_data_of_another_account_never_rings_after_a_restart(profile: Profile) -> None:
    device = Device(profile, setup=replace(SETUP, owner="device-1")).powered()
    silently_set(device)
    device.setup = replace(SETUP, owner="device-2")
    device.asleep_until("07:00:01").powered()
    assert (device.disk, device.outbox) == ({}, [])
    assert device.remembered.owner == "device-2"
    device.over()


@ALL
def test_data_that_nobody_has_claimed_yet_stays(profile: Profile) -> None:
    """As a version before this one has left it."""
    device = Device(profile, setup=SETUP).powered()
    silently_set(device)
    device.setup = replace(SETUP, owner="device-1")
    device.powered()
    assert (set(device.disk), device.remembered.owner) == ({"a"}, "device-1")
    device.setup = SETUP
    device.powered()
    assert (set(device.disk), device.remembered.owner) == ({"a"}, "device-1")
    device.over()


def patient(profile: Profile, grace: timedelta | None) -> Device:
    device = connected(Device(profile, setup=replace(SETUP, offline_grace=grace)).powered())
    silently_set(device, "a", "00:05:00")
    return silently_set(device, "b", "07:00:00")


@DELETING
def test_without_a_network_all_is_kept_when_nobody_says_otherwise(profile: Profile) -> None:
    device = patient(profile, None)
    device << Disconnected()
    device.at("23:00:00").silently()
    assert device.disk.keys() == {"a", "b"}


@DELETING
def test_without_a_network_all_is_deleted_after_the_grace(profile: Profile) -> None:
    device = patient(profile, timedelta(minutes=4))
    device.at("00:00:30") << Disconnected()
    device.at("00:03:00") << Disconnected()
    device.at("00:04:29")
    assert device.disk.keys() == {"a", "b"}
    device.at("00:04:30")
    assert (device.disk, device.outbox) == ({}, [])
    assert device.remembered.clouds.places == (HOME,)
    device.at("09:00:00")
    device.over()


@DELETING
def test_the_letter_of_the_document_gives_no_grace(profile: Profile) -> None:
    device = patient(profile, timedelta())
    device.at("00:05:00").silently()
    device << Disconnected() >> silent("a")
    assert (device.disk, device.outbox) == ({}, [])
    connected(device)
    silently_set(device, "c")
    device.powered()
    assert device.disk == {}
    device.over()


@DELETING
def test_a_network_that_comes_back_within_the_grace_saves_all(profile: Profile) -> None:
    device = patient(profile, timedelta(minutes=4))
    device << Disconnected()
    connected(device.at("00:03:59"))
    device.at("00:04:30") << Disconnected()
    device.at("00:08:29").silently()
    assert "b" in device.disk
    device.at("00:08:30")
    device.silently()
    assert "b" not in device.disk


@DELETING
def test_what_rings_when_the_grace_is_over_rings_until_somebody_stops_it(profile: Profile) -> None:
    device = patient(profile, timedelta(minutes=5, seconds=10))
    device << Disconnected()
    device.at("00:05:00") >> AlertStarted(token="a", type="ALARM") >> rings("a")
    device.at("00:05:10")
    assert device.disk.keys() == {"a"}
    device.at("00:20:00") << StopPressed()
    device.silently()
    device.at("00:20:06").silently()
    assert device.disk == {}
    assert AlertStopped(token="a", type="ALARM") in device.outbox
    connected(device)
    device.over()


@DELETING
def test_what_rings_when_the_grace_is_over_and_the_network_comes_back_stays(profile: Profile) -> None:
    device = patient(profile, timedelta(minutes=5, seconds=10))
    device << Disconnected()
    device.at("00:06:00").silently()
    connected(device)
    device.at("00:30:00")
    assert device.disk["a"].life is Life.RINGING
    device.over()


@DELETING
def test_the_grace_is_time_that_goes_by_whatever_is_done_to_the_clock(profile: Profile) -> None:
    device = patient(profile, timedelta(minutes=4))
    device << Disconnected()
    device.clock_set("06:00:00").silently()
    device.at("06:03:59").silently()
    assert "b" in device.disk
    device.at("06:04:00")
    device.silently()
    assert device.disk == {}


@DELETING
def test_a_boot_without_a_network_begins_the_grace(profile: Profile) -> None:
    device = patient(profile, timedelta(minutes=4))
    device.asleep_until("00:01:00").powered()
    device.at("00:04:59")
    assert device.disk.keys() == {"a", "b"}
    device.at("00:05:00")
    assert device.disk == {}
    device.over()


def test_a_version_that_goes_on_by_itself_keeps_whatever_is_set() -> None:
    device = patient(TVS_2020, timedelta())
    device << Disconnected()
    assert device.disk.keys() == {"a", "b"}
    device.powered()
    assert device.disk.keys() == {"a", "b"}


def test_sounds_go_with_the_account() -> None:
    url = "https://cloud.example/speech"
    device = connected(Device(CIC_EN_2018, setup=SETUP).powered())
    spoken = replace_assets(alarm("a", "07:00:00", "REMINDER"), url)
    device << spoken >> SetAlertSucceeded(token="a", type="REMINDER") >> fetches(url)
    device << LoggedOut() >> gives_up(url)
    assert DropAssets() in device.outputs
    device.over()


def replace_assets(message: Message, url: str) -> Message:
    asset = msgspec.convert([{"assetId": "1", "url": url}], type=list[dict[str, str]])
    decoded = msgspec.to_builtins(message)
    return msgspec.convert({**decoded, "assets": asset, "assetPlayOrder": ["1"]}, type=type(message))


def test_the_volume_is_the_devices_own(device: Device) -> None:
    device << VolumePressed(40)
    device.silently()
    device << LoggedOut()
    assert device.state.volume == 40 < LOUDEST


def test_a_clock_that_is_set_moves_every_time_along() -> None:
    device = with_firmware("8701")
    connected(device) >> version("8701")
    device << taken("8701", 500)
    device << NotUnderstood("x", "why")
    device.silently()
    before = device.state.system
    device.now += timedelta(hours=5)
    device << ClockStepped(timedelta(hours=5))
    after = device.state.system
    assert after == system.moved_by(before, timedelta(hours=5))
    assert set(after.times()) == {time + timedelta(hours=5) for time in before.times()}


@DELETING
def test_what_comes_late_of_a_connection_that_is_gone_does_not_bring_data_back(profile: Profile) -> None:
    device = patient(profile, timedelta())
    device << Disconnected()
    device << alarm("c", "07:00:00") >> SetAlertFailed(token="c", type="ALARM")
    connected(device) << alarm("c", "07:00:00") >> SetAlertSucceeded(token="c", type="ALARM")
    device.over()
