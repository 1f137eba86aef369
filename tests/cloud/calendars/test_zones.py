from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bellwire.cloud.calendars.content import Component, components_of
from bellwire.cloud.calendars.zones import Zones, definition_of
from bellwire.cloud.wishes import WishError
from tests.cloud.calendars.files import NOW, calendar


def defined(definition: str) -> list[Component]:
    return components_of(calendar(definition), 99)


def observance(kind: str, onset: str, before: str, after: str, *more: str) -> str:
    offsets = f"TZOFFSETFROM:{before}\nTZOFFSETTO:{after}"
    return "\n".join([f"BEGIN:{kind}", f"DTSTART:{onset}", offsets, *more, f"END:{kind}"])


def zone(*observances: str, name: str = "Customized Time Zone") -> str:
    return "\n".join(["BEGIN:VTIMEZONE", f"TZID:{name}", *observances, "END:VTIMEZONE"])


LORD_HOWE = zone(
    observance("STANDARD", "20080406T020000", "+1100", "+1030", "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU"),
    observance("DAYLIGHT", "20081005T020000", "+1030", "+1100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU"),
)
"""As it is written by hand, under a name that says nothing."""


def test_a_zone_is_known_by_its_clocks() -> None:
    assert Zones(defined(LORD_HOWE), "UTC", NOW).named("Customized Time Zone") == "Australia/Lord_Howe"


def test_of_zones_with_the_same_clocks_the_account_s_own_is_meant() -> None:
    fixed = zone(observance("STANDARD", "19700101T000000", "+0900", "+0900"))
    assert Zones(defined(fixed), "Asia/Pyongyang", NOW).named("Customized Time Zone") == "Asia/Pyongyang"
    assert Zones(defined(fixed), "UTC", NOW).named("Customized Time Zone") == "Asia/Seoul"


def test_a_definition_may_say_where_it_is() -> None:
    berlin = zone("X-LIC-LOCATION:Europe/Berlin", observance("STANDARD", "19700101T000000", "+0100", "+0100"))
    assert Zones(defined(berlin), "UTC", NOW).named("Customized Time Zone") == "Europe/Berlin"


@pytest.mark.parametrize(
    "definition",
    [
        zone(observance("STANDARD", "19700101T000000", "+0913", "+0913")),
        zone(),
        zone(observance("STANDARD", "20990101T000000", "+0900", "+0900")),
    ],
    ids=["clocks of nowhere", "nothing", "not yet"],
)
def test_a_zone_that_is_nobody_s(definition: str) -> None:
    with pytest.raises(WishError, match="is none that is known; give it an IANA zone"):
        Zones(defined(definition), "UTC", NOW).named("Customized Time Zone")


@pytest.mark.parametrize(
    "definition",
    [
        zone(observance("STANDARD", "soon", "+0900", "+0900")),
        zone(observance("STANDARD", "19700101T000000", "much", "+0900")),
        zone(observance("STANDARD", "19700101T000000", "+0900", "+0900", "RRULE:FREQ=SECONDLY")),
        zone("BEGIN:STANDARD\nEND:STANDARD"),
    ],
)
def test_a_definition_that_cannot_be_read(definition: str) -> None:
    with pytest.raises(WishError, match="the time zone of line 3 cannot be read"):
        Zones(defined(definition), "UTC", NOW).named("Customized Time Zone")


def test_too_many_definitions() -> None:
    with pytest.raises(WishError, match="defines 51 time zones; 50 are taken at most"):
        Zones([each for name in range(51) for each in defined(zone(name=str(name)))], "UTC", NOW)


@pytest.mark.parametrize(
    "name",
    ["Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"],
)
def test_what_is_written_is_known_by_its_clocks_alone(name: str) -> None:
    """Under another name: what other programs read are the clocks."""
    text = definition_of(name, 2020, 2030).to_ical().decode().replace(f"TZID:{name}", "TZID:Customized Time Zone")
    found = Zones(defined(text.replace("\r\n", "\n").rstrip()), "UTC", NOW).named("Customized Time Zone")
    hours = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(0, 24 * 730, 3)]
    assert [hour.astimezone(ZoneInfo(found)).utcoffset() for hour in hours] == [
        hour.astimezone(ZoneInfo(name)).utcoffset() for hour in hours
    ]


def test_the_onset_of_summer_is_on_the_clocks_before_it() -> None:
    text = definition_of("Europe/Berlin", 2026, 2026).to_ical().decode()
    assert "BEGIN:DAYLIGHT\r\nDTSTART:20260329T020000\r\nTZNAME:CEST\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200" in text
    assert "DTSTART:20261025T030000\r\nTZNAME:CET\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100" in text
