"""A profile as rows of text, and what one has and another has not.

It knows every field of `Profile` and how to say it in words; it must not know where the words are shown.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import msgspec
from msgspec.inspect import IntType, StrType, StructType, Type, UnionType, VarTupleType

from bellwire.protocol import errors
from bellwire.protocol.messages import Message, key_of
from bellwire.protocol.profiles.profile import Field, Form, Profile

FIELD_HEAD = ("field", "type", "there", "what it may be")
_SAMPLE = datetime(2026, 11, 20, 7, 0, tzinfo=timezone(timedelta(hours=9)))
_OURS = 500
"""What the cloud answers for a fault of its own."""


class Fact(NamedTuple):
    """One thing that a version says of itself."""

    about: str
    words: str


class FieldRow(NamedTuple):
    """One row of a message's table."""

    path: str
    type: str
    there: str
    values: str


@dataclass(frozen=True)
class MessageRows:
    """One message as a version has it."""

    name: str
    """With its namespace."""
    kind: str
    """event, directive or context."""
    about: str
    """What it is for."""
    source: str
    """The document and its clause."""
    context: str
    """Of an event: what of the device's state goes with it. Else empty."""
    fields: tuple[FieldRow, ...]


@dataclass(frozen=True)
class ProfileRows:
    """A whole version."""

    name: str
    title: str
    facts: tuple[Fact, ...]
    header: tuple[FieldRow, ...]
    """Of every message."""
    events: tuple[MessageRows, ...]
    directives: tuple[MessageRows, ...]
    context: tuple[MessageRows, ...]

    @property
    def messages(self) -> tuple[MessageRows, ...]:
        """All of its messages; those from the device first."""
        return (*self.events, *self.directives, *self.context)


class Difference(NamedTuple):
    """Something that two versions do not have in common; a side that has nothing is empty."""

    where: str
    one: str
    other: str


def rows_of(profile: Profile) -> ProfileRows:
    """A profile in words."""
    return ProfileRows(
        name=profile.name,
        title=profile.title,
        facts=tuple(Fact(about, words(profile)) for about, words in FACTS.values()),
        header=HEADER,
        events=_messages("event", profile.events),
        directives=_messages("directive", profile.directives),
        context=_messages("context", profile.context),
    )


def differences(one: ProfileRows, other: ProfileRows) -> Iterator[Difference]:
    """What one has and the other has not: policy by policy, message by message, field by field.

    The documents that they stand in are different ones as a matter of course, and are left out.
    """
    for mine, its in zip(one.facts, other.facts, strict=True):
        if mine != its:
            yield Difference(mine.about, mine.words, its.words)
    ours, theirs = ({(each.kind, each.name): each for each in rows.messages} for rows in (one, other))
    for key in (*ours, *(key for key in theirs if key not in ours)):
        yield from _message_differences(" ".join(key), ours.get(key), theirs.get(key))


def _message_differences(where: str, one: MessageRows | None, other: MessageRows | None) -> Iterator[Difference]:
    if one is None or other is None:
        yield Difference(where, "has it" if one else "", "has it" if other else "")
        return
    if one.context != other.context:
        yield Difference(f"{where}, context", one.context, other.context)
    ours, theirs = ({row.path: _of_field(row) for row in message.fields} for message in (one, other))
    for path in (*ours, *(path for path in theirs if path not in ours)):
        if ours.get(path) != theirs.get(path):
            yield Difference(f"{where}, {path}", ours.get(path, ""), theirs.get(path, ""))


def _of_field(row: FieldRow) -> str:
    return "; ".join(filter(None, (row.type, row.there, row.values)))


# Messages


HEADER = (
    FieldRow("namespace", "string", "always", ""),
    FieldRow("name", "string", "always", ""),
    FieldRow("messageId", "string", "always", "opaque: it may be empty, or come again"),
    FieldRow("dialogRequestId", "string", "optional", "with a directive that answers a dialogue"),
    FieldRow("diaglogRequestId", "string", "optional", "the same, misspelt: it is read and never written"),
)
"""The same in all versions."""


