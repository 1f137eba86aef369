"""What holds for every message, field and value of every profile."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.inspect import IntType, StrType, Type, VarTupleType
from msgspec.structs import replace

from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import InvalidMessage
from bellwire.protocol.messages import key_of
from bellwire.protocol.messages.envelope import Directive, Event
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Context, Field, Form, Presence, Profile
from tests.protocol.wire_values import (
    BROKEN_RULES,
    FORMS,
    JSON,
    OTHER,
    ROWS,
    WHERE,
    Row,
    example,
    foreign_fields,
    holder,
    name_in,
    payloads,
    times,
    type_of,
    wrapped,
)

lawful = settings(deadline=None, derandomize=True)
CODECS = {name: Codec(profile) for name, profile in PROFILES.items()}
every_form = pytest.mark.parametrize(
    ("profile", "direction", "form"),
    FORMS,
    ids=[f"{profile.name}-{direction}-{'.'.join(key_of(form.message))}" for profile, direction, form in FORMS],
)
every_row = pytest.mark.parametrize("row", ROWS, ids=str)


def read(profile: Profile, said: Any) -> Event | Directive:
    """An alert of a list that can't be read counts as a refusal."""
    codec, json_part = CODECS[profile.name], json.dumps(said).encode()
    if "event" in said:
        return codec.decode_event(json_part)
    directive = codec.decode_directive(json_part)
    for entry in directive.unread:
        path, _, problem = entry.problem.partition(": ")
        raise InvalidMessage(path, problem)
    return directive


def write(profile: Profile, said: Event | Directive) -> Any:
    codec = CODECS[profile.name]
    written = codec.encode_event(said) if isinstance(said, Event) else codec.encode_directive(said)
    assert b"\n" not in written
    return json.loads(written)


def states(profile: Profile) -> st.SearchStrategy[Any]:
    [form] = profile.context.values()
    header = {"namespace": "Alerts", "name": "AlertsState"}
    return payloads(profile, form).map(lambda payload: {"header": header, "payload": payload})


# What a version has is read and written the same


@every_form
@settings(lawful, max_examples=10)
@given(data=st.data())
def test_any_message_of_the_tables_is_read_and_written_the_same(
    profile: Profile, direction: str, form: Form, data: st.DataObject
) -> None:
    if direction == "context":
        started = profile.events["Alerts", "AlertStarted"]
        said = wrapped("event", started, example(profile, started), data.draw(states(profile)))
    else:
        state = data.draw(states(profile)) if form.context is Context.WHOLE and direction == "event" else None
        said = wrapped(direction, form, data.draw(payloads(profile, form)), state)
    message = read(profile, said)
    assert write(profile, message) == said
    assert read(profile, write(profile, message)).message == message.message


# What it has not is no part of the message, whatever stands there


FOREIGN = [(profile, *foreign) for profile in PROFILES.values() for foreign in foreign_fields(profile)]


def test_versions_lack_fields_of_each_other() -> None:
    """Else the law below would hold of nothing."""
    lacking = {(profile.name, ".".join(key_of(form.message)), path) for profile, _, form, path in FOREIGN}
    assert ("tvs-2020", "Alerts.AlertStarted", "type") in lacking
    assert ("tvs-2020", "System.SynchronizeState", "allAlerts") in lacking
    assert ("cic-ko-2022", "Alerts.SynchronizeAlert", "allAlerts[].loopCount") in lacking


@pytest.mark.parametrize(
    ("profile", "direction", "form", "path"),
    FOREIGN,
    ids=[f"{profile.name}-{kind}-{'.'.join(key_of(form.message))}-{path}" for profile, kind, form, path in FOREIGN],
)
@settings(lawful, max_examples=10)
@given(value=JSON)
def test_a_field_of_another_version_is_unknown_here(
    profile: Profile, direction: str, form: Form, path: str, value: Any
) -> None:
    payload = example(profile, form)
    plain = read(profile, wrapped(direction, form, payload, state_of(profile)))
    more = json.loads(json.dumps(payload))
    holder(more, Field(path))[path.rpartition(".")[2]] = value
    found = read(profile, wrapped(direction, form, more, state_of(profile)))
    assert found.message == plain.message


SOMETHING: dict[str, Any] = {
    "allAlerts": (),
    "backgroundAlertAsset": "text",
    "label": "text",
    "loopCount": 3,
    "loopPauseInMilliSeconds": 5,
    "type": "ALARM",
}
SAID = [(profile, form, path) for profile, kind, form, path in FOREIGN if kind != "context" and "." not in path]


