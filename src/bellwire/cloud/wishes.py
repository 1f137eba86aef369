"""What people write when they want an alert, as schedules.

It knows "5s", "07:00" and "weekday", and what is wrong with what it cannot read; it must not know who asks, nor
read a clock. Every function raises WishError with a sentence for the person who wrote it.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bellwire.alerts import length
from bellwire.alerts.alert import Schedule
from bellwire.alerts.recurrence import (
    EVERY,
    counted,
    excepting,
    instant_of,
    next_occurrence,
    rule_on,
    ruled,
    weekdays_of,
    zone_named,
)
from bellwire.alerts.rules import has_own_clock
from bellwire.alerts.workdays import has_calendar

FURTHEST = timedelta(days=3660)
"""Ten years: further ahead is taken for a mistake."""

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_PAGE = re.compile(r"https?://[A-Za-z0-9.\-:\[\]]+([/?#][!-~]*)?")
_LONGEST_PAGE = 2048
_DAY_TEXT = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LINE_END = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")


WORKDAY = "workday"
ONCE = "once"
FOREVER = "never"
"""What ends an end."""
_HAS_NO_END = "what rings once has no end and no exceptions; say how it comes again (every)"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOMENT = timedelta(microseconds=1)
_EARLIEST = 1000
"""The first year of which calendars can be written."""
_LAST_SECOND = time(23, 59, 59)


class WishError(ValueError):
    """What was asked for cannot be an alert; the text says why, and what can."""


def one_line(what: str, text: str, most: int) -> str:
    """A label or name as it is kept: on one line, since screens and terminals show it; `what`: which of the two.

    Line ends and tabs become blanks. Other control characters are refused, as are more than `most` characters.
    """
    line = _LINE_END.sub(" ", text)
    if len(line) > most:
        raise WishError(f"the {what} has {len(line)} characters; {most} are taken at most")
    for place, character in enumerate(line, 1):
        if unicodedata.category(character) in {"Cc", "Cs"}:
            raise WishError(f"character {place} of the {what} is U+{ord(character):04X}, a control; leave it out")
    return line


def label_of(text: str, most: int) -> str:
    """A label as it is kept: on one line, with `most` characters at most."""
    if len(text) > most:
        raise WishError(
            f"the label has {len(text)} characters; {most} are taken at most: shorten it, or have whoever runs the "
            f"cloud raise it: bellwire cloud --limit label={2 * most}"
        )
    return one_line("label", text, most)


def page_of(text: str) -> str:
    """The address of a page that a browser can open."""
    if not _PAGE.fullmatch(text) or len(text) > _LONGEST_PAGE:
        raise WishError(
            f"{text[:100]!r} is not the address of a page; write it whole, as in https://home.example/terms"
        )
    return text


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this IANA name."""
    try:
        return zone_named(name)
    except ValueError as error:
        raise WishError(str(error)) from None


def length_of(duration: str) -> timedelta:
    """A length of time: ``5s``, ``10m``, ``1h30m``, ``2d``."""
    try:
        return length.length_of(duration)
    except ValueError as error:
        raise WishError(str(error)) from None


def length_text(length: timedelta) -> str:
    """A length of time, to the second, as it can be read again."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def whole_second(instant: datetime) -> datetime:
    """The instant, rounded up: nothing rings early."""
    return instant.replace(microsecond=0) + timedelta(seconds=instant.microsecond > 0)


def schedule_in(duration: str, zone: str, now: datetime) -> Schedule:
    """Once, so long from now, rounded up to the second; told in `zone`."""
    ahead = length_of(duration)
    whole = _bounded(lambda: whole_second(now) + ahead, duration)
    return schedule_once(whole, zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """How something comes again; None: not said."""

    every: str | None = None
    until: str | None = None
    """The last day, or the last moment; `never`: for ever."""
    times: int | None = None
    """So often from now on, with those that are excepted."""
    exceptions: Sequence[str] | None = None
    """Days or wall times."""
    country: str | None = None
    """The account's, for `workday`."""

    @property
    def is_said(self) -> bool:
        """Whether anything is."""
        return any(each is not None for each in (self.every, self.until, self.times, self.exceptions))