def _messages(kind: str, forms: Mapping[tuple[str, str], Form]) -> tuple[MessageRows, ...]:
    return tuple(_message(kind, forms[key]) for key in sorted(forms))


def _message(kind: str, form: Form) -> MessageRows:
    types = dict(_types(msgspec.inspect.type_info(form.message)))
    return MessageRows(
        name=name_of(form.message),
        kind=kind,
        about=_purpose(form.message),
        source=form.source,
        context=form.context.value if kind == "event" else "",
        fields=tuple(_field_row(field, types[field.path.replace("[]", "")]) for field in form.fields),
    )


def name_of(message: type[Message] | Message) -> str:
    """A message's name with its namespace."""
    return ".".join(key_of(message))


def _purpose(message: type[Message]) -> str:
    first = (inspect.getdoc(message) or "").partition("\n")[0]
    return first.removesuffix(" Directive.").removesuffix(" Event.")


def _field_row(field: Field, kind: Type) -> FieldRow:
    return FieldRow(field.path, field.type, field.presence.value, "; ".join(_values(field, kind)))


def _values(field: Field, kind: Type) -> Iterator[str]:
    if field.with_types:
        yield f"with {_either(field.with_types)} only"
    if field.one_of:
        yield _either(field.one_of)
    if field.otherwise is not None:
        yield f"another counts as {field.otherwise}"
    if field.is_time:
        yield "a time with its offset from UTC"
    if field.rule is not None:
        yield field.rule.text
    else:
        yield from _bounds(kind)


