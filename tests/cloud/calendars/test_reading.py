import re
from datetime import date, datetime, timedelta

import pytest

from bellwire.alerts.alert import Kind, Schedule
from bellwire.alerts.recurrence import next_occurrence
from bellwire.cloud.calendars.content import CalendarError, name_in
from bellwire.cloud.calendars.entries import Entry, Terms
from bellwire.cloud.calendars.reading import read_calendar
from tests.cloud.calendars.files import APPLE, GOOGLE, NOW, OUTLOOK, SEOUL, calendar, entries, wall

WEEKDAYS = "FREQ=WEEKLY;WKST=MO;BYDAY=FR,MO,TH,TU,WE"
AT_SEVEN = "UID:a\nSUMMARY:Tea\nDTSTART;TZID=Europe/Berlin:20261201T070000"


def read(text: str) -> list[Entry]:
    return read_calendar(text.replace("\n", "\r\n").encode(), Terms(zone=SEOUL, now=NOW))


def only(*components: str, unalarmed: timedelta | None = timedelta(), zone: str = SEOUL) -> Schedule:
    """The schedule of a file that asks for one alert."""
    [entry] = entries(*components, unalarmed=unalarmed, zone=zone)
    assert entry.schedule is not None, entry.why
    return entry.schedule


def refusal(*components: str) -> str:
    [entry] = entries(*components)
    assert entry.refused
    return entry.why


def test_a_calendar_of_google() -> None:
    standup, late, whole_day = read(GOOGLE)

    assert (standup.label, standup.line, standup.uid) == ("Stand-up, short", 26, "2j5kq0standup@google.com")
    assert standup.schedule == Schedule(
        wall(2026, 11, 30, 9, 30),
        "Europe/Berlin",
        WEEKDAYS,
        until=wall(2027, 6, 30, 23, 59, 59),
        except_times=(wall(2026, 12, 2, 9, 30), wall(2026, 12, 24, 9, 30), wall(2026, 12, 25, 9, 30)),
        ahead=timedelta(minutes=10),
    )
    assert late.recurrence == "2026-12-02T09:30:00"
    assert late.schedule == Schedule(wall(2026, 12, 2, 11), "Europe/Berlin", ahead=timedelta(minutes=10))
    # On the account's clocks, the day before, eight hours before midnight.
    assert whole_day.schedule == Schedule(wall(2026, 12, 24), SEOUL, floating=True, ahead=timedelta(hours=8))
    assert next_occurrence(whole_day.schedule, NOW) == datetime.fromisoformat("2026-12-23T16:00:00+09:00")


def test_a_calendar_of_apple() -> None:
    dinner, medicine = read(APPLE)

    assert dinner.label == "저녁 약속"
    assert dinner.schedule == Schedule(wall(2026, 12, 1, 19), SEOUL, ahead=timedelta(minutes=30))
    assert medicine.schedule == Schedule(wall(2026, 12, 2, 23), "UTC")


def test_a_calendar_of_outlook() -> None:
    budget, call = read(OUTLOOK)

    assert budget.schedule == Schedule(wall(2026, 12, 1, 10), "Asia/Tokyo", ahead=timedelta(hours=18))
    assert call.schedule is not None
    # Its zone has no name, but the clocks of Washington; 15 minutes before the end of an hour.
    assert call.schedule.zone == "America/New_York"
    assert call.schedule.ahead == timedelta(minutes=-45)
    assert (call.schedule.rule, call.schedule.until) == ("FREQ=MONTHLY;BYDAY=1TH", wall(2027, 5, 6, 10))


