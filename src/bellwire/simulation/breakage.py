"""Deliberate bugs, each in a wrapper around the cores: to see whether the simulation would find it.

They are those of other implementations (a timer that an edit leaves running, `interval.seconds`, …) and those that one
would make here. It knows how to do one thing wrongly; it must not know which invariant notices.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from bellwire.alerts.alert import Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.recurrence import next_occurrence
from bellwire.alerts.rings import End
from bellwire.cloud import occurrences
from bellwire.cloud.handlers import alerts as reports
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.store.alerts import load_conducted
from bellwire.cloud.store.transaction import Transaction
from bellwire.device import inputs, outputs
from bellwire.device.agenda import Agenda
from bellwire.device.difference import Unkept
from bellwire.device.engine import step
from bellwire.device.held import Noted, State
from bellwire.device.storage import Letter
from bellwire.protocol.messages import alerts
from bellwire.protocol.profiles.profile import Profile
from bellwire.simulation.cloud import SimulatedCloud
from bellwire.simulation.disk import Disk
from bellwire.simulation.network import Line

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)

Turned = tuple[State, tuple[outputs.Output, ...]]
Step = Callable[[State, Any, datetime, Profile], Turned]
"""`engine.step`, or what stands in its place."""


@dataclass(frozen=True)
class Breakage:
    """One bug."""

    name: str
    what: str
    """In a sentence."""
    engine: Step = step
    """The speaker's engine with the bug."""
    of_the_cloud: Callable[[SimulatedCloud], AbstractContextManager[object]] = nullcontext
    """Lets a cloud have the bug."""
    disk: Callable[[], Disk] = Disk
    gap: float = 0.0
    """Seconds that a sound is late which has to be fetched."""


nothing_broken = Breakage("none", "nothing is broken")


# Speakers


def _told(change: Callable[[alerts.SetAlert, State, datetime], alerts.SetAlert]) -> Step:
    """An engine that understands SetAlert otherwise."""

    def engine(state: State, happened: Any, now: datetime, profile: Profile) -> Turned:
        if isinstance(happened, inputs.Told) and isinstance(happened.directive.message, alerts.SetAlert):
            message = change(happened.directive.message, state, now)
            directive = msgspec.structs.replace(happened.directive, message=message)
            happened = inputs.Told(directive, happened.raw)
        return step(state, happened, now, profile)

    return engine


def _at(message: alerts.SetAlert, time: datetime) -> alerts.SetAlert:
    return msgspec.structs.replace(message, scheduled_time=time)


def _keeps_the_old_time(message: alerts.SetAlert, state: State, _: datetime) -> alerts.SetAlert:
    held = state.alerts.get(message.token)
    if held is not None and held.life is Life.SET and held.occurrence.scheduled_time < message.scheduled_time:
        return _at(message, held.occurrence.scheduled_time)
    return message


def _seconds_of_a_day(message: alerts.SetAlert, _: State, now: datetime) -> alerts.SetAlert:
    ahead = message.scheduled_time - now
    return _at(message, message.scheduled_time - ahead.days * _DAY) if ahead > _DAY else message


def _an_hour_late(message: alerts.SetAlert, _: State, __: datetime) -> alerts.SetAlert:
    return _at(message, message.scheduled_time + _HOUR)


def _last_is_armed(state: State, happened: Any, now: datetime, profile: Profile) -> Turned:
    after, done = step(state, happened, now, profile)
    times = [held.occurrence.scheduled_time for held in after.alerts.values() if held.life is Life.SET]
    wrong = max(times, default=None)
    return after, tuple(
        outputs.WakeAt(wrong) if isinstance(each, outputs.WakeAt) and each.time in times else each for each in done
    )


