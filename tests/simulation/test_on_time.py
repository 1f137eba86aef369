"""Who is blamed for not ringing: whoever acknowledged a time, was there, and has not rung for it yet."""

from datetime import UTC, datetime, timedelta

import pytest

from bellwire.protocol.messages.alerts import AlertStopped, SetAlert, SetAlertSucceeded
from bellwire.simulation.cloud import SimulatedCloud
from bellwire.simulation.facts import Back, Gone, Rang, Said, Silent, Told
from bellwire.simulation.faults import Faults
from bellwire.simulation.invariants.invariant import Broken
from bellwire.simulation.invariants.on_time import RingsOnTime
from bellwire.simulation.speaker import SimulatedSpeaker
from bellwire.simulation.world import World

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DUE = NOON + timedelta(minutes=5)


@pytest.fixture
def world() -> World:
    return World(1, NOON)


@pytest.fixture
def invariant(world: World) -> RingsOnTime:
    """Of a speaker that is there, with nothing to ring."""
    faults = Faults({})
    cloud = SimulatedCloud(world, faults, lambda _: None)
    cloud.account("a", "UTC")
    device = cloud.device("a", "a0", "cic-ko-2022")
    speaker = SimulatedSpeaker(world, cloud, device, faults, lambda _: None)
    speaker.boots()
    invariant = RingsOnTime(world, cloud, {"a0": speaker})
    invariant.hear(Back(world.now, "a0", "power"))
    return invariant


def acknowledges(invariant: RingsOnTime, world: World) -> None:
    invariant.hear(Told(world.now, "a0", SetAlert(token="t", type="ALARM", scheduled_time=DUE)))
    invariant.hear(Said(world.now, "a0", SetAlertSucceeded(token="t", type="ALARM"), "m", certified=True))


def is_due_without_power(invariant: RingsOnTime, world: World, late: timedelta) -> None:
    acknowledges(invariant, world)
    invariant.hear(Gone(world.now, "a0", "power"))
    world.run(DUE + late)
    invariant.hear(Back(world.now, "a0", "power"))


def test_who_acknowledged_and_is_silent_is_blamed(invariant: RingsOnTime, world: World) -> None:
    acknowledges(invariant, world)
    with pytest.raises(Broken, match="a0 does not ring t, which it has acknowledged for 12:05:00"):
        world.run(DUE + timedelta(seconds=2))


def test_who_has_rung_is_not_blamed_for_a_time_that_it_is_told_once_more(invariant: RingsOnTime, world: World) -> None:
    acknowledges(invariant, world)
    world.run(DUE)
    invariant.hear(Rang(world.now, "a0", "t", DUE, DUE))
    world.run(DUE + timedelta(seconds=10))
    acknowledges(invariant, world)  # its first word was lost
    world.run(DUE + timedelta(minutes=1))


def test_who_rings_early_is_blamed(invariant: RingsOnTime, world: World) -> None:
    acknowledges(invariant, world)
    world.run(DUE - timedelta(minutes=2))
    with pytest.raises(Broken, match="a0 rings t 0:02:00 early"):
        invariant.hear(Rang(world.now, "a0", "t", DUE, DUE))


def test_where_another_one_rings_nobody_is_blamed(invariant: RingsOnTime, world: World) -> None:
    acknowledges(invariant, world)
    world.run(DUE - timedelta(minutes=2))
    invariant.hear(Rang(world.now, "a0", "other", world.now, world.now))
    world.run(DUE + timedelta(seconds=2))


def test_who_has_long_been_silent_is_blamed_whatever_it_believes(invariant: RingsOnTime, world: World) -> None:
    acknowledges(invariant, world)
    world.run(DUE - timedelta(minutes=2))
    invariant.hear(Rang(world.now, "a0", "other", world.now, world.now))
    invariant.hear(Silent(world.now, "a0", "other"))
    with pytest.raises(Broken, match="a0 does not ring t"):
        world.run(DUE + timedelta(seconds=2))


def test_who_has_just_been_switched_on_may_doubt_its_clock(invariant: RingsOnTime, world: World) -> None:
    acknowledges(invariant, world)
    world.run(DUE - timedelta(seconds=30))
    invariant.hear(Gone(world.now, "a0", "power"))
    invariant.hear(Back(world.now, "a0", "power"))
    world.run(DUE + timedelta(seconds=2))


def test_who_ends_what_it_has_not_rung_is_blamed(invariant: RingsOnTime, world: World) -> None:
    is_due_without_power(invariant, world, timedelta(minutes=10))
    with pytest.raises(Broken, match="a0 ends t, due at 12:05:00, and has not rung it"):
        invariant.hear(Said(world.now, "a0", AlertStopped(token="t", type="ALARM"), "n", certified=True))


def test_who_does_not_ring_what_fell_due_without_power_is_blamed(invariant: RingsOnTime, world: World) -> None:
    is_due_without_power(invariant, world, timedelta(minutes=10))
    with pytest.raises(Broken, match="a0 does not ring t, which was due at 12:05:00, while it had no power"):
        world.run(world.now + timedelta(minutes=2))


def test_what_fell_due_long_ago_is_not_missed(invariant: RingsOnTime, world: World) -> None:
    is_due_without_power(invariant, world, timedelta(hours=1))
    world.run(world.now + timedelta(minutes=2))
    invariant.hear(Said(world.now, "a0", AlertStopped(token="t", type="ALARM"), "n", certified=True))
