"""A speaker's wall clock: how far it is from true time.

It knows offsets; it must not know who reads it.
"""

from datetime import datetime, timedelta

NOTHING = timedelta()
RIGHT = timedelta(seconds=0.5)
"""Who is off by more can't be blamed for ringing then."""


class WallClock:
    """It may be set, and drift: by `rate` seconds in each second."""

    def __init__(self, now: datetime, rate: float = 0.0) -> None:
        self.rate = rate
        self._base = now
        self._ahead = NOTHING

    def reads(self, now: datetime) -> datetime:
        """What it shows at this true time."""
        return now + self.ahead(now)

    def ahead(self, now: datetime) -> timedelta:
        """Of true time."""
        return self._ahead + self.rate * (now - self._base)

    def step(self, now: datetime, by: timedelta) -> None:
        """Somebody sets it."""
        self._ahead, self._base = self.ahead(now) + by, now

    def when(self, reading: datetime, now: datetime) -> datetime:
        """The true time at which it will show this, if nobody sets it."""
        return now + (reading - self.reads(now)) / (1 + self.rate)
