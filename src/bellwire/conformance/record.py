"""What passed between the kit and what it checks, byte by byte, case by case.

It knows order, time and direction; it must not know what the bytes mean.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

MOST = 500
"""Entries of one case: of what goes on and on, the beginning tells enough."""
LONGEST = 64 * 1024
"""Bytes of one entry; of what is longer the beginning is kept."""


@dataclass(frozen=True)
class Entry:
    """One thing that was said."""

    at: datetime
    by_kit: bool
    """The kit said it; else what is checked did."""
    headline: str
    """In one line: ``POST /events``, ``204``, ``Alerts.SetAlert``."""
    content: bytes = b""


class Record:
    """What is said from the beginning of a case to its end."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._entries: list[Entry] = []

    def begin(self) -> None:
        """A new case: what was said before is another one's."""
        self._entries = []

    def said(self, headline: str, content: bytes = b"") -> None:
        """The kit says it."""
        self._add(by_kit=True, headline=headline, content=content)

    def came(self, headline: str, content: bytes = b"") -> None:
        """What is checked says it."""
        self._add(by_kit=False, headline=headline, content=content)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """In the order in which they were said."""
        return tuple(self._entries)

    def _add(self, *, by_kit: bool, headline: str, content: bytes) -> None:
        if len(self._entries) < MOST:
            self._entries.append(Entry(self._clock(), by_kit, headline, content[:LONGEST]))
