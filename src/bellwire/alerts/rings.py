"""What became of an occurrence on a device: it rings, it rang, or it was missed, and why.

It knows the facts that are kept of each occurrence and what follows from them; it must not know rows, wires or words.
Times of reports are those at which they came: no report says when a thing happened.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from bellwire.alerts.lifecycle import SOUNDING, Life
from bellwire.alerts.standing import Reported, Standing, rang_unheard_of

SOON = timedelta(seconds=5)
"""A start that is reported so soon after its time was reported when it rang."""


class Ending(StrEnum):
    """What ended an occurrence on a device."""

    BUTTON = "button"
    """Somebody pressed stop, there or on another device."""
    ITSELF = "itself"
    """Its sounds or its hour were over."""
    DEVICE = "device"
    """A button there, or its sounds or its hour were over: the device's version does not tell which."""
    UNHEARD = "unheard"
    """The same, of a device that was away meanwhile: its button could not be heard of."""
    CANCELLED = "cancelled"
    """A later alert took the bell."""
    ELSEWHERE = "elsewhere"
    """It was stopped on another device."""
    ACCOUNT = "account"
    """It was stopped in the account."""
    EDITED = "edited"
    EXTENDED = "extended"
    """It is a timer, and was given more time."""
    SNOOZED = "snoozed"
    PAUSED = "paused"
    DELETED = "deleted"
    LOST = "lost"
    """It rings no longer, as a context shows; what was reported of it was lost."""
    UNREPORTED = "unreported"
    """Nobody said anything of it until its limit."""


class End(NamedTuple):
    """What ended an occurrence, and where."""

    ending: Ending
    device_id: str | None = None
    """The device on which it was done; None: on none of them."""
    has_stopped: bool = False
    """That device has said that it rings there no longer."""


NOBODY_SAID = End(Ending.UNREPORTED)


class Outcome(StrEnum):
    """What there is to say first."""

    RINGING = "ringing"
    RANG = "rang"
    MISSED = "missed"


class Why(StrEnum):
    """Why an occurrence did not ring, as far as it is known."""

    REFUSED = "refused"
    """The device could not set it."""
    OFFLINE = "offline"
    """The device was not connected. One that has the alert rings by itself, and says so when it is back."""
    UNACKNOWLEDGED = "unacknowledged"
    """The device was connected, and never said that it has the alert."""
    PAST_DUE = "past due"
    """The device was connected, came to it too late, and dropped it."""
    ENDED_FIRST = "ended first"
    """It was over before it began there."""
    UNREPORTED = "unreported"
    """The device had the alert and was connected, and never said that it rang."""


