"""What is told of a failure: enough to see what led to it, and no more."""

from datetime import UTC, datetime, timedelta

from bellwire.protocol.messages.alerts import AlertStopped, SetAlert, SetAlertSucceeded
from bellwire.simulation.facts import Back, Rang, Said, Told
from bellwire.simulation.story import story

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DUE = NOON + timedelta(hours=5)


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def test_it_is_of_the_speaker_and_the_alert_that_it_is_about() -> None:
    facts = [
        Told(at(0), "a0", SetAlert(token="a-1", type="ALARM", scheduled_time=DUE)),
        Told(at(1), "a0", SetAlert(token="a-2", type="ALARM", scheduled_time=DUE)),
        Told(at(2), "b0", SetAlert(token="a-1", type="ALARM", scheduled_time=DUE)),
        Rang(at(3), "a0", "a-1", DUE, DUE),
    ]
    assert story(facts, "a0 rings a-1") == [
        "11-20 12:00:00.000 a0       << SetAlert a-1 11-20 17:00:00",
        "11-20 12:03:00.000 a0       rings a-1, set for 11-20 17:00:00",
    ]


def test_what_is_said_again_and_again_is_told_the_first_time_and_the_last() -> None:
    again = [
        fact
        for minute in range(1, 101)
        for fact in (
            Told(at(minute), "a0", SetAlert(token="a-1", type="ALARM", scheduled_time=DUE)),
            Said(at(minute), "a0", SetAlertSucceeded(token="a-1", type="ALARM"), "m", certified=True),
        )
    ]
    facts = [Back(at(0), "a0", "power"), *again, Said(at(101), "a0", AlertStopped(token="a-1"), "m", certified=True)]
    assert story(facts, "a0 has a-1") == [
        "11-20 12:00:00.000 a0       -- back: power",
        "11-20 12:01:00.000 a0       << SetAlert a-1 11-20 17:00:00",
        "11-20 12:01:00.000 a0       >> SetAlertSucceeded a-1",
        "… 196 lines more of the same kinds",
        "11-20 13:40:00.000 a0       << SetAlert a-1 11-20 17:00:00",
        "11-20 13:40:00.000 a0       >> SetAlertSucceeded a-1",
        "11-20 13:41:00.000 a0       >> AlertStopped a-1",
    ]
