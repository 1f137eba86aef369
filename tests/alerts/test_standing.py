from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bellwire.alerts.alert import Kind
from bellwire.alerts.lifecycle import Life, Step
from bellwire.alerts.standing import (
    OVERTAKEN,
    Desired,
    Reported,
    Seen,
    Standing,
    ended_occurrence,
    observed,
    reported_step,
    stranger,
)

lawful = settings(deadline=None, derandomize=True, max_examples=120)

SEVEN = datetime(2030, 6, 1, 7, tzinfo=UTC)
TOMORROW = SEVEN + timedelta(days=1)
SNOOZED = SEVEN + timedelta(minutes=10)
SECOND, MOMENT = timedelta(seconds=1), timedelta(microseconds=1)
LONG = timedelta(minutes=2)
NOW = SEVEN + timedelta(minutes=1)


def desired(time: datetime = SEVEN, version: int = 1) -> Desired:
    return Desired(time, version)


def reported(
    life: Life, time: datetime | None = SEVEN, version: int | None = 1, ago: timedelta = LONG, failures: int = 0
) -> Reported:
    return Reported(life, NOW - ago, time, version, failures)


def standing(before: Reported, wish: Desired | None = None) -> Standing:
    return Standing("t", Kind.ALARM, wish or desired(), before)


def seen(time: datetime = SEVEN, *, ringing: bool = False) -> Seen:
    return Seen("t", Kind.ALARM, time, ringing)


def just(life: Life, time: datetime | None = SEVEN, version: int | None = 1, failures: int = 0) -> Reported:
    """As reported now."""
    return Reported(life, NOW, time, version, failures)


UNKNOWN, ABSENT, SET = Reported(Life.UNKNOWN, NOW - LONG), Reported(Life.ABSENT, NOW - LONG), reported(Life.SET)
RINGING, STOPPED = reported(Life.RINGING), reported(Life.STOPPED)
FAILED = reported(Life.FAILED, failures=1)


# What a report changes: before, the step, what it answers, the context with it -> after


@pytest.mark.parametrize(
    ("before", "acknowledged", "shown", "after"),
    [
        pytest.param(UNKNOWN, desired(), None, just(Life.SET), id="holds what it was told"),
        pytest.param(SET, desired(TOMORROW, 2), seen(SEVEN), just(Life.SET, TOMORROW, 2), id="whatever it shows"),
        pytest.param(RINGING, desired(SNOOZED), None, just(Life.SET, SNOOZED), id="rings no longer: a snooze"),
        pytest.param(FAILED, desired(), None, just(Life.SET), id="its failures are forgotten"),
        pytest.param(UNKNOWN, None, seen(), just(Life.SET, SEVEN, None), id="of something unknown: what it shows"),
        pytest.param(UNKNOWN, None, None, just(Life.SET, None, None), id="of something unknown, without a context"),
        pytest.param(SET, None, seen(), just(Life.SET), id="once more: as before"),
        pytest.param(SET, None, None, just(Life.SET), id="once more, without a context"),
        pytest.param(SET, None, seen(TOMORROW), just(Life.SET, TOMORROW, None), id="of another time"),
        pytest.param(STOPPED, None, seen(), just(Life.SET, SEVEN, None), id="of something unknown, after it rang"),
    ],
)
def test_an_acknowledgement(
    before: Reported, acknowledged: Desired | None, shown: Seen | None, after: Reported
) -> None:
    assert reported_step(standing(before), Step.SET, NOW, acknowledged, shown).reported == after


@pytest.mark.parametrize(
    ("before", "acknowledged", "after"),
    [
        pytest.param(UNKNOWN, desired(), just(Life.FAILED, failures=1), id="the first"),
        pytest.param(SET, desired(SEVEN, 2), just(Life.FAILED, SEVEN, 2, 1), id="of an edit"),
        pytest.param(FAILED, desired(), just(Life.FAILED, failures=2), id="again"),
        pytest.param(FAILED, None, just(Life.FAILED, failures=2), id="again, of what is desired"),
        pytest.param(replace(FAILED, failures=7), desired(), just(Life.FAILED, failures=8), id="and again"),
        pytest.param(FAILED, desired(SEVEN, 2), just(Life.FAILED, SEVEN, 2, 1), id="of a new version"),
        pytest.param(ABSENT, desired(), just(Life.FAILED, failures=1), id="after it was deleted"),
    ],
)
def test_failures_of_one_version_are_counted(before: Reported, acknowledged: Desired | None, after: Reported) -> None:
    assert reported_step(standing(before), Step.FAIL, NOW, acknowledged, None).reported == after


