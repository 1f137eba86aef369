"""Messages to JSON and JSON to messages, as one profile words them.

It knows JSON and the tables of a profile; it must not know what a message leads to.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from bellwire.protocol.errors import InvalidMessage, MalformedJson, UnknownMessage
from bellwire.protocol.messages import Message, key_of
from bellwire.protocol.messages.alerts import SetAlert
from bellwire.protocol.messages.context import AlertsState, ContextObject
from bellwire.protocol.messages.envelope import (
    Directive,
    Event,
    Header,
    NotServed,
    RawBody,
    RawDirective,
    RawEvent,
    Unread,
)
from bellwire.protocol.messages.system import Exception as SystemException
from bellwire.protocol.profiles.profile import Context, ErrorForm, Field, Form, Presence, Profile
from bellwire.protocol.unread import left_of, left_of_payload, one_by_one

YEARS = range(1970, 9999)
"""Times outside are refused: some are no instant at all once brought to another time zone."""

MOST_UNREAD = 1000
"""Of a list; one that has more is refused as a whole."""

_FOR_THEMSELVES = frozenset({400, 500})
_CAPITAL = re.compile("[A-Z]")
_AT = re.compile(r"^(?P<problem>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_decode_raw_event = msgspec.json.Decoder(RawEvent).decode
_decode_raw_directive = msgspec.json.Decoder(RawDirective).decode
_decode_raw_body = msgspec.json.Decoder(RawBody).decode
_decode_any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Codec:
    """Reads and writes the messages of one profile. Built once for each: it holds the prepared decoders."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._events = {key: _Wording(form, profile) for key, form in profile.events.items()}
        self._directives = {key: _Wording(form, profile) for key, form in profile.directives.items()}
        self._context = {key: _Wording(form, profile) for key, form in profile.context.items()}

    def decode_event(self, json: bytes) -> Event:
        """An event as a device sent it.

        Raises MalformedJson; InvalidMessage with the path of a missing or ill-typed field; UnknownMessage.
        Unknown fields are ignored, but all of it is UTF-8 (RFC 8259, 8.1): what is kept unread is read some day.
        """
        _check_encoding(json)
        raw = _decode(_decode_raw_event, json, "")
        message, header = self._message(self._events, raw.event, "event", self.profile.namespaces)
        alerts_state, others = self._read_context(raw)
        return Event(
            message=message,
            message_id=header.message_id,
            dialog_request_id=header.dialog_request_id or header.misspelt_dialog_request_id,
            alerts_state=alerts_state,
            context=others,
        )

    def decode_context(self, json: bytes) -> Event:
        """An event of a namespace that is not served, for its context; one that can't be read counts as none.

        Raises as `decode_event` for what is no event at all.
        """
        raw = _decode(_decode_raw_event, json, "")
        try:
            alerts_state, others = self._read_context(raw)
        except InvalidMessage:
            alerts_state, others = None, ()
        message_id = raw.event.header.message_id
        return Event(message=NotServed(), message_id=message_id, alerts_state=alerts_state, context=others)

    def decode_directive(self, json: bytes) -> Directive:
        """A directive as a cloud sent it. Raises as `decode_event`.

        Of a list of alerts those that are not as they should be are left out of the message; they are `unread`.
        """
        body = _decode(_decode_raw_directive, json, "").directive
        unread: tuple[Unread, ...] = ()
        try:
            message, header = self._message(self._directives, body, "directive", self.profile.namespaces)
        except (InvalidMessage, MalformedJson):
            listed = self._one_by_one(body)
            if listed is None:
                raise
            header, (message, unread) = body.header, listed
        return Directive(
            message=message,
            message_id=header.message_id,
            dialog_request_id=header.dialog_request_id or header.misspelt_dialog_request_id,
            unread=unread,
        )

    def left_of(self, json: bytes, problem: str) -> Unread | None:
        """What is left of a directive that `decode_directive` refuses; None where it can't be told which one it is."""
        return left_of(json, self.profile.directives, problem)

    def _one_by_one(self, body: RawBody) -> tuple[Message, tuple[Unread, ...]] | None:
        """The alerts of a list that can be read, and what is left of the others; None: it is no list, or too bad."""
        wording = self._directives.get((body.header.namespace, body.header.name))
        if wording is None or not wording.lists_alerts:
            return None
        whole: Any = wording.form.message
        one = self._directives[key_of(SetAlert)]
        good: list[Message] = []
        unread: list[Unread] = []
        for index, entry in enumerate(_entries(body.payload)):
            try:
                good.append(one.decode(entry, f"directive.payload.allAlerts[{index}]"))
            except (InvalidMessage, MalformedJson) as error:
                unread.append(left_of_payload(entry, one.form, str(error)))
            if len(unread) > MOST_UNREAD:
                return None
        return (whole(all_alerts=tuple(good)), tuple(unread)) if unread else None

    def encode_event(self, event: Event) -> bytes:
        """An event on one line, with as much of its context as the profile sends along.

        Raises KeyError for a message that the profile does not have.
        """
        body = self._body(self._events, event)
        kind = self._events[key_of(event.message)].form.context
        if kind is Context.NONE:
            return _encode({"event": body})
        return _encode({"context": self._context_of(event) if kind is Context.WHOLE else [], "event": body})

    def _context_of(self, event: Event) -> list[dict[str, Any]]:
        context: list[dict[str, Any]] = [
            {
                "header": {"namespace": entry.header.namespace, "name": entry.header.name},
                "payload": entry.payload,
            }
            for entry in event.context
        ]
        if event.alerts_state is not None:
            namespace, name = key_of(event.alerts_state)
            state = self._context[namespace, name].encode(event.alerts_state)
            context.insert(0, {"header": {"namespace": namespace, "name": name}, "payload": state})
        return context

    def encode_directive(self, directive: Directive) -> bytes:
        """A directive on one line. Raises KeyError for a message that the profile does not have."""
        return _encode({"directive": self._body(self._directives, directive)})

    def status_of(self, status: int) -> int:
        """The HTTP status by which this version says another one that it does not have."""
        return self.profile.statuses.get(status, status)

    def meaning_of(self, status: int) -> int:
        """The status for which this one stands, where it stands for one that this version does not have.

        400 and 500 stand for themselves: a badly formed event, and a failure, are what they mean first.
        """
        if status in _FOR_THEMSELVES:
            return status
        return next((other for other, said in self.profile.statuses.items() if said == status), status)

    def encode_refusal(self, status: int, description: str, message_id: str) -> bytes:
        """The exception that comes with an answer of this status, on one line, in the profile's form."""
        message = SystemException(code=self.profile.error_code(self.status_of(status)), description=description)
        directive = Directive(message=message, message_id=message_id)
        if self.profile.error_form is ErrorForm.BARE:
            return _encode(self._body(self._directives, directive))
        return self.encode_directive(directive)

    def decode_refusal(self, json: bytes) -> SystemException:
        """The exception of an answer. Raises as `decode_event`."""
        if self.profile.error_form is ErrorForm.DIRECTIVE:
            message = self.decode_directive(json).message
        else:
            body = _decode(_decode_raw_body, json, "")
            message, _ = self._message(self._directives, body, "", self.profile.namespaces)
        if not isinstance(message, SystemException):
            raise InvalidMessage("directive.header.name", "is not Exception")
        return message

    def _read_context(self, raw: RawEvent) -> tuple[AlertsState | None, tuple[ContextObject, ...]]:
        """The device's alerts, and the other objects as they came."""
        others = []
        alerts_state = None
        for index, entry in enumerate(raw.context or ()):
            wording = self._context.get((entry.header.namespace, entry.header.name))
            if wording is None:
                others.append(entry)
            elif wording.form.message is AlertsState:
                alerts_state = wording.decode(entry.payload, f"context[{index}].payload")
        return alerts_state, tuple(others)

    def _message(
        self,
        wordings: Mapping[tuple[str, str], "_Wording"],
        body: RawBody,
        path: str,
        namespaces: frozenset[str],
    ) -> tuple[Message, Header]:
        header = body.header
        wording = wordings.get((header.namespace, header.name))
        if wording is None:
            raise UnknownMessage(header.namespace, header.name, known_namespace=header.namespace in namespaces)
        message: Message = wording.decode(body.payload, f"{path}.payload".removeprefix("."))
        return message, header

    def _body(self, wordings: Mapping[tuple[str, str], "_Wording"], said: Event | Directive) -> dict[str, Any]:
        namespace, name = key_of(said.message)
        header = Header(
            namespace=namespace,
            name=name,
            message_id=said.message_id,
            dialog_request_id=said.dialog_request_id,
        )
        return {"header": header, "payload": wordings[namespace, name].encode(said.message)}