def _either(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _types(kind: Type, inside: str = "") -> Iterator[tuple[str, Type]]:
    """The types of all fields of a class and of what it holds, by their paths without brackets."""
    kind = _present(kind)
    if isinstance(kind, VarTupleType):
        yield from _types(kind.item_type, inside)
    elif isinstance(kind, StructType):
        for field in kind.fields:
            path = inside + field.encode_name
            yield path, _present(field.type)
            yield from _types(field.type, f"{path}.")


def _present(kind: Type) -> Type:
    """What a type is where the field is not absent."""
    return kind.types[0] if isinstance(kind, UnionType) else kind


def _bounds(kind: Type) -> Iterator[str]:
    """The bounds that hold in all versions."""
    if isinstance(kind, StrType) and kind.max_length is not None:
        yield f"{kind.min_length or 0} to {kind.max_length} characters"
    if isinstance(kind, IntType) and kind.ge is not None:
        yield f"{kind.ge} to {kind.le}"
    if isinstance(kind, VarTupleType):
        if kind.max_length is not None:
            yield f"at most {kind.max_length}"
        yield from (f"each of {bounds}" for bounds in _bounds(_present(kind.item_type)))


# Everything else that a profile says


def _said_by(function: Callable[..., Any]) -> str:
    """A function field says by its docstring what it does."""
    return " ".join((inspect.getdoc(function) or "").replace("`", "").split()).rstrip(".")


def _tokens(profile: Profile) -> str:
    where = profile.authorization
    code = f"; a code at {where.authorize_path}" if where.authorize_path else "; the code comes from the account API"
    return f"{where.token_path}, {where.token_form}{code}"


def _codes(profile: Profile) -> str:
    """What stands in an exception for each status that may be answered."""
    if all(profile.error_code(status) == status for status in _statuses(profile)):
        return "the status, as a number"
    by_code: dict[object, list[int]] = {}
    for status in _statuses(profile):
        by_code.setdefault(profile.error_code(status), []).append(status)
    return ", ".join(f"{code} ({', '.join(map(str, statuses))})" for code, statuses in by_code.items())


def _statuses(profile: Profile) -> list[int]:
    """By which devices' requests are refused."""
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    if not profile.needs_downchannel:
        kinds.discard(errors.NoDownchannel)
    own = {kind.status for kind in kinds if issubclass(kind, errors.ProtocolError)}
    return sorted({profile.statuses.get(status, status) for status in (*own, _OURS)})


def _instead(profile: Profile) -> str:
    said = ", ".join(map(str, _statuses(profile)))
    instead = "".join(f"; {said} in place of {status}" for status, said in sorted(profile.statuses.items()))
    return said + instead


def _syncs(profile: Profile) -> str:
    return "; ".join(
        f"to {name_of(request)}: {name_of(reply) if reply else 'none, but its context is believed'}"
        for request, reply in profile.sync_replies.items()
    )


def _minutes(time: timedelta) -> str:
    return f"{time // timedelta(minutes=1)} minutes"


FACTS: Mapping[str, tuple[str, Callable[[Profile], str]]] = {
    "downchannel_path": ("downchannel", lambda of: f"GET {of.downchannel_path}, answered by multipart/related"),
    "events_path": ("events", lambda of: f"POST {of.events_path}, multipart/form-data"),
    "ping_path": ("liveness", lambda of: f"GET {of.ping_path}, or an HTTP/2 PING"),
    "namespaces": ("namespaces of events", lambda of: ", ".join(sorted(of.namespaces))),
    "token_of": ("Authorization", lambda of: _said_by(of.token_of)),
    "authorization": ("tokens", _tokens),
    "describe": ("other headers", lambda of: _said_by(of.describe)),
    "introduce": ("what a speaker says in them", lambda of: _said_by(of.introduce)),
    "greeting": (
        "a downchannel opens with",
        lambda of: f"its boundary and {name_of(of.greeting)}" if of.greeting else "its boundary alone",
    ),
    "needs_downchannel": (
        "an event is taken",
        lambda of: (
            "beside the downchannel and over the same connection only"
            if of.needs_downchannel
            else "with a downchannel or without, over any connection"
        ),
    ),
    "error_form": ("a refusal", lambda of: of.error_form.value),
    "statuses": ("its status", _instead),
    "error_code": ("its code", _codes),
    "format_time": (
        "times are written",
        lambda of: f"{_said_by(of.format_time)}. 07:00 in Seoul: {of.format_time(_SAMPLE)}",
    ),
    "bell_url": ("the device's own bell", lambda of: of.bell_url or "no url names it"),
    "silencing": ("ends the ringing", lambda of: name_of(of.silencing)),
    "stopping_removes": (
        "an alert that stopped",
        lambda of: (
            "is not on the device any more"
            if of.stopping_removes
            else "stays on the device until the cloud says what comes next"
        ),
    ),
    "stop_asks_first": (
        "a stop button",
        lambda of: (
            "mutes, asks the cloud and waits for its word" if of.stop_asks_first else "stops at once and reports"
        ),
    ),
    "delete_request": (
        "a delete button",
        lambda of: (
            f"hides the alert and asks the cloud with {name_of(of.delete_request)}"
            if of.delete_request
            else "none: alerts are deleted in the account only"
        ),
    ),
    "sync_request": ("a connection begins with", lambda of: name_of(of.sync_request)),
    "sync_replies": ("answers with everything", _syncs),
    "several_at_once": ("several at once", lambda of: of.several_at_once.value),
    "asset_failure": ("a sound that can't be had", lambda of: of.asset_failure.value),
    "offline": ("without the network", lambda of: f"the account's data is {of.offline}"),
    "unknown_directive": ("an unknown directive", lambda of: of.unknown_directive.value),
    "played_once": ("sounds not repeated", lambda of: f"of {_either(of.played_once)}" if of.played_once else "none"),
    "own_events": (
        "a snooze button",
        lambda of: (
            "puts it off by itself, and asks our cloud, beyond the document, with "
            + ", ".join(sorted(map(".".join, of.own_events)))
        ),
    ),
    "past_due": ("too late to ring", lambda of: f"after {_minutes(of.past_due)}"),
    "ring_limit": ("rings at most", lambda of: f"for {_minutes(of.ring_limit)}"),
}
"""What each field of a profile is called and how it is said, in the order in which they are shown.

The name, the title and the tables of messages are shown by themselves.
"""