class Ring(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one occurrence of an alert on one device; None: it is not known, or was not."""

    device_id: str
    scheduled_time: datetime
    set_at: datetime | None = None
    """Since when the device said that it has it."""
    started_at: datetime | None = None
    """When its start was reported."""
    away_until: datetime | None = None
    """The device was away at its time, until then, and told of the start afterwards: when it rang is not known."""
    stopped_at: datetime | None = None
    """When its end was reported."""
    over_at: datetime | None = None
    """When it was over for its account, on whichever device."""
    ending: Ending | None = None
    ended_by: str | None = None
    """The id of the device on which it was ended."""
    reported: Life | None = None
    """What the device had last said of the alert when it was over."""
    failures: int = 0
    """How often setting it had failed then."""
    offline_since: datetime | None = None
    """Since when the device was not connected then, or at its time."""


def started(before: Standing, after: Standing) -> datetime | None:
    """The occurrence that has begun to ring by this change, or None."""
    was, now = before.reported, after.reported
    if now.life not in SOUNDING or (was.life in SOUNDING and was.scheduled_time == now.scheduled_time):
        return None
    return now.scheduled_time


def set_since(before: Reported, occurrence: datetime) -> datetime | None:
    """Since when a device has had this occurrence, by what it reported last."""
    return before.since if before.life is Life.SET and before.scheduled_time == occurrence else None


def away_until(ring: Ring, connected_since: datetime | None) -> datetime | None:
    """Until when a device was away that tells of a start long after its time; None: it tells when it rings.

    One that got the alert after it had come back rings it then.
    """
    if connected_since is None or connected_since <= ring.scheduled_time:
        return None
    return None if ring.set_at is not None and ring.set_at > connected_since else connected_since


def begun(ring: Ring, at: datetime, connected_since: datetime | None, *, rings: bool) -> Ring:
    """The ring after its start was reported, long after its time, by a device that is connected since then.

    The first report counts. Where it was over for its account, and the device neither was there nor `rings` now, what
    ended it is still to be told.
    """
    if ring.started_at is not None:
        return ring
    away = away_until(ring, connected_since)
    ended_alone = away is not None and not rings and ring.ending in {Ending.ELSEWHERE, Ending.UNREPORTED}
    ring = replace(ring, started_at=at, away_until=away)
    return replace(ring, ending=None, ended_by=None) if ended_alone else ring


def ended(ring: Ring, at: datetime, end: End) -> Ring:
    """The ring after its end on its device was reported, which is by `end` unless it is known to be by another."""
    ring = ring if ring.stopped_at is not None else replace(ring, stopped_at=at)
    if ring.ending in {None, Ending.UNREPORTED}:
        return replace(ring, ending=end.ending, ended_by=end.device_id)
    return ring


def was_in_reach(ring: Ring, connected_since: datetime) -> bool:
    """Whether a device, connected since then, was so while it rang: a button there would have been heard of."""
    return ring.started_at is not None and ring.started_at >= connected_since and ring.away_until is None


def outcome_of(ring: Ring, past_due: timedelta) -> Outcome:
    """What became of it. `past_due`: what is later than this is dropped by devices."""
    if ring.started_at is None:
        return Outcome.MISSED if why_missed(ring, past_due) else Outcome.RANG
    return Outcome.RINGING if ring.stopped_at is None and ring.over_at is None else Outcome.RANG


def why_missed(ring: Ring, past_due: timedelta) -> Why | None:
    """Why it did not ring; None: it did, or at least it was stopped there in time."""
    if ring.started_at is not None or _rang_all_the_same(ring, past_due):
        return None
    if ring.offline_since is not None and ring.reported is not Life.FAILED:
        return Why.OFFLINE
    if ring.stopped_at is not None:
        return Why.PAST_DUE
    if ring.reported is Life.FAILED:
        return Why.REFUSED
    if ring.set_at is None:
        return Why.UNACKNOWLEDGED
    return Why.UNREPORTED if ring.ending in {None, Ending.UNREPORTED} else Why.ENDED_FIRST


def _rang_all_the_same(ring: Ring, past_due: timedelta) -> bool:
    """Whether its start was lost: it is gone since its time, or was stopped before a device would have dropped it."""
    if ring.stopped_at is None:
        return False
    return ring.ending is Ending.LOST or ring.stopped_at - ring.scheduled_time <= past_due


def late_by(ring: Ring) -> timedelta | None:
    """How long after its time it rang, by the clock of whoever heard of it; None: that is not known."""
    if ring.started_at is None or ring.away_until is not None:
        return None
    return ring.started_at - ring.scheduled_time


def has_drifted(before: Standing, after: Standing, *, gone_when_stopped: bool = False) -> bool:
    """Whether a context shows a device otherwise than it reported itself: it has lost the alert, or has another time.

    Not where a report was lost on its way, nor where it shows what is desired.
    """
    was, now, desired = before.reported, after.reported, before.desired
    if desired is None:
        return False
    if now.life is Life.ABSENT:
        return was.life is Life.SET and not (gone_when_stopped and rang_unheard_of(was, now))
    if was.life not in {Life.SET, Life.STOPPED, Life.RINGING}:
        return False
    return now.scheduled_time not in {was.scheduled_time, desired.scheduled_time}
