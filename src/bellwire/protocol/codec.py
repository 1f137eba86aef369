"""Messages to JSON and JSON to messages, as one profile words them.

It knows JSON and the tables of a profile; it must not know what a message leads to.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from bellwire.protocol.alerts_state import AlertsStateReader
from bellwire.protocol.errors import InvalidMessage, MalformedJson, UnknownMessage
from bellwire.protocol.messages import Message, key_of
from bellwire.protocol.messages.alerts import SetAlert
from bellwire.protocol.messages.context import AlertsState, ContextObject
from bellwire.protocol.messages.envelope import (
    Directive,
    Event,
    Header,
    NotServed,
    PassedOn,
    RawBody,
    RawDirective,
    RawEvent,
    Unread,
)
from bellwire.protocol.messages.system import Exception as SystemException
from bellwire.protocol.payload import PayloadCodec, decode_json
from bellwire.protocol.profiles.profile import Context, ErrorForm, Profile
from bellwire.protocol.unread import left_of, left_of_payload, one_by_one

MOST_UNREAD = 1000
"""Of a list; one that has more is refused as a whole."""

_FOR_THEMSELVES = frozenset({400, 500})
_decode_raw_event = msgspec.json.Decoder(RawEvent).decode
_decode_raw_directive = msgspec.json.Decoder(RawDirective).decode
_decode_raw_body = msgspec.json.Decoder(RawBody).decode
_encode = msgspec.json.Encoder().encode


class Codec:
    """Reads and writes the messages of one profile. Built once for each: it holds the prepared decoders."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        events = {**profile.events, **profile.own_events}
        self._events = {key: PayloadCodec(form, profile) for key, form in events.items()}
        self._directives = {key: PayloadCodec(form, profile) for key, form in profile.directives.items()}
        self._context = {key: PayloadCodec(form, profile) for key, form in profile.context.items()}
        self._alerts_state = AlertsStateReader(self._context[key_of(AlertsState)])

    def decode_event(self, json: bytes) -> Event:
        """An event as a device sent it.

        Raises MalformedJson; InvalidMessage with the path of a missing or ill-typed field; UnknownMessage.
        Unknown fields are ignored, but all of it is UTF-8 (RFC 8259, 8.1): what is kept unread is read some day.
        """
        _check_encoding(json)
        raw = decode_json(_decode_raw_event, json, "")
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
        raw = decode_json(_decode_raw_event, json, "")
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
        body = decode_json(_decode_raw_directive, json, "").directive
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
        """A directive on one line, also one that is passed on. Raises KeyError for another that the profile has not."""
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
            body = decode_json(_decode_raw_body, json, "")
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
                alerts_state = self._alerts_state.decode(entry.payload, f"context[{index}].payload")
        return alerts_state, tuple(others)

    def _message(
        self,
        wordings: Mapping[tuple[str, str], PayloadCodec],
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

    def _body(self, wordings: Mapping[tuple[str, str], PayloadCodec], said: Event | Directive) -> dict[str, Any]:
        payload: object
        if isinstance(said.message, PassedOn):
            (namespace, name), payload = (said.message.of_namespace, said.message.name), said.message.payload
        else:
            namespace, name = key_of(said.message)
            payload = wordings[namespace, name].encode(said.message)
        header = Header(
            namespace=namespace,
            name=name,
            message_id=said.message_id,
            dialog_request_id=said.dialog_request_id,
        )
        return {"header": header, "payload": payload}


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
        return one_by_one(decode_json(_decode_listed, payload, "").all_alerts)
    except (InvalidMessage, MalformedJson):
        return []
