"""What an event changes of all occurrences of a series that are still to come (RFC 5545, 3.2.13: THISANDFUTURE).

It knows series and where they are cut; it must not know alarms, nor how a file is written.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import NamedTuple

from bellwire.alerts.alert import Schedule
from bellwire.alerts.rules import has_own_clock, read_rule, walls
from bellwire.cloud.calendars.events import Event, in_zone, wall_of
from bellwire.cloud.wishes import WishError

_MOMENT = timedelta(seconds=1)


class Change(NamedTuple):
    """What is different from one occurrence of a series on."""

    begins: datetime
    """The occurrence, on the clocks of the series."""
    ends: datetime | None
    """The occurrence from which on the next change counts; None: there is none."""
    event: Event
    series: Event


def changes_in(events: Sequence[Event], patience: Callable[[], None]) -> Mapping[str, list[Change]]:
    """The changes that can be taken of each series, by its UID, the earliest first."""
    series = {each.uid: each for each in events if each.recurrence is None and each.rule is not None}
    begun: dict[str, dict[datetime, Event]] = {}
    for each in events:
        of = series.get(each.uid)
        if not each.onwards or of is None or each.rule is not None or each.added or of.added:
            continue
        patience()
        begin = wall_of(in_zone(each.recurrence or each.start, of.zone))
        if _has(of, begin):
            begun.setdefault(each.uid, {})[begin] = each
    return {uid: list(_in_order(by_begin, series[uid])) for uid, by_begin in begun.items()}


def _has(series: Event, occurrence: datetime) -> bool:
    try:
        rule = read_rule(series.rule or "").text
    except ValueError:  # which is said of the series
        return False
    return next(walls(rule, wall_of(series.start.at), occurrence), None) == occurrence


def _in_order(by_begin: Mapping[datetime, Event], series: Event) -> Iterator[Change]:
    order = sorted(by_begin)
    for begin, end in zip_longest(order, order[1:]):
        yield Change(begin, end, by_begin[begin], series)


def change_by(event: Event, changes: Mapping[str, Sequence[Change]]) -> Change:
    """What an event changes. Raises WishError where that cannot be taken."""
    for change in changes.get(event.uid, ()):
        if change.event is event:
            return change
    raise WishError(
        "it changes all occurrences to come (THISANDFUTURE) of a series that is not in the file, or has dates of its "
        "own (RDATE), or no such occurrence, or is changed from there on twice; or it has a rule of its own"
    )


def until_before(schedule: Schedule, end: datetime | None) -> Schedule:
    """The schedule up to an occurrence, which is not its own any more."""
    if end is None:
        return schedule
    last = end - _MOMENT
    return replace(schedule, until=last if schedule.until is None else min(last, schedule.until))


def changed(schedule: Schedule, change: Change) -> Schedule:
    """What comes of a series from a change on; `schedule`: the series itself, as if there were none."""
    begin = change.begins
    later = wall_of(in_zone(change.event.start, change.series.zone)) - begin
    schedule = replace(until_before(schedule, change.ends), start=begin)
    if begin.date() != (begin + later).date() or (schedule.rule is not None and has_own_clock(schedule.rule)):
        # So much later than the series says, each time.
        return replace(schedule, ahead=-later)
    return replace(
        schedule,
        start=begin + later,
        until=schedule.until and schedule.until + later,
        except_times=tuple(each + later for each in schedule.except_times),
    )
