import contextlib
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bellwire.alerts.alert import Schedule
from bellwire.alerts.recurrence import EVERY, next_occurrence, occurrences
from bellwire.cloud.wishes import (
    FURTHEST,
    Change,
    Repeats,
    WishError,
    ahead_of,
    changed_schedule,
    every_of,
    exceptions_of,
    first_occurrence,
    one_line,
    rule_of,
    schedule_at,
    schedule_in,
    until_of,
    zone_of,
)

lawful = settings(deadline=None, derandomize=True, max_examples=60)
BY_DAYS = ("daily", "weekday", "weekend", "weekly")
HALF_AN_HOUR = timedelta(minutes=30)
FRIDAY = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)

zones = st.sampled_from(
    [
        "UTC",
        "Asia/Seoul",
        "Asia/Kathmandu",
        "Europe/Berlin",
        "Europe/Dublin",  # its winter time is the one that counts as saving
        "America/New_York",
        "America/St_Johns",
        "Australia/Lord_Howe",  # changes by half an hour
        "Africa/Casablanca",
        "Pacific/Chatham",
    ]
)
nows = st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001
clocks = st.times().map(lambda clock: clock.replace(microsecond=0))


def first(at: str, every: str | None, zone: str, now: datetime) -> datetime:
    return first_occurrence(schedule_at(at, every, zone, now), now, HALF_AN_HOUR)


def shows(instant: datetime, clock: time, zone: str) -> bool:
    """Whether the clocks of `zone` show `clock`, or just skipped it."""
    local = instant.astimezone(ZoneInfo(zone))
    asked = datetime.combine(local.date(), clock, ZoneInfo(zone))
    is_skipped = asked.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != asked.replace(tzinfo=None)
    return is_skipped or local.time() == clock


# A time of day


@lawful
@given(nows, clocks, zones)
def test_a_time_of_day_is_the_next_time_that_the_clocks_show_it(now: datetime, clock: time, zone: str) -> None:
    found = first(clock.isoformat(), None, zone, now)

    assert found > now
    assert shows(found, clock, zone)
    today = now.astimezone(ZoneInfo(zone)).date()
    days = [datetime.combine(today + timedelta(days=day), clock, ZoneInfo(zone)) for day in (-1, 0, 1, 2)]
    exact = [day.astimezone(UTC) for day in days if shows(day.astimezone(UTC), clock, zone)]
    assert found <= min(day for day in exact if day > now)


@lawful
@given(nows, clocks, zones, st.sampled_from(list(BY_DAYS)))
def test_what_comes_again_comes_first_on_a_day_of_its_rule(now: datetime, clock: time, zone: str, every: str) -> None:
    found = first(clock.isoformat(), every, zone, now)

    assert found > now
    assert shows(found, clock, zone)
    local = found.astimezone(ZoneInfo(zone))
    today = now.astimezone(ZoneInfo(zone))
    days = {"daily": range(7), "weekday": range(5), "weekend": (5, 6), "weekly": (today.weekday(),)}
    assert local.weekday() in days[every]
    assert (local.date() - today.date()).days <= {"daily": 1, "weekday": 3, "weekend": 6, "weekly": 7}[every]


@lawful
@given(nows, clocks, zones, st.sampled_from(list(BY_DAYS)))
def test_every_time_after_the_first_is_one_of_its_rule_too(now: datetime, clock: time, zone: str, every: str) -> None:
    schedule = schedule_at(clock.isoformat(), every, zone, now)
    one = first_occurrence(schedule, now, HALF_AN_HOUR)
    other = next_occurrence(schedule, one)

    assert other is not None
    assert shows(other, clock, zone)
    hours = (other - one) / timedelta(hours=1)
    assert hours <= {"daily": 25, "weekday": 73, "weekend": 145, "weekly": 169}[every]