@pytest.mark.parametrize("before", [UNKNOWN, ABSENT, SET, FAILED, RINGING, STOPPED])
def test_what_is_deleted_is_absent_and_nothing_more_is_known_of_it(before: Reported) -> None:
    assert reported_step(standing(before), Step.DELETE, NOW, None, seen()).reported == Reported(Life.ABSENT, NOW)


@pytest.mark.parametrize(
    ("step", "before", "shown", "after"),
    [
        pytest.param(Step.START, SET, None, just(Life.RINGING), id="starts as it was set"),
        pytest.param(Step.START, SET, seen(ringing=True), just(Life.RINGING), id="starts and shows it"),
        pytest.param(Step.START, SET, seen(), just(Life.RINGING), id="starts, and its context is a bit late"),
        pytest.param(
            Step.START, SET, seen(SEVEN - SECOND, ringing=True), just(Life.RINGING, SEVEN - SECOND), id="shows better"
        ),
        pytest.param(Step.START, UNKNOWN, None, just(Life.RINGING, SEVEN, None), id="starts what is desired"),
        pytest.param(
            Step.START, RINGING, seen(TOMORROW), just(Life.RINGING), id="a word more on it, and it shows the next one"
        ),
        pytest.param(Step.STOP, RINGING, seen(), just(Life.STOPPED), id="stops"),
        pytest.param(Step.STOP, RINGING, seen(TOMORROW), just(Life.STOPPED), id="stops what rang, not what it shows"),
        pytest.param(Step.STOP, SET, None, just(Life.STOPPED), id="stops, and its start was lost"),
        pytest.param(Step.STOP, STOPPED, None, just(Life.STOPPED), id="stops once more"),
        pytest.param(Step.STOP, UNKNOWN, seen(), just(Life.STOPPED, SEVEN, None), id="stops what it shows"),
    ],
)
def test_starts_and_stops(step: Step, before: Reported, shown: Seen | None, after: Reported) -> None:
    assert reported_step(standing(before), step, NOW, None, shown).reported == after


@pytest.mark.parametrize("before", [reported(Life.SET, TOMORROW), ABSENT, UNKNOWN, reported(Life.STOPPED, TOMORROW)])
@pytest.mark.parametrize("step", [Step.START, Step.STOP])
def test_a_start_or_stop_that_comes_again_does_not_use_up_the_occurrence_to_come(before: Reported, step: Step) -> None:
    now = standing(before, desired(TOMORROW))
    again = reported_step(now, step, NOW, None, seen(TOMORROW))
    assert again == now
    assert ended_occurrence(now, again) is None


@pytest.mark.parametrize("shown", [None, seen(TOMORROW)])
def test_a_stop_that_comes_again_needs_no_context_to_be_known(shown: Seen | None) -> None:
    now = standing(reported(Life.SET, TOMORROW), desired(TOMORROW))
    assert reported_step(now, Step.STOP, TOMORROW - MOMENT, None, shown) == now
    assert reported_step(now, Step.STOP, TOMORROW, None, shown).reported.life is Life.STOPPED


def test_a_device_without_contexts_may_start_a_little_early() -> None:
    early = SEVEN - SECOND
    before = standing(SET)
    started = reported_step(before, Step.START, early, None, None)
    assert started.reported == Reported(Life.RINGING, early, SEVEN, 1)
    stopped = reported_step(started, Step.STOP, early, None, None)
    assert ended_occurrence(started, stopped) == SEVEN


# What a context changes: before, what it shows, what the device was told -> after, or nothing