def schedule_at(
    at: str, every: str | None, zone: str, now: datetime, more: Repeats | None = None, *, floating: bool = False
) -> Schedule:
    """At a time of day (``07:00``, in `zone`) or at an instant (``2026-11-21T07:00:00+09:00``), once or repeated.

    `more`: how else it comes again; its `every` does not count. `floating`: the zone is the account's, and goes with
    it, but for one instant, which is the same everywhere.
    """
    repeats = replace(more or Repeats(), every=every)
    clock = _clock(at)
    today = now.astimezone(zone_of(zone)).replace(tzinfo=None)
    if every in {None, ONCE}:
        if repeats.until or repeats.times or repeats.exceptions:
            raise WishError(_HAS_NO_END)
        if clock is None:
            return schedule_once(_instant(at), zone)
        start = datetime.combine(today.date(), clock)
        following = next_occurrence(Schedule(start, zone, EVERY["daily"]), now)
        if following is None:
            raise WishError(f"{at!r} never comes in {zone}")
        return replace(schedule_once(following, zone), floating=floating)
    if clock is not None:
        start = datetime.combine(today.date(), clock)
        # Of today's, if it is past, nothing is counted.
        return _again(Schedule(start, zone, floating=floating), repeats, max(start, today + _MOMENT))
    instant = _instant(at)
    start = _bounded(lambda: instant.astimezone(zone_of(zone)), at).replace(tzinfo=None)
    _check_furthest(start, now)
    return _again(Schedule(start, zone, floating=floating), repeats, start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Repeats):
    """What of a schedule becomes different; the rest stays."""

    at: str | None = None
    zone: str | None = None
    """One of its own from now on."""
    account_zone: str = "UTC"


def changed_schedule(before: Schedule, change: Change, now: datetime) -> Schedule:
    """The schedule with what is said made different. What rings once and gets another time is made anew."""
    place = change.zone or before.zone
    local = now.astimezone(zone_of(place)).replace(tzinfo=None)
    floating = before.floating and change.zone is None
    if before.rule is None and change.at is not None:
        zone = change.zone or change.account_zone
        return schedule_at(change.at, change.every, zone, now, change, floating=change.zone is None)
    if change.every == ONCE:
        clock = (before.start - before.ahead).time()
        return schedule_at(change.at or clock.isoformat(), None, place, now, change, floating=floating)
    # Who says at what time it rings, means that time.
    ahead = before.ahead if change.at is None else timedelta()
    moved = _begun(before, _start_of(before, change.at, place, now))
    moved = replace(moved, zone=place, floating=floating, ahead=ahead)
    if before.rule is None and change.every is None:
        if change.is_said:
            raise WishError(_HAS_NO_END)
        return moved
    return _again(moved, change, max(moved.start, local + _MOMENT))


def _begun(before: Schedule, start: datetime) -> Schedule:
    """The schedule with another start: what was its end or an exception at its time of day is so at the new one."""
    clock = before.start.time()
    if before.rule is None or has_own_clock(before.rule):
        return replace(before, start=start)

    def moved(wall: datetime) -> datetime:
        return datetime.combine(wall.date(), start.time()) if wall.time() == clock else wall

    times = tuple(map(moved, before.except_times))
    return replace(before, start=start, until=before.until and moved(before.until), except_times=times)


def _start_of(before: Schedule, at: str | None, zone: str, now: datetime) -> datetime:
    """Where a schedule begins that rings `at` this time: on the day on which it began, if that is a time of day."""
    if at is None:
        return before.start
    clock = _clock(at)
    if clock is not None:
        return datetime.combine(before.start.date(), clock)
    instant = _instant(at)
    start = _bounded(lambda: instant.astimezone(zone_of(zone)), at).replace(tzinfo=None)
    _check_furthest(start, now)
    return start


def _again(schedule: Schedule, repeats: Repeats, earliest: datetime) -> Schedule:
    """The schedule as `repeats` says; what is counted is counted from the wall time `earliest` on."""
    try:
        if repeats.every is not None:
            country = _working_country(repeats.country) if repeats.every.strip().lower() == WORKDAY else None
            found = ruled(schedule, rule_of(repeats.every) or "", earliest)
            # The end that it had stays, where the new rule has none of its own.
            schedule = replace(found, country=country, until=found.until or schedule.until)
            ends_itself = found.until is not None
        else:
            ends_itself = False
        if (repeats.until is not None) + (repeats.times is not None) + ends_itself > 1:
            raise WishError("say one end only: until, times, or UNTIL or COUNT in the rule")
        if repeats.until is not None:
            schedule = replace(schedule, until=_until_of(repeats.until, schedule.zone))
        if repeats.exceptions is not None:
            schedule = _excepting(schedule, repeats.exceptions)
        return schedule if repeats.times is None else counted(schedule, repeats.times, earliest)
    except WishError:
        raise
    except ValueError as error:
        raise WishError(str(error)) from None


def _working_country(country: str | None) -> str:
    if country is None:
        raise WishError(
            "workdays are those of a country, and this account has none; say it with: bellwire account country NAME KR"
        )
    if not has_calendar(country):
        raise WishError(f"the public holidays of {country} are not known here; use weekday instead")
    return country


def _until_of(text: str, zone: str) -> datetime | None:
    if text.strip().lower() == FOREVER:
        return None
    found = _moment(text, zone)
    return found if isinstance(found, datetime) else datetime.combine(found, _LAST_SECOND)


def _excepting(schedule: Schedule, texts: Sequence[str]) -> Schedule:
    found = [_moment(text, schedule.zone) for text in texts]
    times = tuple(each for each in found if isinstance(each, datetime))
    days = tuple(each for each in found if not isinstance(each, datetime))
    return excepting(schedule, days, times)


