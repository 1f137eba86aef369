"""What a device must be told now: desired x reported x in flight -> what to say, and when to look again.

It knows standings; it must not know how a saying is worded or sent. Set, edit, delete, stop, snooze, sync,
reconnect, drift, a lost message, a second speaker: each is only a change of desired or reported.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from bellwire.alerts.lifecycle import Life
from bellwire.alerts.standing import Desired, Reported, Standing


class What(StrEnum):
    """What can be said of an alert, in the domain's own words."""

    SET = "set"
    REMOVE = "remove"
    SILENCE = "silence"


class Say(msgspec.Struct, frozen=True, gc=False):
    """One thing to say of one alert."""

    what: What
    token: str
    desired: Desired | None = None
    """With SET: what it is to be set to."""


class Said(msgspec.Struct, frozen=True, gc=False):
    """What is in flight: said on the present downchannel, and not answered."""

    say: Say
    at: datetime
    times: int = 1
    """How often this has been said."""


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What to say now, in this order, and when to look again if it is not answered (None: when something changes)."""

    say: tuple[Say, ...] = ()
    everything: tuple[Say, ...] | None = None
    """The whole list of what is desired, to be said at once and first; None: not asked for."""
    look_again: datetime | None = None


class Patience(msgspec.Struct, frozen=True, gc=False):
    """How long to wait for a device."""

    answer: timedelta = timedelta(seconds=10)
    """For an acknowledgement, before the same is said again; doubled with each time."""
    failure: timedelta = timedelta(minutes=1)
    """After a failure that it reported; doubled with each failure."""
    longest: timedelta = timedelta(minutes=15)
    failures: int = 8
    """So many failures of one version, and it is left to its owner."""
    past_due: timedelta = timedelta(minutes=30)
    """An alert later than this is not set any more: the device would refuse it."""


def reconcile(
    standings: Iterable[Standing],
    in_flight: Mapping[str, Said],
    now: datetime,
    *,
    patience: Patience,
    quiet_until: datetime | None = None,
    everything: bool = False,
) -> Verdict:
    """Decide what one device must be told.

    `in_flight`: by token, the last thing said of it. `quiet_until`: a new downchannel's first context is waited for
    (a device that is told to set what it has may ring twice). `everything`: the device asked for its whole list,
    which ends the quiet.
    """
    if quiet_until is not None and now < quiet_until and not everything:
        return Verdict(look_again=quiet_until)
    standings = tuple(standings)
    whole = tuple(_set(s) for s in standings if s.desired and _is_timely(s, now, patience)) if everything else None
    say = []
    times = []
    for standing in standings:
        for wanted, earliest in _wanted(standing, now, patience):
            last = in_flight.get(standing.token)
            said = last if last is not None and last.say == wanted else None
            time = max(earliest, _awaited_until(said, patience)) if said else earliest
            is_in_whole = everything and wanted.what is What.SET
            if time <= now or is_in_whole:
                again = Said(wanted, now, said.times + 1 if said else 1)
                time = max(earliest, _awaited_until(again, patience))
                if not is_in_whole:
                    say.append(wanted)
            times.append(time)
    return Verdict(tuple(say), whole, min(times, default=None))


def _wanted(standing: Standing, now: datetime, patience: Patience) -> Iterator[tuple[Say, datetime]]:
    """What this standing asks for, if anything, and the earliest time for it."""
    desired, reported = standing.desired, standing.reported
    if reported.life is Life.RINGING and standing.silenced == reported.scheduled_time is not None:
        yield Say(What.SILENCE, standing.token), now
    elif desired is None:
        if reported.life is not Life.ABSENT:
            yield Say(What.REMOVE, standing.token), now
    elif _is_timely(standing, now, patience) and not has_what_is_desired(standing):
        failed = (reported.scheduled_time, reported.version) == (desired.scheduled_time, desired.version)
        if reported.life is not Life.FAILED or not failed:
            yield _set(standing), now
        elif (again := next_try(reported, patience)) is not None:
            yield _set(standing), again


def next_try(reported: Reported, patience: Patience) -> datetime | None:
    """When an alert that could not be set is tried again; None: it is left to its owner."""
    if reported.failures >= patience.failures:
        return None
    return reported.since + _grown(patience.failure, reported.failures, patience)


def is_settled(standing: Standing) -> bool:
    """Whether there is nothing to say of this standing, now or later."""
    reported = standing.reported
    silenced = reported.life is Life.RINGING and standing.silenced == reported.scheduled_time is not None
    if standing.desired is None:
        return reported.life is Life.ABSENT
    return has_what_is_desired(standing) and not silenced


def has_what_is_desired(standing: Standing) -> bool:
    """Whether the device holds, or has just rung, what is desired."""
    desired, reported = standing.desired, standing.reported
    held = reported.life in {Life.SET, Life.RINGING, Life.STOPPED}
    return (
        desired is not None
        and held
        and reported.scheduled_time == desired.scheduled_time
        and reported.version == desired.version
    )


def _is_timely(standing: Standing, now: datetime, patience: Patience) -> bool:
    desired = standing.desired
    return desired is not None and (
        desired.scheduled_time > now - patience.past_due or standing.reported.life is Life.RINGING
    )


def _set(standing: Standing) -> Say:
    return Say(What.SET, standing.token, standing.desired)


def _awaited_until(said: Said, patience: Patience) -> datetime:
    return said.at + _grown(patience.answer, said.times, patience)


def _grown(wait: timedelta, times: int, patience: Patience) -> timedelta:
    doublings: int = min(times - 1, 16)
    return min(wait * (1 << doublings), patience.longest)
