"""What an account was told is there, is there: what comes again, and what is to ring once and has not yet."""

from datetime import UTC, datetime, timedelta

import pytest

from bellwire.simulation.cloud import SimulatedCloud
from bellwire.simulation.facts import Wished
from bellwire.simulation.faults import Faults
from bellwire.simulation.invariants.invariant import Broken, Ending
from bellwire.simulation.invariants.nothing_lost import NothingIsLost
from bellwire.simulation.world import World

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ends_with(*facts: Wished) -> None:
    """A run whose cloud has nothing at its end."""
    world = World(1, NOON)
    cloud = SimulatedCloud(world, Faults({}), lambda _: None)
    cloud.account("a", "UTC")
    invariant = NothingIsLost(world, cloud, {})
    for fact in facts:
        invariant.hear(fact)
    invariant.end(Ending(world, cloud, {}))


def wished(*, is_there: bool = True, recurs: bool = False, due: datetime | None = None) -> Wished:
    return Wished(NOON, "", "a", "a-1", is_there=is_there, recurs=recurs, due=due)


@pytest.mark.parametrize("lost", [wished(recurs=True), wished(due=NOON + 30 * HOUR)])
def test_what_is_gone_is_found(lost: Wished) -> None:
    with pytest.raises(Broken, match=r"alerts of a are gone: .'a-1'"):
        ends_with(lost)


@pytest.mark.parametrize("before", [wished(recurs=True), wished(due=NOON + 30 * HOUR)])
@pytest.mark.parametrize("gone", [wished(is_there=False), wished(due=NOON + HOUR), wished(due=NOON - HOUR)])
def test_what_may_be_gone_is_not_missed(before: Wished, gone: Wished) -> None:
    ends_with(before, gone)
