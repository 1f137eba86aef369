"""An alert on several devices: which they are, those that come and go, and where each is stopped by itself."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bellwire.alerts.alert import Alert, OwnConduct
from bellwire.alerts.lifecycle import Life
from bellwire.cloud import accounts
from bellwire.cloud.accounts import Devices
from bellwire.cloud.snoozing import snooze_alert, stop_alert
from bellwire.cloud.store.conducts import save_conduct
from bellwire.cloud.store.devices import remove_device, rename_device
from bellwire.cloud.store.schema import metadata
from bellwire.cloud.store.transaction import Statement
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
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cloud.conversation import ACCOUNT, Line, Talk, alarm, at, talking
from tests.cloud.handlers.house import Speaker

A = {"token": "a", "type": "ALARM"}
DAILY = "FREQ=DAILY"
SEVEN, TOMORROW = at("07:00"), at("07:00", day=21)
SNOOZE, END = RequestAlertSnooze(token="a"), RequestSnoozeEnd(token="a")


def alert(talk: Talk) -> Alert:
    return talk.reads(accounts.show_alert, ACCOUNT, "a").alert


def places(talk: Talk) -> dict[str, Life]:
    return talk.reads(accounts.show_alert, ACCOUNT, "a").lives


def moves_to(talk: Talk, *device_ids: str) -> None:
    """The account has `a` ring on these devices alone; none named: on all."""
    edit = accounts.Edit(where=Devices(device_ids or None))
    talk.writes(accounts.edit_alert, ACCOUNT, "a", edit, talk.now)


def holds(line: Line, time: datetime = SEVEN) -> Line:
    """The device is told of `a`, and has it then."""
    line << alarm("a", time)
    line.shows(alarm("a", time)) >> SetAlertSucceeded(**A)
    return line << ()


def rings(line: Line, time: datetime = SEVEN) -> Line:
    line.shows(alarm("a", time), ringing=("a",)) >> AlertStarted(**A)
    return line << ()


def stopped(line: Line, time: datetime = SEVEN) -> Line:
    return line.shows(alarm("a", time)) >> AlertStopped(**A)


def two(talk: Talk, rule: str | None = None, on: list[str] | None = None) -> tuple[Line, Line]:
    """The kitchen and the bedroom, which hold `a` of 07:00."""
    lines = talk.connects("kitchen"), talk.connects("bedroom")
    talk.sets("a", SEVEN, rule=rule, on=on)
    return holds(lines[0]), holds(lines[1])


def each_by_itself(talk: Talk) -> None:
    talk.writes(save_conduct, ACCOUNT, OwnConduct(stop_everywhere=False))


# Which devices


def test_an_alert_moves_from_one_device_to_another(talk: Talk) -> None:
    kitchen, bedroom = talk.connects("kitchen"), talk.connects("bedroom")
    talk.sets("a", SEVEN, on=["kitchen"])
    holds(kitchen)
    bedroom << ()

    moves_to(talk, "bedroom")

    kitchen << DeleteAlert(**A)
    holds(bedroom)
    assert places(talk) == {"bedroom": Life.SET}
    kitchen.shows() >> DeleteAlertSucceeded(**A)
    kitchen << ()
    assert talk.standing(kitchen, "a") is None


def test_an_alert_for_some_becomes_one_for_all_and_those_that_join(talk: Talk) -> None:
    kitchen, bedroom = talk.connects("kitchen"), talk.connects("bedroom")
    talk.sets("a", SEVEN, on=["kitchen"])
    holds(kitchen)

    moves_to(talk)

    kitchen << ()
    holds(bedroom)
    holds(talk.connects("attic"))
    moves_to(talk, "attic", "attic")
    talk.connects("hall") << ()
    assert places(talk) == {"attic": Life.SET}


def test_another_device_of_an_alert_that_rings_rings_too(talk: Talk) -> None:
    kitchen, bedroom = talk.connects("kitchen"), talk.connects("bedroom")
    talk.sets("a", SEVEN, on=["kitchen"])
    talk.now = SEVEN
    rings(holds(kitchen))
    moves_to(talk, "kitchen", "bedroom")
    rings(holds(bedroom))
    stopped(bedroom)
    kitchen << StopAlert(**A)


def test_a_device_from_which_it_is_taken_while_it_rings_stops_nobody_else(talk: Talk) -> None:
    kitchen, bedroom = two(talk, DAILY)
    talk.now = SEVEN
    rings(kitchen)
    rings(bedroom)
    moves_to(talk, "kitchen")
    bedroom << DeleteAlert(**A)
    stopped(bedroom)
    bedroom.shows() >> DeleteAlertSucceeded(**A)
    bedroom << ()
    kitchen << ()
    assert alert(talk).scheduled_time == SEVEN


def test_a_device_from_which_it_was_taken_while_it_was_away_does_not_get_it_back_with_the_next_day(talk: Talk) -> None:
    kitchen, bedroom = two(talk, DAILY)
    moves_to(talk, "kitchen")
    talk.now = SEVEN
    stopped(rings(kitchen))
    kitchen << alarm("a", TOMORROW)
    bedroom << DeleteAlert(**A)


def test_what_is_taken_away_and_given_back_at_once_is_set(talk: Talk) -> None:
    kitchen, bedroom = two(talk)
    moves_to(talk, "kitchen")
    bedroom << DeleteAlert(**A)
    moves_to(talk, "kitchen", "bedroom")
    bedroom.shows() >> DeleteAlertSucceeded(**A)
    bedroom << alarm("a", SEVEN)
    kitchen << ()


def test_a_paused_alert_resumes_where_it_was_moved_to(talk: Talk) -> None:
    kitchen, bedroom = two(talk, DAILY)
    talk.writes(accounts.pause_alert, ACCOUNT, "a", talk.now)
    moves_to(talk, "bedroom")
    assert places(talk).keys() == {"bedroom"}
    talk.writes(accounts.resume_alert, ACCOUNT, "a", talk.now)
    kitchen << DeleteAlert(**A)
    bedroom << alarm("a", SEVEN)


def test_what_the_account_has_not_is_no_place(talk: Talk) -> None:
    two(talk)
    with pytest.raises(accounts.UnknownDeviceError, match="no device attic"):
        moves_to(talk, "kitchen", "attic")
    assert places(talk).keys() == {"kitchen", "bedroom"}


# Devices that go


def rows_with(talk: Talk, text: str) -> dict[str, list[Any]]:
    """Every row of every table that says this anywhere; the change log is left out, as it must tell of what is gone."""
    found = {}
    for table in (each for each in metadata.tables.values() if each.name != "changes"):
        rows = talk.performs((Statement(sa.select(table), "all rows"), {}))
        if there := [row for row in rows if any(text in str(value) for value in row)]:
            found[table.name] = there
    return found


def test_a_device_that_is_removed_leaves_nothing_behind(talk: Talk) -> None:
    two(talk, on=["kitchen", "bedroom"])
    talk.sets("b", SEVEN, on=["bedroom"])
    talk.sets("c", SEVEN, on=["bedroom"])
    talk.sets("d", SEVEN, on=["kitchen", "bedroom"])
    for token in ("c", "d"):
        talk.writes(accounts.pause_alert, ACCOUNT, token, talk.now)

    alone = talk.writes(remove_device, ACCOUNT, "bedroom")

    assert sorted(alone) == ["b", "c"]
    assert rows_with(talk, "bedroom") == {}
    shown = {each.alert.token: each.lives.keys() for each in talk.reads(accounts.show_alerts, ACCOUNT, None, 9)}
    assert shown == {"a": {"kitchen"}, "b": set(), "c": set(), "d": {"kitchen"}}


def test_an_alert_whose_only_device_was_removed_rings_where_it_is_moved_to(talk: Talk) -> None:
    kitchen = talk.connects("kitchen")
    talk.device("bedroom")
    talk.sets("a", SEVEN, on=["bedroom"])
    talk.writes(remove_device, ACCOUNT, "bedroom")
    kitchen << ()
    moves_to(talk)
    kitchen << alarm("a", SEVEN)


@pytest.mark.parametrize("together", [True, False])
def test_a_device_that_is_removed_while_it_rings_stalls_nothing(talk: Talk, together: bool) -> None:
    kitchen, bedroom = two(talk, DAILY)
    if not together:
        each_by_itself(talk)
    talk.now = SEVEN
    rings(kitchen)
    rings(bedroom)
    talk.writes(remove_device, ACCOUNT, "bedroom")
    stopped(kitchen)
    kitchen << alarm("a", TOMORROW)
    assert alert(talk).scheduled_time == TOMORROW


def test_another_name_changes_nothing_for_its_alerts(talk: Talk) -> None:
    kitchen, _ = two(talk)
    talk.writes(rename_device, ACCOUNT, "kitchen", "galley")
    kitchen << ()
    assert places(talk) == {"kitchen": Life.SET, "bedroom": Life.SET}


# Where each device is stopped by itself


@pytest.mark.parametrize("rule", [None, DAILY])
def test_each_device_is_stopped_by_itself_and_it_is_over_with_the_last(talk: Talk, rule: str | None) -> None:
    each_by_itself(talk)
    kitchen, bedroom = two(talk, rule)
    talk.now = SEVEN
    rings(kitchen)
    rings(bedroom)

    kitchen >> RequestAlertStop(**A)
    kitchen << StopAlert(**A)
    stopped(kitchen)

    kitchen << (DeleteAlert(**A) if rule is None else alarm("a", TOMORROW))
    bedroom << ()
    assert talk.alerts() == {"a": SEVEN}
    stopped(bedroom)
    bedroom << (DeleteAlert(**A) if rule is None else alarm("a", TOMORROW))
    assert talk.alerts() == ({} if rule is None else {"a": TOMORROW})


def test_an_alert_can_have_it_otherwise_than_its_account(talk: Talk) -> None:
    each_by_itself(talk)
    kitchen, bedroom = two(talk)
    edit = accounts.Edit(conduct=lambda _: OwnConduct(stop_everywhere=True))
    talk.writes(accounts.edit_alert, ACCOUNT, "a", edit, talk.now)
    talk.now = SEVEN
    rings(bedroom)
    stopped(rings(kitchen))
    bedroom << StopAlert(**A)


def test_where_stopping_removes_it_is_not_set_again(talk: Talk) -> None:
    each_by_itself(talk)
    kitchen, bedroom = Speaker(talk, TVS_2020, "kitchen"), Speaker(talk, TVS_2020, "bedroom")
    for speaker in (kitchen, bedroom):
        speaker.rings()
    kitchen.shows() >> kitchen.of(AlertStopped)
    kitchen.line << ()
    bedroom.line << ()
    bedroom.shows() >> bedroom.of(AlertStopped)
    bedroom.line << ()
    assert talk.alerts() == {}


def test_a_device_that_was_away_ends_with_the_sweep_and_the_others_are_a_day_ahead(talk: Talk) -> None:
    each_by_itself(talk)
    kitchen, bedroom = two(talk, DAILY)
    talk.now = SEVEN
    stopped(rings(kitchen))
    kitchen << alarm("a", TOMORROW)
    assert alert(talk).scheduled_time == SEVEN
    talk.now = at("07:31")
    assert talk.sweeps() == 1
    assert alert(talk).scheduled_time == TOMORROW
    bedroom << alarm("a", TOMORROW)


def test_each_device_is_snoozed_by_itself(talk: Talk) -> None:
    each_by_itself(talk)
    kitchen, bedroom = two(talk, DAILY)
    talk.now = SEVEN
    rings(kitchen)
    rings(bedroom)
    kitchen >> SNOOZE
    bedroom << ()
    kitchen << alarm("a", at("07:10"))
    stopped(kitchen, at("07:10")) >> SetAlertSucceeded(**A)
    assert talk.alerts() == {"a": SEVEN}

    stopped(bedroom)

    assert talk.alerts() == {"a": at("07:10")}
    assert alert(talk).snoozed_from == SEVEN
    talk.now = at("07:05")
    kitchen >> END
    kitchen << alarm("a", TOMORROW)
    assert talk.alerts() == {"a": TOMORROW}
    assert alert(talk).snoozed_from is None


def test_the_account_snoozes_and_stops_all_that_ring(talk: Talk) -> None:
    each_by_itself(talk)
    kitchen, bedroom = two(talk, DAILY)
    talk.now = SEVEN
    rings(bedroom)
    stopped(rings(kitchen))
    kitchen << alarm("a", TOMORROW)
    talk.writes(snooze_alert, ACCOUNT, "a", None, talk.now)
    bedroom << alarm("a", at("07:10"))
    talk.writes(stop_alert, ACCOUNT, "a", talk.now)
    bedroom << alarm("a", TOMORROW)
    assert talk.alerts() == {"a": TOMORROW}


def test_another_label_and_a_skip_leave_each_device_at_its_own_time(talk: Talk) -> None:
    each_by_itself(talk)
    kitchen, bedroom = two(talk, DAILY)
    talk.now = SEVEN
    rings(bedroom)
    stopped(rings(kitchen))
    talk.relabels("a", "Tea")
    kitchen << alarm("a", TOMORROW)
    bedroom << alarm("a", SEVEN)
    talk.writes(accounts.skip_occurrence, ACCOUNT, "a", talk.now)
    kitchen << alarm("a", at("07:00", day=22))
    bedroom << ()


def test_when_the_earliest_device_leaves_the_alert_is_at_the_time_of_those_that_stay(talk: Talk) -> None:
    each_by_itself(talk)
    kitchen, _ = two(talk)
    talk.now = SEVEN
    rings(kitchen) >> SNOOZE
    moves_to(talk, "kitchen")
    assert talk.alerts() == {"a": at("07:10")}


# Whatever happens


class House(RuleBasedStateMachine):
    """Two devices and an alert: the alert's time is the earliest of what is desired of it, and it is never stuck."""

    @initialize(together=st.booleans(), rule=st.sampled_from([None, DAILY, "FREQ=HOURLY"]))
    def moves_in(self, together: bool, rule: str | None) -> None:
        self.scene = talking()
        self.talk = self.scene.__enter__()
        self.together = together
        if not together:
            each_by_itself(self.talk)
        self.lines = two(self.talk, rule)
        self.talk.now = SEVEN
        for line in self.lines:
            rings(line)

    def teardown(self) -> None:
        if hasattr(self, "scene"):
            self.scene.__exit__(None, None, None)

    def of(self, line: Line) -> Any:
        return self.talk.standing(line, "a")

    @rule(minutes=st.sampled_from([0, 1, 9, 10, 31, 61, 121, 24 * 60]))
    def time_goes_by(self, minutes: int) -> None:
        self.talk.passes(minutes=minutes)
        assert 0 in [self.talk.sweeps() for _ in range(3)]

    @rule(which=st.integers(0, 1))
    def hears_and_does(self, which: int) -> None:
        """The device takes what it is told, as it comes."""
        line = self.lines[which]
        for told in line.hears():
            if type(told).__name__ == "SetAlert":
                line.shows(told) >> SetAlertSucceeded(**A)  # type: ignore[arg-type]
            elif isinstance(told, DeleteAlert):
                line.shows() >> DeleteAlertSucceeded(**A)
            else:
                line >> AlertStopped(**A)

    @rule(which=st.integers(0, 1), what=st.sampled_from([AlertStarted, AlertStopped, RequestAlertStop, SNOOZE, END]))
    def says(self, which: int, what: Any) -> None:
        """Of what it has, when that is due; or late, or of nothing."""
        line = self.lines[which]
        held = self.of(line)
        message = what if what in {SNOOZE, END} else what(**A)
        if held is not None and held.reported.scheduled_time is not None:
            shown = alarm("a", held.reported.scheduled_time)
            is_due = held.reported.scheduled_time <= self.talk.now
            line.shows(shown, ringing=("a",) if is_due and what is not AlertStopped else ())
        line >> message

    @rule(what=st.sampled_from(["snooze", "stop", "skip", "pause", "resume", "label", "here", "all"]))
    def account(self, what: str) -> None:
        talk = self.talk
        does: dict[str, Any] = {
            "snooze": lambda: talk.writes(snooze_alert, ACCOUNT, "a", None, talk.now),
            "stop": lambda: talk.writes(stop_alert, ACCOUNT, "a", talk.now),
            "skip": lambda: talk.writes(accounts.skip_occurrence, ACCOUNT, "a", talk.now),
            "pause": lambda: talk.writes(accounts.pause_alert, ACCOUNT, "a", talk.now),
            "resume": lambda: talk.writes(accounts.resume_alert, ACCOUNT, "a", talk.now),
            "label": lambda: talk.relabels("a", "Tea"),
            "here": lambda: moves_to(talk, "kitchen"),
            "all": lambda: moves_to(talk),
        }
        try:
            does[what]()
        except (WishError, accounts.UnknownAlertError):
            return

    @invariant()
    def the_alert_is_at_the_earliest_time_that_a_device_has(self) -> None:
        standings = [standing for line in self.lines if (standing := self.of(line)) is not None]
        desired = [standing.desired.scheduled_time for standing in standings if standing.desired]
        if "a" not in self.talk.alerts() or alert(self.talk).paused_on is not None:
            assert desired == []
        elif self.together:
            assert set(desired) <= {alert(self.talk).scheduled_time}
        elif desired:
            assert min(desired) == alert(self.talk).scheduled_time

    @invariant()
    def nothing_that_is_over_stays(self) -> None:
        overdue = [time for time in self.talk.alerts().values() if time < self.talk.now - timedelta(hours=2)]
        if overdue and alert(self.talk).paused_on is None:
            assert self.talk.sweeps() > 0


TestHouse = House.TestCase
TestHouse.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
