"""What can still be read of a directive that is not as its version has it: enough to say which one failed.

It knows where a message's alerts are named; it must not know what is said about them.
"""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from bellwire.protocol.messages import Token
from bellwire.protocol.messages.alerts import MOST_TOKENS
from bellwire.protocol.messages.envelope import Unread
from bellwire.protocol.profiles.profile import Field, Form

MAX_LISTED = 2**20
"""Bytes of a list that is read one by one: of rubbish each byte or two would be an entry, and cost a hundred more."""

_NOTHING = msgspec.Raw()
T = TypeVar("T")


class _Address(msgspec.Struct, frozen=True, gc=False):
    namespace: str
    name: str


class _Body(msgspec.Struct, frozen=True, gc=False):
    header: _Address
    payload: msgspec.Raw = _NOTHING


class _Directive(msgspec.Struct, frozen=True, gc=False):
    directive: _Body


class _Payload(msgspec.Struct, frozen=True, gc=False):
    token: msgspec.Raw = _NOTHING
    tokens: msgspec.Raw = _NOTHING
    type: msgspec.Raw = _NOTHING


_directive = msgspec.json.Decoder(_Directive)
_payload = msgspec.json.Decoder(_Payload)
_token: msgspec.json.Decoder[str] = msgspec.json.Decoder(Token)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_text = msgspec.json.Decoder(str)


def left_of(json: bytes, forms: Mapping[tuple[str, str], Form], problem: str) -> Unread | None:
    """What is left of a directive; None where it can't be told which of these it is."""
    found = _read(_directive, json)
    if found is None:
        return None
    address = found.directive.header
    form = forms.get((address.namespace, address.name))
    return left_of_payload(found.directive.payload, form, problem) if form else None


def left_of_payload(payload: msgspec.Raw, form: Form, problem: str) -> Unread:
    """What is left of a payload: tokens that can be read, at most MOST_TOKENS, and a type that the version has."""
    values = _read(_payload, payload) or _Payload()
    rows = {row.path: row for row in form.fields}
    written: list[msgspec.Raw] = []
    if "token" in rows:
        written = [values.token]
    elif "tokens[]" in rows:
        written = one_by_one(values.tokens)
    tokens = (_read(_token, each) for each in written[:MOST_TOKENS])
    kind = _known(rows["type"], _read(_text, values.type)) if "type" in rows else None
    return Unread(form.message, tuple(token for token in tokens if token is not None), kind, problem)


def one_by_one(json: msgspec.Raw) -> list[msgspec.Raw]:
    """The entries of a list, each as it is written; none where there is no list, or a very long one."""
    return (_read(_list, json) or []) if memoryview(json).nbytes <= MAX_LISTED else []


def _known(row: Field, kind: str | None) -> str | None:
    if kind is None or kind in row.one_of:
        return kind
    return row.otherwise


def _read(decoder: msgspec.json.Decoder[T], json: bytes | msgspec.Raw) -> T | None:
    try:
        return decoder.decode(json)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
