"""The way between a speaker and the cloud, with all that happens to messages on it.

It knows delays, losses and connections; it must not know what a message says.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from bellwire.simulation.faults import Faults
from bellwire.simulation.world import World

_NORMAL = (0.005, 0.05)
"""Seconds."""
_LATE = (0.5, 20.0)
UNHEARD_OF = (5.0, 40.0)
"""Seconds until a side notices that the other one has gone without a word."""


class Line:
    """One connection. What is carried over it arrives in order, unless a fault has it otherwise."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.is_up = True
        """Messages pass."""
        self._world = world
        self._faults = faults
        self._last = {True: world.now, False: world.now}
        self._ends: list[Callable[[], None]] = []

    @property
    def is_sure(self) -> bool:
        """Whether what is carried arrives, and soon: it stands, and no fault has it otherwise."""
        return self.is_up and not any(self._faults[name] for name in ("lost", "delayed", "reordered"))

    def on_end(self, told: Callable[[], None]) -> None:
        """Tell this side when the connection is over."""
        self._ends.append(told)

    def carry(self, deliver: Callable[[], None], *, up: bool, may_double: bool = False) -> None:
        """Bring a message to the cloud (`up`), or from it."""
        if not self.is_up or self._world.happens(self._faults["lost"]):
            return
        for _ in range(1 + (may_double and self._world.happens(self._faults["doubled"]))):
            self._world.at(self._arrival(up=up), lambda: self._arrive(deliver))

    def cut(self, *, half_open: bool = False) -> None:
        """It breaks. Both sides hear of it at once or, where one has gone without a word, after a while."""
        if not self.is_up:
            return
        self.is_up = False
        for end in self._ends:
            wait = self._world.chance.uniform(*UNHEARD_OF) if half_open else 0.0
            self._world.after(wait, end)

    def _arrive(self, deliver: Callable[[], None]) -> None:
        if self.is_up:
            deliver()

    def _arrival(self, *, up: bool) -> datetime:
        chance = self._world.chance
        seconds = chance.uniform(*(_LATE if self._world.happens(self._faults["delayed"]) else _NORMAL))
        time = self._world.now + timedelta(seconds=seconds)
        if self._world.happens(self._faults["reordered"]):
            return time
        self._last[up] = max(self._last[up], time)
        return self._last[up]
