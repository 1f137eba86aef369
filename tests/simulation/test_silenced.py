"""Who is blamed for ringing on: whoever the cloud could tell that it is over."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bellwire.simulation.cloud import SimulatedCloud
from bellwire.simulation.facts import Hushed, Rang, Silent
from bellwire.simulation.faults import Faults
from bellwire.simulation.invariants.invariant import Broken
from bellwire.simulation.invariants.silenced import SoonSilent
from bellwire.simulation.speaker import SimulatedSpeaker
from bellwire.simulation.world import World

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = timedelta(minutes=3)


class Home:
    """One speaker that is connected, and rings."""

    def __init__(self) -> None:
        self.world = World(1, NOON)
        faults = Faults({})
        cloud = SimulatedCloud(self.world, faults, lambda _: None)
        cloud.account("a", "UTC")
        self.speaker = SimulatedSpeaker(
            self.world, cloud, cloud.device("a", "a0", "cic-ko-2022"), faults, lambda _: None
        )
        self.speaker.boots()
        self.world.run(NOON + timedelta(minutes=2))
        self.invariant = SoonSilent(self.world, cloud, {"a0": self.speaker})
        self.invariant.hear(Rang(self.world.now, "a0", "a-1", self.world.now, self.world.now))

    def is_hushed(self, account: str = "a", token: str = "a-1") -> None:
        self.invariant.hear(Hushed(self.world.now, "", account, token))

    def is_silent(self) -> None:
        self.invariant.hear(Silent(self.world.now, "a0", "a-1"))

    def loses_its_line(self) -> None:
        assert self.speaker.line is not None
        self.speaker.line.cut()


def test_who_rings_on_is_blamed() -> None:
    home = Home()
    home.is_hushed()
    with pytest.raises(Broken, match="a0 still rings a-1"):
        home.world.run(home.world.now + LATER)


@pytest.mark.parametrize(
    "excuse",
    [
        lambda home: home.is_hushed(token="a-2"),
        lambda home: home.is_hushed(account="b"),
        lambda home: (home.is_hushed(), home.is_silent()),
        lambda home: (home.is_hushed(), home.loses_its_line()),
    ],
    ids=["another alert", "another account", "it is silent", "nobody could tell it"],
)
def test_who_can_not_be_blamed_is_not(excuse: Callable[[Home], object]) -> None:
    home = Home()
    excuse(home)
    home.world.run(home.world.now + LATER)
