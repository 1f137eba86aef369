"""Skipping, pausing, resuming, and an account that moves to another time zone: what the devices hear of it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.standing import Desired
from bellwire.cloud import accounts
from bellwire.cloud.store.accounts import find_account
from bellwire.cloud.wishes import WishError
from bellwire.protocol.messages.alerts import (
    AlertStopped,
    DeleteAlert,
    DeleteAlertSucceeded,
    SetAlertSucceeded,
)
from tests.cloud.conversation import ACCOUNT, Line, Talk, alarm, at
from tests.cloud.handlers.test_alerts import A, holding, ringing

DAILY = "FREQ=DAILY"


def shown(talk: Talk, token: str = "a") -> Alert:
    return talk.reads(accounts.show_alert, ACCOUNT, token).alert


def skips(talk: Talk) -> None:
    talk.writes(accounts.skip_occurrence, ACCOUNT, "a", talk.now)


def pauses(talk: Talk) -> None:
    talk.writes(accounts.pause_alert, ACCOUNT, "a", talk.now)


def resumes(talk: Talk) -> None:
    talk.writes(accounts.resume_alert, ACCOUNT, "a", talk.now)


def forgets(line: Line) -> None:
    """The device is told to delete `a`, and does."""
    line << DeleteAlert(**A)
    line.shows() >> DeleteAlertSucceeded(**A)
    line << ()


# Skipping


def test_the_one_after_what_is_skipped_is_desired_at_once(talk: Talk) -> None:
    line = holding(talk, rule=DAILY)
    skips(talk)
    line << alarm("a", at("07:00", day=21))
    line.shows(alarm("a", at("07:00", day=21))) >> SetAlertSucceeded(**A)

    skips(talk)

    line << alarm("a", at("07:00", day=22))
    assert talk.alerts() == {"a": at("07:00", day=22)}


def test_skipping_while_it_rings_is_of_the_next_one(talk: Talk) -> None:
    line = ringing(talk, rule=DAILY)
    skips(talk)
    line << ()

    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)

    line << alarm("a", at("07:00", day=22))


@pytest.mark.parametrize(("until", "told"), [(None, "does not come again"), (at("08:00"), "the last time")])
def test_what_does_not_come_again_cannot_be_skipped(talk: Talk, until: datetime | None, told: str) -> None:
    holding(talk, rule=None if until is None else DAILY)
    if until is not None:
        schedule = replace(shown(talk).schedule, until=until.replace(tzinfo=None))
        edit = accounts.Edit(reschedule=lambda _: (schedule, at("07:00")))
        talk.writes(accounts.edit_alert, ACCOUNT, "a", edit, talk.now)
    with pytest.raises(WishError, match=told):
        skips(talk)


# Pausing


def test_a_paused_alert_is_desired_on_no_device_and_resumes_at_its_next_time(talk: Talk) -> None:
    line = holding(talk, rule=DAILY)
    pauses(talk)
    standing = talk.standing(line, "a")
    assert standing is not None
    assert standing.desired is None
    forgets(line)
    assert "a" in talk.alerts()
    talk.passes(days=3)
    assert talk.sweeps() == 0
    line << ()

    resumes(talk)

    line << alarm("a", at("07:00", day=23))


def test_resuming_at_once_sets_what_the_device_was_told_to_delete(talk: Talk) -> None:
    line = holding(talk, rule=DAILY)
    pauses(talk)
    line << DeleteAlert(**A)
    resumes(talk)
    line << alarm("a", at("07:00"))


def test_pausing_silences_what_rings_and_its_end_moves_nothing(talk: Talk) -> None:
    line = ringing(talk, rule=DAILY)
    pauses(talk)
    line << DeleteAlert(**A)
    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)
    line.shows() >> DeleteAlertSucceeded(**A)
    line << ()
    assert shown(talk).paused_on == ("kitchen",)

    resumes(talk)

    line << alarm("a", at("07:00", day=21))


def test_an_alert_of_some_devices_resumes_on_these(talk: Talk) -> None:
    kitchen, hall = talk.connects("kitchen"), talk.connects("hall")
    talk.sets("a", at("07:00"), rule=DAILY, on=["kitchen"])
    kitchen << alarm("a", at("07:00"))
    kitchen.shows(alarm("a", at("07:00"))) >> SetAlertSucceeded(**A)
    pauses(talk)
    forgets(kitchen)
    assert talk.reads(accounts.show_alert, ACCOUNT, "a").lives == {"kitchen": Life.ABSENT}

    resumes(talk)

    kitchen << alarm("a", at("07:00"))
    hall << ()


def test_a_device_that_joins_gets_what_is_paused_when_it_is_resumed(talk: Talk) -> None:
    talk.sets("a", at("07:00"), rule=DAILY)
    pauses(talk)
    line = talk.connects("kitchen")
    line << ()
    resumes(talk)
    line << alarm("a", at("07:00"))


def test_an_edit_leaves_it_paused(talk: Talk) -> None:
    line = holding(talk, rule=DAILY)
    pauses(talk)
    forgets(line)
    talk.moves("a", at("08:00"))
    line << ()
    resumes(talk)
    line << alarm("a", at("08:00"))


def test_what_was_missed_while_it_was_paused_is_not_resumed(talk: Talk) -> None:
    talk.sets("a", at("07:00"))
    pauses(talk)
    pauses(talk)
    talk.now = at("07:01")
    with pytest.raises(WishError, match="its time went by while it was paused"):
        resumes(talk)
    with pytest.raises(WishError, match="resume it first"):
        skips(talk)
    talk.deletes("a")
    assert talk.alerts() == {}


# Another time zone


def floats(talk: Talk, token: str, rule: str | None, *, floating: bool = True) -> None:
    """The account, in UTC, adds an alarm of 07:00."""
    alert = talk.sets(token, at("07:00"), rule=rule)
    schedule = replace(alert.schedule, floating=floating)
    edit = accounts.Edit(reschedule=lambda _: (schedule, alert.scheduled_time))
    talk.writes(accounts.edit_alert, ACCOUNT, token, edit, talk.now)


def test_what_floats_moves_with_its_account_and_what_is_fixed_does_not(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.now = at("05:00")
    floats(talk, "again", DAILY)
    floats(talk, "once", None)
    floats(talk, "fixed", DAILY, floating=False)

    assert talk.goes_to("Europe/Berlin") == ["kitchen"]

    seven = at("06:00")
    assert talk.alerts() == {"again": seven, "once": seven, "fixed": at("07:00")}
    assert {each.scheduled_time for each in line.hears() if hasattr(each, "scheduled_time")} == {seven, at("07:00")}
    assert talk.reads(find_account, ACCOUNT).timezone == "Europe/Berlin"
    talk.goes_to("UTC")
    assert set(talk.alerts().values()) == {at("07:00")}


def test_what_would_be_past_by_the_move_rings_when_it_would_have_rung(talk: Talk) -> None:
    talk.now = at("05:00")
    floats(talk, "once", None)
    floats(talk, "again", DAILY)
    talk.goes_to("Asia/Seoul")  # where it is 14:00
    assert talk.alerts() == {"once": at("07:00"), "again": at("22:00")}


def test_what_rings_goes_on_and_comes_next_in_the_new_zone(talk: Talk) -> None:
    line = ringing(talk, rule=DAILY)
    schedule = replace(shown(talk).schedule, floating=True)
    edit = accounts.Edit(reschedule=lambda _: (schedule, at("07:00")))
    talk.writes(accounts.edit_alert, ACCOUNT, "a", edit, talk.now)
    line.hears()
    line.shows(alarm("a", at("07:00")), ringing=("a",)) >> SetAlertSucceeded(**A)

    assert talk.goes_to("Asia/Seoul") == []
    line.shows(alarm("a", at("07:00"))) >> AlertStopped(**A)

    assert talk.alerts() == {"a": at("22:00")}


def test_what_is_paused_moves_too(talk: Talk) -> None:
    talk.now = at("05:00")
    floats(talk, "a", DAILY)
    pauses(talk)
    talk.goes_to("Europe/Berlin")
    resumes(talk)
    assert talk.alerts() == {"a": at("06:00")}
    assert shown(talk).schedule == Schedule(at("07:00").replace(tzinfo=None), "Europe/Berlin", DAILY, floating=True)
    assert talk.now + timedelta(hours=1) == at("06:00")


def test_what_is_paused_is_spoken_anew_and_stays_paused(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.sets("a", at("07:00"), rule=DAILY, kind=Kind.REMINDER, label="tea", speech="tea-en")
    line.hears()
    pauses(talk)  # and the device has not deleted it yet

    assert talk.goes_to("Asia/Tokyo") == []

    assert shown(talk).speech == "tea-ja"
    standing = talk.standing(line, "a")
    assert standing is not None
    assert standing.desired is None


def test_what_moves_and_is_spoken_anew_is_set_with_both(talk: Talk) -> None:
    talk.now = at("05:00")
    line = talk.connects("kitchen")
    alert = talk.sets("a", at("07:00"), rule=DAILY, kind=Kind.REMINDER, label="tea", speech="tea-en")
    edit = accounts.Edit(reschedule=lambda each: (replace(each, floating=True), alert.scheduled_time))
    talk.writes(accounts.edit_alert, ACCOUNT, "a", edit, talk.now)

    assert talk.goes_to("Asia/Tokyo") == ["kitchen"]

    after, standing = shown(talk), talk.standing(line, "a")
    assert (after.speech, after.scheduled_time) == ("tea-ja", at("22:00"))
    assert standing is not None
    assert standing.desired == Desired(at("22:00"), after.version)
