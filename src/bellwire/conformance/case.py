"""What a case is, how it ends, and the sentence that says what was not met.

It knows cases as values; it must not know what any of them does, nor how they are run.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bellwire.protocol.profiles.profile import Profile


class Side(StrEnum):
    """What is checked."""

    CLOUD = "cloud"
    DEVICE = "device"


class Level(StrEnum):
    """How the documents put it."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Unmet(Exception):
    """What was expected did not come."""

    def __init__(self, expected: str, came: str) -> None:
        """`came`: what did, or that nothing did."""
        super().__init__(f"expected {expected}; came: {came}")
        self.expected = expected
        self.came = came


class OutOfReach(Exception):
    """The case can't be run against this cloud or device; `str()` of it says why, and what would help."""


def expect(holds: object, expected: str, came: object) -> None:
    """Raise Unmet with both, unless it holds."""
    if not holds:
        raise Unmet(expected, f"{came}")


Applies = Callable[[Profile], bool]


@dataclass(frozen=True)
class Case:
    """One thing that a cloud or a device does."""

    id: str
    """``alerts/AlertStopped/2``: folder, section of the document, number."""
    title: str
    """What it does, as a sentence: "answers AlertStopped of an alert that rings once with DeleteAlert"."""
    side: Side
    run: Callable[[Any], Awaitable[None]]
    """Given the stand that plays the other side; raises Unmet, or OutOfReach."""
    clauses: tuple[str, ...] = ()
    """Keys of the clauses that it stands for."""
    level: Level = Level.MUST
    applies: Applies = field(default=lambda _: True)
    """Whether a version of the protocol has it."""
    refuses: bool = False
    """What is sent must be refused."""

    @property
    def section(self) -> str:
        """``alerts/AlertStopped``."""
        return self.id.rpartition("/")[0]
