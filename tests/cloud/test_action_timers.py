"""Action timers: what their devices are told when they are over, in which order, and how often."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from bellwire.alerts.alert import Kind, OwnConduct, Reserved
from bellwire.cloud import accounts
from bellwire.cloud.action_forms import Action, ActionHeader, actions_of, reserved_by
from bellwire.cloud.snoozing import snooze_alert, stop_alert
from bellwire.cloud.store.conducts import save_conduct
from bellwire.cloud.store.devices import remove_device
from bellwire.cloud.wishes import WishError
from bellwire.protocol.codec import Codec
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    DeleteAlert,
    DeleteAlertSucceeded,
    RequestAlertStop,
    SetAlert,
    SetAlertSucceeded,
    SetVolume,
    StopAlert,
)
from bellwire.protocol.messages.bellwire import RequestAlertSnooze, RequestSnoozeEnd
from bellwire.protocol.messages.envelope import Directive, PassedOn
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cloud.conversation import ACCOUNT, Line, Talk, alarm, at
from tests.cloud.handlers.house import Speaker

X = {"token": "x", "type": "ACTIONTIMER"}
SEVEN, TOMORROW = at("07:00"), at("07:00", day=21)
ACTIONS = (
    Reserved("AudioPlayer", "Play", '{"url":"https://home/rain.mp3","volume":3}'),
    Reserved("Lights", "Dim", "{}"),
)
DONE = tuple(PassedOn(of_namespace=a.namespace, name=a.name, payload=msgspec.Raw(a.payload.encode())) for a in ACTIONS)


def sets(talk: Talk, *, rule: str | None = None) -> None:
    talk.sets("x", SEVEN, kind=Kind.ACTIONTIMER, rule=rule)
    talk.writes(accounts.edit_alert, ACCOUNT, "x", accounts.Edit(actions=ACTIONS), talk.now)


def holds(line: Line) -> Line:
    (told,) = line.hears()
    assert isinstance(told, SetAlert)
    line.shows(told) >> SetAlertSucceeded(**X)
    return line << ()


def rings(line: Line, time: datetime = SEVEN) -> Line:
    line.shows(at_time(time), ringing=("x",)) >> AlertStarted(**X)
    return line << ()


def stopped(line: Line, time: datetime = SEVEN) -> Line:
    return line.shows(at_time(time)) >> AlertStopped(**X)


def at_time(time: datetime) -> SetAlert:
    return alarm("x", time, "ACTIONTIMER")


def ringing(talk: Talk, *names: str, rule: str | None = None) -> list[Line]:
    lines = [talk.connects(name) for name in names]
    sets(talk, rule=rule)
    for line in lines:
        holds(line)
    talk.now = SEVEN
    return [rings(line) for line in lines]


def test_when_it_is_over_the_device_is_told_what_it_does_and_then_to_delete_it(talk: Talk) -> None:
    (line,) = ringing(talk, "kitchen")
    line << ()

    stopped(line)

    line << (*DONE, DeleteAlert(**X))
    line.shows() >> DeleteAlertSucceeded(**X)
    line << ()
    assert talk.alerts() == {}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_each_version_is_told_so_once(talk: Talk, profile: Profile) -> None:
    speaker = Speaker(talk, profile)
    sets(talk)
    kind = "ALARM" if profile is TVS_2020 else "ACTIONTIMER"
    of: dict[str, Any] = {"token": "x", "type": None if profile is TVS_2020 else kind}
    (told,) = speaker.line.hears()
    assert isinstance(told, SetAlert)
    assert told.type == kind
    speaker.line.shows(told) >> SetAlertSucceeded(**of)
    talk.now = SEVEN
    speaker.line.shows(told, ringing=("x",)) >> AlertStarted(**of)
    rest = speaker.line.shows(*(() if profile.stopping_removes else (told,)))
    rest >> AlertStopped(**of) >> AlertStopped(**of)

    assert [*speaker.line.hears()][:2] == [*DONE]

    rest >> AlertStopped(**of)
    assert not any(isinstance(message, PassedOn) for message in speaker.line.hears())
    assert talk.alerts() == {}


def test_a_directive_that_is_passed_on_is_on_the_wire_as_any_other() -> None:
    for profile in PROFILES.values():
        json = Codec(profile).encode_directive(Directive(message=DONE[0], message_id="m"))
        assert msgspec.json.decode(json) == {
            "directive": {
                "header": {"namespace": "AudioPlayer", "name": "Play", "messageId": "m"},
                "payload": {"url": "https://home/rain.mp3", "volume": 3},
            }
        }


def test_every_device_does_it_once_when_it_is_over_there(talk: Talk) -> None:
    kitchen, bedroom = ringing(talk, "kitchen", "bedroom")
    kitchen >> RequestAlertStop(**X)
    kitchen << StopAlert(**X)
    bedroom << StopAlert(**X)
    stopped(kitchen)
    kitchen << (*DONE, DeleteAlert(**X))
    bedroom << ()
    stopped(bedroom)
    bedroom << (*DONE, DeleteAlert(**X))
    assert talk.alerts() == {}


def test_where_each_device_is_stopped_by_itself_the_others_go_on(talk: Talk) -> None:
    talk.writes(save_conduct, ACCOUNT, OwnConduct(stop_everywhere=False))
    kitchen, bedroom = ringing(talk, "kitchen", "bedroom")
    stopped(kitchen)
    kitchen << (*DONE, DeleteAlert(**X))
    bedroom << ()
    stopped(bedroom)
    bedroom << (*DONE, DeleteAlert(**X))


def test_one_that_comes_again_does_it_each_time(talk: Talk) -> None:
    (line,) = ringing(talk, "kitchen", rule="FREQ=DAILY")
    stopped(line)
    *done, told = line.hears()
    assert tuple(done) == DONE
    assert isinstance(told, SetAlert)
    assert told.scheduled_time == TOMORROW
    line.shows(told) >> SetAlertSucceeded(**X)
    talk.now = TOMORROW
    stopped(rings(line, TOMORROW), TOMORROW)
    assert tuple(line.hears())[:2] == DONE


def test_what_waited_already_is_said_before_it(talk: Talk) -> None:
    speaker = Speaker(talk, TVS_2020)
    sets(talk)
    (told,) = speaker.line.hears()
    speaker.line.shows(told) >> SetAlertSucceeded(token="x")  # type: ignore[arg-type]
    talk.now = SEVEN
    speaker.line.shows(told, ringing=("x",)) >> AlertStarted(token="x")  # type: ignore[arg-type]
    talk.orders(speaker.line, SetVolume(volume=3))
    speaker.line.shows() >> AlertStopped(token="x")
    talk.orders(speaker.line, SetVolume(volume=7))
    speaker.line << (*DONE, SetVolume(volume=7))


def test_a_device_that_is_away_is_told_when_it_is_back_in_time(talk: Talk) -> None:
    (line,) = ringing(talk, "kitchen")
    stopped(line)
    talk.passes(minutes=29)
    talk.connects(line.device) << (*DONE, DeleteAlert(**X))


def test_a_device_that_is_away_for_too_long_is_told_to_delete_it_and_nothing_else(talk: Talk) -> None:
    (line,) = ringing(talk, "kitchen")
    stopped(line)
    talk.passes(minutes=30)
    talk.connects(line.device) << DeleteAlert(**X)


def test_a_device_of_which_nobody_hears_does_nothing(talk: Talk) -> None:
    line = talk.connects("kitchen")
    sets(talk)
    holds(line)
    talk.now = SEVEN + timedelta(minutes=31)
    assert talk.sweeps() == 1
    line << DeleteAlert(**X)


def test_what_is_deleted_or_paused_does_nothing(talk: Talk) -> None:
    (line,) = ringing(talk, "kitchen")
    talk.deletes("x")
    line << DeleteAlert(**X)
    stopped(line)
    line << ()


def test_a_snoozed_one_does_it_after_its_last_ring(talk: Talk) -> None:
    kitchen, bedroom = ringing(talk, "kitchen", "bedroom")
    kitchen >> RequestAlertSnooze(token="x")
    for line in (kitchen, bedroom):
        (told,) = line.hears()
        assert isinstance(told, SetAlert)
        assert told.scheduled_time == at("07:10")
        line.shows(told) >> AlertStopped(**X) >> SetAlertSucceeded(**X)
        line << ()
    talk.now = at("07:10")
    for line in (kitchen, bedroom):
        rings(line, at("07:10"))
    stopped(kitchen, at("07:10"))
    kitchen << (*DONE, DeleteAlert(**X))
    bedroom << StopAlert(**X)
    stopped(bedroom, at("07:10"))
    bedroom << (*DONE, DeleteAlert(**X))


def test_a_press_of_stop_while_it_is_snoozed_ends_it_and_every_device_does_it(talk: Talk) -> None:
    kitchen, bedroom = ringing(talk, "kitchen", "bedroom")
    kitchen >> RequestAlertSnooze(token="x")
    for line in (kitchen, bedroom):
        (told,) = line.hears()
        line.shows(told) >> AlertStopped(**X) >> SetAlertSucceeded(**X)  # type: ignore[arg-type]
    kitchen >> RequestSnoozeEnd(token="x")
    kitchen << (*DONE, DeleteAlert(**X))
    bedroom << (*DONE, DeleteAlert(**X))


def test_the_account_stops_what_rings_and_what_is_snoozed(talk: Talk) -> None:
    (line,) = ringing(talk, "kitchen")
    talk.writes(stop_alert, ACCOUNT, "x", talk.now)
    line << StopAlert(**X)
    stopped(line)
    line << (*DONE, DeleteAlert(**X))


def test_the_account_stops_what_nobody_said_to_ring(talk: Talk) -> None:
    line = talk.connects("kitchen")
    sets(talk)
    holds(line)
    talk.now = SEVEN
    talk.writes(stop_alert, ACCOUNT, "x", talk.now)
    line << (*DONE, DeleteAlert(**X))


def test_the_account_stops_what_is_snoozed(talk: Talk) -> None:
    (line,) = ringing(talk, "kitchen")
    talk.writes(snooze_alert, ACCOUNT, "x", None, talk.now)
    (told,) = line.hears()
    line.shows(told) >> AlertStopped(**X) >> SetAlertSucceeded(**X)  # type: ignore[arg-type]
    talk.writes(stop_alert, ACCOUNT, "x", talk.now)
    line << (*DONE, DeleteAlert(**X))


def test_a_device_that_is_removed_takes_it_along(talk: Talk) -> None:
    kitchen, bedroom = ringing(talk, "kitchen", "bedroom")
    stopped(kitchen)
    talk.writes(remove_device, ACCOUNT, "kitchen")
    bedroom << StopAlert(**X)
    stopped(bedroom)
    bedroom << (*DONE, DeleteAlert(**X))
    assert talk.alerts() == {}


# What can be an action


def action(namespace: str = "AudioPlayer", **payload: Any) -> Action:
    return Action(header=ActionHeader(namespace=namespace, name="Play"), payload=payload)


@pytest.mark.parametrize("namespace", ["Alerts", "System", "Bellwire", "ALERTS", "system"])
def test_the_namespaces_of_the_cloud_are_its_own(namespace: str) -> None:
    with pytest.raises(WishError, match=f"cannot be of namespace {namespace}"):
        reserved_by([action(namespace)], Kind.ACTIONTIMER)


@pytest.mark.parametrize("kind", [Kind.ALARM, Kind.TIMER, Kind.REMINDER])
def test_only_an_action_timer_does_something(kind: Kind) -> None:
    with pytest.raises(WishError, match=f"a kind of {kind}"):
        reserved_by([action()], kind)
    assert reserved_by([], kind) == ()


def test_payloads_have_a_bound_together() -> None:
    fits = action(text="x" * 8_000)
    assert len(reserved_by([fits, fits], Kind.ACTIONTIMER)) == 2
    with pytest.raises(WishError, match="16384 are taken at most"):
        reserved_by([fits, fits, fits], Kind.ACTIONTIMER)


def test_an_action_is_shown_as_it_was_given() -> None:
    given = [action(text="비", deep={"a": [1, 2.5, None, True]})]
    assert actions_of(reserved_by(given, Kind.ACTIONTIMER)) == given
