"""What is known of an occurrence on a device, what a report adds to it, and what follows from it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bellwire.alerts.alert import Kind
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.rings import (
    End,
    Ending,
    Outcome,
    Ring,
    Why,
    begun,
    ended,
    has_drifted,
    late_by,
    outcome_of,
    set_since,
    started,
    was_in_reach,
    why_missed,
)
from bellwire.alerts.standing import Desired, Reported, Seen, Standing, observed

DUE = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
NEXT = DUE + timedelta(days=1)
PAST_DUE = timedelta(minutes=30)


def after(**time: float) -> datetime:
    """So long after its time."""
    return DUE + timedelta(**time)


times = st.none() | st.builds(lambda minutes: after(minutes=minutes), st.integers(-600, 600))
rings = st.builds(
    Ring,
    device_id=st.just("kitchen"),
    scheduled_time=st.just(DUE),
    set_at=times,
    started_at=times,
    away_until=times,
    stopped_at=times,
    over_at=times,
    ending=st.none() | st.sampled_from(Ending),
    ended_by=st.none() | st.sampled_from(["kitchen", "bedroom"]),
    reported=st.none() | st.sampled_from(Life),
    failures=st.integers(0, 8),
    offline_since=times,
)
instants = times.filter(lambda time: time is not None).map(lambda time: time or DUE)
ends = st.builds(End, st.sampled_from(Ending), st.just("kitchen"))


# Laws


@given(rings)
def test_there_is_a_reason_exactly_for_what_was_missed(ring: Ring) -> None:
    assert (outcome_of(ring, PAST_DUE) is Outcome.MISSED) == (why_missed(ring, PAST_DUE) is not None)


@given(rings, instants, times, st.booleans())
def test_what_was_reported_to_ring_is_never_missed_and_the_first_report_counts(
    ring: Ring, at: datetime, connected: datetime | None, rings_now: bool
) -> None:
    once = begun(ring, at, connected, rings=rings_now)
    assert why_missed(once, PAST_DUE) is None
    assert once.started_at == (ring.started_at or at)
    assert begun(once, after(hours=20), None, rings=False) == once


@given(rings, instants, ends)
def test_what_has_ended_has_an_end_and_the_first_report_counts(ring: Ring, at: datetime, end: End) -> None:
    once = ended(ring, at, end)
    assert once.stopped_at == (ring.stopped_at or at)
    assert once.ending is not None
    assert outcome_of(once, PAST_DUE) is not Outcome.RINGING
    assert ended(once, after(hours=20), end) == once


@given(rings, instants, ends)
def test_a_known_cause_is_kept(ring: Ring, at: datetime, end: End) -> None:
    cause = (ring.ending, ring.ended_by)
    found = ended(ring, at, end)
    assert (found.ending, found.ended_by) == (end[:2] if ring.ending in {None, Ending.UNREPORTED} else cause)


@given(rings)
def test_how_late_is_known_of_what_rang_in_sight(ring: Ring) -> None:
    assert (late_by(ring) is not None) == (ring.started_at is not None and ring.away_until is None)


# What was missed

OVER = Ring(device_id="bedroom", scheduled_time=DUE, over_at=after(minutes=31), ending=Ending.UNREPORTED)
HAD_IT = replace(OVER, set_at=after(hours=-9), reported=Life.SET)


@pytest.mark.parametrize(
    ("ring", "why"),
    [
        (replace(OVER, offline_since=after(hours=-8)), Why.OFFLINE),
        (replace(HAD_IT, offline_since=after(hours=-8)), Why.OFFLINE),
        (replace(OVER, reported=Life.FAILED, failures=3), Why.REFUSED),
        (replace(OVER, reported=Life.FAILED, offline_since=after(hours=-8)), Why.REFUSED),
        (replace(OVER, reported=Life.UNKNOWN), Why.UNACKNOWLEDGED),
        (HAD_IT, Why.UNREPORTED),
        (replace(HAD_IT, ending=Ending.ELSEWHERE), Why.ENDED_FIRST),
        (replace(HAD_IT, ending=Ending.DELETED), Why.ENDED_FIRST),
        (replace(HAD_IT, stopped_at=after(hours=10), ending=Ending.ITSELF), Why.PAST_DUE),
        (replace(HAD_IT, stopped_at=after(hours=10), offline_since=after(hours=-8)), Why.OFFLINE),
        (replace(HAD_IT, stopped_at=after(minutes=5), ending=Ending.ITSELF), None),
        (replace(HAD_IT, stopped_at=after(hours=10), ending=Ending.LOST), None),
        (replace(HAD_IT, started_at=DUE, offline_since=after(hours=-8)), None),
    ],
)
def test_why_it_did_not_ring(ring: Ring, why: Why | None) -> None:
    assert why_missed(ring, PAST_DUE) is why


def test_one_that_came_back_tells_of_what_rang_while_it_was_away() -> None:
    missed = replace(HAD_IT, ending=Ending.ELSEWHERE, ended_by="kitchen", offline_since=after(hours=-8))
    told = begun(missed, after(hours=2, seconds=1), after(hours=2), rings=False)

    assert (told.away_until, late_by(told)) == (after(hours=2), None)
    assert ended(told, after(hours=2, seconds=2), End(Ending.ITSELF, "bedroom")).ending is Ending.ITSELF


def test_a_button_of_one_that_was_away_while_it_rang_is_not_heard() -> None:
    rang = Ring(device_id="bedroom", scheduled_time=DUE, started_at=after(seconds=1))

    assert was_in_reach(rang, after(hours=-9))
    assert not was_in_reach(rang, after(minutes=2))
    assert not was_in_reach(replace(rang, started_at=after(minutes=3), away_until=after(minutes=2)), after(minutes=2))
    assert not was_in_reach(replace(rang, started_at=None), after(hours=-9))


def test_one_that_rings_on_when_it_comes_back_is_stopped_because_of_the_other() -> None:
    missed = replace(HAD_IT, ending=Ending.ELSEWHERE, ended_by="kitchen", offline_since=after(hours=-8))
    told = begun(missed, after(minutes=5, seconds=1), after(minutes=5), rings=True)

    assert ended(told, after(minutes=6), End(Ending.ITSELF, "bedroom")).ending is Ending.ELSEWHERE


def test_one_that_got_it_after_it_came_back_rings_late() -> None:
    missed = replace(OVER, set_at=after(minutes=5, seconds=1))
    assert late_by(begun(missed, after(minutes=5, seconds=2), after(minutes=5), rings=True)) == timedelta(seconds=302)


def test_one_that_was_connected_all_the_time_is_late_by_its_report() -> None:
    assert late_by(begun(HAD_IT, after(minutes=5), after(hours=-9), rings=True)) == timedelta(minutes=5)


# What a change of a standing tells


def standing(life: Life, time: datetime | None = DUE, desired: datetime | None = DUE) -> Standing:
    wanted = None if desired is None else Desired(desired, 1)
    return Standing("a", Kind.ALARM, wanted, Reported(life, after(hours=-9), time, 1))


@pytest.mark.parametrize(
    ("before", "now", "occurrence"),
    [
        (standing(Life.SET), standing(Life.RINGING), DUE),
        (standing(Life.UNKNOWN, None), standing(Life.RINGING), DUE),
        (standing(Life.RINGING), standing(Life.RINGING), None),
        (standing(Life.RINGING), standing(Life.RINGING, NEXT), NEXT),
        (standing(Life.RINGING), standing(Life.STOPPED), None),
        (standing(Life.SET), standing(Life.SET), None),
    ],
)
def test_what_begins_to_ring(before: Standing, now: Standing, occurrence: datetime | None) -> None:
    assert started(before, now) == occurrence


def test_since_when_it_was_set() -> None:
    assert set_since(standing(Life.SET).reported, DUE) == after(hours=-9)
    assert set_since(standing(Life.SET).reported, NEXT) is None
    assert set_since(standing(Life.UNKNOWN, None).reported, DUE) is None


# Drift


def shown(time: datetime, *, ringing: bool = False) -> Seen:
    return Seen("a", Kind.ALARM, time, ringing)


@pytest.mark.parametrize(
    ("before", "seen", "at", "drifted"),
    [
        (standing(Life.SET), None, after(hours=-1), True),
        (standing(Life.SET), shown(after(hours=-1)), after(hours=-2), True),
        (standing(Life.STOPPED, DUE, NEXT), shown(after(hours=-1)), after(hours=2), True),
        # The acknowledgement was lost.
        (standing(Life.SET, DUE, NEXT), shown(NEXT), after(hours=2), False),
        (standing(Life.UNKNOWN, None), shown(DUE), after(hours=-1), False),
        (standing(Life.UNKNOWN, None), None, after(hours=-1), False),
        # So was the start, or the stop.
        (standing(Life.SET), shown(DUE, ringing=True), after(seconds=1), False),
        (standing(Life.RINGING), shown(DUE), after(minutes=1), False),
        (standing(Life.RINGING), None, after(minutes=1), False),
        # It is being deleted.
        (standing(Life.SET, DUE, None), None, after(hours=-1), False),
        (standing(Life.SET, DUE, None), shown(NEXT), after(hours=-1), False),
        (standing(Life.FAILED), shown(after(hours=-1)), after(hours=-2), False),
    ],
)
def test_a_device_that_is_not_as_it_had_said(before: Standing, seen: Seen | None, at: datetime, drifted: bool) -> None:
    now = observed(before, seen, at, None)
    assert has_drifted(before, now) is (drifted and now is not before)
    assert not drifted or now is not before


def test_what_rang_unheard_of_has_not_drifted() -> None:
    before = standing(Life.SET)
    gone = observed(before, None, after(hours=1), None)
    assert not has_drifted(before, gone, gone_when_stopped=True)
    assert has_drifted(before, gone)
    early = observed(before, None, after(hours=-1), None)
    assert has_drifted(before, early, gone_when_stopped=True)
