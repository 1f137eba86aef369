"""What people write when they want an alert, as schedules.

It knows "5s", "07:00" and "weekday", and what is wrong with what it cannot read; it must not know who asks, nor
read a clock. Every function raises WishError with a sentence for the person who wrote it.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bellwire.alerts.alert import Schedule
from bellwire.alerts.recurrence import EVERY, instant_of, next_occurrence, zone_named

FURTHEST = timedelta(days=3660)
"""Ten years: further ahead is taken for a mistake."""

_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_PAGE = re.compile(r"https?://[A-Za-z0-9.\-:\[\]]+([/?#][!-~]*)?")
_LONGEST_PAGE = 2048
_LINE_END = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")


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
    found = _DURATION.fullmatch(duration.strip().lower())
    if not found or not found[0]:
        raise WishError(f"{duration!r} is not a length of time; write it like 5s, 10m, 1h30m or 2d")
    days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    return _bounded(lambda: timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds), duration)


def schedule_in(duration: str, zone: str, now: datetime) -> Schedule:
    """Once, so long from now, rounded up to the second; told in `zone`."""
    ahead = length_of(duration)
    whole = _bounded(lambda: now.replace(microsecond=0) + timedelta(seconds=now.microsecond > 0) + ahead, duration)
    return _once(whole, zone)


def schedule_at(at: str, every: str | None, zone: str, now: datetime) -> Schedule:
    """At a time of day (``07:00``, in `zone`) or at an instant (``2026-11-21T07:00:00+09:00``), once or repeated."""
    rule = rule_of(every)
    clock = _CLOCK.fullmatch(at.strip())
    if clock:
        hour, minute, second = (int(number or 0) for number in clock.groups())
        today = now.astimezone(zone_of(zone)).replace(tzinfo=None)
        start = today.replace(hour=hour, minute=minute, second=second, microsecond=0)
        if rule is not None:
            return Schedule(start if start > today or every != "weekly" else start + timedelta(days=7), zone, rule)
        following = next_occurrence(Schedule(start, zone, EVERY["daily"]), now)
        if following is None:
            raise WishError(f"{at!r} never comes in {zone}")
        return _once(following, zone)
    instant = _instant(at)
    if rule is None:
        return _once(instant, zone)
    return Schedule(_bounded(lambda: instant.astimezone(zone_of(zone)), at).replace(tzinfo=None), zone, rule)


def _once(instant: datetime, zone: str) -> Schedule:
    """An instant, on the clocks of `zone`; in UTC where those show it twice and it is the second."""
    place = zone_of(zone)
    wall = _bounded(lambda: instant.astimezone(place), instant.isoformat()).replace(tzinfo=None)
    if instant_of(wall, place) == instant:
        return Schedule(wall, zone)
    return Schedule(instant.astimezone(UTC).replace(tzinfo=None), "UTC")


def rule_of(every: str | None) -> str | None:
    """The recurrence rule of a name."""
    if every is None:
        return None
    if every not in EVERY:
        raise WishError(f"{every!r} is not a recurrence; use one of {', '.join(EVERY)}")
    return EVERY[every]


def every_of(schedule: Schedule) -> str | None:
    """The name of a schedule's rule; the rule itself where it has no name; None: once."""
    return next((name for name, rule in EVERY.items() if rule == schedule.rule), schedule.rule)


def first_occurrence(schedule: Schedule, now: datetime, past_due: timedelta) -> datetime:
    """When it rings first: it may be late by up to `past_due`, and then rings at once."""
    if schedule.start.replace(tzinfo=UTC) > now + FURTHEST:
        raise WishError("that is more than ten years ahead; give an earlier time")
    first = next_occurrence(schedule, now - past_due if schedule.rule is None else now)
    if first is None:
        raise WishError(
            f"that time is past by more than {past_due.total_seconds() / 60:.0f} minutes; give one still to come"
        )
    return first


def _instant(at: str) -> datetime:
    try:
        instant = datetime.fromisoformat(at.strip())
    except ValueError:
        raise WishError(f"{at!r} is not a time; write it like 07:00 or 2026-11-21T07:00:00+09:00") from None
    if instant.tzinfo is None:
        raise WishError(
            f"{at!r} has no time zone; add one, as in {at.strip()}+09:00, or give the time of day alone (07:00)"
        )
    return _bounded(lambda: instant.astimezone(UTC), at).replace(microsecond=0)


T = TypeVar("T")


def _bounded(compute: Callable[[], T], text: str) -> T:
    try:
        return compute()
    except OverflowError:
        raise WishError(f"{text!r} is out of all bounds") from None
