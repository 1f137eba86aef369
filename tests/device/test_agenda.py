"""What an agenda finds is what looking at every alert would find, whatever was changed before."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bellwire.alerts.alert import Kind, Occurrence
from bellwire.alerts.lifecycle import SOUNDING, Life
from bellwire.device.agenda import Agenda, Draft
from bellwire.device.held import Held
from tests.conversation import MIDNIGHT

TOKENS = "abcdef"
HELD = st.builds(
    lambda token, minutes, life: Held(
        Occurrence(token, Kind.ALARM, MIDNIGHT + timedelta(minutes=minutes)),
        life,
        again_at=MIDNIGHT + timedelta(minutes=minutes + 2) if life is Life.SNOOZED else None,
    ),
    st.sampled_from(TOKENS),
    st.integers(0, 5),
    st.sampled_from([Life.SET, Life.SET, Life.WAITING, Life.RINGING, Life.SNOOZED, Life.STOPPED]),
)
TURNS = st.lists(st.lists(HELD | st.sampled_from(TOKENS), max_size=6), max_size=8)
"""Of each turn what is set, or the token of what is taken out."""


def change(draft: Draft, changes: list[Held | str]) -> None:
    for each in changes:
        if isinstance(each, Held):
            draft[each.token] = each
        else:
            draft.pop(each, None)


def set_ones(alerts: Agenda | Draft) -> list[Held]:
    return sorted((held for held in alerts.values() if held.life is Life.SET), key=lambda held: held.turn)


def rings_again(held: Held, now: datetime) -> bool:
    return held.life is Life.SNOOZED and held.due_at <= now


@given(TURNS, st.integers(0, 5))
def test_it_finds_what_looking_at_all_would_find(turns: list[list[Held | str]], minutes: int) -> None:
    agenda, now = Agenda(), MIDNIGHT + timedelta(minutes=minutes)
    for changes in turns:
        before, was = agenda, dict(agenda)
        draft = Draft(agenda)
        change(draft, changes)
        ready = [held for held in draft.values() if held.life is Life.WAITING or rings_again(held, now)]
        assert draft.due(now) == [held for held in set_ones(draft) if held.occurrence.scheduled_time <= now]
        assert draft.waiting(now) == sorted(ready, key=lambda held: held.turn)
        assert draft.sounding == agenda_of(draft).sounding
        agenda = draft.agenda()
        assert dict(before) == was, "a value never changes"
        assert agenda == agenda_of(agenda)
        assert agenda.next_time == next((held.occurrence.scheduled_time for held in set_ones(agenda)), None)
        assert (agenda.sounding is None) is not any(held.life in SOUNDING for held in agenda.values())
        different = {token for token in TOKENS if agenda.get(token) is not was.get(token)}
        assert different <= agenda.changes_since(before) <= {getattr(each, "token", each) for each in changes}
        assert agenda.changes_since(Agenda(was.values())) == different


def agenda_of(alerts: Agenda | Draft) -> Agenda:
    return Agenda(alerts.values())


def test_what_was_set_otherwise_does_not_pile_up() -> None:
    agenda = Agenda()
    for minutes in range(1000, 0, -1):
        draft = Draft(agenda)
        draft["a"] = Held(Occurrence("a", Kind.ALARM, MIDNIGHT + timedelta(minutes=minutes % 7 + 7)))
        draft["b"] = Held(Occurrence("b", Kind.ALARM, MIDNIGHT))
        agenda = draft.agenda()
    assert len(agenda._heap) < 30


def test_nothing_changed_is_the_same_value() -> None:
    agenda = Agenda([Held(Occurrence("a", Kind.ALARM, MIDNIGHT))])
    assert Draft(agenda).agenda() is agenda
    assert agenda.changes_since(agenda) == frozenset()