@pytest.mark.parametrize(
    ("start", "schedule"),
    [
        ("DTSTART:20261201T070000Z", Schedule(wall(2026, 12, 1, 7), "UTC")),
        ("DTSTART:20261201T070000", Schedule(wall(2026, 12, 1, 7), SEOUL, floating=True)),
        ("DTSTART;TZID=Asia/Tokyo:20261201T070000", Schedule(wall(2026, 12, 1, 7), "Asia/Tokyo")),
        (
            "DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20261201T070000",
            Schedule(wall(2026, 12, 1, 7), "Europe/Berlin"),
        ),
        (
            "DTSTART;TZID=/mozilla.org/20050126_1/America/Argentina/Salta:20261201T070000",
            Schedule(wall(2026, 12, 1, 7), "America/Argentina/Salta"),
        ),
        ("DTSTART;TZID=Korea Standard Time:20261201T070000", Schedule(wall(2026, 12, 1, 7), SEOUL)),
        # A whole day without an alarm begins when people do.
        (
            "DTSTART;VALUE=DATE:20261201",
            Schedule(wall(2026, 12, 1), SEOUL, floating=True, ahead=timedelta(hours=-9)),
        ),
    ],
)
def test_when_an_event_begins(start: str, schedule: Schedule) -> None:
    assert only(f"UID:a\n{start}") == schedule


def test_an_event_without_an_alarm_rings_as_it_is_asked() -> None:
    assert only(AT_SEVEN).ahead == timedelta()
    assert only(AT_SEVEN, unalarmed=timedelta(minutes=10)).ahead == timedelta(minutes=10)
    [silent] = entries(AT_SEVEN, unalarmed=None)
    assert (silent.schedule, silent.why, silent.refused) == (None, "it has no alarm", False)


def alarm(trigger: str, action: str = "DISPLAY") -> str:
    return f"BEGIN:VALARM\nACTION:{action}\n{trigger}\nEND:VALARM"


def test_each_alarm_is_an_alert_the_earliest_first() -> None:
    alarms = [alarm("TRIGGER:-PT15M"), alarm("TRIGGER:-P1D"), alarm("TRIGGER:-PT15M", "AUDIO")]
    found = entries("\n".join([AT_SEVEN, *alarms, alarm("TRIGGER:-PT5M", "EMAIL")]))

    assert [(each.alarm, each.schedule and each.schedule.ahead) for each in found] == [
        (0, timedelta(days=1)),
        (1, timedelta(minutes=15)),
    ]


def test_an_alarm_at_an_instant_rings_once_in_a_series_too() -> None:
    found = entries("\n".join([AT_SEVEN, "RRULE:FREQ=DAILY", alarm("TRIGGER;VALUE=DATE-TIME:20261130T200000Z")]))
    assert [each.schedule for each in found] == [Schedule(wall(2026, 11, 30, 20), "UTC")]


def test_what_comes_on_mondays_and_rings_before_rings_on_sundays() -> None:
    schedule = only(
        "\n".join(["UID:a\nDTSTART;TZID=UTC:20261130T001000\nRRULE:FREQ=WEEKLY;BYDAY=MO", alarm("TRIGGER:-PT15M")])
    )
    assert next_occurrence(schedule, NOW) == datetime.fromisoformat("2026-11-29T23:55:00+00:00")


@pytest.mark.parametrize(
    ("line", "days", "times"),
    [
        ("EXDATE;TZID=Europe/Berlin:20261208T070000", (), (wall(2026, 12, 8, 7),)),
        ("EXDATE:20261208T060000Z,20261215T060000Z", (), (wall(2026, 12, 8, 7), wall(2026, 12, 15, 7))),
        ("EXDATE;VALUE=DATE:20261208", (date(2026, 12, 8),), ()),
    ],
)
def test_exceptions_are_on_the_clocks_of_the_event(
    line: str, days: tuple[date, ...], times: tuple[datetime, ...]
) -> None:
    schedule = only(f"{AT_SEVEN}\nRRULE:FREQ=WEEKLY\n{line}")
    assert (schedule.except_days, schedule.except_times) == (days, times)


def test_an_occurrence_that_is_cancelled_is_an_exception() -> None:
    series, cancelled = entries(
        f"{AT_SEVEN}\nRRULE:FREQ=WEEKLY",
        "UID:a\nRECURRENCE-ID:20261208T060000Z\nDTSTART:20261208T060000Z\nSTATUS:CANCELLED",
    )
    assert series.schedule is not None
    assert series.schedule.except_times == (wall(2026, 12, 8, 7),)
    assert (cancelled.recurrence, cancelled.why, cancelled.refused) == ("2026-12-08T07:00:00", "it is cancelled", False)


