"""A payload against the rows of its table."""

from typing import Any

import pytest

from bellwire.conformance.case import Unmet
from bellwire.conformance.rows import check_rows
from bellwire.protocol.profiles import PROFILES

GOOD: dict[str, Any] = {
    "token": "t",
    "type": "REMINDER",
    "scheduledTime": "2026-11-25T07:00:00+09:00",
    "label": "Tea",
    "assets": [{"assetId": "a", "url": "https://x/y"}],
    "assetPlayOrder": ["a"],
}
SET_ALERT = PROFILES["cic-ko-2022"].directives["Alerts", "SetAlert"]


def test_what_the_table_has_is_good() -> None:
    check_rows(SET_ALERT, GOOD)
    check_rows(SET_ALERT, {"token": "t", "type": "ALARM", "scheduledTime": "2026-11-25T07:00:00Z"})


@pytest.mark.parametrize(
    ("spoilt", "complaint"),
    [
        ({"token": None}, "payload.token that is string"),
        ({"type": "GONG"}, "payload.type that is one of ACTIONTIMER"),
        ({"scheduledTime": "2026-11-25T07:00:00"}, "payload.scheduledTime that is a time with its zone"),
        ({"assets": [{"assetId": "a"}]}, "payload.assets[0].url, as the table has it"),
        ({"assets": {}}, "payload.assets that is object array"),
        ({"assetPlayOrder": [1]}, "payload.assetPlayOrder that is string array"),
        ({"type": "ALARM"}, "payload.assets with REMINDER and ACTIONTIMER and TIMER only"),
    ],
)
def test_what_it_has_not_is_named(spoilt: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Unmet) as unmet:
        check_rows(SET_ALERT, {**GOOD, **spoilt})
    assert complaint in unmet.value.expected


@pytest.mark.parametrize("path", ["token", "type", "scheduledTime", "label"])
def test_what_is_missing_is_named(path: str) -> None:
    with pytest.raises(Unmet, match=f"payload.{path}"):
        check_rows(SET_ALERT, {key: value for key, value in GOOD.items() if key != path})


def test_a_payload_is_an_object() -> None:
    with pytest.raises(Unmet, match="an object"):
        check_rows(SET_ALERT, [])
