"""Snooze by the speaker's button, with a cloud that answers, one that does not, and none."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bellwire.alerts.lifecycle import Life
from bellwire.device.engine import alerts_state, is_moot
from bellwire.device.held import Setup
from bellwire.device.inputs import DeletePressed, LoggedOut, OtherAudio, SnoozePressed, StopPressed
from bellwire.device.stream import Unreachable
from bellwire.protocol.messages.alerts import (
    AlertEnteredForeground,
    AlertStarted,
    AlertStopped,
    DeleteAlert,
    DeleteAlertSucceeded,
    OneAlert,
    RequestDeleteAlert,
    SetAlert,
    SetAlertSucceeded,
    StopAlert,
    SynchronizeAlert,
)
from bellwire.protocol.messages.bellwire import RequestAlertSnooze, RequestSnoozeEnd
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile, SeveralAtOnce
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.conversation import Device, Loose, Warns, alarm, moment, rings, silent
from tests.device.house import House, talk

ALL = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
QUEUES = replace(CIC_KO_2022, several_at_once=SeveralAtOnce.QUEUE)
Z = SnoozePressed()


def of(message: type[OneAlert], token: str = "a") -> OneAlert:
    return message(token=token, type="ALARM")


def asks(message: type[OneAlert] = RequestAlertSnooze, token: str = "a") -> Loose:
    return Loose(of(message, token))


def starts(device: Device, token: str = "a") -> None:
    device >> of(AlertStarted, token)
    if device.profile.has(AlertEnteredForeground):
        device >> of(AlertEnteredForeground, token)
    device >> rings(token)


def is_set(device: Device, message: SetAlert) -> None:
    device << message >> SetAlertSucceeded(token=message.token, type="ALARM")


def ringing(device: Device, token: str = "a", time: str = "07:00:00") -> Device:
    is_set(device, alarm(token, time))
    device.at(time)
    starts(device, token)
    return device


def snoozed(device: Device) -> Device:
    """`a` rang at 07:00 and was snoozed at 07:01."""
    ringing(device).at("07:01:00") << Z >> asks() >> silent("a")
    return device


def active(device: Device) -> list[str]:
    return [alert.token for alert in alerts_state(device.state).active_alerts]


@pytest.fixture
def device() -> Iterator[Device]:
    device = Device()
    yield device
    device.over()


# By itself: no cloud, or one that does not know the request.


@ALL
def test_it_is_silent_at_once_asks_the_cloud_and_rings_again_without_an_answer(profile: Profile) -> None:
    device = snoozed(Device(profile))
    assert active(device) == ["a"]
    device.at("07:10:59")
    device.at("07:11:00")
    starts(device)
    device << StopPressed()
    device.silently().at("07:12:00").silently()
    assert active(device) == []


def test_its_length_and_its_number_are_the_devices_own_as_long_as_the_cloud_says_nothing() -> None:
    device = Device(setup=Setup(snooze=timedelta(minutes=1), most_snoozes=2)).powered().silently()
    ringing(device)
    for time in ("07:01:00", "07:02:00"):
        device << Z >> asks() >> silent("a")
        device.at(time)
        starts(device)
    device << Z >> Warns("snoozed 2 times, which is as often as can be: it rings until it is stopped")
    device.at("08:02:00") >> of(AlertStopped) >> silent("a")
    device.at("+1 09:00:00").over()


@pytest.mark.parametrize("profile", [CIC_KO_2022, TVS_2020], ids=lambda profile: profile.name)
def test_the_next_day_is_counted_anew(profile: Profile) -> None:
    device = snoozed(Device(profile))
    device << StopPressed() >> of(AlertStopped)
    is_set(device, alarm("a", "+1 07:00:00"))
    assert device.state.alerts["a"].snoozes == 0
    device << StopPressed()
    device.over()


def test_nothing_is_snoozed_where_nothing_rings(device: Device) -> None:
    device << Z
    is_set(device, alarm("a", "07:00:00"))
    device << Z
    ringing(device, "b", "06:00:00")
    device << StopPressed()
    device.silently() << Z
    assert device.state.alerts["b"].life is Life.MUTED


def test_a_press_of_stop_ends_what_is_snoozed(device: Device) -> None:
    snoozed(device).at("07:05:00") << StopPressed() >> of(AlertStopped)
    device.at("09:00:00")


def test_a_press_of_delete_hides_what_is_snoozed(device: Device) -> None:
    snoozed(device) << DeletePressed("a") >> of(RequestDeleteAlert) >> of(AlertStopped)
    device.at("07:30:00") << of(DeleteAlert) >> of(DeleteAlertSucceeded)


@pytest.mark.parametrize("told", [of(StopAlert), of(DeleteAlert), SynchronizeAlert(all_alerts=())], ids=str)
def test_the_cloud_can_end_what_is_snoozed(device: Device, told: StopAlert) -> None:
    snoozed(device) << told >> of(AlertStopped)
    device.silently().at("09:00:00")


def test_the_same_time_again_leaves_it_snoozed(device: Device) -> None:
    snoozed(device)
    is_set(device, alarm("a", "07:00:00"))
    device << SynchronizeAlert(all_alerts=(alarm("a", "07:00:00"),))
    device.at("07:11:00")
    starts(device)
    device << of(StopAlert) >> of(AlertStopped) >> silent("a")


def test_another_alert_rings_meanwhile_and_what_is_snoozed_waits_for_it(device: Device) -> None:
    is_set(device, alarm("b", "07:05:00"))
    snoozed(device).at("07:05:00")
    starts(device, "b")
    assert active(device) == ["b", "a"]
    device.at("07:30:00") << of(StopAlert, "b") >> of(AlertStopped, "b")
    device >> of(AlertStarted) >> silent("b") >> rings("a")
    device << of(StopAlert) >> of(AlertStopped) >> silent("a")


def test_what_waited_for_its_turn_rings_as_soon_as_the_other_is_snoozed() -> None:
    device = Device(QUEUES)
    is_set(device, alarm("b", "07:00:30"))
    ringing(device).at("07:01:00") << Z >> asks() >> of(AlertStarted, "b") >> silent("a") >> rings("b")
    device << Z >> asks(token="b") >> silent("b")
    device.at("07:11:00")
    starts(device)  # the order is that of their times
    device << of(StopAlert) >> of(AlertStopped) >> of(AlertStarted, "b") >> silent("a") >> rings("b")
    device.over()


def test_two_that_are_snoozed_end_with_one_press_of_stop(device: Device) -> None:
    snoozed(device)
    ringing(device, "b", "07:02:00") << Z >> asks(token="b") >> silent("b")
    device << StopPressed() >> of(AlertStopped, "a") >> of(AlertStopped, "b")


def test_a_dialogue_meanwhile_is_told_when_it_rings_again() -> None:
    device = snoozed(Device(TVS_2020))
    device << OtherAudio(in_front=True)
    device.silently().at("07:11:00")
    assert [type(message).__name__ for message in device.outbox[-2:]] == ["AlertStarted", "AlertEnteredBackground"]


# Through power cuts and with clocks that are set.


def test_it_outlives_a_power_cut(device: Device) -> None:
    snoozed(device).asleep_until("07:08:00").powered().silently().at("07:10:59")
    device.at("07:11:00")
    starts(device)
    device << of(StopAlert) >> of(AlertStopped) >> silent("a")


@pytest.mark.parametrize(("until", "rung"), [("07:41:00", True), ("07:41:01", False)])
def test_one_that_fell_due_without_power_rings_unless_it_is_too_late(until: str, rung: bool) -> None:
    device = snoozed(Device()).asleep_until(until).powered()
    assert (device.state.alerts["a"].life is Life.RINGING) is rung
    assert (of(AlertStopped) in device.outbox) is not rung


def test_a_clock_that_is_set_makes_it_neither_longer_nor_shorter(device: Device) -> None:
    snoozed(device).clock_set("03:00:00").at("03:09:59")
    device.at("03:10:00")
    starts(device)
    device << of(StopAlert) >> of(AlertStopped) >> silent("a")


def test_it_goes_with_a_log_out(device: Device) -> None:
    snoozed(device) << LoggedOut()
    device.silently().at("09:00:00")


# With a cloud that answers.


@ALL
def test_the_clouds_time_takes_its_place(profile: Profile) -> None:
    device = snoozed(Device(profile))
    device << alarm("a", "07:06:00") >> of(AlertStopped) >> of(SetAlertSucceeded)
    assert active(device) == []
    device.at("07:05:59")
    device.at("07:06:00")
    starts(device)
    device << Z >> asks() >> silent("a")
    assert device.state.alerts["a"].snoozes == 1
    device.over()


@ALL
def test_a_cloud_that_allows_no_more_lets_it_ring_on(profile: Profile) -> None:
    device = snoozed(Device(profile))
    device << alarm("a", "07:01:00") >> of(AlertStopped) >> of(SetAlertSucceeded)
    starts(device)
    device.over()


@ALL
def test_a_press_of_stop_asks_the_cloud_to_end_what_it_has_put_off(profile: Profile) -> None:
    device = snoozed(Device(profile))
    device << alarm("a", "07:06:00") >> of(AlertStopped) >> of(SetAlertSucceeded)
    device.at("07:03:00") << StopPressed() >> asks(RequestSnoozeEnd)
    is_set(device, alarm("a", "+1 07:00:00"))
    device << StopPressed()
    device.over()


def test_one_that_nobody_ends_rings_once_more(device: Device) -> None:
    snoozed(device) << alarm("a", "07:06:00") >> of(AlertStopped) >> of(SetAlertSucceeded)
    device << StopPressed() >> asks(RequestSnoozeEnd)
    device.at("07:06:00")
    starts(device)
    device << of(StopAlert) >> of(AlertStopped) >> silent("a")


def test_requests_are_moot_when_what_they_ask_for_is_over(device: Device) -> None:
    snooze, end = of(RequestAlertSnooze), of(RequestSnoozeEnd)
    assert is_moot(snooze, device.state)
    snoozed(device)
    assert not is_moot(snooze, device.state)
    assert is_moot(end, device.state)
    device << alarm("a", "07:06:00") >> of(AlertStopped) >> of(SetAlertSucceeded)
    assert is_moot(snooze, device.state)
    assert not is_moot(end, device.state)
    device << of(DeleteAlert) >> of(DeleteAlertSucceeded)
    assert is_moot(end, device.state)


def test_what_is_heard_again_is_as_late_as_after_its_snooze(device: Device) -> None:
    assert snoozed(device).state.alerts["a"].due_at == moment("07:11:00")
    device.at("07:11:00").silently()
    assert device.state.alerts["a"].due_at == moment("07:11:00")


# Over the wire


@pytest.mark.parametrize("status", [204, 400, 404, 500, None])
def test_a_cloud_that_does_not_know_the_request_does_no_harm(tmp_path: Path, status: int | None) -> None:
    """Refused, ignored, failing or gone: it is asked, and the alert rings again by itself."""

    async def scene(house: House) -> None:
        time = house.clock.wall().replace(microsecond=0) + timedelta(seconds=2)
        house.told(SetAlert(token="a", type="ALARM", scheduled_time=time))
        await asyncio.sleep(3)
        assert len(house.bell.rang) == 1
        house.cloud.script = [Unreachable("gone") if status is None else status]
        house.runner.happens(SnoozePressed())
        await house.quiet()
        assert house.bell.sounding is None
        assert "RequestAlertSnooze" in house.cloud.names
        await asyncio.sleep(599)
        assert len(house.bell.rang) == 1
        await asyncio.sleep(2)
        assert len(house.bell.rang) == 2
        assert "AlertStopped" not in house.cloud.names

    talk(scene, tmp_path)