@pytest.mark.parametrize(
    ("before", "shown", "told", "after"),
    [
        pytest.param(SET, None, None, just(Life.ABSENT, None, None), id="lacks what was set"),
        pytest.param(STOPPED, None, None, just(Life.ABSENT, None, None), id="lacks what has rung"),
        pytest.param(RINGING, None, None, just(Life.ABSENT, None, None), id="lacks what rang: its stop was lost"),
        pytest.param(UNKNOWN, None, None, just(Life.ABSENT, None, None), id="lacks what nobody knew"),
        pytest.param(UNKNOWN, seen(), None, just(Life.SET, SEVEN, None), id="shows what nobody knew"),
        pytest.param(UNKNOWN, seen(), desired(), just(Life.SET), id="shows what it was told"),
        pytest.param(ABSENT, seen(), None, just(Life.SET, SEVEN, None), id="shows what was absent"),
        pytest.param(ABSENT, seen(ringing=True), None, just(Life.RINGING, SEVEN, None), id="rings what was absent"),
        pytest.param(SET, seen(ringing=True), None, just(Life.RINGING), id="rings: its start was lost"),
        pytest.param(SET, seen(TOMORROW), None, just(Life.SET, TOMORROW, None), id="has another time"),
        pytest.param(SET, seen(TOMORROW), desired(SNOOZED), just(Life.SET, TOMORROW, None), id="has a third time"),
        pytest.param(
            SET, seen(TOMORROW), desired(TOMORROW, 2), just(Life.SET, TOMORROW, 2), id="has the time it was told"
        ),
        pytest.param(SET, seen(), desired(SEVEN, 2), just(Life.SET, SEVEN, 2), id="has the same time, told anew"),
        pytest.param(RINGING, seen(), None, just(Life.STOPPED), id="rings no longer: its stop was lost"),
        pytest.param(RINGING, seen(SNOOZED), desired(SNOOZED), just(Life.SET, SNOOZED), id="was snoozed"),
        pytest.param(STOPPED, seen(ringing=True), None, just(Life.RINGING), id="rings again"),
        pytest.param(FAILED, seen(), desired(), just(Life.SET), id="has after all what failed"),
        pytest.param(FAILED, seen(ringing=True), None, just(Life.RINGING, SEVEN, None), id="rings what it had before"),
    ],
)
def test_a_context_tells(before: Reported, shown: Seen | None, told: Desired | None, after: Reported) -> None:
    assert observed(standing(before), shown, NOW, told).reported == after


@pytest.mark.parametrize(
    ("before", "shown", "told"),
    [
        pytest.param(SET, seen(), None, id="has what it has"),
        pytest.param(SET, seen(), desired(), id="has what it was told"),
        pytest.param(RINGING, seen(ringing=True), None, id="rings on"),
        pytest.param(STOPPED, seen(), None, id="keeps what has rung"),
        pytest.param(ABSENT, None, None, id="still lacks it"),
        pytest.param(FAILED, None, None, id="lacks what failed"),
        pytest.param(FAILED, seen(), None, id="has still the old content of what failed"),
        pytest.param(FAILED, seen(TOMORROW), None, id="has still the old time of what failed"),
    ],
)
def test_a_context_that_tells_nothing_new_changes_nothing(
    before: Reported, shown: Seen | None, told: Desired | None
) -> None:
    now = standing(before)
    assert observed(now, shown, NOW, told) is now


FRESH = [replace(each, since=NOW - OVERTAKEN) for each in (SET, RINGING, STOPPED, ABSENT, FAILED)]


@pytest.mark.parametrize("before", FRESH, ids=lambda each: each.life)
@pytest.mark.parametrize("shown", [None, seen(), seen(TOMORROW), seen(ringing=True)])
def test_a_context_may_be_older_than_a_report_of_a_moment_ago(before: Reported, shown: Seen | None) -> None:
    now = standing(before)
    assert observed(now, shown, NOW, None) is now


@pytest.mark.parametrize("shown", [None, seen(), seen(TOMORROW)])
def test_nothing_said_yet_is_older_than_any_context(shown: Seen | None) -> None:
    now = standing(Reported(Life.UNKNOWN, NOW))
    assert observed(now, shown, NOW, None).reported.life is (Life.SET if shown else Life.ABSENT)


def test_what_was_told_long_ago_is_believed_of_a_context_at_once() -> None:
    after = observed(standing(replace(SET, since=NOW - SECOND)), seen(TOMORROW), NOW, desired(TOMORROW, 2))
    assert after.reported == just(Life.SET, TOMORROW, 2)


@pytest.mark.parametrize("told", [None, desired(), desired(SEVEN, 2)])
def test_a_bell_that_has_just_started_is_not_ended_by_an_older_context(told: Desired | None) -> None:
    now = standing(replace(RINGING, since=NOW - SECOND))
    assert observed(now, seen(), NOW, told) is now


def test_a_stranger_is_not_desired_and_unknown_until_its_context_is_believed() -> None:
    unknown = stranger("s", Kind.TIMER, NOW)
    assert (unknown.token, unknown.kind, unknown.desired) == ("s", Kind.TIMER, None)
    assert observed(unknown, seen(), NOW, None).reported == just(Life.SET, SEVEN, None)


# Which occurrence is over


