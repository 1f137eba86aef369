"""Virtual time: what is to happen, in its order, as fast as it can be done.

It knows times and what to do then; it must not know what that is.
"""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

MOST_AT_ONCE = 100_000
"""Things that may happen at one instant: far more than do so where everybody comes to rest."""


class StandsStillError(Exception):
    """Something happens again and again, and time does not go on."""


class Planned:
    """Something that is to happen, unless it is called off."""

    __slots__ = ("do",)

    def __init__(self, do: Callable[[], None]) -> None:
        self.do: Callable[[], None] | None = do

    def call_off(self) -> None:
        """It is not to happen any more."""
        self.do = None


class World:
    """One run: its time, its chance, and all that is planned in it."""

    def __init__(self, seed: int, start: datetime) -> None:
        self.now = start
        """True time, in UTC."""
        self.start = start
        self.chance = Random(seed)  # noqa: S311 -- it guards nothing
        self._order = count()
        self._planned: list[tuple[datetime, int, Planned]] = []

    def at(self, time: datetime, do: Callable[[], None]) -> Planned:
        """Have it happen then, or now if that is past."""
        return self._plan(max(time.astimezone(UTC), self.now), do)

    def after(self, seconds: float, do: Callable[[], None]) -> Planned:
        """Have it happen in so many seconds; not at once, unless it is none: who waits for less would wait for ever."""
        wait = timedelta(seconds=seconds)
        return self._plan(self.now + (max(wait, timedelta.resolution) if seconds > 0 else timedelta()), do)

    def _plan(self, time: datetime, do: Callable[[], None]) -> Planned:
        planned = Planned(do)
        heapq.heappush(self._planned, (time, next(self._order), planned))
        return planned

    def run(self, until: datetime) -> None:
        """Let the time go by. Raises StandsStillError where it does not."""
        at_once = 0
        while self._planned and self._planned[0][0] <= until:
            time, _, planned = heapq.heappop(self._planned)
            at_once = at_once + 1 if time == self.now else 0
            if at_once > MOST_AT_ONCE:
                raise StandsStillError(f"{MOST_AT_ONCE:,} things have happened at once")
            self.now = time
            if planned.do is not None:
                planned.do()
        self.now = until

    def happens(self, probability: float) -> bool:
        """Whether chance has it so."""
        return probability > 0 and self.chance.random() < probability
