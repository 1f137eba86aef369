"""What nobody reported over. More of it is in handlers/test_alerts.py, "Nobody there"."""

from datetime import timedelta

from bellwire.cloud.overdue import AT_ONCE, RINGING_AT_MOST, end_unreported
from bellwire.cloud.store.changes import MISSED, changes_after
from bellwire.protocol.messages.alerts import AlertStarted
from tests.cloud.conversation import ACCOUNT, Line, Talk, alarm, at


def ring(talk: Talk, line: Line, count: int) -> None:
    for number in range(count):
        talk.sets(f"ringing {number}", at("07:00"))
        line >> AlertStarted(token=f"ringing {number}", type="ALARM")


def test_many_that_ring_do_not_hide_one_that_was_missed(talk: Talk) -> None:
    talk.now = at("07:00")
    line = talk.connects("kitchen")
    ring(talk, line, AT_ONCE)
    bedroom = talk.connects("bedroom")
    talk.sets("missed", at("07:01"), rule="FREQ=DAILY", on=["bedroom"])
    talk.now = at("07:40")

    assert talk.sweeps() == 1

    assert alarm("missed", at("07:01", day=21)) in bedroom.hears()


def test_one_that_has_rung_for_longer_than_any_device_does_is_over(talk: Talk) -> None:
    talk.now = at("07:00")
    ring(talk, talk.connects("kitchen"), 1)

    talk.now = at("07:00") + RINGING_AT_MOST
    assert talk.sweeps() == 0
    talk.passes(seconds=1)
    assert talk.sweeps() == 1


def test_what_is_overdue_is_ended_in_portions(talk: Talk) -> None:
    for number in range(AT_ONCE + 1):
        talk.sets(f"missed {number}", at("07:00"))
    talk.now = at("07:00") + timedelta(minutes=31)

    assert (talk.sweeps(), talk.sweeps(), talk.sweeps()) == (AT_ONCE, 1, 0)

    assert talk.alerts() == {}


def missed(talk: Talk) -> list[tuple[str | None, str | None]]:
    """Token and device of what was noted as missed."""
    noted = talk.reads(changes_after, 0)
    return [(change.token, change.device_id) for change in noted if change.what == MISSED]


def test_what_nobody_reported_was_missed_and_where_it_rang_it_was_not(talk: Talk) -> None:
    talk.now = at("07:00")
    kitchen = talk.connects("kitchen")
    talk.connects("bedroom")
    talk.sets("both", at("07:00"), rule="FREQ=DAILY")
    kitchen >> AlertStarted(token="both", type="ALARM")
    talk.now = at("07:00") + RINGING_AT_MOST + timedelta(seconds=1)

    assert talk.sweeps() == 1

    assert missed(talk) == [("both", "bedroom")]
    assert talk.sweeps() == 0
    assert len(missed(talk)) == 1


def test_what_was_edited_or_paused_since_it_was_found_overdue_was_not_missed(talk: Talk) -> None:
    talk.connects("kitchen")
    talk.sets("later", at("07:00"), rule="FREQ=DAILY")

    woken = talk.writes(end_unreported, ACCOUNT, "later", at("06:00"), at("08:00"))

    assert (woken, missed(talk)) == (frozenset(), [])