def _rings_on_when_deleted(state: State, happened: Any, now: datetime, profile: Profile) -> Turned:
    """Delete while it rings never matches; the report says that it did."""
    message = happened.directive.message if isinstance(happened, inputs.Told) else None
    sounding = state.alerts.sounding
    if isinstance(message, alerts.DeleteAlert) and sounding is not None and message.token == sounding.token:
        after, done = step(state, inputs.UserActive(), now, profile)
        return after, (outputs.Send(alerts.DeleteAlertSucceeded(token=message.token, type=message.type)), *done)
    return step(state, happened, now, profile)


def _late_is_missed(state: State, happened: Any, now: datetime, profile: Profile) -> Turned:
    """Half a minute late is too late: what fell due without power is over, unheard."""
    return step(state, happened, now, replace(profile, past_due=timedelta(seconds=30)))


class _RemembersNoEnd(Disk):
    """A stop and a deletion are not written: what rang is due again when the power comes back."""

    def keep(self, unkept: Unkept, letters: Iterable[Letter], noted: Noted | None, *, drop_letters: bool) -> None:
        """As far as it goes."""
        save = tuple(held for held in unkept.save if held.life is Life.SET)
        super().keep(replace(unkept, save=save, forget=()), letters, noted, drop_letters=drop_letters)


def _forgets_at_boot(state: State, happened: Any, now: datetime, profile: Profile) -> Turned:
    """Alerts live in memory only, and what was acknowledged is gone with the power."""
    if isinstance(happened, inputs.Started):
        return step(State(Agenda()), msgspec.structs.replace(happened, alerts=()), now, profile)
    return step(state, happened, now, profile)


def _deletion_is_not_kept(state: State, happened: Any, now: datetime, profile: Profile) -> Turned:
    """DeleteAlert is acknowledged, and nothing else."""
    message = happened.directive.message if isinstance(happened, inputs.Told) else None
    after, done = step(state, happened, now, profile)
    if isinstance(message, alerts.DeleteAlert) and message.token in state.alerts:
        return replace(after, alerts=state.alerts), done
    return after, done


# Clouds


@contextmanager
def _answers_before_the_commit(cloud: SimulatedCloud) -> Iterator[None]:
    """204 is said when an event comes, and what it changes is written a second later, if nothing comes between."""
    right = cloud.hears

    def hears(line: Line, device: DeviceIdentity, json: bytes, answer: Callable[[int], None]) -> None:
        answer(204)
        cloud.later(1.0, lambda: right(line, device, json, lambda _: None))

    with _instead(cloud, "hears", hears):
        yield


@contextmanager
def _never_sweeps(cloud: SimulatedCloud) -> Iterator[None]:
    """An occurrence that nobody reported stays the present one for ever."""
    with _instead(cloud, "sweep", lambda: None):
        yield


@contextmanager
def _never_synchronizes(cloud: SimulatedCloud) -> Iterator[None]:
    """A context is not compared with what is believed, and no list is said: what was lost stays lost."""
    right = cloud.hears

    def hears(line: Line, device: DeviceIdentity, json: bytes, answer: Callable[[int], None]) -> None:
        event = msgspec.json.decode(json)
        event.pop("context", None)
        if "Synchronize" in event["event"]["header"]["name"]:
            answer(204)
        else:
            right(line, device, msgspec.json.encode(event), answer)

    with _instead(cloud, "hears", hears):
        yield


@contextmanager
def _drops_known_ids(cloud: SimulatedCloud) -> Iterator[None]:
    """Events are told apart by their messageId alone, of which the first eight bits count."""
    right, known = cloud.hears, set[str]()

    def hears(line: Line, device: DeviceIdentity, json: bytes, answer: Callable[[int], None]) -> None:
        identifier = msgspec.json.decode(json)["event"]["header"]["messageId"][:2]
        if identifier in known:
            answer(204)
            return
        known.add(identifier)
        right(line, device, json, answer)

    with _instead(cloud, "hears", hears):
        yield