@pytest.mark.parametrize(
    ("at", "every", "zone", "now", "expected"),
    [
        ("07:00", None, "Asia/Seoul", "2026-11-20T06:00Z", "2026-11-20T22:00Z"),
        ("7:00", None, "Asia/Seoul", "2026-11-20T06:00Z", "2026-11-20T22:00Z"),
        (" 15:00:01 ", None, "Asia/Seoul", "2026-11-20T06:00Z", "2026-11-20T06:00:01Z"),
        ("15:00", None, "Asia/Seoul", "2026-11-20T06:00Z", "2026-11-21T06:00Z"),
        # Friday, its time past: a week later. Friday, its time to come: today.
        ("05:00", "weekly", "UTC", "2026-11-20T06:00Z", "2026-11-27T05:00Z"),
        ("06:00", "weekly", "UTC", "2026-11-20T06:00Z", "2026-11-27T06:00Z"),
        ("07:00", "weekly", "UTC", "2026-11-20T06:00Z", "2026-11-20T07:00Z"),
        # Saturday, Sunday.
        ("07:00", "weekday", "UTC", "2026-11-21T06:00Z", "2026-11-23T07:00Z"),
        ("07:00", "weekday", "UTC", "2026-11-22T23:00Z", "2026-11-23T07:00Z"),
        ("07:00", "weekday", "Asia/Seoul", "2026-11-22T23:00Z", "2026-11-23T22:00Z"),
        ("07:00", "weekend", "UTC", "2026-11-20T06:00Z", "2026-11-21T07:00Z"),
        ("07:00", "weekend", "UTC", "2026-11-22T08:00Z", "2026-11-28T07:00Z"),
        # A clock that is skipped, and one that is shown twice.
        ("02:30", None, "Europe/Berlin", "2027-03-27T12:00Z", "2027-03-28T01:00Z"),
        ("02:30", "daily", "Europe/Berlin", "2027-03-27T12:00Z", "2027-03-28T01:00Z"),
        ("02:30", None, "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-25T00:30Z"),
        ("02:30", None, "Europe/Berlin", "2026-10-25T01:00Z", "2026-10-26T01:30Z"),
        # Instants.
        ("2026-11-21T07:00:00+09:00", None, "Europe/Berlin", "2026-11-20T06:00Z", "2026-11-20T22:00Z"),
        ("2026-11-21T07:00:00.999+0900", None, "UTC", "2026-11-20T06:00Z", "2026-11-20T22:00Z"),
        ("2026-11-20T05:30:01Z", None, "UTC", "2026-11-20T06:00Z", "2026-11-20T05:30:01Z"),
        ("2020-01-01T07:00:00+09:00", "daily", "Asia/Seoul", "2026-11-20T06:00Z", "2026-11-20T22:00Z"),
        ("2027-03-01T07:00:00+01:00", "weekly", "Europe/Berlin", "2026-11-20T06:00Z", "2027-03-01T06:00Z"),
    ],
)
def test_times_by_example(at: str, every: str | None, zone: str, now: str, expected: str) -> None:
    assert first(at, every, zone, datetime.fromisoformat(now)) == datetime.fromisoformat(expected)


def test_a_daily_time_stays_on_its_clock_when_the_clocks_change() -> None:
    schedule = schedule_at("07:00", "daily", "Europe/Berlin", datetime(2027, 3, 26, 12, tzinfo=UTC))

    saturday = next_occurrence(schedule, datetime(2027, 3, 26, 12, tzinfo=UTC))
    assert saturday == datetime(2027, 3, 27, 6, tzinfo=UTC)
    assert next_occurrence(schedule, saturday) == datetime(2027, 3, 28, 5, tzinfo=UTC)


# Again and again


def again(every: str | None, at: str = "07:00", **more: Any) -> Schedule:
    return schedule_at(at, every, "Asia/Seoul", FRIDAY, Repeats(**more), floating=True)


def days_of(schedule: Schedule, most: int = 9) -> list[str]:
    found = islice(occurrences(schedule, FRIDAY), most)
    return [each.astimezone(ZoneInfo(schedule.zone)).strftime("%a %m-%d %H:%M") for each in found]