class _Wording:
    """One form, prepared: its decoder, the rows to check after it, and the rows that are written."""

    def __init__(self, form: Form, profile: Profile) -> None:
        self.form = form
        self._decode = msgspec.json.Decoder(form.message).decode
        kind = msgspec.inspect.type_info(form.message)
        self._rows = _rows(form.fields, kind)
        self.lists_alerts = "allAlerts" in self._rows
        self._foreign = _foreign(kind, self._rows)
        self._checked = tuple(row for row in self._rows.values() if row.to_check)
        self._lenient = any(field.otherwise is not None for field in form.fields)
        self._has_foreign = bool(self._foreign) or any(row.has_foreign for row in self._rows.values())
        self._format_time = profile.format_time

    def decode(self, payload: msgspec.Raw, path: str) -> Any:
        message = self._typed(payload, path)
        fault = _fault(message, self._checked)
        if fault is not None:
            raise InvalidMessage(path + fault[0], fault[1])
        if not self._lenient and not self._has_foreign:
            return message
        return _as_the_version_has_it(message, self._checked, self._foreign)

    def _typed(self, payload: msgspec.Raw, path: str) -> Any:
        """The message by its class. A field that only other versions have is unknown here: it may be anything."""
        try:
            return _decode(self._decode, payload, path)
        except InvalidMessage:
            if not self._has_foreign:
                raise
        known = _only(self._rows, _decode(_decode_any, payload, path))
        return _decode(self._decode, _encode(known), path)

    def encode(self, message: Message) -> dict[str, Any]:
        return self._worded(msgspec.to_builtins(message, builtin_types=(datetime,)), self._rows)

    def _worded(self, values: dict[str, Any], rows: Mapping[str, "_Row"]) -> dict[str, Any]:
        """The values that the table has, each as the profile writes it."""
        worded: dict[str, Any] = {}
        for name, value in values.items():
            row = rows.get(name)
            if row is None or (row.field.with_types and values.get("type") not in row.field.with_types):
                continue
            if isinstance(value, datetime):
                worded[name] = self._format_time(value)
            elif row.inner and isinstance(value, (list, tuple)):
                worded[name] = [self._worded(item, row.inner) for item in value]
            elif row.inner:
                worded[name] = self._worded(value, row.inner)
            else:
                worded[name] = row.known(value)
        return worded


