"""What a calendar asks for and what is kept of it: values, which every part that knows calendars shares.

It must not know how a calendar is written, nor how anything is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from bellwire.alerts.alert import Alert, Kind, Schedule

OWN_UID = "@bellwire"
"""How the UIDs of our own alerts end, as they are exported."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert that a file asks for, or an event that asks for none."""

    line: int
    """On which its event begins."""
    uid: str
    label: str = ""
    recurrence: str = ""
    """Which occurrence of its event it is, where it is one alone; else empty."""
    alarm: int = 0
    """Which of its event's alarms, the earliest being 0."""
    kind: Kind = Kind.REMINDER
    schedule: Schedule | None = None
    """None: there is nothing to ring."""
    why: str = ""
    """Why there is nothing to ring."""
    paused: bool = False
    """It rings nowhere until it is resumed, where it is new."""
    refused: bool = False
    """It should ring, and cannot be taken; else it asks for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a file is read."""

    zone: str
    """The account's time zone: what floating times and whole days mean."""
    now: datetime
    """By whose years the clocks of a zone are compared that the file defines itself."""
    unalarmed: timedelta | None = timedelta()
    """So long before they begin events ring that have no alarm; None: they do not ring."""
    most_label: int = 1024
    """Characters."""
    patience: Callable[[], None] = lambda: None
    """Asked before each event; raises when it has taken too long."""


class Key(NamedTuple):
    """By what an alert of a calendar is known again."""

    uid: str
    recurrence: str
    alarm: int


class Said(NamedTuple):
    """What a calendar said of an alert when it was last imported."""

    label: str
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Known:
    """An alert that came of a calendar."""

    key: Key
    token: str
    said: Said


@dataclass(frozen=True, slots=True)
class Written:
    """An alert with when it was last changed."""

    alert: Alert
    changed: datetime
