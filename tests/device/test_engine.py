"""What the device does, told as conversations (CLOVA Alerts 2022, clause by clause)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from bellwire.alerts.alert import Kind
from bellwire.alerts.lifecycle import Life
from bellwire.device import outputs
from bellwire.device.engine import MAX_ALERTS, alerts_state, is_moot
from bellwire.device.inputs import (
    AssetFailed,
    AssetFetched,
    Connected,
    DeletePressed,
    Disconnected,
    LoggedOut,
    NotKept,
    PlaybackEnded,
    StopPressed,
    Woke,
)
from bellwire.device.occurrences import MAX_ASSETS, MAX_LABEL
from bellwire.device.ringer.sounds import Asset as Clip
from bellwire.device.ringer.sounds import Bell
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    Asset,
    DeleteAlert,
    DeleteAlertFailed,
    DeleteAlertSucceeded,
    OneAlert,
    RequestAlertStop,
    RequestDeleteAlert,
    RequestSynchronizeAlert,
    SetAlert,
    SetAlertFailed,
    SetAlertSucceeded,
    StopAlert,
    SynchronizeAlert,
)
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.messages.system import Exception as CloudException
from bellwire.protocol.profiles.clova import CIC_KO_2022, Hello
from bellwire.protocol.profiles.profile import SeveralAtOnce
from tests.conversation import Device, Loose, alarm, fetches, gives_up, moment, muted, rings, silent

SPEECH = "https://cloud.example/speech"
STOPS_ALONE = replace(CIC_KO_2022, stop_asks_first=False, delete_request=None)
QUEUES = replace(CIC_KO_2022, several_at_once=SeveralAtOnce.QUEUE)


@pytest.fixture
def device() -> Iterator[Device]:
    device = Device()
    yield device
    device.over()


def of(message: type[OneAlert], token: str, kind: str = "ALARM") -> OneAlert:
    return message(token=token, type=kind)


def is_set(token: str, kind: str = "ALARM") -> OneAlert:
    return of(SetAlertSucceeded, token, kind)


def started(token: str, kind: str = "ALARM") -> OneAlert:
    return of(AlertStarted, token, kind)


def stopped(token: str, kind: str = "ALARM") -> OneAlert:
    return of(AlertStopped, token, kind)


def deleted(token: str, kind: str = "ALARM") -> OneAlert:
    return of(DeleteAlertSucceeded, token, kind)


def everything(*all_alerts: SetAlert) -> SynchronizeAlert:
    return SynchronizeAlert(all_alerts=all_alerts)


def reminder(*urls: str, token: str = "a", order: tuple[str, ...] | None = None, kind: str = "REMINDER") -> SetAlert:
    ids = tuple(f"id-{number}" for number, _ in enumerate(urls))
    assets = tuple(Asset(asset_id=asset_id, url=url) for asset_id, url in zip(ids, urls, strict=True))
    return SetAlert(
        token=token,
        type=kind,
        scheduled_time=moment("07:00:00"),
        assets=assets,
        asset_play_order=ids if order is None else order,
    )


def ringing(device: Device, token: str = "a", time: str = "07:00:00") -> None:
    device << alarm(token, time) >> is_set(token)
    device.at(time) >> started(token) >> rings(token)


def life(device: Device, token: str = "a") -> Life:
    return device.state.alerts[token].life


# From the word to the bell.


def test_an_alarm_is_set_rings_and_is_stopped_by_the_cloud(device: Device) -> None:
    device.at("06:00:00") << alarm("a", "07:00:00") >> is_set("a")
    device.at("06:59:59.999")
    device.at("07:00:00") >> started("a") >> rings("a")
    device << of(StopAlert, "a") >> stopped("a") >> silent("a")
    device << of(DeleteAlert, "a") >> deleted("a")
    assert not device.disk


def test_a_button_mutes_at_once_and_the_cloud_ends_it(device: Device) -> None:
    ringing(device)
    device << StopPressed() >> Loose(of(RequestAlertStop, "a")) >> muted("a")
    device.at("07:00:04.999") << of(StopAlert, "a") >> stopped("a") >> silent("a")
    device.at("07:10:00")


def test_a_button_that_nobody_answers_for_5_seconds_stops_it_here(device: Device) -> None:
    ringing(device)
    device << StopPressed() >> Loose(of(RequestAlertStop, "a")) >> muted("a")
    device.at("07:00:04.999")
    device.at("07:00:05") >> stopped("a") >> silent("a")
    device << of(StopAlert, "a")


def test_what_is_muted_when_the_network_goes_is_over(device: Device) -> None:
    ringing(device)
    device << StopPressed() >> Loose(of(RequestAlertStop, "a")) >> muted("a")
    device << Disconnected() >> stopped("a") >> silent("a")


def test_what_rings_when_the_network_goes_rings_on(device: Device) -> None:
    ringing(device)
    device << Disconnected()
    assert life(device) is Life.RINGING


def test_a_version_without_asking_stops_by_the_button_alone() -> None:
    device = Device(STOPS_ALONE)
    ringing(device)
    device << StopPressed() >> stopped("a") >> silent("a")
    device.over()


def test_a_button_is_for_what_rings_only(device: Device) -> None:
    device << StopPressed()
    ringing(device)
    device << StopPressed() >> Loose(of(RequestAlertStop, "a")) >> muted("a")
    device << StopPressed()


def test_nobody_hears_it_for_an_hour(device: Device) -> None:
    ringing(device)
    device.at("07:59:59")
    device.at("08:00:00") >> stopped("a") >> silent("a")


def test_the_sounds_of_an_action_timer_are_played_once(device: Device) -> None:
    device << alarm("a", "07:00:00", "ACTIONTIMER") >> is_set("a", "ACTIONTIMER")
    device.at("07:00:00") >> started("a", "ACTIONTIMER") >> rings("a")
    assert outputs.Ring("a", Kind.ACTIONTIMER, (), 1) in device.outputs
    device << PlaybackEnded("other")
    device << PlaybackEnded("a") >> stopped("a", "ACTIONTIMER") >> silent("a")
    device << PlaybackEnded("a")


@pytest.mark.parametrize("kind", ["ALARM", "REMINDER", "TIMER"])
def test_all_others_ring_until_they_are_stopped(device: Device, kind: str) -> None:
    device << alarm("a", "07:00:00", kind) >> is_set("a", kind)
    device.at("07:00:00") >> started("a", kind) >> rings("a")
    assert (ring_of(device).sources, ring_of(device).rounds) == ((), None)


def test_an_alarm_becomes_louder_slowly_and_nothing_else_does(device: Device) -> None:
    for kind, ramp in (("ALARM", 30), ("TIMER", 0), ("REMINDER", 0), ("ACTIONTIMER", 0)):
        device.silently() << alarm("a", f"{7 + len(kind)}:00:00", kind)
        device.silently().at(f"{7 + len(kind)}:00:00")
        assert ring_of(device).ramp == timedelta(seconds=ramp)
    device.silently()


def test_an_unknown_kind_counts_as_an_alarm(device: Device) -> None:
    device << alarm("a", "07:00:00", "GONG") >> is_set("a")


# SetAlert.


def test_an_edit_moves_the_alarm_and_its_old_time_is_silent(device: Device) -> None:
    device << alarm("a", "07:00:00") >> is_set("a")
    device << alarm("a", "08:00:00") >> is_set("a")
    device.at("07:59:59")
    device.at("08:00:00") >> started("a") >> rings("a")


def test_an_edit_of_what_rings_is_a_snooze(device: Device) -> None:
    ringing(device)
    device.at("07:00:10") << alarm("a", "07:09:00") >> stopped("a") >> is_set("a") >> silent("a")
    device.at("07:09:00") >> started("a") >> rings("a")


def test_a_snooze_of_what_is_muted(device: Device) -> None:
    ringing(device)
    device << StopPressed() >> Loose(of(RequestAlertStop, "a")) >> muted("a")
    device << alarm("a", "07:09:00") >> stopped("a") >> is_set("a") >> silent("a")
    device.at("07:08:59")
    device.at("07:09:00") >> started("a") >> rings("a")


def test_a_snooze_of_what_waits_has_nothing_to_stop(device: Device) -> None:
    device << alarm("b", "07:00:00") >> is_set("b")
    ringing(device)
    device << alarm("b", "07:09:00") >> is_set("b")
    device << of(StopAlert, "a") >> stopped("a") >> silent("a")
    device.at("07:09:00") >> started("b") >> rings("b")


def test_a_snooze_to_a_time_just_gone_rings_anew(device: Device) -> None:
    ringing(device)
    device.at("07:05:00") << alarm("a", "07:04:00") >> stopped("a") >> is_set("a") >> started("a") >> rings("a")
    assert device.wake_at == moment("08:05:00")


def test_the_same_alert_again_while_it_rings_changes_nothing(device: Device) -> None:
    ringing(device)
    device.at("07:45:00") << alarm("a", "07:00:00") >> is_set("a")
    assert life(device) is Life.RINGING
    device.at("08:00:00") >> stopped("a") >> silent("a")


def test_the_same_instant_in_another_time_zone_is_the_same(device: Device) -> None:
    ringing(device)
    elsewhere = moment("07:00:00").astimezone(timezone(timedelta(hours=9)))
    device << SetAlert(token="a", type="ALARM", scheduled_time=elsewhere) >> is_set("a")
    assert life(device) is Life.RINGING


def test_another_label_while_it_rings_lets_it_ring_on(device: Device) -> None:
    ringing(device)
    device << alarm("a", "07:00:00", label="tea") >> is_set("a")
    assert device.disk["a"].occurrence.label == "tea"


def test_other_sounds_while_it_rings_are_heard_at_once(device: Device) -> None:
    device << reminder() >> is_set("a", "REMINDER")
    device.at("07:00:00") >> started("a", "REMINDER") >> rings("a")
    device << reminder(SPEECH) >> is_set("a", "REMINDER") >> rings("a") >> fetches(SPEECH)
    assert device.wake_at == moment("08:00:00")


def test_the_same_alert_again_after_it_rang_does_not_ring_again(device: Device) -> None:
    ringing(device)
    device << of(StopAlert, "a") >> stopped("a") >> silent("a")
    device << alarm("a", "07:00:00") >> is_set("a")
    device.powered()
    assert life(device) is Life.STOPPED


def test_the_next_time_of_a_recurring_alarm_comes_after_its_stop(device: Device) -> None:
    ringing(device)
    device << of(StopAlert, "a") >> stopped("a") >> silent("a")
    device << alarm("a", "+1 07:00:00") >> is_set("a")
    device.at("+1 06:59:59")
    device.at("+1 07:00:00") >> started("a") >> rings("a")


def test_an_alarm_late_by_half_an_hour_rings_at_once(device: Device) -> None:
    device.at("07:30:00") << alarm("a", "07:00:00") >> is_set("a") >> started("a") >> rings("a")


def test_an_alarm_late_by_more_fails(device: Device) -> None:
    device.at("07:30:01") << alarm("a", "07:00:00") >> of(SetAlertFailed, "a")
    assert not device.disk


def test_an_edit_that_fails_leaves_the_alarm_as_it_was(device: Device) -> None:
    device.at("06:00:00") << alarm("a", "07:00:00") >> is_set("a")
    device << alarm("a", "05:00:00") >> of(SetAlertFailed, "a")
    device.at("07:00:00") >> started("a") >> rings("a")
    device << alarm("a", "05:00:00") >> of(SetAlertFailed, "a")
    assert life(device) is Life.RINGING


def test_what_is_too_large_fails(device: Device) -> None:
    device << alarm("a", "07:00:00", label="x" * MAX_LABEL) >> is_set("a")
    device << alarm("a", "07:00:00", label="x" * (MAX_LABEL + 1)) >> of(SetAlertFailed, "a")
    device << reminder(*[CIC_KO_2022.bell_of("REMINDER")] * MAX_ASSETS, token="b") >> is_set("b", "REMINDER")
    device << reminder(*[SPEECH] * (MAX_ASSETS + 1), token="c") >> of(SetAlertFailed, "c", "REMINDER")
    assert device.disk.keys() == {"a", "b"}


def test_a_thousand_alerts_are_held_and_no_more(device: Device) -> None:
    device << everything(*(alarm(f"{number}", "07:00:00") for number in range(MAX_ALERTS)))
    device.silently() << alarm("more", "07:00:00") >> of(SetAlertFailed, "more")
    device << alarm("7", "08:00:00") >> is_set("7")
    device << of(DeleteAlert, "8") >> deleted("8")
    device << alarm("more", "07:00:00") >> is_set("more")


def test_fractions_of_a_second_are_left_out(device: Device) -> None:
    time = moment("07:00:00") + timedelta(milliseconds=250)
    device << SetAlert(token="a", type="ALARM", scheduled_time=time) >> is_set("a")
    device.at("07:00:00") >> started("a") >> rings("a")


# DeleteAlert, StopAlert.


def test_deleting_while_it_rings_reports_both(device: Device) -> None:
    ringing(device)
    device << of(DeleteAlert, "a") >> stopped("a") >> deleted("a") >> silent("a")
    device.at("09:00:00")
    assert not device.disk


def test_deleting_what_is_not_there_succeeds(device: Device) -> None:
    device << of(DeleteAlert, "a", "TIMER") >> deleted("a", "TIMER")


def test_a_deleted_alarm_is_silent_at_its_hour(device: Device) -> None:
    device << alarm("a", "07:00:00") >> is_set("a")
    device << of(DeleteAlert, "a") >> deleted("a")
    device.at("09:00:00")
    assert device.wake_at is None


def test_stopping_what_waits_ends_it_unheard(device: Device) -> None:
    device << alarm("b", "07:00:00") >> is_set("b")
    ringing(device)
    device << of(StopAlert, "b") >> stopped("b")
    device << of(StopAlert, "a") >> stopped("a") >> silent("a")


def test_stopping_what_is_not_due_or_not_there_is_not_reported(device: Device) -> None:
    device << alarm("a", "07:00:00") >> is_set("a")
    device << of(StopAlert, "a") << of(StopAlert, "nobody")
    device.at("07:00:00") >> started("a") >> rings("a")
    device << of(StopAlert, "a") >> stopped("a") >> silent("a")
    device << of(StopAlert, "a")


# SynchronizeAlert.


def test_a_connection_begins_with_asking_for_the_list(device: Device) -> None:
    device << Connected() >> Loose(RequestSynchronizeAlert())


def test_the_list_is_all_that_there_is(device: Device) -> None:
    for token in ("same", "changed", "gone"):
        device << alarm(token, "07:00:00") >> is_set(token)
    device << everything(alarm("same", "07:00:00"), alarm("changed", "08:00:00"), alarm("new", "09:00:00"))
    device >> deleted("gone") >> is_set("changed") >> is_set("new")
    times = {token: held.occurrence.scheduled_time for token, held in device.disk.items()}
    assert times == {"same": moment("07:00:00"), "changed": moment("08:00:00"), "new": moment("09:00:00")}


def test_what_rings_and_is_in_the_list_rings_on(device: Device) -> None:
    ringing(device)
    device.at("07:40:00") << everything(alarm("a", "07:00:00"))
    assert life(device) is Life.RINGING


def test_what_rings_and_is_not_in_the_list_is_removed(device: Device) -> None:
    ringing(device)
    device << everything() >> stopped("a") >> deleted("a") >> silent("a")


def test_what_is_over_stays_over_when_the_list_still_has_it(device: Device) -> None:
    ringing(device)
    device << of(StopAlert, "a") >> stopped("a") >> silent("a")
    device << everything(alarm("a", "07:00:00"))
    assert life(device) is Life.STOPPED


def test_an_older_list_rings_nothing_that_was_stopped_and_deleted(device: Device) -> None:
    ringing(device)
    device << of(StopAlert, "a") >> stopped("a") >> silent("a")
    device << of(DeleteAlert, "a") >> deleted("a")
    device << everything(alarm("a", "07:00:00")) >> is_set("a") >> stopped("a")
    assert device.disk == {}


def test_what_was_deleted_unheard_can_be_set_again(device: Device) -> None:
    device << alarm("a", "07:00:00") >> is_set("a")
    device << of(DeleteAlert, "a") >> deleted("a")
    device << alarm("a", "07:00:00") >> is_set("a")
    device.at("07:00:00") >> started("a") >> rings("a")


def test_a_list_can_replace_a_full_one(device: Device) -> None:
    device << everything(*(alarm(f"old-{number}", "07:00:00") for number in range(MAX_ALERTS)))
    device.silently() << everything(*(alarm(f"new-{number}", "07:00:00") for number in range(MAX_ALERTS)))
    device.silently()
    assert set(device.disk) == {f"new-{number}" for number in range(MAX_ALERTS)}


def test_an_entry_that_is_long_past_fails_alone(device: Device) -> None:
    device.at("08:00:00") << everything(alarm("old", "07:00:00"), alarm("a", "09:00:00"))
    device >> of(SetAlertFailed, "old") >> is_set("a")


# Deleted by hand.


def test_deleting_by_hand_hides_it_and_asks_the_cloud(device: Device) -> None:
    device << alarm("a", "07:00:00") >> is_set("a")
    device << DeletePressed("a") >> of(RequestDeleteAlert, "a")
    assert device.disk["a"].hidden
    device << DeletePressed("a") << DeletePressed("nobody")
    device << of(DeleteAlert, "a") >> deleted("a")


def test_what_was_deleted_by_hand_does_not_ring_while_the_cloud_is_away(device: Device) -> None:
    device << alarm("a", "07:00:00") >> is_set("a")
    device << DeletePressed("a") >> of(RequestDeleteAlert, "a")
    device.at("07:00:00") >> stopped("a")
    device.powered()
    assert device.disk["a"].hidden


def test_deleting_by_hand_what_rings_mutes_it(device: Device) -> None:
    ringing(device)
    device << DeletePressed("a") >> of(RequestDeleteAlert, "a") >> muted("a")
    device.at("07:00:05") >> stopped("a") >> silent("a")
    device << of(DeleteAlert, "a") >> deleted("a")


def test_deleting_by_hand_what_waits_ends_it(device: Device) -> None:
    device << alarm("b", "07:00:00") >> is_set("b")
    ringing(device)
    device << DeletePressed("b") >> of(RequestDeleteAlert, "b") >> stopped("b")


def test_the_cloud_that_sets_it_again_has_the_last_word(device: Device) -> None:
    device << alarm("a", "07:00:00") >> is_set("a")
    device << DeletePressed("a") >> of(RequestDeleteAlert, "a")
    device << alarm("a", "07:00:00") >> is_set("a")
    device << DeletePressed("a") >> of(RequestDeleteAlert, "a")
    device << everything(alarm("a", "07:00:00"))
    device.at("07:00:00") >> started("a") >> rings("a")


def test_a_version_without_a_request_deletes_nothing_by_hand() -> None:
    device = Device(STOPS_ALONE)
    ringing(device)
    device << DeletePressed("a")
    assert not device.disk["a"].hidden
    device.over()


# Several at once.


def test_equal_times_ring_one_after_the_other(device: Device) -> None:
    for token in ("c", "a", "b"):
        device << alarm(token, "07:00:00") >> is_set(token)
    device.at("07:00:00") >> started("a") >> rings("a")
    device << of(StopAlert, "a") >> stopped("a") >> started("b") >> silent("a") >> rings("b")
    device << of(DeleteAlert, "b") >> stopped("b") >> deleted("b") >> started("c") >> silent("b") >> rings("c")


def test_a_later_one_cancels_an_older_one(device: Device) -> None:
    device << alarm("b", "07:10:00") >> is_set("b")
    ringing(device)
    device.at("07:10:00") >> stopped("a") >> started("b") >> silent("a") >> rings("b")


def test_a_later_one_cancels_a_muted_one(device: Device) -> None:
    device << alarm("b", "07:00:03") >> is_set("b")
    ringing(device)
    device << StopPressed() >> Loose(of(RequestAlertStop, "a")) >> muted("a")
    device.at("07:00:03") >> stopped("a") >> started("b") >> silent("a") >> rings("b")


def test_what_waited_rings_after_what_came_later(device: Device) -> None:
    for token, time in (("b", "07:00:00"), ("c", "07:10:00")):
        device << alarm(token, time) >> is_set(token)
    ringing(device)
    device.at("07:10:00") >> stopped("a") >> started("c") >> silent("a") >> rings("c")
    device << of(StopAlert, "c") >> stopped("c") >> started("b") >> silent("c") >> rings("b")


def test_an_older_one_that_is_set_late_waits(device: Device) -> None:
    ringing(device)
    device.at("07:05:00") << alarm("b", "06:59:00") >> is_set("b")
    device << of(StopAlert, "a") >> stopped("a") >> started("b") >> silent("a") >> rings("b")


def test_a_version_that_queues_lets_the_first_one_ring() -> None:
    device = Device(QUEUES)
    device << alarm("b", "07:10:00") >> is_set("b")
    ringing(device)
    device.at("07:59:00") << of(StopAlert, "a") >> stopped("a") >> started("b") >> silent("a") >> rings("b")
    device.over()


# Power cuts and clocks.


def test_an_alarm_survives_a_power_cut(device: Device) -> None:
    device << alarm("a", "07:00:00") >> is_set("a")
    device.asleep_until("03:00:00").powered()
    device.at("07:00:00") >> started("a") >> rings("a")


def test_an_alarm_missed_by_half_an_hour_rings_at_boot(device: Device) -> None:
    device << alarm("a", "07:00:00") >> is_set("a")
    device.asleep_until("07:30:00").powered() >> started("a") >> rings("a")


def test_an_alarm_missed_by_more_is_reported_stopped_once(device: Device) -> None:
    device << alarm("a", "07:00:00") >> is_set("a")
    device.asleep_until("07:30:01").powered() >> stopped("a")
    device.powered().at("+1 09:00:00")


def test_alarms_that_were_missed_together_all_ring(device: Device) -> None:
    device << alarm("a", "07:00:00") >> is_set("a")
    device << alarm("b", "07:10:00") >> is_set("b")
    device.asleep_until("07:20:00").powered() >> started("a") >> rings("a")
    device << of(StopAlert, "a") >> stopped("a") >> started("b") >> silent("a") >> rings("b")


def test_what_rang_when_the_power_went_rings_again(device: Device) -> None:
    device << alarm("b", "07:00:00") >> is_set("b")
    ringing(device)
    device.asleep_until("07:01:00").powered() >> started("a") >> rings("a")
    device << of(StopAlert, "a") >> stopped("a") >> started("b") >> silent("a") >> rings("b")


def test_what_was_muted_when_the_power_went_is_over(device: Device) -> None:
    ringing(device)
    device << StopPressed() >> Loose(of(RequestAlertStop, "a")) >> muted("a")
    device.powered() >> stopped("a")
    device.powered()


def test_a_clock_set_forward_rings_what_it_skipped(device: Device) -> None:
    device << alarm("late", "07:00:00") >> is_set("late")
    device << alarm("a", "07:15:00") >> is_set("a")
    device.clock_set("07:40:00") >> stopped("late") >> started("a") >> rings("a")


def test_a_clock_set_back_does_not_ring_again(device: Device) -> None:
    ringing(device)
    device << of(StopAlert, "a") >> stopped("a") >> silent("a")
    device.clock_set("06:50:00").at("08:00:00")


def test_a_ring_lasts_as_long_whatever_the_clock_does(device: Device) -> None:
    ringing(device)
    device.at("07:30:00").clock_set("12:30:00").at("12:59:59").clock_set("05:00:00")
    device.at("05:00:01") >> stopped("a") >> silent("a")


def test_a_ring_that_stands_in_the_future_after_a_step_rings_on(device: Device) -> None:
    device << alarm("b", "07:00:00") >> is_set("b")
    ringing(device)
    device.clock_set("06:00:00") << StopPressed() >> Loose(of(RequestAlertStop, "a")) >> muted("a")
    device.at("06:00:05") >> stopped("a") >> silent("a")
    device.at("07:00:00") >> started("a") >> rings("a")


# Sounds.


def ring_of(device: Device) -> outputs.Ring:
    return next(output for output in device.outputs if isinstance(output, outputs.Ring))


def test_speech_is_fetched_when_it_is_set_and_played_in_order(device: Device) -> None:
    bell = CIC_KO_2022.bell_of("REMINDER")
    message = reminder(SPEECH, bell, order=("id-1", "id-0", "unknown", "id-1"))
    device << message >> is_set("a", "REMINDER") >> fetches(SPEECH)
    device << AssetFetched(SPEECH)
    device.at("07:00:00") >> started("a", "REMINDER") >> rings("a")
    assert ring_of(device).sources == (Bell("REMINDER"), Clip(SPEECH), Bell("REMINDER"))


def test_a_bell_is_that_of_the_kind_that_it_names(device: Device) -> None:
    bells = (CIC_KO_2022.bell_of("TIMER"), CIC_KO_2022.bell_of("GONG"))
    device << reminder(*bells) >> is_set("a", "REMINDER")
    device.at("07:00:00") >> started("a", "REMINDER") >> rings("a")
    assert ring_of(device).sources == (Bell("TIMER"), Bell("REMINDER"))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://cloud.example/x", "//cloud.example/x", "x", "httpx://x"])
def test_other_schemes_are_left_out(device: Device, url: str) -> None:
    device << reminder(url) >> is_set("a", "REMINDER")
    device.at("07:00:00") >> started("a", "REMINDER") >> rings("a")
    assert ring_of(device).sources == ()


def test_sounds_that_no_alert_plays_any_more_are_given_up(device: Device) -> None:
    device << reminder(SPEECH, token="a") >> is_set("a", "REMINDER") >> fetches(SPEECH)
    device << reminder(SPEECH, token="b") >> is_set("b", "REMINDER") >> fetches(SPEECH)
    device << of(DeleteAlert, "a", "REMINDER") >> deleted("a", "REMINDER")
    device << reminder(SPEECH + "2", token="b") >> is_set("b", "REMINDER") >> fetches(SPEECH + "2") >> gives_up(SPEECH)


def test_sounds_that_could_not_be_had_are_sought_again(device: Device) -> None:
    device << reminder(SPEECH) >> is_set("a", "REMINDER") >> fetches(SPEECH)
    device << AssetFailed(SPEECH, "it is away")
    device.at("00:04:59")
    device.at("00:05:00") >> fetches(SPEECH)
    device << AssetFailed(SPEECH, "it is away")
    device << Connected() >> Loose(RequestSynchronizeAlert()) >> fetches(SPEECH)
    device << AssetFailed(SPEECH, "it is away") << AssetFetched(SPEECH)
    device.at("06:00:00") << AssetFailed(SPEECH, "it is away")
    device << of(DeleteAlert, "a", "REMINDER") >> deleted("a", "REMINDER") >> gives_up(SPEECH)
    device.at("09:00:00")


def test_a_clock_that_is_set_does_not_change_how_soon_they_are_sought_again(device: Device) -> None:
    device << reminder(SPEECH) >> is_set("a", "REMINDER") >> fetches(SPEECH)
    device.at("05:00:00") << AssetFailed(SPEECH, "it is away")
    device.clock_set("01:00:00").at("01:04:59")
    device.at("01:05:00") >> fetches(SPEECH)


def test_sounds_are_made_ready_at_boot(device: Device) -> None:
    device << reminder(SPEECH) >> is_set("a", "REMINDER") >> fetches(SPEECH)
    device.powered() >> fetches(SPEECH)


# The rest.


@pytest.mark.parametrize("message", [Hello(), CloudException(code=400, description="?"), RequestSynchronizeAlert()])
def test_what_is_not_for_the_engine_changes_nothing(device: Device, message: Message) -> None:
    device << message
    assert not device.disk


def test_what_could_not_be_saved_has_failed(device: Device) -> None:
    for directive, failure in (
        (alarm("a", "07:00:00"), of(SetAlertFailed, "a")),
        (of(DeleteAlert, "a"), of(DeleteAlertFailed, "a")),
    ):
        device << NotKept(Directive(message=directive, message_id="m")) >> Loose(failure)
    device << NotKept(Directive(message=everything(), message_id="m"))
    device << NotKept(Directive(message=of(StopAlert, "a"), message_id="m"))


def test_a_logout_leaves_nothing(device: Device) -> None:
    device << alarm("b", "09:00:00") >> is_set("b")
    ringing(device)
    device << reminder(SPEECH, token="c") >> is_set("c", "REMINDER")
    device >> fetches(SPEECH)
    device << AssetFailed(SPEECH, "it is away")
    device << LoggedOut() >> silent("a") >> gives_up(SPEECH)
    assert (device.disk, device.outbox, device.wake_at) == ({}, [], None)
    assert not alerts_state(device.state).all_alerts


def test_the_context_has_all_alerts_and_what_rings(device: Device) -> None:
    for token in ("set", "hidden"):
        device << alarm(token, "+1 07:00:00") >> is_set(token)
    device << DeletePressed("hidden") >> of(RequestDeleteAlert, "hidden")
    device << alarm("over", "06:00:00") >> is_set("over")
    device.at("06:00:00") >> started("over") >> rings("over")
    device << of(StopAlert, "over") >> stopped("over") >> silent("over")
    device << alarm("waiting", "07:00:00") >> is_set("waiting")
    ringing(device)
    state = alerts_state(device.state)
    assert {shown.token for shown in state.all_alerts} == {"set", "hidden", "over", "waiting", "a"}
    assert [(shown.token, shown.type, shown.scheduled_time) for shown in state.active_alerts] == [
        ("a", "ALARM", moment("07:00:00"))
    ]
    device << StopPressed() >> Loose(of(RequestAlertStop, "a")) >> muted("a")
    assert [shown.token for shown in alerts_state(device.state).active_alerts] == ["a"]


# Mistakes that other speakers are known for.


def test_an_alarm_26_hours_away_does_not_ring_in_two(device: Device) -> None:
    device << alarm("a", "+1 02:00:00") >> is_set("a")
    assert device.wake_at == moment("+1 02:00:00")
    device.at("+1 01:59:59")
    device.at("+1 02:00:00") >> started("a") >> rings("a")


def test_the_first_alarm_is_armed_and_not_the_last(device: Device) -> None:
    for token, time in (("b", "08:00:00"), ("a", "07:00:00"), ("c", "09:00:00")):
        device << alarm(token, time) >> is_set(token)
    assert device.wake_at == moment("07:00:00")
    device.at("07:00:00") >> started("a") >> rings("a")


def test_waking_too_early_or_twice_does_nothing(device: Device) -> None:
    device << alarm("a", "07:00:00") >> is_set("a")
    device.at("06:59:59.999") << Woke() << Woke()
    device.at("07:00:00") >> started("a") >> rings("a")
    device << Woke() << Woke()


def test_a_request_to_stop_has_sense_while_it_is_muted(device: Device) -> None:
    request = of(RequestAlertStop, "a")
    ringing(device)
    device << StopPressed() >> Loose(request) >> muted("a")
    assert not is_moot(request, device.state)
    device << of(StopAlert, "a") >> stopped("a") >> silent("a")
    assert is_moot(request, device.state)
    assert is_moot(of(RequestAlertStop, "nobody"), device.state)
    assert not is_moot(RequestSynchronizeAlert(), device.state)
