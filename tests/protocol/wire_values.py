"""What may stand in each field of each message, made from the profiles' tables and the classes' types.

None is forgotten: a new row is tried by the laws from the moment that it stands in a table.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st
from msgspec.inspect import IntType, NoneType, StrType, StructType, Type, UnionType, VarTupleType

from bellwire.protocol.messages import key_of
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Context, Field, Form, Presence, Profile

Values = st.SearchStrategy[Any]

BY_RULE: dict[str, Values] = {
    "volume": st.integers(-100, 100),
    "inactiveTimeInSeconds": st.integers(1, 2**40).map(lambda hours: hours * 3600),
    "firmwareVersion": st.integers(1, 2**32 - 1).map(str),
    "code": st.integers(400, 599) | st.text(min_size=1, max_size=12),
}
"""Values among which those are that a rule allows."""

BROKEN_RULES: dict[str, list[Any]] = {
    "volume": [-101, 101, 10**18, -(2**63)],
    "inactiveTimeInSeconds": [0, -3600, 1, 3599, 3601, 10**15 + 1],
    "firmwareVersion": ["0", "50.3", "tvs-123.4x", "tsk.201-(1.23.4-test)", "", "-1", "４", str(2**32), "9" * 5000],
}


class Direction(NamedTuple):
    """Messages of one kind, as one profile has them."""

    name: str
    forms: dict[tuple[str, str], Form]


class Row(NamedTuple):
    """One field of one message of one profile."""

    profile: Profile
    direction: str
    form: Form
    field: Field

    def __str__(self) -> str:
        return f"{self.profile.name}-{self.direction}-{'.'.join(key_of(self.form.message))}-{self.field.path}"


def directions(profile: Profile) -> list[Direction]:
    return [
        Direction("event", dict(profile.events)),
        Direction("directive", dict(profile.directives)),
        Direction("context", dict(profile.context)),
    ]


FORMS = [
    (profile, direction.name, form)
    for profile in PROFILES.values()
    for direction in directions(profile)
    for form in direction.forms.values()
]
ROWS = [Row(profile, direction, form, field) for profile, direction, form in FORMS for field in form.fields]


def name_in(field: Field) -> str:
    return field.path.rpartition(".")[2].removesuffix("[]")


def type_of(form: Form, path: str) -> Type:
    """The type that the class gives to a field, where it is there."""
    kind: Type = msgspec.inspect.type_info(form.message)
    for step in path.replace("[]", "").split("."):
        kind = _present(kind.item_type if isinstance(kind, VarTupleType) else kind)
        assert isinstance(kind, StructType)
        [kind] = [_present(field.type) for field in kind.fields if field.encode_name == step]
    return kind


def _present(kind: Type) -> Type:
    if not isinstance(kind, UnionType):
        return kind
    present = [each for each in kind.types if not isinstance(each, NoneType)]
    return present[0] if len(present) == 1 else kind


def times() -> st.SearchStrategy[datetime]:
    """To the second, with any offset."""
    return st.builds(
        lambda seconds, minutes: datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes))),
        st.integers(86_400, 253_370_000_000),
        st.integers(-14 * 60, 14 * 60),
    )


def _value(profile: Profile, form: Form, field: Field) -> Values:
    kind = type_of(form, field.path)
    if isinstance(kind, VarTupleType):
        inner = payloads(profile, form, field.path + ".")
        item = inner if _has_inner(form, field) else _text(_present(kind.item_type))
        return st.lists(item, max_size=3)
    if isinstance(kind, StructType):
        return payloads(profile, form, field.path + ".")
    if field.one_of:
        return st.sampled_from(field.one_of)
    if field.is_time:
        return times().map(profile.format_time)
    if field.rule:
        return BY_RULE[name_in(field)].filter(field.rule.holds)
    return st.integers(kind.ge, kind.le) if isinstance(kind, IntType) else _text(kind)


def _has_inner(form: Form, field: Field) -> bool:
    return any(other.path.startswith(field.path + ".") for other in form.fields)


def _text(kind: Type) -> Values:
    assert isinstance(kind, StrType)
    return st.text(min_size=kind.min_length or 0, max_size=12)


def payloads(profile: Profile, form: Form, inside: str = "") -> st.SearchStrategy[dict[str, Any]]:
    """Payloads that the form's table allows: what is conditional comes only with the types that have it."""
    rows = [row for row in form.fields if row.path.startswith(inside) and "." not in row.path[len(inside) :]]
    wholes = st.fixed_dictionaries(
        {name_in(row): _value(profile, form, row) for row in rows if row.presence is Presence.ALWAYS},
        optional={name_in(row): _value(profile, form, row) for row in rows if row.presence is not Presence.ALWAYS},
    )
    types = {name_in(row): row.with_types for row in rows if row.with_types}
    return wholes.map(
        lambda whole: {name: whole[name] for name in whole if name not in types or whole["type"] in types[name]}
    )