def _moment(text: str, zone: str) -> date | datetime:
    """A day, or a time on the clocks of `zone`."""
    try:
        is_day = _DAY_TEXT.fullmatch(text.strip()) is not None
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise WishError(f"{text!r} is not a day; write it like 2026-12-25, or 2026-12-25T07:00") from None
    _check_year(moment, text)
    if is_day:
        return moment.date()
    if moment.tzinfo is None:
        return moment
    return _bounded(lambda: moment.astimezone(zone_of(zone)), text).replace(tzinfo=None)


def _clock(at: str) -> time | None:
    """The time of day that this is; None: it is another thing."""
    found = _CLOCK.fullmatch(at.strip())
    if not found:
        return None
    hour, minute, second = (int(number or 0) for number in found.groups())
    return time(hour, minute, second)


def schedule_once(instant: datetime, zone: str) -> Schedule:
    """An instant, on the clocks of `zone`; in UTC where those show it twice and it is the second."""
    place = zone_of(zone)
    wall = _bounded(lambda: instant.astimezone(place), instant.isoformat()).replace(tzinfo=None)
    if instant_of(wall, place) == instant:
        return Schedule(wall, zone)
    return Schedule(instant.astimezone(UTC).replace(tzinfo=None), "UTC")


def rule_of(every: str | None) -> str | None:
    """The recurrence rule of a name, of days, or as it is written: RFC 5545 reads it then."""
    if every is None:
        return None
    name = every.strip().lower()
    if name == WORKDAY:
        return EVERY["daily"]
    if name in EVERY:
        return EVERY[name]
    if "FREQ=" in name.upper():
        return every
    days = [day.strip() for day in name.split(",")]
    if not set(days) <= set(_DAYS):
        raise WishError(
            f"{every!r} is not a recurrence; use one of {', '.join(EVERY)}, {WORKDAY}, "
            "or days such as mon,wed,fri, or a rule such as FREQ=MONTHLY;BYDAY=-1FR"
        )
    return rule_on(frozenset(map(_DAYS.index, days)))


def every_of(schedule: Schedule) -> str | None:
    """How a schedule comes again: by name, by days, or its rule; None: once. It can be read again."""
    if schedule.rule is None:
        return None
    if schedule.country is not None:
        return WORKDAY
    name = next((name for name, rule in EVERY.items() if rule == schedule.rule), None)
    if name is not None:
        return name
    return ",".join(_DAYS[day] for day in sorted(weekdays_of(schedule.rule) or ())) or schedule.rule


def until_of(schedule: Schedule) -> str | None:
    """The last moment of a schedule, on its clocks; None: for ever."""
    return None if schedule.until is None else schedule.until.isoformat()


def ahead_of(schedule: Schedule) -> str | None:
    """How long before its times a schedule rings: ``15m``, ``1d9h``, or after them: ``-9h``; None: at them."""
    if not schedule.ahead:
        return None
    return f"{'-' * (schedule.ahead < timedelta())}{length_text(abs(schedule.ahead))}"


def exceptions_of(schedule: Schedule) -> list[str]:
    """The exceptions of a schedule, the earliest first, each as it can be read again."""
    return sorted(each.isoformat() for each in (*schedule.except_days, *schedule.except_times))


def first_occurrence(schedule: Schedule, now: datetime, past_due: timedelta) -> datetime:
    """When it rings first: it may be late by up to `past_due`, and then rings at once."""
    _check_furthest(schedule.start, now)
    first = next_occurrence(schedule, now - past_due if schedule.rule is None else now)
    if first is None and schedule.rule is None:
        raise WishError(
            f"that time is past by more than {past_due.total_seconds() / 60:.0f} minutes; give one still to come"
        )
    if first is None or first > now + FURTHEST:
        raise WishError("it would not ring within ten years; give another recurrence, a later end or fewer exceptions")
    return first


def _check_furthest(start: datetime, now: datetime) -> None:
    if start.replace(tzinfo=UTC) > now + FURTHEST:
        raise WishError("that is more than ten years ahead; give an earlier time")


def _instant(at: str) -> datetime:
    try:
        instant = datetime.fromisoformat(at.strip())
    except ValueError:
        raise WishError(f"{at!r} is not a time; write it like 07:00 or 2026-11-21T07:00:00+09:00") from None
    _check_year(instant, at)
    if instant.tzinfo is None:
        example = f"{instant.isoformat()}+09:00"
        raise WishError(f"{at!r} has no time zone; add one, as in {example}, or give the time of day alone (07:00)")
    return _bounded(lambda: instant.astimezone(UTC), at).replace(microsecond=0)


def _check_year(moment: datetime, text: str) -> None:
    if moment.year < _EARLIEST:
        raise WishError(f"{text!r} is out of all bounds")


T = TypeVar("T")


def _bounded(compute: Callable[[], T], text: str) -> T:
    try:
        return compute()
    except OverflowError:
        raise WishError(f"{text!r} is out of all bounds") from None
