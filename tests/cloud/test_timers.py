"""Timers: several at once, paused with what is left, resumed, extended; and what the devices hear of it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.alerts.alert import Alert, Kind
from bellwire.cloud import accounts
from bellwire.cloud.snoozing import snooze_alert
from bellwire.cloud.timers import extend_timer
from bellwire.cloud.wishes import WishError, length_of, length_text, schedule_once
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    Asset,
    DeleteAlert,
    DeleteAlertSucceeded,
    SetAlert,
    SetAlertSucceeded,
)
from tests.cloud.conversation import ACCOUNT, Line, Talk, at, talking

T = {"token": "t", "type": "TIMER"}


def timer(when: datetime, token: str = "t") -> SetAlert:
    bell = Asset(asset_id="bell", url="clova://alert/bell/timer")
    return SetAlert(token=token, type="TIMER", scheduled_time=when, assets=(bell,), asset_play_order=("bell",))


def shown(talk: Talk, token: str = "t") -> Alert:
    return talk.reads(accounts.show_alert, ACCOUNT, token).alert


def pauses(talk: Talk, token: str = "t") -> timedelta | None:
    return talk.writes(accounts.pause_alert, ACCOUNT, token, talk.now).alert.remaining


def resumes(talk: Talk, token: str = "t") -> datetime:
    return talk.writes(accounts.resume_alert, ACCOUNT, token, talk.now).alert.scheduled_time


def extends(talk: Talk, length: str) -> datetime:
    return talk.writes(extend_timer, ACCOUNT, "t", length_of(length), talk.now).alert.scheduled_time


def running(talk: Talk) -> Line:
    """A timer of ten minutes, from 06:00 on."""
    line = talk.connects("kitchen")
    talk.sets("t", at("06:10"), kind=Kind.TIMER)
    line << timer(at("06:10"))
    line.shows(timer(at("06:10"))) >> SetAlertSucceeded(**T)
    return line << ()


def ringing(talk: Talk) -> Line:
    line = running(talk)
    talk.now = at("06:10")
    line.shows(timer(at("06:10")), ringing=("t",)) >> AlertStarted(**T)
    return line << ()


def test_what_is_left_of_a_paused_timer_stays_and_runs_on_when_it_is_resumed(talk: Talk) -> None:
    line = running(talk)
    talk.passes(minutes=4, seconds=30)
    assert pauses(talk) == timedelta(minutes=5, seconds=30)
    line << DeleteAlert(**T)
    line.shows() >> DeleteAlertSucceeded(**T)
    talk.passes(days=2)
    assert talk.sweeps() == 0

    assert resumes(talk) == at("06:10", day=22)

    line << timer(at("06:10", day=22))
    assert shown(talk).remaining is None
    talk.now = at("06:10", day=22)
    line.shows(timer(talk.now), ringing=("t",)) >> AlertStarted(**T)
    line.shows(timer(talk.now)) >> AlertStopped(**T)
    line << DeleteAlert(**T)
    assert talk.alerts() == {}


def test_several_timers_run_pause_and_end_each_by_itself(talk: Talk) -> None:
    line = running(talk)
    talk.sets("eggs", at("06:05"), kind=Kind.TIMER, label="Eggs")
    line << timer(at("06:05"), "eggs")
    line >> SetAlertSucceeded(token="eggs", type="TIMER")
    talk.passes(minutes=1)
    assert pauses(talk, "eggs") == timedelta(minutes=4)
    line << DeleteAlert(token="eggs", type="TIMER")
    talk.now = at("06:10")
    line.shows(timer(at("06:10")), ringing=("t",)) >> AlertStarted(**T)
    assert resumes(talk, "eggs") == at("06:14")
    line << timer(at("06:14"), "eggs")


def test_a_timer_is_extended_while_it_runs_is_paused_and_rings(talk: Talk) -> None:
    line = running(talk)
    assert extends(talk, "5m") == at("06:15")
    line << timer(at("06:15"))
    pauses(talk)
    line << DeleteAlert(**T)
    extends(talk, "1m")
    line << ()
    assert shown(talk).remaining == timedelta(minutes=16)
    assert resumes(talk) == at("06:16")
    line << timer(at("06:16"))
    line.shows(timer(at("06:16"))) >> SetAlertSucceeded(**T)
    talk.now = at("06:17")
    line.shows(timer(at("06:16")), ringing=("t",)) >> AlertStarted(**T)
    assert extends(talk, "2m") == at("06:19")
    line << timer(at("06:19"))
    line.shows(timer(at("06:19"))) >> AlertStopped(**T) >> SetAlertSucceeded(**T)
    assert talk.alerts() == {"t": at("06:19")}


def test_what_rings_is_not_paused(talk: Talk) -> None:
    ringing(talk)
    with pytest.raises(WishError, match="stop, snooze or extend it"):
        pauses(talk)


def test_a_snoozed_timer_can_be_paused_and_extended(talk: Talk) -> None:
    ringing(talk)
    talk.writes(snooze_alert, ACCOUNT, "t", None, talk.now)
    assert extends(talk, "5m") == at("06:25")
    assert shown(talk).snoozed_from is None
    assert pauses(talk) == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("length", "told"), [("0s", "no extension"), ("3661d", "ten years ahead"), ("3660d", "ten years ahead")]
)
@pytest.mark.parametrize("paused", [False, True])
def test_no_time_or_too_much_of_it(talk: Talk, length: str, told: str, paused: bool) -> None:
    running(talk)
    if paused:
        pauses(talk)
    with pytest.raises(WishError, match=told):
        extends(talk, length)


@pytest.mark.parametrize(("kind", "rule"), [(Kind.ALARM, None), (Kind.REMINDER, None), (Kind.TIMER, "FREQ=DAILY")])
def test_only_what_is_counted_down_is_extended_or_keeps_a_rest(talk: Talk, kind: Kind, rule: str | None) -> None:
    talk.sets("t", at("06:10"), kind=kind, rule=rule)
    with pytest.raises(WishError, match="only a timer is extended"):
        extends(talk, "5m")
    assert pauses(talk) is None
    assert resumes(talk) == at("06:10")


def test_another_time_for_a_paused_timer_is_what_is_left_of_it_then(talk: Talk) -> None:
    running(talk)
    pauses(talk)
    schedule = schedule_once(at("06:03"), "UTC")
    edit = accounts.Edit(reschedule=lambda _: (schedule, at("06:03")))
    talk.writes(accounts.edit_alert, ACCOUNT, "t", edit, talk.now)
    assert shown(talk).remaining == timedelta(minutes=3)


# Laws

lengths = st.integers(0, 10**8).map(lambda seconds: timedelta(seconds=seconds))


@given(lengths)
def test_a_length_is_read_as_it_is_written(length: timedelta) -> None:
    assert length_of(length_text(length)) == length


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from(["pause", "resume", "extend"]), st.integers(0, 200_000), st.integers(1, 500)),
        max_size=8,
    )
)
def test_a_timer_runs_as_long_as_it_was_given_however_it_is_paused(steps: list[tuple[str, int, int]]) -> None:
    """What has run and what is left are together what was given, within a second for each pause; never less."""
    with talking() as talk:
        talk.sets("t", talk.now + timedelta(minutes=10), kind=Kind.TIMER)
        given_, ran, pauses_ = timedelta(minutes=10), timedelta(), 0
        for what, milliseconds, more in steps:
            runs = shown(talk).paused_on is None
            before = talk.now
            talk.passes(milliseconds=milliseconds)
            ran += talk.now - before if runs else timedelta()
            if ran >= given_:
                return
            if what == "pause":
                pauses_ += runs
                pauses(talk)
            elif what == "resume":
                resumes(talk)
            else:
                given_ += timedelta(seconds=more)
                extends(talk, f"{more}s")
            alert = shown(talk)
            left = alert.remaining if alert.remaining is not None else alert.scheduled_time - talk.now
            assert timedelta() <= ran + left - given_ <= timedelta(seconds=2 * pauses_)
