"""Clocks that are set, and clocks that were wrong at boot, told as conversations: what is not believed wakes nobody."""

import time
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from bellwire.alerts.lifecycle import Life
from bellwire.device.belief import GRACE, Faith
from bellwire.device.inputs import (
    ClockStepped,
    Connected,
    DeletePressed,
    Disconnected,
    Input,
    KeptByNtp,
    SnoozePressed,
    StopPressed,
    TimeTold,
)
from bellwire.device.observer import Observer
from bellwire.device.timekeeping import SET_IT
from bellwire.device.timer import Clock
from bellwire.protocol.messages.alerts import AlertStarted, AlertStopped, RequestSynchronizeAlert, SetAlertSucceeded
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.conversation import Corrects, Device, Loose, Warns, alarm, moment, rings
from tests.device.house import House
from tests.virtual_time import virtually

STOPS_ALONE = replace(CIC_KO_2022, stop_asks_first=False)

LATE = (
    "this machine's clock is behind, and neither NTP nor the cloud has said how far: alerts ring late by as long as it "
    f"had no power; {SET_IT}"
)


def off(seconds: int, where: str) -> Warns:
    return Warns(f"this machine's clock is {seconds} s {where}: alerts ring by the cloud's; {SET_IT}")


def at_seven(now: str = "06:00:00") -> Device:
    """A device that has an alarm at seven on its disk."""
    device = Device(now=now)
    device << alarm("a", "07:00:00")
    return device.silently()


def is_heard(device: Device) -> None:
    device >> AlertStarted(token="a", type="ALARM") >> rings("a")


# At boot.


def test_a_clock_that_boots_hours_back_wakes_nobody_until_ntp_has_set_it() -> None:
    device = at_seven().asleep_until("03:00:00").powered("06:30:00")
    device.at("03:00:40").clock_set("06:59:59").at("07:00:00")
    is_heard(device)
    assert device.state.belief.faith is Faith.SURE


def test_what_a_clock_behind_would_have_rung_in_the_first_minute_is_not_rung() -> None:
    """It is noon; the clock says that it is a quarter to seven when the power comes back."""
    device = at_seven().asleep_until("06:59:30").powered("06:50:00")
    device.at("07:00:10").over()
    device.clock_set("12:00:00") >> AlertStopped(token="a", type="ALARM")
    device.over()


def test_a_clock_ahead_at_boot_takes_no_alarm_for_missed() -> None:
    device = at_seven().asleep_until("+999 00:00:00").powered("06:50:00")
    device << TimeTold(moment("06:59:00")) >> Corrects(moment("06:59:00") - moment("+999 00:00:00"))
    device >> off(86_288_460, "ahead")
    device.at("07:00:00")
    is_heard(device)


def test_what_is_long_past_can_be_set_as_long_as_nobody_knows_the_time() -> None:
    device = at_seven().asleep_until("+999 00:00:00").powered("06:50:00")
    device << alarm("b", "08:00:00") >> SetAlertSucceeded(token="b", type="ALARM")


def test_the_clouds_date_is_a_witness() -> None:
    device = at_seven().asleep_until("06:59:30").powered("06:50:00")
    device << TimeTold(moment("06:59:28")) << Connected() >> Loose(RequestSynchronizeAlert())
    device.at("07:00:00")
    is_heard(device)


def test_the_clouds_date_corrects_a_clock_that_is_wrong() -> None:
    device = at_seven().asleep_until("01:00:00").powered("06:50:00")
    device << TimeTold(moment("06:55:00")) >> Corrects(timedelta(hours=5, minutes=55)) >> off(21_300, "behind")
    assert device.now == moment("06:55:00")
    device.at("07:00:00")
    is_heard(device)


def test_a_cloud_that_lost_its_power_too_is_no_witness() -> None:
    device = at_seven().asleep_until("03:00:00").powered("06:50:00")
    device << TimeTold(moment("03:00:00"))
    assert device.state.belief.is_doubted
    device << TimeTold(moment("06:59:00")) >> Corrects(timedelta(hours=3, minutes=59)) >> off(14_340, "behind")


def test_ntp_is_a_witness() -> None:
    device = at_seven().asleep_until("06:59:55").powered("06:50:00")
    device << KeptByNtp()
    device.at("07:00:00")
    is_heard(device)
    device << TimeTold(moment("12:00:00"))
    device.over()


