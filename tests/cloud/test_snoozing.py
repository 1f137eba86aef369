"""Snooze and stop, by the account and by a speaker's button: what the devices hear of it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.alerts.alert import Alert, OwnConduct
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.recurrence import next_occurrence
from bellwire.cloud import accounts
from bellwire.cloud.snoozing import snooze_alert, snooze_length, stop_alert
from bellwire.cloud.store.conducts import save_conduct
from bellwire.cloud.wishes import WishError
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    DeleteAlert,
    DeleteAlertSucceeded,
    RequestAlertStop,
    SetAlertSucceeded,
    StopAlert,
)
from bellwire.protocol.messages.bellwire import RequestAlertSnooze, RequestSnoozeEnd
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Profile
from tests.cloud.conversation import ACCOUNT, Line, Talk, alarm, at, talking
from tests.cloud.handlers.house import Speaker
from tests.cloud.handlers.test_alerts import A, holding, ringing

DAILY = "FREQ=DAILY"
SNOOZE, END = RequestAlertSnooze(token="a"), RequestSnoozeEnd(token="a")


def shown(talk: Talk) -> Alert:
    return talk.reads(accounts.show_alert, ACCOUNT, "a").alert


def snoozes(talk: Talk, length: str | None = None) -> datetime:
    """The account snoozes `a`; gives when it rings again."""
    wanted = None if length is None else snooze_length(length)
    return talk.writes(snooze_alert, ACCOUNT, "a", wanted, talk.now).alert.scheduled_time


def stops(talk: Talk) -> None:
    talk.writes(stop_alert, ACCOUNT, "a", talk.now)


def conducts(talk: Talk, **conduct: object) -> None:
    """The account says how its alerts are snoozed and stopped."""
    talk.writes(save_conduct, ACCOUNT, OwnConduct(**conduct))  # type: ignore[arg-type]


def takes(line: Line, time: datetime) -> None:
    """A device on which `a` rings hears of a snooze, and takes it."""
    line << alarm("a", time)
    line.shows(alarm("a", time)) >> AlertStopped(**A) >> SetAlertSucceeded(**A)
    line << ()


def rings_again(line: Line, talk: Talk, time: datetime) -> None:
    talk.now = time
    line.shows(alarm("a", time), ringing=("a",)) >> AlertStarted(**A)
    line << ()


# By the account


def test_a_snooze_is_a_set_alert_of_the_same_token_with_a_later_time(talk: Talk) -> None:
    line = ringing(talk)
    talk.passes(minutes=1, seconds=30, microseconds=1)

    assert snoozes(talk) == at("07:11") + timedelta(seconds=31)

    takes(line, at("07:11") + timedelta(seconds=31))
    assert shown(talk).snoozed_from == at("07:00")
    rings_again(line, talk, at("07:11") + timedelta(seconds=31))
    line.shows() >> AlertStopped(**A)
    assert talk.alerts() == {}


def test_the_recurrence_goes_on_from_its_own_schedule(talk: Talk) -> None:
    line = ringing(talk, rule=DAILY)
    takes(line, snoozes(talk, "20m"))
    rings_again(line, talk, at("07:20"))
    takes(line, snoozes(talk, "20m"))
    assert shown(talk).snoozes == 2
    rings_again(line, talk, at("07:40"))

    line.shows(alarm("a", at("07:40"))) >> AlertStopped(**A)

    line << alarm("a", at("07:00", day=21))
    assert talk.alerts() == {"a": at("07:00", day=21)}
    assert (shown(talk).snoozes, shown(talk).snoozed_from) == (0, None)


def test_a_snooze_ends_where_the_alert_rings_by_itself(talk: Talk) -> None:
    line = ringing(talk, rule="FREQ=HOURLY")
    talk.passes(minutes=30)
    assert snoozes(talk, "30m") == at("08:00")
    assert (shown(talk).snoozes, shown(talk).snoozed_from) == (0, None)
    line << StopAlert(**A)


def test_a_snooze_on_one_device_is_one_on_all(talk: Talk) -> None:
    bedroom = talk.connects("bedroom")
    kitchen = ringing(talk)
    bedroom << alarm("a", at("07:00"))
    bedroom.shows(alarm("a", at("07:00"))) >> SetAlertSucceeded(**A)
    bedroom.shows(alarm("a", at("07:00")), ringing=("a",)) >> AlertStarted(**A)

    kitchen >> SNOOZE

    for line in (kitchen, bedroom):
        takes(line, at("07:10"))
    bedroom >> SNOOZE
    assert talk.alerts() == {"a": at("07:10")}


def test_a_device_that_joins_gets_what_is_snoozed_at_its_time(talk: Talk) -> None:
    ringing(talk)
    snoozes(talk)
    talk.connects("attic") << alarm("a", at("07:10"))


def test_a_device_that_was_away_and_rings_late_is_told_the_new_time(talk: Talk) -> None:
    bedroom = talk.connects("bedroom")
    kitchen = ringing(talk)
    takes(kitchen, snoozes(talk))
    talk.passes(minutes=2)
    bedroom.shows(alarm("a", at("07:00")), ringing=("a",)) >> AlertStarted(**A)
    takes(bedroom, at("07:10"))


def test_what_is_due_can_be_snoozed_before_a_device_has_said_that_it_rings(talk: Talk) -> None:
    line = holding(talk)
    talk.now = at("07:00")
    assert snoozes(talk) == at("07:10")
    line << alarm("a", at("07:10"))


def test_what_rings_on_a_device_whose_clock_is_ahead_can_be_snoozed(talk: Talk) -> None:
    line = holding(talk)
    talk.now = at("07:00") - timedelta(seconds=3)
    line.shows(alarm("a", at("07:00")), ringing=("a",)) >> AlertStarted(**A)
    assert snoozes(talk) == at("07:10") - timedelta(seconds=3)


@pytest.mark.parametrize("rule", [None, DAILY])
def test_only_what_rings_is_snoozed_or_stopped(talk: Talk, rule: str | None) -> None:
    line = holding(talk, rule=rule)
    for does in (snoozes, stops):
        with pytest.raises(WishError, match="it does not ring now; it rings at 2026-11-20 07:00:00 UTC"):
            does(talk)
    talk.now = at("07:00")
    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)
    for does in (snoozes, stops):
        with pytest.raises((WishError, accounts.UnknownAlertError), match=r"2026-11-21 07:00:00|no alert a"):
            does(talk)


def test_a_device_that_has_not_heard_of_the_end_is_no_reason_to_snooze_the_next_day(talk: Talk) -> None:
    bedroom = talk.connects("bedroom")
    kitchen = ringing(talk, rule=DAILY)
    bedroom.shows(alarm("a", at("07:00")), ringing=("a",)) >> AlertStarted(**A)
    kitchen.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)
    assert talk.life(bedroom, "a") is Life.RINGING
    with pytest.raises(WishError, match="does not ring now"):
        snoozes(talk)


def test_what_is_snoozed_is_not_snoozed_again_before_it_rings(talk: Talk) -> None:
    ringing(talk)
    snoozes(talk)
    with pytest.raises(WishError, match="snoozed already, and rings again at 2026-11-20 07:10:00 UTC"):
        snoozes(talk)


def test_what_is_paused_does_not_ring(talk: Talk) -> None:
    ringing(talk)
    talk.writes(accounts.pause_alert, ACCOUNT, "a", talk.now)
    for does in (snoozes, stops):
        with pytest.raises(WishError, match="it is paused"):
            does(talk)


@pytest.mark.parametrize("length", ["0s", "24h1s", "soon"])
def test_a_length_that_cannot_be(length: str) -> None:
    with pytest.raises(WishError, match=length):
        snooze_length(length)


# How long and how often


def test_how_long_and_how_often_are_the_alerts_own_its_accounts_or_the_clouds(talk: Talk) -> None:
    ringing(talk)
    conducts(talk, snooze=timedelta(minutes=3), most_snoozes=1)
    assert snoozes(talk) == at("07:03")
    talk.now = at("07:03")
    with pytest.raises(WishError, match=r"as often as it may be \(1\); .* --snoozes 2"):
        snoozes(talk)
    own = OwnConduct(snooze=timedelta(minutes=1), most_snoozes=2)
    talk.writes(accounts.edit_alert, ACCOUNT, "a", accounts.Edit(conduct=lambda _: own), talk.now)
    assert snoozes(talk) == at("07:04")


def test_what_may_not_be_snoozed_says_so(talk: Talk) -> None:
    ringing(talk)
    conducts(talk, most_snoozes=0)
    with pytest.raises(WishError, match=r"it is not snoozed; .* --snoozes 1"):
        snoozes(talk)


# By a speaker's button


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_the_button_is_answered_by_a_later_time_in_every_version(talk: Talk, profile: Profile) -> None:
    speaker = Speaker(talk, profile).rings(rule=DAILY)
    speaker.line >> SNOOZE
    speaker.line << alarm("a", at("07:10"))
    speaker.shows(at("07:10")) >> speaker.of(AlertStopped) >> speaker.of(SetAlertSucceeded)
    speaker.line << ()
    assert talk.alerts() == {"a": at("07:10")}


def test_the_button_works_where_the_start_was_not_reported(talk: Talk) -> None:
    line = holding(talk)
    talk.now = at("07:00")
    line.shows(alarm("a", at("07:00")), ringing=("a",)) >> SNOOZE
    takes(line, at("07:10"))


def test_once_more_than_it_may_be_it_rings_on(talk: Talk) -> None:
    line = ringing(talk, rule=DAILY)
    conducts(talk, most_snoozes=0)
    talk.passes(seconds=90)
    line >> SNOOZE
    takes(line, at("07:01") + timedelta(seconds=30))
    assert (shown(talk).snoozes, shown(talk).snoozed_from) == (0, None)
    rings_again(line, talk, talk.now)
    line.shows(alarm("a", talk.now)) >> AlertStopped(**A)
    line << alarm("a", at("07:00", day=21))


def test_a_snooze_of_what_the_account_has_not_is_told_to_delete_it(talk: Talk) -> None:
    line = talk.connects("kitchen")
    line >> END
    line << ()
    line >> SNOOZE
    line << DeleteAlert(**A)


@pytest.mark.parametrize("request_", [SNOOZE, END], ids=["snooze", "end"])
def test_requests_that_come_late_or_again_change_nothing(talk: Talk, request_: RequestAlertSnooze) -> None:
    line = ringing(talk, rule=DAILY)
    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)
    line << alarm("a", at("07:00", day=21))
    line.shows(alarm("a", at("07:00", day=21))) >> SetAlertSucceeded(**A)
    line >> request_
    line << ()
    assert talk.alerts() == {"a": at("07:00", day=21)}


# Stopping


@pytest.mark.parametrize("rule", [None, DAILY])
def test_the_account_stops_what_rings(talk: Talk, rule: str | None) -> None:
    line = ringing(talk, rule=rule)
    stops(talk)
    line << StopAlert(**A)
    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)
    line << (DeleteAlert(**A) if rule is None else alarm("a", at("07:00", day=21)))


@pytest.mark.parametrize("rule", [None, DAILY])
@pytest.mark.parametrize("by_button", [False, True])
def test_a_stop_while_it_is_snoozed_ends_its_occurrence(talk: Talk, rule: str | None, by_button: bool) -> None:
    line = ringing(talk, rule=rule)
    takes(line, snoozes(talk))
    talk.passes(minutes=5)
    if by_button:
        line >> END >> END
    else:
        stops(talk)
    line << (DeleteAlert(**A) if rule is None else alarm("a", at("07:00", day=21)))
    assert talk.alerts() == ({} if rule is None else {"a": at("07:00", day=21)})


def test_the_stop_button_ends_what_rings_again(talk: Talk) -> None:
    line = ringing(talk, rule=DAILY)
    takes(line, snoozes(talk))
    rings_again(line, talk, at("07:10"))
    line >> RequestAlertStop(**A)
    line << StopAlert(**A)
    line.shows(alarm("a", at("07:10"))) >> AlertStopped(**A)
    line << alarm("a", at("07:00", day=21))


def test_nobody_reports_what_is_snoozed_and_the_series_goes_on(talk: Talk) -> None:
    line = ringing(talk, rule=DAILY)
    snoozes(talk)
    line << alarm("a", at("07:10"))
    line.shows(alarm("a", at("07:10"))) >> SetAlertSucceeded(**A)
    talk.now = at("07:40")
    assert talk.sweeps() == 0
    talk.passes(seconds=1)
    assert talk.sweeps() == 1
    assert talk.alerts() == {"a": at("07:00", day=21)}


# What else the account does meanwhile


def test_another_label_leaves_it_snoozed(talk: Talk) -> None:
    line = ringing(talk)
    takes(line, snoozes(talk))
    talk.relabels("a", "Tea")
    line << alarm("a", at("07:10"))
    assert shown(talk).snoozed_from == at("07:00")


def test_another_time_takes_its_place(talk: Talk) -> None:
    line = ringing(talk)
    takes(line, snoozes(talk))
    talk.moves("a", at("09:00"))
    line << alarm("a", at("09:00"))
    assert shown(talk).snoozed_from is None


def test_a_skip_is_of_the_next_day(talk: Talk) -> None:
    line = ringing(talk, rule=DAILY)
    takes(line, snoozes(talk))
    talk.writes(accounts.skip_occurrence, ACCOUNT, "a", talk.now)
    line << ()
    rings_again(line, talk, at("07:10"))
    line.shows(alarm("a", at("07:10"))) >> AlertStopped(**A)
    line << alarm("a", at("07:00", day=22))


def test_a_pause_ends_it(talk: Talk) -> None:
    line = ringing(talk, rule=DAILY)
    takes(line, snoozes(talk))
    talk.writes(accounts.pause_alert, ACCOUNT, "a", talk.now)
    line << DeleteAlert(**A)
    line.shows() >> DeleteAlertSucceeded(**A)
    assert shown(talk).snoozed_from is None
    talk.writes(accounts.resume_alert, ACCOUNT, "a", talk.now)
    line << alarm("a", at("07:00", day=21))


def test_a_deletion_deletes_it(talk: Talk) -> None:
    line = ringing(talk)
    takes(line, snoozes(talk))
    talk.deletes("a")
    line << DeleteAlert(**A)


def test_a_move_to_another_time_zone_leaves_it(talk: Talk) -> None:
    line = ringing(talk, rule=DAILY)
    takes(line, snoozes(talk))
    talk.goes_to("Asia/Seoul")
    line << ()
    assert talk.alerts() == {"a": at("07:10")}


# Whatever is snoozed


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([DAILY, "FREQ=HOURLY", "FREQ=WEEKLY;BYDAY=FR,SA", "FREQ=HOURLY;INTERVAL=5"]),
    st.lists(st.tuples(st.integers(0, 5400), st.integers(1, 86_400)), max_size=5),
)
def test_the_series_is_the_same_however_it_is_snoozed(rule: str, snoozes_: list[tuple[int, int]]) -> None:
    """It rings again when it was told to, but for its own next time, and goes on where it would have been anyway."""
    with talking() as talk:
        line = ringing(talk, rule=rule)
        schedule = shown(talk).schedule
        for after, length in snoozes_:
            talk.passes(seconds=after)
            own = next_occurrence(schedule, max(shown(talk).scheduled_time, talk.now))
            assert own is not None
            expected = min(own, talk.now + timedelta(seconds=length))
            assert snoozes(talk, f"{length}s") == expected
            assert (shown(talk).snoozed_from is None) == (expected == own)
            talk.now = expected
            line.shows(alarm("a", expected), ringing=("a",)) >> AlertStarted(**A)
        rung = shown(talk).scheduled_time
        line.shows(alarm("a", rung)) >> AlertStopped(**A)
        assert talk.alerts() == {"a": next_occurrence(schedule, rung)}
        assert (shown(talk).snoozes, shown(talk).snoozed_from) == (0, None)
