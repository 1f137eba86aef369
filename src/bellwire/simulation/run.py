"""One run from its seed: a world, what goes wrong in it, who lives there, and whether everything held.

It knows what a run is made of; it must not know what must hold.
"""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from bellwire.protocol.profiles import PROFILES
from bellwire.simulation.breakage import Breakage, nothing_broken
from bellwire.simulation.cloud import SimulatedCloud
from bellwire.simulation.facts import Fact
from bellwire.simulation.faults import drawn
from bellwire.simulation.invariants import INVARIANTS, Broken, Ending, Invariant, raised
from bellwire.simulation.people import Household, People
from bellwire.simulation.speaker import SimulatedSpeaker
from bellwire.simulation.weather import Weather
from bellwire.simulation.world import World

_PLACES = (
    ("Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC)),
    ("America/New_York", datetime(2027, 3, 13, 12, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 6, tzinfo=UTC)),
    ("Asia/Seoul", datetime(2026, 12, 30, 12, tzinfo=UTC)),
)
"""Zones, and a time shortly before their clocks change, where they do."""
_HOMES = {"a": 2, "b": 1}
"""Accounts, and how many speakers each has."""
_DAYS = (2, 3, 4)
_TO_CONNECT = timedelta(minutes=5)
"""After which every speaker has found its cloud again."""
_CALM = timedelta(seconds=60)
_KEPT = 4000
"""Facts that are kept to be told of."""


@dataclass(frozen=True)
class Outcome:
    """What came of one seed."""

    seed: int
    faults: tuple[str, ...]
    device_hours: float
    broken: Broken | None
    facts: Sequence[Fact]
    """The last of them, where something broke."""


_GARBAGE_EVERY = 50_000
"""Objects, as in the cloud: a run leaves few circles behind."""


def prepare() -> None:
    """Before many runs: what is loaded stays, so the collector of garbage need not look at it, nor so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE_EVERY, 20, 50)


def run(seed: int, allowed: frozenset[str] | None = None, breakage: Breakage = nothing_broken) -> Outcome:
    """Live through the days of one seed. `allowed`: these faults, instead of those that the seed draws."""
    chance = Random(f"plan {seed}")  # noqa: S311 -- it guards nothing
    zone, start = chance.choice(_PLACES)
    faults = drawn(chance, allowed)
    names = faults.names
    world = World(seed, start)
    facts: list[Fact] = []
    speakers: dict[str, SimulatedSpeaker] = {}
    invariants: list[Invariant] = []
    listeners: list[Callable[[Fact], None]] = []

    def observe(fact: Fact) -> None:
        if len(facts) >= _KEPT:
            del facts[: _KEPT // 2]
        facts.append(fact)
        for hear in listeners:
            hear(fact)

    cloud = SimulatedCloud(world, faults, observe)
    invariants += [each(world, cloud, speakers) for each in INVARIANTS]
    homes = []
    for account, count in _HOMES.items():
        cloud.account(account, zone)
        devices = [cloud.device(account, f"{account}{n}", chance.choice(list(PROFILES))) for n in range(count)]
        living = [
            SimulatedSpeaker(
                world,
                cloud,
                each,
                faults,
                observe,
                breakage=breakage,
                is_upserting=bool(faults["upserts_only"]) and each is devices[-1],
            )
            for each in devices
        ]
        homes.append(Household(account, zone, living))
    everyone = [speaker for home in homes for speaker in home.speakers]
    people = People(world, cloud, homes, faults, observe)
    listeners += [people.hear, *(each.hear for each in invariants if type(each).hear is not Invariant.hear)]
    weather = Weather(world, cloud, everyone, faults, observe)
    speakers.update((speaker.name, speaker) for speaker in everyone)
    people.on_rename = lambda was, speaker: _rename(speakers, was, speaker)
    try:
        with breakage.of_the_cloud(cloud):
            for speaker in everyone:
                speaker.boots()
            people.begin()
            weather.begins()
            world.run(start + timedelta(days=chance.choice(_DAYS)))
            people.are_busy = False
            weather.clears_up()
            world.run(world.now + _TO_CONNECT + _CALM)
            for invariant in invariants:
                invariant.end(Ending(world, cloud, speakers))
    except Broken as broken:
        return Outcome(seed, names, _hours(world, everyone), broken, facts)
    except Exception as error:  # noqa: BLE001 -- of a core that raises the seed is told, too
        return Outcome(seed, names, _hours(world, everyone), raised(error, world.now), facts)
    return Outcome(seed, names, _hours(world, everyone), None, ())


def _rename(speakers: dict[str, SimulatedSpeaker], was: str, speaker: SimulatedSpeaker) -> None:
    del speakers[was]
    speakers[speaker.name] = speaker


def _hours(world: World, speakers: Sequence[SimulatedSpeaker]) -> float:
    return (world.now - world.start) / timedelta(hours=1) * len(speakers)