def test_without_a_witness_it_rings_after_a_minute_by_what_there_is() -> None:
    device = at_seven().asleep_until("06:59:30").powered("06:50:00")
    device.at("07:00:30")
    is_heard(device)


def test_without_a_witness_it_is_never_earlier_than_the_disk_knows() -> None:
    """No battery, no network: the power was gone for a moment at half past six, and the clock went back to midnight."""
    device = at_seven().asleep_until("00:00:00.5").powered("06:30:00")
    device.at("00:01:00.5") >> Corrects(timedelta(hours=6, minutes=29, seconds=59.5)) >> Warns(LATE)
    assert device.now == moment("06:31:00")
    device.at("07:00:00")
    is_heard(device)


def test_what_was_guessed_is_corrected_by_the_cloud_later() -> None:
    device = at_seven().asleep_until("00:00:00").powered("06:30:00")
    device.at("00:01:00") >> Corrects(timedelta(hours=6, minutes=30)) >> Warns(LATE)
    device << TimeTold(moment("06:45:00")) >> Corrects(timedelta(minutes=14)) >> off(840, "behind")
    device.at("07:00:00")
    is_heard(device)


def test_a_restart_of_the_program_alone_doubts_nothing() -> None:
    device = at_seven().asleep_until("07:00:01").powered("06:59:00", is_same_boot=True)
    is_heard(device)


def test_a_clock_that_nobody_has_noted_yet_is_not_doubted() -> None:
    device = at_seven().asleep_until("07:00:01").powered()
    is_heard(device)


def test_a_doubted_clock_that_is_set_and_is_still_behind_is_doubted_on() -> None:
    device = at_seven().asleep_until("-999 00:00:00").powered("06:30:00")
    device.clock_set("01:00:00")
    assert device.state.belief.is_doubted
    assert device.wake_at == moment("01:00:00") + GRACE


# Later.


def test_a_clock_that_a_person_sets_is_believed_whatever_the_cloud_says() -> None:
    device = at_seven()
    device.clock_set("06:59:00") << TimeTold(moment("12:00:00"))
    device.at("07:00:00")
    is_heard(device)


@pytest.mark.parametrize("off_by", [-10, 0, 10])
def test_seconds_are_left_to_ntp(off_by: int) -> None:
    device = at_seven()
    device << TimeTold(moment("06:00:00") + timedelta(seconds=off_by))
    assert device.state.belief.faith is Faith.SURE
    device.over()


def test_a_night_in_which_the_machine_slept_is_a_clock_that_was_set() -> None:
    device = at_seven("00:00:00").asleep_until("07:10:00")
    device << ClockStepped(timedelta(hours=7, minutes=10))
    is_heard(device)


# A clock that was ahead: what it rang is still to come.


def woken_early(*what_then: Input, profile: Profile = CIC_KO_2022) -> Device:
    """An alarm for seven that rings at five, by a clock that is two hours ahead; it is a minute later."""
    device = Device(profile, now="06:00:00")
    device << alarm("a", "07:00:00")
    device.silently().at("07:00:00").silently()
    for happened in what_then:
        device << happened
        device.silently()
    return device.at("07:01:00").silently()


STOPPED = (StopPressed(),)


@pytest.mark.parametrize(
    ("profile", "what_then"),
    [(CIC_KO_2022, STOPPED), (CIC_KO_2022, (*STOPPED, Disconnected())), (STOPS_ALONE, STOPPED)],
)
def test_what_was_stopped_by_a_clock_that_was_ahead_rings_at_its_time(
    profile: Profile, what_then: tuple[Input, ...]
) -> None:
    device = woken_early(*what_then, profile=profile).clock_set("05:01:00").at("07:00:00")
    is_heard(device)


def life_of(device: Device, token: str = "a") -> Life:
    return device.state.alerts[token].life


