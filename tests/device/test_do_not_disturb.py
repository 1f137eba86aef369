"""Do not disturb, told as conversations: what is heard, what is only seen, and what the cloud is told of either."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.alerts.alert import Kind
from bellwire.device.do_not_disturb import HEARD, DoNotDisturb, Hours, at, set_to
from bellwire.device.inputs import (
    DoNotDisturbPressed,
    DoNotDisturbSet,
    LoggedOut,
    PlaybackEnded,
    StopPressed,
    VolumePressed,
)
from bellwire.device.observer import Observer
from bellwire.device.storage import Storage, StorageError
from bellwire.protocol.messages.alerts import AlertStarted, AlertStopped, VolumeChanged
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.conversation import Device, alarm, at_volume, moment, rings, silent
from tests.device.house import House
from tests.virtual_time import virtually

STOPS_BY_ITSELF = replace(CIC_KO_2022, stop_asks_first=False)
NIGHT = Hours(time(22), time(7), "UTC")


def a_device(*kinds: str, now: str = "00:00:00") -> Device:
    """One that stops by the button alone, and has an alert of each kind at one, two, three … o'clock."""
    device = Device(STOPS_BY_ITSELF, now=now)
    for number, kind in enumerate(kinds, 1):
        device.silently() << alarm(kind, f"{number:02}:00:00", kind)
    return device.silently()


def is_on(device: Device) -> bool:
    return device.state.do_not_disturb.is_on


def starts(device: Device, kind: str) -> None:
    device >> AlertStarted(token=kind, type=kind)


def stops(device: Device, kind: str) -> None:
    device << StopPressed() >> AlertStopped(token=kind, type=kind) >> silent(kind)


# By hand.


def test_a_reminder_is_seen_and_not_heard_and_the_cloud_hears_that_it_is_there() -> None:
    device = a_device("REMINDER")
    device << DoNotDisturbPressed(is_on=True)
    device.at("01:00:00")
    starts(device, "REMINDER")
    device >> at_volume(0) >> rings("REMINDER")
    device << StopPressed() >> AlertStopped(token="REMINDER", type="REMINDER") >> silent("REMINDER") >> at_volume(100)
    device.over()


@pytest.mark.parametrize("kind", ["ALARM", "TIMER"])
def test_alarms_and_timers_are_heard_all_the_same(kind: str) -> None:
    device = a_device(kind)
    device << DoNotDisturbPressed(is_on=True)
    device.at("01:00:00")
    starts(device, kind)
    device >> rings(kind)
    stops(device, kind)
    device.over()


def test_which_are_heard_can_be_chosen() -> None:
    device = a_device("ALARM", "REMINDER")
    device << DoNotDisturbSet(None, (Kind.REMINDER,)) << DoNotDisturbPressed(is_on=True)
    device.at("01:00:00")
    starts(device, "ALARM")
    device >> at_volume(0) >> rings("ALARM")
    device.at("02:00:00") >> AlertStopped(token="ALARM", type="ALARM")
    starts(device, "REMINDER")
    device >> silent("ALARM") >> at_volume(100) >> rings("REMINDER")


def test_what_rings_is_silent_at_once_and_heard_again_when_it_is_switched_off() -> None:
    device = a_device("REMINDER").at("01:00:00").silently()
    device << DoNotDisturbPressed(is_on=True) >> at_volume(0)
    device << VolumePressed(40)
    device << DoNotDisturbPressed(is_on=False) >> at_volume(40)
    device.at("02:00:00") >> AlertStopped(token="REMINDER", type="REMINDER") >> silent("REMINDER")
    device.over()


def test_what_nobody_hears_ends_as_any_other() -> None:
    device = a_device("REMINDER", "ACTIONTIMER")
    device << DoNotDisturbPressed(is_on=True)
    device.at("01:30:00").silently()
    device << StopPressed()
    device.silently().at("02:00:00").silently()
    device << PlaybackEnded("ACTIONTIMER") >> AlertStopped(token="ACTIONTIMER", type="ACTIONTIMER")
    device >> silent("ACTIONTIMER") >> at_volume(100)


def test_the_volume_that_the_cloud_knows_is_the_one_that_was_set() -> None:
    device = Device(TVS_2020)
    device << alarm("a", "01:00:00", "REMINDER")
    device.silently() << DoNotDisturbPressed(is_on=True)
    device.at("01:00:00").silently()
    device << VolumePressed(30) >> VolumeChanged(volume=30)
    assert device.state.volume == 30
    device.over()


def test_it_survives_a_power_cut_and_a_logout() -> None:
    device = a_device()
    device << DoNotDisturbPressed(is_on=True)
    device.powered() << LoggedOut()
    assert is_on(device.silently())


# By the hours.


def test_hours_switch_it_on_and_off() -> None:
    device = a_device("REMINDER", now="00:00:00")
    device << DoNotDisturbSet(NIGHT)
    assert is_on(device)
    device.at("06:59:59").silently()
    assert is_on(device)
    device.at("07:00:00")
    assert not is_on(device)
    device.at("22:00:00")
    assert is_on(device)


