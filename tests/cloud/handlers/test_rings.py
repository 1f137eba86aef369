"""Did it ring? What the reports of devices, and their silence, leave of each occurrence."""

from datetime import timedelta

import pytest

from bellwire.alerts.alert import Kind, OwnConduct
from bellwire.alerts.rings import Outcome, Why
from bellwire.cloud import accounts
from bellwire.cloud.history import RingView
from bellwire.cloud.snoozing import stop_alert
from bellwire.cloud.store.conducts import save_conduct
from bellwire.cloud.store.rings import list_rings
from bellwire.cloud.timers import extend_timer
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    DeleteAlert,
    DeleteAlertSucceeded,
    RequestAlertStop,
    RequestDeleteAlert,
    RequestSynchronizeAlert,
    SetAlertFailed,
    SetAlertSucceeded,
    StopAlert,
)
from bellwire.protocol.messages.bellwire import RequestAlertSnooze, RequestSnoozeEnd
from bellwire.protocol.messages.system import SynchronizeState
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cloud.conversation import ACCOUNT, Line, Talk, alarm, at
from tests.cloud.handlers.house import Speaker

A = {"token": "a", "type": "ALARM"}
TODAY, TOMORROW = alarm("a", at("07:00")), alarm("a", at("07:00", day=21))


def house(talk: Talk, *names: str, profile: Profile = CIC_KO_2022) -> tuple[Speaker, ...]:
    """Speakers with the daily alarm `a` of 07:00."""
    return tuple(Speaker(talk, profile, name).holds(rule="FREQ=DAILY") for name in names)


def rings_on(talk: Talk, *speakers: Speaker) -> None:
    talk.now = at("07:00")
    talk.passes(milliseconds=12)
    for speaker in speakers:
        speaker.starts()


def stops(speaker: Speaker) -> None:
    speaker.shows(at("07:00")) >> speaker.of(AlertStopped)


def moves_on(talk: Talk, line: Line) -> None:
    """It is told of tomorrow's, and has it."""
    line << TOMORROW
    line.shows(TOMORROW) >> SetAlertSucceeded(**A)


def ring_of(talk: Talk, device: str) -> RingView:
    (found,) = [each for each in talk.history("a").rings if each.device == device]
    return found


# It rang


def test_it_rang_and_was_stopped_by_a_button(talk: Talk) -> None:
    kitchen, bedroom = house(talk, "kitchen", "bedroom")
    rings_on(talk, kitchen, bedroom)
    assert talk.tells("a") == ["20 07:00 bedroom rings since 07:00:00, 12 ms late",
                               "20 07:00 kitchen rings since 07:00:00, 12 ms late"]  # fmt: skip
    talk.passes(seconds=90)

    kitchen.line >> RequestAlertStop(**A)
    kitchen.line << StopAlert(**A)
    bedroom.line << StopAlert(**A)
    stops(kitchen)
    assert talk.tells("a")[0] == (
        "20 07:00 bedroom rang at 07:00:00, 12 ms late; over since 07:01:30, by the button on kitchen; "
        "it has not said that it stopped"
    )
    stops(bedroom)

    assert talk.tells("a") == [
        "20 07:00 bedroom rang at 07:00:00, 12 ms late; stopped at 07:01:30, by the button on kitchen",
        "20 07:00 kitchen rang at 07:00:00, 12 ms late; stopped at 07:01:30, by the button there",
    ]
    shown = ring_of(talk, "kitchen")
    assert (shown.outcome, shown.late_seconds, shown.set_at) == (Outcome.RANG, 0.012, at("06:00"))


def test_it_ended_by_itself_and_so_it_did_elsewhere(talk: Talk) -> None:
    kitchen, bedroom = house(talk, "kitchen", "bedroom")
    rings_on(talk, kitchen, bedroom)
    talk.passes(hours=1)

    stops(kitchen)
    bedroom.line << StopAlert(**A)
    stops(bedroom)

    assert talk.tells("a") == [
        "20 07:00 bedroom rang at 07:00:00, 12 ms late; stopped at 08:00:00, because it was stopped on kitchen",
        "20 07:00 kitchen rang at 07:00:00, 12 ms late; stopped at 08:00:00, by itself: nobody stopped it",
    ]


@pytest.mark.parametrize(
    ("minutes", "told"),
    [(1, "by its button or by itself: its version does not tell which"), (61, "by itself: its hour was over")],
)
def test_where_a_version_does_not_tell_who_stopped_it(talk: Talk, minutes: int, told: str) -> None:
    (kitchen,) = house(talk, "kitchen", profile=TVS_2020)
    rings_on(talk, kitchen)
    talk.passes(minutes=minutes)

    kitchen.shows() >> kitchen.of(AlertStopped)

    assert talk.tells("a")[0].endswith(told)


