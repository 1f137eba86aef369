from itertools import product

import pytest

from bellwire.alerts.lifecycle import ACTIVE, SOUNDING, TABLE, IllegalStepError, Life, Step, after, believed

ILLEGAL = [
    (Life.ABSENT, Step.WAIT),
    (Life.ABSENT, Step.START),
    (Life.ABSENT, Step.MUTE),
    (Life.ABSENT, Step.STOP),
    (Life.SET, Step.MUTE),
    (Life.FAILED, Step.WAIT),
    (Life.FAILED, Step.START),
    (Life.FAILED, Step.MUTE),
    (Life.FAILED, Step.STOP),
    (Life.WAITING, Step.WAIT),
    (Life.WAITING, Step.FAIL),
    (Life.WAITING, Step.MUTE),
    (Life.RINGING, Step.FAIL),
    (Life.RINGING, Step.WAIT),
    (Life.RINGING, Step.START),
    (Life.MUTED, Step.FAIL),
    (Life.MUTED, Step.WAIT),
    (Life.MUTED, Step.START),
    (Life.MUTED, Step.MUTE),
    (Life.STOPPED, Step.WAIT),
    (Life.STOPPED, Step.START),
    (Life.STOPPED, Step.MUTE),
    (Life.STOPPED, Step.STOP),
    (Life.SNOOZED, Step.FAIL),
    (Life.SNOOZED, Step.WAIT),
    (Life.SNOOZED, Step.MUTE),
    *((life, Step.SNOOZE) for life in Life if life not in {Life.RINGING, Life.UNKNOWN}),
]
"""Every step that a device must not take; all others lead somewhere."""

BEGINNINGS = {Life.UNKNOWN, Life.ABSENT}


def reachable_from(lives: set[Life]) -> set[Life]:
    found = lives | {to for (life, _), to in TABLE.items() if life in lives}
    return found if found == lives else reachable_from(found)


def test_every_step_of_every_life_is_legal_or_illegal_and_none_is_forgotten() -> None:
    assert set(TABLE) | set(ILLEGAL) == set(product(Life, Step))
    assert not set(TABLE) & set(ILLEGAL)


@pytest.mark.parametrize(("life", "step"), ILLEGAL)
def test_an_illegal_step_raises_and_says_which(life: Life, step: Step) -> None:
    with pytest.raises(IllegalStepError, match=f"an alert that is {life} cannot take the step {step}"):
        after(life, step)


@pytest.mark.parametrize(("life", "step"), list(TABLE))
def test_a_legal_step_leads_where_the_table_says_and_is_believed(life: Life, step: Step) -> None:
    assert after(life, step) is believed(life, step) is TABLE[life, step]


def test_a_step_leads_to_the_life_of_its_name_whatever_was_before() -> None:
    leads_to = {
        Step.SET: Life.SET,
        Step.FAIL: Life.FAILED,
        Step.WAIT: Life.WAITING,
        Step.START: Life.RINGING,
        Step.MUTE: Life.MUTED,
        Step.SNOOZE: Life.SNOOZED,
        Step.STOP: Life.STOPPED,
        Step.DELETE: Life.ABSENT,
    }
    assert {(life, step): leads_to[step] for life, step in TABLE} == TABLE


@pytest.mark.parametrize(("life", "step"), list(product(Life, Step)))
def test_any_reported_step_is_believed(life: Life, step: Step) -> None:
    assert believed(life, step) is TABLE[Life.UNKNOWN, step]


def test_every_life_can_be_reached_and_every_life_but_unknown_can_be_left_for_absence() -> None:
    assert reachable_from(BEGINNINGS) == set(Life)
    assert all(Life.ABSENT in reachable_from({life}) for life in Life)


def test_nobody_comes_back_to_unknown() -> None:
    assert Life.UNKNOWN not in TABLE.values()


def test_a_device_can_always_be_told_to_set_and_to_delete() -> None:
    for life in Life:
        assert after(life, Step.SET) is Life.SET
        assert after(life, Step.DELETE) is Life.ABSENT


def test_what_sounds_has_started_and_can_be_stopped() -> None:
    assert {Life.RINGING, Life.MUTED} == SOUNDING
    for life in SOUNDING:
        assert after(life, Step.STOP) is Life.STOPPED
        assert reachable_from({Life.SET}) >= {life}


@pytest.mark.parametrize("step", [Step.MUTE, Step.SNOOZE])
def test_only_what_rings_can_be_muted_or_snoozed(step: Step) -> None:
    assert {life for life, taken in TABLE if taken is step and life is not Life.UNKNOWN} == {Life.RINGING}


def test_what_is_snoozed_has_not_the_bell_and_is_not_over() -> None:
    assert {Life.SNOOZED} == ACTIVE - SOUNDING
    assert after(Life.SNOOZED, Step.START) is Life.RINGING
    assert after(Life.SNOOZED, Step.STOP) is Life.STOPPED