def test_what_is_silent_when_the_hours_end_is_heard_then() -> None:
    device = a_device(now="06:00:00")
    device << alarm("a", "06:45:00", "REMINDER")
    device.silently() << DoNotDisturbSet(NIGHT)
    device.at("06:45:00").silently()
    device.at("07:00:00") >> at_volume(100)
    device.at("07:45:00") >> AlertStopped(token="a", type="REMINDER") >> silent("a")


def test_switching_it_by_hand_counts_until_the_hours_next_begin_or_end() -> None:
    device = a_device(now="06:00:00")
    device << DoNotDisturbSet(NIGHT) << DoNotDisturbPressed(is_on=False)
    device.at("21:59:59")
    assert not is_on(device)
    device.at("22:00:00")
    assert is_on(device)
    device.at("+1 12:00:00") << DoNotDisturbPressed(is_on=True)
    device.at("+2 06:59:59")
    assert is_on(device)
    device.at("+2 07:00:00")
    assert not is_on(device)


def test_hours_that_are_taken_away_switch_it_off() -> None:
    device = a_device()
    device << DoNotDisturbSet(NIGHT) << DoNotDisturbSet(None)
    assert device.state.do_not_disturb == DoNotDisturb()


def test_hours_that_began_without_power_have_begun() -> None:
    device = a_device(now="21:00:00")
    device << DoNotDisturbSet(NIGHT)
    device.asleep_until("23:00:00").powered()
    assert is_on(device)
    device.asleep_until("+1 12:00:00").powered()
    assert not is_on(device)


def test_a_clock_that_is_set_into_the_hours_or_out_of_them() -> None:
    device = a_device(now="12:00:00")
    device << DoNotDisturbSet(NIGHT)
    device.clock_set("23:00:00")
    assert is_on(device)
    device << DoNotDisturbPressed(is_on=False)
    device.clock_set("23:30:00")
    assert not is_on(device), "switched by hand, and still in the hours"
    device.clock_set("08:00:00").clock_set("01:00:00")
    assert is_on(device)
    assert device.wake_at == moment("07:00:00")


ZONES = st.sampled_from(["UTC", "Asia/Seoul", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"])
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001
WALL = st.times().map(lambda each: each.replace(second=0, microsecond=0))


@given(ZONES, WALL, WALL, INSTANTS)
def test_hours_end_within_a_day_and_a_change_of_clocks(zone: str, begin: time, end: time, now: datetime) -> None:
    if begin == end:
        return
    hours = Hours(begin, end, zone)
    switch = hours.next_switch(now)
    assert now < switch <= now + timedelta(hours=25)
    assert at(set_to(DoNotDisturb(hours=hours), now), now + timedelta(days=2)).is_on is hours.contain(
        now + timedelta(days=2)
    )
    local = switch.astimezone(ZoneInfo(zone)).time()
    assert (
        local in {begin, end}
        or (switch + timedelta(hours=1)).astimezone(ZoneInfo(zone)).utcoffset()
        != (switch - timedelta(hours=1)).astimezone(ZoneInfo(zone)).utcoffset()
    )


@pytest.mark.parametrize(
    ("begin", "end", "zone", "problem"),
    [
        (time(7), time(7), "UTC", "07:00 to 07:00 are none"),
        (time(7), time(8), "Mars/Base", "no time zone 'Mars/Base'"),
        (time(7), time(8), "Asia", "no time zone 'Asia'"),
        (time(7), time(8), "../etc", "no time zone"),
        (time(7, tzinfo=UTC), time(8), "UTC", "without an offset"),
    ],
)
def test_hours_that_can_not_be_say_why(begin: time, end: time, zone: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Hours(begin, end, zone)


# On the disk, and seen.


def test_it_is_kept_and_watched(tmp_path: Path) -> None:
    class Watch(Observer):
        seen: list[DoNotDisturb] = []  # noqa: RUF012

        def do_not_disturb_changed(self, setting: DoNotDisturb) -> None:
            self.seen.append(setting)

    async def day() -> None:
        async with House(tmp_path, Watch()) as house:
            house.runner.happens(DoNotDisturbSet(NIGHT, (Kind.ALARM,)))
            house.runner.happens(DoNotDisturbPressed(is_on=False))
            wanted = DoNotDisturb(hours=NIGHT, exceptions=(Kind.ALARM,), switches_at=moment("07:00:00"))
            assert house.runner.do_not_disturb == wanted
            assert Watch.seen[1:] == [wanted]
        async with House(tmp_path) as again:
            assert again.runner.do_not_disturb == wanted
            await again.clock.until(moment("22:00:01"))
            assert again.storage.do_not_disturb().is_on

    virtually(day())


def test_a_damaged_setting_names_the_file(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "speaker.db")
    assert storage.do_not_disturb() == DoNotDisturb(exceptions=HEARD)
    storage.keep(facts={"do not disturb": '{"hours": {"begin": "07:00:00", "end": "07:00:00", "zone": "UTC"}}'})
    with pytest.raises(StorageError, match=r"speaker\.db is damaged"):
        storage.do_not_disturb()
    storage.close()
