"""What the device does where versions differ, told as conversations: the same day under one policy and the other."""

from datetime import timedelta

import pytest

from bellwire.alerts.lifecycle import Life
from bellwire.device import outputs
from bellwire.device.engine import alerts_state
from bellwire.device.held import Held
from bellwire.device.inputs import (
    AssetFetched,
    DeletePressed,
    LoggedOut,
    NotKept,
    OtherAudio,
    PlaybackEnded,
    StopPressed,
    VolumePressed,
)
from bellwire.device.occurrences import occurrence_of
from bellwire.device.ringer.sounds import Asset as Clip
from bellwire.device.ringer.sounds import Bell
from bellwire.protocol.messages.alerts import (
    AdjustVolume,
    AlertEnteredBackground,
    AlertEnteredForeground,
    AlertStarted,
    AlertStopped,
    Asset,
    DeleteAlert,
    DeleteAlerts,
    DeleteAlertsFailed,
    DeleteAlertsSucceeded,
    DeleteAlertSucceeded,
    OneAlert,
    RequestAlertStop,
    SetAlert,
    SetAlertFailed,
    SetAlertSucceeded,
    SetVolume,
    VolumeChanged,
)
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_EN_2018, CIC_JA_2019, CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.conversation import BEHIND, IN_FRONT, Device, Loose, alarm, at_volume, fetches, moment, muted, rings, silent

SPEECH, MUSIC = "https://cloud.example/speech", "https://cloud.example/music"
ALL = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
CIC = pytest.mark.parametrize("profile", [CIC_KO_2022, CIC_JA_2019, CIC_EN_2018], ids=lambda profile: profile.name)


def of(message: type[OneAlert], token: str) -> OneAlert:
    return message(token=token, type="ALARM")


def is_set(device: Device, message: SetAlert) -> None:
    device << message >> SetAlertSucceeded(token=message.token, type=message.type)


def starts(device: Device, token: str, place: type[OneAlert] = AlertEnteredForeground) -> None:
    """It is said to ring, and where versions have it so, that nothing else is in front of it."""
    device >> of(AlertStarted, token)
    if device.profile.has(place):
        device >> of(place, token)


def ringing(device: Device, token: str = "a", time: str = "07:00:00") -> None:
    is_set(device, alarm(token, time))
    device.at(time)
    starts(device, token)
    device >> rings(token)


def with_sounds(**more: object) -> SetAlert:
    """An alarm at seven with a bell that is no bell of its own, and speech."""
    assets = (Asset(asset_id="music", url=MUSIC), Asset(asset_id="speech", url=SPEECH))
    order = ("music", "nowhere", "speech")
    bare = SetAlert(token="a", type="ALARM", scheduled_time=moment("07:00:00"), assets=assets, asset_play_order=order)
    return SetAlert(**{**{name: getattr(bare, name) for name in bare.__struct_fields__}, **more})


def ring_of(device: Device) -> outputs.Ring:
    return next(output for output in device.outputs if isinstance(output, outputs.Ring))


# How often it is played.


@ALL
def test_it_is_played_as_often_as_the_message_says(profile: Profile) -> None:
    device = Device(profile)
    is_set(device, with_sounds(loop_count=3, loop_pause_in_milli_seconds=1500, assets=None, asset_play_order=None))
    device.at("07:00:00")
    starts(device, "a")
    device >> rings("a")
    assert (ring_of(device).rounds, ring_of(device).pause) == (3, timedelta(seconds=1.5))
    device << PlaybackEnded("a") >> of(AlertStopped, "a") >> silent("a")
    device.at("09:00:00").over()


@ALL
def test_it_is_played_for_an_hour_where_the_message_does_not_say_how_often(profile: Profile) -> None:
    device = Device(profile)
    ringing(device)
    assert (ring_of(device).rounds, ring_of(device).pause) == (None, timedelta())
    device.at("07:59:59")
    device.at("08:00:00") >> of(AlertStopped, "a") >> silent("a")
    device.over()


@ALL
def test_loops_that_take_longer_than_an_hour_end_with_it(profile: Profile) -> None:
    device = Device(profile)
    is_set(device, with_sounds(loop_count=2**31 - 1, assets=None))
    device.at("07:00:00")
    starts(device, "a")
    device >> rings("a")
    device.at("08:00:00") >> of(AlertStopped, "a") >> silent("a")
    device.over()


