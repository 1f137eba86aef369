"""What an invariant is: it hears every fact, looks at the end, and says when it is broken."""

from collections.abc import Mapping
from dataclasses import dataclass

from bellwire.simulation.cloud import SimulatedCloud
from bellwire.simulation.facts import Fact
from bellwire.simulation.speaker import SimulatedSpeaker
from bellwire.simulation.world import World


class Broken(Exception):
    """An invariant does not hold; says which, and how."""

    def __init__(self, invariant: str, how: str) -> None:
        super().__init__(f"{invariant}: {how}")
        self.invariant = invariant
        self.how = how


@dataclass(frozen=True)
class Ending:
    """The end of a run, after a minute in which nothing went wrong and nobody did anything."""

    world: World
    cloud: SimulatedCloud
    speakers: Mapping[str, SimulatedSpeaker]
    """By the names that they have now."""


class Invariant:
    """Something that must hold."""

    name = ""
    """In a sentence."""

    def __init__(self, world: World, cloud: SimulatedCloud, speakers: Mapping[str, SimulatedSpeaker]) -> None:
        """`speakers` are always those that there are, by the names that they have."""
        self._world = world
        self._cloud = cloud
        self._speakers = speakers

    def hear(self, fact: Fact) -> None:
        """Something has happened. Raises Broken."""

    def end(self, ending: Ending) -> None:
        """It is over. Raises Broken."""

    def _broken(self, how: str) -> Broken:
        return Broken(self.name, f"{self._world.now:%Y-%m-%d %H:%M:%S} {how}")
