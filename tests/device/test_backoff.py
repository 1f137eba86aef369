from hypothesis import given
from hypothesis import strategies as st

from bellwire.device.backoff import JITTER, PATIENT_STEP, PROVEN_SECONDS, STEPS, USEFUL_SECONDS, Backoff


def exactly(_low: float, _high: float) -> float:
    return 1.0


def waits(backoff: Backoff, count: int) -> list[float]:
    return [backoff.wait() for _ in range(count)]


def test_each_failure_waits_longer_until_the_last_step() -> None:
    assert waits(Backoff(exactly), 10) == [0.25, 1, 2, 4, 8, 16, 32, 64, 64, 64]


def test_a_refusal_begins_at_eight_seconds_and_goes_on_from_there() -> None:
    backoff = Backoff(exactly)
    assert [backoff.wait(patient=True), backoff.wait(), backoff.wait(patient=True)] == [8, 16, 32]


def test_a_refusal_never_shortens_the_wait() -> None:
    backoff = Backoff(exactly)
    waits(backoff, 6)
    assert backoff.wait(patient=True) == 32


def test_a_greeting_and_a_hang_up_for_ever_come_to_a_minute_apart() -> None:
    backoff = Backoff(exactly)
    for _ in STEPS:
        backoff.wait()
        backoff.stood(0.3, delivered=True)
    assert backoff.wait() == 64


def test_a_connection_that_was_good_begins_anew() -> None:
    for seconds, delivered, first in [
        (PROVEN_SECONDS, False, 0.25),
        (PROVEN_SECONDS - 0.1, False, 4),
        (USEFUL_SECONDS, True, 0.25),
        (USEFUL_SECONDS - 0.1, True, 4),
    ]:
        backoff = Backoff(exactly)
        waits(backoff, 3)
        backoff.stood(seconds, delivered=delivered)
        assert backoff.wait() == first


@given(st.lists(st.booleans(), max_size=20), st.floats(0, 1))
def test_every_wait_is_a_step_within_its_jitter(refusals: list[bool], chance: float) -> None:
    backoff = Backoff(lambda low, high: low + (high - low) * chance)
    floor = 0
    for refused in refusals:
        wait = backoff.wait(patient=refused)
        floor = max(floor, PATIENT_STEP if refused else 0)
        assert STEPS[min(floor, len(STEPS) - 1)] * JITTER[0] <= wait <= STEPS[-1] * JITTER[1]
        floor += 1
