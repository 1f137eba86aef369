"""What is around every message: header, context and payload.

It knows the shape that all versions share; it must not know any message by name.
Every message needs some of these and none can be part of a cycle: hence gc=False.
"""

import msgspec

from bellwire.protocol.messages import Message
from bellwire.protocol.messages.context import AlertsState, ContextObject


class Header(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename="camel", omit_defaults=True):
    """Names a message. All its texts are opaque and short."""

    namespace: str
    name: str
    message_id: str
    """May be empty or repeat: it is recorded, and never used alone to refuse or to de-duplicate."""
    dialog_request_id: str | None = None
    """The dialogue that a directive answers. One that answers none carries none: clients discard foreign ones."""
    misspelt_dialog_request_id: str | None = msgspec.field(default=None, name="diaglogRequestId")
    """As one version of the guide has it; read, never written."""


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Device to cloud."""

    message: Message
    message_id: str
    dialog_request_id: str | None = None
    alerts_state: AlertsState | None = None
    """The device's alerts as its context has them; None when it sent none."""
    context: tuple[ContextObject, ...] = ()
    """The other context objects, as they came."""


class Unread(msgspec.Struct, frozen=True, gc=False):
    """What is left of a directive, or of an entry of its list, that is not as its version has it."""

    message: type[Message]
    """Which directive; of an entry, the one whose form the entry has."""
    tokens: tuple[str, ...]
    """The alerts that it is about, as far as they can be read."""
    kind: str | None
    """The alert's type; None where it can't be read, or where the directive has none."""
    problem: str
    """One sentence."""


class Directive(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Cloud to device."""

    message: Message
    message_id: str
    dialog_request_id: str | None = None
    unread: tuple[Unread, ...] = ()
    """Entries of its list that are not in the message, for they can't be read."""


class NotServed(Message, frozen=True):
    """Stands for an event of a namespace that is not served: of such an event only the context counts."""

    namespace = ""


class PassedOn(Message, frozen=True, kw_only=True):
    """A directive of a namespace that is not served, which is said as it was given."""

    namespace = ""
    of_namespace: str
    name: str
    payload: msgspec.Raw
    """An object."""


class RawBody(msgspec.Struct, frozen=True, gc=False):
    """Header and a payload that is not decoded yet."""

    header: Header
    payload: msgspec.Raw


class RawEvent(msgspec.Struct, frozen=True, gc=False):
    """An event's JSON from the outside. A context is often missing, empty or null."""

    event: RawBody
    context: list[ContextObject] | None = None


class RawDirective(msgspec.Struct, frozen=True, gc=False):
    """A directive's JSON from the outside."""

    directive: RawBody
