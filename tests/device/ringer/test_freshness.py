from email.message import Message

import pytest

from bellwire.device.ringer.freshness import fresh_seconds

NOON, ONE = "Sun, 01 Nov 2026 12:00:00 GMT", "Sun, 01 Nov 2026 13:00:00 GMT"


def headers(*fields: str) -> Message:
    message = Message()
    for field in fields:
        name, _, value = field.partition(": ")
        message[name] = value
    return message


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ([], None),
        (["Cache-Control: public"], None),
        (["Cache-Control: max-age=60"], 60),
        (["cache-control: public, MAX-AGE=60, immutable"], 60),
        (["Cache-Control: public", 'Cache-Control: max-age="60"'], 60),
        (["Cache-Control: max-age=60", "Age: 20"], 40),
        (["Cache-Control: max-age=60", "Age: 200"], 0),
        (["Cache-Control: max-age=60", "Age: soon"], 60),
        (["Cache-Control: s-maxage=60"], None),
        (["Cache-Control: no-store, max-age=60"], 0),
        (["Cache-Control: No-Cache"], 0),
        (["Cache-Control: max-age=never"], None),
        (["Cache-Control: max-age=60", f"Date: {NOON}", f"Expires: {ONE}"], 60),
        ([f"Date: {NOON}", f"Expires: {ONE}"], 3600),
        ([f"Date: {NOON}", f"Expires: {ONE}", "Age: 600"], 3000),
        ([f"Date: {ONE}", f"Expires: {NOON}"], 0),
        ([f"Date: {NOON}", "Expires: 0"], 0),
        ([f"Date: {NOON}", "Expires: Sun, 99 Nov 2026 12:00:00 GMT"], 0),
        ([f"Expires: {ONE}"], 0),
    ],
)
def test_how_long_an_answer_is_fresh(fields: list[str], seconds: float | None) -> None:
    assert fresh_seconds(headers(*fields)) == seconds