@pytest.mark.parametrize(
    ("profile", "form", "path"),
    SAID,
    ids=[f"{profile.name}-{'.'.join(key_of(form.message))}-{path}" for profile, form, path in SAID],
)
def test_a_field_of_another_version_is_not_written(profile: Profile, form: Form, path: str) -> None:
    direction = "event" if form in profile.events.values() else "directive"
    plain = read(profile, wrapped(direction, form, example(profile, form), state_of(profile)))
    [attribute] = [
        name
        for name, on_the_wire in zip(form.message.__struct_fields__, form.message.__struct_encode_fields__, strict=True)
        if on_the_wire == path
    ]
    more = replace(plain, message=replace(plain.message, **{attribute: SOMETHING[path]}))
    assert more != plain
    assert write(profile, more) == write(profile, plain)


def state_of(profile: Profile) -> Any:
    [form] = profile.context.values()
    return {"header": {"namespace": "Alerts", "name": "AlertsState"}, "payload": example(profile, form)}


# Faults: each in the place of one field, all others as they should be


def put(row: Row, value: Any) -> Any:
    """A message with this value in the row's field."""
    payload = example(row.profile, row.form)
    holder(payload, row.field)[name_in(row.field)] = value
    return wrapped(row.direction, row.form, payload, state_of(row.profile))


def fault_of(row: Row, said: Any) -> tuple[str, str]:
    """The path that the refusal names, as the document writes it, and the sentence."""
    with pytest.raises(InvalidMessage) as caught:
        read(row.profile, said)
    path, where = caught.value.path, WHERE[row.direction]
    assert path.startswith(f"{where}.")
    return re.sub(r"\[[^]]*\]", "[]", path.removeprefix(f"{where}.")), str(caught.value)


def refused(row: Row, value: Any) -> None:
    path, sentence = fault_of(row, put(row, value))
    assert path == row.field.path.removesuffix("[]"), value
    assert len(sentence) < 500


def read_value(row: Row, value: Any) -> Any:
    """What a value is read as, where the field is in the payload itself."""
    return getattr(read(row.profile, put(row, value)).message, name_in(row.field))


@every_form
def test_a_whole_message_is_taken(profile: Profile, direction: str, form: Form) -> None:
    read(profile, wrapped(direction, form, example(profile, form), state_of(profile)))


@every_row
def test_a_field_that_must_be_there_is_missed_by_its_path(row: Row) -> None:
    payload = example(row.profile, row.form)
    del holder(payload, row.field)[name_in(row.field)]
    said = wrapped(row.direction, row.form, payload, state_of(row.profile))
    if row.field.presence is Presence.ALWAYS:
        path, sentence = fault_of(row, said)
        assert path == row.field.path.removesuffix("[]")
        assert sentence.endswith(": is missing")
    else:
        read(row.profile, said)


@every_row
def test_null_is_refused_where_the_field_must_be_there(row: Row) -> None:
    if row.field.presence is Presence.ALWAYS:
        refused(row, None)
    else:
        assert read(row.profile, put(row, None)) == read(row.profile, without(row))


def without(row: Row) -> Any:
    payload = example(row.profile, row.form)
    del holder(payload, row.field)[name_in(row.field)]
    return wrapped(row.direction, row.form, payload, state_of(row.profile))


FIT: dict[str, type] = {
    "string": str,
    "long": int,
    "number": int,
    "object": dict,
    "object array": list,
    "string array": list,
}
"""The values of the types that the documents name, as JSON is read here."""


@every_row
def test_a_value_of_another_type_is_refused_by_its_path(row: Row) -> None:
    values: tuple[Any, ...] = (True, 1.5, [], ["text"], {}, {"text": 1}, "text", "7", 7)
    for value in values:
        if type(value) is not FIT[row.field.type]:
            refused(row, value)


@pytest.mark.parametrize("row", [row for row in ROWS if row.field.path.endswith("[]")], ids=str)
def test_an_item_of_another_type_is_refused_by_its_path(row: Row) -> None:
    items: tuple[Any, ...] = (None, 7, [], True)
    for unfit in items:
        payload = example(row.profile, row.form)
        holder(payload, row.field)[name_in(row.field)].append(unfit)
        said = wrapped(row.direction, row.form, payload, state_of(row.profile))
        assert fault_of(row, said)[0] == row.field.path


@pytest.mark.parametrize("row", [row for row in ROWS if row.field.one_of], ids=str)
def test_a_value_that_is_none_of_those_named_is_refused_or_counts_as_one(row: Row) -> None:
    for unknown in ("alarm", "", "SNOOZE", "x" * 10_000):
        if row.field.otherwise is None:
            refused(row, unknown)
        elif "." not in row.field.path:
            assert read_value(row, unknown) == row.field.otherwise
        else:
            read(row.profile, put(row, unknown))


def rows_of(kind: type[Type]) -> pytest.MarkDecorator:
    rows = [row for row in ROWS if isinstance(type_of(row.form, row.field.path), kind)]
    return pytest.mark.parametrize("row", rows, ids=str)