@pytest.mark.parametrize("profile", [CIC_KO_2022, STOPS_ALONE, TVS_2020], ids=lambda profile: profile.name)
@pytest.mark.parametrize("how", ["stopped", "snoozed", "nobody hears it"])
def test_what_rings_when_the_clock_is_set_rings_on_and_again_at_its_time(profile: Profile, how: str) -> None:
    device = woken_early(profile=profile).clock_set("05:01:00")
    if how == "snoozed":
        device << SnoozePressed()
        device.silently().at("05:11:00").silently()
    assert life_of(device) is Life.RINGING
    if how != "nobody hears it":
        device << StopPressed()
    device.silently().at("06:12:00").silently()
    assert device.outbox.count(AlertStopped(token="a", type="ALARM")) == 1
    assert life_of(device) is Life.SET
    assert not device.state.alerts["a"].is_put_off
    device.at("06:59:59").at("07:00:00").silently()
    assert life_of(device) is Life.RINGING
    device << StopPressed()
    device.silently().at("08:00:00").silently()
    assert "a" not in device.state.alerts or life_of(device) is Life.STOPPED


@pytest.mark.parametrize("now", ["05:01:00", "06:59:59"])
def test_what_waits_for_its_turn_waits_for_its_time(now: str) -> None:
    device = Device(TVS_2020, now="06:00:00")
    for token in ("a", "b"):
        device << alarm(token, "07:00:00")
        device.silently()
    device.at("07:00:00").silently()
    assert life_of(device, "b") is Life.WAITING
    device.clock_set(now).silently()
    assert life_of(device, "b") is Life.SET


@pytest.mark.parametrize("now", ["06:30:00", "06:59:59"])
def test_what_a_clock_far_ahead_took_for_missed_is_still_to_come(now: str) -> None:
    """Nobody has heard it, so it does not matter how little time is left."""
    device = at_seven()
    device.clock_set("+999 00:00:00") >> AlertStopped(token="a", type="ALARM")
    device.clock_set(now).at("07:00:00")
    is_heard(device)


def test_what_was_missed_stays_missed() -> None:
    device = at_seven()
    device.clock_set("+999 00:00:00") >> AlertStopped(token="a", type="ALARM")
    device.clock_set("07:00:01").at("07:30:00").over()


def test_a_boot_with_the_right_time_brings_it_back() -> None:
    device = woken_early(StopPressed()).asleep_until("05:10:00").powered("07:01:00")
    assert device.state.belief.is_doubted
    device << KeptByNtp()
    device.at("07:00:00")
    is_heard(device)


def test_what_was_rung_half_an_hour_early_is_over() -> None:
    """As long as what is late still rings: who was woken is up, and not woken again."""
    device = woken_early(StopPressed()).clock_set("06:30:01")
    device.at("08:00:00").over()


def test_what_was_deleted_at_the_speaker_is_not_heard_again() -> None:
    device = woken_early(DeletePressed("a")).clock_set("05:01:00")
    device.at("07:30:00") >> AlertStopped(token="a", type="ALARM")
    device.over()


def test_what_is_gone_with_its_end_is_set_again_by_the_cloud() -> None:
    """Where a stop removes it, the same occurrence said again would else be over already."""
    device = Device(TVS_2020, now="06:00:00")
    device << alarm("a", "07:00:00")
    device.silently().at("07:00:00").silently()
    device << StopPressed()
    device.silently().clock_set("05:01:00").silently()
    device << alarm("a", "07:00:00") >> SetAlertSucceeded(token="a", type="ALARM")
    device.at("07:00:00").silently()
    assert device.state.alerts["a"].life is Life.RINGING


# With a real disk and the runner.


class Watch(Observer):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def time_doubted(self) -> None:
        self.lines.append("doubted")

    def time_believed(self) -> None:
        self.lines.append("believed")


async def set_at_seven(folder: Path) -> None:
    async with House(folder) as house:
        house.told(alarm("a", "07:00:00"))
        await house.clock.until(moment("06:30:00"))


def test_the_time_goes_to_the_disk_each_minute_and_a_boot_knows_it(tmp_path: Path) -> None:
    async def boot() -> None:
        house = House(tmp_path, watch := Watch())
        house.clock.booted = "another time"
        async with house:
            noted = house.storage.noted()
            assert noted is not None
            assert moment("06:29:00") <= noted.latest <= moment("06:30:00")
            assert watch.lines == ["doubted"]
            await house.clock.until(moment("00:00:50"))
            house.clock.step(moment("06:59:00") - moment("00:00:50"))
            await house.clock.until(moment("06:59:02"))
            assert watch.lines == ["doubted", "believed"]
            await house.clock.until(moment("07:00:01"))
            assert house.bell.rang == [(moment("07:00:00"), "a")]

    virtually(set_at_seven(tmp_path))
    virtually(boot())