def test_a_later_alert_took_the_bell(talk: Talk) -> None:
    kitchen, bedroom = house(talk, "kitchen", "bedroom")
    later = alarm("b", at("07:03"))
    talk.sets("b", at("07:03"), on=["kitchen"])
    kitchen.line << later
    kitchen.line.shows(TODAY, later) >> SetAlertSucceeded(token="b", type="ALARM")
    rings_on(talk, bedroom)
    kitchen.line.shows(TODAY, later, ringing=("a",)) >> AlertStarted(**A)
    talk.now = at("07:03")

    kitchen.line.shows(TODAY, later, ringing=("b",)) >> AlertStopped(**A)

    assert talk.tells("a") == [
        "20 07:00 bedroom rings since 07:00:00, 12 ms late",
        "20 07:00 kitchen rang at 07:00:00, 12 ms late; stopped at 07:03:00, by a later alert",
    ]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (lambda talk: talk.moves("a", at("07:30")), "because the alert was edited"),
        (lambda talk: talk.deletes("a"), "because the alert was deleted"),
    ],
)
def test_the_account_ends_it(talk: Talk, action: object, told: str) -> None:
    (kitchen,) = house(talk, "kitchen")
    rings_on(talk, kitchen)
    talk.passes(minutes=1)

    action(talk)  # type: ignore[operator]
    kitchen.line.hears()
    stops(kitchen)

    assert talk.tells("a") == [f"20 07:00 kitchen rang at 07:00:00, 12 ms late; stopped at 07:01:00, {told}"]


def test_it_was_deleted_on_another_device(talk: Talk) -> None:
    kitchen, bedroom = house(talk, "kitchen", "bedroom")
    rings_on(talk, kitchen, bedroom)

    kitchen.line >> RequestDeleteAlert(**A)
    bedroom.line << DeleteAlert(**A)
    stops(bedroom)

    assert ring_of(talk, "bedroom").told.endswith("because the alert was deleted on kitchen")
    assert talk.history("a").deleted


