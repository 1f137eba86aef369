"""How one alert stands on one device: what is desired there, what the device last said, and what its words change.

It knows what reports and contexts mean; it must not know how they travelled, nor what to say next (`reconcile`).
"""

from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from bellwire.alerts.alert import Kind
from bellwire.alerts.lifecycle import Life, Step, believed

OVERTAKEN = timedelta(seconds=5)
"""A context can be older than a report that came before it by so much: clients send them side by side."""


class Desired(msgspec.Struct, frozen=True, gc=False):
    """Set at this time with this content."""

    scheduled_time: datetime
    version: int


class Reported(msgspec.Struct, frozen=True, gc=False):
    """What the device last said of an alert, by an acknowledgement or in a context."""

    life: Life
    since: datetime
    scheduled_time: datetime | None = None
    version: int | None = None
    """The content that it acknowledged; None: it has the alert, nobody knows with which content."""
    failures: int = 0
    """How often setting this version has failed."""


class Standing(msgspec.Struct, frozen=True, gc=False):
    """One alert on one device."""

    token: str
    kind: Kind
    desired: Desired | None
    """None: absent."""
    reported: Reported
    silenced: datetime | None = None
    """The occurrence that must ring no longer."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """An alert in the context of an event."""

    token: str
    kind: Kind
    scheduled_time: datetime
    ringing: bool


def stranger(token: str, kind: Kind, now: datetime) -> Standing:
    """An alert that a device speaks of and the account does not have: it should be absent."""
    return Standing(token, kind, None, Reported(Life.UNKNOWN, now))


def reported_step(
    standing: Standing, step: Step, now: datetime, acknowledged: Desired | None, seen: Seen | None
) -> Standing:
    """The standing after the device reported `step`.

    `acknowledged`: what was said to the device and is answered by this, if known. `seen`: the same alert in the
    context that came with the report.
    """
    before = standing.reported
    life = believed(before.life, step)
    if step is Step.SET:
        reported = _acknowledged(before, now, acknowledged, seen)
    elif step is Step.FAIL:
        failed = acknowledged or standing.desired
        again = failed is not None and before.life is Life.FAILED and failed == _of(before)
        reported = Reported(
            life,
            now,
            failed.scheduled_time if failed else None,
            failed.version if failed else None,
            before.failures + 1 if again else 1,
        )
    elif step is Step.DELETE:
        reported = Reported(life, now)
    else:
        rung = _rung(standing, step, seen)
        if _is_of_one_before(before, step, rung, seen, now):
            return standing
        reported = replace(before, life=life, since=now, scheduled_time=rung)
    return replace(standing, reported=reported)


def _acknowledged(before: Reported, now: datetime, acknowledged: Desired | None, seen: Seen | None) -> Reported:
    """The device holds what it was told or, where nobody knows what that was, at least what its context shows."""
    shown = seen.scheduled_time if seen else before.scheduled_time
    time = acknowledged.scheduled_time if acknowledged else shown
    # The same time again while it rings changes what it plays, not that it rings.
    rings_on = before.life is Life.RINGING and before.scheduled_time == time and (seen is None or seen.ringing)
    life = Life.RINGING if rings_on else Life.SET
    if acknowledged is not None:
        return Reported(life, now, time, acknowledged.version)
    unchanged = before.life is life and before.scheduled_time == time
    return Reported(life, now, time, before.version if unchanged else None)


def _of(reported: Reported) -> Desired | None:
    if reported.scheduled_time is None or reported.version is None:
        return None
    return Desired(reported.scheduled_time, reported.version)


def _rung(standing: Standing, step: Step, seen: Seen | None) -> datetime | None:
    """The occurrence that starts or stops.

    A stop is of what was believed to ring, whatever the context shows by now: it may show the next one already. So may
    that of a start which is told once more, or of a word on where it rings.
    """
    known = standing.reported.scheduled_time
    shown = seen.scheduled_time if seen else None
    is_known = standing.reported.life is Life.RINGING and not (seen and seen.ringing)
    found = shown or known if step is Step.START and not is_known else known or shown
    return found or (standing.desired.scheduled_time if standing.desired else None)


def _is_of_one_before(before: Reported, step: Step, rung: datetime | None, seen: Seen | None, now: datetime) -> bool:
    """Whether a start or a stop that came late, or again, is of an occurrence that is over already.

    So it is when the present one is still to come and nothing shows that it rings (a clock can be ahead of ours).
    """
    rings = before.life is Life.RINGING or (seen.ringing if seen else step is Step.START)
    return not rings and rung is not None and rung > now


def observed(standing: Standing, seen: Seen | None, now: datetime, told: Desired | None) -> Standing:
    """The standing after a context; the same object when the context tells nothing new.

    `seen`: the alert in it, None when it is not there. `told`: what the device was told long enough ago to show it.
    """
    before = standing.reported
    fresh = now - before.since <= OVERTAKEN
    if seen is None:
        if before.life in {Life.ABSENT, Life.FAILED} or (fresh and before.life is not Life.UNKNOWN):
            return standing
        return replace(standing, reported=Reported(Life.ABSENT, now))
    version = told.version if told and told.scheduled_time == seen.scheduled_time else None
    same = before.scheduled_time == seen.scheduled_time
    unchanged = same and before.life is _shown(seen) and version in {None, before.version}
    if unchanged or _outweighs(before, seen, version, fresh=fresh):
        return standing
    if same and before.life in {Life.RINGING, Life.STOPPED} and not seen.ringing:
        # A stop that was lost on its way, or one that is known already.
        return _changed(standing, Life.STOPPED, now)
    if same and version is None and before.life in {Life.SET, Life.STOPPED}:
        version = before.version
    return replace(standing, reported=Reported(_shown(seen), now, seen.scheduled_time, version))


def _outweighs(before: Reported, seen: Seen, version: int | None, *, fresh: bool) -> bool:
    """Whether what was reported tells more than a context that shows `version`, if any, of what was told."""
    if before.life is Life.RINGING:
        return fresh
    # After a failure the device still has what it had before.
    failed = before.life is Life.FAILED and not seen.ringing
    return version is None and (failed or (fresh and before.life is not Life.UNKNOWN))


def _shown(seen: Seen) -> Life:
    return Life.RINGING if seen.ringing else Life.SET


def _changed(standing: Standing, life: Life, now: datetime) -> Standing:
    if standing.reported.life is life:
        return standing
    return replace(standing, reported=replace(standing.reported, life=life, since=now))


def ended_occurrence(before: Standing, now: Standing, *, gone_when_stopped: bool = False) -> datetime | None:
    """The occurrence that is over by this change, or None.

    `gone_when_stopped`: the change is by a context, of a device that has no alert any more once it was stopped.
    """
    if gone_when_stopped and rang_unheard_of(before.reported, now.reported):
        return before.reported.scheduled_time
    is_over = now.reported.life is Life.STOPPED or (
        # What could not be edited while it rings goes on ringing.
        before.reported.life is Life.RINGING and now.reported.life not in {Life.RINGING, Life.FAILED}
    )
    if before.reported.life is Life.STOPPED or not is_over:
        return None
    return before.reported.scheduled_time or now.reported.scheduled_time


def rang_unheard_of(before: Reported, now: Reported) -> bool:
    """Whether an alert was set and is gone since its time: both of its reports were lost."""
    is_gone = before.life is Life.SET and now.life is Life.ABSENT
    return is_gone and before.scheduled_time is not None and before.scheduled_time <= now.since
