import json
from typing import Any

import pytest

from bellwire.device.grant import (
    LONGEST_WAIT,
    DeviceCode,
    Failed,
    Grant,
    Refused,
    Reply,
    code_form,
    code_of,
    grant_form,
    grant_of,
    renewal_form,
    revocation_form,
    revocation_of,
)

PAIR = {"access_token": "a", "refresh_token": "r", "expires_in": 3600, "token_type": "Bearer", "device_id": "d"}
CODE = {
    "device_code": "secret",
    "user_code": "BCDF-GHJK",
    "verification_uri": "https://cloud/pair",
    "verification_uri_complete": "https://cloud/pair?user_code=BCDF-GHJK",
    "expires_in": 900,
    "interval": 3,
}


def reply(status: int, body: Any, retry_after: str = "") -> Reply:
    return Reply(status, json.dumps(body).encode(), retry_after)


def test_the_forms_are_those_of_the_documents() -> None:
    client = {"client_id": "bellwire-speaker"}
    assert code_form("p", "Lamp") == {"profile": "p", "product": "Lamp", **client}
    device_code = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "c"}
    assert grant_form("c") == {**device_code, **client}
    assert renewal_form("r") == {"grant_type": "refresh_token", "refresh_token": "r", **client}
    assert revocation_form("r") == {"token": "r", **client}


def test_answers_that_give_what_was_asked_for() -> None:
    assert grant_of(reply(200, PAIR)) == Grant("a", 3600, "r", "d")
    assert grant_of(reply(200, {"access_token": "a", "expires_in": 60})) == Grant("a", 60)
    complete = "https://cloud/pair?user_code=BCDF-GHJK"
    assert code_of(reply(200, CODE)) == DeviceCode("secret", "BCDF-GHJK", "https://cloud/pair", 900, complete, 3)
    assert revocation_of(reply(200, {})) is None


def test_five_seconds_where_the_cloud_names_no_interval() -> None:
    told = code_of(reply(200, {name: value for name, value in CODE.items() if name != "interval"}))
    assert isinstance(told, DeviceCode)
    assert told.interval == 5


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_is_named(status: int) -> None:
    said = reply(status, {"error": "invalid_grant", "error_description": "it was used"})
    assert grant_of(said) == code_of(said) == revocation_of(said) == Refused("invalid_grant", "it was used")


def test_a_refusal_without_a_name_says_its_status() -> None:
    assert grant_of(Reply(404, b"<html>")) == Refused("", "the cloud answered 404")


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("", 0), ("7", 7), ("99999999999", LONGEST_WAIT), ("-1", 0), ("Sat, 21 Nov 2026 07:00:00 GMT", 0), ("١", 0)],
)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_no_refusal(status: int, retry_after: str, seconds: float) -> None:
    answer = grant_of(reply(status, {"error": "invalid_grant"}, retry_after))
    assert isinstance(answer, Failed)
    assert answer.retry_after == seconds


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": ""},
        {"access_token": "a b"},
        {"access_token": "a\r\nx: y"},
        {"access_token": "a" * 4097},
        {"refresh_token": "a\n"},
        {"expires_in": 0},
        {"expires_in": 10**12},
        {"expires_in": "3600"},
        {"device_id": "d" * 257},
    ],
)
def test_tokens_that_no_header_could_carry_are_no_answer(change: dict[str, Any]) -> None:
    answer = grant_of(reply(200, {**PAIR, **change}))
    assert isinstance(answer, Failed)
    assert "can't be read" in answer.reason


@pytest.mark.parametrize(
    "change",
    [
        {"user_code": "\x1b[2J"},
        {"user_code": "x" * 33},
        {"verification_uri": "javascript:alert(1)"},
        {"verification_uri": "https://cloud/ \x1b[2J"},
        {"expires_in": 1},
        {"interval": 0},
    ],
)
def test_codes_that_can_not_be_shown_are_no_answer(change: dict[str, Any]) -> None:
    assert isinstance(code_of(reply(200, {**CODE, **change})), Failed)


DEEP = b"[" * 60_000

UNREADABLE = [b"", b"[]", b"{", b"\xff", b"null", DEEP, b'{"error": "\xff"}', b'{"error": "x", "more": ' + DEEP]
UNREADABLE.append(b'{"access_token": "\xff", "expires_in": 1}')


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: body[:20])
def test_any_other_body_is_no_answer(body: bytes) -> None:
    assert isinstance(grant_of(Reply(200, body)), Failed)
    assert isinstance(grant_of(Reply(400, body)), Refused)


def test_nothing_secret_is_shown() -> None:
    shown = f"{Grant('secret', 1, 'secret')} {code_of(reply(200, CODE))} {Reply(200, b'secret')}"
    assert "secret" not in shown
