"""A later alert cancels an older one on one speaker: its own affair, as long as the older rings elsewhere."""

from bellwire.alerts.lifecycle import Life
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    DeleteAlert,
    RequestAlertStop,
    SetAlertSucceeded,
    StopAlert,
)
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cloud.conversation import Line, Talk, alarm, at

ALARM, TIMER = alarm("alarm", at("07:00")), alarm("timer", at("07:03"))


def rings_alarm(talk: Talk, *others: str, profile: Profile = CIC_KO_2022) -> tuple[Line, ...]:
    """The alarm rings on the kitchen's speaker, which has the timer too, and on the others."""
    lines = tuple(talk.connects(name, profile=profile) for name in ("kitchen", *others))
    talk.sets("alarm", at("07:00"))
    talk.sets("timer", at("07:03"), on=["kitchen"])
    for line in lines:
        had = (ALARM, TIMER) if line is lines[0] else (ALARM,)
        line.hears()
        for each in had:
            line.shows(*had) >> SetAlertSucceeded(token=each.token, type="ALARM")
    talk.now = at("07:00")
    for line in lines:
        line >> AlertStarted(token="alarm", type="ALARM")
    talk.now = at("07:03")
    return lines


def test_on_the_others_it_rings_on(talk: Talk) -> None:
    kitchen, bedroom = rings_alarm(talk, "bedroom")

    kitchen.shows(ALARM, TIMER, ringing=("timer",)) >> AlertStopped(token="alarm", type="ALARM")

    bedroom << ()
    assert talk.life(bedroom, "alarm") is Life.RINGING
    assert talk.alerts().keys() == {"alarm", "timer"}

    bedroom.shows(ALARM) >> AlertStopped(token="alarm", type="ALARM")

    bedroom << DeleteAlert(token="alarm", type="ALARM")
    assert talk.alerts().keys() == {"timer"}


def test_where_it_rings_nowhere_else_it_is_over(talk: Talk) -> None:
    (kitchen,) = rings_alarm(talk)

    kitchen.shows(ALARM, TIMER, ringing=("timer",)) >> AlertStopped(token="alarm", type="ALARM")

    assert talk.alerts().keys() == {"timer"}


def test_what_somebody_stopped_is_over_everywhere_whatever_rings_next(talk: Talk) -> None:
    kitchen, bedroom = rings_alarm(talk, "bedroom")
    kitchen >> RequestAlertStop(token="alarm", type="ALARM")
    kitchen << StopAlert(token="alarm", type="ALARM")

    kitchen.shows(ALARM, TIMER, ringing=("timer",)) >> AlertStopped(token="alarm", type="ALARM")

    bedroom << StopAlert(token="alarm", type="ALARM")


def test_where_alerts_queue_the_next_one_rings_because_somebody_stopped_the_first(talk: Talk) -> None:
    kitchen, bedroom = rings_alarm(talk, "bedroom", profile=TVS_2020)

    kitchen.shows(TIMER, ringing=("timer",)) >> AlertStopped(token="alarm", type="ALARM")

    assert talk.alerts().keys() == {"timer"}
    bedroom << DeleteAlert(token="alarm")