def test_dates_that_are_added_are_alerts_of_their_own() -> None:
    times, period = "20261203T080000,20261208T070000", "20261204T060000Z/PT1H"
    lines = f"RDATE;TZID=Europe/Berlin:{times}\nRDATE;VALUE=PERIOD:{period}"
    series, *added = entries(f"{AT_SEVEN}\nRRULE:FREQ=WEEKLY\n{lines}")
    assert series.schedule == Schedule(wall(2026, 12, 1, 7), "Europe/Berlin", "FREQ=WEEKLY")
    # 8 December comes anyway.
    assert [(each.recurrence, each.schedule) for each in added] == [
        ("2026-12-03T08:00:00", Schedule(wall(2026, 12, 3, 8), "Europe/Berlin")),
        ("2026-12-04T07:00:00", Schedule(wall(2026, 12, 4, 7), "Europe/Berlin")),
    ]


def test_an_occurrence_in_whose_place_another_stands_is_not_added_as_well() -> None:
    """Of an event without a rule, too: here its first date and an added one are moved, another is left out."""
    found = entries(
        f"{AT_SEVEN}\nRDATE;TZID=Europe/Berlin:20261203T080000,20261204T080000\nEXDATE;TZID=Europe/Berlin:20261204T080000",
        "UID:a\nRECURRENCE-ID:20261201T060000Z\nDTSTART:20261201T100000Z",
        "UID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20261203T080000\nDTSTART:20261203T100000Z",
    )
    assert [(each.recurrence, each.why, each.schedule and each.schedule.start.hour) for each in found] == [
        ("", "it is left out", None),
        ("2026-12-01T07:00:00", "", 10),
        ("2026-12-03T08:00:00", "", 10),
    ]


def todo(*lines: str) -> str:
    return "\n".join(["BEGIN:VTODO", "UID:a", *lines, "END:VTODO"])


def test_a_to_do_rings_when_it_is_due() -> None:
    assert only(todo("DUE:20261201T070000Z")) == Schedule(wall(2026, 12, 1, 7), "UTC")
    begun = todo("DTSTART:20261201T060000Z", "DUE:20261201T070000Z")
    assert only(begun) == Schedule(wall(2026, 12, 1, 6), "UTC", ahead=timedelta(hours=-1))
    days = todo("DTSTART;VALUE=DATE:20261201", "DUE;VALUE=DATE:20261203")
    assert next_occurrence(only(days), NOW) == datetime.fromisoformat("2026-12-03T09:00:00+09:00")
    done = entries(todo("DUE:20261201T070000Z", "STATUS:COMPLETED"))
    assert [(each.schedule, each.why) for each in done] == [(None, "it is done")]