@pytest.mark.parametrize(
    ("every", "days"),
    [
        ("mon,wed,fri", ["Mon 11-23 07:00", "Wed 11-25 07:00", "Fri 11-27 07:00"]),
        ("Sun, SAT", ["Sat 11-21 07:00", "Sun 11-22 07:00", "Sat 11-28 07:00"]),
        ("Monthly", ["Sun 12-20 07:00", "Wed 01-20 07:00", "Sat 02-20 07:00"]),
        ("yearly", ["Sat 11-20 07:00", "Mon 11-20 07:00", "Tue 11-20 07:00"]),
        ("workday", ["Mon 11-23 07:00", "Tue 11-24 07:00", "Wed 11-25 07:00"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["Fri 11-27 07:00", "Fri 12-25 07:00", "Fri 01-29 07:00"]),
        ("freq=daily;count=2", ["Sat 11-21 07:00", "Sun 11-22 07:00"]),
        ("FREQ=DAILY;UNTIL=20261122", ["Sat 11-21 07:00", "Sun 11-22 07:00"]),
    ],
)
def test_recurrences_by_example(every: str, days: list[str]) -> None:
    schedule = again(every, country="KR")
    assert days_of(schedule, 3) == days
    same = again(every_of(schedule) or "", country="KR", until=until_of(schedule))
    assert days_of(same, 3) == days


def test_an_end_a_count_and_exceptions() -> None:
    assert days_of(again("daily", until="2026-11-22")) == ["Sat 11-21 07:00", "Sun 11-22 07:00"]
    assert days_of(again("daily", until="2026-11-22T06:59")) == ["Sat 11-21 07:00"]
    assert days_of(again("daily", until="2026-11-21T22:00Z")) == ["Sat 11-21 07:00", "Sun 11-22 07:00"]
    assert days_of(again("daily", times=2)) == ["Sat 11-21 07:00", "Sun 11-22 07:00"]
    excepted = again("daily", times=3, exceptions=["2026-11-22", "2026-11-23T07:00"])
    assert days_of(excepted) == ["Sat 11-21 07:00"]
    assert exceptions_of(excepted) == ["2026-11-22", "2026-11-23T07:00:00"]
    # Of a time of day nothing that is past is counted, of an instant the start is.
    assert days_of(again("FREQ=MONTHLY;COUNT=1")) == ["Sun 12-20 07:00"]
    assert days_of(again("daily", at="2026-11-19T22:30:00Z", times=2)) == ["Sat 11-21 07:30"]


@pytest.mark.parametrize(
    ("every", "more", "told"),
    [
        ("mon,funday", {}, "or days such as mon,wed,fri"),
        ("", {}, "is not a recurrence"),
        ("workday", {}, "bellwire account country NAME KR"),
        ("workday", {"country": "XX"}, "public holidays of XX are not known"),
        ("FREQ=SECONDLY", {}, "too often"),
        ("daily", {"until": "2026-11-22", "times": 2}, "one end only"),
        ("FREQ=DAILY;COUNT=2", {"times": 2}, "one end only"),
        ("daily", {"until": "soon"}, "is not a day; write it like 2026-12-25"),
        ("daily", {"until": "2026-02-30"}, "is not a day"),
        ("daily", {"exceptions": ["2026-13-01"]}, "is not a day"),
        ("daily", {"exceptions": ["0999-12-31"]}, "is out of all bounds"),
        ("daily", {"times": 9999}, "give 1 to 3660"),
        ("once", {"times": 2}, "what rings once has no end"),
        (None, {"exceptions": ["2026-12-25"]}, "what rings once has no end"),
        ("daily", {"until": "2026-11-20"}, "would not ring within ten years"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", {}, "would not ring within ten years"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", {}, "would not ring within ten years"),
    ],
)
def test_a_recurrence_that_cannot_be_is_told(every: str, more: dict[str, Any], told: str) -> None:
    with pytest.raises(WishError, match=told):
        first_occurrence(again(every, **more), FRIDAY, HALF_AN_HOUR)


WORKING = again("weekday", until="2026-12-31", exceptions=["2026-12-25"])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change(at="07:30"), {"start": datetime(2026, 11, 20, 7, 30)}),  # noqa: DTZ001
        (Change(every="mon,tue"), {"rule": "FREQ=WEEKLY;BYDAY=MO,TU"}),
        (Change(until="never"), {"until": None}),
        (Change(times=1), {"until": datetime(2026, 11, 23, 7)}),  # noqa: DTZ001
        (Change(exceptions=[]), {"except_days": ()}),
        (Change(zone="Europe/Berlin"), {"zone": "Europe/Berlin", "floating": False}),
        (Change(every="workday", country="JP"), {"rule": "FREQ=DAILY", "country": "JP"}),
        (Change(every="FREQ=DAILY;UNTIL=20270101T000000"), {"rule": "FREQ=DAILY", "until": datetime(2027, 1, 1)}),  # noqa: DTZ001
    ],
)
def test_what_is_not_said_stays(change: Change, expected: dict[str, Any]) -> None:
    assert changed_schedule(WORKING, change, FRIDAY) == replace(WORKING, **expected)


