"""Each of the thirteen messages, as the cloud hears or says it."""

from datetime import timedelta

from bellwire.alerts.lifecycle import Life
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    DeleteAlert,
    DeleteAlertFailed,
    DeleteAlertSucceeded,
    RequestAlertStop,
    RequestDeleteAlert,
    RequestSynchronizeAlert,
    SetAlertFailed,
    SetAlertSucceeded,
    StopAlert,
    SynchronizeAlert,
)
from tests.cloud.conversation import Line, Talk, alarm, at

A = {"token": "a", "type": "ALARM"}


def holding(talk: Talk, name: str = "kitchen", *, rule: str | None = None) -> Line:
    """A device that holds the alarm `a` of 07:00."""
    line = talk.connects(name)
    talk.sets("a", at("07:00"), rule=rule)
    line << alarm("a", at("07:00"))
    line.shows(alarm("a", at("07:00"))) >> SetAlertSucceeded(**A)
    line << ()
    return line


def ringing(talk: Talk, name: str = "kitchen", *, rule: str | None = None) -> Line:
    """A device on which `a` rings at 07:00."""
    line = holding(talk, name, rule=rule)
    talk.now = at("07:00")
    line.shows(alarm("a", at("07:00")), ringing=("a",)) >> AlertStarted(**A)
    return line << ()


def test_an_alert_is_set_and_acknowledged(talk: Talk) -> None:
    line = holding(talk)

    talk.passes(hours=1)

    line << ()
    assert talk.life(line, "a") is Life.SET


def test_an_alert_is_set_again_when_nobody_acknowledges_it(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.sets("a", at("07:00"))
    line << alarm("a", at("07:00"))

    line << ()
    talk.passes(seconds=10)
    line << alarm("a", at("07:00"))
    talk.passes(seconds=19)
    line << ()
    talk.passes(seconds=1)
    line << alarm("a", at("07:00"))


def test_an_edit_is_a_set_alert_of_the_same_token(talk: Talk) -> None:
    line = holding(talk)

    talk.moves("a", at("08:00"))

    line << alarm("a", at("08:00"))
    line.shows(alarm("a", at("08:00"))) >> SetAlertSucceeded(**A)
    line << ()


def test_acknowledgements_are_of_the_oldest_first(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.sets("a", at("07:00"))
    line << alarm("a", at("07:00"))
    talk.moves("a", at("08:00"))
    line << alarm("a", at("08:00"))

    line >> SetAlertSucceeded(**A)
    standing = talk.standing(line, "a")

    assert standing is not None
    assert standing.reported.scheduled_time == at("07:00")
    line << ()
    line >> SetAlertSucceeded(**A)
    talk.passes(hours=1)
    line << ()


def test_an_alert_that_the_account_deletes_is_deleted_on_the_device(talk: Talk) -> None:
    line = holding(talk)

    talk.deletes("a")

    line << DeleteAlert(**A)
    line.shows() >> DeleteAlertSucceeded(**A)
    line << ()
    assert talk.standing(line, "a") is None


def test_a_deletion_that_failed_is_said_again(talk: Talk) -> None:
    line = holding(talk)
    talk.deletes("a")
    line << DeleteAlert(**A)

    line >> DeleteAlertFailed(**A)

    line << ()
    talk.passes(seconds=10)
    line << DeleteAlert(**A)


def test_a_one_shot_that_stopped_is_deleted(talk: Talk) -> None:
    line = ringing(talk)

    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)

    line << DeleteAlert(**A)
    line.shows() >> DeleteAlertSucceeded(**A)
    line << ()
    assert talk.alerts() == {}


def test_a_recurring_alert_that_stopped_is_set_to_its_next_time_with_the_same_token(talk: Talk) -> None:
    line = ringing(talk, rule="FREQ=DAILY")

    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)

    line << alarm("a", at("07:00", day=21))
    line.shows(alarm("a", at("07:00", day=21))) >> SetAlertSucceeded(**A)
    line << ()
    assert talk.alerts() == {"a": at("07:00", day=21)}