def test_a_corrected_clock_rings_on_time(tmp_path: Path) -> None:
    async def boot() -> None:
        house = House(tmp_path)
        house.clock.booted = "another time"
        async with house:
            house.runner.told_time(moment("06:59:00"), of_another=True)
            await house.clock.until(moment("00:01:01"))
            ((time, _),) = house.bell.rang
            assert time == moment("00:01:00"), "by a clock that shows midnight when it is a minute to seven"

    virtually(set_at_seven(tmp_path))
    virtually(boot())


def test_a_corrected_clock_that_ntp_sets_later_is_right_by_itself(tmp_path: Path) -> None:
    async def boot() -> None:
        house = House(tmp_path)
        house.clock.booted = "another time"
        async with house:
            await house.clock.until(moment("00:00:10"))
            house.runner.told_time(moment("06:59:00"), of_another=True)
            await house.clock.until(moment("00:00:30"))
            house.clock.step(moment("06:59:20") - moment("00:00:30"))
            await house.clock.until(moment("07:00:01"))
            assert house.bell.rang == [(moment("07:00:00"), "a")]

    virtually(set_at_seven(tmp_path))
    virtually(boot())


@pytest.mark.parametrize("since", ["before the start", "later"])
def test_a_clock_that_ntp_keeps_is_believed_within_a_second(tmp_path: Path, since: str) -> None:
    async def boot() -> None:
        house = House(tmp_path, watch := Watch())
        house.clock.booted, house.clock.is_kept = "another time", since == "before the start"
        house.clock.step(timedelta(hours=7))
        async with house:
            assert (house.bell.sounding == "a") is (since == "before the start")
            await house.clock.until(house.clock.wall() + timedelta(seconds=10))
            house.clock.is_kept = True
            await house.clock.until(house.clock.wall() + timedelta(seconds=1))
            assert house.bell.sounding == "a"
            assert watch.lines == ["doubted", "believed"]

    virtually(set_at_seven(tmp_path))
    virtually(boot())


def test_the_machines_own_time_zone_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for zone in ("America/New_York", "Asia/Seoul", "UTC"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert abs(Clock().wall().timestamp() - time.time()) < 60
        assert Clock().wall().tzinfo is UTC
    monkeypatch.undo()
    time.tzset()


def test_a_pause_is_no_shorter_than_it_should_be() -> None:
    clock = Clock()
    began = clock.monotonic()
    clock.pause(0.002)
    clock.pause(-1)
    assert clock.monotonic() - began >= 0.002


def test_what_a_correction_brings_is_kept_with_the_right_time(tmp_path: Path) -> None:
    async def boot() -> None:
        house = House(tmp_path)
        house.clock.booted = "another time"
        async with house:
            house.runner.told_time(moment("07:00:30"), of_another=True)
            assert house.bell.sounding == "a"
            noted = house.storage.noted()
            assert noted is not None
            assert abs(noted.latest - moment("07:00:30")) < timedelta(seconds=1)
            happened = [letter.happened_at for letter in house.storage.letters()]
            assert abs(happened[-1] - moment("07:00:30")) < timedelta(seconds=1)

    virtually(set_at_seven(tmp_path))
    virtually(boot())


def test_a_cloud_on_the_same_machine_is_no_witness(tmp_path: Path) -> None:
    async def boot() -> None:
        house = House(tmp_path, watch := Watch())
        house.clock.booted = "another time"
        async with house:
            house.runner.told_time(moment("06:59:00"), of_another=False)
            assert watch.lines == ["doubted"]
            house.runner.told_time(moment("06:59:00"), of_another=True)
            assert watch.lines == ["doubted", "believed"]

    virtually(set_at_seven(tmp_path))
    virtually(boot())


def test_a_doubted_clock_is_not_noted(tmp_path: Path) -> None:
    async def boot() -> None:
        house = House(tmp_path)
        house.clock.booted = "another time"
        async with house:
            before = house.storage.noted()
            house.told(alarm("b", "08:00:00"))
            await house.clock.until(moment("00:00:50"))
            assert house.storage.noted() == before

    virtually(set_at_seven(tmp_path))
    virtually(boot())
