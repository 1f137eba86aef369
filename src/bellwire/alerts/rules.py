"""Recurrence rules of RFC 5545 (3.3.10): how they are read, and the wall times that they give.

It knows the grammar, and how to ask dateutil so that the answer costs little however the rule is made; what a rule
means is dateutil's to say. It must not know zones, alerts, nor what time it is.
"""

import re
from calendar import isleap
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from dateutil.rrule import DAILY, HOURLY, MONTHLY, WEEKLY, YEARLY, rrule
from dateutil.rrule import weekday as Weekday  # noqa: N812 - it is a class

YEARS = 40
"""A rule that gives nothing for so long is over: even 29 February on a chosen weekday comes every 40 years."""
HORIZON = timedelta(days=366 * YEARS)
LONGEST_RULE = 500
"""Characters."""
MOST_TIMES_A_DAY = 96
"""A quarter of an hour apart: what rings more often is no alert, and is dear to look through."""
_LAST_YEAR = 9999
"""Of the calendar: there dateutil gives up looking."""

_Frequency = Literal[0, 1, 2, 3, 4]
_FREQUENCIES: dict[str, _Frequency] = {
    "YEARLY": YEARLY,
    "MONTHLY": MONTHLY,
    "WEEKLY": WEEKLY,
    "DAILY": DAILY,
    "HOURLY": HOURLY,
}
_LONGEST_INTERVAL = {YEARLY: 10, MONTHLY: 120, WEEKLY: 522, DAILY: 3653, HOURLY: 87_672}
"""Ten years of each."""
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BY_DAY = re.compile(rf"([+-]?[1-9]\d?)?({'|'.join(_DAYS)})", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,3}", re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)


class _Numbers(NamedTuple):
    """A part that is a list of numbers."""

    keyword: str
    least: int
    most: int
    signed: bool
    """May count from the end."""
    frequencies: frozenset[int] = frozenset(_FREQUENCIES.values())
    """Those that may have it (the table of 3.3.10)."""


_LISTS = {
    "BYSECOND": _Numbers("bysecond", 0, 59, signed=False),
    "BYMINUTE": _Numbers("byminute", 0, 59, signed=False),
    "BYHOUR": _Numbers("byhour", 0, 23, signed=False),
    "BYMONTHDAY": _Numbers("bymonthday", 1, 31, True, frozenset({YEARLY, MONTHLY, DAILY, HOURLY})),
    "BYYEARDAY": _Numbers("byyearday", 1, 366, True, frozenset({YEARLY, HOURLY})),
    "BYWEEKNO": _Numbers("byweekno", 1, 53, True, frozenset({YEARLY})),
    "BYMONTH": _Numbers("bymonth", 1, 12, signed=False),
    "BYSETPOS": _Numbers("bysetpos", 1, 366, signed=True),
}


class Rule(NamedTuple):
    """A rule as it was read."""

    text: str
    """In capitals, without COUNT and UNTIL."""
    times: int | None
    """COUNT."""
    until: datetime | None
    """The last moment: a wall time or, in UTC, an instant."""


class _Parts(NamedTuple):
    frequency: _Frequency
    interval: int
    week_start: int
    by: Mapping[str, Any]
    """As dateutil wants them."""


def read_rule(text: str) -> Rule:
    """Read a rule, with or without RRULE: before it. Raises ValueError with a sentence."""
    if len(text) > LONGEST_RULE:
        raise ValueError(f"the recurrence rule has {len(text)} characters; {LONGEST_RULE} are taken at most")
    parts = _pairs(text.strip().upper().removeprefix("RRULE:"))
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    if count is not None and until is not None:
        raise ValueError("a recurrence rule has COUNT or UNTIL, not both (RFC 5545, 3.3.10)")
    rule = ";".join(f"{name}={value}" for name, value in parts.items())
    _check(_parts(rule))
    return Rule(rule, None if count is None else _count(count), None if until is None else _until(until))


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in pairs:
            raise ValueError(f"{text[:80]!r} is not a recurrence rule; write it like FREQ=MONTHLY;BYDAY=-1FR")
        pairs[name] = value
    if "FREQ" not in pairs:
        raise ValueError(f"the recurrence rule {text[:80]!r} has no FREQ; write it like FREQ=MONTHLY;BYDAY=-1FR")
    return pairs


