"""The tables of the documents, row by row, written down by hand: the profiles have these rows and no others."""

from collections.abc import Mapping

import pytest

from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Context, Form, Presence, Profile

Row = tuple[str, str, str, str]
"""The field's path and type, whether it is there, and what it may be: as the document has it."""
Table = tuple[Row, ...]

FOUR = "ACTIONTIMER ALARM REMINDER TIMER"
ONE_ALERT: Table = (("token", "string", "always", ""), ("type", "string", "always", FOUR))
NONE: Table = ()


def set_alert(spoken: str) -> Table:
    return (
        ("assets[]", "object array", "conditional", f"with {spoken}"),
        ("assets[].assetId", "string", "always", ""),
        ("assets[].url", "string", "always", ""),
        ("assetPlayOrder[]", "string array", "conditional", f"with {spoken}"),
        ("label", "string", "conditional", "with ACTIONTIMER REMINDER"),
        ("scheduledTime", "string", "always", "time"),
        ("token", "string", "always", ""),
        ("type", "string", "always", FOUR),
    )


def all_alerts(table: Table, where: str = "allAlerts[]") -> Table:
    inside = tuple((f"{where}.{path}", kind, there, values) for path, kind, there, values in table)
    return ((where, "object array", "always", ""), *inside)


def alerts_state(types: str) -> Table:
    state: Table = (
        ("token", "string", "always", ""),
        ("type", "string", "always", types),
        ("scheduledTime", "string", "always", "time"),
    )
    return (*all_alerts(state), *all_alerts(state, "activeAlerts[]"))


# Alerts of the Japanese guide of 2019: 12 messages. Those of 2018-02 are the same.

SPOKEN_2019 = set_alert("ACTIONTIMER REMINDER")
EVENTS_2019: dict[str, Table] = {
    "Alerts.AlertStarted": ONE_ALERT,
    "Alerts.AlertStopped": ONE_ALERT,
    "Alerts.DeleteAlertFailed": ONE_ALERT,
    "Alerts.DeleteAlertSucceeded": ONE_ALERT,
    "Alerts.RequestAlertStop": ONE_ALERT,
    "Alerts.RequestSynchronizeAlert": NONE,
    "Alerts.SetAlertFailed": ONE_ALERT,
    "Alerts.SetAlertSucceeded": ONE_ALERT,
}
DIRECTIVES_2019: dict[str, Table] = {
    "Alerts.DeleteAlert": ONE_ALERT,
    "Alerts.SetAlert": SPOKEN_2019,
    "Alerts.StopAlert": ONE_ALERT,
    "Alerts.SynchronizeAlert": all_alerts(SPOKEN_2019),
}

# Alerts of the Korean guide of 2022: 13 messages; a button that deletes, and timers that speak.

SPOKEN_2022 = set_alert("ACTIONTIMER REMINDER TIMER")
EVENTS_2022 = {**EVENTS_2019, "Alerts.RequestDeleteAlert": ONE_ALERT}
DIRECTIVES_2022 = {
    **DIRECTIVES_2019,
    "Alerts.SetAlert": SPOKEN_2022,
    "Alerts.SynchronizeAlert": all_alerts(SPOKEN_2022),
}

# System of the English guide of 2018: 2 messages, in all versions of this family.

SYSTEM_2018_EVENTS: dict[str, Table] = {"System.RequestSynchronizeState": NONE}


def around_2018(spoken: Table) -> dict[str, Table]:
    """Its directive, and what is known of the greeting and the exceptions (facts 1)."""
    return {
        "System.SynchronizeState": all_alerts(spoken),
        "System.Exception": (("code", "number", "always", "a number"), ("description", "string", "always", "")),
        "Clova.Hello": NONE,
    }


# System of the Chinese guide of 2020 (7 messages), Alerts as AVS v20160207 (16 messages).

TOKEN: Table = (("token", "string", "always", ""),)
TOKENS: Table = (("tokens[]", "string array", "always", ""),)
THREE = "ALARM REMINDER TIMER else ALARM"
VOLUME: Table = (("volume", "long", "always", "between 0 and 100"),)
EVENTS_2020: dict[str, Table] = {
    "Alerts.AlertEnteredBackground": TOKEN,
    "Alerts.AlertEnteredForeground": TOKEN,
    "Alerts.AlertStarted": TOKEN,
    "Alerts.AlertStopped": TOKEN,
    "Alerts.DeleteAlertFailed": TOKEN,
    "Alerts.DeleteAlertSucceeded": TOKEN,
    "Alerts.DeleteAlertsFailed": TOKENS,
    "Alerts.DeleteAlertsSucceeded": TOKENS,
    "Alerts.SetAlertFailed": TOKEN,
    "Alerts.SetAlertSucceeded": TOKEN,
    "Alerts.VolumeChanged": VOLUME,
    "System.SynchronizeState": NONE,
    "System.UserInactivityReport": (("inactiveTimeInSeconds", "long", "always", "a multiple of 3600"),),
    "System.SoftwareInfo": (
        ("firmwareVersion", "string", "always", 'a positive number of 32 bits in decimal digits, such as "8701"'),
    ),
    "System.ExceptionEncountered": (
        ("unparsedDirective", "string", "always", ""),
        ("error", "object", "always", ""),
        ("error.type", "string", "always", "INTERNAL_ERROR UNEXPECTED_INFORMATION_RECEIVED else INTERNAL_ERROR"),
        ("error.message", "string", "always", ""),
    ),
}
DIRECTIVES_2020: dict[str, Table] = {
    "Alerts.AdjustVolume": (("volume", "long", "always", "between -100 and 100"),),
    "Alerts.DeleteAlert": TOKEN,
    "Alerts.DeleteAlerts": TOKENS,
    "Alerts.SetAlert": (
        ("token", "string", "always", ""),
        ("type", "string", "always", THREE),
        ("scheduledTime", "string", "always", "time"),
        ("assets[]", "object array", "optional", ""),
        ("assets[].assetId", "string", "always", ""),
        ("assets[].url", "string", "always", ""),
        ("assetPlayOrder[]", "string array", "optional", ""),
        ("backgroundAlertAsset", "string", "optional", ""),
        ("loopCount", "long", "optional", ""),
        ("loopPauseInMilliSeconds", "long", "optional", ""),
    ),
    "Alerts.SetVolume": VOLUME,
    "System.ResetUserInactivity": NONE,
    "System.SetEndpoint": (("endpoint", "string", "always", ""),),
    "System.ReportSoftwareInfo": NONE,
    "System.Exception": (("code", "string", "always", "a string"), ("description", "string", "always", "")),
}

