"""Speakers of different versions in one house: the same alarm rings on all, each is spoken to in its own words."""

import json
from datetime import datetime
from typing import Any

import pytest

from bellwire.alerts.alert import Kind
from bellwire.alerts.lifecycle import Life
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import (
    AlertStopped,
    DeleteAlert,
    DeleteAlertSucceeded,
    RequestAlertStop,
    RequestSynchronizeAlert,
    SetAlertSucceeded,
    SynchronizeAlert,
)
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.messages.system import RequestSynchronizeState, SynchronizeState
from bellwire.protocol.profiles import PROFILES
from tests.cloud.conversation import CODECS, Talk, alarm, at
from tests.cloud.handlers.house import Speaker

TODAY, TOMORROW = at("07:00"), at("07:00", day=21)
every_speaker = pytest.mark.parametrize("which", PROFILES)


def everybody(talk: Talk, *, quietly: bool = False) -> dict[str, Speaker]:
    """A speaker of each version on one account."""
    return {name: Speaker(talk, profile, name, quietly=quietly) for name, profile in PROFILES.items()}


def ringing(talk: Talk, rule: str | None = None) -> dict[str, Speaker]:
    """The alarm `a` of 07:00 rings on all of them."""
    house = everybody(talk)
    for speaker in house.values():
        speaker.holds(rule=rule)
    talk.now = TODAY
    for speaker in house.values():
        speaker.starts()
    return house


def on_the_wire(speaker: Speaker, message: Message) -> Any:
    """The payload of a directive in the speaker's version."""
    codec = CODECS[speaker.profile.name]
    return json.loads(codec.encode_directive(Directive(message=message, message_id="m")))["directive"]["payload"]


def stops_by_button(speaker: Speaker) -> None:
    """Somebody presses stop on it: it asks first, where its version has it so."""
    if speaker.profile.stop_asks_first:
        speaker.line >> speaker.of(RequestAlertStop)
        speaker.line << speaker.of(speaker.profile.silencing)
    reports_stopped(speaker)


def reports_stopped(speaker: Speaker) -> None:
    left = () if speaker.profile.stopping_removes else (TODAY,)
    speaker.shows(*left) >> speaker.of(AlertStopped)


def is_silenced(speaker: Speaker) -> None:
    """It is told so in its own words, and it answers."""
    speaker.line << speaker.of(speaker.profile.silencing)
    reports_stopped(speaker)
    if speaker.profile.silencing is DeleteAlert:
        speaker.shows() >> speaker.of(DeleteAlertSucceeded)


# An alarm that rang without a network, and of which every word was lost


def comes_back(talk: Talk, speaker: Speaker, *shown: datetime) -> None:
    """A new connection, with this in the context of its first event."""
    talk.passes(minutes=3)
    speaker.line = talk.connects(speaker.line.device, profile=speaker.profile)
    speaker.shows(*shown) >> (SynchronizeState() if speaker.profile.stopping_removes else RequestSynchronizeAlert())


every_speaker_that_removes = pytest.mark.parametrize(
    "which", [name for name, profile in PROFILES.items() if profile.stopping_removes]
)


@every_speaker_that_removes
def test_what_rang_unheard_of_and_is_gone_does_not_ring_again(talk: Talk, which: str) -> None:
    speaker = Speaker(talk, PROFILES[which]).holds()
    talk.now = TODAY
    comes_back(talk, speaker)
    speaker.line << ()
    assert talk.alerts() == {}
    assert talk.standing(speaker.line, "a") is None


@every_speaker_that_removes
def test_of_what_rang_unheard_of_and_is_gone_the_next_one_is_set(talk: Talk, which: str) -> None:
    speaker = Speaker(talk, PROFILES[which]).holds(rule="FREQ=DAILY")
    talk.now = TODAY
    comes_back(talk, speaker)
    speaker.line << alarm("a", TOMORROW)
    assert talk.alerts() == {"a": TOMORROW}


@every_speaker_that_removes
def test_what_is_gone_before_its_time_is_set_again(talk: Talk, which: str) -> None:
    speaker = Speaker(talk, PROFILES[which]).holds()
    talk.now = at("06:55")
    comes_back(talk, speaker)
    speaker.line << alarm("a", TODAY)
    assert talk.alerts() == {"a": TODAY}


@every_speaker_that_removes
def test_what_was_given_another_time_meanwhile_rings_then(talk: Talk, which: str) -> None:
    speaker = Speaker(talk, PROFILES[which]).holds()
    talk.moves("a", at("08:00"))
    talk.now = TODAY
    comes_back(talk, speaker)
    speaker.line << alarm("a", at("08:00"))
    assert talk.alerts() == {"a": at("08:00")}