class _Row:
    """A row of a field table, with the rows that are inside of it: ``assets[].url`` is inside of ``assets[]``."""

    def __init__(self, field: Field, inner: Mapping[str, "_Row"], foreign: tuple[str, ...]) -> None:
        self.field = field
        self.name = field.path.rpartition(".")[2].removesuffix("[]")
        self.attribute = _CAPITAL.sub(lambda found: "_" + found[0].lower(), self.name)
        self.always = field.presence is Presence.ALWAYS
        self.one_of = field.one_of
        self.is_time = field.is_time
        self.inner = inner
        self.foreign_inside = foreign
        self.has_foreign: bool = bool(foreign) or any(row.has_foreign for row in inner.values())
        self.checked_inside: tuple[_Row, ...] = tuple(row for row in inner.values() if row.to_check)
        # The class leaves to be checked whether a field is there: at the top only.
        at_top = "." not in field.path
        self.to_check: bool = bool(
            self.one_of
            or self.is_time
            or field.rule
            or self.checked_inside
            or self.has_foreign
            or (at_top and self.always)
        )

    def problem_of(self, value: Any) -> str | None:
        if value is None:
            return "is missing" if self.always else None
        if self.one_of and value not in self.one_of and self.field.otherwise is None:
            return f"{value[:100]!r} is none of {', '.join(self.one_of)}"
        if self.is_time and value.year not in YEARS:
            return f"{value.isoformat()} is not between the years 1970 and 9998"
        if self.field.rule and not self.field.rule.holds(value):
            return f"{_short(value)} is not {self.field.rule.text}"
        return None

    def known(self, value: Any) -> Any:
        """The value or, where it is none of those that there are, the one that it counts as."""
        return self.field.otherwise if self.field.otherwise is not None and value not in self.one_of else value


def _short(value: Any) -> str:
    return repr(value[:100] if isinstance(value, str) else value)


def _rows(fields: Iterable[Field], kind: msgspec.inspect.Type, inside: str = "") -> dict[str, _Row]:
    """The rows of a table that are directly inside of one, or at its top, by their names on the wire."""
    types = {field.encode_name: field.type for field in _struct_in(kind)}
    rows = {}
    for field in fields:
        if field.path.startswith(inside) and "." not in field.path[len(inside) :]:
            name = field.path.removeprefix(inside).removesuffix("[]")
            inner = _rows(fields, types[name], field.path + ".")
            rows[name] = _Row(field, inner, _foreign(types[name], inner) if inner else ())
    return rows


