"""What can go wrong, by name, and how often it does in one run.

It knows names and rates; it must not know what a fault does.
"""

from dataclasses import dataclass
from random import Random

FAULTS = {
    "lost": "a message does not arrive",
    "delayed": "a message arrives up to twenty seconds late",
    "doubled": "an event arrives twice",
    "reordered": "messages overtake one another",
    "cut": "a connection breaks",
    "half_open": "a connection breaks, and one side does not hear of it for a while",
    "refused": "the cloud can't be reached for a while",
    "cloud_killed": "the cloud is killed, and comes back with what was committed",
    "cloud_busy": "the cloud answers 500 or 503, and does nothing",
    "power_cut": "a speaker loses its power, and what was not on its disk",
    "clock_stepped": "a speaker's clock is set wrong, and right again later",
    "clock_drifts": "a speaker's clock goes too fast or too slow",
    "suspended": "a speaker's machine sleeps for a while",
    "disk_full": "a speaker's disk takes nothing for a while",
    "asset_missing": "a sound can't be had, or only after two minutes",
    "zone_moved": "an account moves to another time zone",
    "logged_out": "a speaker is logged out, or reset to the factory's state, and paired again",
    "account_switched": "a speaker is given to the other account",
    "upserts_only": "one speaker never deletes what a list lacks",
    "loses_queue": "one speaker loses the events that wait to be sent",
}
"""By name, in a sentence."""

_WORST = {
    "lost": 0.05,
    "delayed": 0.2,
    "doubled": 0.1,
    "reordered": 0.1,
    "cloud_busy": 0.1,
    "asset_missing": 0.3,
}
"""Of those that come with a message or a sound: how often at the most."""
_PER_DAY = {
    "cut": 20.0,
    "half_open": 6.0,
    "refused": 4.0,
    "cloud_killed": 4.0,
    "power_cut": 5.0,
    "clock_stepped": 2.0,
    "suspended": 3.0,
    "disk_full": 2.0,
    "zone_moved": 0.7,
    "logged_out": 0.5,
    "account_switched": 0.4,
    "loses_queue": 3.0,
}
"""Of the others: how often a day at the most, for each speaker or the cloud."""
_ALWAYS = {"clock_drifts": 1.0, "upserts_only": 1.0}


@dataclass(frozen=True)
class Faults:
    """How often each goes wrong in one run: a probability, or times a day; 0: never."""

    rates: dict[str, float]

    def __getitem__(self, name: str) -> float:
        return self.rates.get(name, 0.0)

    @property
    def names(self) -> tuple[str, ...]:
        """Those that can happen."""
        return tuple(name for name in FAULTS if self.rates.get(name))


def drawn(chance: Random, allowed: frozenset[str] | None = None) -> Faults:
    """Some faults, each at some rate; those of `allowed` alone, where any are named: all of them then."""
    rates = {}
    for name in FAULTS:
        is_in, strength = chance.random() < 1 / 3, chance.uniform(0.2, 1.0)
        worst = (_WORST | _PER_DAY | _ALWAYS)[name]
        if name in allowed if allowed is not None else is_in:
            rates[name] = worst * strength
    return Faults(rates)


def faults_named(text: str) -> frozenset[str]:
    """``cut,power_cut``; ``none``. Raises ValueError that lists those there are."""
    names = frozenset(filter(None, (name.strip() for name in text.split(",")))) - {"none"}
    unknown = names - FAULTS.keys()
    if unknown:
        raise ValueError(f"there is no fault {', '.join(sorted(unknown))}; there are: {', '.join(FAULTS)}")
    return names
