from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bellwire.protocol.messages.alerts import ALERT_TYPES
from bellwire.protocol.profiles import DEFAULT_PROFILE, PROFILES, profile_named
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Field, Form, Presence

Row = tuple[str, Presence, tuple[str, ...]]
"""A row of the guide: the field, whether it is there, and the types of alerts with which it is."""

ALWAYS, CONDITIONAL = Presence.ALWAYS, Presence.CONDITIONAL
SPOKEN = ("REMINDER", "ACTIONTIMER", "TIMER")

TOKEN_AND_TYPE: list[Row] = [("token", ALWAYS, ()), ("type", ALWAYS, ())]
SET_ALERT: list[Row] = [
    ("assets[]", CONDITIONAL, SPOKEN),
    ("assets[].assetId", ALWAYS, ()),
    ("assets[].url", ALWAYS, ()),
    ("assetPlayOrder[]", CONDITIONAL, SPOKEN),
    ("label", CONDITIONAL, ("REMINDER", "ACTIONTIMER")),
    ("scheduledTime", ALWAYS, ()),
    ("token", ALWAYS, ()),
    ("type", ALWAYS, ()),
]

EVENTS: dict[str, list[Row]] = {
    "AlertStarted": TOKEN_AND_TYPE,
    "AlertStopped": TOKEN_AND_TYPE,
    "DeleteAlertFailed": TOKEN_AND_TYPE,
    "DeleteAlertSucceeded": TOKEN_AND_TYPE,
    "RequestAlertStop": TOKEN_AND_TYPE,
    "RequestDeleteAlert": TOKEN_AND_TYPE,
    "RequestSynchronizeAlert": [],
    "SetAlertFailed": TOKEN_AND_TYPE,
    "SetAlertSucceeded": TOKEN_AND_TYPE,
}
DIRECTIVES: dict[str, list[Row]] = {
    "DeleteAlert": TOKEN_AND_TYPE,
    "SetAlert": SET_ALERT,
    "StopAlert": TOKEN_AND_TYPE,
    "SynchronizeAlert": [
        ("allAlerts[]", ALWAYS, ()),
        *((f"allAlerts[].{path}", presence, types) for path, presence, types in SET_ALERT),
    ],
}
"""The field tables of the guide of 2022, row by row."""

CONTEXT: dict[str, list[Row]] = {
    "AlertsState": [
        (f"{alerts}[]{field}", ALWAYS, ())
        for alerts in ("allAlerts", "activeAlerts")
        for field in ("", ".token", ".type", ".scheduledTime")
    ]
}
"""The guide's Context_Objects."""


def rows_of(forms: Mapping[tuple[str, str], Form]) -> dict[str, list[Row]]:
    return {
        name: sorted((field.path, field.presence, field.with_types) for field in form.fields)
        for (namespace, name), form in forms.items()
        if namespace == "Alerts"
    }


def all_fields() -> list[Field]:
    forms = [*CIC_KO_2022.events.values(), *CIC_KO_2022.directives.values(), *CIC_KO_2022.context.values()]
    return [field for form in forms for field in form.fields]


def test_every_row_of_the_guide_is_in_the_profile_and_no_other() -> None:
    assert rows_of(CIC_KO_2022.events) == {name: sorted(rows) for name, rows in EVENTS.items()}
    assert rows_of(CIC_KO_2022.directives) == {name: sorted(rows) for name, rows in DIRECTIVES.items()}


def test_every_type_is_one_of_the_four_and_every_scheduled_time_is_a_time() -> None:
    for field in all_fields():
        name = field.path.rpartition(".")[2]
        assert field.one_of == (ALERT_TYPES if name == "type" else ()), field.path
        assert field.is_time == (name == "scheduledTime"), field.path
    assert sorted(ALERT_TYPES) == ["ACTIONTIMER", "ALARM", "REMINDER", "TIMER"]


def test_what_is_not_in_the_guide_of_alerts_is_the_greeting_the_exception_and_the_context() -> None:
    others = {key for key in CIC_KO_2022.directives if key[0] != "Alerts"}
    assert others == {("Clova", "Hello"), ("System", "Exception")}
    assert rows_of(CIC_KO_2022.context) == {name: sorted(rows) for name, rows in CONTEXT.items()}


def test_a_row_inside_another_follows_it() -> None:
    for form in (*CIC_KO_2022.directives.values(), *CIC_KO_2022.context.values()):
        seen = set()
        for field in form.fields:
            assert "." not in field.path or field.path.rpartition(".")[0] in seen
            seen.add(field.path)


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


def test_only_alerts_are_served_as_events() -> None:
    assert CIC_KO_2022.namespaces == {"Alerts"}


def test_a_profile_is_found_by_its_name() -> None:
    for name, profile in PROFILES.items():
        assert profile_named(name) is profile
        assert profile.name == name
    assert DEFAULT_PROFILE in PROFILES.values()


def test_an_unknown_profile_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no profile 'cic'; there are: .*cic-ko-2022"):
        profile_named("cic")
