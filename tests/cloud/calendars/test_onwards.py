"""What is changed of all occurrences that are to come (RANGE=THISANDFUTURE): the series ends, and goes on otherwise."""

from itertools import islice

import pytest

from bellwire.alerts.recurrence import occurrences
from bellwire.cloud.calendars.entries import Entry
from tests.cloud.calendars.files import NOW, entries

BERLIN = "TZID=Europe/Berlin"
SERIES = f"UID:a\nSUMMARY:Tea\nDTSTART;{BERLIN}:20261130T090000\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=9"


def onwards(day: str, begins: str, label: str = "Later", more: str = "") -> str:
    which = f"RECURRENCE-ID;{BERLIN};RANGE=THISANDFUTURE:{day}T090000"
    return f"UID:a\nSUMMARY:{label}\n{which}\nDTSTART;{BERLIN}:{begins}{more}"


def rings(entry: Entry) -> list[str]:
    """When it rings, in Berlin in winter."""
    assert entry.schedule is not None, entry.why
    return [f"{each:%m-%d} {each.hour + 1:02}:{each:%M}" for each in islice(occurrences(entry.schedule, NOW), 20)]


def test_without_it_the_series_is_whole() -> None:
    [series] = entries(SERIES)
    assert rings(series) == [
        "11-30 09:00", "12-02 09:00", "12-14 09:00", "12-16 09:00", "12-28 09:00", "12-30 09:00",
        "01-11 09:00", "01-13 09:00", "01-25 09:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("begins", "later"),
    [
        ("20261216T103000", ["12-16 10:30", "12-28 10:30", "12-30 10:30", "01-11 10:30", "01-13 10:30", "01-25 10:30"]),
        ("20261217T083000", ["12-17 08:30", "12-29 08:30", "12-31 08:30", "01-12 08:30", "01-14 08:30", "01-26 08:30"]),
        ("20261215T220000", ["12-15 22:00", "12-27 22:00", "12-29 22:00", "01-10 22:00", "01-12 22:00", "01-24 22:00"]),
    ],
    ids=["at another time", "on another day", "on the day before"],
)
def test_from_there_on_it_comes_at_another_time(begins: str, later: list[str]) -> None:
    before, after = entries(SERIES, onwards("20261216", begins))
    assert rings(before) == ["11-30 09:00", "12-02 09:00", "12-14 09:00"]
    assert (rings(after), after.label, after.recurrence) == (later, "Later", "2026-12-16T09:00:00")


def test_what_is_left_out_or_moved_alone_stays_so() -> None:
    alone = f"UID:a\nSUMMARY:Once\nRECURRENCE-ID;{BERLIN}:20261230T090000\nDTSTART;{BERLIN}:20261231T120000"
    left_out = f"{SERIES}\nEXDATE;{BERLIN}:20261228T090000"
    _, after, moved = entries(left_out, onwards("20261216", "20261216T100000"), alone)
    assert rings(after) == ["12-16 10:00", "01-11 10:00", "01-13 10:00", "01-25 10:00"]
    assert rings(moved) == ["12-31 12:00"]


def test_its_own_alarms_count_from_its_own_time() -> None:
    alarm = "\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM"
    for begins, first in (("20261216T100000", "12-16 09:45"), ("20261217T100000", "12-17 09:45")):
        _, after = entries(SERIES, onwards("20261216", begins, more=alarm))
        assert rings(after)[0] == first


def test_it_may_be_changed_again_and_end() -> None:
    again = onwards("20261228", "20261228T110000", "Latest")
    end = onwards("20270111", "20270111T090000", more="\nSTATUS:CANCELLED")
    before, first, second, last = entries(SERIES, onwards("20261214", "20261214T100000"), again, end)
    assert rings(before) == ["11-30 09:00", "12-02 09:00"]
    assert rings(first) == ["12-14 10:00", "12-16 10:00"]
    assert rings(second) == ["12-28 11:00", "12-30 11:00"]
    assert (last.schedule, last.refused, last.why) == (None, False, "it is cancelled")


@pytest.mark.parametrize(
    "file",
    [
        (onwards("20261216", "20261216T100000"),),
        (SERIES, onwards("20261216", "20261216T100000", more="\nRRULE:FREQ=DAILY")),
        (SERIES, onwards("20261217", "20261217T100000")),
        (f"{SERIES}\nRDATE;{BERLIN}:20261220T090000", onwards("20261216", "20261216T100000")),
    ],
    ids=["no series", "a rule of its own", "no such occurrence", "dates"],
)
def test_what_cannot_be_taken_leaves_the_series_as_it_is(file: tuple[str, ...]) -> None:
    *series, refused = entries(*file)
    assert refused.refused
    assert "THISANDFUTURE" in refused.why
    if series:
        assert rings(series[0])[-1] == "01-25 09:00"