@pytest.mark.parametrize(
    ("before", "after", "ended"),
    [
        pytest.param(SET, STOPPED, SEVEN, id="stopped, and its start was lost"),
        pytest.param(RINGING, STOPPED, SEVEN, id="stopped"),
        pytest.param(RINGING, ABSENT, SEVEN, id="gone while it rang"),
        pytest.param(RINGING, reported(Life.SET, SNOOZED), SEVEN, id="set to another time while it rang"),
        pytest.param(UNKNOWN, STOPPED, SEVEN, id="stopped, and nobody knew it"),
        pytest.param(STOPPED, STOPPED, None, id="stopped twice"),
        pytest.param(STOPPED, ABSENT, None, id="deleted after it rang"),
        pytest.param(STOPPED, SET, None, id="set again after it rang"),
        pytest.param(SET, RINGING, None, id="started"),
        pytest.param(RINGING, RINGING, None, id="rings on"),
        pytest.param(SET, ABSENT, None, id="deleted before it rang"),
        pytest.param(UNKNOWN, SET, None, id="set"),
        pytest.param(SET, FAILED, None, id="failed"),
    ],
)
def test_an_occurrence_is_over_once(before: Reported, after: Reported, ended: datetime | None) -> None:
    assert ended_occurrence(standing(before), standing(after)) == ended


# Conversations


def test_a_snooze_ends_the_occurrence_that_rang_whatever_the_device_says_first() -> None:
    ringing = standing(RINGING, desired(SNOOZED))
    for order in ([Step.STOP, Step.SET], [Step.SET, Step.STOP]):
        now, ended = ringing, []
        for step in order:
            answers = desired(SNOOZED) if step is Step.SET else None
            before, now = now, reported_step(now, step, NOW, answers, seen(SNOOZED))
            ended.append(ended_occurrence(before, now))
        assert sorted(filter(None, ended)) == [SEVEN], order
        assert now.reported == just(Life.SET, SNOOZED), order


def test_a_device_that_acknowledges_and_forgets_is_found_out_by_its_next_context_but_one() -> None:
    acknowledged = reported_step(standing(UNKNOWN), Step.SET, NOW, desired(), None)
    assert observed(acknowledged, None, NOW + OVERTAKEN, None) is acknowledged
    assert observed(acknowledged, None, NOW + OVERTAKEN + SECOND, None).reported.life is Life.ABSENT


def test_an_edit_that_fails_is_counted_though_the_device_shows_the_old_alert_meanwhile() -> None:
    now, at = standing(SET, desired(TOMORROW, 2)), NOW
    for failures in range(1, 5):
        now = reported_step(now, Step.FAIL, at, desired(TOMORROW, 2), seen())
        assert now.reported.failures == failures
        at += LONG
        now = observed(now, seen(), at, None)


def test_a_lost_start_and_a_lost_stop_are_made_good_by_contexts() -> None:
    before = standing(SET)
    ringing = observed(before, seen(ringing=True), NOW, None)
    stopped = observed(ringing, seen(), NOW + LONG, None)
    assert [each.reported.life for each in (ringing, stopped)] == [Life.RINGING, Life.STOPPED]
    assert [ended_occurrence(before, ringing), ended_occurrence(ringing, stopped)] == [None, SEVEN]


# Laws

BELIEVED = {Life.UNKNOWN, Life.ABSENT, Life.SET, Life.FAILED, Life.RINGING, Life.STOPPED}
SAID = [Step.SET, Step.FAIL, Step.START, Step.STOP, Step.DELETE]
"""Steps for which there is an event."""
times = st.sampled_from([SEVEN, SNOOZED, TOMORROW])
wishes = st.builds(Desired, times, st.integers(1, 2))
sights = st.none() | st.builds(Seen, st.just("t"), st.just(Kind.ALARM), times, st.booleans())
words = st.tuples(st.sampled_from([*SAID, None]), st.none() | wishes, sights, st.integers(0, 20))


@lawful
@given(st.none() | wishes, st.lists(words, max_size=8))
def test_whatever_a_device_says_its_standing_makes_sense(
    wish: Desired | None, said: list[tuple[Step | None, Desired | None, Seen | None, int]]
) -> None:
    now, at = Standing("t", Kind.ALARM, wish, Reported(Life.UNKNOWN, NOW)), NOW
    for step, told, shown, seconds in said:
        at += timedelta(seconds=seconds)
        before = now
        now = reported_step(now, step, at, told, shown) if step else observed(now, shown, at, told)
        ended = ended_occurrence(before, now)
        assert now.reported.life in BELIEVED
        assert (now.token, now.kind, now.desired, now.silenced) == ("t", Kind.ALARM, wish, None)
        assert (now.reported.failures > 0) or now.reported.life is not Life.FAILED
        assert ended is None or before.reported.life is not Life.STOPPED
        assert now is before or now.reported.since == at or now == before


@pytest.mark.parametrize(("life", "shown"), list(product(sorted(BELIEVED), [None, seen(), seen(ringing=True)])))
def test_the_same_context_again_changes_nothing(life: Life, shown: Seen | None) -> None:
    once = observed(standing(reported(life, failures=int(life is Life.FAILED))), shown, NOW, None)
    assert observed(once, shown, NOW + LONG, None) is once
