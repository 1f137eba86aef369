"""Rules of RFC 5545: what is read, what dateutil gives for it, and that no rule costs much."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from time import process_time

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.alerts.rules import HORIZON, read_rule, walls

lawful = settings(deadline=None, derandomize=True, max_examples=200)
START = datetime(2026, 11, 20, 7, 0)  # noqa: DTZ001 - a wall time


def numbers(least: int, most: int, *, signed: bool = False) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    either = number | number.map(lambda each: -each) if signed else number
    return st.lists(either, min_size=1, max_size=3, unique=True).map(lambda found: ",".join(map(str, found)))


DAYS = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=4, unique=True)
CLOCKS = {"BYHOUR": numbers(0, 23), "BYMINUTE": numbers(0, 59)}
OF_FREQUENCY: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "HOURLY": {"BYDAY": DAYS.map(",".join), "BYMONTH": numbers(1, 12), "BYYEARDAY": numbers(1, 366, signed=True)},
    "DAILY": {"BYDAY": DAYS.map(",".join), "BYMONTH": numbers(1, 12), "BYMONTHDAY": numbers(1, 31, signed=True)},
    "WEEKLY": {"BYDAY": DAYS.map(",".join), "BYMONTH": numbers(1, 12)},
    "MONTHLY": {
        "BYDAY": st.sampled_from(["MO", "1MO,3WE", "-1FR", "MO,TU,WE,TH,FR"]),
        "BYMONTHDAY": numbers(1, 31, signed=True),
        "BYMONTH": numbers(1, 12),
    },
    "YEARLY": {
        "BYDAY": st.sampled_from(["MO", "TU,SU"]),
        "BYMONTHDAY": numbers(1, 31, signed=True),
        "BYMONTH": numbers(1, 12),
        "BYWEEKNO": numbers(1, 53, signed=True),
        "BYYEARDAY": numbers(1, 366, signed=True),
    },
}


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(list(OF_FREQUENCY)))
    parts = draw(st.fixed_dictionaries({}, optional={**CLOCKS, **OF_FREQUENCY[frequency]}))
    text = [f"FREQ={frequency}", *(f"{name}={value}" for name, value in parts.items())]
    interval = draw(st.integers(1, 9))
    if interval > 1:
        text.append(f"INTERVAL={interval}")
    chooses = draw(st.booleans())
    if chooses and parts and frequency not in {"HOURLY", "DAILY"}:
        text.append(f"BYSETPOS={draw(st.sampled_from(['1', '-1', '2', '1,-1']))}")
    if draw(st.booleans()):
        text.append("WKST=SU")
    return ";".join(text)


starts = st.builds(lambda minutes: datetime(2019, 1, 1) + timedelta(minutes=minutes), st.integers(0, 10 * 525_600))  # noqa: DTZ001


def by_dateutil(rule: str, start: datetime, earliest: datetime, most: int) -> list[datetime]:
    """What dateutil gives by itself; it would look for all that never comes until the year 9999, so it has an end."""
    try:
        series = rrulestr(f"{rule};COUNT=3000", dtstart=start)
        return list(islice((each for each in series if each >= earliest), most))
    except ValueError:
        return []


@lawful
@given(rules(), starts, st.integers(0, 6 * 365 * 24))
def test_a_rule_gives_what_dateutil_gives(rule: str, start: datetime, hours: int) -> None:
    earliest = start + timedelta(hours=hours)
    found = list(islice(walls(read_rule(rule).text, start, earliest), 5))
    if not found:
        return
    expected = by_dateutil(rule, start, earliest, 5)
    # dateutil was given an end that comes soon for what is often.
    assert found[: len(expected)] == expected[: len(found)]
    assert all(earliest <= each < earliest + HORIZON for each in found)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY",
        "FREQ=YEARLY",
        "FREQ=YEARLY;INTERVAL=3",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYYEARDAY=-1,100",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO",
        "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1",
        "FREQ=HOURLY;INTERVAL=7;BYMINUTE=0,30",
        "FREQ=DAILY;BYHOUR=7,19;BYSETPOS=2",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    ],
)
def test_long_after_its_start_a_rule_gives_what_dateutil_counts_up_to(rule: str) -> None:
    start = datetime(1999, 12, 31, 7, 0)  # noqa: DTZ001
    for year in (1999, 2000, 2026, 2058, 2061, 2098, 2101):
        earliest = start.replace(year=year)
        series = rrulestr(rule, dtstart=start).xafter(earliest, count=20, inc=True)
        expected = [each for each in series if each < earliest + HORIZON]
        assert list(islice(walls(rule, start, earliest), 20)) == expected, year


NEVER = [
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;INTERVAL=3;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;INTERVAL=5;BYMONTH=2;BYMONTHDAY=31;BYHOUR=1,2,3",
    "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5",
    "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1",
    "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
    "FREQ=DAILY;BYHOUR=1,2;BYMINUTE=1,2,3;BYSETPOS=300,-300,6;BYMONTH=2;BYMONTHDAY=-30",
]


@pytest.mark.parametrize("rule", NEVER)
def test_a_rule_that_never_comes_is_over_soon(rule: str) -> None:
    before = process_time()
    assert next(walls(read_rule(rule).text, START, START), None) is None
    # Some 10 ms at most here; dateutil by itself takes many seconds.
    assert process_time() - before < 0.5


@lawful
@given(rules(), starts)
def test_no_rule_costs_much(rule: str, start: datetime) -> None:
    before = process_time()
    next(walls(read_rule(rule).text, start, START), None)
    assert process_time() - before < 0.5


@pytest.mark.parametrize("rule", ["FREQ=DAILY", "FREQ=YEARLY", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=HOURLY;BYMONTH=12"])
def test_a_rule_ends_with_the_calendar(rule: str) -> None:
    last = datetime(9999, 12, 31, 23, 59)  # noqa: DTZ001
    assert list(walls(rule, START, last)) == []


@pytest.mark.parametrize(
    ("text", "rule", "times", "until"),
    [
        ("freq=daily;count=3", "FREQ=DAILY", 3, None),
        ("RRULE:FREQ=DAILY;UNTIL=20261231T070000", "FREQ=DAILY", None, datetime(2026, 12, 31, 7)),  # noqa: DTZ001
        ("FREQ=DAILY;UNTIL=20261231T070000Z", "FREQ=DAILY", None, datetime(2026, 12, 31, 7, tzinfo=UTC)),
        ("FREQ=DAILY;UNTIL=20261231", "FREQ=DAILY", None, datetime(2026, 12, 31, 23, 59, 59)),  # noqa: DTZ001
        (" FREQ=MONTHLY;BYDAY=-1FR ", "FREQ=MONTHLY;BYDAY=-1FR", None, None),
    ],
)
def test_a_rule_is_read_without_its_end(text: str, rule: str, times: int | None, until: datetime | None) -> None:
    assert read_rule(text) == (rule, times, until)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not a recurrence rule; write it like"),
        ("FREQ", "is not a recurrence rule"),
        ("FREQ=DAILY;FREQ=WEEKLY", "is not a recurrence rule"),
        ("INTERVAL=2", "has no FREQ"),
        ("FREQ=SECONDLY", "too often for an alert"),
        ("FREQ=MINUTELY", "too often for an alert"),
        ("FREQ=FORTNIGHTLY", "FREQ=FORTNIGHTLY is not known"),
        ("FREQ=DAILY;INTERVAL=0", "give a number from 1 to 3653"),
        ("FREQ=YEARLY;INTERVAL=11", "give a number from 1 to 10"),
        ("FREQ=DAILY;INTERVAL=x", "INTERVAL=X cannot be"),
        ("FREQ=DAILY;COUNT=0", "COUNT=0 is not how often"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20261231", "COUNT or UNTIL, not both"),
        ("FREQ=DAILY;UNTIL=soon", "UNTIL=SOON is not a time"),
        ("FREQ=DAILY;UNTIL=20261331", "UNTIL=20261331 is not a time"),
        ("FREQ=DAILY;BYEASTER=1", "no part BYEASTER"),
        ("FREQ=DAILY;WKST=XX", "WKST=XX is not a day"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY=XX is not a day"),
        ("FREQ=WEEKLY;BYDAY=1MO", "leave its number out"),
        ("FREQ=MONTHLY;BYDAY=6MO", "can count to 5 here"),
        ("FREQ=YEARLY;BYMONTH=2;BYDAY=53MO", "can count to 5 here"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY has no meaning with this FREQ"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO has no meaning"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR=24 cannot be; give 0 to 23"),
        ("FREQ=DAILY;BYHOUR=-1", "BYHOUR=-1 cannot be"),
        ("FREQ=DAILY;BYSECOND=60", "give 0 to 59"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "give 1 to 31, or from the end with -"),
        ("FREQ=DAILY;BYHOUR=٣", "cannot be"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS chooses among"),
        ("FREQ=HOURLY;BYMINUTE=1;BYSETPOS=2", "beyond the last; this rule gives 1"),
        ("FREQ=DAILY;BYHOUR=1,2;BYSETPOS=3,-3", "beyond the last; this rule gives 2"),
        ("FREQ=HOURLY;BYMINUTE=0,1,2,3,4", "more than 96 times a day"),
        ("FREQ=DAILY;BYMONTH=1" + ",1" * 300, "500 are taken at most"),
    ],
)
def test_what_is_no_rule_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_rule(text)


@lawful
@given(st.text(max_size=40) | rules().flatmap(lambda rule: st.text(max_size=9).map(lambda more: f"{rule};{more}")))
def test_any_text_is_a_rule_or_a_value_error(text: str) -> None:
    try:
        rule = read_rule(text)
    except ValueError:
        return
    next(walls(rule.text, START, START), None)