def _struct_in(kind: msgspec.inspect.Type) -> tuple[msgspec.inspect.Field, ...]:
    """The fields of the objects that a value of this type is, or holds."""
    if isinstance(kind, msgspec.inspect.StructType):
        return kind.fields
    if isinstance(kind, msgspec.inspect.VarTupleType):
        return _struct_in(kind.item_type)
    if isinstance(kind, msgspec.inspect.UnionType):
        return next(filter(None, map(_struct_in, kind.types)), ())
    return ()


def _foreign(kind: msgspec.inspect.Type, rows: Mapping[str, _Row]) -> tuple[str, ...]:
    """The attributes of a class that the table does not have: they are other versions'."""
    return tuple(field.name for field in _struct_in(kind) if field.encode_name not in rows)


def _only(rows: Mapping[str, _Row], value: Any) -> Any:
    """A JSON value without the fields that the table does not have."""
    if isinstance(value, list):
        return [_only(rows, item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _only(rows[name].inner, inner) if rows[name].inner else inner
        for name, inner in value.items()
        if name in rows
    }


def _fault(holder: Any, rows: tuple[_Row, ...]) -> tuple[str, str] | None:
    """The path below `holder` and the problem of the first field that is not as its row demands.

    Paths are put together only where there is a fault: this runs for every alert of every context.
    """
    for row in rows:
        value = getattr(holder, row.attribute)
        if value is not None and row.checked_inside:
            for index, item in enumerate(value if isinstance(value, tuple) else (value,)):
                inner = _fault(item, row.checked_inside)
                if inner is not None:
                    at = f"[{index}]" if isinstance(value, tuple) else ""
                    return f".{row.name}{at}{inner[0]}", inner[1]
        else:
            problem = row.problem_of(value)
            if problem is not None:
                return f".{row.name}", problem
    return None


def _as_the_version_has_it(holder: Any, rows: tuple[_Row, ...], foreign: tuple[str, ...]) -> Any:
    """The same without fields that only other versions have, and with every unknown value as what it counts as."""
    changes: dict[str, Any] = {name: None for name in foreign if getattr(holder, name) is not None}
    for row in rows:
        value = getattr(holder, row.attribute)
        if value is None:
            continue
        if not row.inner:
            known = row.known(value)
        elif isinstance(value, tuple):
            known = tuple(_as_the_version_has_it(item, row.checked_inside, row.foreign_inside) for item in value)
        else:
            known = _as_the_version_has_it(value, row.checked_inside, row.foreign_inside)
        if known != value:
            changes[row.attribute] = known
    return msgspec.structs.replace(holder, **changes) if changes else holder


def _check_encoding(json: bytes) -> None:
    try:
        json.decode()
    except UnicodeDecodeError as error:
        raise MalformedJson(f"the JSON part is not JSON, which is UTF-8: {error}") from None


class _Listed(msgspec.Struct, frozen=True, rename="camel"):
    all_alerts: msgspec.Raw


_decode_listed = msgspec.json.Decoder(_Listed).decode


def _entries(payload: msgspec.Raw) -> list[msgspec.Raw]:
    """The entries of a list of alerts; none where there is no list."""
    try:
        return one_by_one(_decode(_decode_listed, payload, "").all_alerts)
    except (InvalidMessage, MalformedJson):
        return []


T = TypeVar("T")


def _decode(decode: Callable[[bytes | msgspec.Raw], T], json: bytes | msgspec.Raw, path: str) -> T:
    try:
        return decode(json)
    except msgspec.ValidationError as error:
        raise _invalid(str(error), path) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedJson(f"the JSON part is not JSON: {error}") from None
    except RecursionError:
        raise MalformedJson("the JSON part is nested too deeply") from None


def _invalid(text: str, path: str) -> InvalidMessage:
    """A validation error in our words: where, then what is wrong."""
    found = _AT.match(text)
    problem, inner = (found["problem"], found["path"]) if found else (text, None)
    where = f"{path}{(inner or '$')[1:]}".removeprefix(".")
    missing = _MISSING.fullmatch(problem)
    if missing:
        return InvalidMessage(f"{where}.{missing[1]}".removeprefix("."), "is missing")
    return InvalidMessage(where or "the message", problem)
