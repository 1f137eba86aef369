"""Events that wait for one another, and how sending them has gone so far.

It knows order, age and waits; it must not know how an event is sent or kept.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from bellwire.protocol.messages import Message

RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Between one try and the next while the connection stands; a new connection tries at once."""


@dataclass(frozen=True)
class Outgoing:
    """An event that waits."""

    message: Message
    message_id: str
    """The same for all tries, also after a restart."""
    certified: bool
    """It must arrive."""
    happened_at: datetime
    came_at: float
    """On the monotonic clock; before its beginning, where an earlier run left it."""
    once: bool = False
    """It is not tried again."""

    @property
    def name(self) -> str:
        """As the log calls it."""
        return type(self.message).__name__


class Lane:
    """A queue that is tried again later and later, until something goes."""

    def __init__(self) -> None:
        self.waiting: deque[Outgoing] = deque()
        self.not_before = 0.0
        """On the monotonic clock."""
        self._failures = 0

    def failed(self, now: float, *, patient: bool = False) -> float:
        """Wait before the next try, `patient`: as long as ever; gives the seconds."""
        longest = len(RETRY_SECONDS) - 1
        seconds = RETRY_SECONDS[longest if patient else min(self._failures, longest)]
        self._failures += 1
        self.not_before = now + seconds
        return seconds

    def try_at_once(self) -> None:
        """Whatever went wrong is over."""
        self._failures, self.not_before = 0, 0.0