def test_it_was_stopped_in_the_account(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    rings_on(talk, kitchen)
    talk.writes(stop_alert, ACCOUNT, "a", talk.now)
    kitchen.line << StopAlert(**A)
    stops(kitchen)
    assert ring_of(talk, "kitchen").told.endswith("stopped at 07:00:00, in the account")


def test_it_was_snoozed_by_a_button_and_the_snooze_ended_by_another(talk: Talk) -> None:
    kitchen, bedroom = house(talk, "kitchen", "bedroom")
    rings_on(talk, kitchen, bedroom)
    kitchen.line >> RequestAlertSnooze(token="a")
    again = alarm("a", at("07:10")).scheduled_time + timedelta(seconds=1)
    for speaker in (kitchen, bedroom):
        speaker.line << alarm("a", again)
        speaker.line.shows(alarm("a", again)) >> AlertStopped(**A) >> SetAlertSucceeded(**A)
    talk.passes(minutes=5)
    bedroom.line >> RequestSnoozeEnd(token="a")

    rang = "rang at 07:00:00, 12 ms late; stopped at 07:00:00, snoozed"
    assert talk.tells("a") == [f"20 07:00 bedroom {rang} on kitchen", f"20 07:00 kitchen {rang} there"]
    assert talk.alerts() == {"a": at("07:00", day=21)}


def test_whether_a_button_was_pressed_is_not_told_by_one_that_was_away_while_it_rang(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    rings_on(talk, kitchen)
    talk.passes(minutes=1)
    kitchen.line.leaves()
    talk.passes(minutes=5)
    kitchen.line = talk.connects(kitchen.line.device)
    stops(kitchen)

    (told,) = talk.tells("a")
    assert told == (
        "20 07:00 kitchen rang at 07:00:00, 12 ms late; stopped at 07:06:00, by its button or by itself: "
        "it was offline meanwhile"
    )


def test_one_that_is_back_and_rings_then_is_known_to_have_been_let_alone(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    kitchen.line.leaves()
    talk.moves("a", at("07:30"))
    talk.now = at("07:31")
    kitchen.line = talk.connects(kitchen.line.device)
    kitchen.line.hears()
    talk.passes(seconds=1)
    kitchen.shows(at("07:30")) >> kitchen.of(SetAlertSucceeded)
    talk.passes(seconds=1)
    kitchen.shows(at("07:30"), ringing=True) >> kitchen.of(AlertStarted)
    talk.passes(hours=1)
    kitchen.shows(at("07:30")) >> kitchen.of(AlertStopped)

    (told,) = talk.tells("a")
    assert told.endswith("stopped at 08:31:02, by itself: nobody stopped it")


def test_where_each_device_is_stopped_by_itself_each_has_its_own_end(talk: Talk) -> None:
    kitchen, bedroom = house(talk, "kitchen", "bedroom")
    talk.writes(save_conduct, ACCOUNT, OwnConduct(stop_everywhere=False))
    rings_on(talk, kitchen, bedroom)
    kitchen.line >> RequestAlertStop(**A)
    kitchen.line << StopAlert(**A)
    stops(kitchen)
    assert talk.tells("a") == [
        "20 07:00 bedroom rings since 07:00:00, 12 ms late",
        "20 07:00 kitchen rang at 07:00:00, 12 ms late; stopped at 07:00:00, by the button there",
    ]
    talk.passes(hours=1)
    stops(bedroom)
    assert talk.tells("a")[0] == (
        "20 07:00 bedroom rang at 07:00:00, 12 ms late; stopped at 08:00:00, by itself: nobody stopped it"
    )


def test_a_timer_that_rings_is_given_more_time(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.sets("t", at("07:00"), kind=Kind.TIMER)
    line.hears()
    timer = {"token": "t", "type": "TIMER"}
    line.shows(alarm("t", at("07:00"), "TIMER")) >> SetAlertSucceeded(**timer)
    talk.now = at("07:00")
    line.shows(alarm("t", at("07:00"), "TIMER"), ringing=("t",)) >> AlertStarted(**timer)

    talk.writes(extend_timer, ACCOUNT, "t", timedelta(minutes=5), talk.now)
    line.hears()
    line.shows(alarm("t", at("07:05"), "TIMER")) >> AlertStopped(**timer)

    assert talk.tells("t") == [
        "20 07:00 kitchen rang at 07:00:00, on time; stopped at 07:00:00, because the timer was given more time"
    ]


def test_one_that_rings_is_to_ring_elsewhere(talk: Talk) -> None:
    kitchen, _ = house(talk, "kitchen", "bedroom")
    rings_on(talk, kitchen)
    edit = accounts.Edit(where=accounts.Devices(["bedroom"]))
    talk.writes(accounts.edit_alert, ACCOUNT, "a", edit, talk.now)
    kitchen.line << DeleteAlert(**A)
    stops(kitchen)

    assert [each for each in talk.tells("a") if "kitchen" in each] == [
        "20 07:00 kitchen rang at 07:00:00, 12 ms late; stopped at 07:00:00, because the alert was edited"
    ]


def test_what_is_changed_before_its_time_leaves_nothing(talk: Talk) -> None:
    house(talk, "kitchen")
    talk.moves("a", at("08:00"))
    talk.relabels("a", "Get up")
    assert talk.tells("a") == []


def test_a_start_that_was_lost(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    talk.now = at("07:02")

    stops(kitchen)

    assert talk.tells("a") == [
        "20 07:00 kitchen rang, though its start was not reported; stopped at 07:02:00, by itself: nobody stopped it"
    ]


def test_a_stop_that_was_lost_and_is_found_in_a_context(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    rings_on(talk, kitchen)
    talk.passes(minutes=1)

    kitchen.line.shows(TODAY) >> RequestSynchronizeAlert()

    assert talk.tells("a") == [
        "20 07:00 kitchen rang at 07:00:00, 12 ms late; stopped at 07:01:00 at the latest; the report of it was lost"
    ]


def test_one_that_never_said_that_it_stopped(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    rings_on(talk, kitchen)
    talk.passes(hours=2)

    assert talk.sweeps() == 1

    assert talk.tells("a") == [
        (
            "20 07:00 kitchen rang at 07:00:00, 12 ms late; over since 09:00:00, when nobody had said anything of it; "
            "it has not said that it stopped"
        )
    ]


# It was missed


def misses(talk: Talk) -> list[str]:
    """Nobody says anything until its limit."""
    talk.now = at("07:31")
    assert talk.sweeps() == 1
    return talk.tells("a")


def test_missed_because_it_was_offline(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    talk.now = at("06:30")
    kitchen.line.leaves()

    assert misses(talk) == [
        (
            "20 07:00 kitchen missed: it was offline since 06:30:00; it had the alert, so it may have rung by itself: "
            "it says so when it is back"
        )
    ]
    shown = ring_of(talk, "kitchen")
    assert (shown.outcome, shown.why, shown.offline_since) == (Outcome.MISSED, Why.OFFLINE, at("06:30"))


def test_missed_because_it_never_got_it(talk: Talk) -> None:
    talk.device("kitchen")
    talk.sets("a", at("07:00"), rule="FREQ=DAILY")

    assert misses(talk) == [
        "20 07:00 kitchen missed: it was offline since 06:00:00, and had not acknowledged the alert"
    ]


def test_missed_because_it_refused(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.sets("a", at("07:00"), rule="FREQ=DAILY")
    line << TODAY
    line >> SetAlertFailed(**A)

    assert misses(talk) == ["20 07:00 kitchen missed: it refused the alert (SetAlertFailed), once"]


def test_missed_although_it_was_there(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.sets("a", at("07:00"), rule="FREQ=DAILY")
    assert misses(talk) == ["20 07:00 kitchen missed: it was connected, and never acknowledged the alert"]
    line.hears()


def test_missed_although_it_had_it(talk: Talk) -> None:
    house(talk, "kitchen")
    assert misses(talk) == ["20 07:00 kitchen missed: it had the alert and was connected, and never said that it rang"]


def test_missed_because_it_was_over_before(talk: Talk) -> None:
    kitchen, _ = house(talk, "kitchen", "bedroom")
    rings_on(talk, kitchen)
    kitchen.line >> RequestAlertStop(**A)
    kitchen.line.hears()
    stops(kitchen)

    assert talk.tells("a")[0] == (
        "20 07:00 bedroom missed: it had not begun to ring when it was over, at 07:00:00, "
        "because it was stopped on kitchen"
    )


def test_what_was_missed_does_not_stall_the_series(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    misses(talk)
    moves_on(talk, kitchen.line)
    talk.now = at("07:31", day=21)
    talk.sweeps()

    assert [line[:20] for line in talk.tells("a")] == ["21 07:00 kitchen mis", "20 07:00 kitchen mis"]


# It is heard of late


def away(talk: Talk, profile: Profile = CIC_KO_2022) -> tuple[Speaker, Speaker]:
    """The bedroom's speaker is away when it rings; the kitchen's is stopped."""
    kitchen, bedroom = house(talk, "kitchen", "bedroom", profile=profile)
    bedroom.line.leaves()
    rings_on(talk, kitchen)
    talk.passes(minutes=3)
    kitchen.shows(*(() if profile.stopping_removes else (at("07:00"),))) >> kitchen.of(AlertStopped)
    assert ring_of(talk, "bedroom").why is Why.OFFLINE
    talk.now = at("09:00")
    bedroom.line = talk.connects(bedroom.line.device, profile=profile, quietly=True)
    talk.passes(seconds=1)
    return kitchen, bedroom


def test_one_that_rang_alone_tells_so_when_it_is_back(talk: Talk) -> None:
    _, bedroom = away(talk)

    bedroom.shows(at("07:00")) >> AlertStarted(**A)
    bedroom.line >> AlertStopped(**A)

    assert talk.tells("a")[0] == (
        "20 07:00 bedroom rang while it was offline, as it told at 09:00:01 when it was back; "
        "stopped at 09:00:01, by its button or by itself: it was offline meanwhile"
    )
    shown = ring_of(talk, "bedroom")
    assert (shown.outcome, shown.why, shown.late_seconds) == (Outcome.RANG, None, None)
    assert talk.alerts() == {"a": at("07:00", day=21)}


def test_one_that_has_the_next_one_already_tells_of_the_last(talk: Talk) -> None:
    _, bedroom = away(talk)
    bedroom.line.shows(TODAY) >> RequestSynchronizeAlert()
    bedroom.line.hears()
    bedroom.line.shows(TOMORROW) >> SetAlertSucceeded(**A)

    bedroom.line >> AlertStarted(**A)
    bedroom.line >> AlertStopped(**A)

    assert talk.tells("a")[0].startswith("20 07:00 bedroom rang while it was offline, as it told at 09:00:01")
    bedroom.line << ()
    assert talk.alerts() == {"a": at("07:00", day=21)}


def test_one_that_came_to_it_too_late_dropped_it(talk: Talk) -> None:
    _, bedroom = away(talk)

    bedroom.shows(at("07:00")) >> AlertStopped(**A)

    assert talk.tells("a")[0] == (
        "20 07:00 bedroom missed: it was offline since 06:00:00; at 09:00:01 it was back and dropped it, past due"
    )


def test_one_that_rang_alone_and_whose_reports_were_lost(talk: Talk) -> None:
    speaker = Speaker(talk, TVS_2020).holds(rule="FREQ=DAILY")
    speaker.line.leaves()
    talk.now = at("07:10")
    speaker.line = talk.connects(speaker.line.device, profile=TVS_2020)

    speaker.shows() >> SynchronizeState()

    assert talk.tells("a") == [
        (
            "20 07:00 kitchen rang, as far as can be told: it had the alert, which is gone since its time; "
            "its reports were lost"
        )
    ]


def test_what_is_told_twice_is_told_once(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    rings_on(talk, kitchen)
    talk.passes(minutes=1)
    stops(kitchen)
    moves_on(talk, kitchen.line)
    before = talk.tells("a")
    talk.passes(minutes=1)

    kitchen.line >> AlertStarted(**A)
    kitchen.line >> AlertStopped(**A)

    assert talk.tells("a") == before


def test_a_device_makes_no_history_of_its_own(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    for minute in range(5):
        other = alarm("a", at(f"06:0{minute}"))
        kitchen.line.shows(other, ringing=("a",)) >> AlertStarted(**A)
        talk.passes(minutes=2)
    kitchen.line.shows(alarm("x", at("07:00")), ringing=("x",)) >> AlertStarted(token="x", type="ALARM")

    assert talk.tells("a") == []
    assert talk.reads(list_rings, ACCOUNT, "x", ["kitchen"], None, 9) == []


# How it stands


def stands(talk: Talk, token: str = "a") -> list[str]:
    return [f"{each.device} {each.told}" for each in talk.history(token).now]


def test_how_an_alert_stands_on_each_device(talk: Talk) -> None:
    kitchen = talk.connects("kitchen")
    bedroom = talk.connects("bedroom")
    talk.sets("a", at("07:00"), rule="FREQ=DAILY")
    kitchen << TODAY
    kitchen.shows(TODAY) >> SetAlertSucceeded(**A)
    assert stands(talk) == [
        "bedroom not yet: it has not acknowledged 07:00:00",
        "kitchen set for 07:00:00, as it said at 06:00:00",
    ]

    talk.passes(minutes=1)
    bedroom.leaves()
    kitchen.leaves()
    assert stands(talk) == [
        "bedroom not yet: it has not acknowledged 07:00:00; offline since 06:01:00",
        "kitchen set for 07:00:00, as it said at 06:00:00; offline since 06:01:00: it rings by itself",
    ]

    talk.moves("a", at("08:00"))
    assert stands(talk)[1] == (
        "kitchen not yet: it has not acknowledged 08:00:00; it still has 07:00:00; offline since 06:01:00"
    )


def test_a_setting_that_fails_is_shown_with_the_next_try_and_then_left_to_its_owner(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.sets("a", at("07:00", day=21))
    line.hears()
    line >> SetAlertFailed(**A)
    assert stands(talk) == [
        "kitchen it refused the alert (SetAlertFailed), once, last at 06:00:00; next try at 06:01:00"
    ]
    talk.passes(minutes=1)
    while line.hears():
        line >> SetAlertFailed(**A)
        talk.passes(minutes=16)
    (shown,) = talk.history("a").now
    assert (shown.failures, shown.next_try) == (8, None)
    assert shown.told.endswith("it is not tried any more until the alert is edited")


def test_an_alert_that_goes_stands_where_it_is_not_gone_yet(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    rings_on(talk, kitchen)
    assert stands(talk) == ["kitchen rings since 07:00:00"]
    stops(kitchen)
    talk.deletes("a")
    assert stands(talk) == ["kitchen it has not confirmed yet that it is gone"]
    kitchen.line.hears()
    kitchen.line.shows() >> DeleteAlertSucceeded(**A)
    assert stands(talk) == []
    assert talk.history("a").deleted


# Drift


def test_drift_is_repaired_and_counted(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    talk.passes(minutes=1)
    assert talk.known(kitchen.line).drift.times == 0

    kitchen.line.shows(alarm("x", at("09:00"))) >> SetAlertFailed(token="y", type="ALARM")

    drift = talk.known(kitchen.line).drift
    assert (drift.times, drift.last_at) == (2, at("06:01"))
    assert TODAY in kitchen.line.hears()


def test_what_is_as_it_should_be_is_no_drift(talk: Talk) -> None:
    (kitchen,) = house(talk, "kitchen")
    rings_on(talk, kitchen)
    talk.passes(minutes=1)
    stops(kitchen)
    moves_on(talk, kitchen.line)
    again = talk.connects(kitchen.line.device)
    again.shows(TOMORROW) >> RequestSynchronizeAlert()

    assert talk.known(again).drift.times == 0
