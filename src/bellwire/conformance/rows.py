"""Whether a payload is as the rows of its message's field table have it.

It knows paths, types and presence; it must not know which message it looks at.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from bellwire.conformance.case import expect
from bellwire.protocol.profiles.profile import Field, Form, Presence

_MISSING = object()

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, dict),
    "long": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string array": lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    "object array": lambda value: isinstance(value, list) and all(isinstance(each, dict) for each in value),
}


def check_rows(form: Form, payload: Any) -> None:
    """Raise Unmet that names the field which is missing, too much, or of another type or value than its row says."""
    expect(isinstance(payload, dict), "a payload that is an object", f"{payload!r:.200}")
    # Conditional ones last: on what they depend is to be named first.
    for row in sorted(form.fields, key=lambda row: row.presence is Presence.CONDITIONAL):
        for where, value, around in _values(payload, row.path, "payload"):
            _check(row, where, value, around)


def _check(row: Field, where: str, value: Any, around: Mapping[str, Any]) -> None:
    kind = around.get("type")
    if value is _MISSING:
        is_needed = row.presence is Presence.ALWAYS or (
            row.presence is Presence.CONDITIONAL and kind in row.with_types and not row.path.endswith(_TEXTLESS)
        )
        expect(not is_needed, f"{where}, as the table has it", "it is missing")
        return
    if row.presence is Presence.CONDITIONAL:
        expect(kind in row.with_types, f"{where} with {' and '.join(row.with_types)} only", f"it came with {kind}")
    expect(_TYPES[row.type](value), f"{where} that is {row.type}", f"{value!r:.200}")
    if row.one_of and row.otherwise is None:
        expect(value in row.one_of, f"{where} that is one of {', '.join(row.one_of)}", f"{value!r:.200}")
    if row.is_time:
        expect(is_time(value), f"{where} that is a time with its zone", f"{value!r:.200}")
    if row.rule is not None:
        expect(row.rule.holds(value), f"{where} that is {row.rule.text}", f"{value!r:.200}")


_TEXTLESS = ("assets[]", "assetPlayOrder[]")
"""Conditional fields that a cloud without a voice has nothing for: that they come at all is a case of its own."""


def is_time(text: Any) -> bool:
    """Whether it is a date and time of day with an offset, as ISO 8601 writes them."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _values(inside: Any, path: str, where: str) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """Every value at the path, with where it is and the object that it belongs to."""
    if not isinstance(inside, dict):
        return
    name, dot, rest = path.partition(".")
    key, is_list = name.removesuffix("[]"), name.endswith("[]")
    value = inside.get(key, _MISSING)
    if not dot:
        yield f"{where}.{key}", value, inside
    elif is_list:
        for index, entry in enumerate(value if isinstance(value, list) else ()):
            yield from _values(entry, rest, f"{where}.{key}[{index}]")
    else:
        yield from _values(value, rest, f"{where}.{key}")