def example(profile: Profile, form: Form) -> dict[str, Any]:
    """A payload with every field of the table; an array has one item."""
    payload: dict[str, Any] = {}
    for field in form.fields:
        holder(payload, field)[name_in(field)] = _example(profile, form, field)
    return payload


def _example(profile: Profile, form: Form, field: Field) -> Any:
    kind = type_of(form, field.path)
    if isinstance(kind, VarTupleType):
        return [{} if _has_inner(form, field) else "text"]
    if isinstance(kind, StructType):
        return {}
    if field.one_of:
        return field.one_of[-1]
    if field.is_time:
        return profile.format_time(datetime(2030, 1, 1, 7, tzinfo=timezone(timedelta(hours=9))))
    if field.rule:
        fit = (7, 7200, "8701", 400, "text")
        return next(value for value in fit if isinstance(value, _python_of(kind)) and _holds(field, value))
    return 3 if isinstance(kind, IntType) else "text"


def _holds(field: Field, value: Any) -> bool:
    return bool(field.rule is None or field.rule.holds(value))


def _python_of(kind: Type) -> type:
    return str if isinstance(kind, StrType) else int if isinstance(kind, IntType) else object


def holder(payload: Any, field: Field) -> Any:
    """The innermost object that has the field: of arrays, the first item."""
    for step in field.path.split(".")[:-1]:
        payload = payload[step.removesuffix("[]")]
        payload = payload[0] if step.endswith("[]") else payload
    return payload


def wrapped(direction: str, form: Form, payload: Any, state: Any = None) -> dict[str, Any]:
    """A whole message, as it stands on the wire, with as much context as its form wants."""
    namespace, name = key_of(form.message)
    header = {"namespace": namespace, "name": name, "messageId": "m"}
    body = {"header": header, "payload": payload}
    if direction == "directive":
        return {"directive": body}
    if direction == "context":
        started = {"header": {**header, "name": "AlertStarted"}, "payload": {"token": "t", "type": "ALARM"}}
        return {"event": started, "context": [OTHER, {"header": body_header(body), "payload": payload}]}
    if form.context is Context.NONE:
        return {"event": body}
    return {"event": body, "context": [state, OTHER] if form.context is Context.WHOLE else []}


OTHER = {"header": {"namespace": "Speaker", "name": "VolumeState"}, "payload": {"volume": 6}}
WHERE = {"event": "event.payload", "directive": "directive.payload", "context": "context[1].payload"}


def body_header(body: dict[str, Any]) -> dict[str, str]:
    return {name: body["header"][name] for name in ("namespace", "name")}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**60), 10**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["ALARM", "TIMER", "", "0", "3600", "2030-01-01T00:00:00Z", "x" * 5000])
    | times().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def foreign_fields(profile: Profile) -> Iterator[tuple[str, Form, str]]:
    """Fields of the classes that other versions have and this one has not, by direction, form and path."""
    for direction in directions(profile):
        for form in direction.forms.values():
            known = {row.path.replace("[]", "") for row in form.fields}
            for path in ("", *(row.path + "." for row in form.fields if _has_inner(form, row))):
                kind: Type = type_of(form, path[:-1]) if path else msgspec.inspect.type_info(form.message)
                kind = _present(kind.item_type) if isinstance(kind, VarTupleType) else kind
                assert isinstance(kind, StructType)
                for field in kind.fields:
                    if path.replace("[]", "") + field.encode_name not in known:
                        yield direction.name, form, path + field.encode_name
