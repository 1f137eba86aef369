"""Whether the clock can be believed: a board without a battery boots hours or years back, and must wake nobody then.

It knows what speaks for a clock and against it; it must not know a clock, nor who reads it.

::

    what happened                              the clock is then
    -----------------------------------------  ---------------------------------------------------------------
    a start, nothing known                     assumed to be right
    a start, earlier than the disk knows       doubted
    a start of the machine                     doubted, even if it may be right: nothing has set it yet
    a start of this program alone              assumed to be right
    the machine keeps it by NTP                sure
    the cloud has said its own (Date)          sure; one that was not sure and is wrong is corrected first
    somebody set it (by hand, NTP, a sleep)    sure; a doubted one only if it is not still earlier than the disk knows
    a minute of doubt                          assumed; not earlier than the disk knows: so late, but it rings

While it is doubted nothing falls due, and nothing is over for being late. What is assumed the cloud may still correct.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

GRACE = timedelta(minutes=1)
"""A network and NTP are there so soon after the power, if they are there at all. Who is to be woken without either is
woken a minute late at worst, by a clock of which nobody knows better."""

TOLERANCE = timedelta(seconds=10)
"""A clock that is off by less is left to NTP: Date is in whole seconds, and under way for some more."""

NOTHING = timedelta()


class Faith(StrEnum):
    """How far a clock is believed."""

    DOUBTED = "doubted"
    ASSUMED = "assumed"
    """Nothing speaks against it."""
    SURE = "sure"
    """Something outside of it has spoken for it."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of a clock; its times are of that clock."""

    faith: Faith = Faith.ASSUMED
    latest: datetime | None = None
    """It was later than this before, as the disk knows."""
    until: datetime | None = None
    """So long it is doubted."""
    ahead: timedelta = NOTHING
    """By so much it is corrected already."""

    @property
    def is_wrong(self) -> bool:
        """What the machine's own clock shows is not to be used, for the dates of certificates neither."""
        return self.is_doubted or self.ahead != NOTHING

    @property
    def is_doubted(self) -> bool:
        """Nobody may be woken by it."""
        return self.faith is Faith.DOUBTED


def at_start(now: datetime, latest: datetime | None, *, is_same_boot: bool) -> Belief:
    """What to believe when this program starts."""
    if latest is None or (is_same_boot and now >= latest - TOLERANCE):
        return Belief(latest=latest)
    return Belief(Faith.DOUBTED, latest, now + GRACE)


def kept_by_ntp(belief: Belief) -> tuple[Belief, timedelta]:
    """The machine says so itself. Also by how much it is to be corrected: not at all any more."""
    return replace(belief, faith=Faith.SURE, until=None, ahead=NOTHING), -belief.ahead


def told(belief: Belief, now: datetime, time: datetime) -> tuple[Belief, timedelta]:
    """The cloud's clock shows this time. Also by how much ours is to be corrected.

    One that is earlier than the disk knows is wrong itself: the cloud's machine may have lost its power too.
    """
    is_behind = belief.latest is not None and time < belief.latest - TOLERANCE
    if belief.faith is Faith.SURE or is_behind:
        return belief, NOTHING
    off = time - now if abs(time - now) > TOLERANCE else NOTHING
    return replace(belief, faith=Faith.SURE, until=None, ahead=belief.ahead + off), off


def was_set(belief: Belief, by: timedelta, now: datetime) -> Belief:
    """Somebody has set it, `by` so much to `now`; it is not corrected any more."""
    is_still_behind = belief.is_doubted and belief.latest is not None and now < belief.latest - TOLERANCE
    if is_still_behind and belief.until is not None:
        return replace(belief, until=belief.until + by)
    return replace(belief, faith=Faith.SURE, until=None, ahead=NOTHING)


def waited(belief: Belief, now: datetime) -> tuple[Belief, timedelta]:
    """The time of doubt may be over. Also by how much the clock is to be corrected, to what the disk knows at least."""
    if belief.until is None or now < belief.until:
        return belief, NOTHING
    behind = belief.latest + GRACE - belief.until if belief.latest is not None else NOTHING
    by = max(behind, NOTHING)
    return replace(belief, faith=Faith.ASSUMED, until=None, ahead=by), by