@pytest.mark.parametrize(("profile", "rounds"), [(CIC_KO_2022, 1), (TVS_2020, None)])
def test_what_is_played_once_is_so_in_the_versions_that_say_it(profile: Profile, rounds: int | None) -> None:
    device = Device(profile)
    device << alarm("a", "07:00:00", "ACTIONTIMER")
    device.silently().at("07:00:00")
    assert ring_of(device.silently()).rounds == rounds
    device << alarm("a", "07:00:00", "ACTIONTIMER")
    device.silently() << SetAlert(token="a", type="ACTIONTIMER", scheduled_time=moment("07:00:00"), loop_count=2)
    assert ring_of(device.silently()).rounds == 2


def test_another_count_of_loops_while_it_rings_is_another_ring() -> None:
    device = Device(TVS_2020)
    ringing(device)
    device << with_sounds(assets=None, asset_play_order=None, loop_count=2) >> of(SetAlertSucceeded, "a") >> rings("a")
    device << with_sounds(assets=None, asset_play_order=None, loop_count=2) >> of(SetAlertSucceeded, "a")
    device.over()


def test_loops_and_pauses_survive_a_power_cut() -> None:
    device = Device(TVS_2020)
    is_set(device, with_sounds(loop_count=3, loop_pause_in_milli_seconds=250, assets=None))
    device.asleep_until("06:00:00").powered().at("07:00:00")
    assert (ring_of(device).rounds, ring_of(device).pause) == (3, timedelta(milliseconds=250))


# What is heard in the place of what can't be had.


@CIC
def test_what_can_not_be_had_is_skipped(profile: Profile) -> None:
    device = Device(profile)
    device << with_sounds()
    device.silently().at("07:00:00")
    assert ring_of(device.silently()).sources == (Clip(MUSIC), Clip(SPEECH))


def test_the_bell_is_heard_in_the_place_of_what_can_not_be_had() -> None:
    device = Device(TVS_2020)
    device << with_sounds()
    device.silently().at("07:00:00")
    assert ring_of(device.silently()).sources == (Clip(MUSIC, "ALARM"), Bell("ALARM"), Clip(SPEECH, "ALARM"))


# What was stopped.


@CIC
def test_what_was_stopped_stays_until_the_cloud_says_what_comes_next(profile: Profile) -> None:
    device = Device(profile)
    ringing(device)
    device.at("08:00:00") >> of(AlertStopped, "a") >> silent("a")
    assert device.disk["a"].life is Life.STOPPED
    assert [shown.token for shown in alerts_state(device.state).all_alerts] == ["a"]


@pytest.mark.parametrize("ends_with", ["button", "hour", "loops"])
def test_what_was_stopped_is_gone_where_stopping_removes(ends_with: str) -> None:
    device = Device(TVS_2020)
    ringing(device)
    if ends_with == "hour":
        device.at("08:00:00")
    else:
        device << (StopPressed() if ends_with == "button" else PlaybackEnded("a"))
    device >> of(AlertStopped, "a") >> silent("a")
    assert not device.disk
    assert not alerts_state(device.state).all_alerts
    device << of(DeleteAlert, "a") >> of(DeleteAlertSucceeded, "a")
    device.powered().at("+1 09:00:00").over()


def test_an_alarm_that_was_missed_is_gone_at_the_next_boot_too() -> None:
    device = Device(TVS_2020)
    is_set(device, alarm("a", "07:00:00"))
    device.asleep_until("07:30:01").powered() >> of(AlertStopped, "a")
    assert not device.disk
    device.powered().over()


def test_a_snooze_of_what_rings_stops_it_and_sets_it() -> None:
    device = Device(TVS_2020)
    ringing(device)
    device << alarm("a", "07:09:00") >> of(AlertStopped, "a") >> of(SetAlertSucceeded, "a") >> silent("a")
    device.at("07:09:00")
    starts(device, "a")
    device >> rings("a")


def test_what_was_stopped_and_comes_again_late_wakes_nobody_twice() -> None:
    device = Device(TVS_2020)
    ringing(device)
    device << StopPressed() >> of(AlertStopped, "a") >> silent("a")
    for _ in range(2):
        device << alarm("a", "07:00:00") >> of(SetAlertSucceeded, "a") >> of(AlertStopped, "a")
    device << alarm("a", "+1 07:00:00") >> of(SetAlertSucceeded, "a")
    device << alarm("a", "07:00:00") >> of(SetAlertSucceeded, "a")
    starts(device, "a")
    device >> rings("a")