@every_speaker_that_removes
def test_what_was_never_on_it_has_not_rung_there(talk: Talk, which: str) -> None:
    speaker = Speaker(talk, PROFILES[which])
    talk.sets("a", TODAY)
    talk.now = TODAY
    comes_back(talk, speaker)
    speaker.line << alarm("a", TODAY)


@every_speaker_that_removes
def test_on_another_speaker_it_is_the_same_occurrence(talk: Talk, which: str) -> None:
    """It rings there, or waits for its turn: it is over. What it said of it itself changes nothing more."""
    house = [Speaker(talk, PROFILES[which], name).holds(rule="FREQ=DAILY") for name in ("kitchen", "bedroom")]
    kitchen, bedroom = house
    talk.now = TODAY
    bedroom.starts()
    comes_back(talk, kitchen)
    is_silenced(bedroom)
    bedroom.line << alarm("a", TOMORROW)
    bedroom.shows(TOMORROW) >> bedroom.of(SetAlertSucceeded)
    assert talk.alerts() == {"a": TOMORROW}


def test_where_a_stopped_alert_stays_one_that_is_gone_is_set_again(talk: Talk) -> None:
    for name, profile in PROFILES.items():
        if not profile.stopping_removes:
            talk.now = at("06:00")
            speaker = Speaker(talk, profile, name).holds()
            talk.now = TODAY
            comes_back(talk, speaker)
            assert talk.alerts() == {"a": TODAY}


def test_an_alert_is_set_on_each_in_its_own_words(talk: Talk) -> None:
    house = everybody(talk)
    talk.sets("a", TODAY, kind=Kind.REMINDER, label="Pay the rent", speech="rent.mp3")

    worded = {}
    for name, speaker in house.items():
        [message] = speaker.line.hears()
        worded[name] = on_the_wire(speaker, message)

    speech = {"assetId": "speech", "url": "https://cloud/assets/rent.mp3"}
    in_the_first_family = {
        "token": "a",
        "type": "REMINDER",
        "scheduledTime": "2026-11-20T07:00:00+00:00",
        "label": "Pay the rent",
        "assets": [{"assetId": "bell", "url": "clova://alert/bell/reminder"}, speech],
        "assetPlayOrder": ["bell", "speech"],
    }
    assert worded == {
        "cic-ko-2022": in_the_first_family,
        "cic-ja-2019": in_the_first_family,
        "cic-en-2018": in_the_first_family,
        "tvs-2020": {
            "token": "a",
            "type": "REMINDER",
            "scheduledTime": "2026-11-20T07:00:00+0000",
            "assets": [speech],
            "assetPlayOrder": ["speech"],
            "backgroundAlertAsset": "speech",
            "loopPauseInMilliSeconds": 2000,
        },
    }


def test_a_timer_that_speaks_speaks_only_where_the_version_has_it(talk: Talk) -> None:
    house = everybody(talk)
    talk.sets("a", TODAY, kind=Kind.TIMER, label="Tea", speech="tea.mp3")

    spoken = {name: "assets" in on_the_wire(house[name], house[name].line.hears()[0]) for name in house}

    assert spoken == {"cic-ko-2022": True, "cic-ja-2019": False, "cic-en-2018": False, "tvs-2020": True}


def test_a_time_in_another_zone_is_the_same_instant_for_each(talk: Talk) -> None:
    house = everybody(talk)
    talk.sets("a", TODAY)

    for speaker in house.values():
        assert speaker.line.hears() == [alarm("a", TODAY)]


def test_an_action_timer_is_an_alarm_where_there_is_no_such_type(talk: Talk) -> None:
    house = everybody(talk)
    talk.sets("a", TODAY, kind=Kind.ACTIONTIMER, label="Lights off")

    worded = {name: on_the_wire(house[name], house[name].line.hears()[0]) for name in house}

    assert {name: payload["type"] for name, payload in worded.items()} == {
        "cic-ko-2022": "ACTIONTIMER",
        "cic-ja-2019": "ACTIONTIMER",
        "cic-en-2018": "ACTIONTIMER",
        "tvs-2020": "ALARM",
    }
    assert worded["tvs-2020"]["loopCount"] == 1


@every_speaker
def test_a_stop_on_one_silences_the_others(talk: Talk, which: str) -> None:
    house = ringing(talk)

    stops_by_button(house[which])

    for name, speaker in house.items():
        if name != which:
            is_silenced(speaker)
        if not speaker.profile.stopping_removes:
            speaker.line << speaker.of(DeleteAlert)
            speaker.shows() >> speaker.of(DeleteAlertSucceeded)
        speaker.line << ()
        assert talk.standing(speaker.line, "a") is None
    assert talk.alerts() == {}