@pytest.mark.parametrize("at", ["08:00", "06:00", "2026-11-21T08:00:00Z"])
def test_another_time_of_day_leaves_its_days_as_they_are(at: str) -> None:
    series = again("daily", times=4, exceptions=["2026-11-22T07:00"])
    edited = changed_schedule(series, Change(at=at), FRIDAY)
    days = [day.split()[1] for day in days_of(edited)]
    assert days == [day.split()[1] for day in days_of(series)] == ["11-21", "11-23", "11-24"]


def test_another_end_or_other_exceptions_are_those_that_are_said() -> None:
    series = again("daily", times=4, exceptions=["2026-11-22T07:00"])
    edited = changed_schedule(series, Change(at="08:00", until="2026-11-24T07:00", exceptions=[]), FRIDAY)
    assert days_of(edited) == ["Sat 11-21 08:00", "Sun 11-22 08:00", "Mon 11-23 08:00"]


def test_a_rule_that_says_its_own_hours_keeps_its_exceptions() -> None:
    series = again("FREQ=DAILY;BYHOUR=7,19;COUNT=5", exceptions=["2026-11-21T07:00"])
    assert changed_schedule(series, Change(at="08:00"), FRIDAY).except_times == series.except_times


def test_who_says_a_time_means_that_time_and_not_one_ahead_of_it() -> None:
    early = replace(WORKING, ahead=timedelta(minutes=15))
    assert changed_schedule(early, Change(at="07:30"), FRIDAY) == changed_schedule(WORKING, Change(at="07:30"), FRIDAY)
    assert changed_schedule(early, Change(every="daily"), FRIDAY).ahead == timedelta(minutes=15)
    assert changed_schedule(early, Change(every="once"), FRIDAY).start.time() == time(6, 45)


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (timedelta(), None),
        (timedelta(minutes=15), "15m"),
        (timedelta(days=1, hours=9, seconds=5), "1d9h5s"),
        (-timedelta(hours=9), "-9h"),
    ],
)
def test_how_long_ahead_it_rings_is_told(ahead: timedelta, told: str | None) -> None:
    assert ahead_of(replace(WORKING, ahead=ahead)) == told


def test_what_comes_again_can_be_made_to_ring_once_and_back() -> None:
    once = changed_schedule(WORKING, Change(every="once"), FRIDAY)
    assert once == schedule_at("07:00", None, "Asia/Seoul", FRIDAY, floating=True)
    assert changed_schedule(once, Change(every="daily"), FRIDAY).rule == "FREQ=DAILY"
    with pytest.raises(WishError, match="what rings once has no end"):
        changed_schedule(once, Change(times=3), FRIDAY)


# A length of time


@lawful
@given(
    nows,
    st.fixed_dictionaries(
        {},
        optional={
            "d": st.integers(0, 3000),
            "h": st.integers(0, 99),
            "m": st.integers(0, 99),
            "s": st.integers(0, 999),
        },
    ).filter(bool),
)
def test_in_is_never_early_and_less_than_a_second_late(now: datetime, parts: dict[str, int]) -> None:
    text = "".join(f"{parts[unit]}{unit}" for unit in "dhms" if unit in parts)
    asked = timedelta(
        days=parts.get("d", 0), hours=parts.get("h", 0), minutes=parts.get("m", 0), seconds=parts.get("s", 0)
    )

    found = first_occurrence(schedule_in(text, "Asia/Seoul", now), now, HALF_AN_HOUR)

    assert timedelta(0) <= found - now - asked < timedelta(seconds=1)
    assert found.microsecond == 0


@pytest.mark.parametrize("text", ["5S", " 5s ", "0h5s", "00005s"])
def test_in_is_read_kindly(text: str) -> None:
    assert first_occurrence(schedule_in(text, "Asia/Seoul", FRIDAY), FRIDAY, HALF_AN_HOUR) == FRIDAY + timedelta(
        seconds=5
    )


@pytest.mark.parametrize("text", ["", " ", "5", "s", "1s1m", "1m 5s", "-5s", "1.5h", "٣m", "1w", "9" * 5000 + "d"])
def test_what_is_no_length_of_time_is_told(text: str) -> None:
    with pytest.raises(WishError, match="is not a length of time; write it like 5s"):
        schedule_in(text, "Asia/Seoul", FRIDAY)


# What cannot be