def test_what_was_deleted_while_it_rang_and_comes_again_late_wakes_nobody_twice() -> None:
    device = Device(TVS_2020)
    ringing(device)
    device << of(DeleteAlert, "a") >> of(AlertStopped, "a") >> of(DeleteAlertSucceeded, "a") >> silent("a")
    device << alarm("a", "07:00:00") >> of(SetAlertSucceeded, "a") >> of(AlertStopped, "a")
    device << LoggedOut()
    assert not device.state.over


def test_what_another_version_left_stopped_is_dropped_at_a_start() -> None:
    device = Device(TVS_2020)
    device.disk["a"] = Held(occurrence_of(alarm("a", "07:00:00")), Life.STOPPED)
    device.powered().over()
    assert not device.disk


# Deleting several.


def test_several_are_deleted_at_once_and_those_that_are_gone_already_too() -> None:
    device = Device(TVS_2020)
    for token in ("set", "other"):
        is_set(device, alarm(token, "09:00:00"))
    is_set(device, alarm("waits", "07:00:00"))
    ringing(device)
    tokens = ("set", "a", "nobody", "waits", "set")
    device << DeleteAlerts(tokens=tokens) >> of(AlertStopped, "a") >> DeleteAlertsSucceeded(tokens=tokens)
    device >> silent("a")
    assert device.disk.keys() == {"other"}
    device << DeleteAlerts(tokens=()) >> DeleteAlertsSucceeded(tokens=())
    device.at("08:00:00").over()


def test_the_one_that_waited_rings_when_the_others_are_deleted() -> None:
    device = Device(TVS_2020)
    is_set(device, alarm("b", "07:00:00"))
    ringing(device)
    device << DeleteAlerts(tokens=("a",)) >> of(AlertStopped, "a") >> DeleteAlertsSucceeded(tokens=("a",))
    starts(device, "b")
    device >> silent("a") >> rings("b")


def test_several_that_could_not_be_deleted_are_all_there() -> None:
    device = Device(TVS_2020)
    for token in ("a", "b"):
        is_set(device, alarm(token, "07:00:00"))
    wanted = Directive(message=DeleteAlerts(tokens=("a", "b")), message_id="m")
    device << NotKept(wanted) >> Loose(DeleteAlertsFailed(tokens=("a", "b")))
    assert device.state.alerts.keys() == {"a", "b"}


# Several at once.


@CIC
def test_a_later_one_ends_the_older(profile: Profile) -> None:
    device = Device(profile)
    is_set(device, alarm("b", "07:10:00"))
    ringing(device)
    device.at("07:10:00") >> of(AlertStopped, "a") >> of(AlertStarted, "b") >> silent("a") >> rings("b")
    device.over()


def test_a_later_one_waits_for_the_older_then_rings_however_late() -> None:
    device = Device(TVS_2020)
    for token, time in (("c", "07:20:00"), ("b", "07:10:00")):
        is_set(device, alarm(token, time))
    ringing(device)
    device.at("07:59:59")
    device.at("08:00:00") >> of(AlertStopped, "a")
    starts(device, "b")
    device >> silent("a") >> rings("b")
    device << StopPressed() >> of(AlertStopped, "b")
    starts(device, "c")
    device >> silent("b") >> rings("c")
    assert device.disk.keys() == {"c"}


@ALL
def test_those_of_one_time_ring_by_their_tokens(profile: Profile) -> None:
    device = Device(profile)
    for token in ("c", "b"):
        is_set(device, alarm(token, "07:00:00"))
    ringing(device)
    for token, following in (("a", "b"), ("b", "c")):
        device << of(DeleteAlert, token) >> of(AlertStopped, token) >> of(DeleteAlertSucceeded, token)
        starts(device, following)
        device >> silent(token) >> rings(following)
    device.over()


# In front and behind.


def test_it_goes_behind_and_comes_back_and_the_cloud_hears_each_change_once() -> None:
    device = Device(TVS_2020)
    ringing(device)
    device << OtherAudio(in_front=False)
    device << OtherAudio(in_front=True) >> of(AlertEnteredBackground, "a") >> BEHIND
    device << OtherAudio(in_front=True)
    device << OtherAudio(in_front=False) >> of(AlertEnteredForeground, "a") >> IN_FRONT
    device << StopPressed() >> of(AlertStopped, "a") >> silent("a")
    device << OtherAudio(in_front=True) >> BEHIND
    device << OtherAudio(in_front=False) >> IN_FRONT
    device.over()


