"""How a directive is worded, and what is in flight. What leads to which directive is in handlers/test_alerts.py."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from bellwire.alerts.alert import Alert, Asset, Kind, Schedule
from bellwire.alerts.standing import Desired
from bellwire.cloud.wording import occurrence_of, set_alert
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    DeleteAlert,
    DeleteAlertSucceeded,
    RequestSynchronizeAlert,
    SetAlertFailed,
    SetAlertSucceeded,
    SynchronizeAlert,
)
from bellwire.protocol.messages.context import AlertsState
from bellwire.protocol.messages.envelope import Directive, Event
from bellwire.protocol.profiles.clova import CIC_KO_2022
from tests.cloud.conversation import CODECS, Line, Talk, alarm, at

A = {"token": "a", "type": "ALARM"}
SEVEN = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
"""07:00 in Seoul."""


def alert(kind: Kind, *, label: str = "약", speech: str | None = "name.wav") -> Alert:
    schedule = Schedule(datetime(2026, 11, 21, 7), "Asia/Seoul")  # noqa: DTZ001
    return Alert("a", kind, label, schedule, SEVEN, 1, everywhere=True, speech=speech)


def worded(wish: Alert, when: datetime = SEVEN) -> dict[str, object]:
    """The payload as it is on the wire."""
    occurrence = occurrence_of(wish, when, CIC_KO_2022, "https://cloud:8443")
    json = CODECS[CIC_KO_2022.name].encode_directive(Directive(message=set_alert(occurrence), message_id="m"))
    payload: dict[str, object] = msgspec.json.decode(json)["directive"]["payload"]
    return payload


def test_a_reminder_plays_its_bell_and_then_its_label() -> None:
    assert worded(alert(Kind.REMINDER)) == {
        "token": "a",
        "type": "REMINDER",
        "scheduledTime": "2026-11-21T07:00:00+09:00",
        "label": "약",
        "assets": [
            {"assetId": "bell", "url": "clova://alert/bell/reminder"},
            {"assetId": "speech", "url": "https://cloud:8443/assets/name.wav"},
        ],
        "assetPlayOrder": ["bell", "speech"],
    }


def test_what_cannot_be_spoken_plays_its_bell() -> None:
    payload = worded(alert(Kind.REMINDER, speech=None))

    assert payload["assets"] == [{"assetId": "bell", "url": "clova://alert/bell/reminder"}]
    assert payload["assetPlayOrder"] == ["bell"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Kind.ALARM, {"token", "type", "scheduledTime"}),
        (Kind.TIMER, {"token", "type", "scheduledTime", "assets", "assetPlayOrder"}),
        (Kind.REMINDER, {"token", "type", "scheduledTime", "assets", "assetPlayOrder", "label"}),
        (Kind.ACTIONTIMER, {"token", "type", "scheduledTime", "assets", "assetPlayOrder", "label"}),
    ],
)
def test_each_kind_has_the_fields_that_the_document_gives_it(kind: Kind, fields: set[str]) -> None:
    assert worded(alert(kind)).keys() == fields


def test_the_time_is_on_the_clocks_of_the_alert_whenever_that_is() -> None:
    assert worded(alert(Kind.ALARM), SEVEN + timedelta(days=1))["scheduledTime"] == "2026-11-22T07:00:00+09:00"


def test_every_asset_that_is_played_is_there() -> None:
    occurrence = occurrence_of(alert(Kind.TIMER), SEVEN, CIC_KO_2022, "https://cloud")

    assert set(occurrence.play_order) == {asset.asset_id for asset in occurrence.assets}
    assert Asset("bell", "clova://alert/bell/timer") in occurrence.assets


# In flight


def of(message: object, *, context: AlertsState | None = None) -> Event:
    return Event(message=message, message_id="m", alerts_state=context)  # type: ignore[arg-type]


def answered(line: Line, event: Event) -> Desired | None:
    """What the event answers; it is in the rows afterwards."""
    with line.memory.flight.answering(event) as desired:
        return desired


EMPTY = AlertsState(all_alerts=(), active_alerts=())


def test_an_answer_to_nothing_answers_nothing(talk: Talk) -> None:
    line = talk.connects("kitchen")

    assert answered(line, of(SetAlertSucceeded(**A))) is None
    assert answered(line, of(AlertStarted(**A))) is None
    assert answered(line, of(RequestSynchronizeAlert())) is None


def setting(talk: Talk) -> Line:
    """A device that was told to set `a` to 07:00."""
    line = talk.connects("kitchen")
    talk.sets("a", at("07:00"))
    return line << alarm("a", at("07:00"))


@pytest.mark.parametrize("answer", [SetAlertSucceeded(**A), SetAlertFailed(**A)])
def test_an_answer_says_what_was_set_and_is_taken_once(talk: Talk, answer: SetAlertSucceeded | SetAlertFailed) -> None:
    line = setting(talk)

    assert answered(line, of(answer)) == Desired(at("07:00"), 1)
    assert answered(line, of(answer)) is None


def test_an_answer_is_not_of_another_alert_nor_of_another_directive(talk: Talk) -> None:
    line = setting(talk)

    assert answered(line, of(SetAlertSucceeded(token="b", type="ALARM"))) is None
    assert answered(line, of(DeleteAlertSucceeded(**A))) is None
    assert answered(line, of(AlertStopped(**A))) is None
    assert answered(line, of(SetAlertSucceeded(**A))) == Desired(at("07:00"), 1)


def test_what_was_said_twice_is_answered_once(talk: Talk) -> None:
    line = setting(talk)
    talk.passes(seconds=10)
    line << alarm("a", at("07:00"))
    talk.moves("a", at("08:00"))
    line << alarm("a", at("08:00"))

    assert answered(line, of(SetAlertSucceeded(**A))) == Desired(at("07:00"), 1)
    assert answered(line, of(SetAlertSucceeded(**A))) == Desired(at("08:00"), 2)


def test_an_answer_is_also_of_what_was_said_before(talk: Talk) -> None:
    line = setting(talk)
    talk.deletes("a")
    line << DeleteAlert(**A)

    assert answered(line, of(DeleteAlertSucceeded(**A))) is None
    assert answered(line, of(SetAlertSucceeded(**A))) is None


def test_a_device_that_keeps_what_it_says_it_has_deleted_is_asked_more_and_more_seldom(talk: Talk) -> None:
    line = setting(talk)
    talk.deletes("a")
    line << DeleteAlert(**A)
    line.shows(alarm("a", at("07:00"))) >> DeleteAlertSucceeded(**A)
    for seconds in (10, 20, 40):
        line >> RequestSynchronizeAlert()
        line << SynchronizeAlert(all_alerts=())
        talk.passes(seconds=seconds)
        line << DeleteAlert(**A)
        line >> DeleteAlertSucceeded(**A)


def test_what_was_deleted_set_and_deleted_again_is_deleted_at_once(talk: Talk) -> None:
    line = setting(talk)
    for _ in range(3):
        line >> SetAlertSucceeded(**A)
        talk.deletes("a")
        line << DeleteAlert(**A)
        line >> DeleteAlertSucceeded(**A)
        talk.sets("a", at("07:00"))
        line << alarm("a", at("07:00"))


def test_a_context_shows_what_was_told_more_than_a_few_seconds_ago(talk: Talk) -> None:
    line = setting(talk)
    event = of(RequestSynchronizeAlert(), context=EMPTY)

    assert line.memory.flight.told_before(event, talk.now + timedelta(seconds=5)) == {}
    assert line.memory.flight.told_before(event, talk.now + timedelta(seconds=6)) == {"a": Desired(at("07:00"), 1)}
    assert line.memory.flight.told_before(of(RequestSynchronizeAlert()), talk.now + timedelta(seconds=6)) == {}


def test_the_first_context_ends_the_quiet_once(talk: Talk) -> None:
    line = talk.connects("kitchen", quietly=True)

    assert line.memory.heard_context()
    assert not line.memory.heard_context()


def test_looking_says_nothing_and_may_be_done_again(talk: Talk) -> None:
    line = talk.connects("kitchen")
    talk.sets("a", at("07:00"))

    first, second = (talk._store.read(line.memory.plan, talk.now) for _ in range(2))

    assert first == second
    line << alarm("a", at("07:00"))


def test_a_sync_that_was_asked_for_over_an_older_downchannel_is_forgotten(talk: Talk) -> None:
    before = talk.connects("kitchen")
    before >> RequestSynchronizeAlert()

    line = talk.connects(before.device, quietly=True)

    # It asks again after it has connected: what it asked for before would be told twice.
    line << ()
    line >> RequestSynchronizeAlert()
    line << SynchronizeAlert(all_alerts=())


def test_two_syncs_before_a_look_are_one_answer(talk: Talk) -> None:
    line = talk.connects("kitchen")

    line >> RequestSynchronizeAlert() >> RequestSynchronizeAlert()

    line << SynchronizeAlert(all_alerts=())
    line << ()


def test_an_answer_that_could_not_be_kept_is_still_awaited(talk: Talk) -> None:
    line = setting(talk)
    event = of(SetAlertSucceeded(**A))

    with pytest.raises(OSError, match="full"), line.memory.flight.answering(event):
        line << ()
        raise OSError("full")

    line << ()
    assert answered(line, event) == Desired(at("07:00"), 1)


def test_two_answers_on_their_way_to_the_rows_are_of_two_sayings(talk: Talk) -> None:
    line = setting(talk)
    talk.moves("a", at("08:00"))
    line << alarm("a", at("08:00"))
    event = of(SetAlertSucceeded(**A))

    with line.memory.flight.answering(event) as first, line.memory.flight.answering(event) as second:
        assert (first, second) == (Desired(at("07:00"), 1), Desired(at("08:00"), 2))

    assert line.memory.flight.last() == {}
