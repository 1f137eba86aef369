"""The device's one timer, and its eye on the wall clock.

It knows both clocks of the machine; it must not know what is due.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bellwire.device import kernel

LOOK_EVERY = 1.0
"""Seconds. So soon after somebody has set the clock, or the machine has woken from sleep, that is noticed."""

STEP = timedelta(seconds=0.5)
"""Less is the clock being slewed, which the next look evens out."""

LEAD = 0.0015
"""Seconds. So much earlier it wakes and then waits without letting go: the event loop counts in whole milliseconds."""

AFTER_FAILURE = timedelta(seconds=1)
"""Something that is due and could not be done is tried again then, not at once for ever."""


class Clock:
    """The clocks of this machine."""

    def wall(self) -> datetime:
        """What time it is (UTC); may be set."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds from some beginning; never set, and stands still while the machine sleeps."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Does nothing else for a moment."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pass

    def is_kept_by_ntp(self) -> bool:
        """Whether the machine knows that its wall clock is right."""
        return kernel.is_kept_by_ntp()

    def boot(self) -> str:
        """Names the time since the machine was switched on; empty: it can't be told."""
        return kernel.boot_id()


class Timer:
    """Calls `on_due` at the time that was set last, `on_step` when the wall clock was set meanwhile, and `on_look` at
    every look.

    Its time is the wall clock's, corrected by as much as the engine says (`correct`) until somebody sets that clock.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        on_due: Callable[[], object],
        on_step: Callable[[timedelta], object],
        on_look: Callable[[], object] = lambda: None,
    ) -> None:
        self._clock = clock
        self._on_due = on_due
        self._on_step = on_step
        self._on_look = on_look
        self._ahead = timedelta()
        """Of the wall clock."""
        self._time: datetime | None = None
        self._look_at: asyncio.TimerHandle | None = None
        self._offset = self._measure()

    def start(self) -> None:
        """Begins to look."""
        self._offset = self._measure()
        self._arm()

    def close(self) -> None:
        """Calls nobody any more."""
        if self._look_at is not None:
            self._look_at.cancel()

    def now(self) -> datetime:
        """What time it is (UTC)."""
        return self._clock.wall() + self._ahead

    def correct(self, by: timedelta) -> None:
        """Go ahead of the wall clock, `by` so much more than until now."""
        self._ahead += by

    def set(self, time: datetime | None) -> None:
        """Wakes at this time instead of the one that was set before; None: at none."""
        self._time = time
        self._arm()

    def _arm(self, *, had_to_wait: bool = False) -> None:
        self.close()
        wait = LOOK_EVERY
        if self._time is not None:
            left = self._left(self._time)
            wait = min(wait, max(0.0, left - _lead(left, had_to_wait=had_to_wait)))
        self._look_at = asyncio.get_running_loop().call_later(wait, self._look)

    def _left(self, time: datetime) -> float:
        """Seconds until then."""
        return (time - self.now()).total_seconds()

    def notice_step(self) -> None:
        """Calls `on_step` if the wall clock was set since the last look; nothing may be done at the new time before.

        One that was set is right by itself: what it was corrected by has lost its sense.
        """
        before, self._offset = self._offset, self._measure()
        by = self._offset - before
        if abs(by) > STEP:
            by, self._ahead = by - self._ahead, timedelta()
            self._on_step(by)

    def _look(self) -> None:
        had_to_wait = self._had_to_wait()
        try:
            self.notice_step()
            if self._time is not None and self._left(self._time) <= _patience(had_to_wait=had_to_wait):
                self._clock.pause(self._left(self._time))
                self._time = self.now() + AFTER_FAILURE
                self._on_due()
            # Not before: whatever asks the system for something lets another thread in.
            self._on_look()
        finally:
            self._arm(had_to_wait=had_to_wait)

    def _had_to_wait(self) -> bool:
        """Whether this look comes so late that somebody else must have had the processor, or the interpreter."""
        return self._look_at is not None and asyncio.get_running_loop().time() - self._look_at.when() > LEAD

    def _measure(self) -> timedelta:
        return self._clock.wall() - datetime.fromtimestamp(0, UTC) - timedelta(seconds=self._clock.monotonic())


def _lead(left: float, *, had_to_wait: bool) -> float:
    """Seconds before a time at which the next look is, when there are `left` so many until then.

    A thread that computes gives the interpreter up when its switch interval is over, and has it back after one. So the
    first look is more than one before the time. Who comes to it at once has nobody beside him, and sleeps again until
    shortly before; who has had to wait keeps what he has got until the time or, where that is too long, lets go of it
    once more.
    """
    turn = sys.getswitchinterval()
    first = LEAD + 1.3 * turn
    if left > first:
        return first
    return LEAD + turn if had_to_wait else LEAD


def _patience(*, had_to_wait: bool) -> float:
    """Seconds before a time from which on it is waited for without letting go: well within one's own turn."""
    return LEAD + 0.4 * sys.getswitchinterval() if had_to_wait else LEAD