def test_what_begins_behind_something_else_says_so_at_its_start() -> None:
    device = Device(TVS_2020)
    for token in ("a", "b"):
        is_set(device, alarm(token, "07:00:00"))
    device << OtherAudio(in_front=True) >> BEHIND
    device.at("07:00:00")
    starts(device, "a", AlertEnteredBackground)
    device >> rings("a")
    device << StopPressed() >> of(AlertStopped, "a")
    starts(device, "b", AlertEnteredBackground)
    device >> silent("a") >> rings("b")


@CIC
def test_a_version_without_words_for_it_goes_behind_all_the_same(profile: Profile) -> None:
    device = Device(profile)
    ringing(device)
    device << OtherAudio(in_front=True) >> BEHIND
    device << OtherAudio(in_front=False) >> IN_FRONT
    device << StopPressed() >> Loose(of(RequestAlertStop, "a")) >> muted("a")
    device << OtherAudio(in_front=True) >> BEHIND
    device.over()


def test_after_a_power_cut_nothing_else_is_heard() -> None:
    device = Device(TVS_2020)
    ringing(device)
    device << OtherAudio(in_front=True) >> of(AlertEnteredBackground, "a") >> BEHIND
    device.powered()
    starts(device, "a")
    device >> rings("a")


@pytest.mark.parametrize(("named", "behind"), [("speech", Clip(SPEECH)), ("nowhere", None), (None, None)])
def test_the_sound_for_behind_is_the_one_that_the_message_names(named: str | None, behind: Clip | None) -> None:
    device = Device(TVS_2020)
    device << with_sounds(background_alert_asset=named)
    device.silently().at("07:00:00")
    assert ring_of(device.silently()).behind == behind


def test_a_sound_that_is_heard_behind_only_is_fetched_too() -> None:
    device = Device(TVS_2020)
    message = with_sounds(asset_play_order=None, background_alert_asset="speech")
    device << message >> of(SetAlertSucceeded, "a") >> fetches(SPEECH)
    device << AssetFetched(SPEECH)
    device.powered() >> fetches(SPEECH)
    device.over()


# The volume of alerts.


def test_the_cloud_sets_the_volume_and_hears_what_it_is() -> None:
    device = Device(TVS_2020)
    device << SetVolume(volume=60) >> VolumeChanged(volume=60) >> at_volume(60)
    device << AdjustVolume(volume=-10) >> VolumeChanged(volume=50) >> at_volume(50)
    device << AdjustVolume(volume=100) >> VolumeChanged(volume=100) >> at_volume(100)
    device << AdjustVolume(volume=-100) >> VolumeChanged(volume=0) >> at_volume(0)
    device << SetVolume(volume=0) >> VolumeChanged(volume=0)
    device.over()


def test_a_key_changes_the_volume_and_the_cloud_hears_of_changes_only() -> None:
    device = Device(TVS_2020)
    device << VolumePressed(110)
    device << VolumePressed(90) >> VolumeChanged(volume=90) >> at_volume(90)
    device << VolumePressed(90)
    device << VolumePressed(-10) >> VolumeChanged(volume=0) >> at_volume(0)
    device << VolumePressed(-20)
    device.over()


@CIC
def test_a_version_without_words_for_it_has_a_volume_all_the_same(profile: Profile) -> None:
    device = Device(profile)
    device << VolumePressed(40) >> at_volume(40)
    ringing(device)
    device.over()


@ALL
def test_the_volume_survives_a_power_cut_and_a_logout(profile: Profile) -> None:
    device = Device(profile)
    device << VolumePressed(40)
    device.silently().powered() >> at_volume(40)
    device << LoggedOut()
    assert device.state.volume == device.volume == 40
    device.over()


# Deleting by hand.


@pytest.mark.parametrize("profile", [CIC_JA_2019, CIC_EN_2018, TVS_2020], ids=lambda profile: profile.name)
def test_where_alerts_are_deleted_in_the_account_only_a_press_changes_nothing(profile: Profile) -> None:
    device = Device(profile)
    ringing(device)
    device << DeletePressed("a")
    assert device.disk["a"].life is Life.RINGING
    device.over()


# What fails.


@ALL
def test_what_fails_is_reported_in_every_version(profile: Profile) -> None:
    device = Device(profile)
    device.at("08:00:00") << alarm("a", "07:00:00") >> of(SetAlertFailed, "a")
    device.over()
