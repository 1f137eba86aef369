"""What an import changes: what a file asks for, compared with what came of the calendar before.

It knows entries and what is kept of them; it must not know files, rows or requests. The same file again changes
nothing, whatever was done to its alerts meanwhile: only what the calendar itself says differently is changed here.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bellwire.alerts.alert import Alert, Schedule
from bellwire.alerts.recurrence import excepting, forgetting, next_occurrence
from bellwire.cloud.calendars.entries import OWN_UID, Entry, Key, Known, Said
from bellwire.cloud.wishes import FURTHEST


class Result(StrEnum):
    """What became of an entry."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    SKIPPED = "skipped"
    """It asks for nothing: it is past, cancelled, done or without an alarm."""
    REFUSED = "refused"
    """It asks for what cannot be an alert."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is done for one entry, or for an alert that the calendar has no longer."""

    result: Result
    key: Key
    label: str
    line: int | None = None
    """On which its event begins; None: it is in the file no longer."""
    why: str = ""
    token: str | None = None
    alert: Alert | None = None
    """To be added, or with its new content; its version, and whether it is paused, count for one that is added only."""
    said: Said | None = None

    @property
    def changes(self) -> bool:
        """Whether anything is to be done."""
        return self.result in {Result.ADDED, Result.CHANGED, Result.REMOVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What there is in the account."""

    known: Mapping[Key, Known]
    """Of this calendar."""
    own: Mapping[str, Said]
    """All alerts of the account, by token."""
    room: int
    """So many alerts more may be added."""
    most: int
    """Alerts of an account; for the sentence that says so."""


def plan(
    entries: Sequence[Entry],
    present: Present,
    now: datetime,
    *,
    keep_missing: bool = False,
    everywhere: bool = True,
    patience: Callable[[], None] = lambda: None,
) -> list[Step]:
    """What is to be done, in the order of the file, then what is gone. `keep_missing`: what is not in it stays."""
    uids = {entry.uid for entry in entries}
    leaving = 0 if keep_missing else sum(key.uid not in uids for key in present.known)
    planned = _Plan(present, now, room=present.room + leaving, everywhere=everywhere)
    steps = []
    for entry in entries:
        patience()
        steps.append(planned.step(entry))
    return [*steps, *planned.missing(keep_missing=keep_missing)]


class _Plan:
    def __init__(self, present: Present, now: datetime, *, room: int, everywhere: bool) -> None:
        self._present = present
        self._now = now
        self._everywhere = everywhere
        self._room = room
        self._by_uid: dict[str, list[Key]] = {}
        for key in present.known:
            self._by_uid.setdefault(key.uid, []).append(key)
        self._seen: dict[Key, int] = {}
        self._stays: set[Key] = set()
        """Known ones that the file asks for, or of which it cannot be known."""
        self._over: dict[Key, str] = {}
        """Those that the file says are over, and why."""

    def step(self, entry: Entry) -> Step:
        key = Key(entry.uid, entry.recurrence, entry.alarm)
        step = Step(Result.REFUSED, key, entry.label, entry.line)
        if key in self._seen:
            return replace(step, why=f"its UID came on line {self._seen[key]} already; an event has one of its own")
        self._seen[key] = entry.line
        if entry.schedule is None:
            return self._without_schedule(entry, step)
        said = Said(entry.label, entry.schedule)
        if entry.uid.endswith(OWN_UID) and entry.uid.removesuffix(OWN_UID) in self._present.own:
            return self._of_our_own(step, said)
        known = self._present.known.get(key)
        if known is not None and _is_as_before(known.said, said):
            self._stays.add(key)
            return replace(step, result=Result.UNCHANGED, token=known.token)
        return self._wanted(entry, step, said, known)

    def _without_schedule(self, entry: Entry, step: Step) -> Step:
        step = replace(step, why=entry.why)
        if not entry.refused:
            self._over.update(dict.fromkeys(self._of_event(step.key), entry.why))
            return replace(step, result=Result.SKIPPED)
        self._stays.update(self._of_event(step.key))
        return step

    def _of_event(self, event: Key) -> Iterator[Key]:
        """The known alerts of an event; of a series all, but those that stood for themselves before it."""
        for key in self._by_uid.get(event.uid, ()):
            if event.recurrence in {"", key.recurrence} and (key == event or key not in self._seen):
                yield key

    def _of_our_own(self, step: Step, said: Said) -> Step:
        token = step.key.uid.removesuffix(OWN_UID)
        if self._present.own[token] == said:
            return replace(step, result=Result.UNCHANGED, token=token)
        return replace(
            step, why="it is an alert of this account itself; change it with: bellwire alert edit", token=token
        )

    def _wanted(self, entry: Entry, step: Step, said: Said, known: Known | None) -> Step:
        following = next_occurrence(said.schedule, self._now)
        if following is None:
            why = "it is past" if said.schedule.rule is None else "it does not come again"
            self._over[step.key] = why
            return replace(step, result=Result.SKIPPED, why=why)
        self._stays.add(step.key)
        schedule = self._kept(said.schedule)
        why = self._why_not(following, schedule, known)
        if schedule is None or why:
            stays = "; its alert stays as it was" if known else ""
            return replace(step, why=f"{why}{stays}", token=known.token if known else None)
        alert = Alert(
            token=known.token if known else str(uuid.uuid4()),
            kind=entry.kind,
            label=said.label,
            schedule=schedule,
            scheduled_time=following,
            version=1,
            everywhere=self._everywhere,
        )
        if entry.paused and not known:
            alert = replace(alert, paused_on=())
        self._room -= known is None
        result = Result.CHANGED if known else Result.ADDED
        return replace(step, result=result, token=alert.token, alert=alert, said=said)

    def _kept(self, schedule: Schedule) -> Schedule | None:
        """The schedule as it is kept; None: it has too many exceptions to come."""
        schedule = forgetting(schedule, self._now)
        try:
            return excepting(schedule, schedule.except_days, schedule.except_times)
        except ValueError:
            return None

    def _why_not(self, following: datetime, schedule: Schedule | None, known: Known | None) -> str:
        if schedule is None:
            return "it has too many exceptions to come; 366 are taken at most"
        if following > self._now + FURTHEST:
            return "it would not ring within ten years"
        if known is None and self._room <= 0:
            return f"this account has {self._present.most} alerts, as many as it may have; delete some first"
        return ""

    def missing(self, *, keep_missing: bool) -> Iterator[Step]:
        """What the file has no longer."""
        for key, known in self._present.known.items():
            why = self._over.get(key, "" if keep_missing else "the calendar has it no longer")
            if key not in self._stays and why:
                yield Step(Result.REMOVED, key, known.said.label, None, why, known.token)


def _is_as_before(before: Said, said: Said) -> bool:
    """Whether a calendar says the same; what floats does so on the clocks of wherever the account is."""
    schedule = before.schedule
    if said.schedule.floating:
        schedule = replace(schedule, zone=said.schedule.zone)
    return (before.label, schedule) == said
