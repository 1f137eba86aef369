"""The payload of one message: JSON to its class and back, by the rows of the table that a profile has for it.

It knows field tables; it must not know headers, contexts, nor any message by name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from bellwire.protocol.errors import InvalidMessage, MalformedJson
from bellwire.protocol.messages import Message
from bellwire.protocol.profiles.profile import Field, Form, Presence, Profile

YEARS = range(1970, 9999)
"""Times outside are refused: some are no instant at all once brought to another time zone."""

_CAPITAL = re.compile("[A-Z]")
_AT = re.compile(r"^(?P<problem>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_decode_any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class PayloadCodec:
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
        """The message of a payload, which stands at `path`. Raises MalformedJson, InvalidMessage."""
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
            return decode_json(self._decode, payload, path)
        except InvalidMessage:
            if not self._has_foreign:
                raise
        known = _only(self._rows, decode_json(_decode_any, payload, path))
        return decode_json(self._decode, _encode(known), path)

    def encode(self, message: Message) -> dict[str, Any]:
        """The payload of a message, with the fields that the table has."""
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


T = TypeVar("T")


def decode_json(decode: Callable[[bytes | msgspec.Raw], T], json: bytes | msgspec.Raw, path: str) -> T:
    """What `decode` makes of this JSON, which stands at `path` of a message. Raises MalformedJson, InvalidMessage."""
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