def test_a_recurring_alert_moves_on_once_whichever_device_says_it(talk: Talk) -> None:
    bedroom = talk.connects("bedroom")
    kitchen = ringing(talk, rule="FREQ=DAILY")
    bedroom << alarm("a", at("07:00"))
    bedroom.shows(alarm("a", at("07:00"))) >> SetAlertSucceeded(**A)
    bedroom.shows(alarm("a", at("07:00")), ringing=("a",)) >> AlertStarted(**A)

    kitchen.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)
    kitchen << alarm("a", at("07:00", day=21))
    bedroom << StopAlert(**A)
    bedroom.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)

    bedroom << alarm("a", at("07:00", day=21))
    assert talk.alerts() == {"a": at("07:00", day=21)}


def test_the_stop_button_gets_a_stop_alert(talk: Talk) -> None:
    line = ringing(talk)

    line >> RequestAlertStop(**A)

    line << StopAlert(**A)
    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)
    line << DeleteAlert(**A)


def test_the_stop_button_gets_a_stop_alert_even_when_the_start_was_not_reported(talk: Talk) -> None:
    line = holding(talk)
    talk.now = at("07:00")

    line >> RequestAlertStop(**A)

    line << StopAlert(**A)


def test_a_stop_button_that_comes_late_does_not_silence_the_next_occurrence(talk: Talk) -> None:
    line = ringing(talk, rule="FREQ=DAILY")
    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)
    line << alarm("a", at("07:00", day=21))
    line.shows(alarm("a", at("07:00", day=21))) >> SetAlertSucceeded(**A)

    line >> RequestAlertStop(**A)
    line << ()

    talk.now = at("07:00", day=21)
    line.shows(alarm("a", at("07:00", day=21)), ringing=("a",)) >> AlertStarted(**A)
    line << ()


def test_a_stop_button_after_the_stop_changes_nothing(talk: Talk) -> None:
    line = ringing(talk)
    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)
    line << DeleteAlert(**A)

    line >> RequestAlertStop(**A)

    line << ()
    assert talk.life(line, "a") is Life.STOPPED


def test_a_stop_that_is_reported_twice_does_not_end_the_next_occurrence(talk: Talk) -> None:
    line = ringing(talk, rule="FREQ=DAILY")
    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)
    line << alarm("a", at("07:00", day=21))
    line.shows(alarm("a", at("07:00", day=21))) >> SetAlertSucceeded(**A)

    line >> AlertStopped(**A)

    line << ()
    assert talk.alerts() == {"a": at("07:00", day=21)}


def test_a_stop_alert_without_answer_is_said_again(talk: Talk) -> None:
    line = ringing(talk)
    line >> RequestAlertStop(**A)
    line << StopAlert(**A)

    talk.passes(seconds=10)

    line << StopAlert(**A)


def test_the_delete_button_deletes_the_alert_everywhere(talk: Talk) -> None:
    bedroom = talk.connects("bedroom")
    kitchen = holding(talk)
    bedroom << alarm("a", at("07:00"))

    kitchen >> RequestDeleteAlert(**A)

    kitchen << DeleteAlert(**A)
    bedroom << DeleteAlert(**A)
    assert talk.alerts() == {}


def test_the_delete_button_for_an_alert_that_nobody_knows_gets_a_delete_alert(talk: Talk) -> None:
    line = talk.connects("kitchen")

    line >> RequestDeleteAlert(token="x", type="TIMER")

    line << DeleteAlert(token="x", type="TIMER")


def test_a_sync_gets_everything_that_is_desired_once(talk: Talk) -> None:
    line = talk.connects("kitchen", quietly=True)
    talk.sets("b", at("08:00"))
    talk.sets("a", at("07:00"))

    line.shows() >> RequestSynchronizeAlert()

    line << SynchronizeAlert(all_alerts=(alarm("a", at("07:00")), alarm("b", at("08:00"))))
    line << ()
    talk.passes(seconds=6)
    line.shows(alarm("a", at("07:00")), alarm("b", at("08:00"))) >> RequestSynchronizeAlert()
    line << SynchronizeAlert(all_alerts=(alarm("a", at("07:00")), alarm("b", at("08:00"))))
    talk.passes(minutes=5)
    line << ()


def test_what_a_sync_left_as_it_was_is_not_awaited(talk: Talk) -> None:
    line = holding(talk)
    again = talk.connects(line.device, quietly=True)
    again.shows(alarm("a", at("07:00"))) >> RequestSynchronizeAlert()
    again << SynchronizeAlert(all_alerts=(alarm("a", at("07:00")),))

    talk.moves("a", at("08:00"))
    again << alarm("a", at("08:00"))
    again.shows(alarm("a", at("08:00"))) >> SetAlertSucceeded(**A)

    talk.passes(minutes=5)
    again << ()


