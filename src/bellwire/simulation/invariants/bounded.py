"""Queues stay bounded, on both sides."""

from datetime import timedelta

from bellwire.simulation.facts import Fact
from bellwire.simulation.invariants.invariant import Ending, Invariant

_MOST_WAITING = 1000
"""Events on a speaker: far more than a few alerts can lead to in a few days."""
_LOOK_EVERY = timedelta(minutes=10)


class QueuesStayBounded(Invariant):
    """Whatever does not arrive."""

    name = "queues stay bounded"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._next = self._world.now

    def hear(self, _fact: Fact) -> None:
        """Look at all speakers now and then."""
        if self._world.now < self._next:
            return
        self._next = self._world.now + _LOOK_EVERY
        for name, speaker in self._speakers.items():
            if speaker.waiting > _MOST_WAITING:
                raise self._broken(f"{speaker.waiting} events wait on {name}")

    def end(self, ending: Ending) -> None:
        """In calm nothing waits."""
        for name, speaker in ending.speakers.items():
            if speaker.waiting:
                raise self._broken(f"{speaker.waiting} events still wait on {name}")
