import pytest

from bellwire.protocol import errors
from bellwire.protocol.errors import InvalidMessage, Malformed, ProtocolError, UnknownMessage

STATUSES = {
    "ProtocolError": 400,
    "Malformed": 400,
    "MalformedMultipart": 400,
    "MalformedJson": 400,
    "InvalidMessage": 400,
    "UnknownMessage": 400,
    "Unauthenticated": 401,
    "NoDownchannel": 412,
    "TooLarge": 413,
    "TooManyRequests": 429,
    "TooManyDownchannels": 429,
    "Overloaded": 503,
}
"""What the documents answer to each."""


def test_every_error_is_answered_with_its_status() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ProtocolError)]
    assert {kind.__name__: kind.status for kind in kinds} == STATUSES


def test_the_tree_in_the_docstring_has_every_error_with_its_status() -> None:
    assert errors.__doc__ is not None
    for name, status in STATUSES.items():
        [line] = [line for line in errors.__doc__.splitlines() if f" {name} " in f" {line.strip('│├─└ ')} "]
        assert str(status) in line or issubclass(getattr(errors, name), Malformed) or name == "ProtocolError"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (InvalidMessage("event.payload.token", "is missing"), "event.payload.token: is missing"),
        (
            UnknownMessage("Alerts", "Explode", known_namespace=True),
            "Alerts.Explode is not a message of this version of the protocol",
        ),
    ],
)
def test_the_sentence_says_what_is_wrong_and_where(error: ProtocolError, sentence: str) -> None:
    assert str(error) == sentence