def test_a_context_that_shows_what_was_told_answers_it(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.sets("a", at("07:00"))
    line << alarm("a", at("07:00"))
    talk.passes(seconds=6)

    line.shows(alarm("a", at("07:00"))) >> SetAlertFailed(token="b", type="ALARM")

    line << DeleteAlert(token="b", type="ALARM")
    talk.passes(minutes=5)
    assert line.memory.flight.last().keys() == {"b"}


def test_a_sync_also_deletes_what_the_device_has_and_the_account_has_not(talk: Talk) -> None:
    line = talk.connects("kitchen", quietly=True)

    line.shows(alarm("x", at("09:00"), "TIMER")) >> RequestSynchronizeAlert()

    line << (SynchronizeAlert(all_alerts=()), DeleteAlert(token="x", type="TIMER"))


def test_a_setting_that_failed_is_tried_again_after_a_while_and_then_left_to_its_owner(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.sets("a", at("07:00", day=21))
    tries = 0
    while line.hears():
        tries += 1
        line >> SetAlertFailed(**A)
        line << ()
        talk.passes(minutes=16)
    assert tries == 8
    assert talk.life(line, "a") is Life.FAILED


def test_an_edit_of_an_alert_that_could_not_be_set_is_a_new_try(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.sets("a", at("07:00"))
    line << alarm("a", at("07:00"))
    line >> SetAlertFailed(**A)
    line << ()

    talk.moves("a", at("08:00"))

    line << alarm("a", at("08:00"))


def test_an_edit_that_failed_while_it_rings_does_not_end_the_ringing(talk: Talk) -> None:
    line = ringing(talk)
    talk.moves("a", at("07:10"))
    line << alarm("a", at("07:10"))

    line >> SetAlertFailed(**A)
    line << ()

    talk.passes(minutes=1)
    line << alarm("a", at("07:10"))
    assert talk.alerts() == {"a": at("07:10")}


def test_other_words_for_an_alert_that_rings_do_not_end_it(talk: Talk) -> None:
    line = ringing(talk)
    talk.relabels("a", "Get up")
    line << alarm("a", at("07:00"))

    line >> SetAlertSucceeded(**A)

    line << ()
    assert talk.life(line, "a") is Life.RINGING
    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)
    line << DeleteAlert(**A)


def test_the_next_time_of_an_alert_that_could_not_be_set_is_a_new_try(talk: Talk) -> None:
    bedroom = talk.connects("bedroom")
    kitchen = ringing(talk, rule="FREQ=DAILY")
    for _ in range(8):
        bedroom.hears()
        bedroom >> SetAlertFailed(**A)
        talk.passes(minutes=1)
    bedroom << ()

    kitchen.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)

    bedroom << alarm("a", at("07:00", day=21))


# What contexts tell


def test_an_alert_that_a_context_lacks_is_set_again(talk: Talk) -> None:
    line = holding(talk)
    talk.sets("b", at("08:00"))
    line << alarm("b", at("08:00"))
    talk.passes(minutes=1)

    line.shows(alarm("b", at("08:00"))) >> SetAlertSucceeded(token="b", type="ALARM")

    line << alarm("a", at("07:00"))


def test_what_a_context_showed_before_is_compared_again_when_something_else_is_believed_by_now(talk: Talk) -> None:
    other = DeleteAlertFailed(token="other", type="ALARM")
    line = holding(talk)
    line.shows(alarm("a", at("07:00"))) >> other
    talk.moves("a", at("08:00"))
    line << alarm("a", at("08:00"))
    line.shows(alarm("a", at("08:00"))) >> SetAlertSucceeded(**A)
    line << ()
    talk.passes(minutes=1)

    line.shows(alarm("a", at("07:00"))) >> other

    line << alarm("a", at("08:00"))


def test_what_a_context_showed_before_is_compared_again_when_it_rings(talk: Talk) -> None:
    other = DeleteAlertFailed(token="other", type="ALARM")
    line = holding(talk)
    line >> other
    talk.now = at("07:00")

    line.shows(alarm("a", at("07:00")), ringing=("a",)) >> other

    assert talk.life(line, "a") is Life.RINGING


def test_a_context_that_was_overtaken_by_an_acknowledgement_is_not_believed(talk: Talk) -> None:
    line = holding(talk)
    talk.sets("b", at("08:00"))
    line << alarm("b", at("08:00"))
    talk.passes(seconds=1)

    line.shows() >> SetAlertSucceeded(token="b", type="ALARM")

    line << ()


def test_an_alert_that_only_a_context_shows_is_deleted(talk: Talk) -> None:
    line = holding(talk)

    line.shows(alarm("a", at("07:00")), alarm("x", at("09:00"), "REMINDER")) >> SetAlertSucceeded(**A)

    line << DeleteAlert(token="x", type="REMINDER")


def test_a_stop_that_was_lost_is_found_in_the_next_context(talk: Talk) -> None:
    line = ringing(talk, rule="FREQ=DAILY")
    talk.passes(minutes=1)

    line.shows(alarm("a", at("07:00"))) >> RequestSynchronizeAlert()

    line << SynchronizeAlert(all_alerts=(alarm("a", at("07:00", day=21)),))
    assert talk.alerts() == {"a": at("07:00", day=21)}


def test_a_snooze_is_not_taken_for_the_end_of_the_new_time(talk: Talk) -> None:
    line = ringing(talk)
    talk.moves("a", at("07:10"))
    line << alarm("a", at("07:10"))

    line.shows(alarm("a", at("07:10"))) >> AlertStopped(**A)
    line >> SetAlertSucceeded(**A)

    line << ()
    assert talk.alerts() == {"a": at("07:10")}


# Connections


def test_a_new_downchannel_is_quiet_until_the_first_context(talk: Talk) -> None:
    talk.sets("a", at("07:00"))
    line = talk.connects("kitchen", quietly=True)

    line << ()
    talk.passes(seconds=2.9)
    line << ()
    talk.passes(seconds=0.1)
    line << alarm("a", at("07:00"))


def test_a_device_that_comes_back_with_what_it_should_have_is_told_nothing(talk: Talk) -> None:
    line = holding(talk)
    talk.passes(hours=0.5)

    again = talk.connects(line.device)
    again.shows(alarm("a", at("07:00"))) >> AlertStarted(**A)

    again << ()


def test_an_acknowledgement_that_died_with_its_downchannel_costs_one_more_set_alert(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.sets("a", at("07:00"))
    line << alarm("a", at("07:00"))

    again = talk.connects(line.device)
    again.shows(alarm("a", at("07:00"))) >> SetAlertSucceeded(**A)

    again << alarm("a", at("07:00"))
    again >> SetAlertSucceeded(**A)
    again << ()


def test_an_alert_deleted_while_it_rings_is_deleted_and_not_stopped_first(talk: Talk) -> None:
    line = ringing(talk)

    talk.deletes("a")

    line << DeleteAlert(**A)
    line.shows() >> AlertStopped(**A)
    line >> DeleteAlertSucceeded(**A)
    line << ()
    assert talk.standing(line, "a") is None


# Nobody there


def test_an_occurrence_that_nobody_reported_does_not_stall_the_series(talk: Talk) -> None:
    line = holding(talk, rule="FREQ=DAILY")
    talk.now = at("07:00") + timedelta(minutes=31)

    assert talk.sweeps() == 1
    assert talk.sweeps() == 0

    assert talk.alerts() == {"a": at("07:00", day=21)}
    line << alarm("a", at("07:00", day=21))


def test_an_alert_that_rings_is_not_taken_for_missed(talk: Talk) -> None:
    ringing(talk)
    talk.passes(minutes=45)

    assert talk.sweeps() == 0


def test_an_alert_that_waits_for_its_turn_is_not_taken_for_missed(talk: Talk) -> None:
    line = holding(talk)
    talk.sets("b", at("07:00"))
    line << alarm("b", at("07:00"))
    line >> SetAlertSucceeded(token="b", type="ALARM")
    talk.now = at("07:00")
    line >> AlertStarted(**A)

    talk.passes(minutes=50)
    assert talk.sweeps() == 0

    line >> AlertStopped(**A)
    line >> AlertStarted(token="b", type="ALARM")
    talk.passes(minutes=50)
    assert talk.sweeps() == 0
    assert "b" in talk.alerts()


def test_an_alert_that_is_past_is_not_set_any_more(talk: Talk) -> None:
    talk.sets("a", at("07:00"))
    talk.now = at("07:31")
    line = talk.connects("kitchen")

    line << ()