def test_kinds_are_those_of_our_own_files() -> None:
    assert entries(AT_SEVEN)[0].kind is Kind.REMINDER
    assert entries(f"{AT_SEVEN}\nX-BELLWIRE-KIND:ALARM")[0].kind is Kind.ALARM


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("DTSTART:20261201T070000Z", "its UID has 0 characters"),
        ("UID:a", "it has no time: neither DTSTART nor DUE"),
        ("UID:a\nDTSTART:2026XX", "its DTSTART cannot be read"),
        ("UID:a\nDTSTART:20261201T070000Z\nDTSTART:20261202T070000Z", "it has several DTSTART"),
        (f"{AT_SEVEN}\nRRULE:FREQ=SECONDLY", "FREQ=SECONDLY is too often for an alert"),
        (f"{AT_SEVEN}\nRRULE:FREQ=BANANA", "FREQ=BANANA is not known"),
        (f"{AT_SEVEN}\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "it has several RRULEs"),
        (f"{AT_SEVEN}\nEXDATE:yesterday", "its EXDATE cannot be read"),
        ("UID:a\nDTSTART;TZID=Nowhere/Land:20261201T070000", "its time zone 'Nowhere/Land' is none that is known"),
        (
            f"{AT_SEVEN}\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261201T060000Z",
            r"THISANDFUTURE\) of a series that is not in the file",
        ),
        (f"{AT_SEVEN}\n{alarm('TRIGGER:-P400D')}", "more than a year away"),
        (f"{AT_SEVEN}\nX-BELLWIRE-KIND:ACTIONTIMER", "can be imported as ALARM, TIMER, REMINDER"),
        (f"{AT_SEVEN}\nX-BELLWIRE-WORKDAYS-OF:XX\nRRULE:FREQ=DAILY", "public holidays of XX are not known"),
        (f"{AT_SEVEN}\nDTEND:99991231T235959Z", "is no day or time of the years"),
        (f"{AT_SEVEN}\nthis is no property", "line 7 is 'this is no property'"),
        ("UID:a\nDTSTART:20261201T070000Z\nSUMMARY:" + "x" * 1025, "the label has 1025 characters; 1024 are taken"),
        ("UID:a\nDTSTART:20261201T070000Z\nSUMMARY:\x07", r"U\+0007, a control"),
        (AT_SEVEN + "\nEXDATE:20261208T060000Z" * 8000, "more than 131072 characters"),
        (
            AT_SEVEN + "\nRRULE:FREQ=DAILY\nEXDATE:" + ",".join(["20261208T060000Z"] * 2001),
            "it has 2001 dates in EXDATE",
        ),
    ],
)
def test_what_cannot_be_taken_is_refused_by_itself(lines: str, why: str) -> None:
    refused, taken = entries(lines, "UID:good\nDTSTART:20261201T070000Z")
    assert refused.refused
    assert re.search(why, refused.why), refused.why
    assert refused.line == 3
    assert taken.schedule is not None


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the file is empty"),
        (b"<html>", r"line 1 is '<html>' where BEGIN:VCALENDAR is due"),
        (b"BEGIN:VEVENT\nEND:VEVENT", "line 1 begins VEVENT, which has no place there"),
        (calendar(AT_SEVEN)[:-40], "the file ends within the VEVENT of line 3: it was cut off"),
        (calendar("BEGIN:VEVENT\nEND:VALARM"), "line 4 ends VALARM, which is not open"),
        (calendar("SUMMARY:x").replace(b"x", b"\xff"), "line 4 is not UTF-8"),
        (b"BEGIN:VCALENDAR\n" + b"BEGIN:X\n" * 9, "line 9 begins a component within 8 others"),
        (calendar(*["UID:a"] * 10_001), "more than 10000 events"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_calendar_is_refused_whole(content: bytes, complaint: str) -> None:
    with pytest.raises(CalendarError, match=complaint):
        read_calendar(content, Terms(zone=SEOUL, now=NOW))


def test_who_reads_can_be_told_to_end() -> None:
    def enough() -> None:
        raise CalendarError("enough")

    with pytest.raises(CalendarError, match="enough"):
        read_calendar(calendar(AT_SEVEN), Terms(zone=SEOUL, now=NOW, patience=enough))


def test_a_byte_order_mark_and_bare_line_ends_are_no_mistake() -> None:
    content = b"\xef\xbb\xbf" + calendar(AT_SEVEN).replace(b"\r\n", b"\n")
    assert [each.label for each in read_calendar(content, Terms(zone=SEOUL, now=NOW))] == ["Tea"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("X-WR-CALNAME:Home\\, sweet", "Home, sweet"),
        ("X-WR-CALNAME;VALUE=TEXT:Work/Life", "Work-Life"),
        ("X-WR-CALNAME: ", None),
        ("VERSION:2.0", None),
    ],
)
def test_a_file_says_how_it_is_called(line: str, name: str | None) -> None:
    assert name_in(f"BEGIN:VCALENDAR\r\n{line}\r\nEND:VCALENDAR\r\n".encode()) == name


def test_what_is_within_other_components_is_left_alone() -> None:
    inside = f"{AT_SEVEN}\nBEGIN:VLOCATION\nUID:b\nSUMMARY:elsewhere\nBEGIN:X-DEEP\nUID:c\nEND:X-DEEP\nEND:VLOCATION"
    assert [(each.uid, each.label) for each in entries(inside, "BEGIN:VJOURNAL\nUID:d\nEND:VJOURNAL")] == [("a", "Tea")]
