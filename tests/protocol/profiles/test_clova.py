from datetime import UTC, datetime, timedelta, timezone

import pytest

from bellwire.protocol.messages.alerts import ALERT_TYPES
from bellwire.protocol.profiles import DEFAULT_PROFILE, PROFILES, profile_named
from bellwire.protocol.profiles.clova import CIC_KO_2022


@pytest.mark.parametrize(
    ("offset", "written"),
    [
        (timedelta(0), "2017-09-25T09:00:50+00:00"),
        (timedelta(hours=9), "2017-09-25T18:00:50+09:00"),
        (timedelta(hours=-9, minutes=-30), "2017-09-24T23:30:50-09:30"),
    ],
)
def test_times_are_written_with_their_offset_in_hours_and_minutes(offset: timedelta, written: str) -> None:
    instant = datetime(2017, 9, 25, 9, 0, 50, 999_999, tzinfo=UTC)
    assert CIC_KO_2022.format_time(instant.astimezone(timezone(offset))) == written


def test_the_devices_own_bells_have_urls_by_type() -> None:
    assert CIC_KO_2022.bell_of("REMINDER") == "clova://alert/bell/reminder"
    assert all(CIC_KO_2022.is_bell(CIC_KO_2022.bell_of(alert_type)) for alert_type in ALERT_TYPES)
    assert not CIC_KO_2022.is_bell("https://example.com/bell/sound")


def test_events_of_two_namespaces_are_served() -> None:
    assert CIC_KO_2022.namespaces == {"Alerts", "System"}


def test_a_profile_is_found_by_its_name() -> None:
    for name, profile in PROFILES.items():
        assert profile_named(name) is profile
        assert profile.name == name
    assert DEFAULT_PROFILE in PROFILES.values()


def test_an_unknown_profile_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no profile 'cic'; there are: .*cic-ko-2022"):
        profile_named("cic")