EVENTS = {
    "cic-ko-2022": {**EVENTS_2022, **SYSTEM_2018_EVENTS},
    "cic-ja-2019": {**EVENTS_2019, **SYSTEM_2018_EVENTS},
    "cic-en-2018": {**EVENTS_2019, **SYSTEM_2018_EVENTS},
    "tvs-2020": EVENTS_2020,
}
DIRECTIVES = {
    "cic-ko-2022": {**DIRECTIVES_2022, **around_2018(SPOKEN_2022)},
    "cic-ja-2019": {**DIRECTIVES_2019, **around_2018(SPOKEN_2019)},
    "cic-en-2018": {**DIRECTIVES_2019, **around_2018(SPOKEN_2019)},
    "tvs-2020": DIRECTIVES_2020,
}
CONTEXT = {
    name: {"Alerts.AlertsState": alerts_state(THREE if name == "tvs-2020" else FOUR)}
    for name in ("cic-ko-2022", "cic-ja-2019", "cic-en-2018", "tvs-2020")
}
WITHOUT_CONTEXT = {
    "System.RequestSynchronizeState": Context.EMPTY,
    "System.UserInactivityReport": Context.NONE,
    "System.SoftwareInfo": Context.NONE,
}
"""Every other event brings the whole state of the device."""


def tables(forms: Mapping[tuple[str, str], Form]) -> dict[str, list[Row]]:
    return {
        ".".join(key): sorted((row.path, row.type, row.presence.value, values(form, row.path)) for row in form.fields)
        for key, form in forms.items()
    }


def values(form: Form, path: str) -> str:
    [row] = [row for row in form.fields if row.path == path]
    words = " ".join(sorted(row.one_of))
    words += f" else {row.otherwise}" if row.otherwise else ""
    words += f"with {' '.join(sorted(row.with_types))}" if row.with_types else ""
    words += "time" if row.is_time else ""
    return words + (row.rule.text if row.rule else "")


def by_hand(rows: Mapping[str, Table]) -> dict[str, list[Row]]:
    return {name: sorted(table) for name, table in rows.items()}


everywhere = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)


@everywhere
def test_the_events_are_those_of_the_document(profile: Profile) -> None:
    assert tables(profile.events) == by_hand(EVENTS[profile.name])


@everywhere
def test_the_directives_are_those_of_the_document(profile: Profile) -> None:
    assert tables(profile.directives) == by_hand(DIRECTIVES[profile.name])


@everywhere
def test_the_context_is_that_of_the_document(profile: Profile) -> None:
    assert tables(profile.context) == by_hand(CONTEXT[profile.name])
    for key, form in profile.events.items():
        assert form.context is WITHOUT_CONTEXT.get(".".join(key), Context.WHOLE), key


def test_the_documents_count_their_messages() -> None:
    def of(profile: str, namespace: str) -> int:
        return sum(name.startswith(namespace) for name in (*EVENTS[profile], *DIRECTIVES[profile]))

    assert [of(profile, "Alerts.") for profile in EVENTS] == [13, 12, 12, 16]
    without_exception = [of(profile, "System.") - 1 for profile in EVENTS]
    assert without_exception == [2, 2, 2, 7]


@everywhere
def test_a_row_inside_another_follows_it(profile: Profile) -> None:
    for form in (*profile.events.values(), *profile.directives.values(), *profile.context.values()):
        seen = set()
        for field in form.fields:
            assert "." not in field.path or field.path.rpartition(".")[0] in seen
            seen.add(field.path)


@everywhere
def test_every_form_names_its_source(profile: Profile) -> None:
    for forms in (profile.events, profile.directives, profile.context):
        assert all(form.source for form in forms.values())


@everywhere
def test_only_conditional_fields_come_with_some_types(profile: Profile) -> None:
    for forms in (profile.events, profile.directives, profile.context):
        for form in forms.values():
            for row in form.fields:
                assert bool(row.with_types) == (row.presence is Presence.CONDITIONAL)
