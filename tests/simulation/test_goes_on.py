"""A core that raises, or never comes to rest, is told of like any other failure: with its seed, and what led to it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bellwire.cli import main
from bellwire.device import outputs
from bellwire.device.engine import step
from bellwire.device.held import State
from bellwire.protocol.profiles.profile import Profile
from bellwire.simulation.breakage import BREAKAGES, Breakage, Turned
from bellwire.simulation.invariants.goes_on import GOES_ON
from bellwire.simulation.run import run
from bellwire.simulation.story import story


def stumbles(state: State, happened: Any, now: datetime, profile: Profile) -> Turned:
    after, done = step(state, happened, now, profile)
    if after.alerts.sounding is not None:
        raise KeyError(after.alerts.sounding.token)
    return after, done


def never_sleeps(state: State, happened: Any, now: datetime, profile: Profile) -> Turned:
    after, done = step(state, happened, now, profile)
    return after, (*done, outputs.WakeAt(now - timedelta(days=1)))


def test_what_a_core_raises_is_told_with_its_seed_and_its_story() -> None:
    outcome = run(1, frozenset(), Breakage("raises", "", stumbles))
    assert outcome.broken is not None
    assert outcome.broken.invariant == GOES_ON
    assert "KeyError: 'a-" in outcome.broken.how
    assert "in happens (simulation/speaker.py, line " in outcome.broken.how
    assert any("SetAlert" in line for line in story(outcome.facts, outcome.broken.how))


def test_what_never_comes_to_rest_is_found() -> None:
    outcome = run(1, frozenset(), Breakage("spins", "", never_sleeps))
    assert outcome.broken is not None
    assert "StandsStillError" in outcome.broken.how


def test_again_is_the_command_that_shows_just_this_again(capsys: pytest.CaptureFixture[str]) -> None:
    """With another choice of faults, or without the bug, a seed is another run."""
    assert main(["simulate", "--seed", "1", "--faults", "cut, doubled", "--break", "hour-late"]) == 1
    first = capsys.readouterr().out
    command = first.partition("again: ")[2].partition("\n")[0]
    assert command == "bellwire simulate --seed 1 --faults cut,doubled --break hour-late"
    main(command.split()[1:])
    assert capsys.readouterr().out == first
    assert "hour-late" in BREAKAGES
