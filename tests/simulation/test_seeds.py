"""Every invariant holds, whatever goes wrong; and a bug in the cores does not stay unseen."""

import pytest

from bellwire.simulation.breakage import BREAKAGES
from bellwire.simulation.faults import FAULTS
from bellwire.simulation.run import run
from bellwire.simulation.story import story

SEEDS = range(1, 301)
"""Each a few days of three speakers on two accounts."""
ENOUGH = 200
"""Seeds in which every bug is found."""
PORTION = 50


@pytest.mark.parametrize("first", SEEDS[::PORTION])
def test_every_invariant_holds(first: int) -> None:
    for seed in range(first, first + PORTION):
        outcome = run(seed)
        assert outcome.broken is None, f"seed {seed}: {outcome.broken}\n" + "\n".join(
            story(outcome.facts, outcome.broken.how)
        )


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_bug_is_found(name: str) -> None:
    broken = next((seed for seed in range(1, ENOUGH + 1) if run(seed, breakage=BREAKAGES[name]).broken), None)
    assert broken is not None


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_had_alone(fault: str) -> None:
    outcome = run(7, frozenset({fault}))
    assert outcome.faults == (fault,)
    assert outcome.broken is None


def test_a_seed_gives_the_same_run_again() -> None:
    one, two = (run(28, breakage=BREAKAGES["hour-late"]) for _ in range(2))
    assert one.broken is not None
    assert [str(fact) for fact in one.facts] == [str(fact) for fact in two.facts]
    assert str(one.broken) == str(two.broken)


def test_seeds_differ() -> None:
    assert len({run(seed, breakage=BREAKAGES["hour-late"]).broken.how for seed in (1, 2, 3)}) == 3  # type: ignore[union-attr]


def test_without_faults_nothing_is_drawn() -> None:
    assert run(3, frozenset()).faults == ()