@every_speaker
def test_one_that_recurs_goes_on_with_the_same_token_on_all(talk: Talk, which: str) -> None:
    house = ringing(talk, rule="FREQ=DAILY")

    stops_by_button(house[which])

    assert talk.alerts() == {"a": TOMORROW}
    for name, speaker in house.items():
        if name != which:
            is_silenced(speaker)
        speaker.line << alarm("a", TOMORROW)
        speaker.shows(TOMORROW) >> speaker.of(SetAlertSucceeded)
        speaker.line << ()
        assert talk.life(speaker.line, "a") is Life.SET
    assert talk.alerts() == {"a": TOMORROW}


def test_a_deletion_that_is_reported_before_the_stop_that_it_made_ends_nothing_more(talk: Talk) -> None:
    """A device tells of both when it is told to delete what rings, and in either order."""
    house = ringing(talk, rule="FREQ=DAILY")
    stops_by_button(house["cic-ko-2022"])
    silenced = house["tvs-2020"]
    silenced.line << silenced.of(DeleteAlert)

    silenced.shows() >> silenced.of(DeleteAlertSucceeded)
    silenced.line >> silenced.of(AlertStopped)

    silenced.line << alarm("a", TOMORROW)
    silenced.shows(TOMORROW) >> silenced.of(SetAlertSucceeded)
    silenced.line << ()
    assert talk.alerts() == {"a": TOMORROW}


@every_speaker
def test_an_alert_that_the_account_deletes_is_deleted_on_each(talk: Talk, which: str) -> None:
    """Also where it rings."""
    house = ringing(talk)

    talk.deletes("a")

    house[which].line << house[which].of(DeleteAlert)
    house[which].shows() >> house[which].of(AlertStopped)
    house[which].line >> house[which].of(DeleteAlertSucceeded)
    house[which].line << ()
    assert talk.standing(house[which].line, "a") is None


def test_each_pair_of_a_sync_is_answered_by_its_own_directive(talk: Talk) -> None:
    talk.sets("a", TODAY)
    every = (alarm("a", TODAY),)
    pairs: dict[str, list[tuple[Message, Message]]] = {
        name: [
            (RequestSynchronizeAlert(), SynchronizeAlert(all_alerts=every)),
            (RequestSynchronizeState(), SynchronizeState(all_alerts=every)),
            (RequestSynchronizeAlert(), SynchronizeAlert(all_alerts=every)),
        ]
        for name in ("cic-ko-2022", "cic-ja-2019", "cic-en-2018")
    }
    for name, speaker in everybody(talk, quietly=True).items():
        for request, reply in pairs.get(name, []):
            speaker.shows() >> request
            speaker.line << reply
            speaker.line << ()
        if name not in pairs:
            speaker.shows() >> SynchronizeState()
            speaker.line << every


def test_a_device_begins_with_the_request_of_its_version(talk: Talk) -> None:
    talk.sets("a", TODAY)
    for speaker in everybody(talk, quietly=True).values():
        speaker.shows() >> speaker.profile.sync_request()
        reply = speaker.profile.sync_replies[speaker.profile.sync_request]
        speaker.line << (reply(all_alerts=(alarm("a", TODAY),)) if reply else alarm("a", TODAY))
        speaker.line << ()


@every_speaker
def test_drift_is_repaired_in_each(talk: Talk, which: str) -> None:
    """What a context lacks is set again, what stands at another time is set right, a stranger is deleted."""
    speaker = everybody(talk)[which].holds()
    for token in ("b", "c"):
        talk.sets(token, at("08:00"))
        speaker.line << alarm(token, at("08:00"))
        speaker.line >> speaker.of(SetAlertSucceeded, token)

    talk.passes(minutes=1)
    drifted = (alarm("a", at("07:05")), alarm("c", at("08:00")), alarm("x", at("09:00")))
    speaker.line.shows(*drifted) >> speaker.of(SetAlertSucceeded, "c")

    repaired = [alarm("a", TODAY), alarm("b", at("08:00")), speaker.of(DeleteAlert, "x")]
    assert sorted(speaker.line.hears(), key=str) == sorted(repaired, key=str)


@every_speaker
def test_a_stop_that_was_lost_is_found_in_the_next_context(talk: Talk, which: str) -> None:
    house = ringing(talk, rule="FREQ=DAILY")
    talk.passes(minutes=1)

    left = () if house[which].profile.stopping_removes else (TODAY,)
    house[which].shows(*left) >> house[which].of(SetAlertSucceeded, "other")

    assert talk.alerts() == {"a": TOMORROW}
    for name, speaker in house.items():
        if name != which:
            speaker.line << speaker.of(speaker.profile.silencing)
