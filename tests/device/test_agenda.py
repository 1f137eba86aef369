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
    lambda token, minutes, life, again: Held(
        Occurrence(token, Kind.ALARM, MIDNIGHT + timedelta(minutes=minutes)),
        life,
        again_at=MIDNIGHT + timedelta(minutes=again) if life is Life.SNOOZED else None,
    ),
    st.sampled_from(TOKENS),
    st.integers(0, 5),
    st.sampled_from([Life.SET, Life.SET, Life.WAITING, Life.RINGING, Life.STOPPED, Life.SNOOZED]),
    st.integers(0, 5),
)
TURNS = st.lists(st.lists(HELD | st.sampled_from(TOKENS), max_size=6), max_size=8)
"""Of each turn what is set, or the token of what is taken out."""


def change(draft: Draft, changes: list[Held | str]) -> None:
    for each in changes:
        if isinstance(each, Held):
            draft[each.token] = each
        else:
            draft.pop(each, None)


def in_turn(alerts: Agenda | Draft) -> list[Held]:
    return sorted(alerts.values(), key=lambda held: held.turn)


def set_ones(alerts: Agenda | Draft) -> list[Held]:
    return [held for held in in_turn(alerts) if held.life is Life.SET]


def is_snoozed_until(held: Held, now: datetime) -> bool:
    return held.life is Life.SNOOZED and held.due_at <= now


@given(TURNS, st.integers(0, 5))
def test_it_finds_what_looking_at_all_would_find(turns: list[list[Held | str]], minutes: int) -> None:
    agenda, now = Agenda(), MIDNIGHT + timedelta(minutes=minutes)
    for changes in turns:
        before, was = agenda, dict(agenda)
        draft = Draft(agenda)
        change(draft, changes)
        waiting = [held for held in in_turn(draft) if held.life is Life.WAITING or is_snoozed_until(held, now)]
        assert draft.due(now) == [held for held in set_ones(draft) if held.occurrence.scheduled_time <= now]
        assert draft.waiting(now) == waiting
        counting = {held.token for held in draft.values() if held.life in {*SOUNDING, Life.WAITING, Life.SNOOZED}}
        assert {held.token for held in draft.counting()} == counting
        sounding = [held for held in draft.values() if held.life in SOUNDING]
        assert (draft.sounding in sounding) if sounding else (draft.sounding is None)
        agenda = draft.agenda()
        assert dict(before) == was, "a value never changes"
        assert agenda == agenda_of(agenda)
        times = {held.occurrence.scheduled_time for held in set_ones(agenda)[:1]}
        again = {held.due_at for held in agenda.values() if held.life is Life.SNOOZED and agenda.sounding is None}
        assert set(agenda.next_times()) == times | again
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