@contextmanager
def _wall_time_shifts(_cloud: SimulatedCloud) -> Iterator[None]:
    """The next occurrence is this one and so many days, whatever the clocks do."""

    def wrong(schedule: Schedule, after: datetime) -> datetime | None:
        following = next_occurrence(schedule, after)
        if following is None or schedule.rule is None:
            return following
        offset = following.astimezone(ZoneInfo(schedule.zone)).utcoffset()
        before = after.astimezone(ZoneInfo(schedule.zone)).utcoffset()
        return following + ((offset or timedelta()) - (before or timedelta()))

    with _instead(occurrences, "next_occurrence", wrong):
        yield


@contextmanager
def _skips_one(_cloud: SimulatedCloud) -> Iterator[None]:
    """The next occurrence but one is desired."""

    def wrong(schedule: Schedule, after: datetime) -> datetime | None:
        following = next_occurrence(schedule, after)
        return following if schedule.rule is None or following is None else next_occurrence(schedule, following)

    with _instead(occurrences, "next_occurrence", wrong):
        yield


@contextmanager
def _late_stop_ends_the_next(_cloud: SimulatedCloud) -> Iterator[None]:
    """Whatever occurrence a report is of, it is taken for the present one's."""

    def wrong(
        account_id: str, token: str, _occurrence: datetime, now: datetime, end: End
    ) -> Transaction[occurrences.Woken]:
        found = yield from load_conducted(account_id, token)
        if found is None or found[0].paused_on is not None:
            return occurrences.NOBODY
        return (yield from occurrences.end_everywhere(account_id, found[0], now, end))

    with _instead(reports, "end_occurrence", wrong):
        yield


@contextmanager
def _instead(owner: Any, name: str, wrong: Any) -> Iterator[None]:
    """Put `wrong` in the place of what is there, for the length of a block."""
    right = getattr(owner, name)
    setattr(owner, name, wrong)
    try:
        yield
    finally:
        setattr(owner, name, right)


BREAKAGES: dict[str, Breakage] = {
    each.name: each
    for each in (
        Breakage(
            "edit-keeps-old-timer", "an edit to a later time leaves the old timer running", _told(_keeps_the_old_time)
        ),
        Breakage("interval-seconds", "an alarm 26 hours ahead rings after two", _told(_seconds_of_a_day)),
        Breakage("last-armed", "the last alert is armed instead of the first", _last_is_armed),
        Breakage("hour-late", "alerts ring an hour late, as after a change of the clocks", _told(_an_hour_late)),
        Breakage("delete-while-ringing", "deleting what rings never matches", _rings_on_when_deleted),
        Breakage("rings-at-boot", "what was stopped rings again at every boot", disk=_RemembersNoEnd),
        Breakage("late-is-missed", "what fell due without power is over, unheard", _late_is_missed),
        Breakage("memory-only", "alerts are gone with the power", _forgets_at_boot),
        Breakage("delete-is-not-kept", "a deletion is acknowledged, and not carried out", _deletion_is_not_kept),
        Breakage(
            "204-before-commit",
            "events are answered before they are committed",
            of_the_cloud=_answers_before_the_commit,
        ),
        Breakage("no-sweep", "what nobody reports is never over", of_the_cloud=_never_sweeps),
        Breakage("no-context", "neither contexts nor lists mend anything", of_the_cloud=_never_synchronizes),
        Breakage(
            "message-ids", "events are told apart by a messageId that is not unique", of_the_cloud=_drops_known_ids
        ),
        Breakage("dst-shift", "a change of the clocks shifts the next occurrence", of_the_cloud=_wall_time_shifts),
        Breakage("skips-one", "each second occurrence is left out", of_the_cloud=_skips_one),
        Breakage(
            "late-stop", "a late report ends the occurrence that is to come", of_the_cloud=_late_stop_ends_the_next
        ),
        Breakage("asset-silence", "two minutes of silence while a sound can't be had", gap=120.0),
    )
}
