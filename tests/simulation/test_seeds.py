"""Every invariant holds, whatever goes wrong; and a bug in the cores does not stay unseen."""

import asyncio
import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from bellwire.simulation.breakage import BREAKAGES
from bellwire.simulation.faults import FAULTS
from bellwire.simulation.run import run
from bellwire.simulation.story import story
from tests.conftest import found

SEEDS = range(1, 301)
"""Each a few days of three speakers on two accounts."""
ENOUGH = 200
"""Seeds in which every bug is found."""
PORTION = 50


def first_broken(seeds: range) -> str:
    """What broke first in these seeds, told as the command does; empty: nothing."""
    for seed in seeds:
        outcome = run(seed)
        if outcome.broken is not None:
            return "\n".join([f"seed {seed}: {outcome.broken}", *story(outcome.facts, outcome.broken.how)])
    return ""


def found_by(bug: str) -> int | None:
    """The first seed that finds it."""
    return next((seed for seed in range(1, ENOUGH + 1) if run(seed, breakage=BREAKAGES[bug]).broken), None)


async def side_by_side(_folders: pytest.TempPathFactory) -> tuple[list[str], dict[str, int | None]]:
    """All seeds and all bugs, on all cores: no run has anything to do with another one. Whoever waits goes first."""
    loop, context = asyncio.get_running_loop(), multiprocessing.get_context("spawn")
    portions = [range(first, first + PORTION) for first in SEEDS[::PORTION]]
    with ProcessPoolExecutor(os.cpu_count(), context, os.nice, (10,)) as cores:
        told = [loop.run_in_executor(cores, first_broken, portion) for portion in portions]
        seeds = [loop.run_in_executor(cores, found_by, bug) for bug in BREAKAGES]
        return await asyncio.gather(*told), dict(zip(BREAKAGES, await asyncio.gather(*seeds), strict=True))


@pytest.mark.parametrize("number", range(len(SEEDS) // PORTION))
def test_every_invariant_holds(side_by_side: dict[str, Any], number: int) -> None:
    told: str = found(side_by_side, __name__)[0][number]
    assert not told, told


@pytest.mark.parametrize("bug", BREAKAGES)
def test_a_bug_is_found(side_by_side: dict[str, Any], bug: str) -> None:
    assert found(side_by_side, __name__)[1][bug] is not None


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_had_alone(fault: str) -> None:
    outcome = run(7, frozenset({fault}))
    assert outcome.faults == (fault,)
    assert outcome.broken is None


SAME = """
from bellwire.cli import main
for bug in ("delete-is-not-kept", "rings-at-boot"):
    main(["simulate", "--seed", "7", "--break", bug])
"""


def test_a_seed_is_the_same_to_the_last_byte_in_any_process() -> None:
    """Python's own order of sets is another one in each, unless it is told otherwise."""
    said = {
        subprocess.run(
            [sys.executable, "-c", SAME], env={**os.environ, "PYTHONHASHSEED": order}, capture_output=True, check=True
        ).stdout
        for order in ("1", "2", "77")
    }
    assert len(said) == 1
    assert b"again: bellwire simulate --seed 7" in said.pop()


def test_seeds_differ() -> None:
    assert len({run(seed, breakage=BREAKAGES["hour-late"]).broken.how for seed in (1, 2, 3)}) == 3  # type: ignore[union-attr]


def test_without_faults_nothing_is_drawn() -> None:
    assert run(3, frozenset()).faults == ()
