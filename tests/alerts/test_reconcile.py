from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bellwire.alerts.alert import Kind
from bellwire.alerts.lifecycle import Life, Step
from bellwire.alerts.reconcile import Patience, Said, Say, Verdict, What, is_settled, reconcile
from bellwire.alerts.standing import Desired, Reported, Standing, reported_step

lawful = settings(deadline=None, derandomize=True, max_examples=80)

NOW = datetime(2030, 6, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
MOMENT = timedelta(microseconds=1)
SOON, LATER = NOW + HOUR, NOW + 24 * HOUR
PATIENCE = Patience()

SET, REMOVE, SILENCE = What.SET, What.REMOVE, What.SILENCE


def desired(time: datetime = SOON, version: int = 1) -> Desired:
    return Desired(time, version)


def reported(
    life: Life, time: datetime | None = SOON, version: int | None = 1, ago: timedelta = HOUR, failures: int = 0
) -> Reported:
    return Reported(life, NOW - ago, time, version, failures)


def standing(wish: Desired | None, said: Reported, *, silenced: datetime | None = None, token: str = "t") -> Standing:
    return Standing(token, Kind.ALARM, wish, said, silenced)


def verdict(
    *standings: Standing, now: datetime = NOW, in_flight: Mapping[str, Said] | None = None, everything: bool = False
) -> Verdict:
    return reconcile(standings, in_flight or {}, now, patience=PATIENCE, everything=everything)


def told(what: What, wish: Desired | None = None, token: str = "t") -> Say:
    return Say(what, token, wish)


def in_flight_after(found: Verdict, before: Mapping[str, Said], now: datetime) -> dict[str, Said]:
    """What is in flight once all of a verdict is said."""
    after = dict(before)
    for say in (*(found.everything or ()), *found.say):
        last = after.get(say.token)
        after[say.token] = Said(say, now, last.times + 1 if last is not None and last.say == say else 1)
    return after


ABSENT, UNKNOWN = Reported(Life.ABSENT, NOW - HOUR), Reported(Life.UNKNOWN, NOW - HOUR)
HELD, RINGING, STOPPED = (reported(life) for life in (Life.SET, Life.RINGING, Life.STOPPED))
LATE = NOW - 29 * MINUTE
TOO_LATE = NOW - 30 * MINUTE


# What falls out of each change: the design's table, row by row


@pytest.mark.parametrize(
    ("now", "says"),
    [
        pytest.param(standing(desired(), UNKNOWN), [told(SET, desired())], id="added"),
        pytest.param(standing(desired(SOON, 2), HELD), [told(SET, desired(SOON, 2))], id="edited"),
        pytest.param(standing(desired(LATER), HELD), [told(SET, desired(LATER))], id="moved"),
        pytest.param(standing(desired(), RINGING), [], id="rings"),
        pytest.param(standing(desired(LATER), RINGING), [told(SET, desired(LATER))], id="snoozed while it rings"),
        pytest.param(standing(desired(), HELD), [], id="acknowledged"),
        pytest.param(standing(None, HELD), [told(REMOVE)], id="deleted"),
        pytest.param(standing(None, RINGING), [told(REMOVE)], id="deleted while it rings"),
        pytest.param(standing(None, ABSENT), [], id="deleted, and reported absent"),
        pytest.param(standing(desired(), RINGING, silenced=SOON), [told(SILENCE)], id="silenced"),
        pytest.param(standing(desired(LATER), RINGING, silenced=SOON), [told(SILENCE)], id="silenced, then the next"),
        pytest.param(standing(None, RINGING, silenced=SOON), [told(SILENCE)], id="silenced, then it goes"),
        pytest.param(standing(desired(), HELD, silenced=SOON), [], id="silenced, and rings no longer"),
        pytest.param(standing(desired(LATER), reported(Life.RINGING, LATER), silenced=SOON), [], id="silenced before"),
        pytest.param(standing(None, STOPPED), [told(REMOVE)], id="stopped, one-shot"),
        pytest.param(standing(desired(LATER), STOPPED), [told(SET, desired(LATER))], id="stopped, recurring"),
        pytest.param(standing(desired(), STOPPED), [], id="stopped, and nobody decided yet what comes next"),
        pytest.param(
            standing(desired(LATER), HELD, silenced=SOON), [told(SET, desired(LATER))], id="stopped on another speaker"
        ),
        pytest.param(
            standing(desired(), reported(Life.FAILED, failures=1, ago=MINUTE)), [told(SET, desired())], id="failed"
        ),
        pytest.param(standing(desired(), reported(Life.FAILED, failures=1, ago=59 * SECOND)), [], id="failed just now"),
        pytest.param(
            standing(desired(), reported(Life.FAILED, failures=5, ago=15 * MINUTE)),
            [told(SET, desired())],
            id="failed 5x",
        ),
        pytest.param(standing(desired(), reported(Life.FAILED, failures=8, ago=24 * HOUR)), [], id="failed 8x"),
        pytest.param(
            standing(desired(SOON, 2), reported(Life.FAILED, failures=8, ago=SECOND)),
            [told(SET, desired(SOON, 2))],
            id="failed, then edited",
        ),
        pytest.param(standing(None, reported(Life.FAILED, failures=1)), [told(REMOVE)], id="failed, then deleted"),
        pytest.param(standing(desired(), ABSENT), [told(SET, desired())], id="a context lacks it"),
        pytest.param(standing(desired(), reported(Life.SET, SOON, None)), [told(SET, desired())], id="of some content"),
        pytest.param(standing(None, UNKNOWN), [told(REMOVE)], id="a stranger, not seen yet"),
        pytest.param(standing(None, reported(Life.SET, SOON, None)), [told(REMOVE)], id="a stranger in a context"),
        pytest.param(standing(desired(LATE), ABSENT), [told(SET, desired(LATE))], id="late, but not too late"),
        pytest.param(standing(desired(TOO_LATE), ABSENT), [], id="past due"),
        pytest.param(
            standing(desired(TOO_LATE, 2), reported(Life.RINGING, TOO_LATE)),
            [told(SET, desired(TOO_LATE, 2))],
            id="past due, but ringing",
        ),
    ],
)
def test_what_falls_out(now: Standing, says: list[Say]) -> None:
    assert list(verdict(now).say) == says
    assert not (says and is_settled(now))


def test_a_sync_says_all_that_is_desired_at_once_and_removes_strangers() -> None:
    standings = (
        standing(desired(), HELD, token="held"),
        standing(desired(SOON, 2), HELD, token="edited"),
        standing(desired(), reported(Life.FAILED, failures=8, ago=SECOND), token="failed"),
        standing(desired(), RINGING, token="ringing"),
        standing(desired(LATER), RINGING, silenced=SOON, token="silenced"),
        standing(desired(TOO_LATE), ABSENT, token="past due"),
        standing(None, reported(Life.SET, SOON, None), token="stranger"),
        standing(None, ABSENT, token="gone"),
    )
    found = verdict(*standings, everything=True)
    assert found.everything == (
        told(SET, desired(), "held"),
        told(SET, desired(SOON, 2), "edited"),
        told(SET, desired(), "failed"),
        told(SET, desired(), "ringing"),
        told(SET, desired(LATER), "silenced"),
    )
    assert found.say == (told(SILENCE, None, "silenced"), told(REMOVE, None, "stranger"))


def test_a_sync_with_nothing_desired_says_the_empty_list() -> None:
    assert verdict(everything=True) == Verdict(everything=())
    assert verdict() == Verdict()


# When to say it again


def said(say: Say, ago: timedelta, times: int = 1) -> dict[str, Said]:
    return {say.token: Said(say, NOW - ago, times)}


@pytest.mark.parametrize(
    ("in_flight", "says", "again_in"),
    [
        pytest.param({}, True, 10 * SECOND, id="not said yet"),
        pytest.param(said(told(SET, desired()), SECOND), False, 9 * SECOND, id="just said"),
        pytest.param(said(told(SET, desired()), 10 * SECOND), True, 20 * SECOND, id="not answered in 10 s"),
        pytest.param(said(told(SET, desired()), 10 * SECOND, 2), False, 10 * SECOND, id="said twice: 20 s"),
        pytest.param(said(told(SET, desired()), 20 * SECOND, 2), True, 40 * SECOND, id="not answered twice"),
        pytest.param(said(told(SET, desired()), 14 * MINUTE, 99), False, MINUTE, id="never longer than 15 minutes"),
        pytest.param(said(told(SET, desired(SOON, 2)), SECOND), True, 10 * SECOND, id="something else was said of it"),
        pytest.param(said(told(REMOVE), SECOND, 5), True, 10 * SECOND, id="its removal was said"),
        pytest.param(said(told(SET, desired(), "other"), SECOND), True, 10 * SECOND, id="said of another alert"),
    ],
)
def test_what_is_not_answered_is_said_again(in_flight: Mapping[str, Said], says: bool, again_in: timedelta) -> None:
    found = verdict(standing(desired(), ABSENT), in_flight=in_flight)
    assert found == Verdict((told(SET, desired()),) if says else (), None, NOW + again_in)


@pytest.mark.parametrize(
    ("failures", "wait"),
    [(1, 1), (2, 2), (3, 4), (4, 8), (5, 15), (6, 15), (7, 15)],
)
def test_after_a_failure_it_waits_longer_each_time(failures: int, wait: int) -> None:
    failed = standing(desired(LATER), reported(Life.FAILED, LATER, failures=failures, ago=timedelta(0)))
    assert verdict(failed) == Verdict((), None, NOW + wait * MINUTE)
    assert verdict(failed, now=NOW + wait * MINUTE - MOMENT).say == ()
    assert verdict(failed, now=NOW + wait * MINUTE).say == (told(SET, desired(LATER)),)


def test_after_the_last_failure_it_is_left_to_its_owner() -> None:
    failed = standing(desired(LATER), reported(Life.FAILED, LATER, failures=8))
    assert verdict(failed) == Verdict()


@pytest.mark.parametrize(("failed", "wait"), [(MINUTE, 39 * SECOND), (30 * SECOND, 39 * SECOND), (SECOND, 59 * SECOND)])
def test_after_a_failure_and_a_saying_it_waits_for_both(failed: timedelta, wait: timedelta) -> None:
    now = standing(desired(), reported(Life.FAILED, failures=1, ago=failed))
    again = said(told(SET, desired()), SECOND, 3)
    assert verdict(now, in_flight=again) == Verdict((), None, NOW + wait)


def test_a_sync_says_what_failed_at_once_and_does_not_shorten_the_wait_after_it() -> None:
    now = standing(desired(), reported(Life.FAILED, failures=1, ago=SECOND))
    assert verdict(now, everything=True) == Verdict((), (told(SET, desired()),), NOW + 59 * SECOND)


def test_a_sync_is_looked_after_like_any_saying() -> None:
    now = (standing(desired(), ABSENT), standing(desired(), HELD, token="held"))
    found = verdict(*now, everything=True)
    assert found.look_again == NOW + 10 * SECOND
    in_flight = in_flight_after(found, {}, NOW)
    assert verdict(*now, now=NOW + 10 * SECOND, in_flight=in_flight).say == (told(SET, desired()),)


def test_a_new_downchannel_is_quiet_until_its_first_context_but_a_sync_breaks_the_quiet() -> None:
    now, until = [standing(desired(), ABSENT)], NOW + 3 * SECOND
    assert reconcile(now, {}, NOW, patience=PATIENCE, quiet_until=until) == Verdict(look_again=until)
    assert reconcile(now, {}, until, patience=PATIENCE, quiet_until=until).say == (told(SET, desired()),)
    assert reconcile(now, {}, NOW, patience=PATIENCE, quiet_until=until, everything=True).everything


# Laws

LIVES = [Life.UNKNOWN, Life.ABSENT, Life.SET, Life.FAILED, Life.RINGING, Life.STOPPED]
times = st.sampled_from([TOO_LATE - HOUR, TOO_LATE, LATE, NOW, SOON, LATER])
versions = st.integers(1, 2)
wishes = st.none() | st.builds(Desired, times, versions)


@st.composite
def any_standing(draw: st.DrawFn) -> Standing:
    life = draw(st.sampled_from(LIVES))
    since = NOW - draw(st.sampled_from([timedelta(0), SECOND, MINUTE, HOUR]))
    if life in {Life.UNKNOWN, Life.ABSENT}:
        report = Reported(life, since)
    else:
        failures = draw(st.integers(1, 9)) if life is Life.FAILED else 0
        report = Reported(life, since, draw(times), draw(st.none() | versions), failures)
    silenced = draw(st.none() | times)
    return Standing(draw(st.sampled_from("abcd")), draw(st.sampled_from(Kind)), draw(wishes), report, silenced)


standings = st.lists(any_standing(), max_size=4, unique_by=lambda each: each.token).map(tuple)
sayings = st.builds(Say, st.sampled_from(What), st.sampled_from("abcd"), wishes)
flights = st.lists(
    st.builds(
        Said,
        sayings,
        st.sampled_from([NOW, NOW - SECOND, NOW - 10 * SECOND, NOW - MINUTE, NOW - HOUR]),
        st.integers(1, 20),
    ),
    max_size=4,
).map(lambda every: {each.say.token: each for each in every})


@lawful
@given(standings, flights)
def test_a_device_that_has_what_is_desired_is_told_nothing(now: tuple[Standing, ...], flight: dict[str, Said]) -> None:
    converged = [
        replace(
            each,
            reported=Reported(Life.SET, NOW, each.desired.scheduled_time, each.desired.version)
            if each.desired
            else Reported(Life.ABSENT, NOW),
        )
        for each in now
    ]
    assert all(map(is_settled, converged))
    assert verdict(*converged, in_flight=flight) == Verdict()


@lawful
@given(standings, flights, st.timedeltas(timedelta(0), 48 * HOUR))
def test_of_what_is_settled_nothing_is_said_now_or_later(
    now: tuple[Standing, ...], flight: dict[str, Said], later: timedelta
) -> None:
    settled = [each for each in now if is_settled(each)]
    assert verdict(*settled, in_flight=flight, now=NOW + later) == Verdict()


def perfect_device(now: Standing, say: Say, at: datetime) -> Standing:
    """It does what it is told, and says so."""
    steps = {SET: Step.SET, REMOVE: Step.DELETE, SILENCE: Step.STOP}
    return reported_step(now, steps[say.what], at, say.desired, None)


@lawful
@given(standings, flights, st.booleans())
def test_a_perfect_device_needs_three_rounds_at_most(
    now: tuple[Standing, ...], flight: dict[str, Said], everything: bool
) -> None:
    held, at = {each.token: each for each in now}, NOW
    for round_ in range(3):
        found = verdict(*held.values(), now=at, in_flight=flight, everything=everything and round_ == 0)
        for say in (*(found.everything or ()), *found.say):
            held[say.token] = perfect_device(held[say.token], say, at)
            flight = {token: last for token, last in flight.items() if token != say.token}
        at += PATIENCE.longest
    assert verdict(*held.values(), now=at, in_flight=flight) == Verdict()


@lawful
@given(standings, flights)
def test_nothing_is_said_twice_before_its_answer_was_waited_for_and_then_it_is(
    now: tuple[Standing, ...], flight: dict[str, Said]
) -> None:
    at = NOW
    for _ in range(6):
        found = verdict(*now, now=at, in_flight=flight)
        for say in found.say:
            last = flight.get(say.token)
            assert last is None or last.say != say or at - last.at >= PATIENCE.answer
        flight = in_flight_after(found, flight, at)
        assert verdict(*now, now=at, in_flight=flight).say == ()
        if found.look_again is None:
            break
        at = found.look_again


@lawful
@given(standings, flights, st.booleans())
def test_what_is_past_due_and_does_not_ring_is_never_set(
    now: tuple[Standing, ...], flight: dict[str, Said], everything: bool
) -> None:
    found = verdict(*now, in_flight=flight, everything=everything)
    rings = {each.token for each in now if each.reported.life is Life.RINGING}
    for say in (*found.say, *(found.everything or ())):
        assert say.desired is None or say.token in rings or say.desired.scheduled_time > NOW - PATIENCE.past_due


@lawful
@given(standings, flights, st.booleans(), st.timedeltas(timedelta(0), 3 * SECOND))
def test_the_quiet_holds_everything_back_but_a_sync(
    now: tuple[Standing, ...], flight: dict[str, Said], everything: bool, wait: timedelta
) -> None:
    until = NOW + wait
    found = reconcile(now, flight, NOW, patience=PATIENCE, quiet_until=until, everything=everything)
    if everything or not wait:
        assert found == verdict(*now, in_flight=flight, everything=everything)
    else:
        assert found == Verdict(look_again=until)


@lawful
@given(standings, flights, st.booleans(), st.integers(0, 999))
def test_until_it_looks_again_there_is_nothing_to_say(
    now: tuple[Standing, ...], flight: dict[str, Said], everything: bool, thousandths: int
) -> None:
    if everything:  # after the whole list, a silence that was said before it is said once more
        now = tuple(each for each in now if each.silenced is None)
    found = verdict(*now, in_flight=flight, everything=everything)
    flight = in_flight_after(found, flight, NOW)
    assert found.look_again is None or found.look_again > NOW
    until = found.look_again or NOW + 48 * HOUR
    meanwhile = NOW + (until - NOW) * thousandths // 1000
    assert verdict(*now, now=meanwhile, in_flight=flight).say == ()


@lawful
@given(standings, flights, st.booleans())
def test_when_it_looks_again_there_is_something_to_say_or_it_has_become_too_late(
    now: tuple[Standing, ...], flight: dict[str, Said], everything: bool
) -> None:
    found = verdict(*now, in_flight=flight, everything=everything)
    flight = in_flight_after(found, flight, NOW)
    if found.look_again is not None:
        then = found.look_again
        due = [each for each in now if each.desired and NOW < each.desired.scheduled_time + PATIENCE.past_due <= then]
        assert due or verdict(*now, now=then, in_flight=flight).say


@lawful
@given(standings, flights, st.booleans())
def test_each_alert_is_told_one_thing_at_a_time_about_itself(
    now: tuple[Standing, ...], flight: dict[str, Said], everything: bool
) -> None:
    found = verdict(*now, in_flight=flight, everything=everything)
    tokens = [say.token for say in found.say]
    assert len(tokens) == len(set(tokens))
    wishes_of = {each.token: each.desired for each in now}
    for say in (*found.say, *(found.everything or ())):
        assert say.desired == (wishes_of[say.token] if say.what is SET else None)
        assert say.what is not REMOVE or wishes_of[say.token] is None