@lawful
@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)"), st.text() | zones, nows)
@example("9999-12-31T23:59:59Z", "Asia/Seoul", FRIDAY)
@example("9998-12-31T23:59:59Z", "UTC", FRIDAY)
@example("0001-01-01T00:00:00+14:00", "America/New_York", FRIDAY)
@example("0001-01-01T00:00:00Z", "America/New_York", FRIDAY)
@example("0001-01-01T00:00:00Z", "UTC", FRIDAY)
def test_any_text_is_a_wish_or_told_why_not(text: str, zone: str, now: datetime) -> None:
    for every in (None, *EVERY, "FREQ=WEEKLY;WKST=SU;INTERVAL=2"):
        with contextlib.suppress(WishError):
            assert first(text, every, zone, now) <= now + FURTHEST + timedelta(days=8)
    with contextlib.suppress(WishError):
        assert first_occurrence(schedule_in(text, "Asia/Seoul", now), now, HALF_AN_HOUR) <= now + FURTHEST


@lawful
@given(st.from_regex(r"(\d{1,30}[dhms]){1,4}", fullmatch=True), nows)
@example("2912000d", datetime(2026, 11, 20, 6, 0, 0, 1, UTC))
def test_any_length_of_time_is_a_wish_or_told_why_not(text: str, now: datetime) -> None:
    with contextlib.suppress(WishError):
        assert now <= first_occurrence(schedule_in(text, "Asia/Seoul", now), now, HALF_AN_HOUR) <= now + FURTHEST


@pytest.mark.parametrize("at", ["2026-11-20T05:30:00Z", "2026-11-20T05:00:00Z", "2020-01-01T00:00:00Z"])
def test_what_is_past_by_half_an_hour_is_told(at: str) -> None:
    with pytest.raises(WishError, match="past by more than 30 minutes"):
        first(at, None, "UTC", FRIDAY)


def test_a_recurrence_is_one_of_those_with_a_name() -> None:
    assert rule_of(None) is None
    with pytest.raises(WishError, match="use one of daily, weekday, weekend, weekly"):
        rule_of("hourly")


@pytest.mark.parametrize("every", [None, *EVERY])
def test_the_name_of_a_rule_is_found_again(every: str | None) -> None:
    assert every_of(schedule_at("07:00", every, "Asia/Seoul", FRIDAY)) == every


@pytest.mark.parametrize("name", ["", "Mars/Base", "Asia", "/etc/passwd", "../../etc/passwd", "a\0", "\ud800"])
def test_a_zone_that_is_none_is_told(name: str) -> None:
    with pytest.raises(WishError, match="is not a time zone; use a name such as"):
        zone_of(name)


# Labels and names


@lawful
@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_a_label_is_on_one_line_without_controls_or_refused(text: str) -> None:
    try:
        line = one_line("label", text, 30)
    except WishError:
        assert len(text) > 30 or any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)
        return
    assert len(line) <= 30
    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(character) == "Cc" for character in line)
    assert one_line("label", line, 30) == line


def test_line_ends_of_a_label_become_one_blank() -> None:
    assert one_line("label", "milk\r\n\teggs\u2028", 100) == "milk eggs "


def test_a_label_may_have_all_that_people_write() -> None:
    text = "약 먹기 💊 👩‍🚀 \u200f\u202b"

    assert one_line("label", text, len(text)) == text
    with pytest.raises(WishError, match="the label has 13 characters; 12 are taken at most"):
        one_line("label", text, len(text) - 1)


@pytest.mark.parametrize("at", ["2026-11-21", "2026-11-21+09:00", "20261121", "2026-11-21T07:00", "2026-11-21 07:00"])
def test_what_is_advised_for_a_time_without_a_zone_is_taken(at: str) -> None:
    with pytest.raises(WishError, match="has no time zone; add one, as in ") as refused:
        schedule_at(at, None, "UTC", FRIDAY)
    advised = str(refused.value).partition("as in ")[2].partition(",")[0]
    assert f"{schedule_at(advised, None, 'Asia/Seoul', FRIDAY).start:%Y-%m-%d}" == "2026-11-21"


def test_an_instant_is_told_on_the_clocks_of_its_zone() -> None:
    assert schedule_in("1h", "Asia/Seoul", FRIDAY) == Schedule(datetime(2026, 11, 20, 16, 0), "Asia/Seoul")  # noqa: DTZ001


def test_the_second_of_two_equal_wall_times_is_told_in_utc() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 in Berlin, for the second time
    schedule = schedule_at(second.isoformat(), None, "Europe/Berlin", second - timedelta(days=1))
    assert first_occurrence(schedule, second - timedelta(days=1), HALF_AN_HOUR) == second
