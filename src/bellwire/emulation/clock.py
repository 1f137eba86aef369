"""The clock of a cloud that a test has in its hands.

It knows one instant and what was added to it; it must not know who reads it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Between these a clock can be set: certificates, dates and rows hold all of it."""


class TimeOutOfReachError(ValueError):
    """A clock cannot be set so."""


class Clock:
    """Goes with the real one until it is set, and then on from there, or stands still."""

    def __init__(self, real: Callable[[], datetime]) -> None:
        self._real = real
        self._ahead = timedelta(0)
        self._stands_at: datetime | None = None

    def __call__(self) -> datetime:
        """What it shows, in UTC."""
        return self._real() + self._ahead if self._stands_at is None else self._stands_at

    @property
    def runs(self) -> bool:
        """Whether it goes on by itself."""
        return self._stands_at is None

    @property
    def is_real(self) -> bool:
        """Whether it is the real one, and nobody has set it."""
        return self._stands_at is None and not self._ahead

    def set(self, at: datetime, *, runs: bool) -> None:
        """Show this from now on. Raises TimeOutOfReachError."""
        if at.tzinfo is None or not EARLIEST <= at < LATEST:
            raise TimeOutOfReachError(
                f"{at.isoformat()} is no time for a clock: write it with its offset, between {EARLIEST.year} and "
                f"{LATEST.year}, as in 2026-12-24T06:59:50+00:00"
            )
        self._stands_at = None if runs else at.astimezone(UTC)
        self._ahead = at - self._real()

    def advance(self, by: timedelta) -> None:
        """Show a time that is so much later. Raises TimeOutOfReachError."""
        try:
            later = self() + by
        except OverflowError:
            raise TimeOutOfReachError(f"{by} from now is after {LATEST.year}; advance less") from None
        self.set(later, runs=self.runs)

    def goes_with_the_real_one(self) -> None:
        """Go with the real clock again."""
        self._ahead, self._stands_at = timedelta(0), None