def _count(value: str) -> int:
    if not _COUNT.fullmatch(value) or int(value) < 1:
        raise ValueError(f"COUNT={value[:20]} is not how often; give a number from 1")
    return int(value)


def _until(value: str) -> datetime:
    found = _UNTIL.fullmatch(value)
    try:
        if not found:
            raise ValueError(value)
        # A day alone is meant whole: what rings on it rings.
        wall = datetime.strptime(f"{found[1]}{found[2] or '235959'}", "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        raise ValueError(f"UNTIL={value[:20]} is not a time; write it like UNTIL=20271231T070000Z") from None
    return wall.replace(tzinfo=UTC) if found[3] else wall


@lru_cache(maxsize=1024)
def _parts(rule: str) -> _Parts:
    """The parts of a rule without COUNT and UNTIL. Raises ValueError with a sentence."""
    pairs = dict(part.split("=", 1) for part in rule.split(";"))
    frequency = _frequency(pairs.pop("FREQ"))
    interval = _interval(pairs.pop("INTERVAL", "1"), frequency)
    week_start = pairs.pop("WKST", "MO")
    if week_start not in _DAYS:
        raise ValueError(f"WKST={week_start[:20]} is not a day; use one of {', '.join(_DAYS)}")
    by: dict[str, Any] = {}
    for name, value in pairs.items():
        if name == "BYDAY":
            most = _most_of_a_weekday(frequency, pairs)
            by["byweekday"] = [_weekday(item, most) for item in value.split(",")]
        elif name in _LISTS:
            by[_LISTS[name].keyword] = _numbers(name, value, frequency)
        else:
            raise ValueError(f"a recurrence rule has no part {name[:20]} (RFC 5545, 3.3.10); leave it out")
    if frequency == YEARLY and not by:
        # The same, and dateutil looks at a month instead of a year.
        frequency, interval = MONTHLY, 12 * interval
    return _Parts(frequency, interval, _DAYS.index(week_start), by)


def _frequency(value: str) -> _Frequency:
    if value in {"MINUTELY", "SECONDLY"}:
        raise ValueError(f"FREQ={value} is too often for an alert; HOURLY is the most often that is taken")
    if value not in _FREQUENCIES:
        raise ValueError(f"FREQ={value[:20]} is not known; use one of {', '.join(_FREQUENCIES)}")
    return _FREQUENCIES[value]


def _interval(value: str, frequency: int) -> int:
    most = _LONGEST_INTERVAL[frequency]
    if not _COUNT.fullmatch(value) or not 1 <= int(value) <= most:
        raise ValueError(f"INTERVAL={value[:20]} cannot be; give a number from 1 to {most}, which is ten years")
    return int(value)


def _numbers(name: str, value: str, frequency: int) -> list[int]:
    form = _LISTS[name]
    if frequency not in form.frequencies:
        raise ValueError(f"{name} has no meaning with this FREQ (RFC 5545, 3.3.10); leave it out")
    numbers = []
    for item in value.split(","):
        if not _NUMBER.fullmatch(item) or not form.least <= (abs(int(item)) if form.signed else int(item)) <= form.most:
            sign = ", or from the end with -" if form.signed else ""
            raise ValueError(f"{name}={item[:20]} cannot be; give {form.least} to {form.most}{sign}")
        numbers.append(int(item))
    return sorted(set(numbers))


def _most_of_a_weekday(frequency: int, pairs: Mapping[str, str]) -> int:
    """So many Mondays can be counted: of a month, of a year, or 0."""
    if frequency not in {YEARLY, MONTHLY} or "BYWEEKNO" in pairs:
        return 0
    return 5 if frequency == MONTHLY or "BYMONTH" in pairs else 53


def _weekday(item: str, most: int) -> Weekday:
    found = _BY_DAY.fullmatch(item)
    if not found:
        raise ValueError(f"BYDAY={item[:20]} is not a day; write it like MO, 1MO (the first) or -1FR (the last)")
    number = int(found[1] or 0)
    if abs(number) > most:
        counted = f"can count to {most} here" if most else "counts days of a month or year; leave its number out"
        raise ValueError(f"BYDAY={item} {counted} (RFC 5545, 3.3.10)")
    return Weekday(_DAYS.index(found[2]), number or None)


def _check(parts: _Parts) -> None:
    """Refuse what would be dear to look through. Raises ValueError with a sentence."""
    by = parts.by
    in_an_hour = len(by.get("byminute", "1")) * len(by.get("bysecond", "1"))
    if in_an_hour * len(by.get("byhour", "1" * (24 if parts.frequency == HOURLY else 1))) > MOST_TIMES_A_DAY:
        raise ValueError(f"the recurrence rule gives more than {MOST_TIMES_A_DAY} times a day; that is the most")
    if "bysetpos" not in by:
        return
    if len(by) == 1:
        raise ValueError("BYSETPOS chooses among what other BY-parts give (RFC 5545, 3.3.10); give one of them")
    # dateutil looks through hour after hour for the fifth of four.
    most = {HOURLY: in_an_hour, DAILY: in_an_hour * len(by.get("byhour", "1"))}.get(parts.frequency)
    if most is not None and all(abs(position) > most for position in by["bysetpos"]):
        raise ValueError(f"BYSETPOS chooses beyond the last; this rule gives {most} at a time")


def has_own_clock(rule: str) -> bool:
    """Whether a rule that was read says itself at what times of day it comes, and not its start alone."""
    parts = _parts(rule)
    return parts.frequency == HOURLY or not parts.by.keys().isdisjoint({"byhour", "byminute", "bysecond"})


def walls(rule: str, start: datetime, earliest: datetime) -> Iterator[datetime]:
    """The wall times, from `earliest` on, of a rule that was read and begins at `start`; the earliest first.

    They end when there is none for some decades.
    """
    as_written = _started(_parts(rule), start)
    parts = _seldom_as_yearly(as_written)
    first = max(start, earliest)
    if parts is as_written:
        begin, counts = _brought_forward(parts, start, earliest), False
    else:
        # All of its days and times are said, so it may begin on any day.
        begin, counts = datetime.combine(first.date(), time.min), as_written.interval > 1
    last = min(first, datetime.max - HORIZON) + HORIZON  # noqa: DTZ901 - a wall time
    moved = _moved(begin.year)
    try:
        series = rrule(parts.frequency, begin + moved, parts.interval, parts.week_start, **parts.by)
        for each in series:
            wall = each - moved
            if wall >= last:
                return
            if wall >= first and not (counts and _is_between(as_written, start, wall)):
                yield wall
    except (ValueError, OverflowError, IndexError):
        # An interval that never meets the hours of BYHOUR, or a week that would end after the last year.
        return


def _started(parts: _Parts, start: datetime) -> _Parts:
    """The rule with the BY-parts that its start stands for, so that any other start gives the same."""
    by = dict(parts.by)
    if not by.keys() & {"byweekno", "byyearday", "bymonthday", "byweekday"}:
        if parts.frequency == YEARLY:
            by.setdefault("bymonth", start.month)
        if parts.frequency in {YEARLY, MONTHLY}:
            by["bymonthday"] = start.day
        elif parts.frequency == WEEKLY:
            by["byweekday"] = start.weekday()
    if parts.frequency != HOURLY:
        by.setdefault("byhour", start.hour)
    by.setdefault("byminute", start.minute)
    by.setdefault("bysecond", start.second)
    return parts._replace(by=by)


def _seldom_as_yearly(parts: _Parts) -> _Parts:
    """The rule of every period, looked through year by year, where it has something on some days of the year only.

    Its interval is to be looked at with each that is found.
    """
    is_seldom = parts.by.keys() & {"bymonth", "bymonthday", "byyearday"}
    if parts.frequency < WEEKLY or "bysetpos" in parts.by or not is_seldom:
        return parts
    by = {"byhour": range(24), **parts.by}
    if not by.keys() & {"byyearday", "bymonthday", "byweekday"}:
        by["bymonthday"] = range(1, 32)
    return parts._replace(frequency=YEARLY, interval=1, by=by)


def _is_between(parts: _Parts, start: datetime, wall: datetime) -> bool:
    """Whether the period of `wall` is one that the interval leaves out."""
    _, gone_by, _ = _PERIODS[parts.frequency](start, wall, parts.week_start)
    return gone_by % parts.interval != 0


def _brought_forward(parts: _Parts, start: datetime, to: datetime) -> datetime:
    """The beginning of the period of `to`, or of the one of the interval before: years gone by cost nothing.

    In the first period it is the start itself, for that cuts what BYSETPOS counts.
    """
    if to <= start:
        return start
    begin, gone_by, later = _PERIODS[parts.frequency](start, to, parts.week_start)
    whole = gone_by // parts.interval * parts.interval
    return later(begin, whole) if whole else start


_Later = Callable[[datetime, int], datetime]
_Period = tuple[datetime, int, _Later]
"""When the first period begins, how many have gone by since, and what is so many later."""


def _years(start: datetime, to: datetime, _: int) -> _Period:
    begin = datetime.combine(start.date().replace(month=1, day=1), time.min)
    return begin, to.year - start.year, lambda begin, years: begin.replace(year=begin.year + years)


def _months(start: datetime, to: datetime, _: int) -> _Period:
    begin = datetime.combine(start.date().replace(day=1), time.min)
    return begin, (to.year - start.year) * 12 + to.month - start.month, _months_later


def _months_later(begin: datetime, months: int) -> datetime:
    years, month = divmod(begin.month - 1 + months, 12)
    return begin.replace(year=begin.year + years, month=month + 1)


def _weeks(start: datetime, to: datetime, week_start: int) -> _Period:
    begin = datetime.combine(start.date() - timedelta(days=(start.weekday() - week_start) % 7), time.min)
    return begin, (to - begin).days // 7, lambda begin, weeks: begin + timedelta(weeks=weeks)


def _days(start: datetime, to: datetime, _: int) -> _Period:
    begin = datetime.combine(start.date(), time.min)
    return begin, (to - begin).days, lambda begin, days: begin + timedelta(days=days)


def _hours(start: datetime, to: datetime, _: int) -> _Period:
    begin = start.replace(minute=0, second=0)
    return begin, (to - begin) // timedelta(hours=1), lambda begin, hours: begin + timedelta(hours=hours)


_PERIODS: dict[int, Callable[[datetime, datetime, int], _Period]] = {
    YEARLY: _years,
    MONTHLY: _months,
    WEEKLY: _weeks,
    DAILY: _days,
    HOURLY: _hours,
}


@lru_cache(maxsize=512)
def _moved(year: int) -> timedelta:
    """How far this year and the next decades are moved towards the calendar's end, where they look the same.

    dateutil looks for what a rule gives until the year 9999: one that gives nothing would keep it for a second. So it
    is shown the same weekdays and leap years shortly before that end. The calendar repeats itself every 28 years, as
    long as no leap year is left out; every 400 years it always does.
    """
    latest = _LAST_YEAR - YEARS - 1
    there = year + (latest - year) // 400 * 400
    if not any(_is_left_out(each) for each in range(year - 1, year + YEARS + 2)):
        there = next(each for each in range(latest, latest - 28, -1) if _form(each) == _form(year))
    return date(there, 1, 1) - date(year, 1, 1)


def _is_left_out(year: int) -> bool:
    return year % 4 == 0 and not isleap(year)


def _form(year: int) -> tuple[int, int]:
    return year % 4, date(year, 1, 1).weekday()