@rows_of(StrType)
def test_a_text_has_bounds(row: Row) -> None:
    kind = type_of(row.form, row.field.path)
    assert isinstance(kind, StrType)
    if kind.min_length:
        refused(row, "")
    if kind.max_length is not None:
        read(row.profile, put(row, "x" * kind.max_length))
        refused(row, "x" * (kind.max_length + 1))


@rows_of(VarTupleType)
def test_a_list_has_bounds(row: Row) -> None:
    kind = type_of(row.form, row.field.path)
    assert isinstance(kind, VarTupleType)
    if kind.max_length is not None:
        whole = example(row.profile, row.form)
        [item] = holder(whole, row.field)[name_in(row.field)]
        read(row.profile, put(row, [item] * kind.max_length))
        refused(row, [item] * (kind.max_length + 1))


@rows_of(IntType)
def test_a_number_has_bounds(row: Row) -> None:
    for huge in (10**18 + 1, -(10**18) - 1, 2**63, 10**400):
        refused(row, huge)


@pytest.mark.parametrize("row", [row for row in ROWS if row.field.is_time], ids=str)
def test_what_is_no_instant_is_refused(row: Row) -> None:
    for odd in ("tomorrow", "2030-01-01T07:00:00", "2030-01-01", "", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z"):
        refused(row, odd)


@pytest.mark.parametrize("row", [row for row in ROWS if name_in(row.field) in BROKEN_RULES], ids=str)
def test_what_breaks_a_rule_is_refused(row: Row) -> None:
    assert row.field.rule
    broken = [value for value in BROKEN_RULES[name_in(row.field)] if not row.field.rule.holds(value)]
    assert broken
    for value in broken:
        refused(row, value)


def test_every_rule_has_values_that_break_it() -> None:
    """But for that of the exceptions' code, which is of its type: that is tried with values of others."""
    ruled = {name_in(row.field) for row in ROWS if row.field.rule}
    assert ruled == {*BROKEN_RULES, "code"}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@settings(lawful, max_examples=200)
@given(data=st.data(), value=JSON)
def test_any_value_is_taken_or_refused_by_its_path(profile: Profile, data: st.DataObject, value: Any) -> None:
    row = data.draw(st.sampled_from([row for row in ROWS if row.profile is profile]))
    try:
        message = read(profile, put(row, value))
    except InvalidMessage as error:
        path = error.path.removeprefix(WHERE[row.direction] + ".")
        assert re.sub(r"\[[^]]*\]", "[]", path).startswith(row.field.path.removesuffix("[]"))
    else:
        write(profile, message)


@every_form
@pytest.mark.parametrize("payload", [None, 7, "text", [], True])
def test_a_payload_that_is_no_object_is_refused(profile: Profile, direction: str, form: Form, payload: Any) -> None:
    with pytest.raises(InvalidMessage) as caught:
        read(profile, wrapped(direction, form, payload, state_of(profile)))
    assert caught.value.path == WHERE[direction]


# Times


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@settings(lawful, max_examples=60)
@given(time=times(), fraction=st.sampled_from(["", ".5", ".123", ".000001"]))
def test_a_time_is_the_same_instant_however_it_is_written(profile: Profile, time: datetime, fraction: str) -> None:
    form = profile.directives["Alerts", "SetAlert"]
    clock, offset = time.strftime("%Y-%m-%dT%H:%M:%S"), time.strftime("%z")
    in_utc = time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    for written in (
        f"{clock}{fraction}{offset}",
        f"{clock}{fraction}{offset[:3]}:{offset[3:]}",
        f"{in_utc}{fraction}Z",
    ):
        payload = {**example(profile, form), "scheduledTime": written}
        directive = read(profile, wrapped("directive", form, payload))
        read_time = directive.message.scheduled_time  # type: ignore[attr-defined]
        assert read_time == time + timedelta(seconds=float(fraction or 0))
        said = write(profile, directive)["directive"]["payload"]["scheduledTime"]
        assert datetime.fromisoformat(said) == time


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("cic-ko-2022", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"),
        ("cic-ja-2019", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"),
        ("cic-en-2018", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"),
        ("tvs-2020", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000"),
    ],
)
@settings(lawful, max_examples=30)
@given(time=times())
def test_times_are_written_in_the_form_of_the_version(name: str, form: str, time: datetime) -> None:
    assert re.fullmatch(form, PROFILES[name].format_time(time))


def test_the_other_context_objects_are_left_alone() -> None:
    profile = PROFILES["tvs-2020"]
    form = profile.events["System", "SynchronizeState"]
    event = read(profile, wrapped("event", form, {}, state_of(profile)))
    assert isinstance(event, Event)
    assert [json.loads(bytes(entry.payload)) for entry in event.context] == [OTHER["payload"]]
