"""Alerts that a device has and its account has not: a device may make up any number of them."""

from datetime import timedelta

from bellwire.cloud.handlers.alerts import MOST_STRANGERS
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    DeleteAlert,
    DeleteAlertSucceeded,
    RequestAlertStop,
    RequestDeleteAlert,
    SetAlertSucceeded,
)
from tests.cloud.conversation import Talk, alarm, at


def test_a_device_full_of_strangers_is_cleared_some_at_a_time(talk: Talk) -> None:
    line = talk.connects("kitchen")
    strangers = [alarm(f"stranger {number:03}", at("09:00")) for number in range(2 * MOST_STRANGERS + 1)]
    rounds = 0
    while strangers:
        line.shows(*strangers) >> AlertStarted(token="mine", type="ALARM")
        told = [message for message in line.hears() if isinstance(message, DeleteAlert) and message.token != "mine"]
        assert 0 < len(told) <= MOST_STRANGERS
        for deletion in told:
            strangers = [alert for alert in strangers if alert.token != deletion.token]
            line.shows(*strangers) >> DeleteAlertSucceeded(token=deletion.token, type="ALARM")
        talk.passes(minutes=1)
        rounds += 1
    assert rounds <= 4


def test_a_device_cannot_fill_the_rows_by_reports_of_alerts_that_it_makes_up(talk: Talk) -> None:
    line = talk.connects("kitchen")
    kinds = (AlertStarted, RequestAlertStop, RequestDeleteAlert, SetAlertSucceeded)
    for number in range(2 * MOST_STRANGERS):
        line >> kinds[number % 4](token=f"{number}", type="TIMER")

    assert sum(talk.standing(line, f"{number}") is not None for number in range(2 * MOST_STRANGERS)) == MOST_STRANGERS


def test_what_the_account_has_is_heard_of_beside_any_number_of_strangers(talk: Talk) -> None:
    line = talk.connects("kitchen")
    for number in range(MOST_STRANGERS):
        line >> AlertStarted(token=f"{number}", type="TIMER")
    line.hears()

    talk.sets("a", at("07:00"))
    line << alarm("a", at("07:00"))
    line >> SetAlertSucceeded(token="a", type="ALARM")
    talk.now = at("07:00") + timedelta(seconds=1)
    line >> AlertStarted(token="a", type="ALARM")

    standing = talk.standing(line, "a")
    assert standing is not None
    assert standing.reported.life == "ringing"
